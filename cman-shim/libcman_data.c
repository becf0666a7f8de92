/* libcman: data messages and ports, over CPG.
 *
 * Two groups belong to a port. "cman.port.N" has the processes that are bound
 * to it, one on each node: being in it is what listening means. "cman.data.N"
 * carries the messages; senders are members of it, too, as CPG demands, those
 * who are not bound for one message. CPG orders joins and messages alike, so
 * a message sent after a node was seen to listen reaches it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcman_group.h"
#include "libcman_private.h"
#include "libcman_text.h"
#include "libcman_wire.h"

#define PORT_MAX	 255
#define PORT_GROUP	 "cman.port.%u"
#define DATA_GROUP	 "cman.data.%u"
#define LEGACY_HEAD_SIZE 28 /* what cman counted in what it had sent */

/* CPG knows a member by node and process: what a handle sends to a port that
 * another handle of this process is bound to goes over that one's connection.
 * Held while one sends or ends. */
static pthread_mutex_t data_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- What comes in ---- */

/* The first time: are we the one on this node? Who joined first has the port;
 * all see the same order. */
static void judge_port(struct cman_handle *h, struct conn_members members)
{
	const uint32_t pid = (uint32_t)getpid();
	bool taken = false;

	for (unsigned i = 0; i < members.count; i++)
		taken |= members.list[i].nodeid == h->stack.node_id && members.list[i].pid != pid;
	h->port_state = taken ? PORT_TAKEN : PORT_OURS;
}

/* Later: has `node_id`'s only process come, or its last one gone? */
static unsigned count_of_node(struct conn_members members, uint32_t node_id)
{
	unsigned count = 0;

	for (unsigned i = 0; i < members.count; i++)
		count += members.list[i].nodeid == node_id;
	return count;
}

static void on_port_group(void *to, struct conn_members members, struct conn_members left,
			  struct conn_members joined)
{
	struct cman_handle *h = to;

	if (h->port_state == PORT_JOINING) {
		judge_port(h, members);
		return;
	}
	for (unsigned i = 0; i < joined.count; i++) {
		uint32_t id = joined.list[i].nodeid;

		if (count_of_node(members, id) == count_of_node(joined, id))
			notify_port(h, /* opened */ true, id);
	}
	for (unsigned i = 0; i < left.count; i++) {
		if (count_of_node(members, left.list[i].nodeid) == 0)
			notify_port(h, /* opened */ false, left.list[i].nodeid);
	}
}

static void on_data(void *to, uint32_t node_id, uint32_t pid, const void *data, size_t length)
{
	struct cman_handle *h = to;
	struct wire_header header;
	struct cman_message *m;

	(void)pid;
	if (wire_decode(data, length, &header) != 0 || !wire_is_for(header, h->stack.node_id))
		return;
	m = queue_push(&h->queue, MESSAGE_DATA, length - WIRE_HEADER_SIZE);
	if (!m)
		return;
	m->node_id = (int)node_id;
	m->port = header.port;
	memcpy(m->body, (const char *)data + WIRE_HEADER_SIZE, m->length);
}

static const struct conn_events port_events = { .group = on_port_group };
static const struct conn_events data_events = { .deliver = on_data };

int data_pump(struct cman_handle *h)
{
	const struct cman_conn *sources[] = { &h->bound, &h->data, NULL };

	return conn_dispatch_each(sources);
}

/* ---- Binding ---- */

/* Connect to CPG and join a group. */
static int open_member(struct cman_handle *h, struct cman_conn *c, struct cpg_name name,
		       const struct conn_events *events)
{
	int error = conn_add(c, &h->stack.guard, SERVICE_CPG);

	if (error)
		return error;
	c->events = events;
	c->to = h;
	error = group_join(c, &h->stack.guard, &name);
	if (error)
		conn_close(c, &h->stack.guard);
	return error;
}

static int open_data(struct cman_handle *h, uint8_t port)
{
	int error = open_member(h, &h->data, group_name(DATA_GROUP, port), &data_events);

	return error ? error : handle_listen(h, &h->data);
}

