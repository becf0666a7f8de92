/* vote.c: the answer to a ring change. qdisk(5), "Vote". */
#include "mind_scene.h"

/* The master's beat goes out, and with K+1 misses its life. */
static void master_dies(void)
{
	m.beating &= ~qd_bit(1);
	mind_cycles(&m, K + 1);
	assert_int_equal(m.s.master_count, 0);
}

/* A new ring with all, which the master does not show: since when the answer is owed. */
static uint64_t ring_without_the_master(void)
{
	m.following &= ~qd_bit(1);
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	return m.tick_ms + 50;
}

static void answer_is_never_the_previous_vote(void **state)
{
	(void)state;
	(void)ring_without_the_master();
	mind_express(&m, 60);
	assert_int_equal(requests(), 0);
	assert_int_equal(m.s.vote, QD_VOTE_NONE);
	assert_true(m.express);
}

static void answer_is_1_when_the_master_shows_the_ring_with_me(void **state)
{
	(void)state;
	mind_ring(&m, 2, 3);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 60);
	assert_int_equal(m.cast, 1);
	assert_int_equal(m.votes[0], 0);
	assert_int_equal(m.vote.vote.ring.seq, 2);
}

static void answer_of_a_cycle_begun_in_the_old_ring_waits(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_ring(&m, 2, 7);
	peer(&m, 1)->ext.ring = m.in.cs.ring;
	mind_landed(&m, 10);
	assert_int_equal(m.votes[1], 0);
}

/* Not my ring and not the master's, by membership. */
static void answer_is_0_when_we_lost(void **state)
{
	(void)state;
	peer_ring(&m, 1, 2, 1);
	mind_ring(&m, 3, 6);
	mind_event(&m, QD_EV_RING, 50);
	mind_read(&m, /* tick */ false, 60);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.vote.vote.ring.seq, 3);
}

static void answer_waits_while_the_master_shows_a_ring_with_me(void **state)
{
	(void)state;
	m.following &= ~qd_bit(1);	/* it still shows {1,2,3} */
	mind_ring(&m, 2, 6);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 60);
	assert_int_equal(requests(), 0);
}

static void answer_waits_for_a_master_of_my_ring(void **state)
{
	(void)state;
	peer_ring(&m, 1, 2, 1);		/* it is late: shows a ring without me */
	mind_ring(&m, 3, 7);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 60);
	assert_int_equal(requests(), 0);
}

static void answer_waits_while_the_master_is_replaced(void **state)
{
	(void)state;
	master_dies();
	mind_forget(&m);
	mind_ring(&m, 2, 6);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 60);
	assert_int_equal(requests(), 0);
}

static void answer_waits_at_most_y_less_i(void **state)
{
	uint64_t since = ring_without_the_master();

	(void)state;
	mind_cycles(&m, (Y - I) / I - 1);
	assert_int_equal(requests(), 0);
	assert_true(qd_next_deadline(&m.s, m.tick_ms + 20) <= since + Y - I);
	mind_cycles(&m, 2);
	assert_int_equal(m.cast, 0);
}

static void answer_limit_has_a_deadline_of_its_own(void **state)
{
	uint64_t since = ring_without_the_master();

	(void)state;
	mind_cycles(&m, (Y - I) / I - 1);
	assert_int_equal(qd_next_deadline(&m.s, m.tick_ms + 20), since + Y - I);
	mind_event(&m, QD_EV_TIMER, since + Y - I - 1 - m.tick_ms);
	assert_int_equal(requests(), 0);
	mind_event(&m, QD_EV_TIMER, since + Y - I - m.tick_ms);
	assert_int_equal(m.cast, 0);
}

/* R10: one slow path must not hold up the whole partition's sync. */
static void answer_with_my_write_late_by_more_than_i_is_0(void **state)
{
	(void)state;
	(void)ring_without_the_master();
	mind_read_failed(&m, QD_IO_LATE);
	mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(requests(), 0);
	mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.cast, 0);
}

