/* vote.c: what an older ring or an older daemon has polled, and corosync may yet count.
 * qdisk(5), "Vote". */
#include "mind_scene.h"

static void lost(void)
{
	peer_ring(&m, 1, 2, 1);
	mind_ring(&m, 3, 6);
	mind_event(&m, QD_EV_RING, 50);
	mind_read(&m, /* tick */ false, 60);
}

/* No 0 could take back what is on its way: sync must not end. */
static void answer_lost_with_a_stale_one_ends_corosync(void **state)
{
	(void)state;
	m.in.cs.stale_one = true;
	lost();
	assert_int_equal(m.ended_corosyncs, 1);
	assert_int_equal(requests(), 0);
	assert_int_equal(m.noted[QD_NOTE_STALE_VOTE], 1);
	mind_event(&m, QD_EV_RING, 70);
	assert_int_equal(m.ended_corosyncs, 1);
}

static void answer_lost_with_a_stale_one_is_0_where_the_nodes_reach_the_quorum(void **state)
{
	(void)state;
	m.in.cs.stale_one = true;
	m.in.cs.quorum = 2;
	lost();
	assert_int_equal(m.ended_corosyncs, 0);
	assert_int_equal(m.cast, 0);
}

static void answer_won_with_a_stale_one_is_1(void **state)
{
	(void)state;
	m.in.cs.stale_one = true;
	mind_ring(&m, 2, 3);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 60);
	assert_int_equal(m.ended_corosyncs, 0);
	assert_int_equal(m.cast, 1);
}

static void answer_with_a_one_carried_out_late_ends_corosync(void **state)
{
	(void)state;
	m.in.cs.stale_late = true;
	mind_ring(&m, 2, 3);
	mind_event(&m, QD_EV_RING, 50);
	assert_int_equal(m.ended_corosyncs, 1);
}

static void answer_lost_with_a_vote_of_the_daemon_before_ends_corosync(void **state)
{
	(void)state;
	m.in.cs.stale_past = true;
	assert_true(m.s.voting);
	lost();
	assert_int_equal(m.ended_corosyncs, 1);
}

/* This daemon has just started: whether it matters stands in its slot. */
static void answer_of_a_daemon_just_started_waits_for_the_mark(void **state)
{
	(void)state;
	m.in.cs.stale_past = true;
	mind_ring(&m, 3, 2);
	mind_event(&m, QD_EV_RING, 50);
	assert_int_equal(requests(), 0);
	assert_int_equal(m.ended_corosyncs, 0);
	assert_true(qd_next_deadline(&m.s, m.tick_ms + 50) <= m.tick_ms + 50 + Y - I);
	own()->ext.flags |= QD_EXT_VOTING;
	mind_read(&m, /* tick */ false, 60);
	assert_int_equal(m.ended_corosyncs, 1);
}

static void answer_of_a_daemon_just_started_without_a_mark_is_0(void **state)
{
	(void)state;
	m.in.cs.stale_past = true;
	mind_ring(&m, 3, 2);
	mind_event(&m, QD_EV_RING, 50);
	mind_read(&m, /* tick */ false, 60);
	assert_int_equal(m.ended_corosyncs, 0);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.votes[0], 1);
}

/* What cannot be read may hold a mark. */
static void answer_of_a_daemon_that_cannot_read_its_slot_ends_corosync(void **state)
{
	(void)state;
	m.in.cs.stale_past = true;
	mind_ring(&m, 3, 2);
	mind_event(&m, QD_EV_RING, 50);
	for (unsigned i = 0; i < 3; i++)
		mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.ended_corosyncs, 1);
}

/* ---- A 1 carried out late, and the ring does not bring it round ---- */

/* The master is gone from my ring's sight: a 1 is not wanted. */
static void late_and_unwanted(void)
{
	m.in.cs.unheard = m.in.cs.unheard_one = m.in.cs.unheard_late = true;
	peer(&m, 1)->master_mask = 1;
	mind_cycle(&m);
	assert_int_equal(m.s.vote, QD_VOTE_CASTS_0);
}

static void one_carried_out_late_ends_corosync_after_two_intervals(void **state)
{
	uint64_t end;

	(void)state;
	late_and_unwanted();
	end = m.s.late_since_ms + 2 * I;
	assert_int_equal(m.ended_corosyncs, 0);
	assert_true(qd_next_deadline(&m.s, m.s.late_since_ms) <= end);
	mind_event(&m, QD_EV_TIMER, end - 1 - m.tick_ms);
	assert_int_equal(m.ended_corosyncs, 0);
	mind_event(&m, QD_EV_TIMER, end - m.tick_ms);
	assert_int_equal(m.ended_corosyncs, 1);
	assert_int_equal(m.noted[QD_NOTE_LATE_VOTE], 1);
}

/* What is sent within a sync is heard in it. */
static void one_carried_out_late_within_a_sync_ends_nothing(void **state)
{
	(void)state;
	late_and_unwanted();
	m.in.cs.in_sync = true;
	mind_cycles(&m, 4);
	assert_int_equal(m.ended_corosyncs, 0);
}

static void one_carried_out_late_and_heard_ends_nothing(void **state)
{
	(void)state;
	late_and_unwanted();
	m.in.cs.unheard = m.in.cs.unheard_one = m.in.cs.unheard_late = false;
	mind_cycles(&m, 3);
	assert_int_equal(m.ended_corosyncs, 0);
}

static void one_carried_out_late_and_wanted_ends_nothing(void **state)
{
	(void)state;
	m.in.cs.unheard = m.in.cs.unheard_one = m.in.cs.unheard_late = true;
	mind_cycles(&m, 3);
	assert_int_equal(m.cast, 1);
	assert_int_equal(m.ended_corosyncs, 0);
}

static void answer_lost_without_a_mark_knows_of_no_vote_before(void **state)
{
	(void)state;
	m.in.cs.stale_past = true;
	m.s.voting = false;
	lost();
	assert_int_equal(m.ended_corosyncs, 0);
	assert_int_equal(m.cast, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, answer_lost_with_a_stale_one_ends_corosync),
		test_with(follower, answer_lost_with_a_stale_one_is_0_where_the_nodes_reach_the_quorum),
		test_with(follower, answer_won_with_a_stale_one_is_1),
		test_with(follower, answer_with_a_one_carried_out_late_ends_corosync),
		test_with(follower, answer_lost_with_a_vote_of_the_daemon_before_ends_corosync),
		test_with(fresh, answer_of_a_daemon_just_started_waits_for_the_mark),
		test_with(fresh, answer_of_a_daemon_just_started_without_a_mark_is_0),
		test_with(fresh, answer_of_a_daemon_that_cannot_read_its_slot_ends_corosync),
		test_with(follower, one_carried_out_late_ends_corosync_after_two_intervals),
		test_with(follower, one_carried_out_late_within_a_sync_ends_nothing),
		test_with(follower, one_carried_out_late_and_heard_ends_nothing),
		test_with(follower, one_carried_out_late_and_wanted_ends_nothing),
		test_with(follower, answer_lost_without_a_mark_knows_of_no_vote_before),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
