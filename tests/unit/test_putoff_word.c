/* putoff.c: what a node tells its ring of its LUN. qdisk(5), "Self-fence". */
#include "mind_scene.h"

enum { QUIET = L1 / 2 };

static void word_is_said_after_half_of_l1(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, 10 + QUIET - 1);
	assert_int_equal(m.words[true], 0);
	mind_event(&m, QD_EV_TIMER, 10 + QUIET);
	assert_int_equal(m.words[true], 1);
}

static void word_is_said_once(void **state)
{
	(void)state;
	for (uint64_t ms = QUIET; ms < 5 * L2; ms += I)
		mind_event(&m, QD_EV_TIMER, ms);
	assert_int_equal(m.words[true], 1);
	assert_int_equal(m.words[false], 0);
}

static void word_with_few_cycles_needs_more_than_a_missed_beat(void **state)
{
	(void)state;
	m.s.p.t.tko = QD_TKO_MIN;
	mind_event(&m, QD_EV_TIMER, 10 + 3 * I / 2 - 1);
	assert_int_equal(m.words[true], 0);
}

static void word_is_taken_back_by_a_landing(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L1);
	mind_tick(&m);
	mind_read(&m, /* tick */ true, L1);
	mind_landed(&m, L1 + 10);
	assert_int_equal(m.words[false], 1);
}

/* Fencing over the LUN counts from the last beat, and that the watchdog is petted no
 * later: with my word it may have been. */
static void word_taken_back_lets_watchdogs_have_been_petted_until_now(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L1);
	assert_true(see(3)->may_beat_ms < m.tick_ms + L1);
	mind_tick(&m);
	mind_read(&m, /* tick */ true, L1);
	mind_landed(&m, L1 + 10);
	assert_int_equal(see(1)->may_beat_ms, m.tick_ms + L1 + 10);
	assert_int_equal(see(3)->may_beat_ms, m.tick_ms + L1 + 10);
}

/* It does not count for the new life; that the LUN takes writes it shows all the same. */
static void word_is_taken_back_by_a_late_landing_of_the_last_life(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.words[true], 1);
	mind_landed(&m, L2 + 5);
	assert_int_equal(m.words[false], 1);
	assert_false(m.s.landed);
}

static void word_is_not_taken_back_by_a_new_life(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.s.incarnation, NEXT_LIFE);
	mind_event(&m, QD_EV_TIMER, L2 + 10);
	assert_int_equal(m.words[false], 0);
}

/* Reads alone make nobody master. */
static void word_is_said_though_reads_land(void **state)
{
	(void)state;
	for (unsigned i = 0; i < K - 2; i++) {
		mind_tick(&m);
		mind_read(&m, /* tick */ true, 0);
		mind_write_failed(&m, 10);
	}
	assert_int_equal(m.words[true], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, word_is_said_after_half_of_l1),
		test_with(follower, word_is_said_once),
		test_with(follower, word_with_few_cycles_needs_more_than_a_missed_beat),
		test_with(follower, word_is_taken_back_by_a_landing),
		test_with(follower, word_taken_back_lets_watchdogs_have_been_petted_until_now),
		test_with(follower, word_is_taken_back_by_a_late_landing_of_the_last_life),
		test_with(follower, word_is_not_taken_back_by_a_new_life),
		test_with(follower, word_is_said_though_reads_land),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