static void vote_answer_with_a_seat_and_a_late_write_is_zero(void **state)
{
	(void)state;
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);	/* the master counts me in */
	mind_read_failed(&m, QD_IO_LATE);	/* and my write hangs */
	mind_read_failed(&m, QD_IO_LATE);
	mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.cast, 0);
}

static void answer_of_the_master_with_a_late_write_is_zero(void **state)
{
	(void)state;
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	for (unsigned i = 0; i < 3; i++)
		mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.cast, 0);
}

/* The master has shown the ring, without me: it needs a look at my block. */
static void answer_to_a_ring_shown_without_me_waits_2_i_after_my_landing(void **state)
{
	(void)state;
	peer(&m, 1)->master_mask = 1;
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 60);		/* landed at 70 */
	mind_cycles(&m, 2);
	mind_event(&m, QD_EV_TIMER, 69);
	assert_int_equal(requests(), 0);
	mind_event(&m, QD_EV_TIMER, 70);
	assert_int_equal(m.cast, 0);
}

static void answer_to_a_legacy_master_waits_2_i(void **state)
{
	(void)state;
	peer_is_legacy(&m, 1);
	mind_cycle(&m);
	mind_forget(&m);
	peer(&m, 1)->master_mask = 1;
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 60);
	assert_int_equal(requests(), 0);
	mind_cycles(&m, 2);
	mind_event(&m, QD_EV_TIMER, 50);
	assert_int_equal(m.cast, 0);
}

static void answer_while_starting_is_0(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_RING, 10);
	assert_int_equal(m.cast, 0);
}

static void answer_with_no_vote_to_keep_is_0(void **state)
{
	(void)state;
	peer(&m, 1)->master_mask = 5;
	mind_cycles(&m, 2);
	mind_forget(&m);
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	assert_int_equal(m.votes[0], 1);
}

static void answer_after_two_rings_is_for_the_newer(void **state)
{
	(void)state;
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	mind_ring(&m, 3, 7);
	mind_event(&m, QD_EV_RING, 55);
	mind_express(&m, 60);
	assert_int_equal(requests(), 1);
	assert_int_equal(m.vote.vote.ring.seq, 3);
}

/* A split takes the vote from one side in the express cycle, not at a tick. */
static void answer_to_a_split_comes_in_the_express_cycle(void **state)
{
	(void)state;
	peer_ring(&m, 1, 2, 1);
	peer_ring(&m, 3, 2, 6);
	mind_ring(&m, 2, 6);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 55);
	assert_int_equal(m.votes[0] > 0, 1);
	assert_int_equal(m.votes[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, answer_is_never_the_previous_vote),
		test_with(follower, answer_is_1_when_the_master_shows_the_ring_with_me),
		test_with(follower, answer_of_a_cycle_begun_in_the_old_ring_waits),
		test_with(follower, answer_is_0_when_we_lost),
		test_with(follower, answer_waits_while_the_master_shows_a_ring_with_me),
		test_with(follower, answer_waits_for_a_master_of_my_ring),
		test_with(follower, answer_waits_while_the_master_is_replaced),
		test_with(follower, answer_waits_at_most_y_less_i),
		test_with(follower, answer_limit_has_a_deadline_of_its_own),
		test_with(follower, answer_with_my_write_late_by_more_than_i_is_0),
		test_with(follower, vote_answer_with_a_seat_and_a_late_write_is_zero),
		test_with(master, answer_of_the_master_with_a_late_write_is_zero),
		test_with(follower, answer_to_a_ring_shown_without_me_waits_2_i_after_my_landing),
		test_with(follower, answer_to_a_legacy_master_waits_2_i),
		test_with(fresh, answer_while_starting_is_0),
		test_with(follower, answer_with_no_vote_to_keep_is_0),
		test_with(follower, answer_after_two_rings_is_for_the_newer),
		test_with(follower, answer_to_a_split_comes_in_the_express_cycle),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
