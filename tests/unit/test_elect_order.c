/* elect.c: whose bid is acked: the order of bidders, and a stranger's bid. qdisk(5),
 * "Election". */
#include "mind_scene.h"

static uint32_t acks(void)
{
	const struct qd_block *b = written_block(&m);

	return b->message == QD_MSG_ACK ? b->argument : 0;
}

/* Four nodes, me `me`; master 4 died in the ring {3,4} (seq 8) that it and node 3
 * showed; I am with 1 and 2 in the ring {1,2} (seq 9). Node 3 runs. */
static void other_ring_had_the_master(uint32_t me)
{
	mind_init(&m, me, 4);
	mind_ring(&m, 9, 3);
	peers_are(&m, 3u & ~qd_bit(me), QD_STATE_RUN);
	peers_are(&m, qd_bit(3), QD_STATE_RUN);
	peer_is_master(&m, 4, 12);
	peer_ring(&m, 3, 8, 12);
	peer_ring(&m, 4, 8, 12);
	mind_run(&m);
	mind_cycles(&m, W + 2);
	m.beating &= ~qd_bit(4);
	mind_cycles(&m, K);
	assert_int_equal(m.s.last_master, 4);
	assert_int_equal(m.s.master, 4);
	mind_forget(&m);
}

/* ---- Acks and order ---- */

static void elect_bidder_is_acked_with_its_sequence(void **state)
{
	(void)state;
	peer_bids(&m, 1, 42);
	mind_cycle(&m);
	assert_int_equal(acks(), 1);
	assert_int_equal(written_block(&m)->sequence, 42);
}

static void elect_bidder_of_a_higher_id_is_acked_too(void **state)
{
	(void)state;	/* 1 is about to run, 3 bids: 2 answers whoever bids */
	peer_bids(&m, 3, 5);
	mind_cycle(&m);
	assert_int_equal(acks(), 3);
}

static void elect_lower_of_two_bidders_is_acked(void **state)
{
	(void)state;
	peer_bids(&m, 3, 5);
	mind_cycle(&m);
	peer_bids(&m, 1, 6);
	mind_cycle(&m);
	assert_int_equal(acks(), 1);
}

static void elect_ack_is_said_once(void **state)
{
	(void)state;
	peer_bids(&m, 1, 42);
	mind_cycles(&m, 5);
	assert_int_equal(m.noted[QD_NOTE_ACK], 1);
	peer_bids(&m, 1, 43);
	mind_cycles(&m, 5);
	assert_int_equal(m.noted[QD_NOTE_ACK], 2);
}

static void elect_ack_ends_with_the_mastership(void **state)
{
	(void)state;
	peer_bids(&m, 1, 42);
	mind_cycle(&m);
	peer_bids(&m, 1, 0);
	peer_is_master(&m, 1, 7);
	mind_cycle(&m);
	assert_int_equal(acks(), 0);
	assert_int_equal(m.cast, 1);
}

static void elect_ack_and_bid_end_with_the_score(void **state)
{
	(void)state;
	peer_bids(&m, 1, 42);
	mind_cycle(&m);
	m.in.score = 0;
	mind_cycle(&m);
	assert_int_equal(written_block(&m)->message, QD_MSG_NONE);
	m.in.score = 1;
	peer(&m, 1)->state = QD_STATE_INIT;
	mind_cycle(&m);
	bids_after_w();
	m.in.score = 0;
	mind_cycle(&m);
	assert_int_equal(written_block(&m)->message, QD_MSG_NONE);
	assert_int_equal(written_block(&m)->state, QD_STATE_NONE);
}

static void elect_bid_ends_with_corosync(void **state)
{
	(void)state;
	bids_after_w();
	m.in.cs.connected = false;
	mind_cycle(&m);
	assert_int_equal(written_block(&m)->message, QD_MSG_NONE);
}

static void elect_ack_ends_with_the_bid(void **state)
{
	(void)state;
	peer_bids(&m, 1, 42);
	mind_cycle(&m);
	peer_bids(&m, 1, 0);
	mind_cycle(&m);
	assert_int_equal(acks(), 0);
}

static void elect_initialising_peers_bid_is_not_acked(void **state)
{
	(void)state;
	peer_bids(&m, 1, 42)->state = QD_STATE_INIT;
	mind_cycle(&m);
	assert_int_equal(acks(), 0);
}

static void elect_better_bidder_rescinds_mine_and_is_acked(void **state)
{
	(void)state;
	peer(&m, 1)->state = QD_STATE_INIT;
	bids_after_w();
	peer_bids(&m, 1, 3)->state = QD_STATE_RUN;
	mind_cycle(&m);
	assert_int_equal(acks(), 1);
	assert_int_equal(m.note[QD_NOTE_BID_RESCINDED].a, 1);
}

