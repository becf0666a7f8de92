/* status.c with real sockets and files, and what qdisk-tool makes of the answers. */
#include "../../qdiskd/status.h"
#include "../../qdiskd/tool_status.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_MS 100000u

static char work_dir[] = "/tmp/qdisk-test-status.XXXXXX";
static char socket_path[64], file_path[64];
static struct status *status;
static struct status_snapshot snapshot;
static char reply[STATUS_REPLY_MAX + 1];

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

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
		.read_us = 120, .write_us = 90, .fence_node = 2,
		.fence_result = QD_FENCE_SUCCESS, .fence_ms = NOW_MS - 1200, .cycles = 1234,
		.late_ticks = 1, .start_ms = NOW_MS - 12345, .wall_s = 1795290918,
	};
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(socket_path, sizeof(socket_path), "%s/run/status.sock", work_dir);
	(void)snprintf(file_path, sizeof(file_path), "%s/status", work_dir);
	snapshot_fill(&snapshot);
	return status_open(socket_path, &status);
}

static int teardown(void **state)
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

/* ---- The socket ---- */

static int client_connect(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", socket_path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Dispatch until nothing is left to do. */
static void serve(void)
{
	struct pollfd p = { .fd = status_fd(status), .events = POLLIN };

	for (int i = 0; i < 1000 && poll(&p, 1, 0) == 1; i++)
		status_dispatch(status, &snapshot, NOW_MS);
	assert_int_equal(poll(&p, 1, 0), 0);
}

/* Ask on a connected socket; the reply's length, 0 hung up. */
static ssize_t client_ask(int fd, const char *request)
{
	ssize_t n = send(fd, request, strlen(request), MSG_NOSIGNAL);

	assert_true(n >= 0 || errno == EPIPE);
	serve();
	n = recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT);
	reply[n > 0 ? n : 0] = '\0';
	return n;
}

static json_object *reply_parse(void)
{
	json_tokener *t = json_tokener_new();
	json_object *o;

	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, reply, (int)strlen(reply));
	assert_int_equal(json_tokener_get_error(t), json_tokener_success);
	json_tokener_free(t);
	assert_non_null(o);
	return o;
}

static void status_request_gets_one_json_object_and_the_end(void **state)
{
	static const char expected[] =
		"{\"version\":1,\"cluster\":\"rig\",\"node_id\":1,\"node_name\":\"n1\","
		"\"device\":\"/dev/qlun\",\"label\":\"rig\",\"state\":\"master\","
		"\"score\":1,\"score_max\":2,\"score_required\":1,\"master\":1,"
		"\"visible\":[1,3],\"initialising\":[2],\"quorate_set\":[1,3],"
		"\"timings\":{\"interval_ms\":200,\"tko\":8,\"tko_up\":2,\"upgrade_wait\":2,"
		"\"master_wait\":3},\"vote\":{\"state\":\"cast\",\"votes\":2,"
		"\"why\":\"the master counts on me\"},"
		"\"voting_mark\":{\"voting\":true,\"view\":[1,3]},"
		"\"corosync\":{\"connected\":true,\"ring\":\"1.2c\",\"members\":[1,3],"
		"\"quorate\":true,\"expected_votes\":5,\"total_votes\":4,\"quorum\":3},"
		"\"nodes\":[{\"id\":1,\"name\":\"n1\",\"state\":\"master\",\"up\":true,\"missed\":0,"
		"\"voting\":true,\"evicted\":false},{\"id\":2,\"name\":\"n2\",\"state\":\"evicted\","
		"\"up\":false,\"missed\":9,\"voting\":false,\"evicted\":true},{\"id\":3,"
		"\"name\":\"n3\",\"state\":\"running\",\"up\":true,\"missed\":0,\"voting\":false,"
		"\"evicted\":false}],\"heuristics\":[{\"program\":\"qdisk-ping \\\"gw\\\"\","
		"\"score\":1,\"up\":true,\"misses\":0,\"tko\":2},{\"program\":\"false\",\"score\":1,"
		"\"up\":false,\"misses\":3,\"tko\":3}],"
		"\"latency\":{\"read_us\":120,\"write_us\":90},"
		"\"last_fence\":{\"node\":2,\"result\":\"success\",\"age_ms\":1200},"
		"\"cycles\":1234,\"late_ticks\":1,\"uptime_ms\":12345}";
	int fd = client_connect();
	json_object *o;

	(void)state;
	assert_true(client_ask(fd, "status") > 0);
	o = reply_parse();
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE),
			    expected);
	(void)json_object_put(o);
	assert_int_equal(recv(fd, reply, sizeof(reply), 0), 0);
	(void)close(fd);
}

