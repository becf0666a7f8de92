/* Each function of libcman towards a corosync that stands still or dies.
 *
 *	libcman_limits stopped|killed|gone [FACTOR]
 *
 * A process for each function makes its handle and what else the call needs; "ready"
 * is printed when all have. After a line on stdin each makes its call, and prints "good"
 * or "bad", the name, what came of it and after how long. The limits are those of
 * libcman(3): 10 seconds for a corosync that is stopped, 2 seconds for one that dies
 * under the call, none for one that is gone already. FACTOR: so much longer, where all
 * these processes run under something that is slow.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcman.h"

#define LIMIT_MS 10000	/* of libcman(3) */
#define DEATH_MS 4000	/* 2 seconds of libcman(3), the half second before the death, a busy machine */
#define LOCAL_MS 1000	/* nobody is asked: what a busy machine may take */
#define BARRIER_S 1

static cman_handle_t h;
static int factor = 1;
static uint8_t port; /* of this process alone */

static void on_event(cman_handle_t handle, void *privdata, int reason, int arg)
{
	(void)handle;
	(void)privdata;
	(void)reason;
	(void)arg;
}

static void on_data(cman_handle_t handle, void *privdata, char *buf, int len, uint8_t port, int nodeid)
{
	(void)handle;
	(void)privdata;
	(void)buf;
	(void)len;
	(void)port;
	(void)nodeid;
}

static void on_confchg(cman_handle_t handle, void *privdata, unsigned int *members, int member_count,
		       unsigned int *left, int left_count, unsigned int *joined, int joined_count)
{
	(void)handle;
	(void)privdata;
	(void)members;
	(void)member_count;
	(void)left;
	(void)left_count;
	(void)joined;
	(void)joined_count;
}

/* ---- What goes before a call ---- */

static int nothing(void)
{
	return 0;
}

static int client(void)
{
	h = cman_init(NULL);
	return h ? 0 : -1;
}

static int admin(void)
{
	h = cman_admin_init(NULL);
	return h ? 0 : -1;
}

static int notified(void)
{
	return client() < 0 ? -1 : cman_start_notification(h, on_event);
}

static int watching(void)
{
	return client() < 0 ? -1 : cman_start_confchg(h, on_confchg);
}

static int bound(void)
{
	return client() < 0 ? -1 : cman_start_recv_data(h, on_data, port);
}

static int at_barrier(void)
{
	if (client() < 0 || cman_barrier_register(h, "limits", 0, 2) < 0)
		return -1;
	return cman_barrier_change(h, "limits", 6, BARRIER_S);
}

/* ---- The calls ---- */

static int get_nodes(int (*function)(cman_handle_t, int, int *, cman_node_t *))
{
	cman_node_t nodes[4];
	int count;

	return function(h, 4, &count, nodes);
}

static int call_get_node(void)
{
	cman_node_t node = { 0 };

	return cman_get_node(h, 0, &node);
}

static int call_get_node_extra(void)
{
	cman_node_extra_t extra;

	return cman_get_node_extra(h, 0, &extra);
}

static int call_get_node_addrs(void)
{
	struct cman_node_address addresses[2];
	int count;

	return cman_get_node_addrs(h, 1, 2, &count, addresses);
}

static int call_get_version(void)
{
	cman_version_t version;

	return cman_get_version(h, &version);
}

static int call_set_version(void)
{
	cman_version_t version = { 6, 2, 0, 0 };

	return cman_set_version(h, &version);
}

static int call_get_cluster(void)
{
	cman_cluster_t cluster;

	return cman_get_cluster(h, &cluster);
}

static int call_get_extra_info(void)
{
	union {
		cman_extra_info_t info;
		char room[4096];
	} u;

	return cman_get_extra_info(h, &u.info, sizeof(u));
}

static int call_get_fenceinfo(void)
{
	uint64_t when;
	int fenced;

	return cman_get_fenceinfo(h, 1, &when, &fenced, NULL);
}

static int call_get_quorum_device(void)
{
	cman_qdev_info_t info;

	return cman_get_quorum_device(h, &info);
}

static int call_getprivdata(void)
{
	void *privdata;

	return cman_getprivdata(h, &privdata);
}

static int call_get_fd(void)
{
	return cman_get_fd(h) < 0 ? -1 : 0;
}

#define CALL(name, expression)      \
	static int call_##name(void) \
	{                            \
		return expression;   \
	}
