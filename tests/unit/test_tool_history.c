/* tool_history.c: what `qdisk-tool history` makes of a slot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../qdiskd/tool_history.h"
#include "qd_core.h"

static uint8_t slot[QD_SLOT_BYTES];
static char *text;
static int code;

static const struct qd_box_head head = { .node_id = 2, .incarnation = 1, .start_s = 1700000000 };

static int evicted(void **state)
{
	const struct qd_block block = {
		.node_id = 2, .writer_id = 1, .wall_s = 1700000100, .state = QD_STATE_EVICTED, .has_ext = true,
		.ext = { .flags = QD_EXT_FENCED, .node_name = "n2\033[2J" },
	};

	(void)state;
	setenv("TZ", "UTC", 1);
	qd_block_encode(&block, slot, sizeof(slot));
	qd_box_begin(slot + QD_BOX_OFFSET, &head);
	return 0;
}

static int forget(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static void put(uint32_t cycle, uint8_t end)
{
	qd_box_put(slot + QD_BOX_OFFSET, &(struct qd_box_record){
		.cycle = cycle, .now_ms = 5000 + 200 * (uint64_t)cycle, .wall_s = 1700000000 + cycle,
		.read_us = 300, .write_us = 450, .score = 10, .score_max = 10, .state = QD_STATE_RUN,
		.vote = QD_VOTE_CASTS, .why = QD_WHY_MASTER, .master = 1, .up = 7, .members = 6,
		.ring_node = 2, .ring_seq = 0x1c, .end = end, .silence_ms = end ? 1600 : 100,
		.flags = end ? 0 : QD_BOX_TICK | QD_BOX_READ | QD_BOX_WROTE | QD_BOX_CONNECTED | QD_BOX_QUORATE,
	});
}

static void show(void)
{
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	code = tool_history_show(2, slot, sizeof(slot), out);
	(void)fclose(out);
}

static void assert_shown(const char *words)
{
	if (!strstr(text, words))
		print_error("%s", text);
	assert_non_null(strstr(text, words));
}

static void history_tells_the_block_and_each_cycle(void **state)
{
	(void)state;
	put(1, 0);
	put(2, 0);
	show();
	assert_int_equal(code, 0);
	assert_shown("node 2 (n2?[2J): Evicted by node 1, 2023-11-14 22:15:00, fenced with success\n");
	assert_shown("the daemon started 2023-11-14 22:13:20\n");
	assert_shown("its last cycles, until 2023-11-14 22:13:22:\n");
	assert_shown("    -0.200 s  read   0.30 ms  write   0.45 ms  running  score 10/10  master 1  up {1,2,3}"
		     "  ring 2.1c {2,3} quorate  vote cast: the master counts this node in\n");
	assert_shown("    -0.000 s  read");
}

static void history_tells_how_its_lun_was(void **state)
{
	const struct qd_latencies l = { .read = { 250, 61000, 90000 }, .read_ever = { 240, 300, 2000000 } };
	const struct qd_block block = {
		.node_id = 2, .writer_id = 1, .state = QD_STATE_EVICTED, .has_ext = true, .ext = { .node_name = "n2" },
	};

	(void)state;
	put(1, 0);
	show();
	assert_null(strstr(text, "its reads"));	/* not said: a daemon from before that */
	free(text);
	qd_block_encode_with(&block, &l, NULL, slot, QD_BOX_OFFSET);
	show();
	assert_shown("its reads: median 0.25, p99 61.00, longest 90.00 ms of the last 64; "
		     "since the start 0.24, 0.30, 2000.00 ms\n");
	assert_null(strstr(text, "its writes"));
}

/* By a daemon that is newer than this program. */
static void history_of_another_version_says_so(void **state)
{
	(void)state;
	put(1, 0);
	slot[QD_BOX_OFFSET + 9] = 2;
	show();
	assert_int_equal(code, 1);
	assert_shown("its cycles are recorded in version 2, this program reads version 1\n");
	free(text);
	slot[QD_BOX_OFFSET + 4] ^= 1;	/* the magic */
	show();
	assert_int_equal(code, 1);
	assert_shown("no cycle is recorded here\n");
}

static void history_tells_why_a_node_ended_itself(void **state)
{
	(void)state;
	put(1, 0);
	put(2, 1 + QD_FENCED_SILENCE);
	show();
	assert_shown("read     NONE  write     NONE");
	assert_shown("NO COROSYNC");
	assert_shown("SILENT for 1.6 s\n  ENDED ITSELF: Failed to send a heartbeat in time\n");
}

static void history_of_the_daemon_before_comes_first(void **state)
{
	static uint8_t before[QD_BOX_BYTES];

	(void)state;
	put(41, 1 + QD_FENCED_EVICTED);
	memcpy(before, slot + QD_BOX_OFFSET, sizeof(before));
	(void)evicted(NULL);
	qd_box_inherit(slot + QD_BOX_OFFSET, before);
	show();
	assert_int_equal(code, 0);
	assert_shown("the daemon before, until");
	assert_true(strstr(text, "ENDED ITSELF: evicted by the master") < strstr(text, "the daemon started"));
}

static void history_without_a_box_says_so(void **state)
{
	(void)state;
	memset(slot + QD_BOX_OFFSET, 0, QD_BOX_BYTES);
	show();
	assert_int_equal(code, 1);
	assert_shown("no cycle is recorded here\n");
}

/* Anyone can write the LUN: nothing there may hurt, and unknown numbers are "?". */
static void history_of_noise_is_no_harm(void **state)
{
	(void)state;
	srandom(7);
	for (unsigned round = 0; round < 300; round++) {
		qd_box_put(slot + QD_BOX_OFFSET, &(struct qd_box_record){
			.cycle = round + 1, .state = (uint8_t)random(), .vote = (uint8_t)random(),
			.why = (uint8_t)random(), .end = (uint8_t)random(), .flags = (uint8_t)random(),
			.ring_node = (uint8_t)random(), .up = (qd_mask)random(), .wall_s = (uint32_t)random() });
		for (unsigned i = 0; i < 20; i++)
			slot[(size_t)random() % sizeof(slot)] = (uint8_t)random();
		show();
		(void)forget(NULL);
	}
	text = strdup("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(history_tells_the_block_and_each_cycle, evicted, forget),
		cmocka_unit_test_setup_teardown(history_tells_how_its_lun_was, evicted, forget),
		cmocka_unit_test_setup_teardown(history_of_another_version_says_so, evicted, forget),
		cmocka_unit_test_setup_teardown(history_tells_why_a_node_ended_itself, evicted, forget),
		cmocka_unit_test_setup_teardown(history_of_the_daemon_before_comes_first, evicted, forget),
		cmocka_unit_test_setup_teardown(history_without_a_box_says_so, evicted, forget),
		cmocka_unit_test_setup_teardown(history_of_noise_is_no_harm, evicted, forget),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