static void status_nothing_known_yet_is_json_too(void **state)
{
	int fd = client_connect();
	json_object *o, *fence;

	(void)state;
	memset(&snapshot, 0, sizeof(snapshot));
	assert_true(client_ask(fd, "status\n") > 0);
	o = reply_parse();
	assert_true(json_object_object_get_ex(o, "last_fence", &fence));
	assert_null(fence);
	(void)json_object_put(o);
	(void)close(fd);
}

static void status_unknown_request_gets_an_error(void **state)
{
	int fd = client_connect();

	(void)state;
	assert_true(client_ask(fd, "statusx") > 0);
	assert_non_null(strstr(reply, "\"error\""));
	(void)json_object_put(reply_parse());
	(void)close(fd);
}

static void status_hostile_texts_stay_valid_json(void **state)
{
	static const char bad[] = "\xc0\xaf \xed\xa0\x80 \xf5\x80\x80\x80 \xe2\x82 \xff \xf0\x8f\xbf\xbf";
	int fd = client_connect();
	json_object *o, *label;

	(void)state;
	for (int i = 1; i < QD_LABEL_LEN; i++)
		snapshot.label[i - 1] = (char)(i + (i > 60 ? 100 : 0));
	(void)snprintf(snapshot.cluster, sizeof(snapshot.cluster), "%s", bad);
	(void)snprintf(snapshot.node_name, sizeof(snapshot.node_name),
		       "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x8c");
	assert_true(client_ask(fd, "status") > 0);
	o = reply_parse();
	assert_true(json_object_object_get_ex(o, "label", &label));
	assert_int_equal(json_object_get_string(label)[0], 1);
	assert_true(json_object_object_get_ex(o, "node_name", &label));
	assert_string_equal(json_object_get_string(label), snapshot.node_name);
	(void)json_object_put(o);
	(void)close(fd);
}

/* Every text at its longest and of the bytes that grow most, every number too. */
static void snapshot_fill_longest(struct status_snapshot *s, int byte)
{
	memset(s, 0xff, sizeof(*s));
	s->state = QD_STATE_INIT;
	s->vote = STATUS_VOTE_WITHDRAWN;
	s->fence_result = QD_FENCE_UNDEFINED;
	s->mark_voting = s->corosync.connected = s->corosync.quorate = s->debug = false;
	s->node_count = QD_NODE_MAX;
	s->heuristic_count = QD_HEURISTICS_MAX;
	for (uint32_t i = 0; i < QD_NODE_MAX; i++) {
		memset(s->node[i].name, byte, sizeof(s->node[i].name) - 1);
		s->node[i].name[sizeof(s->node[i].name) - 1] = '\0';
		s->node[i].state = QD_STATE_INIT;
		s->node[i].up = s->node[i].voting = s->node[i].evicted = false;
	}
	for (uint32_t i = 0; i < QD_HEURISTICS_MAX; i++) {
		memset(s->heuristic[i].program, byte, sizeof(s->heuristic[i].program) - 1);
		s->heuristic[i].program[sizeof(s->heuristic[i].program) - 1] = '\0';
		s->heuristic[i].up = false;
	}
	memset(s->cluster, byte, sizeof(s->cluster) - 1);
	memset(s->node_name, byte, sizeof(s->node_name) - 1);
	memset(s->device, byte, sizeof(s->device) - 1);
	memset(s->label, byte, sizeof(s->label) - 1);
	memset(s->why, byte, sizeof(s->why) - 1);
	s->cluster[sizeof(s->cluster) - 1] = s->node_name[sizeof(s->node_name) - 1] = '\0';
	s->device[sizeof(s->device) - 1] = s->label[sizeof(s->label) - 1] = '\0';
	s->why[sizeof(s->why) - 1] = '\0';
}