/* Whose the port is, once our join has come round. */
static int await_port(struct cman_handle *h)
{
	int taken = 1;

	while (h->port_state == PORT_JOINING && taken >= 0) {
		taken = conn_dispatch_one(&h->bound);
		if (taken == 0)
			taken = conn_wait(&h->bound, &h->stack.guard);
	}
	if (taken < 0)
		return taken;
	return h->port_state == PORT_OURS ? 0 : -EADDRINUSE;
}

static void unbind(struct cman_handle *h)
{
	(void)pthread_mutex_lock(&data_lock);
	conn_close(&h->data, &h->stack.guard);
	h->port = 0;
	(void)pthread_mutex_unlock(&data_lock);
	conn_close(&h->bound, &h->stack.guard);
}

/* The data first: who sees that we listen may send at once. */
static int bind_port(struct cman_handle *h, uint8_t port)
{
	int error = open_data(h, port);

	h->port_state = PORT_JOINING;
	if (!error)
		error = open_member(h, &h->bound, group_name(PORT_GROUP, port), &port_events);
	if (!error)
		error = await_port(h);
	if (!error)
		error = handle_listen(h, &h->bound);
	if (error) {
		unbind(h);
		return error == -EEXIST ? -EADDRINUSE : error;
	}
	(void)pthread_mutex_lock(&data_lock);
	h->port = port;
	(void)pthread_mutex_unlock(&data_lock);
	return 0;
}

static int start_recv_data(struct cman_handle *h, cman_datacallback_t callback, uint8_t port)
{
	int error = 0;

	if (!port || !callback)
		return -EINVAL;
	if (h->port && h->port != port)
		return -EADDRINUSE;
	if (!h->port)
		error = bind_port(h, port);
	else if (!h->data.handle)
		error = open_data(h, port);
	if (!error)
		h->receive = callback;
	return error;
}

CMAN_PUBLIC int cman_start_recv_data(cman_handle_t handle, cman_datacallback_t callback,
				     uint8_t port)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_CLIENT);

	return h ? handle_leave(h, start_recv_data(h, callback, port)) : -1;
}

/* The port stays ours, nothing more comes over it. */
CMAN_PUBLIC int cman_end_recv_data(cman_handle_t handle)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	if (!h)
		return -1;
	(void)pthread_mutex_lock(&data_lock);
	conn_close(&h->data, &h->stack.guard);
	(void)pthread_mutex_unlock(&data_lock);
	h->receive = NULL;
	queue_drop(&h->queue, MESSAGE_DATA);
	return handle_leave(h, 0);
}

void data_close(struct cman_handle *h)
{
	unbind(h);
}

/* ---- Sending ---- */

struct outgoing {
	unsigned char head[WIRE_HEADER_SIZE];
	const void *data;
	size_t length;
};

static int send_over(struct cman_conn *c, const struct cman_guard *g, const struct outgoing *o)
{
	return group_send(c, g, o->head, sizeof(o->head), o->data, o->length);
}

static bool is_bound_to(const struct cman_handle *h, uint64_t port)
{
	return h->port == port && h->data.handle;
}

/* Join for one message. */
static int send_as_guest(struct cman_handle *h, uint8_t port, const struct outgoing *o)
{
	struct cman_conn guest = { .handle = 0 };
	int error = open_member(h, &guest, group_name(DATA_GROUP, port), NULL);

	if (!error)
		error = send_over(&guest, &h->stack.guard, o);
	conn_close(&guest, &h->stack.guard); /* what was sent is on its way before the leave */
	return error;
}

/* Over the connection of another handle, which our guard must reach, too. */
static int send_by(struct cman_handle *member, struct cman_guard *g, const struct outgoing *o)
{
	int fd = guard_add(g, member->data.fd);
	int error;

	if (fd < 0)
		return fd;
	error = send_over(&member->data, g, o);
	guard_drop(g, fd);
	return error;
}

