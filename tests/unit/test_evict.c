/* evict.c: what a master does about a dead node. qdisk(5), "Members", "Fencing". */
#include "mind_fixture.h"

static struct mind m;

static struct qd_member *see(uint32_t id)
{
	return &m.s.member[id - 1];
}

static void silent(uint32_t id, unsigned ticks)
{
	m.beating &= ~qd_bit(id);
	mind_cycles(&m, ticks);
}

static void corrupt(uint32_t id)
{
	m.slot[id - 1].result = QD_SLOT_CORRUPT;
}

static int master(void **state)
{
	(void)state;
	scene_master(&m);
	return 0;
}

/* Node 3 has died and been evicted; its fencing is under way. */
static int bereaved(void **state)
{
	(void)state;
	scene_master(&m);
	silent(3, K + 1);
	assert_int_equal(m.fences, 1);
	return 0;
}

/* Node 3 died, fenced with success, its eviction says so. */
static int fenced(void **state)
{
	(void)bereaved(state);
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_SUCCESS);
	mind_cycles(&m, 2);
	mind_forget(&m);
	return 0;
}

/* ---- Eviction ---- */

static void evict_missed_k_is_left_alone(void **state)
{
	(void)state;
	silent(3, K);
	assert_int_equal(m.evictions + m.kills + m.fences, 0);
}

static void evict_missed_more_than_k_is_evicted_killed_and_fenced(void **state)
{
	(void)state;
	silent(3, K + 1);
	assert_int_equal(m.evicted, qd_bit(3));
	assert_int_equal(m.killed, qd_bit(3));
	assert_int_equal(m.fenced, qd_bit(3));
	assert_int_equal(m.fenced_incarnation, PEER_LIFE(3));
}

static void evict_happens_once(void **state)
{
	(void)state;
	silent(3, 3 * K);
	assert_int_equal(m.evictions, 1);
	assert_int_equal(m.kills, 1);
	assert_int_equal(m.fences, 1);
}

static void evict_never_in_an_express_cycle(void **state)
{
	(void)state;
	silent(3, K);
	for (unsigned i = 1; i < 19; i++)
		mind_express(&m, i * 10);
	assert_int_equal(m.evictions, 0);
}

static void evict_by_a_follower_never(void **state)
{
	(void)state;
	scene_follower(&m);
	silent(3, 5 * K);
	assert_int_equal(m.evictions + m.kills + m.fences, 0);
}

/* Row 05: not seen beating in this life. */
static void legacy_05_node_that_never_beat_is_left_alone(void **state)
{
	(void)state;
	mind_init(&m, 1, 3);
	peers_are(&m, qd_bit(2), QD_STATE_RUN);
	peer(&m, 3)->state = QD_STATE_RUN;	/* of an earlier life */
	m.acking = 6;
	mind_run(&m);
	mind_cycles(&m, 5 * K);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
	assert_int_equal(m.evictions + m.kills + m.fences, 0);
}

static void evict_node_that_left_is_left_alone(void **state)
{
	(void)state;
	peer(&m, 3)->state = QD_STATE_NONE;
	mind_cycle(&m);
	silent(3, 5 * K);
	assert_int_equal(m.evictions + m.kills + m.fences, 0);
}

static void evict_initialising_node_that_died_is_evicted(void **state)
{
	(void)state;
	peer(&m, 3)->state = QD_STATE_INIT;
	mind_cycle(&m);
	silent(3, K + 1);
	assert_int_equal(m.evicted, qd_bit(3));
}

static void evict_in_the_cycle_of_a_wake_up_waits(void **state)
{
	(void)state;
	silent(3, K);
	m.tick_ms += L1 - I;	/* no tick, no event until now */
	mind_cycle(&m);
	assert_int_equal(m.evictions, 0);
	mind_cycle(&m);
	assert_int_equal(m.evictions, 1);
}

static void evict_that_did_not_land_is_written_again(void **state)
{
	(void)state;
	m.evictions_lost = true;
	silent(3, K + 1);
	m.evictions_lost = false;
	mind_cycle(&m);
	assert_int_equal(m.evictions, 2);
	assert_int_equal(m.kills, 1);
	mind_cycles(&m, 3);
	assert_int_equal(m.evictions, 2);
}

static void evict_dead_before_i_was_master_is_evicted_then(void **state)
{
	(void)state;
	scene_no_master(&m, 1, 3);
	m.acking = 6;
	silent(3, K + 1);
	mind_cycles(&m, M + W + 3);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
	assert_int_equal(m.evicted, qd_bit(3));
}

/* ---- The eviction block ---- */

