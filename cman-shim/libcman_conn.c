/* libcman: one connection to one service of corosync.
 *
 * All libraries of corosync look alike: a 64 bit handle, a descriptor, a
 * dispatch that calls back. The table below holds what differs.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libcman_private.h"
#include "libcman_text.h"

#define REFUSED_TRIES	 5u
#define REFUSED_PAUSE_MS 20

#define AGAIN_PAUSE_MS 100
#define AGAIN_LIMIT_MS 5000

/* ---- Callbacks ---- */

/* The connection whose message is taken in by this thread. Not every library
 * hands a context to its callbacks. */
static __thread const struct cman_conn *current;

#define CALL(event, ...)                                                  \
	do {                                                              \
		if (current && current->events && current->events->event) \
			current->events->event(current->to, __VA_ARGS__); \
	} while (0)

static struct conn_nodes nodes_of(const uint32_t *ids, size_t count)
{
	return (struct conn_nodes){ .ids = ids, .count = (unsigned)count };
}

static struct conn_members members_of(const struct cpg_address *list, size_t count)
{
	return (struct conn_members){ .list = list, .count = (unsigned)count };
}

static void on_votes_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
			    uint32_t count, votequorum_node_t nodes[])
{
	(void)handle;
	(void)context;
	(void)count;
	(void)nodes;
	CALL(quorum, quorate != 0);
}

static void on_quorum(quorum_handle_t handle, uint32_t quorate, struct quorum_ring_id ring,
		      uint32_t member_count, const uint32_t *members)
{
	/* Required by corosync; what counts is votequorum's, which comes more often. */
	(void)handle;
	(void)quorate;
	(void)ring;
	(void)member_count;
	(void)members;
}

static void on_nodelist(quorum_handle_t handle, struct quorum_ring_id ring, uint32_t member_count,
			const uint32_t *members, uint32_t joined_count, const uint32_t *joined,
			uint32_t left_count, const uint32_t *left)
{
	(void)handle;
	CALL(nodelist, ring, nodes_of(members, member_count), nodes_of(left, left_count),
	     nodes_of(joined, joined_count));
}

static void on_shutdown(corosync_cfg_handle_t handle, corosync_cfg_shutdown_flags_t flags)
{
	(void)handle;
	CALL(shutdown, (unsigned)flags);
}

static void on_deliver(cpg_handle_t handle, const struct cpg_name *group, uint32_t node_id,
		       uint32_t pid, void *data, size_t length)
{
	(void)handle;
	(void)group;
	CALL(deliver, node_id, pid, data, length);
}

static void on_group(cpg_handle_t handle, const struct cpg_name *group,
		     const struct cpg_address *members, size_t member_count,
		     const struct cpg_address *left, size_t left_count,
		     const struct cpg_address *joined, size_t joined_count)
{
	(void)handle;
	(void)group;
	CALL(group, members_of(members, member_count), members_of(left, left_count),
	     members_of(joined, joined_count));
}

static void on_ring(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t count,
		    const uint32_t *members)
{
	(void)handle;
	(void)ring;
	CALL(ring, nodes_of(members, count));
}

/* ---- What differs ---- */

static cs_error_t open_cmap(uint64_t *handle)
{
	return cmap_initialize(handle);
}

static cs_error_t open_votes(uint64_t *handle)
{
	votequorum_callbacks_t callbacks = { .votequorum_quorum_notify_fn = on_votes_quorum };

	return votequorum_initialize(handle, &callbacks);
}

static cs_error_t open_quorum(uint64_t *handle)
{
	quorum_model_v1_data_t callbacks = {
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = on_quorum,
		.nodelist_notify_fn = on_nodelist,
	};
	uint32_t type = QUORUM_FREE;
	cs_error_t rc = quorum_model_initialize(
		handle, QUORUM_MODEL_V1, (quorum_model_data_t *)(void *)&callbacks, &type, NULL);

	if (rc != CS_OK || type == QUORUM_SET)
		return rc;
	(void)quorum_finalize(*handle); /* of no use */
	return CS_ERR_NO_SECTIONS;	/* no provider of quorum is configured */
}

static cs_error_t open_cfg(uint64_t *handle)
{
	const corosync_cfg_callbacks_t callbacks = {
		.corosync_cfg_shutdown_callback = on_shutdown,
	};

	return corosync_cfg_initialize(handle, &callbacks);
}

static cs_error_t open_cpg(uint64_t *handle)
{
	cpg_model_v1_data_t callbacks = {
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = on_deliver,
		.cpg_confchg_fn = on_group,
		.cpg_totem_confchg_fn = on_ring,
		.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};

	return cpg_model_initialize(handle, CPG_MODEL_V1, (cpg_model_data_t *)(void *)&callbacks,
				    NULL);
}

static const struct {
	cs_error_t (*open)(uint64_t *handle);
	cs_error_t (*close)(uint64_t handle);
	cs_error_t (*fd)(uint64_t handle, int *fd);
	cs_error_t (*dispatch)(uint64_t handle, cs_dispatch_flags_t flags);
} services[] = {
	[SERVICE_CMAP] = { open_cmap, cmap_finalize, cmap_fd_get, cmap_dispatch },
	[SERVICE_VOTES] = { open_votes, votequorum_finalize, votequorum_fd_get,
			    votequorum_dispatch },
	[SERVICE_QUORUM] = { open_quorum, quorum_finalize, quorum_fd_get, quorum_dispatch },
	[SERVICE_CFG] = { open_cfg, corosync_cfg_finalize, corosync_cfg_fd_get,
			  corosync_cfg_dispatch },
	[SERVICE_CPG] = { open_cpg, cpg_finalize, cpg_fd_get, cpg_dispatch },
};

