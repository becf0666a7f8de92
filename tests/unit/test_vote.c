/* vote.c: casts, stands, holds, casts 0; the answer to a ring change; the voting
 * mark. qdisk(5), "Vote", "Voting mark". */
#include "mind_fixture.h"

static struct mind m;

static int follower(void **state)
{
	(void)state;
	scene_follower(&m);
	return 0;
}

static int master(void **state)
{
	(void)state;
	scene_master(&m);
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	mind_init(&m, 2, 3);
	return 0;
}

/* The master's beat goes out, and with K+1 misses its life. */
static void master_dies(void)
{
	m.beating &= ~qd_bit(1);
	mind_cycles(&m, K + 1);
	assert_int_equal(m.s.master_count, 0);
}

static unsigned requests(void)
{
	return m.votes[0] + m.votes[1];
}

/* ---- Casts ---- */

static void vote_read_and_write_landed_casts_1(void **state)
{
	(void)state;
	mind_cycles(&m, 3);
	assert_int_equal(m.votes[1], 3);
	assert_int_equal(m.votes[0], 0);
}

static void vote_request_names_ring_and_cycle(void **state)
{
	(void)state;
	mind_cycle(&m);
	assert_true(qd_ring_equal(m.vote.vote.ring, m.in.cs.ring));
	assert_int_equal(m.vote.vote.cycle_start_ms, m.tick_ms);
}

static void vote_mark_has_landed_before_the_first_1(void **state)
{
	(void)state;
	peer_is_master(&m, 1, 7);
	for (unsigned i = 0; i < 2 * K; i++) {
		mind_tick(&m);
		mind_read(&m, /* tick */ true, 0);
		if (!(m.s.own.ext.flags & QD_EXT_VOTING))
			assert_int_equal(m.votes[1], 0);
		mind_landed(&m, 10);
		if (m.votes[1])
			break;
	}
	assert_int_equal(m.votes[1], 1);
	assert_true(m.slot[1].block.ext.flags & QD_EXT_VOTING);
	assert_int_equal(m.slot[1].block.ext.view, 7);
}

static void vote_without_my_seat_in_the_mask_casts_0(void **state)
{
	(void)state;
	peer(&m, 1)->master_mask = 5;
	mind_cycle(&m);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.s.why, QD_WHY_NOT_IN_MASK);
}

/* Row 27: casts 0 in the very step in which eligibility ends. */
static void legacy_27_no_longer_in_the_mask_casts_0_at_once(void **state)
{
	(void)state;
	peer(&m, 1)->master_mask = 5;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	assert_int_equal(m.votes[0], 1);
}

static void vote_for_a_master_that_shows_another_ring_casts_0(void **state)
{
	(void)state;
	peer_ring(&m, 1, 77, 7);
	mind_cycle(&m);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.s.why, QD_WHY_OTHER_RING);
}

static void vote_for_a_legacy_master_needs_its_mask_alone(void **state)
{
	(void)state;
	peer(&m, 1)->has_ext = false;
	memset(&peer(&m, 1)->ext, 0, sizeof(peer(&m, 1)->ext));
	mind_cycles(&m, 2);
	assert_int_equal(m.cast, 1);
	assert_int_equal(m.votes[0], 0);
}

static void vote_with_two_masters_casts_0(void **state)
{
	(void)state;
	peer_is_master(&m, 3, 7);
	mind_cycle(&m);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.s.why, QD_WHY_TWO_MASTERS);
}

static void vote_of_the_master_is_cast(void **state)
{
	(void)state;
	mind_cycle(&m);
	assert_int_equal(m.cast, 1);
}

static void vote_0_is_repeated_in_each_cycle(void **state)
{
	(void)state;
	peer(&m, 1)->master_mask = 5;
	mind_cycle(&m);
	mind_forget(&m);
	mind_cycles(&m, 5);
	assert_int_equal(m.votes[0], 5);
}

static void vote_corosync_gone_requests_nothing(void **state)
{
	(void)state;
	m.in.cs.connected = false;
	mind_cycles(&m, 3);
	assert_int_equal(requests(), 0);
	assert_int_equal(m.s.vote, QD_VOTE_NONE);
}

static void vote_corosync_stalled_requests_nothing(void **state)
{
	(void)state;
	m.in.cs.stalled = true;
	mind_cycles(&m, 3);
	assert_int_equal(requests(), 0);
}

static void vote_after_a_stall_begins_with_0(void **state)
{
	(void)state;
	m.in.cs.stalled = true;
	mind_cycle(&m);
	m.in.cs.stalled = false;
	mind_event(&m, QD_EV_RING, 50);
	assert_int_equal(m.cast, 0);
}

/* ---- Stands ---- */

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

