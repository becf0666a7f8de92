/* One question to a device, asked in a child (private to discover*.c). */
#ifndef QD_DISCOVER_CHILD_H
#define QD_DISCOVER_CHILD_H

#include <sys/types.h>

#include "discover.h"

/* Children that answer through one pipe until one deadline. */
struct child_set {
	int answers;		/* read end; -1: none */
	int asked;		/* write end, for children to come; -1: closed */
	int timer;		/* the deadline, relative: no clock is read here */
	unsigned count;
	pid_t pid[DISCOVER_CANDIDATES_MAX];	/* 0: reaped */
};

/* What a child does: answer into `fd` and return. It owns nothing of its
 * parent's but that descriptor. */
typedef void child_fn(int fd, const void *arg);

/* Make the pipe. 0 or -errno. */
int child_set_open(struct child_set *set);

/* Start one more child. 0 or -errno; -EAGAIN when the set is full. */
int child_set_ask(struct child_set *set, child_fn *fn, const void *arg);

/* No more children: start the deadline. 0 or -errno. */
int child_set_start(struct child_set *set, unsigned deadline_ms);

/* Wait for up to `size` bytes of answers. Their number; 0: all children are
 * done; -ETIMEDOUT; -errno. */
ssize_t child_set_read(struct child_set *set, void *ret_bytes, size_t size);

/* Kill and reap what is left; a child stuck in the kernel is left to itself,
 * to be reaped by whoever reaps for this process. */
void child_set_close(struct child_set *set);

/* Write all of it into a pipe; an error means that nobody listens any more. */
void child_answer(int fd, const void *bytes, size_t size);

#endif
