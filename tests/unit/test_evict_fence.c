/* evict.c: when the dead are fenced, how often, and what of it is written. qdisk(5),
 * "Fencing". */
#include "mind_scene.h"

static void fence_without_quorum_waits(void **state)
{
	(void)state;
	m.stays_quorate = true;
	m.in.cs.quorate = false;
	silent(3, 2 * K);
	assert_int_equal(m.fences, 0);
	assert_int_equal(m.evicted, qd_bit(3));
	m.in.cs.quorate = true;
	mind_cycle(&m);
	assert_int_equal(m.fences, 1);
}

static void fence_none_configured_fences_nobody(void **state)
{
	(void)state;
	m.s.p.fencing = false;
	silent(3, 2 * K);
	assert_int_equal(m.fences, 0);
}

static void fence_under_way_is_not_started_twice(void **state)
{
	(void)state;
	mind_cycles(&m, 10 * K);
	assert_int_equal(m.fences, 1);
}

static void fence_that_fails_is_retried_after_a_pause(void **state)
{
	(void)state;
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_FAILED);
	mind_cycles(&m, 1000 / I);
	assert_int_equal(m.fences, 1);
	mind_cycle(&m);
	assert_int_equal(m.fences, 2);
}

static void fence_pauses_grow_to_a_minute(void **state)
{
	uint64_t pause = 0, before;

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		before = pause;
		mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_FAILED);
		pause = m.note[QD_NOTE_FENCE_FAILED].a;
		assert_true(pause >= 2 * before || pause == 60000);
		mind_cycles(&m, (unsigned)(pause / I) + 1);
		assert_int_equal(m.fences, i + 2);
	}
	assert_int_equal(pause, 60000);
}

static void evict_fencing_that_fails_in_a_later_life_pauses(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L2);	/* members forgotten */
	m.tick_ms += L2;
	mind_cycles(&m, 2);
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_FAILED);
	assert_in_range(m.note[QD_NOTE_FENCE_FAILED].a, 1000, 60000);
}

static void fence_with_success_is_over(void **state)
{
	(void)state;
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_SUCCESS);
	mind_cycles(&m, 10 * K);
	assert_int_equal(m.fences, 1);
	assert_int_equal(m.noted[QD_NOTE_FENCE_OK], 1);
}

/* "Last fence" in the master's own block dies with the master. */
static void fence_with_success_is_written_into_the_eviction(void **state)
{
	(void)state;
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_SUCCESS);
	mind_cycle(&m);
	assert_int_equal(m.evictions, 2);
	assert_true(m.eviction.ext.flags & QD_EXT_FENCED);
	assert_int_equal(m.eviction.ext.victim_incarnation, PEER_LIFE(3));
	mind_cycles(&m, 3);
	assert_int_equal(m.evictions, 2);
}

static void fence_with_success_is_in_my_block(void **state)
{
	(void)state;
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_SUCCESS);
	mind_cycle(&m);
	assert_int_equal(written_block(&m)->ext.fence_victim, 3);
	assert_int_equal(written_block(&m)->ext.fence_result, QD_FENCE_SUCCESS);
	assert_in_range(written_block(&m)->ext.fence_wall_s, m.tick_ms / 1000 - 1, m.tick_ms / 1000);
}

static void fence_of_another_incarnation_does_not_count(void **state)
{
	(void)state;
	mind_fenced(&m, 3, 0xBEEF, QD_FENCE_SUCCESS);
	assert_false(see(3)->fenced);
}

static void fence_result_for_a_stranger_is_ignored(void **state)
{
	(void)state;
	mind_fenced(&m, 64, 1, QD_FENCE_SUCCESS);
	mind_fenced(&m, 0, 1, QD_FENCE_FAILED);
	mind_fenced(&m, 1, LIFE, QD_FENCE_SUCCESS);
	assert_int_equal(m.s.fence_victim, 0);
}

static void fence_undefined_is_not_retried(void **state)
{
	(void)state;
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_UNDEFINED);
	mind_cycles(&m, 10 * K);
	assert_int_equal(m.fences, 1);
	assert_int_equal(m.noted[QD_NOTE_FENCE_UNDEFINED], 1);
}

static void fence_of_a_node_that_came_back_is_dropped(void **state)
{
	(void)state;
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_FAILED);
	writes_again(0xBEEF);
	m.beating |= qd_bit(3);
	mind_cycles(&m, 10 * K);
	assert_int_equal(m.fences, 1);
	assert_int_equal(m.noted[QD_NOTE_FENCE_DROPPED], 1);
}

/* It came back while it was being fenced, and dies again. */
static void next_incarnation_dies(void)
{
	writes_again(0xBEEF);
	m.beating |= qd_bit(3);
	mind_cycles(&m, U + 2);
	assert_int_equal(m.fences, 1);
	silent(3, K + 1);
	assert_int_equal(m.fences, 2);
	assert_int_equal(m.fenced_incarnation, 0xBEEF);
}

static void fence_of_the_next_incarnation_begins_anew(void **state)
{
	(void)state;
	next_incarnation_dies();
	assert_int_equal(m.note[QD_NOTE_FENCE_START].a, 1);
}

