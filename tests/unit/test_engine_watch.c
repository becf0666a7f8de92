/* engine_watch.c: what is said of a LUN that becomes slow, and when. */
#include "engine_fixture.h"

enum { QUICK = 300, HALF = I * 1000 / 2 };

/* A cycle of a follower whose read and write take so long. */
static void cycle_of(uint32_t read_us, uint32_t write_us)
{
	struct qd_block one = peer_block(1, QD_STATE_MASTER, ++beat);
	struct qd_block three_ = peer_block(3, QD_STATE_RUN, beat);

	slot_put(1, &one);
	slot_put(3, &three_);
	tick();
	w.now += 2;
	w.read_out = false;
	qd_engine_read_done(&engine, QD_IO_OK, w.lun, read_us);
	w.now += 2;
	w.write_out[ME] = w.writes_out = 0;
	qd_engine_write_done(&engine, ME, QD_IO_OK, write_us);
}

static int quick(void **state)
{
	(void)following(state);
	for (unsigned i = 0; i < QD_LATENCY_RECENT; i++)
		cycle_of(QUICK, QUICK);
	memset(w.noted, 0, sizeof(w.noted));
	return 0;
}

static void watch_one_slow_read_is_no_trend(void **state)
{
	(void)state;
	cycle_of(HALF + 1, QUICK);
	for (unsigned i = 0; i < 100; i++)
		cycle_of(QUICK, QUICK);
	assert_int_equal(w.noted[QD_NOTE_IO_SLOW], 0);
	assert_int_equal(w.noted[QD_NOTE_IO_WELL], 0);
}

static void watch_p99_of_just_half_the_interval_is_not_slow(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		cycle_of(HALF, HALF);
	assert_int_equal(w.noted[QD_NOTE_IO_SLOW], 0);
	cycle_of(HALF + 1, HALF);
	cycle_of(HALF + 1, HALF);
	assert_int_equal(w.noted[QD_NOTE_IO_SLOW], 1);
}

/* Said once, and not again in every cycle; then once that it is well. */
static void watch_slow_writes_are_said_once_and_so_is_their_end(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 200; i++)
		cycle_of(QUICK, 2 * HALF);
	assert_int_equal(w.noted[QD_NOTE_IO_SLOW], 1);
	for (i = 0; i < 63 + 4 * 64 - 2; i++)
		cycle_of(QUICK, QUICK);
	assert_int_equal(w.noted[QD_NOTE_IO_WELL], 0);
	for (i = 0; i < 64; i++)
		cycle_of(QUICK, QUICK);
	assert_int_equal(w.noted[QD_NOTE_IO_SLOW], 1);
	assert_int_equal(w.noted[QD_NOTE_IO_WELL], 1);
}

/* Two slow ones in each 100: slow all the time, with one line. */
static void watch_now_and_then_slow_does_not_flap(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2000; i++)
		cycle_of(i % 50 == 0 ? 2 * HALF : QUICK, QUICK);
	assert_int_equal(w.noted[QD_NOTE_IO_SLOW], 1);
	assert_int_equal(w.noted[QD_NOTE_IO_WELL], 0);
}

static void watch_failed_io_is_not_measured(void **state)
{
	const struct qd_latencies before = qd_engine_latencies(&engine);
	struct qd_latencies after;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		tick();
		w.read_out = false;
		qd_engine_read_done(&engine, i ? QD_IO_ERROR : QD_IO_LATE, NULL, 9 * HALF);
		writes_end(QD_IO_ERROR);
	}
	after = qd_engine_latencies(&engine);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void watch_read_out_is_said_after_two_intervals_and_when_it_is_back(void **state)
{
	(void)state;
	tick();
	tick();
	assert_int_equal(w.noted[QD_NOTE_IO_OUT], 0);
	tick();
	assert_int_equal(w.noted[QD_NOTE_IO_OUT], 1);
	tick();
	tick();
	assert_int_equal(w.noted[QD_NOTE_IO_OUT], 1);
	assert_int_equal(w.noted[QD_NOTE_IO_BACK], 0);
	read_ends(QD_IO_OK);
	assert_int_equal(w.noted[QD_NOTE_IO_BACK], 1);
	writes_end(QD_IO_OK);
	assert_int_equal(w.noted[QD_NOTE_IO_BACK], 1);
}

/* An error is an answer too. */
static void watch_write_out_is_said_and_an_error_ends_it(void **state)
{
	(void)state;
	tick();
	read_ends(QD_IO_OK);
	tick();
	tick();
	assert_int_equal(w.noted[QD_NOTE_IO_OUT], 1);
	writes_end(QD_IO_ERROR);
	assert_int_equal(w.noted[QD_NOTE_IO_BACK], 1);
}

static void watch_io_back_within_two_intervals_says_nothing(void **state)
{
	(void)state;
	tick();
	tick();
	w.now += I - 1;
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	assert_int_equal(w.noted[QD_NOTE_IO_OUT], 0);
	assert_int_equal(w.noted[QD_NOTE_IO_BACK], 0);
}

/* What hangs is shown while it hangs. */
static void watch_late_tick_is_published(void **state)
{
	(void)state;
	tick();
	w.publishes = 0;
	tick();
	assert_int_equal(w.publishes, 1);
	assert_int_equal(engine.state.vote, QD_VOTE_STANDS);
	assert_true(engine.reads.since_ms != 0);
}

