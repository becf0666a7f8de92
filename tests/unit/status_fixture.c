/* See status_fixture.h. */
#include "status_fixture.h"

#include <time.h>

char socket_path[64], file_path[64];
struct status *status;
struct status_snapshot snapshot;
char reply[STATUS_REPLY_MAX + 1];

/* Node 1 of three, master, node 2 was fenced. */
static void snapshot_fill(struct status_snapshot *s)
{
	*s = (struct status_snapshot){
		.cluster = "rig", .node_id = 1, .node_name = "n1", .device = "/dev/qlun",
		.label = "rig", .state = QD_STATE_MASTER, .score = 1, .score_max = 2,
		.score_required = 1, .master = 1, .visible = 5, .initialising = 2,
		.quorate_set = 5,
		.timings = { .interval_ms = 200, .tko = 8, .tko_up = 2, .upgrade_wait = 2,
			     .master_wait = 3 },
		.vote = STATUS_VOTE_CAST, .votes = 2, .why = "the master counts on me",
		.mark_voting = true, .mark_view = 5,
		.corosync = { .connected = true, .quorate = true,
			      .ring = { .node_id = 1, .seq = 0x2c }, .members = 5,
			      .expected_votes = 5, .total_votes = 4, .quorum = 3 },
		.node_count = 3,
		.node = { { .id = 1, .name = "n1", .state = QD_STATE_MASTER, .up = true,
			    .voting = true },
			  { .id = 2, .name = "n2", .state = QD_STATE_EVICTED, .missed = 9,
			    .evicted = true },
			  { .id = 3, .name = "n3", .state = QD_STATE_RUN, .up = true } },
		.heuristic_count = 2,
		.heuristic = { { .program = "qdisk-ping \"gw\"", .score = 1, .tko = 2, .up = true },
			       { .program = "false", .score = 1, .misses = 3, .tko = 3 } },
		.cast_ms = NOW_MS - 200, .v_ms = 1400,
		.read_us = 120, .write_us = 90,
		.latencies = { .read = { 118, 240, 302 }, .read_ever = { 119, 255, 31000 },
			       .write = { 88, 140, 1002 }, .write_ever = { 89, 155, 41000 } },
		.fence_node = 2,
		.fence_result = QD_FENCE_SUCCESS, .fence_ms = NOW_MS - 1200, .cycles = 1234,
		.late_ticks = 1, .start_ms = NOW_MS - 12345, .wall_s = 1795290918,
	};
}

int setup(void **state)
{
	(void)state;
	(void)setenv("TZ", "UTC", 1);
	tzset();
	(void)snprintf(socket_path, sizeof(socket_path), "%s/run/status.sock", work_dir);
	(void)snprintf(file_path, sizeof(file_path), "%s/status", work_dir);
	snapshot_fill(&snapshot);
	return status_open(socket_path, &status);
}

int teardown(void **state)
{
	char command[128];

	(void)state;
	status_close(status);
	status = NULL;
	while (waitpid(-1, NULL, 0) > 0)
		;
	(void)snprintf(command, sizeof(command), "rm -rf %s/*", work_dir);
	return system(command);	/* NOLINT(cert-env33-c): a test, our own words */
}

int client_connect(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", socket_path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

void serve(void)
{
	struct pollfd p = { .fd = status_fd(status), .events = POLLIN };

	for (int i = 0; i < 1000 && poll(&p, 1, 0) == 1; i++)
		status_dispatch(status, &snapshot, NOW_MS);
	assert_int_equal(poll(&p, 1, 0), 0);
}

ssize_t client_ask(int fd, const char *request)
{
	ssize_t n = send(fd, request, strlen(request), MSG_NOSIGNAL);

	assert_true(n >= 0 || errno == EPIPE);
	serve();
	n = recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT);
	reply[n > 0 ? n : 0] = '\0';
	return n;
}

void snapshot_fences(void)
{
	snapshot.node[1].fencing = (struct status_fencing){
		.state = STATUS_FENCING_RUNS, .by = "fence_apc", .has_device = true, .method = 1, .device = 2,
		.since_ms = NOW_MS - 3200, .tries = 2,
	};
	snapshot.node[2].fencing = (struct status_fencing){
		.state = STATUS_FENCING_WAITS, .tries = 3, .next_ms = NOW_MS + 900,
	};
}
