/* member.c: beats and misses: who is up, who is dead. qdisk(5), "Members". */
#include "mind_scene.h"

/* ---- Up ---- */

static void member_seen_u_times_is_not_up(void **state)
{
	(void)state;
	mind_cycle(&m);		/* found */
	peers_are(&m, qd_bit(3), QD_STATE_RUN);
	mind_cycles(&m, U);
	assert_false(see(3)->up);
}

static void member_seen_more_than_u_times_is_up(void **state)
{
	(void)state;
	mind_cycle(&m);
	peers_are(&m, qd_bit(3), QD_STATE_RUN);
	mind_cycles(&m, U + 1);
	assert_true(see(3)->up);
	assert_int_equal(m.noted[QD_NOTE_NODE_UP], 1);
}

static void member_initialising_and_beating_is_up(void **state)
{
	(void)state;
	peers_are(&m, qd_bit(3), QD_STATE_INIT);
	mind_cycles(&m, U + 2);
	assert_true(see(3)->up);
}

static void member_in_state_none_and_beating_is_not_up(void **state)
{
	(void)state;
	peers_are(&m, qd_bit(3), QD_STATE_NONE);
	mind_cycles(&m, 3 * K);
	assert_false(see(3)->up);
	assert_false(see(3)->dead);
}

static void member_one_miss_keeps_the_count(void **state)
{
	(void)state;
	mind_cycle(&m);
	peers_are(&m, qd_bit(3), QD_STATE_RUN);
	mind_cycles(&m, U);
	silent(3, 1);
	m.beating |= qd_bit(3);
	mind_cycle(&m);
	assert_true(see(3)->up);
}

static void member_two_misses_in_a_row_reset_the_count(void **state)
{
	(void)state;
	mind_cycle(&m);
	peers_are(&m, qd_bit(3), QD_STATE_RUN);
	mind_cycles(&m, U);
	silent(3, 2);
	m.beating |= qd_bit(3);
	mind_cycle(&m);
	assert_false(see(3)->up);
}

static void member_beats_seen_in_express_cycles_only_is_not_up(void **state)
{
	(void)state;
	mind_cycle(&m);
	peer(&m, 3)->state = QD_STATE_RUN;
	for (unsigned i = 1; i < 20; i++) {
		peer(&m, 3)->ext.beat++;
		mind_express(&m, 10 * i);
	}
	assert_false(see(3)->up);
}

static void member_says_master_is_master(void **state)
{
	(void)state;
	peer_is_master(&m, 1, 7);
	mind_cycles(&m, U + 2);
	assert_int_equal(m.s.master, 1);
}

/* ---- Misses ---- */

static void member_missed_k_times_is_up(void **state)
{
	(void)state;
	silent(3, K);
	assert_true(see(3)->up);
	assert_false(see(3)->dead);
}

static void member_missed_more_than_k_times_is_dead(void **state)
{
	(void)state;
	silent(3, K + 1);
	assert_true(see(3)->dead);
	assert_false(see(3)->up);
}

static void member_misses_are_noted_from_the_second_on(void **state)
{
	(void)state;
	silent(3, 1);
	assert_int_equal(m.noted[QD_NOTE_NODE_MISSED], 0);
	silent(3, 1);
	assert_int_equal(m.noted[QD_NOTE_NODE_MISSED], 1);
	assert_int_equal(m.note[QD_NOTE_NODE_MISSED].node, 3);
	assert_int_equal(m.note[QD_NOTE_NODE_MISSED].a, 2);
	assert_int_equal(m.note[QD_NOTE_NODE_MISSED].b, K);
	silent(3, K - 2);
	assert_int_equal(m.noted[QD_NOTE_NODE_MISSED], K - 1);
}

/* S7: with slow reads two looks lie closer together than a tick. */
static void member_missed_often_but_not_for_k_intervals_is_alive(void **state)
{
	uint64_t beat_ms;

	(void)state;
	mind_tick(&m);		/* this look ends late in its tick */
	m.beating &= ~qd_bit(3);
	mind_read_slow(&m, 190);
	mind_landed(&m, 195);
	beat_ms = m.tick_ms + 190;
	mind_cycles(&m, K - 1);
	m.s.member[2].missed = K + 5;	/* whatever was counted */
	mind_cycle(&m);
	assert_true(m.tick_ms < beat_ms + K * I);
	assert_true(see(3)->up);
	mind_cycle(&m);
	assert_false(see(3)->up);
}

static void member_beat_after_k_misses_starts_the_count_anew(void **state)
{
	(void)state;
	silent(3, K);
	m.beating |= qd_bit(3);
	mind_cycle(&m);
	silent(3, K);
	assert_true(see(3)->up);
}

static void member_failed_reads_miss_nobody(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		mind_read_failed(&m, QD_IO_ERROR);
	m.beating &= ~qd_bit(3);
	mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(see(3)->missed, 0);
}

static void member_beat_between_failed_reads_is_no_miss(void **state)
{
	(void)state;
	silent(3, 1);
	m.beating |= qd_bit(3);
	mind_read_failed(&m, QD_IO_ERROR);	/* it writes during this one only */
	silent(3, 1);
	assert_int_equal(see(3)->missed, 0);
}