static void status_longest_snapshot_is_one_reply(void **state)
{
	static const int bytes[] = { 0x01, '"', 'x', 0xff };

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		int fd = client_connect();

		snapshot_fill_longest(&snapshot, bytes[i]);
		assert_in_range(client_ask(fd, "status"), 40000, STATUS_REPLY_MAX - 1);
		(void)json_object_put(reply_parse());
		(void)close(fd);
	}
}

static void status_mute_clients_the_oldest_makes_room(void **state)
{
	int mute[STATUS_CLIENTS_MAX], fd;

	(void)state;
	for (uint32_t i = 0; i < STATUS_CLIENTS_MAX; i++) {
		mute[i] = client_connect();
		serve();
	}
	fd = client_connect();
	assert_true(client_ask(fd, "status") > 0);
	assert_int_equal(recv(mute[0], reply, sizeof(reply), MSG_DONTWAIT), 0);
	assert_int_equal(recv(mute[1], reply, sizeof(reply), MSG_DONTWAIT), -1);
	assert_true(client_ask(mute[1], "status") > 0);
	(void)close(fd);
	for (uint32_t i = 0; i < STATUS_CLIENTS_MAX; i++)
		(void)close(mute[i]);
	serve();
}

static void status_clients_ask_and_leave_nobody_waits(void **state)
{
	uint64_t start_ms = now_ms();

	(void)state;
	for (int i = 0; i < 500; i++) {
		int fd = client_connect();

		if (i % 2)
			assert_int_equal(send(fd, "status", 6, MSG_NOSIGNAL), 6);
		(void)close(fd);	/* before or instead of the answer */
		serve();
	}
	assert_true(now_ms() - start_ms < 2000);
}

static void status_client_that_never_reads_delays_nobody(void **state)
{
	int slow = client_connect(), fd;
	uint64_t start_ms = now_ms();
	int small = 1;

	(void)state;
	(void)setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(send(slow, "status", 6, MSG_NOSIGNAL), 6);
	fd = client_connect();
	assert_true(client_ask(fd, "status") > 0);
	assert_true(now_ms() - start_ms < 500);
	(void)close(fd);
	(void)close(slow);
}

static void status_descriptors_run_out_newcomers_are_shown_out(void **state)
{
	struct rlimit old, none;
	int fd = client_connect();

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = (rlim_t)fd, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	serve();	/* asserts that nothing is left readable */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(recv(fd, reply, sizeof(reply), MSG_DONTWAIT), 0);
	(void)close(fd);
	fd = client_connect();
	assert_true(client_ask(fd, "status") > 0);
	(void)close(fd);
}