/* V ends before L1 here, as an administrator may have it. */
static void watch_vote_that_stands_longer_than_v_is_said_once(void **state)
{
	(void)state;
	engine.state.p.v_ms = 2 * I;
	tick();
	tick();
	assert_int_equal(w.noted[QD_NOTE_VOTE_FORGOTTEN], 0);
	tick();
	tick();
	assert_int_equal(engine.state.vote, QD_VOTE_STANDS);
	assert_int_equal(w.noted[QD_NOTE_VOTE_FORGOTTEN], 1);
	tick();
	assert_int_equal(w.noted[QD_NOTE_VOTE_FORGOTTEN], 1);
}

static void watch_own_block_says_what_was_measured(void **state)
{
	struct qd_latencies l;

	(void)state;
	cycle_of(700, 900);
	cycle_of(QUICK, QUICK);
	l = qd_block_latencies(w.write.bytes);
	assert_int_equal(l.read.median_us, QUICK);
	assert_int_equal(l.read.max_us, 700);
	assert_int_equal(l.read_ever.max_us, 700);
	assert_int_equal(l.write.max_us, 900);
	assert_int_equal(l.write_ever.p99_us, 415);	/* the fixture's 400, a sixteenth at most too long */
}

/* The master is dead, the next one evicts it: what it had measured is the story. */
static void watch_eviction_keeps_what_its_victim_had_measured(void **state)
{
	const struct qd_latencies of_one = { .read = { 100, 200, 300 }, .write_ever = { 5, 6, 7 } };
	struct qd_block one = peer_block(1, QD_STATE_MASTER, ++beat);
	struct qd_latencies l;

	(void)state;
	qd_block_encode_with(&one, &of_one, NULL, w.lun + SLOT, 512);
	for (unsigned i = 0; i < 4 * K && w.evictions == 0; i++) {
		struct qd_block three_ = peer_block(3, QD_STATE_RUN, ++beat);

		three_.message = engine.state.bidding ? QD_MSG_ACK : QD_MSG_NONE;
		three_.sequence = engine.state.bid_sequence;
		three_.argument = ME;
		slot_put(3, &three_);
		cycle();
	}
	assert_int_equal(w.evictions, 1);
	l = qd_block_latencies(w.lun + SLOT);
	assert_memory_equal(&l, &of_one, sizeof(l));
}

/* ---- The wish for a restart in step: in the block, and in those of others ---- */

static void wish_is_in_the_own_block_until_it_is_taken_back(void **state)
{
	const struct qd_wish wish = { .digest = 7, .label = "rig2" };
	struct qd_wish w7;

	(void)state;
	qd_engine_wish(&engine, &wish);
	cycle();
	w7 = qd_block_wish(w.write.bytes);
	assert_memory_equal(&w7, &wish, sizeof(wish));
	qd_engine_wish(&engine, NULL);
	cycle();
	assert_int_equal(qd_block_wish_digest(w.write.bytes), 0);
	qd_engine_wish(&engine, &wish);
	qd_engine_stop(&engine);
	for (unsigned i = 0; i < 4 && !engine.ended; i++)
		cycle();
	assert_true(engine.state.own.ext.flags & QD_EXT_LEAVING);
	assert_int_equal(qd_block_wish_digest(w.write.bytes), 7);	/* it says what it left for */
}

static void wish_of_others_is_seen_and_an_eviction_has_none(void **state)
{
	const struct qd_wish wish = { .digest = 7 };
	const struct qd_latencies none = { .read.p99_us = 0 };
	struct qd_block one = peer_block(1, QD_STATE_MASTER, ++beat);

	(void)state;
	qd_block_encode_with(&one, &none, &wish, w.lun + SLOT, 512);
	cycle();
	assert_int_equal(engine.wishes[0], 7);
	assert_int_equal(engine.wishes[2], 0);
	one.state = QD_STATE_EVICTED;
	slot_put(1, &one);
	cycle();
	assert_int_equal(engine.wishes[0], 0);
	w.lun[SLOT + 40] ^= 1;
	cycle();
	assert_int_equal(engine.wishes[0], 0);
}

#define TEST(name, setup) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(watch_one_slow_read_is_no_trend, quick),
		TEST(watch_p99_of_just_half_the_interval_is_not_slow, quick),
		TEST(watch_slow_writes_are_said_once_and_so_is_their_end, quick),
		TEST(watch_now_and_then_slow_does_not_flap, quick),
		TEST(watch_failed_io_is_not_measured, quick),
		TEST(watch_read_out_is_said_after_two_intervals_and_when_it_is_back, quick),
		TEST(watch_write_out_is_said_and_an_error_ends_it, quick),
		TEST(watch_io_back_within_two_intervals_says_nothing, quick),
		TEST(watch_late_tick_is_published, following),
		TEST(watch_vote_that_stands_longer_than_v_is_said_once, following),
		TEST(watch_own_block_says_what_was_measured, following),
		TEST(watch_eviction_keeps_what_its_victim_had_measured, following),
		TEST(wish_is_in_the_own_block_until_it_is_taken_back, following),
		TEST(wish_of_others_is_seen_and_an_eviction_has_none, following),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
