/* own.c: our own slot: what is written, and what else may be found there. qdisk(5),
 * "Own block". */
#include "mind_scene.h"

/* ---- The block ---- */

static void own_block_beat_grows_with_every_write(void **state)
{
	uint64_t beat = written_block(&m)->ext.beat;

	(void)state;
	mind_cycle(&m);
	mind_express(&m, 50);
	assert_int_equal(written_block(&m)->ext.beat, beat + 2);
}

static void own_block_says_who_and_where(void **state)
{
	const struct qd_block *b = written_block(&m);

	(void)state;
	assert_int_equal(b->node_id, 2);
	assert_int_equal(b->writer_id, 2);
	assert_int_equal(b->incarnation, LIFE);
	assert_int_equal(b->ext.interval_ms, I);
	assert_int_equal(b->ext.tko, K);
	assert_true(qd_ring_equal(b->ext.ring, m.in.cs.ring));
	assert_int_equal(b->ext.members, 7);
	assert_string_equal(b->ext.node_name, "me");
}

static void own_block_without_heuristics_says_score_0_of_0(void **state)
{
	(void)state;
	assert_int_equal(written_block(&m)->score, 0);
	assert_int_equal(written_block(&m)->score_max, 0);
}

static void own_block_with_heuristics_says_the_score(void **state)
{
	(void)state;
	m.s.p.heuristic_count = 2;
	m.in.score = 3;
	m.in.score_max = 4;
	mind_cycle(&m);
	assert_int_equal(written_block(&m)->score, 3);
	assert_int_equal(written_block(&m)->score_max, 4);
}

static void own_block_online_is_me_and_those_up(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(3);
	mind_cycles(&m, K + 1);
	assert_int_equal(written_block(&m)->online, qd_bit(1) | qd_bit(2));
}

static void own_block_is_read_before_it_is_written(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->ext.victim_incarnation = LIFE;
	mind_express(&m, 50);
	assert_int_equal(m.own_writes, 0);
}

static void failed_read_writes_nothing(void **state)
{
	(void)state;
	mind_read_failed(&m, QD_IO_ERROR);
	assert_int_equal(m.own_writes, 0);
}

static void label_replaced_writes_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		mind_read_failed(&m, QD_IO_STRANGER);
	assert_int_equal(m.own_writes, 0);
	assert_int_equal(m.noted[QD_NOTE_STRANGER], 1);
}

/* ---- Unreadable ---- */

static void own_slot_unreadable_is_written(void **state)
{
	(void)state;
	m.slot[1].result = QD_SLOT_CORRUPT;
	mind_cycle(&m);
	assert_int_equal(m.own_writes, 1);
}

static void own_slot_unreadable_stands(void **state)
{
	(void)state;
	m.slot[1].result = QD_SLOT_CORRUPT;
	mind_cycle(&m);
	assert_int_equal(m.votes[0] + m.votes[1], 0);
	assert_int_equal(m.s.vote, QD_VOTE_STANDS);
}

static void own_slot_unreadable_does_not_end_the_silence(void **state)
{
	(void)state;
	for (unsigned i = 0; i < K - 1; i++) {
		m.slot[1].result = QD_SLOT_CORRUPT;
		mind_cycle(&m);
	}
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.s.why, QD_WHY_SILENCE);
}

static void own_slot_torn_stands(void **state)
{
	(void)state;
	own()->has_ext = false;
	mind_cycle(&m);
	assert_int_equal(m.noted[QD_NOTE_OWN_SLOT_BAD], 1);
	assert_int_equal(m.own_writes, 1);
	assert_int_equal(m.s.vote, QD_VOTE_STANDS);
}

static void own_slot_readable_again_casts(void **state)
{
	(void)state;
	m.slot[1].result = QD_SLOT_CORRUPT;
	mind_cycle(&m);
	mind_cycles(&m, 2 * K);
	assert_int_equal(m.cast, 1);
	assert_int_equal(m.votes[0], 0);
	assert_int_equal(m.noted[QD_NOTE_OWN_SLOT_BAD], 1);
}