static void elect_worse_bidder_does_not_rescind_mine(void **state)
{
	(void)state;
	bids_after_w();
	peer_bids(&m, 2, 3);
	mind_cycle(&m);
	assert_true(bidding());
}

static void elect_held_bidder_comes_after_one_that_is_not(void **state)
{
	(void)state;
	peer_bids(&m, 1, 3)->ext.flags |= QD_EXT_HELD_BACK;
	peer_bids(&m, 3, 3);
	mind_cycle(&m);
	assert_int_equal(acks(), 3);
}

static void elect_bidder_in_the_last_masters_ring_comes_first(void **state)
{
	(void)state;
	other_ring_had_the_master(2);
	mind_cycle(&m);			/* dead now */
	peer_bids(&m, 1, 3);
	peer_bids(&m, 3, 3);
	m.in.cs.members = 7;		/* no stranger, whatever its block says */
	mind_cycle(&m);
	assert_int_equal(acks(), 3);
}

static void elect_bidder_of_more_than_2_m_cycles_leaves_the_ring_out(void **state)
{
	(void)state;
	other_ring_had_the_master(2);
	mind_cycle(&m);
	peer_bids(&m, 1, 3);
	peer_bids(&m, 3, 3);
	m.in.cs.members = 7;
	mind_cycles(&m, 2 * M);
	assert_int_equal(acks(), 3);
	mind_cycle(&m);
	assert_int_equal(acks(), 1);
}

/* One of them is enough: the other may see the ring otherwise. */
static void elect_one_bidder_of_more_than_2_m_cycles_is_enough(void **state)
{
	(void)state;
	other_ring_had_the_master(2);
	mind_cycle(&m);
	peer_bids(&m, 1, 3);
	m.in.cs.members = 7;
	mind_cycles(&m, 2 * M);
	peer_bids(&m, 3, 3);
	mind_cycle(&m);
	assert_int_equal(acks(), 1);
}

static void elect_bid_begun_anew_ages_from_nothing(void **state)
{
	(void)state;
	other_ring_had_the_master(2);
	mind_cycle(&m);
	m.in.cs.members = 7;
	peer_bids(&m, 1, 3);
	mind_cycles(&m, 2 * M);
	peer_bids(&m, 1, 4);		/* another bid */
	peer_bids(&m, 3, 3);
	mind_cycle(&m);
	assert_int_equal(acks(), 3);
	peer_bids(&m, 1, 0);
	mind_cycles(&m, M);
	peer_bids(&m, 1, 4);		/* the same, after a pause */
	mind_cycle(&m);
	assert_int_equal(acks(), 3);
}

/* R8: the dead master's ring is often one that nobody is in any more. */
static void elect_ring_that_nobody_shows_counts_for_nothing(void **state)
{
	(void)state;
	other_ring_had_the_master(2);
	peer_ring(&m, 3, 10, 4);	/* it has moved on */
	mind_cycle(&m);
	peer_bids(&m, 1, 3);
	peer_bids(&m, 3, 3);
	m.in.cs.members = 7;
	mind_cycle(&m);
	assert_int_equal(acks(), 1);
}

static void elect_other_ring_bids_after_2_m_quiet_cycles(void **state)
{
	(void)state;
	other_ring_had_the_master(1);
	m.acking = 2;
	mind_cycles(&m, 2 * M - 1);
	assert_false(bidding());
	mind_cycle(&m);
	assert_true(bidding());
}

static void elect_other_ring_waits_while_the_last_masters_bids(void **state)
{
	(void)state;
	other_ring_had_the_master(1);
	mind_cycle(&m);
	peer_bids(&m, 3, 3);
	mind_cycles(&m, 6 * M);
	assert_false(bidding());
}

static void elect_other_ring_bids_at_once_where_nobody_shows_the_masters(void **state)
{
	(void)state;
	other_ring_had_the_master(1);
	peer_ring(&m, 3, 10, 4);
	mind_cycles(&m, 2);
	assert_true(bidding());
}

static void elect_held_bidder_is_acked_by_one_held_itself(void **state)
{
	(void)state;	/* 3's mark holds 1 and me alike; we are in different rings */
	mind_ring(&m, 2, qd_bit(2));
	peer_ring(&m, 1, 3, 1);
	peer_ring(&m, 3, 4, 4);
	peer_votes(&m, 3, 4);
	peer_bids(&m, 1, 3)->ext.flags |= QD_EXT_HELD_BACK;
	mind_cycles(&m, 6 * M);
	assert_true(m.noted[QD_NOTE_BID] <= 1);
	assert_int_equal(acks(), 1);
}

/* ---- A stranger's bid ---- */

static void stranger_bids(void)
{
	peer_is_master(&m, 1, 7);
	mind_cycles(&m, 2);
	assert_int_equal(m.cast, 1);
	peer(&m, 1)->state = QD_STATE_RUN;
	mind_ring(&m, 2, 6);
	peer_ring(&m, 1, 3, 1);
	peer_bids(&m, 1, 3);
	mind_forget(&m);
}