static void eviction_is_the_last_good_block(void **state)
{
	struct qd_block before;

	(void)state;
	peer_votes(&m, 3, 6);
	peer(&m, 3)->online = 7;
	mind_cycle(&m);
	before = *peer(&m, 3);
	silent(3, K + 1);
	assert_int_equal(m.eviction.state, QD_STATE_EVICTED);
	assert_int_equal(m.eviction.node_id, 3);
	assert_int_equal(m.eviction.writer_id, 1);
	assert_int_equal(m.eviction.incarnation, before.incarnation);
	assert_int_equal(m.eviction.ext.beat, before.ext.beat);
	assert_int_equal(m.eviction.online, before.online);
	assert_int_equal(m.eviction.wall_s, m.tick_ms / 1000);
}

static void eviction_repeats_no_bid_and_no_ack(void **state)
{
	(void)state;
	m.acking = 0;
	peer_bids(&m, 3, 5);
	mind_cycle(&m);
	silent(3, K + 1);
	assert_int_equal(m.eviction.message, QD_MSG_NONE);
}

static void eviction_names_the_victims_incarnation(void **state)
{
	(void)state;
	silent(3, K + 1);
	assert_int_equal(m.eviction.ext.victim_incarnation, PEER_LIFE(3));
}

static void eviction_carries_mark_view_and_ring(void **state)
{
	(void)state;
	peer_votes(&m, 3, 6);
	peer_ring(&m, 3, 55, 6);
	mind_cycle(&m);
	silent(3, K + 1);
	assert_true(m.eviction.ext.flags & QD_EXT_VOTING);
	assert_int_equal(m.eviction.ext.view, 6);
	assert_int_equal(m.eviction.ext.ring.seq, 55);
}

static void eviction_of_a_node_without_mark_has_none(void **state)
{
	(void)state;
	silent(3, K + 1);
	assert_false(m.eviction.ext.flags & QD_EXT_VOTING);
}

static void eviction_does_not_repeat_leaving_or_successor(void **state)
{
	(void)state;
	peer(&m, 3)->ext.flags |= QD_EXT_HELD_BACK;
	peer(&m, 3)->ext.successor = 2;
	mind_cycle(&m);
	silent(3, K + 1);
	assert_int_equal(m.eviction.ext.flags, 0);
	assert_int_equal(m.eviction.ext.successor, 0);
}

static void eviction_keeps_the_watchdog_armed(void **state)
{
	(void)state;
	peer(&m, 3)->ext.flags |= QD_EXT_ARMED;
	peer(&m, 3)->ext.watchdog_ms = 5000;
	mind_cycle(&m);
	silent(3, K + 1);
	assert_true(m.eviction.ext.flags & QD_EXT_ARMED);
	assert_int_equal(m.eviction.ext.watchdog_ms, 5000);
}

static void eviction_of_a_legacy_node_names_it_too(void **state)
{
	(void)state;
	peer(&m, 3)->has_ext = false;
	memset(&peer(&m, 3)->ext, 0, sizeof(peer(&m, 3)->ext));
	mind_cycles(&m, U + 2);
	silent(3, 5 * K + 1);
	assert_int_equal(m.evicted, qd_bit(3));
	assert_true(m.eviction.has_ext);
	assert_int_equal(m.eviction.ext.victim_incarnation, PEER_LIFE(3));
}

/* ---- Unreadable ---- */

/* Not on an unreadable slot alone (98 healthy nodes of 6,000). */
static void unreadable_member_of_my_ring_is_not_evicted(void **state)
{
	(void)state;
	corrupt(3);
	mind_cycles(&m, 5 * K);
	assert_int_equal(m.evictions + m.kills + m.fences, 0);
	assert_false(see(3)->up);
}

static void unreadable_outside_my_ring_but_online_is_not_evicted(void **state)
{
	(void)state;
	corrupt(3);
	peer(&m, 2)->online = 7;
	mind_ring(&m, 2, 3);
	mind_cycles(&m, 5 * K);
	assert_int_equal(m.evictions + m.kills + m.fences, 0);
}

static void unreadable_outside_my_ring_and_unseen_is_evicted(void **state)
{
	(void)state;
	corrupt(3);
	peer(&m, 2)->online = 3;
	mind_ring(&m, 2, 3);
	mind_cycles(&m, K + 1);
	assert_int_equal(m.evicted, qd_bit(3));
	assert_int_equal(m.fenced, qd_bit(3));
}

/* A full view would make nobody wait (16 of 3,000). */
static void unreadable_is_evicted_as_voting_in_an_empty_view(void **state)
{
	(void)state;
	peer(&m, 3)->ext.view = 6;	/* without the flag */
	mind_cycle(&m);
	corrupt(3);
	mind_ring(&m, 2, 3);
	mind_cycles(&m, K + 1);
	assert_true(m.eviction.ext.flags & QD_EXT_VOTING);
	assert_int_equal(m.eviction.ext.view, 0);
}

static void unreadable_eviction_that_did_not_land_is_written_again(void **state)
{
	(void)state;
	corrupt(3);
	mind_ring(&m, 2, 3);
	m.evictions_lost = true;
	mind_cycles(&m, K + 1);
	m.evictions_lost = false;
	mind_cycles(&m, 3);
	assert_int_equal(m.evictions, 2);
}

