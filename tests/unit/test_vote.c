/* vote.c: casts, holds, casts 0; master_wins. qdisk(5), "Vote". */
#include "mind_scene.h"

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
	assert_true(m.vote.vote.good_until_ms >= m.tick_ms + I);
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
		test_with(follower, node_votes_are_summed),
		test_with(follower, quorate_by_device_is_told_from_quorate_by_nodes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
