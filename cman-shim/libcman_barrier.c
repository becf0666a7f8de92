/* libcman: barriers.
 *
 * What was registered stands in this node's cmap, under the barrier's name in
 * hexadecimal digits, for all programs of the node, as long as corosync runs.
 * Those who wait meet in the CPG group of that name.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcman_group.h"
#include "libcman_private.h"
#include "libcman_rendezvous.h"
#include "libcman_text.h"

#define NAME_BYTES 32
#define NAME_SIZE  96 /* "libcman.barrier." and 64 digits */

/* Flags at registration, and attributes: cman's numbers, in no header. */
#define FLAG_AUTODELETE 1
#define FLAG_MULTISTEP	2
#define FLAG_MANUAL	4
#define FLAG_ENABLED	8
#define FLAG_CALLBACK	16

enum {
	ATTR_AUTODELETE = 1,
	ATTR_MULTISTEP,
	ATTR_ENABLED,
	ATTR_NODES,
	ATTR_CALLBACK,
	ATTR_TIMEOUT,
};

struct barrier {
	unsigned flags;
	int nodes;
	int timeout_s;
};

/* ---- What is registered ---- */

/* `prefix` and the name in digits; -EINVAL for one that cannot be. */
static int barrier_name(char text[NAME_SIZE], const char *prefix, const char *name)
{
	size_t length = name ? strnlen(name, NAME_BYTES + 1) : 0;
	int at = snprintf(text, NAME_SIZE, "%s", prefix);

	if (!length || length > NAME_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < length; i++)
		at += snprintf(text + at, NAME_SIZE - (size_t)at, "%02x", (unsigned char)name[i]);
	return 0;
}

static int barrier_key(char key[NAME_SIZE], const char *name)
{
	return barrier_name(key, "libcman.barrier.", name);
}

static int barrier_load(struct cman_stack *s, const char *name, struct barrier *ret_barrier)
{
	char key[NAME_SIZE], text[64];
	int error = barrier_key(key, name);

	if (!error)
		error = stack_get_text(s, key, text, sizeof(text));
	if (error)
		return error;
	if (sscanf(text, "%u %d %d", &ret_barrier->flags, &ret_barrier->nodes,
		   &ret_barrier->timeout_s) != 3)
		return -EIO; /* somebody else has written there */
	return 0;
}

static int barrier_store(struct cman_stack *s, const char *name, const struct barrier *b)
{
	char key[NAME_SIZE], text[64];
	int error = barrier_key(key, name);

	(void)snprintf(text, sizeof(text), "%u %d %d", b->flags, b->nodes, b->timeout_s);
	return error ? error : stack_set_text(s, key, text);
}

static int barrier_remove(struct cman_stack *s, const char *name)
{
	char key[NAME_SIZE];
	int error = barrier_key(key, name);
	cs_error_t rc;

	if (error)
		return error;
	do
		rc = cmap_delete(s->cmap.handle, key);
	while (stack_again(s, rc));
	return rc == CS_OK ? 0 : -text_errno(rc);
}

static struct cpg_name barrier_group(const char *name)
{
	char text[NAME_SIZE] = "";

	(void)barrier_name(text, "cman.barrier.", name); /* it was looked up before */
	return group_name("%s", text);
}

/* 0 when it is there and no program of this node waits at it. */
static int need_idle(struct cman_stack *s, const char *name, struct barrier *ret_barrier)
{
	int error = barrier_load(s, name, ret_barrier);
	struct cpg_name group;

	if (error)
		return error;
	group = barrier_group(name);
	error = group_has_node(s, &group, s->node_id);
	return error > 0 ? -EINVAL : error;
}

static int barrier_register(struct cman_stack *s, const char *name, int flags, int nodes)
{
	struct barrier old, new = { .flags = (unsigned)flags, .nodes = nodes };
	char key[NAME_SIZE];
	int error = barrier_key(key, name);

	if (error || nodes < 0 || (flags & FLAG_MULTISTEP))
		return -EINVAL;
	error = stack_need_member(s);
	if (error)
		return error;
	error = barrier_load(s, name, &old);
	if (error == -ENOENT)
		return barrier_store(s, name, &new);
	return !error && old.nodes != nodes ? -EINVAL : error;
}

CMAN_PUBLIC int cman_barrier_register(cman_handle_t handle, const char *name, int flags, int nodes)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, barrier_register(&h->stack, name, flags, nodes)) : -1;
}

static void set_flag(struct barrier *b, unsigned flag, bool on)
{
	b->flags = on ? b->flags | flag : b->flags & ~flag;
}

static int apply(struct barrier *b, int attribute, int argument)
{
	switch (attribute) {
	case ATTR_AUTODELETE:
		set_flag(b, FLAG_AUTODELETE, argument);
		return 0;
	case ATTR_ENABLED:
		set_flag(b, FLAG_ENABLED, true);
		return argument ? 0 : -EINVAL;
	case ATTR_NODES:
		b->nodes = argument;
		return argument >= 0 ? 0 : -EINVAL;
	case ATTR_CALLBACK:
		set_flag(b, FLAG_CALLBACK, argument);
		return 0;
	case ATTR_TIMEOUT:
		b->timeout_s = argument;
		return argument >= 0 ? 0 : -EINVAL;
	case ATTR_MULTISTEP:
	default:
		return -EINVAL;
	}
}

static int barrier_change(struct cman_stack *s, const char *name, int attribute, int argument)
{
	struct barrier b;
	int error = need_idle(s, name, &b);

	if (!error)
		error = apply(&b, attribute, argument);
	return error ? error : barrier_store(s, name, &b);
}

