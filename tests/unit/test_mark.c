/* vote.c: when my voting mark is set and cleared. qdisk(5), "Voting mark". */
#include "mind_scene.h"

static bool marked(void)
{
	return (written_block(&m)->ext.flags & QD_EXT_VOTING) != 0;
}

/* Take the vote away: the 0 is cast and answered, a block written after it. */
static void vote_ends(void)
{
	peer(&m, 1)->master_mask = 5;
	mind_cycles(&m, 3);
}

static void mark_view_is_the_present_ring(void **state)
{
	(void)state;
	mind_ring(&m, 2, 3);
	mind_express(&m, 50);
	assert_int_equal(written_block(&m)->ext.view, 3);
}

static void mark_in_sync_of_a_smaller_ring_is_what_is_left(void **state)
{
	(void)state;
	mind_ring(&m, 2, 6);
	m.in.cs.in_sync = m.in.cs.quorate = true;
	m.in.cs.view = 3;	/* 2 of 3, quorate by the device */
	m.stays_quorate = true;
	mind_express(&m, 50);
	assert_int_equal(written_block(&m)->ext.view, 2);
}

static void mark_in_sync_of_a_view_quorate_by_nodes_is_the_ring(void **state)
{
	(void)state;
	mind_ring(&m, 2, 3);
	m.in.cs.in_sync = m.in.cs.quorate = true;
	m.in.cs.view = 6;
	m.in.cs.quorum = 2;	/* which 2 and 3 have by themselves */
	m.stays_quorate = true;
	mind_express(&m, 50);
	assert_int_equal(written_block(&m)->ext.view, 3);
}

static void mark_is_cleared_by_a_0_with_quorate_0(void **state)
{
	(void)state;
	mind_ring(&m, 2, 3);
	mind_cycles(&m, 2);
	assert_true(marked());
	vote_ends();
	assert_false(marked());
	assert_int_equal(written_block(&m)->ext.view, 0);
}

static void mark_stays_while_a_poll_may_be_on_its_way(void **state)
{
	(void)state;
	mind_ring(&m, 2, 3);
	mind_cycles(&m, 2);
	m.in.cs.unheard = true;
	vote_ends();
	assert_true(marked());
	m.in.cs.unheard = false;
	mind_cycles(&m, 1);
	assert_false(marked());
}

/* C1: total votes and cast flag change at once and confirm nothing. */
static void mark_stays_while_quorate_is_still_shown(void **state)
{
	(void)state;
	mind_ring(&m, 2, 3);
	mind_cycles(&m, 2);
	m.stays_quorate = true;
	vote_ends();
	assert_true(marked());
}

static void mark_is_cleared_where_the_nodes_alone_are_quorate(void **state)
{
	(void)state;
	m.stays_quorate = true;		/* 3 of 3 */
	vote_ends();
	assert_false(marked());
}

static void mark_stays_while_in_sync(void **state)
{
	(void)state;
	m.in.cs.in_sync = true;
	vote_ends();
	assert_true(marked());
}

static void mark_stays_while_the_0_is_not_answered(void **state)
{
	(void)state;
	m.hand_stuck = true;
	vote_ends();
	assert_true(marked());
}

static void mark_stays_when_the_0_was_refused(void **state)
{
	(void)state;
	m.hand_stuck = true;
	peer(&m, 1)->master_mask = 5;
	mind_cycle(&m);
	m.in.cs.polled_seq = m.s.vote_seq;
	m.in.cs.polled_accepted = false;
	m.in.cs.polled_cast = false;
	mind_event(&m, QD_EV_RING, 50);
	assert_true(m.s.voting);
}

static void mark_stays_when_the_0_was_cast_in_an_older_ring(void **state)
{
	(void)state;
	peer(&m, 1)->master_mask = 5;
	m.in.cs.in_sync = true;
	mind_cycle(&m);
	m.hand_stuck = true;
	mind_ring(&m, 2, 3);
	m.in.cs.quorate = m.in.cs.polled_quorate = false;
	mind_event(&m, QD_EV_RING, 50);
	assert_true(m.s.voting);
}

static void mark_zero_in_a_smaller_ring_still_quorate_keeps_it(void **state)
{
	(void)state;	/* the view of the last write was {1,2,3}; the ring is {1,2} now */
	m.stays_quorate = true;
	peer(&m, 1)->master_mask = 5;
	mind_ring(&m, 2, 3);
	m.in.cs.quorate = true;
	m.in.score = 0;		/* answers 0 before any write in this ring */
	mind_event(&m, QD_EV_RING, 50);
	assert_int_equal(m.cast, 0);
	mind_event(&m, QD_EV_RING, 60);
	assert_true(m.s.voting);
}

