/* elect.c: how a bid ends in mastership, two masters, the hand-over. qdisk(5),
 * "Election", "Hand-over". */
#include "mind_scene.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