/* ---- Evicted ---- */

static void evicted_in_my_incarnation_fences_myself(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->ext.victim_incarnation = LIFE;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, QD_FENCED_EVICTED);
}

/* R3: a node that was evicted once starts like any other. */
static void evicted_in_an_earlier_life_is_overwritten(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->ext.victim_incarnation = PEER_LIFE(2);
	mind_cycle(&m);
	assert_int_equal(m.self_fence, -1);
	assert_int_equal(m.own_writes, 1);
}

static void evicted_late_in_an_earlier_life_is_overwritten(void **state)
{
	(void)state;	/* by a write that landed after mine had */
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->ext.victim_incarnation = 0x77;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, -1);
	assert_int_equal(m.own_writes, 1);
}

static void evicted_by_legacy_at_start_is_overwritten(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->has_ext = false;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, -1);
}

/* Of a master that writes extensions it is torn: it may be of an earlier life. */
static void evicted_by_a_torn_block_is_overwritten(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->has_ext = false;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, -1);
	assert_int_equal(written_block(&m)->state, QD_STATE_RUN);
}

static void evicted_by_legacy_after_my_landing_fences_myself(void **state)
{
	(void)state;
	peer_is_legacy(&m, 1);
	mind_cycles(&m, 3);
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->has_ext = false;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, QD_FENCED_EVICTED);
}

static void evicted_nothing_follows_the_self_fence(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->ext.victim_incarnation = LIFE;
	mind_cycles(&m, 3);
	mind_forget(&m);
	mind_cycles(&m, 3);
	assert_int_equal(m.own_writes + m.votes[0] + m.votes[1] + m.pets, 0);
	assert_true(qd_next_deadline(&m.s, m.tick_ms) == UINT64_MAX);
}

/* ---- Foreign, stale ---- */

static void foreign(uint64_t beat)
{
	*own() = (struct qd_block){ .node_id = 2, .writer_id = 2, .state = QD_STATE_RUN,
				    .incarnation = 0xF00, .has_ext = true, .ext = { .beat = beat } };
}

/* Row 19: somebody else wrote here. */
static void legacy_19_foreign_block_casts_0_and_is_overwritten(void **state)
{
	(void)state;
	foreign(5);
	mind_cycle(&m);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.own_writes, 1);
	assert_int_equal(m.noted[QD_NOTE_FOREIGN], 1);
	assert_int_equal(m.exit, -1);
}

/* R13: that is how a late write of my earlier life looks. */
static void own_block_of_an_earlier_life_landing_late_is_survived(void **state)
{
	(void)state;
	foreign(5);
	mind_cycles(&m, 2);
	foreign(5);
	mind_cycles(&m, 3);
	assert_int_equal(m.exit, -1);
	assert_int_equal(m.cast, 1);
}

static void legacy_19_twin_is_found_within_two_cycles(void **state)
{
	(void)state;
	foreign(5);
	mind_cycle(&m);
	foreign(6);
	mind_cycle(&m);
	assert_int_equal(m.exit, 3);
	assert_int_equal(m.noted[QD_NOTE_TWIN], 1);
}

static void twin_seen_again_before_a_write_of_mine_landed_is_not_proof(void **state)
{
	(void)state;
	foreign(5);
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_write_failed(&m, 10);
	foreign(6);
	mind_cycle(&m);
	assert_int_equal(m.exit, -1);
}

static void two_strangers_in_turn_are_no_twin(void **state)
{
	(void)state;
	foreign(5);
	mind_cycle(&m);
	foreign(6);
	own()->incarnation = 0xF01;
	mind_cycle(&m);
	assert_int_equal(m.exit, -1);
}