/* R1: the 0 of before, confirmed long ago, says nothing about the 1 to come. */
static void seat_given(void)
{
	mind_ring(&m, 2, 3);		/* two of three: quorate by the device only */
	peer(&m, 1)->master_mask = 1;
	mind_cycles(&m, 4);
	assert_false(marked());
	peer(&m, 1)->master_mask = 3;
	mind_cycle(&m);
	assert_int_equal(m.cast, 1);
	mind_forget(&m);
}

static void mark_set_for_a_vote_outlives_the_0_before_it(void **state)
{
	(void)state;
	seat_given();
	assert_true(m.s.voting);
	assert_int_equal(m.noted[QD_NOTE_MARK_CLEARED], 0);
}

static void mark_stays_in_the_block_of_the_cycle_that_withdraws_the_vote(void **state)
{
	(void)state;
	seat_given();
	m.stays_quorate = true;
	peer(&m, 1)->master_mask = 1;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	assert_int_equal(m.cast, 0);
	assert_true(marked());
}

static void mark_set_for_a_vote_that_was_not_cast_goes_again(void **state)
{
	(void)state;
	mind_ring(&m, 2, 3);
	peer(&m, 1)->master_mask = 1;
	mind_cycles(&m, 4);
	peer(&m, 1)->master_mask = 3;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_write_failed(&m, 10);
	peer(&m, 1)->master_mask = 1;
	mind_cycles(&m, 3);
	assert_false(marked());
}

static void mark_is_cleared_when_corosync_has_ended(void **state)
{
	(void)state;
	m.in.cs = (struct qd_corosync){ .ended = true };
	mind_cycles(&m, 2);
	assert_false(marked());
}

/* The connection alone says nothing about who counts whom. */
static void mark_stays_when_the_connection_is_lost(void **state)
{
	(void)state;
	m.in.cs = (struct qd_corosync){ 0 };
	mind_cycles(&m, 3 * K);
	assert_true(marked());
	assert_int_equal(written_block(&m)->ext.view, 7);
}

static void mark_cleared_is_shown_soon(void **state)
{
	(void)state;
	peer(&m, 1)->master_mask = 5;
	mind_cycle(&m);
	assert_true(marked());
	assert_true(m.express);
	mind_express(&m, 50);
	assert_false(marked());
}

static void mark_stays_while_corosync_stalls(void **state)
{
	(void)state;
	m.in.cs.stalled = true;
	mind_cycles(&m, 3);
	assert_true(marked());
}

static void mark_found_at_start_stays_until_corosync_was_seen(void **state)
{
	(void)state;
	peer_votes(&m, 2, 6);
	m.in.cs = (struct qd_corosync){ 0 };
	mind_cycles(&m, 3 * K);
	assert_true(marked());
	assert_int_equal(written_block(&m)->ext.view, 6);
}

static void mark_outlives_the_life(void **state)
{
	(void)state;
	m.hand_stuck = true;
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.s.role, QD_STATE_INIT);
	m.tick_ms += L2;
	mind_cycle(&m);
	assert_true(marked());
}

static void mark_of_a_node_that_casts_0_only_is_not_set(void **state)
{
	(void)state;
	m.in.score = 0;
	mind_cycles(&m, 3 * K);
	assert_false(marked());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, mark_view_is_the_present_ring),
		test_with(follower, mark_in_sync_of_a_smaller_ring_is_what_is_left),
		test_with(follower, mark_in_sync_of_a_view_quorate_by_nodes_is_the_ring),
		test_with(follower, mark_is_cleared_by_a_0_with_quorate_0),
		test_with(follower, mark_stays_while_a_poll_may_be_on_its_way),
		test_with(follower, mark_stays_while_quorate_is_still_shown),
		test_with(follower, mark_is_cleared_where_the_nodes_alone_are_quorate),
		test_with(follower, mark_stays_while_in_sync),
		test_with(follower, mark_stays_while_the_0_is_not_answered),
		test_with(follower, mark_stays_when_the_0_was_refused),
		test_with(follower, mark_stays_when_the_0_was_cast_in_an_older_ring),
		test_with(follower, mark_zero_in_a_smaller_ring_still_quorate_keeps_it),
		test_with(follower, mark_set_for_a_vote_outlives_the_0_before_it),
		test_with(follower, mark_stays_in_the_block_of_the_cycle_that_withdraws_the_vote),
		test_with(follower, mark_set_for_a_vote_that_was_not_cast_goes_again),
		test_with(follower, mark_is_cleared_when_corosync_has_ended),
		test_with(follower, mark_stays_when_the_connection_is_lost),
		test_with(follower, mark_cleared_is_shown_soon),
		test_with(follower, mark_stays_while_corosync_stalls),
		test_with(fresh, mark_found_at_start_stays_until_corosync_was_seen),
		test_with(follower, mark_outlives_the_life),
		test_with(fresh, mark_of_a_node_that_casts_0_only_is_not_set),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
