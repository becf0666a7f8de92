/* vote.c: a slow I/O costs no vote until L1: it stands, or is cast while both have beaten.
 * qdisk(5), "Vote". */
#include "mind_scene.h"

static void vote_before_the_write_landed_stands(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	assert_int_equal(requests(), 0);
	assert_int_equal(m.s.vote, QD_VOTE_STANDS);
}

static void vote_with_a_failed_write_stands(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_write_failed(&m, 10);
	assert_int_equal(requests(), 0);
	assert_int_equal(m.s.vote, QD_VOTE_STANDS);
}

/* R12: a slow I/O costs nothing until L1. */
static void vote_with_late_reads_stands_until_l1(void **state)
{
	(void)state;
	for (unsigned i = 0; i < K - 2; i++)
		mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(requests(), 0);
	mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.s.why, QD_WHY_SILENCE);
}

static void vote_of_a_cycle_as_old_as_i_casts(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_landed(&m, I);
	assert_int_equal(m.cast, 1);
}

/* One cycle; its read began at the tick, its write at once, and has landed then. */
static void cycle_lands_after(uint64_t after_ms)
{
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_landed(&m, after_ms);
}

/* A slow LUN costs nothing: both have beaten, and nobody can have called either dead. */
static void vote_of_a_slow_cycle_casts_while_both_beat(void **state)
{
	(void)state;
	mind_cycles(&m, 2);
	cycle_lands_after(L1 - I - 1);
	assert_int_equal(m.cast, 1);
	assert_int_equal(m.vote.vote.good_until_ms, m.tick_ms - I + L1 - 1);
}

static void vote_of_a_slow_cycle_stands_when_the_master_missed(void **state)
{
	unsigned before;

	(void)state;
	mind_cycles(&m, 2);
	m.beating &= ~qd_bit(1);
	mind_cycles(&m, 1);
	before = requests();
	cycle_lands_after(L1 - I - 1);
	assert_int_equal(requests(), before);
	assert_int_equal(m.s.vote, QD_VOTE_STANDS);
}

static void vote_of_a_slow_cycle_of_the_master_is_cast_until_l1(void **state)
{
	(void)state;
	mind_cycles(&m, 2);
	cycle_lands_after(L1 - I - 1);
	assert_int_equal(m.cast, 1);
}

/* An unreadable look between two proves nothing about when the beat landed. */
static void vote_of_a_slow_cycle_counts_from_the_last_good_look(void **state)
{
	unsigned before;

	(void)state;
	mind_cycles(&m, 2);
	m.slot[0].result = QD_SLOT_CORRUPT;
	mind_cycles(&m, 1);
	m.slot[0].result = QD_SLOT_OK;
	before = requests();
	cycle_lands_after(L1 - I - 1);
	assert_int_equal(requests(), before);
	assert_int_equal(m.s.vote, QD_VOTE_STANDS);
}

static void vote_of_a_slow_cycle_for_a_legacy_master_stands(void **state)
{
	(void)state;
	peer_is_legacy(&m, 1);
	mind_cycles(&m, 20);
	assert_int_equal(m.cast, 1);
	cycle_lands_after(I + 1);
	assert_int_equal(m.s.vote, QD_VOTE_STANDS);
}

/* R7: the hand looked at the clock once more, and cast 0. */
static void vote_cast_as_0_by_the_hand_no_longer_stands(void **state)
{
	(void)state;
	m.in.cs.polled_cast = false;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	assert_int_equal(m.s.vote, QD_VOTE_CASTS_0);
	mind_landed(&m, 10);
	assert_int_equal(m.cast, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, vote_before_the_write_landed_stands),
		test_with(follower, vote_with_a_failed_write_stands),
		test_with(follower, vote_with_late_reads_stands_until_l1),
		test_with(follower, vote_of_a_cycle_as_old_as_i_casts),
		test_with(follower, vote_of_a_slow_cycle_casts_while_both_beat),
		test_with(follower, vote_of_a_slow_cycle_stands_when_the_master_missed),
		test_with(follower, vote_of_a_slow_cycle_counts_from_the_last_good_look),
		test_with(follower, vote_of_a_slow_cycle_for_a_legacy_master_stands),
		test_with(master, vote_of_a_slow_cycle_of_the_master_is_cast_until_l1),
		test_with(follower, vote_cast_as_0_by_the_hand_no_longer_stands),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
