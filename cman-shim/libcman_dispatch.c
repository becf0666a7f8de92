/* libcman: cman_dispatch(), from messages to callbacks. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "libcman_private.h"

/* Which messages stay where they are. */
static unsigned ignored_kinds(int flags)
{
	unsigned ignored = 0;

	if (flags & CMAN_DISPATCH_IGNORE_DATA)
		ignored |= MESSAGE_DATA;
	if (flags & CMAN_DISPATCH_IGNORE_EVENT)
		ignored |= MESSAGE_EVENT | MESSAGE_CONFCHG;
	return ignored;
}

static void deliver_confchg(struct cman_handle *h, struct cman_message *m)
{
	unsigned *members = (unsigned *)(void *)m->body; /* follows a size_t: aligned */
	unsigned *left = members + m->counts[0];
	unsigned *joined = left + m->counts[1];

	h->confchg(h, h->privdata, members, (int)m->counts[0], left, (int)m->counts[1], joined,
		   (int)m->counts[2]);
}

/* Call the user. Whoever he was when the message came: he may have stopped. */
static void deliver(struct cman_handle *h, struct cman_message *m)
{
	switch (m->kind) {
	case MESSAGE_EVENT:
		if (h->notify)
			h->notify(h, h->privdata, m->reason, m->argument);
		break;
	case MESSAGE_CONFCHG:
		if (h->confchg)
			deliver_confchg(h, m);
		break;
	case MESSAGE_DATA:
		if (h->receive)
			h->receive(h, h->privdata, (char *)m->body, (int)m->length, m->port,
				   m->node_id);
		break;
	}
}

/* Take in from corosync; what does not fit here stays there. The number of
 * messages taken. */
static int pump(struct cman_handle *h)
{
	int events, data;

	if (queue_full(&h->queue))
		return 0;
	events = notify_pump(h);
	if (events < 0)
		return events;
	data = data_pump(h);
	return data < 0 ? data : events + data;
}

/* The next message for the user; 0 with none: there is nothing. */
static int next_message(struct cman_handle *h, unsigned ignored, struct cman_message **ret_message)
{
	struct cman_message *m;
	int taken = 1;

	while (!(m = queue_take(&h->queue, ignored)) && taken > 0) {
		taken = pump(h);
		if (h->queue.lost) {
			h->queue.lost = false;
			return -ENOMEM;
		}
	}
	if (!m && taken < 0)
		return taken;
	*ret_message = m;
	return 0;
}

/* Sleep until corosync has something; no guard runs meanwhile. */
static int wait_for_message(struct cman_handle *h)
{
	struct pollfd p = { .fd = h->sources_fd, .events = POLLIN };
	int ready;

	if (queue_full(&h->queue)) /* of what the user ignores: it would not fit */
		return -ENOBUFS;
	guard_stop(&h->stack.guard);
	do
		ready = poll(&p, 1, -1);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	guard_start(&h->stack.guard, h->stack.guard.limit_ms);
	return 0;
}

/* Deliver one message; 1 done, 0 there was none. The handle may be gone
 * afterwards: the callback may end it. */
static int dispatch_one(struct cman_handle *h, int flags)
{
	struct cman_message *m = NULL;
	int error;

	for (;;) {
		error = next_message(h, ignored_kinds(flags), &m);
		if (error || m || !(flags & CMAN_DISPATCH_BLOCKING))
			break;
		error = wait_for_message(h);
		if (error)
			break;
	}
	if (!m)
		return handle_leave(h, error);
	guard_stop(&h->stack.guard); /* the user takes the time that he takes */
	deliver(h, m);
	free(m);
	return 1;
}

CMAN_PUBLIC int cman_dispatch(cman_handle_t handle, int flags)
{
	struct cman_handle *h;
	int delivered;

	do {
		h = handle_enter(handle, HANDLE_QUEUE);
		if (!h)
			return -1;
		delivered = dispatch_one(h, flags);
		flags &= ~CMAN_DISPATCH_BLOCKING; /* only the first one is waited for */
	} while ((flags & CMAN_DISPATCH_ALL) && delivered > 0 && handle_find(handle));
	return (flags & CMAN_DISPATCH_ALL) && delivered > 0 ? 0 : delivered;
}