CMAN_PUBLIC int cman_barrier_change(cman_handle_t handle, const char *name, int flags, int arg)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, barrier_change(&h->stack, name, flags, arg)) : -1;
}

static int barrier_delete(struct cman_stack *s, const char *name)
{
	struct barrier b;
	int error = need_idle(s, name, &b);

	return error ? error : barrier_remove(s, name);
}

CMAN_PUBLIC int cman_barrier_delete(cman_handle_t handle, const char *name)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, barrier_delete(&h->stack, name)) : -1;
}

/* ---- Waiting ---- */

struct waiter {
	struct cman_conn conn;
	struct rendezvous meeting;
	bool announce; /* somebody joined who does not know of us */
	bool left;     /* the group has seen us leave */
	uint32_t node_id; /* of this node */
};

static void on_group(void *to, struct conn_members members, struct conn_members left,
		     struct conn_members joined)
{
	struct waiter *w = to;

	for (unsigned i = 0; i < left.count; i++) {
		if (!members_has_node(members, left.list[i].nodeid))
			rendezvous_leave(&w->meeting, left.list[i].nodeid);
		w->left |= left.list[i].nodeid == w->node_id && left.list[i].pid == (uint32_t)getpid();
	}
	w->announce |= joined.count > 0;
}

static void on_arrival(void *to, uint32_t node_id, uint32_t pid, const void *data, size_t length)
{
	struct waiter *w = to;

	(void)pid;
	(void)data;
	(void)length;
	rendezvous_arrive(&w->meeting, node_id);
}

static void on_ring(void *to, struct conn_nodes members)
{
	struct waiter *w = to;

	rendezvous_ring(&w->meeting, members.ids, members.count);
}

static const struct conn_events waiter_events = {
	.group = on_group,
	.deliver = on_arrival,
	.ring = on_ring,
};

static int waiter_open(struct waiter *w, struct cman_guard *g, const char *name)
{
	struct cpg_name group = barrier_group(name);
	int error = conn_add(&w->conn, g, SERVICE_CPG);

	if (error)
		return error;
	w->conn.events = &waiter_events;
	w->conn.to = w;
	error = group_join(&w->conn, g, &group);
	return error == -EEXIST ? -EBUSY : error;
}

/* Sleep, out of the guard's eyes, for as long as the barrier allows. */
static int waiter_sleep(const struct waiter *w, uint64_t deadline_ms)
{
	struct pollfd p = { .fd = w->conn.fd, .events = POLLIN };
	uint64_t now_ms = guard_now_ms();
	int ready, timeout_ms = -1;

	if (deadline_ms && now_ms >= deadline_ms)
		return -ETIMEDOUT;
	if (deadline_ms)
		timeout_ms = (int)(deadline_ms - now_ms > 60000 ? 60000 : deadline_ms - now_ms);
	ready = poll(&p, 1, timeout_ms);
	return ready < 0 && errno != EINTR ? -errno : 0;
}

/* One step; 1 when something happened. */
static int waiter_step(struct waiter *w, struct cman_guard *g)
{
	int taken;

	if (w->announce) {
		w->announce = false;
		guard_start(g, g->limit_ms);
		taken = group_send(&w->conn, g, "here", 4, NULL, 0);
		guard_stop(g);
		return taken ? taken : 1;
	}
	return conn_dispatch_one(&w->conn);
}

static int waiter_wait(struct waiter *w, struct cman_guard *g, uint64_t deadline_ms)
{
	enum rendezvous_verdict verdict;
	int happened = 0;

	guard_stop(g);
	while ((verdict = rendezvous_judge(&w->meeting)) == RENDEZVOUS_WAIT && happened >= 0) {
		happened = waiter_step(w, g);
		if (happened == 0)
			happened = waiter_sleep(w, deadline_ms);
	}
	guard_start(g, g->limit_ms); /* to leave takes an answer, too */
	if (happened < 0)
		return happened;
	return verdict == RENDEZVOUS_MET ? 0 : ESRCH;
}

/* Leave, and see it done: until then the barrier counts as waited at, and the caller's next
 * call may be to delete it. Whatever hinders it: closing the connection leaves, too. */
static void waiter_leave(struct waiter *w, const struct cman_guard *g, const char *name)
{
	struct cpg_name group = barrier_group(name);
	int taken = 1;
	cs_error_t rc;

	do
		rc = cpg_leave(w->conn.handle, &group);
	while (conn_again(g, rc));
	while (rc == CS_OK && !w->left && taken >= 0) {
		taken = conn_dispatch_one(&w->conn);
		if (taken == 0)
			taken = conn_wait(&w->conn, g);
	}
}

static int barrier_wait(struct cman_stack *s, const char *name)
{
	struct waiter w = { .node_id = s->node_id };
	uint64_t deadline_ms = 0;
	struct barrier b;
	int result = barrier_load(s, name, &b);

	if (!result && (b.flags & FLAG_MANUAL) && !(b.flags & FLAG_ENABLED))
		result = -EINVAL;
	if (result)
		return result;
	if (b.timeout_s)
		deadline_ms = guard_now_ms() + (uint64_t)b.timeout_s * 1000;
	w.meeting.wanted = (unsigned)b.nodes;
	result = waiter_open(&w, &s->guard, name);
	if (!result)
		result = waiter_wait(&w, &s->guard, deadline_ms);
	if (result >= 0)
		waiter_leave(&w, &s->guard, name);
	conn_close(&w.conn, &s->guard);
	if (!result && (b.flags & FLAG_AUTODELETE))
		(void)barrier_remove(s, name); /* another program of this node may have */
	return result;
}

CMAN_PUBLIC int cman_barrier_wait(cman_handle_t handle, const char *name)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, barrier_wait(&h->stack, name)) : -1;
}