/* ---- Undead ---- */

static void writes_again(uint64_t incarnation)
{
	struct qd_block *b = peer(&m, 3);

	b->state = QD_STATE_RUN;
	b->writer_id = 3;
	b->incarnation = incarnation;
	b->ext.flags = 0;
	b->ext.victim_incarnation = 0;
	b->ext.beat++;
}

static void undead_is_evicted_and_killed_again(void **state)
{
	(void)state;
	mind_forget(&m);
	writes_again(PEER_LIFE(3));
	mind_cycle(&m);
	assert_int_equal(m.evicted, qd_bit(3));
	assert_int_equal(m.killed, qd_bit(3));
	assert_int_equal(m.noted[QD_NOTE_NODE_UNDEAD], 1);
}

static void undead_after_a_fencing_with_success_is_fenced_again(void **state)
{
	(void)state;
	writes_again(PEER_LIFE(3));
	mind_cycle(&m);
	assert_int_equal(m.fenced, qd_bit(3));
	assert_int_equal(m.note[QD_NOTE_FENCE_START].a, 1);
	assert_false(m.eviction.ext.flags & QD_EXT_FENCED);
}

static void undead_without_means_of_fencing_is_tried_again(void **state)
{
	(void)state;
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_UNDEFINED);
	writes_again(PEER_LIFE(3));
	mind_cycles(&m, 2);
	assert_int_equal(m.fences, 2);
}

static void undead_evicted_by_another_master_is_evicted_by_me(void **state)
{
	struct qd_block *b = peer(&m, 3);

	(void)state;
	m.beating &= ~qd_bit(3);
	b->state = QD_STATE_EVICTED;
	b->writer_id = 2;
	b->ext.victim_incarnation = PEER_LIFE(3);
	mind_cycle(&m);
	writes_again(PEER_LIFE(3));
	mind_cycle(&m);
	assert_int_equal(m.evicted, qd_bit(3));
}

static void new_incarnation_is_no_undead(void **state)
{
	(void)state;
	mind_forget(&m);
	writes_again(0xBEEF);
	mind_cycles(&m, 1);
	assert_int_equal(m.evictions + m.kills + m.fences, 0);
}

/* ---- Kill ---- */

static void kill_not_allowed_evicts_all_the_same(void **state)
{
	(void)state;
	m.s.p.allow_kill = false;
	silent(3, K + 1);
	assert_int_equal(m.kills, 0);
	assert_int_equal(m.evicted, qd_bit(3));
}

/* ---- Fencing ---- */

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

#define test_with(setup, name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(master, evict_missed_k_is_left_alone),
		test_with(master, evict_missed_more_than_k_is_evicted_killed_and_fenced),
		test_with(master, evict_happens_once),
		test_with(master, evict_never_in_an_express_cycle),
		test_with(master, evict_by_a_follower_never),
		test_with(master, legacy_05_node_that_never_beat_is_left_alone),
		test_with(master, evict_node_that_left_is_left_alone),
		test_with(master, evict_initialising_node_that_died_is_evicted),
		test_with(master, evict_in_the_cycle_of_a_wake_up_waits),
		test_with(master, evict_that_did_not_land_is_written_again),
		test_with(master, evict_dead_before_i_was_master_is_evicted_then),
		test_with(master, eviction_is_the_last_good_block),
		test_with(master, eviction_repeats_no_bid_and_no_ack),
		test_with(master, eviction_names_the_victims_incarnation),
		test_with(master, eviction_carries_mark_view_and_ring),
		test_with(master, eviction_of_a_node_without_mark_has_none),
		test_with(master, eviction_does_not_repeat_leaving_or_successor),
		test_with(master, eviction_keeps_the_watchdog_armed),
		test_with(master, eviction_of_a_legacy_node_names_it_too),
		test_with(master, unreadable_member_of_my_ring_is_not_evicted),
		test_with(master, unreadable_outside_my_ring_but_online_is_not_evicted),
		test_with(master, unreadable_outside_my_ring_and_unseen_is_evicted),
		test_with(master, unreadable_is_evicted_as_voting_in_an_empty_view),
		test_with(master, unreadable_eviction_that_did_not_land_is_written_again),
		test_with(bereaved, undead_is_evicted_and_killed_again),
		test_with(fenced, undead_after_a_fencing_with_success_is_fenced_again),
		test_with(bereaved, undead_without_means_of_fencing_is_tried_again),
		test_with(master, undead_evicted_by_another_master_is_evicted_by_me),
		test_with(bereaved, new_incarnation_is_no_undead),
		test_with(master, kill_not_allowed_evicts_all_the_same),
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
		test_with(master, fence_by_a_bidder_with_success_makes_it_master),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