static void own_earlier_block_at_start_is_no_stranger(void **state)
{
	(void)state;
	foreign(5);
	mind_cycle(&m);
	assert_int_equal(m.noted[QD_NOTE_FOREIGN], 0);
}

static void legacy_19_other_state_by_another_writer_casts_0(void **state)
{
	(void)state;
	own()->writer_id = 3;
	own()->state = QD_STATE_INIT;
	mind_cycle(&m);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.s.why, QD_WHY_FOREIGN);
}

static void own_beat_older_than_landed_is_written_anew(void **state)
{
	(void)state;
	mind_cycle(&m);
	own()->ext.beat--;
	mind_forget(&m);
	mind_cycle(&m);
	assert_int_equal(m.own_writes, 1);
	assert_int_equal(m.noted[QD_NOTE_OWN_STALE], 1);
}

static void own_beat_older_than_landed_ends_no_silence(void **state)
{
	uint64_t since;

	(void)state;
	mind_cycle(&m);
	since = m.s.landed_start_ms;
	own()->ext.beat--;
	mind_cycle(&m);
	assert_int_equal(m.s.landed_start_ms, since);
}

static void own_beat_older_than_landed_is_said_once(void **state)
{
	(void)state;
	mind_cycle(&m);
	own()->ext.beat--;
	mind_cycles(&m, 3);
	assert_int_equal(m.noted[QD_NOTE_OWN_STALE], 1);
	own()->ext.beat++;
	mind_cycle(&m);
	own()->ext.beat--;
	mind_cycle(&m);
	assert_int_equal(m.noted[QD_NOTE_OWN_STALE], 2);
}

static void own_beat_older_than_landed_says_nothing_of_peers(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(3);
	own()->ext.beat--;
	mind_cycle(&m);
	assert_int_equal(m.s.member[2].missed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, own_block_beat_grows_with_every_write),
		test_with(follower, own_block_says_who_and_where),
		test_with(follower, own_block_without_heuristics_says_score_0_of_0),
		test_with(follower, own_block_with_heuristics_says_the_score),
		test_with(follower, own_block_online_is_me_and_those_up),
		test_with(follower, own_block_is_read_before_it_is_written),
		test_with(follower, failed_read_writes_nothing),
		test_with(follower, label_replaced_writes_nothing),
		test_with(follower, own_slot_unreadable_is_written),
		test_with(follower, own_slot_unreadable_stands),
		test_with(follower, own_slot_torn_stands),
		test_with(follower, own_slot_unreadable_does_not_end_the_silence),
		test_with(follower, own_slot_readable_again_casts),
		test_with(follower, evicted_in_my_incarnation_fences_myself),
		test_with(fresh, evicted_in_an_earlier_life_is_overwritten),
		test_with(follower, evicted_late_in_an_earlier_life_is_overwritten),
		test_with(fresh, evicted_by_legacy_at_start_is_overwritten),
		test_with(follower, evicted_by_a_torn_block_is_overwritten),
		test_with(follower, evicted_by_legacy_after_my_landing_fences_myself),
		test_with(follower, evicted_nothing_follows_the_self_fence),
		test_with(follower, legacy_19_foreign_block_casts_0_and_is_overwritten),
		test_with(follower, own_block_of_an_earlier_life_landing_late_is_survived),
		test_with(follower, legacy_19_twin_is_found_within_two_cycles),
		test_with(follower, twin_seen_again_before_a_write_of_mine_landed_is_not_proof),
		test_with(follower, two_strangers_in_turn_are_no_twin),
		test_with(fresh, own_earlier_block_at_start_is_no_stranger),
		test_with(follower, legacy_19_other_state_by_another_writer_casts_0),
		test_with(follower, own_beat_older_than_landed_is_written_anew),
		test_with(follower, own_beat_older_than_landed_ends_no_silence),
		test_with(follower, own_beat_older_than_landed_is_said_once),
		test_with(follower, own_beat_older_than_landed_says_nothing_of_peers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
