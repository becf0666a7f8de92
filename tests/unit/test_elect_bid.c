/* elect.c: who bids when, and whose voting mark holds a bid. qdisk(5), "Election". */
#include "mind_scene.h"

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
		test_with(first_of_3, elect_mark_without_me_holds_the_bid),
		test_with(first_of_3, elect_held_bid_is_said_once),
		test_with(first_of_3, elect_mark_set_after_the_bid_holds_it),
		test_with(first_of_3, elect_mark_with_me_holds_nobody),
		test_with(first_of_3, elect_mark_cleared_frees_the_bid),
		test_with(first_of_3, elect_mark_of_a_silent_node_holds_for_z),
		test_with(first_of_3, elect_unreadable_slot_holds_the_bid),
		test_with(first_of_3, elect_mark_of_a_fenced_node_that_writes_on_makes_wait),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