CALL(init, client())
CALL(admin_init, admin())
CALL(finish, cman_finish(h))
CALL(setprivdata, cman_setprivdata(h, NULL))
CALL(start_notification, cman_start_notification(h, on_event))
CALL(stop_notification, cman_stop_notification(h))
CALL(start_confchg, cman_start_confchg(h, on_confchg))
CALL(stop_confchg, cman_stop_confchg(h))
CALL(dispatch, cman_dispatch(h, CMAN_DISPATCH_ALL))
CALL(get_node_count, cman_get_node_count(h))
CALL(get_nodes, get_nodes(cman_get_nodes))
CALL(get_disallowed_nodes, get_nodes(cman_get_disallowed_nodes))
CALL(is_active, cman_is_active(h))
CALL(is_quorate, cman_is_quorate(h))
CALL(get_subsys_count, cman_get_subsys_count(h))
CALL(leave_cluster, cman_leave_cluster(h, CMAN_LEAVEFLAG_DOWN))
CALL(shutdown, cman_shutdown(h, CMAN_SHUTDOWN_ANYWAY))
CALL(replyto_shutdown, cman_replyto_shutdown(h, 1))
CALL(kill_node, cman_kill_node(h, 1))
CALL(set_votes, cman_set_votes(h, 1, 0))
CALL(set_expected_votes, cman_set_expected_votes(h, 2))
CALL(set_dirty, cman_set_dirty(h))
CALL(set_debuglog, cman_set_debuglog(h, 0))
CALL(node_fenced, cman_node_fenced(h, 1, 5, (char *)"x"))
CALL(start_recv_data, cman_start_recv_data(h, on_data, port))
CALL(end_recv_data, cman_end_recv_data(h))
CALL(send_data, cman_send_data(h, "x", 1, 0, port, 0))
CALL(is_listening, cman_is_listening(h, 0, port))
CALL(barrier_register, cman_barrier_register(h, "late", 0, 2))
CALL(barrier_change, cman_barrier_change(h, "limits", 6, 9))
CALL(barrier_wait, cman_barrier_wait(h, "limits"))
CALL(barrier_delete, cman_barrier_delete(h, "limits"))
CALL(register_quorum_device, cman_register_quorum_device(h, (char *)"dev", 2))
CALL(unregister_quorum_device, cman_unregister_quorum_device(h))
CALL(poll_quorum_device, cman_poll_quorum_device(h, 0))

/* ---- What each must come to ---- */

enum outcome {
	ASKS,	/* fails with EHOSTDOWN */
	LOCAL,	/* works at once, whatever corosync does */
	ENDS,	/* works, in time: what it ends has ended */
	OPENS,	/* fails with ETIMEDOUT, or ECONNREFUSED when nobody is there */
	PUMPS,	/* finds nothing, or fails with EHOSTDOWN when nobody is there: at once */
	WAITS,	/* fails with EHOSTDOWN, or ETIMEDOUT after its own time and leaving */
};

static const struct limit {
	const char *name;
	int (*before)(void);
	int (*call)(void);
	enum outcome outcome;
} limits[] = {
#define FUNCTION(before, name, outcome) { #name, before, call_##name, outcome }
	FUNCTION(nothing, init, OPENS),
	FUNCTION(nothing, admin_init, OPENS),
	FUNCTION(bound, finish, ENDS),
	FUNCTION(client, setprivdata, LOCAL),
	FUNCTION(client, getprivdata, LOCAL),
	FUNCTION(client, start_notification, ASKS),
	FUNCTION(notified, stop_notification, ENDS),
	FUNCTION(client, start_confchg, ASKS),
	FUNCTION(watching, stop_confchg, ENDS),
	FUNCTION(client, get_fd, LOCAL),
	FUNCTION(client, dispatch, PUMPS),
	FUNCTION(client, get_node_count, ASKS),
	FUNCTION(client, get_nodes, ASKS),
	FUNCTION(client, get_disallowed_nodes, ASKS),
	FUNCTION(client, get_node, ASKS),
	FUNCTION(client, get_node_extra, ASKS),
	FUNCTION(client, get_node_addrs, ASKS),
	FUNCTION(client, is_active, ASKS),
	FUNCTION(client, is_quorate, ASKS),
	FUNCTION(client, get_version, ASKS),
	FUNCTION(client, get_cluster, ASKS),
	FUNCTION(client, get_extra_info, ASKS),
	FUNCTION(client, get_subsys_count, ASKS),
	FUNCTION(admin, set_version, ASKS),
	FUNCTION(admin, leave_cluster, ASKS),
	FUNCTION(admin, shutdown, ASKS),
	FUNCTION(notified, replyto_shutdown, ENDS),
	FUNCTION(admin, kill_node, ASKS),
	FUNCTION(admin, set_votes, ASKS),
	FUNCTION(admin, set_expected_votes, ASKS),
	FUNCTION(admin, set_dirty, ASKS),
	FUNCTION(admin, set_debuglog, ASKS),
	FUNCTION(client, get_fenceinfo, ASKS),
	FUNCTION(admin, node_fenced, ASKS),
	FUNCTION(client, start_recv_data, ASKS),
	FUNCTION(bound, end_recv_data, ENDS),
	FUNCTION(client, send_data, ASKS),
	FUNCTION(client, is_listening, ASKS),
	FUNCTION(client, barrier_register, ASKS),
	FUNCTION(at_barrier, barrier_change, ASKS),
	FUNCTION(at_barrier, barrier_wait, WAITS),
	FUNCTION(at_barrier, barrier_delete, ASKS),
	FUNCTION(admin, register_quorum_device, ASKS),
	FUNCTION(admin, unregister_quorum_device, ASKS),
	FUNCTION(admin, poll_quorum_device, ASKS),
	FUNCTION(client, get_quorum_device, ASKS),
};
#define FUNCTIONS (int)(sizeof(limits) / sizeof(limits[0]))

