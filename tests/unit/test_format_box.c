/* The black box: bytes, ring, and what of it survives. qdisk-format(5). */
#include "format_fixture.h"
#include "qd_box.h"

static uint8_t box[QD_BOX_BYTES];
static struct qd_box out;

static const struct qd_box_head head = { .node_id = 3, .incarnation = 0x0102030405060708u, .start_s = 99 };

static int empty_box(void **state)
{
	(void)state;
	memset(box, 0xEE, sizeof(box));
	qd_box_begin(box, &head);
	return 0;
}

static void put(uint32_t cycle)
{
	qd_box_put(box, &(struct qd_box_record){ .cycle = cycle, .now_ms = 1000 * (uint64_t)cycle });
}

static struct qd_box_record full_record(void)
{
	return (struct qd_box_record){
		.cycle = 5, .now_ms = 0x1122334455u, .wall_s = 1700000000, .read_us = 300, .write_us = 400,
		.silence_ms = 1234, .score = 2, .score_max = 10, .state = QD_STATE_MASTER, .vote = 1, .why = 3,
		.flags = QD_BOX_TICK | QD_BOX_BIDS, .master = 3, .ack_to = 2, .end = 4, .ticks_late = 7,
		.up = 7, .members = 6, .ring_node = 2, .ring_seq = 28,
	};
}

static void box_record_comes_back_as_it_was(void **state)
{
	struct qd_box_record r = full_record();
	uint8_t again[QD_BOX_BYTES];

	(void)state;
	memcpy(again, box, sizeof(again));
	qd_box_put(box, &r);
	assert_true(qd_box_read(box, 3, &out));
	assert_int_equal(out.recent_count, 1);
	assert_int_equal(out.earlier_count, 0);
	qd_box_put(again, &out.recent[0]);
	assert_memory_equal(again, box, sizeof(box));
	assert_true(out.recent[0].up == r.up);
	assert_int_equal(out.recent[0].silence_ms, r.silence_ms);
	assert_int_equal(out.recent[0].ring_node, r.ring_node);
	assert_int_equal(out.head.start_s, 99);
	assert_true(out.head.incarnation == head.incarnation);
}

/* The table of qdisk-format(5), byte by byte. */
static void box_record_has_the_bytes_of_the_table(void **state)
{
	static const uint8_t bytes[60] = {
		0, 0, 0, 5, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x65, 0x53, 0xf1, 0x00, 0, 0, 1, 0x2c,
		0, 0, 1, 0x90, 0, 2, 0, 10, 6, 1, 3, 0x81, 3, 2, 4, 7, 7, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 28, 2, 0, 4, 0xd2,
	};
	struct qd_box_record r = full_record();

	(void)state;
	qd_box_put(box, &r);
	assert_memory_equal(box + 6 * 64 + 4, bytes, sizeof(bytes));
}

static void box_head_has_the_bytes_of_the_table(void **state)
{
	static const uint8_t bytes[12] = { 'Q', 'D', 'B', 'B', 0, 1, 0, 64, 0, 0, 0, 3 };

	(void)state;
	assert_memory_equal(box + 4, bytes, sizeof(bytes));
	assert_memory_equal(box + 16, &head.incarnation, 8);
	assert_int_equal(box[31], 99);
	for (size_t i = 32; i < sizeof(box); i++)
		assert_int_equal(box[i], 0);
}

static void box_ring_keeps_the_newest_in_order(void **state)
{
	(void)state;
	for (uint32_t cycle = 1; cycle <= 100; cycle++)
		put(cycle);
	assert_true(qd_box_read(box, 3, &out));
	assert_int_equal(out.recent_count, QD_BOX_RECENT);
	for (uint32_t i = 0; i < QD_BOX_RECENT; i++)
		assert_int_equal(out.recent[i].cycle, 100 - QD_BOX_RECENT + 1 + i);
}

static void box_cycle_number_may_wrap(void **state)
{
	(void)state;
	put(UINT32_MAX - 1);
	put(UINT32_MAX);
	put(1);
	assert_true(qd_box_read(box, 3, &out));
	assert_int_equal(out.recent_count, 3);
	assert_int_equal(out.recent[2].cycle, 1);
}

static void box_torn_record_costs_one_record(void **state)
{
	(void)state;
	put(1);
	put(2);
	put(3);
	box[3 * 64 + 40] ^= 1;
	assert_true(qd_box_read(box, 3, &out));
	assert_int_equal(out.recent_count, 2);
	assert_int_equal(out.recent[0].cycle, 1);
	assert_int_equal(out.recent[1].cycle, 3);
}

static void box_of_another_node_version_or_stranger_is_none(void **state)
{
	static const size_t at[] = { 0, 5, 9, 11, 15, 20 };

	(void)state;
	assert_false(qd_box_read(box, 2, &out));
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		box[at[i]] ^= 1;
		assert_false(qd_box_read(box, 3, &out));
		box[at[i]] ^= 1;
	}
	memset(box, 0xA5, sizeof(box));
	assert_false(qd_box_read(box, 3, &out));
	assert_int_equal(out.recent_count, 0);
}

static void box_inherits_the_last_records_of_the_daemon_before(void **state)
{
	uint8_t before[QD_BOX_BYTES];

	(void)state;
	for (uint32_t cycle = 1; cycle <= 60; cycle++)
		put(cycle);
	memcpy(before, box, sizeof(before));
	(void)empty_box(NULL);
	qd_box_inherit(box, before);
	put(1);
	assert_true(qd_box_read(box, 3, &out));
	assert_int_equal(out.recent_count, 1);
	assert_int_equal(out.earlier_count, QD_BOX_EARLIER);
	assert_int_equal(out.earlier[0].cycle, 60 - QD_BOX_EARLIER + 1);
	assert_int_equal(out.earlier[QD_BOX_EARLIER - 1].cycle, 60);
}

static void box_inherits_nothing_from_garbage(void **state)
{
	uint8_t garbage[QD_BOX_BYTES];

	(void)state;
	memset(garbage, 0x5A, sizeof(garbage));
	qd_box_inherit(box, garbage);
	assert_true(qd_box_read(box, 3, &out));
	assert_int_equal(out.recent_count + out.earlier_count, 0);
}

static void box_silence_is_cut_to_three_bytes(void **state)
{
	(void)state;
	qd_box_put(box, &(struct qd_box_record){ .cycle = 1, .silence_ms = UINT32_MAX, .ring_node = 64 });
	assert_true(qd_box_read(box, 3, &out));
	assert_int_equal(out.recent[0].silence_ms, 0xFFFFFF);
	assert_int_equal(out.recent[0].ring_node, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(box_record_comes_back_as_it_was, empty_box),
		cmocka_unit_test_setup(box_record_has_the_bytes_of_the_table, empty_box),
		cmocka_unit_test_setup(box_head_has_the_bytes_of_the_table, empty_box),
		cmocka_unit_test_setup(box_ring_keeps_the_newest_in_order, empty_box),
		cmocka_unit_test_setup(box_cycle_number_may_wrap, empty_box),
		cmocka_unit_test_setup(box_torn_record_costs_one_record, empty_box),
		cmocka_unit_test_setup(box_of_another_node_version_or_stranger_is_none, empty_box),
		cmocka_unit_test_setup(box_inherits_the_last_records_of_the_daemon_before, empty_box),
		cmocka_unit_test_setup(box_inherits_nothing_from_garbage, empty_box),
		cmocka_unit_test_setup(box_silence_is_cut_to_three_bytes, empty_box),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
