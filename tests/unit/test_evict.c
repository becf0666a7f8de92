/* evict.c: whom a master evicts, when, and what it writes. qdisk(5), "Members". */
#include "mind_scene.h"

static void corrupt(uint32_t id)
{
	m.slot[id - 1].result = QD_SLOT_CORRUPT;
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
	peer_is_legacy(&m, 3);
	mind_cycles(&m, U + 2);
	silent(3, 5 * K + 1);
	assert_int_equal(m.evicted, qd_bit(3));
	assert_true(m.eviction.has_ext);
	assert_int_equal(m.eviction.ext.victim_incarnation, LEGACY_LIFE(3));
}

/* My eviction has an extension; the life that goes on under it has none, as ever. */
static void undead_legacy_node_is_evicted_again(void **state)
{
	(void)state;
	peer_is_legacy(&m, 3);
	mind_cycles(&m, U + 2);
	silent(3, 5 * K + 1);
	assert_int_equal(m.evicted, qd_bit(3));
	mind_cycle(&m);
	mind_forget(&m);
	peer_is_legacy(&m, 3);
	peer(&m, 3)->state = QD_STATE_RUN;
	peer(&m, 3)->writer_id = 3;
	peer(&m, 3)->wall_s++;
	mind_cycle(&m);
	assert_true(see(3)->readable);
	assert_int_equal(m.noted[QD_NOTE_NODE_UNDEAD], 1);
	assert_int_equal(m.evicted, qd_bit(3));
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
	assert_int_equal(m.note[QD_NOTE_FENCE_START].a, 2);
	assert_int_equal(m.noted[QD_NOTE_FENCE_LIED], 1);
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
		test_with(master, undead_legacy_node_is_evicted_again),
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
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
