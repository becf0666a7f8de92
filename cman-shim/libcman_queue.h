/* Messages that wait for cman_dispatch(). An eventfd is readable while there
 * are any. */
#ifndef LIBCMAN_QUEUE_H
#define LIBCMAN_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUE_MAX 128 /* beyond, what comes is left with corosync */

enum cman_message_kind {
	MESSAGE_EVENT = 1, /* for the notification callback */
	MESSAGE_CONFCHG = 2,
	MESSAGE_DATA = 4,
};

struct cman_message {
	struct cman_message *next;
	enum cman_message_kind kind;
	int reason; /* MESSAGE_EVENT */
	int argument;
	int node_id; /* MESSAGE_DATA: the sender, and his port */
	uint8_t port;
	unsigned counts[3]; /* MESSAGE_CONFCHG: members, left, joined in `body` */
	size_t length;	    /* of body */
	unsigned char body[];
};

struct cman_queue {
	struct cman_message *head;
	struct cman_message **tail;
	unsigned count;
	int fd;	   /* the eventfd */
	bool lost; /* there was no memory for a message */
};

/* -EMFILE, -ENFILE, -ENOMEM */
int queue_init(struct cman_queue *q);
void queue_done(struct cman_queue *q);

/* Append a message with room for `length` bytes; NULL without memory, which
 * is remembered in q->lost. */
struct cman_message *queue_push(struct cman_queue *q, enum cman_message_kind kind, size_t length);

/* Take the oldest message whose kind is not in `ignored` out; the caller
 * frees it. NULL none. */
struct cman_message *queue_take(struct cman_queue *q, unsigned ignored);

/* Forget all messages of a kind. */
void queue_drop(struct cman_queue *q, enum cman_message_kind kind);

bool queue_full(const struct cman_queue *q);

#endif
