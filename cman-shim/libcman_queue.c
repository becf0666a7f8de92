/* Messages that wait for cman_dispatch(); see libcman_queue.h. */
#include "libcman_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int queue_init(struct cman_queue *q)
{
	memset(q, 0, sizeof(*q));
	q->tail = &q->head;
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return q->fd < 0 ? -errno : 0;
}

void queue_done(struct cman_queue *q)
{
	struct cman_message *m;

	if (!q->tail)
		return;
	while ((m = queue_take(q, 0)))
		free(m);
	if (q->fd >= 0)
		(void)close(q->fd); /* nothing is stored there */
	memset(q, 0, sizeof(*q));
}

struct cman_message *queue_push(struct cman_queue *q, enum cman_message_kind kind, size_t length)
{
	struct cman_message *m = calloc(1, sizeof(*m) + length);

	if (!m) {
		q->lost = true;
		return NULL;
	}
	m->kind = kind;
	m->length = length;
	*q->tail = m;
	q->tail = &m->next;
	if (q->count++ == 0)
		(void)eventfd_write(q->fd, 1); /* cannot overflow: it is 0 */
	return m;
}

static struct cman_message *unlink_at(struct cman_queue *q, struct cman_message **at)
{
	struct cman_message *m = *at;
	eventfd_t value;

	*at = m->next;
	if (!m->next)
		q->tail = at;
	m->next = NULL;
	if (--q->count == 0)
		(void)eventfd_read(q->fd, &value); /* it is 1 */
	return m;
}

struct cman_message *queue_take(struct cman_queue *q, unsigned ignored)
{
	struct cman_message **at = &q->head;

	while (*at && ((unsigned)(*at)->kind & ignored))
		at = &(*at)->next;
	return *at ? unlink_at(q, at) : NULL;
}

void queue_drop(struct cman_queue *q, enum cman_message_kind kind)
{
	struct cman_message **at = &q->head;

	while (*at) {
		if ((*at)->kind == kind)
			free(unlink_at(q, at));
		else
			at = &(*at)->next;
	}
}

bool queue_full(const struct cman_queue *q)
{
	return q->count >= QUEUE_MAX;
}