enum mode { STOPPED, KILLED, GONE };

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int result_good(enum outcome outcome, enum mode mode, int result, int error)
{
	switch (outcome) {
	case LOCAL:
		return result == 0;
	case ENDS:
		return result == 0 || (mode == GONE && error == EHOSTDOWN);
	case OPENS:
		return result == -1 && (mode == GONE ? error == ECONNREFUSED :
					mode == STOPPED ? error == ETIMEDOUT :
					error == ETIMEDOUT || error == ECONNREFUSED);
	case PUMPS:
		return mode == GONE ? result == -1 && error == EHOSTDOWN : result == 0;
	case WAITS:
		return result == -1 && (error == EHOSTDOWN || error == ETIMEDOUT);
	case ASKS:
		break;
	}
	return result == -1 && error == EHOSTDOWN;
}

static long long limit_ms(enum outcome outcome, enum mode mode)
{
	if (outcome == LOCAL || outcome == PUMPS || (mode == GONE && outcome == ASKS))
		return factor * LOCAL_MS;
	if (mode != STOPPED)
		return factor * DEATH_MS;
	return factor * (outcome == WAITS ? BARRIER_S * 1000 + LIMIT_MS : LIMIT_MS);
}

/* One function, in a process of its own: its status. */
static int run(const struct limit *l, enum mode mode, int ready, int go)
{
	long long began, took;
	int result, error;
	char byte;

	port = (uint8_t)(1 + (l - limits) + (int)mode * FUNCTIONS);
	if (l->before() < 0)
		printf("bad %s: what goes before it fails: %s\n", l->name, strerror(errno));
	if (write(ready, "r", 1) != 1 || read(go, &byte, 1) != 1)
		return 1;
	began = now_ms();
	errno = 0;
	result = l->call();
	error = errno;
	took = now_ms() - began;
	printf("%s %s: %d %s after %lld ms, limit %lld ms\n",
	       result_good(l->outcome, mode, result, error) && took <= limit_ms(l->outcome, mode) ? "good" :
												   "bad",
	       l->name, result, result < 0 ? strerrorname_np(error) : "-", took, limit_ms(l->outcome, mode));
	return 0;
}

int main(int argc, char **argv)
{
	enum mode mode = argc > 1 && strcmp(argv[1], "gone") == 0 ? GONE :
			 argc > 1 && strcmp(argv[1], "killed") == 0 ? KILLED : STOPPED;
	int ready[2], go[2], i;
	char bytes[FUNCTIONS] = { 0 };

	if (argc > 2)
		factor = atoi(argv[2]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (pipe(ready) < 0 || pipe(go) < 0)
		return EXIT_FAILURE;
	for (i = 0; i < FUNCTIONS; i++) {
		if (fork() == 0) {
			close(go[1]); /* it ends with us */
			_exit(run(&limits[i], mode, ready[1], go[0]));
		}
	}
	close(ready[1]);
	for (i = 0; i < FUNCTIONS; i++) {
		if (read(ready[0], bytes, 1) != 1)
			return EXIT_FAILURE;
	}
	printf("ready\n");
	if (!fgets(bytes, sizeof(bytes), stdin) || write(go[1], bytes, FUNCTIONS) != FUNCTIONS)
		return EXIT_FAILURE;
	while (wait(NULL) > 0)
		;
	printf("end\n");
	return EXIT_SUCCESS;
}