/* Row 01: misses are counted at ticks, whatever else happens. */
static void legacy_01_event_storm_evicts_nobody(void **state)
{
	static const enum qd_event storm[] = { QD_EV_RING, QD_EV_TIMER, QD_EV_CYCLE };

	(void)state;
	m.beating = 0;		/* nobody writes between two ticks */
	for (unsigned i = 0; i < 1000; i++) {
		enum qd_event event = storm[i % 3];

		if (event == QD_EV_CYCLE)
			mind_express(&m, 10 + i / 6);
		else
			mind_event(&m, event, 10 + i / 6);
	}
	assert_int_equal(see(2)->missed + see(3)->missed, 0);
	assert_int_equal(m.evictions + m.kills + m.fences, 0);
	assert_int_equal(m.votes[0], 0);
}

/* R14: an express read that has shown the beat must not make the tick a miss. */
static void member_beat_consumed_by_express_cycle_is_no_miss(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(3);
	peer(&m, 3)->ext.beat++;
	mind_express(&m, 50);
	mind_cycle(&m);
	assert_int_equal(see(3)->missed, 0);
}

static void member_beat_running_backwards_is_a_miss(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(3);
	peer(&m, 3)->ext.beat -= 5;
	mind_cycle(&m);
	assert_int_equal(see(3)->missed, 1);
}

static void member_stale_block_does_not_replace_the_newer(void **state)
{
	uint64_t beat = peer(&m, 3)->ext.beat;

	(void)state;
	m.beating &= ~qd_bit(3);
	peer(&m, 3)->ext.beat = beat - 1;
	peer(&m, 3)->state = QD_STATE_NONE;
	mind_cycle(&m);
	assert_true(see(3)->up);
	assert_int_equal(see(3)->block.ext.beat, beat);
}

/* ---- How long ---- */

static void member_with_slower_timings_has_its_own_limit(void **state)
{
	(void)state;
	peer(&m, 3)->ext.tko = 2 * K;
	mind_cycle(&m);
	silent(3, 2 * K);
	assert_true(see(3)->up);
	mind_cycle(&m);
	assert_true(see(3)->dead);
}

static void member_with_faster_timings_has_my_limit(void **state)
{
	(void)state;
	peer(&m, 3)->ext.tko = 4;
	mind_cycle(&m);
	silent(3, K);
	assert_true(see(3)->up);
}

static void member_with_wild_timings_has_my_limit(void **state)
{
	(void)state;
	peer(&m, 3)->ext.tko = 0xffffffff;
	peer(&m, 3)->ext.interval_ms = 0xffffffff;
	mind_cycle(&m);
	silent(3, K + 1);
	assert_true(see(3)->dead);
}

/* A block torn inside its sector is no block of legacy's. */
static void member_extension_gone_in_one_life_is_unreadable(void **state)
{
	(void)state;
	peer(&m, 3)->has_ext = false;
	mind_cycle(&m);
	assert_false(see(3)->readable);
	assert_int_equal(m.noted[QD_NOTE_SLOT_BAD], 1);
	peer(&m, 3)->has_ext = true;
	mind_cycle(&m);
	assert_true(see(3)->readable);
	assert_true(see(3)->up);
}

/* One without extension stamps whole seconds: K * max(I, 1 s). */
static void member_legacy_is_judged_by_seconds(void **state)
{
	(void)state;
	peer_is_legacy(&m, 3);
	mind_cycles(&m, U + 2);
	silent(3, K * 5);
	assert_true(see(3)->up);
	mind_cycle(&m);
	assert_true(see(3)->dead);
}

/* Row 22: beats, not wall clocks. */
static void legacy_22_frozen_wall_clock_is_alive(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3 * K; i++) {
		peer(&m, 3)->wall_s = 1;
		mind_cycle(&m);
	}
	assert_true(see(3)->up);
}

static void legacy_22_wall_clock_steps_change_nothing(void **state)
{
	(void)state;
	silent(3, K);
	for (unsigned i = 0; i < 4; i++) {
		peer(&m, 3)->wall_s += i & 1 ? 100000 : (uint64_t)-100000;
		mind_cycle(&m);
	}
	assert_true(see(3)->dead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(fresh, member_seen_u_times_is_not_up),
		test_with(fresh, member_seen_more_than_u_times_is_up),
		test_with(fresh, member_initialising_and_beating_is_up),
		test_with(fresh, member_in_state_none_and_beating_is_not_up),
		test_with(fresh, member_one_miss_keeps_the_count),
		test_with(fresh, member_two_misses_in_a_row_reset_the_count),
		test_with(fresh, member_beats_seen_in_express_cycles_only_is_not_up),
		test_with(fresh, member_says_master_is_master),
		test_with(follower, member_missed_k_times_is_up),
		test_with(follower, member_missed_more_than_k_times_is_dead),
		test_with(follower, member_misses_are_noted_from_the_second_on),
		test_with(follower, member_missed_often_but_not_for_k_intervals_is_alive),
		test_with(follower, member_beat_after_k_misses_starts_the_count_anew),
		test_with(follower, member_failed_reads_miss_nobody),
		test_with(follower, member_beat_between_failed_reads_is_no_miss),
		test_with(master, legacy_01_event_storm_evicts_nobody),
		test_with(follower, member_beat_consumed_by_express_cycle_is_no_miss),
		test_with(follower, member_beat_running_backwards_is_a_miss),
		test_with(follower, member_stale_block_does_not_replace_the_newer),
		test_with(follower, member_with_slower_timings_has_its_own_limit),
		test_with(follower, member_with_faster_timings_has_my_limit),
		test_with(follower, member_with_wild_timings_has_my_limit),
		test_with(follower, member_extension_gone_in_one_life_is_unreadable),
		test_with(follower, member_legacy_is_judged_by_seconds),
		test_with(follower, legacy_22_frozen_wall_clock_is_alive),
		test_with(follower, legacy_22_wall_clock_steps_change_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