static void fence_of_the_next_incarnation_waits_for_no_pause(void **state)
{
	(void)state;
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_FAILED);
	m.s.member[2].fence_next_ms += 60000;
	next_incarnation_dies();
}

static void fence_of_the_next_incarnation_is_tried_without_means_too(void **state)
{
	(void)state;
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_UNDEFINED);
	next_incarnation_dies();
}

static void fence_is_not_begun_while_stopping(void **state)
{
	(void)state;
	silent(3, K);
	m.in.cs.registered = true;
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycle(&m);
	assert_int_equal(m.fences, 0);
}

/* A bidder that nothing but the mark of a node dead to it holds back. */
static void held_bidder(void)
{
	scene_no_master(&m, 1, 3);
	peer_votes(&m, 3, qd_bit(3));
	peer_ring(&m, 3, 9, qd_bit(3));
	mind_ring(&m, 2, 3);
	m.acking = qd_bit(2);
	m.beating &= ~qd_bit(3);
}

static void fence_by_a_bidder_held_by_the_dead_is_begun(void **state)
{
	(void)state;
	held_bidder();
	mind_cycles(&m, K + 1 + 2 * M);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	assert_int_equal(m.fenced, qd_bit(3));
	assert_int_equal(m.evictions, 0);
}

static void fence_by_a_bidder_not_before_m_cycles(void **state)
{
	(void)state;
	held_bidder();
	peer(&m, 2)->state = QD_STATE_MASTER;	/* until the death is known */
	mind_cycles(&m, K + 2);
	peer(&m, 2)->state = QD_STATE_RUN;
	mind_cycles(&m, M);
	assert_int_equal(m.fences, 0);
}

static void fence_by_a_bidder_needs_all_acks(void **state)
{
	(void)state;
	held_bidder();
	m.acking = 0;
	peer_bids(&m, 2, 1)->ext.flags |= QD_EXT_HELD_BACK;
	mind_cycles(&m, K + 1 + 2 * M);
	assert_int_equal(m.fences, 0);
}

static void fence_by_a_bidder_of_one_not_dead_never(void **state)
{
	(void)state;
	held_bidder();
	m.beating |= qd_bit(3);
	mind_cycles(&m, 3 * K);
	assert_int_equal(m.fences, 0);
	assert_int_not_equal(m.s.role, QD_STATE_MASTER);
}

/* Node 2 cannot run but may still be counted, in a partition without me. */
static void fence_by_a_bidder_held_by_a_living_one_too_waits(void **state)
{
	(void)state;
	held_bidder();
	peer(&m, 2)->state = QD_STATE_NONE;
	peer_ring(&m, 2, 9, qd_bit(2) | qd_bit(3));
	peer_votes(&m, 2, qd_bit(2) | qd_bit(3));
	mind_ring(&m, 2, 1);
	mind_cycles(&m, 3 * K);
	assert_int_equal(m.fences, 0);
	peer(&m, 2)->ext.flags &= ~(uint32_t)QD_EXT_VOTING;
	mind_cycles(&m, 2);
	assert_int_equal(m.fenced, qd_bit(3));
}

static void fence_by_a_bidder_with_success_makes_it_master(void **state)
{
	(void)state;
	held_bidder();
	mind_cycles(&m, K + 1 + 2 * M);
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_SUCCESS);
	mind_cycle(&m);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
	assert_true(m.eviction.ext.flags & QD_EXT_FENCED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(master, fence_without_quorum_waits),
		test_with(master, fence_none_configured_fences_nobody),
		test_with(bereaved, fence_under_way_is_not_started_twice),
		test_with(bereaved, fence_that_fails_is_retried_after_a_pause),
		test_with(bereaved, fence_pauses_grow_to_a_minute),
		test_with(bereaved, evict_fencing_that_fails_in_a_later_life_pauses),
		test_with(bereaved, fence_with_success_is_over),
		test_with(bereaved, fence_with_success_is_written_into_the_eviction),
		test_with(bereaved, fence_with_success_is_in_my_block),
		test_with(bereaved, fence_of_another_incarnation_does_not_count),
		test_with(bereaved, fence_result_for_a_stranger_is_ignored),
		test_with(bereaved, fence_undefined_is_not_retried),
		test_with(bereaved, fence_of_a_node_that_came_back_is_dropped),
		test_with(bereaved, fence_of_the_next_incarnation_begins_anew),
		test_with(bereaved, fence_of_the_next_incarnation_waits_for_no_pause),
		test_with(bereaved, fence_of_the_next_incarnation_is_tried_without_means_too),
		test_with(master, fence_is_not_begun_while_stopping),
		test_with(master, fence_by_a_bidder_held_by_the_dead_is_begun),
		test_with(master, fence_by_a_bidder_not_before_m_cycles),
		test_with(master, fence_by_a_bidder_needs_all_acks),
		test_with(master, fence_by_a_bidder_of_one_not_dead_never),
		test_with(master, fence_by_a_bidder_held_by_a_living_one_too_waits),
		test_with(master, fence_by_a_bidder_with_success_makes_it_master),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