static void vote_of_a_cycle_older_than_i_stands(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_landed(&m, I + 1);
	assert_int_equal(requests(), 0);
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

/* ---- Holds ---- */

static void vote_of_a_dead_master_holds(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(1);
	mind_cycles(&m, K);
	mind_forget(&m);
	mind_cycle(&m);
	assert_int_equal(m.s.vote, QD_VOTE_HOLDS);
	assert_int_equal(requests(), 0);
}

static void vote_of_a_master_that_left_holds(void **state)
{
	(void)state;
	peer(&m, 1)->state = QD_STATE_NONE;
	mind_cycle(&m);
	assert_int_equal(m.s.vote, QD_VOTE_HOLDS);
	assert_int_equal(requests(), 0);
}

static void vote_held_for_v_less_i_casts_0(void **state)
{
	uint64_t since;

	(void)state;
	peer(&m, 1)->state = QD_STATE_NONE;
	mind_cycle(&m);
	since = m.s.hold_since_ms;
	assert_int_equal(qd_next_deadline(&m.s, m.tick_ms + 10), since + V - I);
	mind_event(&m, QD_EV_TIMER, since + V - I - 1 - m.tick_ms);
	assert_int_equal(requests(), 0);
	mind_event(&m, QD_EV_TIMER, since + V - I - m.tick_ms);
	assert_int_equal(m.cast, 0);
}

static void vote_not_cast_before_is_not_held(void **state)
{
	(void)state;
	peer(&m, 1)->master_mask = 5;
	mind_cycles(&m, 2);
	peer(&m, 1)->state = QD_STATE_NONE;
	mind_cycle(&m);
	assert_int_equal(m.s.vote, QD_VOTE_CASTS_0);
}

static void vote_held_then_a_new_master_casts_1(void **state)
{
	(void)state;
	peer(&m, 1)->state = QD_STATE_NONE;
	mind_cycle(&m);
	peer_is_master(&m, 3, 6);
	mind_cycle(&m);
	assert_int_equal(m.cast, 1);
	assert_int_equal(m.votes[0], 0);
}

/* V runs from the last poll: a hold after new polls is a new one. */
static void vote_held_twice_counts_from_the_second(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		peer(&m, 1)->state = QD_STATE_NONE;
		mind_cycles(&m, V / I - 2);
		assert_int_equal(m.s.vote, QD_VOTE_HOLDS);
		peer_is_master(&m, 1, 7);
		mind_cycles(&m, U + 2);
		assert_int_equal(m.cast, 1);
	}
	assert_int_equal(m.votes[0], 0);
}

static void vote_is_noted_when_it_changes_only(void **state)
{
	(void)state;
	mind_cycles(&m, 5);
	assert_int_equal(m.noted[QD_NOTE_VOTE], 0);
	peer(&m, 1)->master_mask = 5;
	mind_cycles(&m, 5);
	assert_int_equal(m.noted[QD_NOTE_VOTE], 1);
	assert_int_equal(m.note[QD_NOTE_VOTE].a, QD_VOTE_CASTS_0);
	assert_int_equal(m.note[QD_NOTE_VOTE].b, QD_WHY_NOT_IN_MASK);
	peer(&m, 1)->master_mask = 7;
	mind_cycles(&m, 5);
	assert_int_equal(m.noted[QD_NOTE_VOTE], 2);
}

static void vote_held_and_score_short_casts_0(void **state)
{
	(void)state;
	peer(&m, 1)->state = QD_STATE_NONE;
	mind_cycle(&m);
	m.in.score = 0;
	mind_event(&m, QD_EV_TIMER, 50);
	assert_int_equal(m.cast, 0);
}

static void vote_of_a_master_in_another_ring_is_not_held(void **state)
{
	(void)state;
	peer_ring(&m, 1, 77, 5);
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	assert_int_equal(m.cast, 0);
}

/* ---- master_wins ---- */

static void vote_with_master_wins_is_not_cast_by_a_follower(void **state)
{
	(void)state;
	m.s.p.master_wins = true;
	mind_cycles(&m, 3);
	assert_int_equal(m.votes[1], 0);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.s.why, QD_WHY_MASTER_WINS);
}

static void vote_with_master_wins_is_cast_by_the_master(void **state)
{
	(void)state;
	m.s.p.master_wins = true;
	mind_cycle(&m);
	assert_int_equal(m.cast, 1);
}

static void vote_with_master_wins_answers_0_to_a_ring(void **state)
{
	(void)state;
	m.s.p.master_wins = true;
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	assert_int_equal(m.cast, 0);
}

/* ---- The answer to a ring change ---- */

static void answer_is_never_the_previous_vote(void **state)
{
	(void)state;
	m.following &= ~qd_bit(1);
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
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

/* Section 6: not my ring and not the master's, by membership. */
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
	uint64_t since;

	(void)state;
	m.following &= ~qd_bit(1);
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	since = m.tick_ms + 50;
	mind_cycles(&m, (Y - I) / I - 1);
	assert_int_equal(requests(), 0);
	assert_true(qd_next_deadline(&m.s, m.tick_ms + 20) <= since + Y - I);
	mind_cycles(&m, 2);
	assert_int_equal(m.cast, 0);
}