static void status_socket_mode_is_0660(void **state)
{
	struct stat st;
	char dir[64];

	(void)state;
	assert_int_equal(stat(socket_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	(void)snprintf(dir, sizeof(dir), "%s/run", work_dir);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
}

static void status_socket_of_a_dead_daemon_is_replaced(void **state)
{
	struct status *second;
	int fd;

	(void)state;
	assert_int_equal(status_open(socket_path, &second), 0);
	status_close(status);	/* takes the name away, as any close does */
	status = NULL;
	assert_int_equal(access(socket_path, F_OK), -1);
	status_close(second);
	assert_int_equal(status_open(socket_path, &status), 0);
	fd = client_connect();
	assert_true(client_ask(fd, "status") > 0);
	(void)close(fd);
}

static void status_path_that_is_no_socket_is_left_alone(void **state)
{
	struct status *s;
	int fd = open(file_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;
	char path[300];

	(void)state;
	(void)close(fd);
	assert_int_equal(status_open(file_path, &s), -EADDRINUSE);
	assert_int_equal(stat(file_path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(status_open(path, &s), -ENAMETOOLONG);
}

/* ---- status_file ---- */

static void text_is(const char *expected)
{
	static char text[STATUS_TEXT_MAX];

	assert_int_equal(status_text(&snapshot, text, sizeof(text)), strlen(expected));
	assert_string_equal(text, expected);
}

static void status_text_initialising_is_as_legacy(void **state)
{
	(void)state;
	snapshot.wall_s = 1795290887;
	snapshot.state = QD_STATE_INIT;
	snapshot.score_max = 1;
	snapshot.master = 2;
	snapshot.initialising = 6;
	snapshot.visible = 1;
	text_is("Time Stamp: Sat Nov 21 19:54:47 2026\nNode ID: 1\n"
		"Score: 1/1 (Minimum required = 1)\nCurrent state: Initializing\n"
		"Initializing Set: { 2 3 }\nVisible Set: { 1 }\n\n");
}

static void status_text_running_without_master_is_as_legacy(void **state)
{
	(void)state;
	snapshot.wall_s = 1795290893;
	snapshot.state = QD_STATE_RUN;
	snapshot.score_max = 1;
	snapshot.node_id = 2;
	snapshot.master = 0;
	snapshot.initialising = 5;
	snapshot.visible = 2;
	text_is("Time Stamp: Sat Nov 21 19:54:53 2026\nNode ID: 2\n"
		"Score: 1/1 (Minimum required = 1)\nCurrent state: Running\n"
		"Initializing Set: { 1 3 }\nVisible Set: { 2 }\nMaster Node ID: (none)\n\n");
}

static void status_text_master_is_as_legacy(void **state)
{
	(void)state;
	snapshot.score_max = 1;
	snapshot.initialising = 0;
	text_is("Time Stamp: Sat Nov 21 19:55:18 2026\nNode ID: 1\n"
		"Score: 1/1 (Minimum required = 1)\nCurrent state: Master\n"
		"Initializing Set: { }\nVisible Set: { 1 3 }\nMaster Node ID: 1\n"
		"Quorate Set: { 1 3 }\n\n");
	snapshot.wall_s = 1793491203;	/* a day of one digit */
	text_is("Time Stamp: Sun Nov  1 00:00:03 2026\nNode ID: 1\n"
		"Score: 1/1 (Minimum required = 1)\nCurrent state: Master\n"
		"Initializing Set: { }\nVisible Set: { 1 3 }\nMaster Node ID: 1\n"
		"Quorate Set: { 1 3 }\n\n");
}

static void status_text_debug_tells_of_each_node_before_the_end(void **state)
{
	static char text[STATUS_TEXT_MAX];
	size_t n;

	(void)state;
	snapshot_fill_longest(&snapshot, 'x');
	snapshot.debug = true;
	n = status_text(&snapshot, text, sizeof(text));
	assert_in_range(n, 1, sizeof(text) - 1);
	assert_non_null(strstr(text, "}\nnode_info_t [node 4294967295] {\n"));
	assert_string_equal(text + n - 4, "\n}\n\n");
}

/* The file's text, once it holds `needle` (waits up to 5 s). */
static const char *file_text(const char *needle)
{
	static char text[STATUS_TEXT_MAX];
	uint64_t end_ms = now_ms() + 5000;

	do {
		FILE *f = fopen(file_path, "re");
		size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

		if (f)
			(void)fclose(f);
		text[n] = '\0';
		if (strstr(text, needle))
			return text;
		(void)usleep(1000);
	} while (now_ms() < end_ms);
	fail_msg("the status_file never said \"%s\"", needle);
	return text;
}

static void status_file_is_written(void **state)
{
	struct status_file f = { 0 };

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	(void)file_text("Node ID: 1\n");
	snapshot.node_id = 7;
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	(void)file_text("Node ID: 7\n");
	status_file_close(&f);
	status_file_close(&f);
	assert_int_equal(access(file_path, F_OK), 0);
}

static void legacy_16_readers_never_see_half_a_file(void **state)
{
	struct status_file f = { 0 };
	unsigned seen = 0;
	int fd;

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	(void)file_text("\n\n");
	for (int i = 0; i < 3000; i++) {
		char text[STATUS_TEXT_MAX];
		ssize_t n;

		snapshot.cycles++;
		snapshot.visible = i % 2 ? 1 : UINT64_MAX;
		(void)status_file_publish(&f, &snapshot);
		fd = open(file_path, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		n = read(fd, text, sizeof(text) - 1);
		assert_true(n > 0);
		text[n] = '\0';
		(void)close(fd);
		assert_memory_equal(text, "Time Stamp: ", 12);
		assert_string_equal(text + n - 2, "\n\n");
		seen |= strstr(text, " 64 }") ? 2 : 1;
	}
	status_file_close(&f);
	assert_int_equal(seen, 3);
}

static void legacy_16_fifo_without_reader_never_blocks(void **state)
{
	struct status_file f = { 0 };
	uint64_t start_ms = now_ms();
	struct stat st;

	(void)state;
	assert_int_equal(mkfifo(file_path, 0600), 0);
	assert_int_equal(status_file_open(file_path, &f), 0);
	for (int i = 0; i < 2000; i++)
		(void)status_file_publish(&f, &snapshot);
	assert_true(now_ms() - start_ms < 1000);
	status_file_close(&f);
	assert_int_equal(lstat(file_path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
}

static void legacy_16_fifo_with_slow_reader_never_blocks(void **state)
{
	struct status_file f = { 0 };
	uint64_t start_ms = now_ms();
	char text[12] = "";
	int fd;

	(void)state;
	assert_int_equal(mkfifo(file_path, 0600), 0);
	fd = open(file_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(status_file_open(file_path, &f), 0);
	for (int i = 0; i < 5000; i++)
		(void)status_file_publish(&f, &snapshot);
	assert_true(now_ms() - start_ms < 1000);
	for (int i = 0; i < 500 && read(fd, text, sizeof(text)) <= 0; i++)
		(void)usleep(10000);
	assert_memory_equal(text, "Time Stamp: ", 12);
	(void)close(fd);
	status_file_close(&f);
}

/* A file system that hangs stops the child as SIGSTOP does. */
static void legacy_16_file_system_hangs_never_blocks(void **state)
{
	struct status_file f = { 0 };
	uint64_t start_ms = now_ms();
	int r = 0;

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(kill(f.pid, SIGSTOP), 0);
	for (int i = 0; i < 20000; i++) {
		snapshot.node_id = (uint32_t)i;
		r = status_file_publish(&f, &snapshot);
		assert_true(r == 0 || r == -EAGAIN);
	}
	assert_int_equal(r, -EAGAIN);
	assert_true(now_ms() - start_ms < 2000);
	assert_int_equal(kill(f.pid, SIGCONT), 0);
	for (int i = 0; i < 500 && r == -EAGAIN; i++) {
		(void)usleep(10000);
		snapshot.node_id = 99999;
		r = status_file_publish(&f, &snapshot);
	}
	(void)file_text("Node ID: 99999\n");
	status_file_close(&f);
}

static void status_file_child_that_hangs_is_killed_at_the_next_close(void **state)
{
	struct status_file f = { 0 };
	pid_t hung;

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	hung = f.pid;
	assert_int_equal(kill(hung, SIGSTOP), 0);
	status_file_close(&f);
	assert_int_equal(status_file_open(file_path, &f), 0);
	status_file_close(&f);
	(void)waitpid(hung, NULL, 0);
	assert_int_equal(kill(hung, 0), -1);
}

static void status_file_child_killed_is_epipe(void **state)
{
	struct status_file f = { 0 };

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(kill(f.pid, SIGKILL), 0);
	assert_int_equal(waitpid(f.pid, NULL, 0), f.pid);
	assert_int_equal(status_file_publish(&f, &snapshot), -EPIPE);
	status_file_close(&f);
}

static void status_file_stop_signals_of_a_service_leave_the_child(void **state)
{
	struct status_file f = { 0 };

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(kill(f.pid, SIGTERM), 0);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	(void)file_text("Node ID: 1\n");
	status_file_close(&f);
}

static void status_file_that_is_no_file_is_refused(void **state)
{
	struct status_file f = { 0 };
	char path[128];

	(void)state;
	assert_int_equal(status_file_open(work_dir, &f), -EINVAL);
	assert_int_equal(status_file_open("/dev/null", &f), -EINVAL);
	assert_int_equal(status_file_open("", &f), -EINVAL);
	(void)snprintf(path, sizeof(path), "%s/none/status", work_dir);
	assert_int_equal(status_file_open(path, &f), -ENOENT);
	assert_int_equal(symlink("/etc/passwd", file_path), 0);
	assert_int_equal(status_file_open(file_path, &f), -EINVAL);
	assert_int_equal(f.pid, 0);
}

static void status_file_becomes_a_link_is_not_followed(void **state)
{
	struct status_file f = { 0 };
	char victim[128], beside[128];
	struct stat st;

	(void)state;
	(void)snprintf(victim, sizeof(victim), "%s/victim", work_dir);
	(void)snprintf(beside, sizeof(beside), "%s.new", file_path);
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(symlink(victim, beside), 0);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	(void)file_text("Node ID: 1\n");
	assert_int_equal(lstat(file_path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(file_path), 0);
	assert_int_equal(symlink(victim, file_path), 0);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	status_file_close(&f);
	while (waitpid(-1, NULL, 0) > 0)
		;
	assert_int_equal(access(victim, F_OK), -1);
}

static void status_file_dash_is_standard_output(void **state)
{
	struct status_file f = { 0 };
	int ends[2], saved;
	char text[12];

	(void)state;
	(void)fflush(stdout);
	saved = dup(STDOUT_FILENO);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
	assert_int_equal(status_file_open("-", &f), 0);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	(void)close(saved);
	(void)close(ends[1]);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	assert_int_equal(read(ends[0], text, sizeof(text)), sizeof(text));
	assert_memory_equal(text, "Time Stamp: ", 12);
	status_file_close(&f);
	(void)close(ends[0]);
}

/* ---- qdisk-tool ---- */

/* Our own socket, served by a child; its process id. */
static pid_t server_fork(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct pollfd p = { .fd = status_fd(status), .events = POLLIN };

		for (int i = 0; i < 100; i++)
			if (poll(&p, 1, 5000) == 1)
				status_dispatch(status, &snapshot, NOW_MS);
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static char *shown(const char *json, int *ret_code)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	*ret_code = tool_status_show(json, out);
	(void)fclose(out);
	return text;
}

static void tool_asks_a_daemon_and_shows_what_matters(void **state)
{
	static const char *const words[] = {
		"node:        node 1 (n1) of cluster rig: master, quorate\n",
		"master:      node 1 (n1), counts on 1 3\n",
		"vote:        cast (2 votes): the master counts on me\n",
		"corosync:    ring 1.2c, members 1 3, 4 of 5 votes, quorum 3\n",
		"lun:         /dev/qlun, label rig, read 0.120 ms, write 0.090 ms\n",
		"dead in 1.8 s to 2.0 s\n",
		"last fence:  node 2 (n2) success, 1.2 s ago\n",
		"   2  evicted      DOWN       9  no     -        n2\n",
		"   3  running      up         0  no     member   n3\n",
		"score: 1 of 2, 1 required\n",
		"    up  score 1  failed 0 of 2  qdisk-ping \"gw\"\n",
		"  DOWN  score 1  failed 3 of 3  false\n",
	};
	pid_t server = server_fork();
	int code;
	char *text;

	(void)state;
	assert_true(tool_status_fetch(socket_path, 5000, reply, sizeof(reply)) > 0);
	assert_int_equal(kill(server, SIGKILL), 0);
	text = shown(reply, &code);
	assert_int_equal(code, TOOL_OK);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strstr(text, words[i]))
			fail_msg("no \"%s\" in:\n%s", words[i], text);
	free(text);
}

static int code_of(void)
{
	(void)status_json(&snapshot, NOW_MS, reply, sizeof(reply));
	return tool_status_show(reply, NULL);
}

static void tool_exit_code_is_whether_quorate(void **state)
{
	(void)state;
	assert_int_equal(code_of(), TOOL_OK);
	snapshot.corosync.quorate = false;
	assert_int_equal(code_of(), TOOL_NO);
	snapshot.corosync.connected = false;
	assert_int_equal(code_of(), TOOL_COROSYNC);
	assert_int_equal(tool_status_show("{\"version\": 2}", NULL), -EBADMSG);
	assert_int_equal(tool_status_show("{\"error\": \"x\"}", NULL), -EBADMSG);
	assert_int_equal(tool_status_show("no json", NULL), -EBADMSG);
	assert_int_equal(tool_status_show("[1]", NULL), -EBADMSG);
}

static void tool_trouble_is_shown_in_capitals(void **state)
{
	int code;
	char *text;

	(void)state;
	snapshot.corosync.connected = false;
	snapshot.score_required = 2;
	snapshot.master = 0;
	snapshot.fence_node = 0;
	(void)status_json(&snapshot, NOW_MS, reply, sizeof(reply));
	text = shown(reply, &code);
	assert_non_null(strstr(text, "NO COROSYNC"));
	assert_non_null(strstr(text, "TOO LOW"));
	assert_non_null(strstr(text, "master:      none"));
	assert_non_null(strstr(text, "last fence:  none\n"));
	free(text);
}

static void tool_texts_do_not_move_the_cursor(void **state)
{
	int code;
	char *text;

	(void)state;
	(void)snprintf(snapshot.label, sizeof(snapshot.label), "a\033[2Jb\xc2\x9b" "c\x7f");
	(void)status_json(&snapshot, NOW_MS, reply, sizeof(reply));
	text = shown(reply, &code);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "label a?[2Jb?c?,"));
	free(text);
}

static void tool_without_daemon_says_so(void **state)
{
	(void)state;
	assert_int_equal(tool_status_fetch("/no/such/socket", 1000, reply, sizeof(reply)), -ENOENT);
	status_close(status);
	assert_int_equal(setup(state), 0);
	assert_int_equal(tool_status_fetch(file_path, 1000, reply, sizeof(reply)), -ENOENT);
}

static void tool_daemon_hangs_gives_up_in_time(void **state)
{
	uint64_t start_ms = now_ms();
	int fds[STATUS_CLIENTS_MAX + 1];

	(void)state;
	assert_int_equal(tool_status_fetch(socket_path, 200, reply, sizeof(reply)), -ETIMEDOUT);
	for (uint32_t i = 0; i < STATUS_CLIENTS_MAX; i++)	/* the queue is full now */
		fds[i] = client_connect();
	assert_int_equal(tool_status_fetch(socket_path, 200, reply, sizeof(reply)), -ETIMEDOUT);
	assert_in_range(now_ms() - start_ms, 300, 3000);
	for (uint32_t i = 0; i < STATUS_CLIENTS_MAX; i++)
		(void)close(fds[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(status_request_gets_one_json_object_and_the_end),
		TEST(status_nothing_known_yet_is_json_too),
		TEST(status_unknown_request_gets_an_error),
		TEST(status_hostile_texts_stay_valid_json),
		TEST(status_longest_snapshot_is_one_reply),
		TEST(status_mute_clients_the_oldest_makes_room),
		TEST(status_clients_ask_and_leave_nobody_waits),
		TEST(status_client_that_never_reads_delays_nobody),
		TEST(status_descriptors_run_out_newcomers_are_shown_out),
		TEST(status_socket_mode_is_0660),
		TEST(status_socket_of_a_dead_daemon_is_replaced),
		TEST(status_path_that_is_no_socket_is_left_alone),
		TEST(status_text_initialising_is_as_legacy),
		TEST(status_text_running_without_master_is_as_legacy),
		TEST(status_text_master_is_as_legacy),
		TEST(status_text_debug_tells_of_each_node_before_the_end),
		TEST(status_file_is_written),
		TEST(legacy_16_readers_never_see_half_a_file),
		TEST(legacy_16_fifo_without_reader_never_blocks),
		TEST(legacy_16_fifo_with_slow_reader_never_blocks),
		TEST(legacy_16_file_system_hangs_never_blocks),
		TEST(status_file_child_that_hangs_is_killed_at_the_next_close),
		TEST(status_file_child_killed_is_epipe),
		TEST(status_file_stop_signals_of_a_service_leave_the_child),
		TEST(status_file_that_is_no_file_is_refused),
		TEST(status_file_becomes_a_link_is_not_followed),
		TEST(status_file_dash_is_standard_output),
		TEST(tool_asks_a_daemon_and_shows_what_matters),
		TEST(tool_exit_code_is_whether_quorate),
		TEST(tool_trouble_is_shown_in_capitals),
		TEST(tool_texts_do_not_move_the_cursor),
		TEST(tool_without_daemon_says_so),
		TEST(tool_daemon_hangs_gives_up_in_time),
	};
	int r;

	(void)setenv("TZ", "UTC", 1);
	tzset();
	if (!mkdtemp(work_dir))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(work_dir);
	return r;
}
