/* engine.c: express cycles: what starts them, how many, what ends them. */
#include "engine_fixture.h"

static void express_ring_change_starts_one_at_once(void **state)
{
	(void)state;
	ring(2, 7);
	qd_engine_ring(&engine);
	assert_int_equal(w.reads, 1);
	assert_int_equal(engine.express_cycles, 1);
}

static void express_same_ring_starts_none(void **state)
{
	(void)state;
	w.cs.quorate = false;
	qd_engine_ring(&engine);
	assert_int_equal(w.reads, 0);
}

static void express_ring_change_during_a_cycle_starts_one_after_it(void **state)
{
	(void)state;
	tick();
	ring(2, 7);
	qd_engine_ring(&engine);
	assert_int_equal(w.reads, 1);
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	assert_int_equal(w.reads, 2);
}

/* Whichever event is the first to see it; here a landing, and no vote to keep. */
static void express_ring_change_seen_by_a_landing_starts_one_too(void **state)
{
	(void)state;
	engine.state.p.master_wins = true;
	follow(3);
	w.reads = 0;
	tick();
	read_ends(QD_IO_OK);
	ring(2, 7);
	writes_end(QD_IO_OK);
	qd_engine_ring(&engine);
	until_the_next_tick();
	assert_in_range(w.reads, 2, 3);
}

/* The new ring is in the block, and no vote of the old one is repeated. */
static void express_cycle_shows_the_new_ring(void **state)
{
	struct qd_block block;

	(void)state;
	ring(2, 7);
	qd_engine_ring(&engine);
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	assert_int_equal(qd_block_decode(w.write.bytes, 512, ME, &block), QD_FINE);
	assert_int_equal(block.ext.ring.seq, 2);
	assert_int_equal(w.votes[1], 0);
}

/* The first few follow at once, the others I/20 apart. */
static void express_is_repeated_i_20_apart(void **state)
{
	enum { EAGER = 5 };

	(void)state;
	w.now += I - w.now % I;
	ring(2, 7);
	qd_engine_ring(&engine);	/* the master never shows it: the answer stays owed */
	until_the_next_tick();
	assert_true(w.reads > 10);
	for (unsigned i = 1; i < w.reads; i++)
		assert_true(w.read_ms[i] - w.read_ms[i - 1] >=
			    (i < EAGER ? 1 : I / QD_EXPRESS_PER_TICK));
}

static void express_at_most_20_per_tick(void **state)
{
	(void)state;
	engine.state.p.t.interval_ms = I;
	w.now += I - w.now % I;
	for (unsigned seq = 2; seq < 5; seq++) {	/* three rings within one tick */
		ring(seq, 7);
		qd_engine_ring(&engine);
		for (unsigned i = 0; i < 60; i++) {
			w.now++;
			if (w.read_out)
				read_ends(QD_IO_OK);
			if (w.writes_out)
				writes_end(QD_IO_OK);
			if (w.alarm_ms <= w.now)
				qd_engine_alarm(&engine);
		}
	}
	assert_in_range(engine.express_cycles, 10, QD_EXPRESS_PER_TICK);
}

static void express_next_tick_allows_20_more(void **state)
{
	unsigned first;

	(void)state;
	w.now += I - w.now % I;
	ring(2, 7);
	qd_engine_ring(&engine);
	until_the_next_tick();
	first = w.reads;
	assert_in_range(first, 10, QD_EXPRESS_PER_TICK);
	tick();
	until_the_next_tick();
	assert_in_range(w.reads - first, 10, QD_EXPRESS_PER_TICK + 1);
}

static void express_ends_with_the_answer(void **state)
{
	(void)state;
	w.now += I - w.now % I;
	ring(2, 7);
	qd_engine_ring(&engine);	/* the master does not show it yet */
	until_the_next_tick();
	assert_in_range(w.reads, 2, QD_EXPRESS_PER_TICK);
	w.reads = 0;
	tick();
	for (unsigned i = 0; i < 2; i++) {	/* now it does */
		struct qd_block one = peer_block(1, QD_STATE_MASTER, ++beat);

		slot_put(1, &one);
		if (w.read_out)
			read_ends(QD_IO_OK);
		writes_end(QD_IO_OK);
		w.now++;
	}
	until_the_next_tick();
	assert_in_range(w.votes[1], 1, 2);
	assert_int_equal(w.votes[0], 0);
	assert_in_range(w.reads, 1, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(following, express_ring_change_starts_one_at_once),
		test_with(following, express_same_ring_starts_none),
		test_with(following, express_ring_change_during_a_cycle_starts_one_after_it),
		test_with(following, express_ring_change_seen_by_a_landing_starts_one_too),
		test_with(following, express_cycle_shows_the_new_ring),
		test_with(following, express_is_repeated_i_20_apart),
		test_with(following, express_at_most_20_per_tick),
		test_with(following, express_next_tick_allows_20_more),
		test_with(following, express_ends_with_the_answer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