/* ---- Opening, which may take for ever ---- */

struct open_job {
	struct guard_job job; /* first: a pointer to it is one to this */
	struct cman_guard times;
	enum cman_service service;
	uint64_t handle;
	cs_error_t rc;
};

static void open_run(struct guard_job *job)
{
	struct open_job *o = (struct open_job *)job;

	do
		o->rc = services[o->service].open(&o->handle);
	while (conn_again(&o->times, o->rc));
}

static void open_discard(struct guard_job *job)
{
	struct open_job *o = (struct open_job *)job;

	if (o->rc == CS_OK)
		(void)services[o->service].close(o->handle); /* nobody waits */
	free(o);
}

/* Connected, but not in the guard's charge yet. */
static int open_in_time(struct cman_conn *c, const struct cman_guard *g)
{
	struct open_job *o = calloc(1, sizeof(*o));
	int error;

	if (!o)
		return -ENOMEM;
	o->job.run = open_run;
	o->job.discard = open_discard;
	o->times.started_ms = g->started_ms;
	o->service = c->service;
	error = guard_run(&o->job, g->deadline_ms);
	if (error == -ETIMEDOUT)
		return error; /* the thread frees it */
	if (!error && o->rc == CS_ERR_NO_SECTIONS)
		error = -ENOENT;
	else if (!error && o->rc != CS_OK)
		error = -text_errno_connect(o->rc);
	if (!error)
		c->handle = o->handle;
	free(o);
	return error;
}

/* A burst of connections fills corosync's short backlog, and is refused as by a corosync
 * that does not run: that is believed only after a few tries. */
static int open_in_burst(struct cman_conn *c, struct cman_guard *g)
{
	const struct timespec pause = { .tv_nsec = REFUSED_PAUSE_MS * 1000000L };
	int error = open_in_time(c, g);

	for (unsigned i = 0; i < REFUSED_TRIES && error == -ECONNREFUSED; i++) {
		(void)nanosleep(&pause, NULL);	/* cut by a signal: only sooner */
		error = open_in_time(c, g);
	}
	return error;
}

int conn_open(struct cman_conn *c, struct cman_guard *g, enum cman_service service)
{
	int error, fd;

	*c = (struct cman_conn){ .service = service, .fd = -1 };
	error = open_in_burst(c, g);
	if (error)
		return error;
	if (services[service].fd(c->handle, &fd) != CS_OK)
		error = -EIO;
	else
		error = guard_add(g, fd);
	if (error < 0) {
		(void)services[service].close(c->handle); /* just opened, it answers */
		c->handle = 0;
		return error;
	}
	c->fd = error;
	return 0;
}

int conn_add(struct cman_conn *c, struct cman_guard *g, enum cman_service service)
{
	int error = conn_open(c, g, service);

	return error == -ECONNREFUSED || error == -ETIMEDOUT ? -EHOSTDOWN : error;
}

void conn_close(struct cman_conn *c, struct cman_guard *g)
{
	if (!c->handle)
		return;
	(void)services[c->service].close(c->handle); /* what a dead corosync says does not matter */
	guard_drop(g, c->fd);
	*c = (struct cman_conn){ .fd = -1 };
}

bool conn_is_dead(const struct cman_conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = 0 };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

/* ---- Taking in ---- */

int conn_dispatch_one(const struct cman_conn *c)
{
	cs_error_t rc;

	current = c;
	rc = services[c->service].dispatch(c->handle, CS_DISPATCH_ONE_NONBLOCKING);
	current = NULL;
	if (rc == CS_OK)
		return 1;
	return rc == CS_ERR_TRY_AGAIN ? 0 : -text_errno(rc);
}

int conn_dispatch_each(const struct cman_conn *const *conns)
{
	int taken, count = 0;

	for (; *conns; conns++) {
		if (!(*conns)->handle)
			continue;
		taken = conn_dispatch_one(*conns);
		if (taken < 0)
			return taken;
		count += taken;
	}
	return count;
}

int conn_take_all(const struct cman_conn *c)
{
	int taken;

	do
		taken = conn_dispatch_one(c);
	while (taken > 0);
	return taken;
}

int conn_wait(const struct cman_conn *c, const struct cman_guard *g)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	const uint64_t limit_ms = g->started_ms + AGAIN_LIMIT_MS;
	uint64_t now_ms;
	int ready;

	do {
		now_ms = guard_now_ms();
		if (now_ms >= limit_ms)
			return -EAGAIN;
		ready = poll(&p, 1, (int)(limit_ms - now_ms));
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	if (p.revents & POLLHUP)
		return -EHOSTDOWN;
	return ready ? 0 : -EAGAIN;
}

bool conn_again(const struct cman_guard *g, cs_error_t rc)
{
	struct timespec pause = { .tv_nsec = AGAIN_PAUSE_MS * 1000000L };

	if (rc != CS_ERR_TRY_AGAIN || guard_now_ms() >= g->started_ms + AGAIN_LIMIT_MS)
		return false;
	(void)nanosleep(&pause, NULL); /* a signal only shortens it */
	return true;
}
