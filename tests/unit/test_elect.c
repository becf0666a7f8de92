/* elect.c: bids, acks, mastership, hand-over, the master's mask. qdisk(5),
 * "Election", "Hand-over". */
#include "mind_fixture.h"

static struct mind m;

/* Node 1 of three; 2 and 3 run and answer. */
static int first_of_3(void **state)
{
	(void)state;
	scene_no_master(&m, 1, 3);
	m.acking = 6;
	return 0;
}

/* Node 2 of three; 1 and 3 run. */
static int second_of_3(void **state)
{
	(void)state;
	scene_no_master(&m, 2, 3);
	return 0;
}

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

static bool bidding(void)
{
	return written_block(&m)->message == QD_MSG_BID;
}

static uint32_t acks(void)
{
	const struct qd_block *b = written_block(&m);

	return b->message == QD_MSG_ACK ? b->argument : 0;
}

static void bids_after_w(void)
{
	for (unsigned i = 0; i < W + 1 && !bidding(); i++)
		mind_cycle(&m);
	assert_true(bidding());
	mind_forget(&m);
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

/* ---- Bids ---- */

static void elect_bid_waits_w_cycles(void **state)
{
	(void)state;
	mind_cycles(&m, W - 1);
	assert_false(bidding());
	mind_cycle(&m);
	assert_true(bidding());
}

static void elect_not_the_lowest_of_its_ring_does_not_bid(void **state)
{
	(void)state;
	mind_cycles(&m, 5 * M);
	assert_int_equal(m.noted[QD_NOTE_BID], 0);
}

static void elect_lowest_initialising_only_leaves_the_bid_to_me(void **state)
{
	(void)state;
	peer(&m, 1)->state = QD_STATE_INIT;
	bids_after_w();
}

static void elect_lowest_of_its_ring_bids_whoever_is_lower_elsewhere(void **state)
{
	(void)state;
	mind_ring(&m, 2, 6);	/* 1 is up, in another ring */
	peer_ring(&m, 1, 3, 1);
	bids_after_w();
}

static void elect_with_a_live_master_nobody_bids(void **state)
{
	(void)state;
	peer_is_master(&m, 3, 7);
	mind_cycles(&m, 5 * M);
	assert_int_equal(m.noted[QD_NOTE_BID], 0);
}

/* Live need not be up: missed <= K. */
static void elect_master_that_missed_k_is_still_live(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(1);
	mind_cycles(&m, K);
	assert_int_equal(m.s.master, 1);
	mind_cycle(&m);
	assert_int_equal(m.s.master, 0);
}

static void elect_unreadable_master_is_live_up_to_k(void **state)
{
	(void)state;
	m.slot[0].result = QD_SLOT_CORRUPT;
	mind_cycles(&m, K);
	assert_int_equal(m.s.master, 1);
	mind_cycle(&m);
	assert_int_equal(m.s.master, 0);
}

static void elect_never_before_a_tick(void **state)
{
	(void)state;
	mind_cycles(&m, W - 1);
	for (unsigned i = 1; i < 19; i++)
		mind_express(&m, 10 * i);
	assert_false(bidding());
}

static void elect_bid_sequence_is_new_for_each_bid(void **state)
{
	uint16_t before;

	(void)state;
	m.acking = 0;
	bids_after_w();
	before = written_block(&m)->sequence;
	peer_bids(&m, 2, 1);		/* not better: 1 is lower */
	mind_event(&m, QD_EV_TIMER, L1);
	m.tick_ms += L1 - I + 20;
	mind_cycle(&m);			/* woke: rescinded */
	assert_false(bidding());
	peer_bids(&m, 2, 0);
	mind_cycles(&m, 2);
	assert_true(bidding());
	assert_int_not_equal(written_block(&m)->sequence, before);
}

static void elect_wake_up_rescinds_the_bid(void **state)
{
	(void)state;
	m.acking = 0;
	bids_after_w();
	m.tick_ms += L1 - I;
	mind_cycle(&m);
	assert_false(bidding());
	assert_int_equal(m.noted[QD_NOTE_BID_RESCINDED], 1);
}

static void elect_wake_up_makes_nobody_master(void **state)
{
	(void)state;
	bids_after_w();
	mind_cycles(&m, M - 1);
	m.tick_ms += L1 - I;
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void elect_wake_up_starts_no_bid(void **state)
{
	(void)state;
	mind_cycles(&m, W - 1);
	m.tick_ms += L1 - I;
	mind_cycle(&m);		/* the first tick past W */
	assert_false(bidding());
	assert_int_equal(m.noted[QD_NOTE_BID], 0);
}

static void elect_stopping_starts_no_bid(void **state)
{
	(void)state;
	mind_cycles(&m, W - 1);
	m.hand_stuck = true;
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycle(&m);
	assert_false(bidding());
	assert_int_equal(m.noted[QD_NOTE_BID], 0);
}

static void elect_sequence_is_never_0(void **state)
{
	(void)state;
	m.s.bid_sequence = 65535;
	bids_after_w();
	assert_int_equal(written_block(&m)->sequence, 1);
}

static void elect_stopping_bids_no_more(void **state)
{
	(void)state;
	bids_after_w();
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycle(&m);
	assert_false(bidding());
}

static void elect_foreign_block_in_my_slot_starts_no_bid(void **state)
{
	(void)state;
	mind_cycles(&m, W - 1);
	m.slot[0].block.incarnation = 0xF00;
	mind_cycle(&m);
	assert_false(bidding());
}

/* ---- Mastership ---- */

static void elect_all_acked_is_master_after_m_cycles(void **state)
{
	(void)state;
	bids_after_w();
	mind_cycles(&m, M - 1);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
	assert_int_equal(m.noted[QD_NOTE_MASTER], 1);
	assert_int_equal(written_block(&m)->message, QD_MSG_NONE);
	assert_int_equal(written_block(&m)->state, QD_STATE_MASTER);
}

static void elect_master_is_said_once(void **state)
{
	(void)state;
	peer_is_master(&m, 3, 7);
	mind_cycles(&m, 5);
	assert_int_equal(m.noted[QD_NOTE_MASTER_IS], 1);
	assert_int_equal(m.note[QD_NOTE_MASTER_IS].node, 3);
	peer(&m, 3)->state = QD_STATE_NONE;
	mind_cycles(&m, 5);
	assert_int_equal(m.noted[QD_NOTE_MASTER_LOST], 1);
	assert_int_equal(m.note[QD_NOTE_MASTER_LOST].node, 3);
}

static void elect_bid_that_did_not_land_does_not_age(void **state)
{
	(void)state;
	mind_cycles(&m, W - 1);
	for (unsigned i = 0; i < M + 2; i++) {
		mind_tick(&m);
		mind_read(&m, /* tick */ true, 0);
		mind_write_failed(&m, 10);
	}
	assert_int_equal(m.s.role, QD_STATE_RUN);
	assert_int_equal(m.s.bid_ticks, 0);
}

static void elect_express_cycles_do_not_age_a_bid(void **state)
{
	(void)state;
	bids_after_w();
	for (unsigned i = 1; i < 15; i++)
		mind_express(&m, 10 * i + 20);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

/* Row 10: only an ack of this bid counts. */
static void legacy_10_ack_of_an_older_bid_does_not_count(void **state)
{
	(void)state;
	m.acking = qd_bit(2);
	peer(&m, 3)->message = QD_MSG_ACK;
	peer(&m, 3)->argument = 1;
	peer(&m, 3)->sequence = 0;
	bids_after_w();
	mind_cycles(&m, 2 * M - 1);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void elect_ack_for_another_does_not_count(void **state)
{
	(void)state;
	m.acking = qd_bit(2);
	bids_after_w();
	peer(&m, 3)->message = QD_MSG_ACK;
	peer(&m, 3)->argument = 2;
	peer(&m, 3)->sequence = written_block(&m)->sequence;
	mind_cycles(&m, 2 * M - 1);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void elect_nack_does_not_count(void **state)
{
	(void)state;
	m.acking = qd_bit(2);
	bids_after_w();
	peer(&m, 3)->message = QD_MSG_NACK;
	peer(&m, 3)->argument = 1;
	peer(&m, 3)->sequence = written_block(&m)->sequence;
	mind_cycles(&m, 2 * M - 1);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

/* Row 09: one mute node does not block the election for ever. */
static void legacy_09_mute_peer_blocks_for_2_m_cycles_only(void **state)
{
	(void)state;
	m.acking = qd_bit(2);
	bids_after_w();
	mind_cycles(&m, 2 * M - 1);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
}

static void legacy_09_starting_peer_has_no_say(void **state)
{
	(void)state;
	m.acking = qd_bit(2);
	peer(&m, 3)->state = QD_STATE_INIT;
	bids_after_w();
	mind_cycles(&m, M);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
}

/* Each took itself for the first and the other for mute (8 of 6,000). */
static void elect_peer_that_bids_always_blocks(void **state)
{
	(void)state;
	m.acking = qd_bit(2);
	bids_after_w();
	peer_bids(&m, 3, 7);
	mind_cycles(&m, 10 * M);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	assert_true(bidding());
}

static void elect_bid_of_a_peer_not_yet_up_again_blocks(void **state)
{
	(void)state;
	peer_is_master(&m, 2, 7);	/* until 3 is dead to me */
	m.beating &= ~qd_bit(3);
	mind_cycles(&m, K + 2);
	peer(&m, 2)->state = QD_STATE_RUN;
	m.acking = qd_bit(2);
	bids_after_w();
	mind_cycles(&m, M - U);
	peers_are(&m, qd_bit(3), QD_STATE_RUN);
	peer_bids(&m, 3, 7);
	mind_cycles(&m, U);		/* seen U times: not up, and bids */
	assert_false(m.s.member[2].up);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void elect_alone_is_master(void **state)
{
	(void)state;
	m.beating = 0;
	mind_cycles(&m, K + 1 + W + M);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
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

/* ---- The voting mark ---- */

/* Node 3 is in another ring and votes there. */
static void rival_votes(void)
{
	mind_ring(&m, 2, 3);
	peer_ring(&m, 3, 3, 4);
	peer_votes(&m, 3, 4);
	peer(&m, 3)->state = QD_STATE_INIT;	/* no say of its own */
	m.acking = 2;
}

static void elect_mark_without_me_holds_the_bid(void **state)
{
	(void)state;
	rival_votes();
	bids_after_w();
	mind_cycles(&m, 20 * M);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	assert_true(bidding());
	assert_true(written_block(&m)->ext.flags & QD_EXT_HELD_BACK);
}

static void elect_held_bid_is_said_once(void **state)
{
	(void)state;
	rival_votes();
	mind_cycles(&m, W + 5 * M);
	assert_int_equal(m.noted[QD_NOTE_BID_HELD], 1);
	assert_int_equal(m.note[QD_NOTE_BID_HELD].node, 3);
}

static void elect_mark_set_after_the_bid_holds_it(void **state)
{
	(void)state;
	rival_votes();
	peer(&m, 3)->ext.flags = 0;
	bids_after_w();
	peer_votes(&m, 3, 4);
	mind_cycles(&m, 5 * M);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	assert_int_equal(m.noted[QD_NOTE_BID_HELD], 1);
}

static void elect_mark_with_me_holds_nobody(void **state)
{
	(void)state;
	rival_votes();
	peer_votes(&m, 3, 5);
	bids_after_w();
	mind_cycles(&m, M);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
}

static void elect_mark_cleared_frees_the_bid(void **state)
{
	(void)state;
	rival_votes();
	bids_after_w();
	mind_cycles(&m, 3 * M);
	peer(&m, 3)->ext.flags = 0;
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
}

static void elect_mark_of_a_silent_node_holds_for_z(void **state)
{
	uint64_t beat_ms;

	(void)state;
	rival_votes();
	bids_after_w();
	beat_ms = m.tick_ms;
	m.beating &= ~qd_bit(3);
	m.s.p.fencing = false;
	while (m.tick_ms + I < beat_ms + Z)
		mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
}

static void elect_unreadable_slot_holds_the_bid(void **state)
{
	(void)state;
	m.slot[2].result = QD_SLOT_CORRUPT;
	mind_cycles(&m, W + 10 * M);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void elect_mark_of_a_fenced_node_that_writes_on_makes_wait(void **state)
{
	struct qd_block live;

	(void)state;
	rival_votes();
	mind_cycles(&m, U + 2);
	live = *peer(&m, 3);
	m.beating &= ~qd_bit(3);
	peer(&m, 3)->state = QD_STATE_EVICTED;
	peer(&m, 3)->writer_id = 2;
	peer(&m, 3)->ext.victim_incarnation = live.incarnation;
	peer(&m, 3)->ext.flags |= QD_EXT_FENCED;
	mind_cycle(&m);
	assert_false(mark_makes_wait(&m.s, 3, m.tick_ms));
	live.ext.beat += 5;	/* the fencing had lied */
	*peer(&m, 3) = live;
	mind_cycle(&m);
	assert_true(mark_makes_wait(&m.s, 3, m.tick_ms));
}

/* ---- Two masters ---- */

static void elect_master_of_a_lower_id_makes_me_abdicate(void **state)
{
	(void)state;
	mind_init(&m, 2, 3);
	peers_are(&m, 4, QD_STATE_RUN);
	peers_are(&m, 1, QD_STATE_INIT);
	m.acking = 4;
	mind_run(&m);
	mind_cycles(&m, W + M + 2);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
	mind_forget(&m);
	peer_is_master(&m, 1, 7);
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	assert_int_equal(m.cast, 0);		/* in the same step */
	assert_int_equal(written_block(&m)->state, QD_STATE_RUN);
	assert_int_equal(m.noted[QD_NOTE_ABDICATE], 1);
}

static void elect_master_of_a_higher_id_does_not_make_me_abdicate(void **state)
{
	(void)state;
	peer_is_master(&m, 3, 7);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
	assert_int_equal(m.noted[QD_NOTE_TWO_MASTERS], 1);
	assert_int_equal(m.cast, 0);		/* exactly one live master is no longer seen */
}

static void elect_abdicated_casts_for_the_other_once_counted_in(void **state)
{
	(void)state;
	elect_master_of_a_lower_id_makes_me_abdicate(state);
	mind_landed(&m, 10);
	mind_cycles(&m, 2);
	assert_int_equal(m.cast, 1);
}

static void elect_master_remembers_its_ring_as_the_last_masters(void **state)
{
	(void)state;
	mind_ring(&m, 2, 7);
	mind_cycle(&m);
	assert_int_equal(m.s.last_master, 1);
	assert_true(qd_ring_equal(m.s.last_master_ring, m.in.cs.ring));
}

static void elect_abdicated_waits_w_again(void **state)
{
	(void)state;
	elect_master_of_a_lower_id_makes_me_abdicate(state);
	mind_landed(&m, 10);
	peer(&m, 1)->state = QD_STATE_INIT;
	mind_cycles(&m, W - 1);
	assert_false(bidding());
	mind_cycle(&m);
	assert_true(bidding());
}

/* ---- Hand-over ---- */

static void leaves_to(uint32_t successor)
{
	peer(&m, 1)->state = QD_STATE_NONE;
	peer(&m, 1)->master_mask = 0;
	peer(&m, 1)->ext.flags = QD_EXT_LEAVING;
	peer(&m, 1)->ext.successor = successor;
}

static void handover_named_successor_is_master_at_the_first_tick(void **state)
{
	(void)state;
	leaves_to(2);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
	assert_int_equal(m.noted[QD_NOTE_TAKEOVER], 1);
	assert_int_equal(m.cast, 1);
	assert_int_equal(m.votes[0], 0);
}

static void handover_never_in_an_express_cycle(void **state)
{
	(void)state;
	leaves_to(2);
	mind_express(&m, 50);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void handover_seen_by_an_express_cycle_first_is_taken_at_the_tick(void **state)
{
	(void)state;
	leaves_to(2);
	m.beating &= ~qd_bit(1);
	mind_express(&m, 50);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
}

static void handover_to_another_is_not_taken(void **state)
{
	(void)state;
	leaves_to(3);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

/* R16: a successor that was frozen must not wake up as master. */
static void handover_missed_at_its_first_tick_is_gone(void **state)
{
	(void)state;
	m.s.p.t.upgrade_wait = 50;	/* no bid meanwhile */
	m.s.role_ticks = 0;
	leaves_to(3);
	mind_cycle(&m);
	leaves_to(2);
	mind_cycles(&m, 3);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void handover_after_a_wake_up_is_not_taken(void **state)
{
	(void)state;
	leaves_to(2);
	m.tick_ms += L1 - I;
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void handover_from_another_ring_is_not_taken(void **state)
{
	(void)state;
	peer_ring(&m, 1, 77, 7);
	leaves_to(2);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void handover_while_somebody_bids_is_not_taken(void **state)
{
	(void)state;
	peer_bids(&m, 3, 3);
	leaves_to(2);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void handover_against_a_voting_mark_is_not_taken(void **state)
{
	(void)state;
	peer_votes(&m, 3, 4);
	leaves_to(2);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void handover_from_one_that_was_no_live_master_is_not_taken(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(1);
	mind_cycles(&m, K + 1);		/* dead at the last look */
	m.beating |= qd_bit(1);
	leaves_to(2);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

static void handover_without_the_leaving_flag_is_an_election(void **state)
{
	(void)state;
	leaves_to(2);
	peer(&m, 1)->ext.flags = 0;
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_RUN);
}

/* ---- The master's mask ---- */

static qd_mask mask(void)
{
	mind_cycle(&m);
	return written_block(&m)->master_mask;
}

static void mask_has_all_that_run_here(void **state)
{
	(void)state;
	assert_int_equal(mask(), 7);
}

static void mask_without_one_not_up(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(3);
	mind_cycles(&m, K);
	assert_int_equal(mask(), 3);
}

static void mask_without_one_initialising(void **state)
{
	(void)state;
	peer(&m, 3)->state = QD_STATE_INIT;
	assert_int_equal(mask(), 3);
}

static void mask_without_one_outside_my_membership(void **state)
{
	(void)state;
	mind_ring(&m, 2, 3);
	assert_int_equal(mask(), 3);
}

static void mask_without_one_that_shows_another_ring(void **state)
{
	(void)state;
	peer_ring(&m, 3, 77, 7);
	assert_int_equal(mask(), 3);
}

static void mask_has_a_legacy_node_whatever_its_ring(void **state)
{
	(void)state;
	peer(&m, 3)->has_ext = false;
	memset(&peer(&m, 3)->ext, 0, sizeof(peer(&m, 3)->ext));
	mind_cycle(&m);
	assert_int_equal(mask(), 7);
}

static void mask_of_a_follower_is_empty(void **state)
{
	(void)state;
	assert_int_equal(mask(), 0);
}

/* R14: repeated until mask and ring agree. */
static void mask_incomplete_in_a_new_ring_wants_an_express_cycle(void **state)
{
	(void)state;
	m.following &= ~qd_bit(3);
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 60);
	mind_forget(&m);
	mind_express(&m, 80);
	assert_true(m.express);
}

static void mask_complete_wants_no_express_cycle(void **state)
{
	(void)state;
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 60);
	mind_express(&m, 70);
	mind_forget(&m);
	mind_express(&m, 80);
	assert_false(m.express);
}

/* One that never shows it is waited for at its ticks. */
static void mask_incomplete_for_long_wants_no_express_cycle(void **state)
{
	(void)state;
	m.following &= ~qd_bit(3);
	mind_ring(&m, 2, 7);
	mind_cycles(&m, 5);
	mind_forget(&m);
	mind_express(&m, 60);
	assert_false(m.express);
}

static void mask_of_another_is_not_waited_for(void **state)
{
	(void)state;
	m.following &= ~qd_bit(3);
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 60);
	mind_express(&m, 70);
	mind_forget(&m);
	mind_express(&m, 80);
	assert_false(m.express);
}

static void mask_is_in_the_new_ring_within_two_express_cycles(void **state)
{
	(void)state;
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	mind_express(&m, 60);
	mind_express(&m, 70);
	assert_int_equal(written_block(&m)->master_mask, 7);
	assert_int_equal(written_block(&m)->ext.ring.seq, 2);
}

#define test_with(setup, name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(first_of_3, elect_bid_waits_w_cycles),
		test_with(second_of_3, elect_not_the_lowest_of_its_ring_does_not_bid),
		test_with(second_of_3, elect_lowest_initialising_only_leaves_the_bid_to_me),
		test_with(second_of_3, elect_lowest_of_its_ring_bids_whoever_is_lower_elsewhere),
		test_with(first_of_3, elect_with_a_live_master_nobody_bids),
		test_with(follower, elect_master_that_missed_k_is_still_live),
		test_with(follower, elect_unreadable_master_is_live_up_to_k),
		test_with(first_of_3, elect_never_before_a_tick),
		test_with(first_of_3, elect_bid_sequence_is_new_for_each_bid),
		test_with(first_of_3, elect_wake_up_rescinds_the_bid),
		test_with(first_of_3, elect_wake_up_makes_nobody_master),
		test_with(first_of_3, elect_wake_up_starts_no_bid),
		test_with(first_of_3, elect_stopping_starts_no_bid),
		test_with(first_of_3, elect_sequence_is_never_0),
		test_with(first_of_3, elect_stopping_bids_no_more),
		test_with(first_of_3, elect_foreign_block_in_my_slot_starts_no_bid),
		test_with(first_of_3, elect_all_acked_is_master_after_m_cycles),
		test_with(first_of_3, elect_master_is_said_once),
		test_with(first_of_3, elect_bid_that_did_not_land_does_not_age),
		test_with(first_of_3, elect_express_cycles_do_not_age_a_bid),
		test_with(first_of_3, legacy_10_ack_of_an_older_bid_does_not_count),
		test_with(first_of_3, elect_ack_for_another_does_not_count),
		test_with(first_of_3, elect_nack_does_not_count),
		test_with(first_of_3, legacy_09_mute_peer_blocks_for_2_m_cycles_only),
		test_with(first_of_3, legacy_09_starting_peer_has_no_say),
		test_with(first_of_3, elect_peer_that_bids_always_blocks),
		test_with(first_of_3, elect_bid_of_a_peer_not_yet_up_again_blocks),
		test_with(first_of_3, elect_alone_is_master),
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
		test_with(first_of_3, elect_mark_without_me_holds_the_bid),
		test_with(first_of_3, elect_held_bid_is_said_once),
		test_with(first_of_3, elect_mark_set_after_the_bid_holds_it),
		test_with(first_of_3, elect_mark_with_me_holds_nobody),
		test_with(first_of_3, elect_mark_cleared_frees_the_bid),
		test_with(first_of_3, elect_mark_of_a_silent_node_holds_for_z),
		test_with(first_of_3, elect_unreadable_slot_holds_the_bid),
		test_with(first_of_3, elect_mark_of_a_fenced_node_that_writes_on_makes_wait),
		test_with(first_of_3, elect_master_of_a_lower_id_makes_me_abdicate),
		test_with(master, elect_master_of_a_higher_id_does_not_make_me_abdicate),
		test_with(first_of_3, elect_abdicated_waits_w_again),
		test_with(first_of_3, elect_abdicated_casts_for_the_other_once_counted_in),
		test_with(master, elect_master_remembers_its_ring_as_the_last_masters),
		test_with(follower, handover_named_successor_is_master_at_the_first_tick),
		test_with(follower, handover_never_in_an_express_cycle),
		test_with(follower, handover_seen_by_an_express_cycle_first_is_taken_at_the_tick),
		test_with(follower, handover_to_another_is_not_taken),
		test_with(follower, handover_missed_at_its_first_tick_is_gone),
		test_with(follower, handover_after_a_wake_up_is_not_taken),
		test_with(follower, handover_from_another_ring_is_not_taken),
		test_with(follower, handover_while_somebody_bids_is_not_taken),
		test_with(follower, handover_against_a_voting_mark_is_not_taken),
		test_with(follower, handover_from_one_that_was_no_live_master_is_not_taken),
		test_with(follower, handover_without_the_leaving_flag_is_an_election),
		test_with(master, mask_has_all_that_run_here),
		test_with(master, mask_without_one_not_up),
		test_with(master, mask_without_one_initialising),
		test_with(master, mask_without_one_outside_my_membership),
		test_with(master, mask_without_one_that_shows_another_ring),
		test_with(master, mask_has_a_legacy_node_whatever_its_ring),
		test_with(follower, mask_of_a_follower_is_empty),
		test_with(master, mask_incomplete_in_a_new_ring_wants_an_express_cycle),
		test_with(master, mask_complete_wants_no_express_cycle),
		test_with(master, mask_incomplete_for_long_wants_no_express_cycle),
		test_with(follower, mask_of_another_is_not_waited_for),
		test_with(master, mask_is_in_the_new_ring_within_two_express_cycles),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