/* R2: what was cast before may still be counted. */
static void stranger_is_not_acked_before_0_is_cast(void **state)
{
	(void)state;
	m.hand_stuck = false;
	stranger_bids();
	m.hand_stuck = true;
	mind_cycles(&m, 3);
	assert_int_equal(m.cast, 0);
	assert_int_equal(acks(), 0);
}

static void stranger_is_acked_once_0_is_accepted_in_the_present_ring(void **state)
{
	(void)state;
	stranger_bids();
	mind_cycle(&m);
	assert_int_equal(acks(), 0);
	mind_cycle(&m);
	assert_int_equal(acks(), 1);
	assert_int_equal(m.cast, 0);
}

static void stranger_ack_after_another_ring_needs_another_0(void **state)
{
	(void)state;
	stranger_bids();
	mind_cycles(&m, 2);
	assert_int_equal(acks(), 1);
	m.hand_stuck = true;		/* the answer to this ring is owed */
	mind_ring(&m, 5, 6);
	mind_cycle(&m);
	assert_int_equal(acks(), 0);
}

static void stranger_ack_with_a_refused_0_is_not_given(void **state)
{
	(void)state;
	stranger_bids();
	m.hand_stuck = true;
	mind_cycle(&m);
	m.in.cs.polled_seq = m.s.vote_seq;
	m.in.cs.polled_accepted = false;
	m.in.cs.polled_cast = false;
	m.in.cs.polled_ring = m.in.cs.ring;
	mind_express(&m, 50);
	assert_int_equal(acks(), 0);
}

static void stranger_that_gives_up_frees_the_vote(void **state)
{
	(void)state;
	stranger_bids();
	mind_cycles(&m, 3);
	assert_int_equal(m.cast, 0);
	peer_bids(&m, 1, 0);
	peer_is_master(&m, 3, 6);
	mind_cycles(&m, 3);
	assert_int_equal(m.cast, 1);
}

static void stranger_that_is_a_member_of_my_ring_needs_no_0(void **state)
{
	(void)state;
	peer_is_master(&m, 3, 7);
	mind_cycles(&m, 2);
	peer(&m, 3)->state = QD_STATE_RUN;
	peer_ring(&m, 1, 3, 1);		/* it is about to show mine */
	peer_bids(&m, 1, 3);
	mind_forget(&m);
	mind_cycle(&m);
	assert_int_equal(acks(), 1);
	assert_int_equal(m.votes[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(second_of_3, elect_bidder_is_acked_with_its_sequence),
		test_with(second_of_3, elect_bidder_of_a_higher_id_is_acked_too),
		test_with(second_of_3, elect_lower_of_two_bidders_is_acked),
		test_with(second_of_3, elect_ack_ends_with_the_bid),
		test_with(second_of_3, elect_ack_is_said_once),
		test_with(second_of_3, elect_ack_ends_with_the_mastership),
		test_with(second_of_3, elect_ack_and_bid_end_with_the_score),
		test_with(first_of_3, elect_bid_ends_with_corosync),
		test_with(second_of_3, elect_initialising_peers_bid_is_not_acked),
		test_with(second_of_3, elect_better_bidder_rescinds_mine_and_is_acked),
		test_with(first_of_3, elect_worse_bidder_does_not_rescind_mine),
		test_with(second_of_3, elect_held_bidder_comes_after_one_that_is_not),
		test_with(first_of_3, elect_bidder_in_the_last_masters_ring_comes_first),
		test_with(first_of_3, elect_bidder_of_more_than_2_m_cycles_leaves_the_ring_out),
		test_with(first_of_3, elect_one_bidder_of_more_than_2_m_cycles_is_enough),
		test_with(first_of_3, elect_bid_begun_anew_ages_from_nothing),
		test_with(first_of_3, elect_ring_that_nobody_shows_counts_for_nothing),
		test_with(first_of_3, elect_other_ring_bids_after_2_m_quiet_cycles),
		test_with(first_of_3, elect_other_ring_waits_while_the_last_masters_bids),
		test_with(first_of_3, elect_other_ring_bids_at_once_where_nobody_shows_the_masters),
		test_with(second_of_3, elect_held_bidder_is_acked_by_one_held_itself),
		test_with(second_of_3, stranger_is_not_acked_before_0_is_cast),
		test_with(second_of_3, stranger_is_acked_once_0_is_accepted_in_the_present_ring),
		test_with(second_of_3, stranger_ack_after_another_ring_needs_another_0),
		test_with(second_of_3, stranger_ack_with_a_refused_0_is_not_given),
		test_with(second_of_3, stranger_that_gives_up_frees_the_vote),
		test_with(second_of_3, stranger_that_is_a_member_of_my_ring_needs_no_0),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