static int send_to_port(struct cman_handle *h, uint8_t port, const struct outgoing *o)
{
	struct cman_handle *member;
	int error;

	(void)pthread_mutex_lock(&data_lock);
	member = is_bound_to(h, port) ? h : handle_search(is_bound_to, port);
	if (member == h)
		error = send_over(&h->data, &h->stack.guard, o);
	else if (member)
		error = send_by(member, &h->stack.guard, o);
	else
		error = send_as_guest(h, port, o);
	(void)pthread_mutex_unlock(&data_lock);
	return error;
}

static int send_data(struct cman_handle *h, const void *buf, int len, uint8_t port, int nodeid)
{
	struct outgoing o = { .data = buf, .length = (size_t)len };
	int error;

	if (len < 0 || (len && !buf) || nodeid < 0)
		return -EINVAL;
	if (len > WIRE_DATA_MAX)
		return -EMSGSIZE;
	if (!port)
		port = h->port;
	if (!port)
		return -EINVAL;
	wire_encode((struct wire_header){ .target = (uint32_t)nodeid, .port = h->port }, o.head);
	error = send_to_port(h, port, &o);
	return error ? error : len + LEGACY_HEAD_SIZE;
}

CMAN_PUBLIC int cman_send_data(cman_handle_t handle, const void *buf, int len, int flags,
			       uint8_t port, int nodeid)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_CLIENT);

	(void)flags; /* CPG's order is as safe as cman's was asked to be */
	return h ? handle_leave(h, send_data(h, buf, len, port, nodeid)) : -1;
}

/* ---- Who listens ---- */

static int is_listening(struct cman_stack *s, int nodeid, uint8_t port)
{
	uint32_t id = nodeid == CMAN_NODEID_US ? s->node_id : (uint32_t)nodeid;
	struct cpg_name group = group_name(PORT_GROUP, port);
	int answer = stack_need_member(s);

	if (!answer)
		answer = table_ask_member(s, id);
	if (answer < 0)
		return answer;
	if (!answer)
		return -ENOTCONN;
	if (!port) /* the cluster manager's own */
		return 1;
	return group_has_node(s, &group, id);
}

CMAN_PUBLIC int cman_is_listening(cman_handle_t handle, int nodeid, uint8_t port)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, is_listening(&h->stack, nodeid, port)) : -1;
}

/* Mark the port of a group, if it is one: anybody may give a group a name that is only like it. */
static void mark_port(const struct cpg_name *group, char ports[32])
{
	char name[CPG_MAX_NAME_LENGTH + 1] = "";
	struct cpg_name same;
	unsigned port;

	memcpy(name, group->value,
	       group->length < sizeof(name) ? group->length : CPG_MAX_NAME_LENGTH);
	if (sscanf(name, PORT_GROUP, &port) != 1 || port > PORT_MAX)
		return;
	same = group_name(PORT_GROUP, port);
	if (group->length == same.length && memcmp(group->value, same.value, same.length) == 0)
		ports[port / 8] = (char)(ports[port / 8] | 1 << port % 8);
}

static int mark_ports(struct cman_stack *s, const struct cman_conn *cpg, char ports[32])
{
	struct cpg_iteration_description_t member;
	cpg_iteration_handle_t iteration;
	cs_error_t rc;

	do
		rc = cpg_iteration_initialize(cpg->handle, CPG_ITERATION_ALL, NULL, &iteration);
	while (stack_again(s, rc));
	if (rc != CS_OK)
		return -text_errno(rc);
	while ((rc = cpg_iteration_next(iteration, &member)) == CS_OK) {
		if (member.nodeid == s->node_id)
			mark_port(&member.group, ports);
	}
	(void)cpg_iteration_finalize(iteration); /* ends with the connection in any case */
	return rc == CS_ERR_NO_SECTIONS ? 0 : -text_errno(rc);
}

int data_ports(struct cman_stack *s, char ports[32])
{
	struct cman_conn cpg = { .handle = 0 };
	int error = conn_add(&cpg, &s->guard, SERVICE_CPG);

	ports[0] |= 1; /* port 0 is the cluster manager's own, always bound */
	if (!error)
		error = mark_ports(s, &cpg, ports);
	conn_close(&cpg, &s->guard);
	return error;
}
