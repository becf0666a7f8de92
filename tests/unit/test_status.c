/* status_json.c, status.c: what the status says, as JSON and as legacy's text. */
#include "status_fixture.h"

#include <json-c/json.h>

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

/* ---- JSON ---- */

static void status_request_gets_one_json_object_and_the_end(void **state)
{
	static const char expected[] =
		"{\"version\":1,\"cluster\":\"rig\",\"node_id\":1,\"node_name\":\"n1\","
		"\"device\":\"/dev/qlun\",\"label\":\"rig\",\"state\":\"master\","
		"\"score\":1,\"score_max\":2,\"score_required\":1,\"master\":1,"
		"\"visible\":[1,3],\"initialising\":[2],\"quorate_set\":[1,3],"
		"\"timings\":{\"interval_ms\":200,\"tko\":8,\"tko_up\":2,\"upgrade_wait\":2,"
		"\"master_wait\":3},\"vote\":{\"state\":\"cast\",\"votes\":2,"
		"\"why\":\"the master counts on me\",\"expired\":false},"
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
		"\"latency\":{\"read_us\":120,\"write_us\":90,\"out_ms\":0,"
		"\"read\":{\"median_us\":118,\"p99_us\":240,\"max_us\":302,"
		"\"ever\":{\"median_us\":119,\"p99_us\":255,\"max_us\":31000}},"
		"\"write\":{\"median_us\":88,\"p99_us\":140,\"max_us\":1002,"
		"\"ever\":{\"median_us\":89,\"p99_us\":155,\"max_us\":41000}}},"
		"\"fencing\":[],"
		"\"restart\":null,"
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

static void status_tells_what_is_being_fenced(void **state)
{
	json_object *o, *fencing;
	int fd = client_connect();

	(void)state;
	snapshot_fences();
	assert_true(client_ask(fd, "status") > 0);
	o = reply_parse();
	assert_true(json_object_object_get_ex(o, "fencing", &fencing));
	assert_string_equal(json_object_to_json_string_ext(fencing, JSON_C_TO_STRING_PLAIN),
			    "[{\"node\":2,\"tries\":2,\"by\":\"fence_apc\",\"method\":1,\"device\":2,\"for_ms\":3200},"
			    "{\"node\":3,\"tries\":3,\"next_ms\":900}]");
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
		s->node[i].fencing.state = STATUS_FENCING_RUNS;
		s->node[i].fencing.has_device = true;
		memset(s->node[i].fencing.by, byte, sizeof(s->node[i].fencing.by) - 1);
		s->node[i].fencing.by[sizeof(s->node[i].fencing.by) - 1] = '\0';
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

/* ---- Legacy's text ---- */

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(status_request_gets_one_json_object_and_the_end),
		TEST(status_nothing_known_yet_is_json_too),
		TEST(status_tells_what_is_being_fenced),
		TEST(status_unknown_request_gets_an_error),
		TEST(status_hostile_texts_stay_valid_json),
		TEST(status_longest_snapshot_is_one_reply),
		TEST(status_text_initialising_is_as_legacy),
		TEST(status_text_running_without_master_is_as_legacy),
		TEST(status_text_master_is_as_legacy),
		TEST(status_text_debug_tells_of_each_node_before_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, work_dir_make, work_dir_remove);
}
