/* tool_status.c: what qdisk-tool makes of the answers. */
#include "status_fixture.h"
#include "../../qdiskd/tool_status.h"

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
		"reads:       median 0.118, p99 0.240, longest 0.302 ms; since the start 0.119, 0.255, 31.000 ms\n",
		"writes:      median 0.088, p99 0.140, longest 1.002 ms; since the start 0.089, 0.155, 41.000 ms\n",
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

static void tool_tells_what_is_being_fenced_by_whom(void **state)
{
	static const char *const words[] = {
		"fencing:     node 2 (n2) by fence_apc, method 1, device 2, try 2, for 3.2 s\n",
		"fencing:     node 3 (n3) FAILED 3 times, next try in 0.9 s\n",
	};
	int code;
	char *text;

	(void)state;
	snapshot_fences();
	(void)status_json(&snapshot, NOW_MS, reply, sizeof(reply));
	text = shown(reply, &code);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_non_null(strstr(text, words[i]));
	free(text);
	snapshot.node[1].fencing = (struct status_fencing){ .state = STATUS_FENCING_RUNS, .by = "Pacemaker", .tries = 1 };
	(void)status_json(&snapshot, NOW_MS, reply, sizeof(reply));
	text = shown(reply, &code);
	assert_non_null(strstr(text, "fencing:     node 2 (n2) by Pacemaker, try 1, for 0.0 s\n"));
	free(text);
}

static void tool_shows_what_waits_for_a_restart(void **state)
{
	char *text;
	int code;

	(void)state;
	(void)status_json(&snapshot, NOW_MS, reply, sizeof(reply));
	text = shown(reply, &code);
	assert_null(strstr(text, "restart:"));
	free(text);
	memcpy(snapshot.restart, "label", 6);
	snapshot.restart_awaits = 6;
	(void)status_json(&snapshot, NOW_MS, reply, sizeof(reply));
	text = shown(reply, &code);
	assert_non_null(strstr(text, "restart:     WAITS for nodes 2 3 to be told: label\n"));
	free(text);
	snapshot.restart_awaits = 0;
	(void)status_json(&snapshot, NOW_MS, reply, sizeof(reply));
	text = shown(reply, &code);
	assert_non_null(strstr(text, "restart:     WAITS for a quorum of node votes: label\n"));
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

/* A vote that stands: corosync drops it after V, whatever the daemon waits for. */
static void tool_vote_that_has_expired_and_io_that_is_out_are_shown(void **state)
{
	int code;
	char *text;

	(void)state;
	snapshot.vote = STATUS_VOTE_STANDS;
	snapshot.cast_ms = NOW_MS - 1400;
	snapshot.io_since_ms = NOW_MS - 200;
	(void)status_json(&snapshot, NOW_MS, reply, sizeof(reply));
	text = shown(reply, &code);
	assert_null(strstr(text, "EXPIRED"));
	assert_null(strstr(text, "NO ANSWER"));
	free(text);
	(void)status_json(&snapshot, NOW_MS + 1, reply, sizeof(reply));
	text = shown(reply, &code);
	assert_non_null(strstr(text, "counts on me, EXPIRED: corosync counts it no longer\n"));
	assert_non_null(strstr(text, ", NO ANSWER for 0.2 s\n"));
	free(text);
	snapshot.vote = STATUS_VOTE_WITHDRAWN;
	(void)status_json(&snapshot, NOW_MS + 1, reply, sizeof(reply));
	assert_non_null(strstr(reply, "\"expired\": false"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tool_tells_what_is_being_fenced_by_whom),
		TEST(tool_asks_a_daemon_and_shows_what_matters),
		TEST(tool_shows_what_waits_for_a_restart),
		TEST(tool_exit_code_is_whether_quorate),
		TEST(tool_trouble_is_shown_in_capitals),
		TEST(tool_vote_that_has_expired_and_io_that_is_out_are_shown),
		TEST(tool_texts_do_not_move_the_cursor),
		TEST(tool_without_daemon_says_so),
		TEST(tool_daemon_hangs_gives_up_in_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, work_dir_make, work_dir_remove);
}