static void answer_limit_has_a_deadline_of_its_own(void **state)
{
	uint64_t since;

	(void)state;
	m.following &= ~qd_bit(1);
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	since = m.tick_ms + 50;
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
	m.following &= ~qd_bit(1);
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
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
	peer(&m, 1)->has_ext = false;
	memset(&peer(&m, 1)->ext, 0, sizeof(peer(&m, 1)->ext));
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

/* ---- The voting mark ---- */

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

/* ---- Whose mark makes me wait ---- */

/* Node 3 as node 2 (with a master about) sees it, after one cycle. */
static bool waits_for_3(void)
{
	mind_cycle(&m);
	return mark_makes_wait(&m.s, 3, m.tick_ms);
}

static void wait_for_one_without_mark_no(void **state)
{
	(void)state;
	assert_false(waits_for_3());
}

static void wait_for_a_view_without_me_yes(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	assert_true(waits_for_3());
}

static void wait_for_a_view_with_me_no(void **state)
{
	(void)state;
	peer_votes(&m, 3, 6);
	assert_false(waits_for_3());
}

static void wait_for_an_empty_view_yes(void **state)
{
	(void)state;
	peer_votes(&m, 3, 0);
	assert_true(waits_for_3());
}

static void wait_for_an_evicted_voter_yes(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	peer(&m, 3)->state = QD_STATE_EVICTED;
	peer(&m, 3)->ext.victim_incarnation = PEER_LIFE(3);
	m.beating &= ~qd_bit(3);
	assert_true(waits_for_3());
}

static void wait_for_one_evicted_as_fenced_no(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	peer(&m, 3)->state = QD_STATE_EVICTED;
	peer(&m, 3)->ext.victim_incarnation = PEER_LIFE(3);
	peer(&m, 3)->ext.flags |= QD_EXT_FENCED;
	m.beating &= ~qd_bit(3);
	assert_false(waits_for_3());
}

static void wait_for_an_unreadable_slot_yes_without_limit(void **state)
{
	(void)state;
	m.slot[2].result = QD_SLOT_CORRUPT;
	mind_cycles(&m, 2 * Z / I);
	assert_true(waits_for_3());
}

static void wait_for_a_slot_readable_again_as_it_says(void **state)
{
	(void)state;
	m.slot[2].result = QD_SLOT_CORRUPT;
	mind_cycles(&m, 5);
	m.slot[2].result = QD_SLOT_OK;
	assert_false(waits_for_3());
}

static void wait_for_a_silent_voter_until_z(void **state)
{
	uint64_t beat_ms;

	(void)state;
	peer_votes(&m, 3, 5);
	mind_cycle(&m);
	beat_ms = m.tick_ms;
	m.beating &= ~qd_bit(3);
	mind_cycles(&m, Z / I - 1);
	assert_true(mark_makes_wait(&m.s, 3, beat_ms + Z - 1));
	assert_false(mark_makes_wait(&m.s, 3, beat_ms + Z));
}

static void wait_for_a_beating_voter_without_limit(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	mind_cycles(&m, 2 * Z / I);
	assert_true(waits_for_3());
}

/* A block found at start counts as seen at start. */
static void wait_for_a_leftover_voter_z_from_the_start(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	mind_cycle(&m);
	assert_true(mark_makes_wait(&m.s, 3, m.tick_ms + Z - 1));
	assert_false(mark_makes_wait(&m.s, 3, m.tick_ms + Z));
}

static void wait_for_a_leftover_evicted_voter_z_from_the_start(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	peer(&m, 3)->state = QD_STATE_EVICTED;
	peer(&m, 3)->ext.victim_incarnation = PEER_LIFE(3);
	mind_cycle(&m);
	assert_true(mark_makes_wait(&m.s, 3, m.tick_ms + Z - 1));
	assert_false(mark_makes_wait(&m.s, 3, m.tick_ms + Z));
}

static void wait_for_a_voter_z_from_its_last_beat(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	peer(&m, 3)->incarnation++;	/* a new life, and that one beat */
	mind_cycle(&m);
	m.beating &= ~qd_bit(3);
	assert_true(mark_makes_wait(&m.s, 3, m.tick_ms + Z - 1));
	assert_false(mark_makes_wait(&m.s, 3, m.tick_ms + Z));
}

static void wait_for_a_slot_never_read_yes(void **state)
{
	(void)state;
	assert_true(mark_makes_wait(&m.s, 3, m.tick_ms));
}

static void wait_for_a_legacy_node_no(void **state)
{
	(void)state;
	peer(&m, 3)->has_ext = false;
	memset(&peer(&m, 3)->ext, 0, sizeof(peer(&m, 3)->ext));
	assert_false(waits_for_3());
}

/* ---- Leaves ---- */

static void node_votes_are_summed(void **state)
{
	(void)state;
	m.s.p.node_votes[2] = 4;
	assert_int_equal(node_votes(&m.s.p, 0), 0);
	assert_int_equal(node_votes(&m.s.p, 3), 2);
	assert_int_equal(node_votes(&m.s.p, 7), 6);
}

static void quorate_by_device_is_told_from_quorate_by_nodes(void **state)
{
	static const struct {
		bool connected, quorate;
		qd_mask view;
		bool by_device;
	} rows[] = {
		{ true, true, 7, false }, { true, true, 3, true }, { true, true, 2, true },
		{ true, false, 3, false }, { false, true, 3, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		m.s.cs.connected = rows[i].connected;
		m.s.cs.quorate = rows[i].quorate;
		m.s.cs.view = rows[i].view;
		assert_int_equal(quorate_by_device(&m.s), rows[i].by_device);
	}
}

#define test_with(setup, name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, vote_read_and_write_landed_casts_1),
		test_with(follower, vote_request_names_ring_and_cycle),
		test_with(fresh, vote_mark_has_landed_before_the_first_1),
		test_with(follower, vote_without_my_seat_in_the_mask_casts_0),
		test_with(follower, legacy_27_no_longer_in_the_mask_casts_0_at_once),
		test_with(follower, vote_for_a_master_that_shows_another_ring_casts_0),
		test_with(follower, vote_for_a_legacy_master_needs_its_mask_alone),
		test_with(follower, vote_with_two_masters_casts_0),
		test_with(master, vote_of_the_master_is_cast),
		test_with(follower, vote_0_is_repeated_in_each_cycle),
		test_with(follower, vote_corosync_gone_requests_nothing),
		test_with(follower, vote_corosync_stalled_requests_nothing),
		test_with(follower, vote_after_a_stall_begins_with_0),
		test_with(follower, vote_before_the_write_landed_stands),
		test_with(follower, vote_with_a_failed_write_stands),
		test_with(follower, vote_with_late_reads_stands_until_l1),
		test_with(follower, vote_of_a_cycle_as_old_as_i_casts),
		test_with(follower, vote_of_a_cycle_older_than_i_stands),
		test_with(follower, vote_cast_as_0_by_the_hand_no_longer_stands),
		test_with(follower, vote_of_a_dead_master_holds),
		test_with(follower, vote_of_a_master_that_left_holds),
		test_with(follower, vote_held_for_v_less_i_casts_0),
		test_with(follower, vote_not_cast_before_is_not_held),
		test_with(follower, vote_held_then_a_new_master_casts_1),
		test_with(follower, vote_held_twice_counts_from_the_second),
		test_with(follower, vote_is_noted_when_it_changes_only),
		test_with(follower, vote_held_and_score_short_casts_0),
		test_with(follower, vote_of_a_master_in_another_ring_is_not_held),
		test_with(follower, vote_with_master_wins_is_not_cast_by_a_follower),
		test_with(master, vote_with_master_wins_is_cast_by_the_master),
		test_with(follower, vote_with_master_wins_answers_0_to_a_ring),
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
		test_with(follower, mark_view_is_the_present_ring),
		test_with(follower, mark_in_sync_of_a_smaller_ring_is_what_is_left),
		test_with(follower, mark_in_sync_of_a_view_quorate_by_nodes_is_the_ring),
		test_with(follower, mark_is_cleared_by_a_0_with_quorate_0),
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
		test_with(follower, wait_for_one_without_mark_no),
		test_with(follower, wait_for_a_view_without_me_yes),
		test_with(follower, wait_for_a_view_with_me_no),
		test_with(follower, wait_for_an_empty_view_yes),
		test_with(follower, wait_for_an_evicted_voter_yes),
		test_with(follower, wait_for_one_evicted_as_fenced_no),
		test_with(follower, wait_for_an_unreadable_slot_yes_without_limit),
		test_with(follower, wait_for_a_slot_readable_again_as_it_says),
		test_with(follower, wait_for_a_silent_voter_until_z),
		test_with(follower, wait_for_a_beating_voter_without_limit),
		test_with(fresh, wait_for_a_leftover_voter_z_from_the_start),
		test_with(fresh, wait_for_a_leftover_evicted_voter_z_from_the_start),
		test_with(follower, wait_for_a_voter_z_from_its_last_beat),
		test_with(fresh, wait_for_a_slot_never_read_yes),
		test_with(follower, wait_for_a_legacy_node_no),
		test_with(follower, node_votes_are_summed),
		test_with(follower, quorate_by_device_is_told_from_quorate_by_nodes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
