/* engine.c: ticks that come late, or during a cycle. */
#include "engine_fixture.h"

static void engine_tick_in_a_read_of_a_whole_interval_is_late(void **state)
{
	(void)state;
	tick();
	tick();
	assert_int_equal(engine.late_ticks, 1);
	assert_int_equal(w.reads, 1);
}

static void engine_late_tick_is_told_to_the_mind(void **state)
{
	(void)state;
	tick();
	tick();
	assert_false(engine.state.cycle_read_ok);
	assert_int_equal(engine.state.io_errors, 1);
}

/* What has been read is none the worse for a write that takes longer than a tick. */
static void engine_late_tick_of_a_slow_write_keeps_the_read(void **state)
{
	(void)state;
	tick();
	read_ends(QD_IO_OK);
	assert_true(engine.state.cycle_read_ok);
	tick();
	assert_true(engine.state.cycle_read_ok);
	assert_int_equal(engine.state.io_errors, 1);
}

static void engine_read_that_came_late_brings_no_misses(void **state)
{
	(void)state;
	tick();
	tick();
	w.now += 20;
	read_ends(QD_IO_OK);	/* nobody has written meanwhile */
	assert_int_equal(engine.state.member[0].missed, 0);
	assert_int_equal(engine.state.member[2].missed, 0);
}

static void engine_read_that_came_late_brings_good_news(void **state)
{
	struct qd_block one = peer_block(1, QD_STATE_MASTER, ++beat);

	(void)state;
	one.master_mask = 3;
	slot_put(1, &one);
	tick();
	tick();
	read_ends(QD_IO_OK);
	assert_int_equal(engine.state.member[0].block.master_mask, 3);
}

static void engine_next_tick_after_a_late_one_is_on_the_grid(void **state)
{
	uint64_t start = w.now - w.now % I;

	(void)state;
	tick();
	tick();
	w.now += 20;
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	cycle();
	assert_int_equal(w.read_ms[1], start + 3 * I);
	assert_int_equal(w.read_ms[0], start + I);
}

static void engine_missed_ticks_are_reported(void **state)
{
	(void)state;
	qd_engine_tick(&engine, 5);
	assert_int_equal(engine.late_ticks, 5);
}

/* An express cycle is under way 5 ms before the tick. */
static void express_before_the_tick(void)
{
	w.now += I - w.now % I - 5;
	ring(2, 7);
	qd_engine_ring(&engine);
	assert_true(w.read_out);
	w.now += 5;
	qd_engine_tick(&engine, 0);
}

static void engine_tick_during_a_young_cycle_is_neither_late_nor_lost(void **state)
{
	(void)state;
	express_before_the_tick();
	assert_int_equal(engine.late_ticks, 0);
	assert_int_equal(w.reads, 1);
	w.now += 2;
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	assert_int_equal(w.reads, 2);		/* directly after */
	assert_int_equal(w.read_ms[1], w.now);
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	until_the_next_tick();
	assert_int_equal(engine.express_cycles, w.reads - 1);	/* and once only */
}

static void engine_pending_tick_counts_misses(void **state)
{
	(void)state;
	express_before_the_tick();
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	read_ends(QD_IO_OK);
	assert_int_equal(engine.state.member[0].missed, 1);
}

static void engine_second_tick_during_one_cycle_is_late(void **state)
{
	(void)state;
	express_before_the_tick();
	tick();
	assert_int_equal(engine.late_ticks, 1);
	assert_int_equal(w.reads, 1);
}

/* Row 21: absolute ticks; a cycle that fits the interval changes nothing. */
static void legacy_21_slow_reads_do_not_stretch_the_cycle(void **state)
{
	uint64_t start = w.now - w.now % I;

	(void)state;
	for (unsigned i = 1; i <= 10; i++) {
		tick();
		w.now += 150;
		read_ends(QD_IO_OK);
		w.now += 40;
		writes_end(QD_IO_OK);
		assert_int_equal(w.read_ms[i - 1], start + i * I);
	}
	assert_int_equal(engine.late_ticks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(following, engine_tick_in_a_read_of_a_whole_interval_is_late),
		test_with(following, engine_late_tick_is_told_to_the_mind),
		test_with(following, engine_late_tick_of_a_slow_write_keeps_the_read),
		test_with(following, engine_read_that_came_late_brings_no_misses),
		test_with(following, engine_read_that_came_late_brings_good_news),
		test_with(following, engine_next_tick_after_a_late_one_is_on_the_grid),
		test_with(following, engine_missed_ticks_are_reported),
		test_with(following, engine_tick_during_a_young_cycle_is_neither_late_nor_lost),
		test_with(following, engine_pending_tick_counts_misses),
		test_with(following, engine_second_tick_during_one_cycle_is_late),
		test_with(following, legacy_21_slow_reads_do_not_stretch_the_cycle),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
