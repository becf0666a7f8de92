/* member.c: who is down for another reason: a new life, a bad slot, an eviction, a
 * leftover. qdisk(5), "Members". */
#include "mind_scene.h"

static void corrupt(uint32_t id, bool is)
{
	m.slot[id - 1].result = is ? QD_SLOT_CORRUPT : QD_SLOT_OK;
}

/* ---- Down ---- */

static void member_goes_to_none_is_down(void **state)
{
	(void)state;
	peer(&m, 3)->state = QD_STATE_NONE;
	mind_cycle(&m);
	assert_false(see(3)->up);
	assert_int_equal(m.noted[QD_NOTE_NODE_SHUTDOWN], 1);
}

static void member_new_incarnation_is_down(void **state)
{
	(void)state;
	peer(&m, 3)->incarnation++;
	peer(&m, 3)->ext.beat = 1;
	mind_cycle(&m);
	assert_false(see(3)->up);
}

static void member_new_incarnation_counts_from_nothing(void **state)
{
	(void)state;
	peer(&m, 3)->incarnation++;
	mind_cycles(&m, U);
	assert_false(see(3)->up);
	mind_cycle(&m);
	assert_true(see(3)->up);
}

static void member_new_incarnation_of_the_dead_is_alive(void **state)
{
	(void)state;
	silent(3, K + 1);
	assert_true(see(3)->dead);
	peer(&m, 3)->incarnation++;
	mind_express(&m, 50);
	assert_false(see(3)->dead);
}

/* Another incarnation than the one found is a beat seen in this life. */
static void member_new_incarnation_of_a_leftover_is_seen_beating(void **state)
{
	(void)state;
	peer(&m, 3)->state = QD_STATE_RUN;
	mind_cycles(&m, 3);
	assert_false(see(3)->beating);
	peer(&m, 3)->incarnation++;
	mind_cycle(&m);
	assert_true(see(3)->beating);
}

/* Row 18: a quick restart is another life. */
static void legacy_18_quick_restart_is_seen(void **state)
{
	(void)state;
	peer(&m, 3)->incarnation++;	/* same second, same beat */
	m.beating &= ~qd_bit(3);
	mind_cycle(&m);
	assert_int_equal(m.noted[QD_NOTE_NODE_DOWN], 1);
}

/* ---- Bad slots ---- */

/* Row 03: a bad slot concerns its own node only. */
static void legacy_03_bad_slot_is_a_miss_of_its_node_only(void **state)
{
	(void)state;
	corrupt(3, true);
	mind_cycle(&m);
	assert_int_equal(see(3)->missed, 1);
	assert_int_equal(see(1)->missed, 0);
}

static void legacy_03_bad_slot_of_a_follower_costs_no_vote(void **state)
{
	(void)state;
	corrupt(3, true);
	mind_cycles(&m, 3 * K);
	assert_int_equal(m.votes[0], 0);
	assert_int_equal(m.votes[1], 3 * K);
}

static void legacy_03_one_bad_read_of_the_masters_slot_costs_no_vote(void **state)
{
	(void)state;
	corrupt(1, true);
	mind_cycle(&m);
	corrupt(1, false);
	mind_cycle(&m);
	assert_int_equal(m.votes[0], 0);
	assert_int_equal(m.self_fence, -1);
}

static void legacy_03_slots_of_strangers_concern_nobody(void **state)
{
	(void)state;
	/* 4..64 are garbage all the time; make one of them a living master */
	m.slot[40] = m.slot[0];
	for (unsigned i = 0; i < K; i++) {
		m.slot[40].block.node_id = m.slot[40].block.writer_id = 41;
		m.slot[40].block.ext.beat++;
		mind_cycle(&m);
	}
	assert_int_equal(m.votes[0], 0);
	assert_int_equal(m.s.up, qd_bit(1) | qd_bit(3));
}

static void member_unreadable_since_start_misses_nothing(void **state)
{
	(void)state;
	corrupt(3, true);
	mind_cycles(&m, 3 * K);
	assert_false(see(3)->dead);
	assert_int_equal(m.noted[QD_NOTE_SLOT_BAD], 1);
}

static void member_readable_again_is_believed(void **state)
{
	(void)state;
	corrupt(3, true);
	mind_cycles(&m, K);
	corrupt(3, false);
	mind_cycle(&m);
	assert_true(see(3)->up);
	assert_int_equal(see(3)->missed, 0);
	assert_int_equal(m.noted[QD_NOTE_SLOT_GOOD], 1);
}

static void member_unreadable_beyond_k_is_not_up(void **state)
{
	(void)state;
	corrupt(3, true);
	mind_cycles(&m, K + 1);
	assert_false(see(3)->up);
}

/* What landed behind the last look that could read the slot was seen by nobody. */
static void member_unreadable_after_misses_is_dead_only_after_k_more(void **state)
{
	(void)state;
	silent(3, K - 1);
	corrupt(3, true);
	mind_cycles(&m, K - 1);
	assert_false(see(3)->dead);
	mind_cycle(&m);
	assert_true(see(3)->dead);
}

/* A single garbled look at a silent node puts its death off until the next one. */
static void member_silent_with_one_bad_look_is_dead_at_the_next(void **state)
{
	(void)state;
	silent(3, K);
	corrupt(3, true);
	mind_cycle(&m);
	assert_false(see(3)->dead);
	corrupt(3, false);
	silent(3, 1);
	assert_true(see(3)->dead);
}

/* ---- Verdicts ---- */

/* R6: only the master's verdict lasts. */
static void member_silent_at_a_follower_counts_anew_at_its_next_beat(void **state)
{
	(void)state;
	silent(3, K + 1);
	m.beating |= qd_bit(3);
	mind_cycles(&m, U + 1);
	assert_true(see(3)->up);
	assert_false(see(3)->dead);
}

static void evict_3(uint64_t victim)
{
	struct qd_block *b = peer(&m, 3);

	m.beating &= ~qd_bit(3);
	b->state = QD_STATE_EVICTED;
	b->writer_id = 1;
	b->ext.victim_incarnation = victim;
}

static void writes_again_3(uint64_t incarnation)
{
	struct qd_block *b = peer(&m, 3);

	peers_are(&m, qd_bit(3), QD_STATE_RUN);
	b->writer_id = 3;
	b->ext.victim_incarnation = 0;
	b->ext.beat++;
	b->incarnation = incarnation;
}

/* Torn: whom it names is lost. It counts as voting in a view without me. */
static void member_eviction_torn_is_unreadable(void **state)
{
	struct qd_block *b = peer(&m, 3);

	(void)state;
	mind_cycles(&m, 3);
	b->state = QD_STATE_EVICTED;
	b->writer_id = 1;
	b->has_ext = false;
	m.beating &= ~qd_bit(3);
	mind_cycle(&m);
	assert_false(m.s.member[2].readable);
	assert_false(m.s.member[2].evicted);
}

static void member_eviction_seen_is_down(void **state)
{
	(void)state;
	evict_3(PEER_LIFE(3));
	mind_cycles(&m, 3);
	assert_false(see(3)->up);
	assert_int_equal(m.noted[QD_NOTE_NODE_EVICTED], 1);
	assert_int_equal(m.note[QD_NOTE_NODE_EVICTED].node, 3);
}

/* Row 35: undead for everybody until a new incarnation. */
static void legacy_35_undead_is_not_up_for_a_follower(void **state)
{
	(void)state;
	evict_3(PEER_LIFE(3));
	mind_cycle(&m);
	writes_again_3(PEER_LIFE(3));
	mind_cycles(&m, 3 * K);
	assert_false(see(3)->up);
}

static void legacy_35_undead_is_up_in_a_new_incarnation(void **state)
{
	(void)state;
	evict_3(PEER_LIFE(3));
	mind_cycle(&m);
	writes_again_3(0xBEEF);
	mind_cycles(&m, U + 1);
	assert_true(see(3)->up);
}

static void member_eviction_of_an_earlier_life_makes_nobody_undead(void **state)
{
	(void)state;
	evict_3(0x5);
	mind_cycle(&m);
	writes_again_3(PEER_LIFE(3));
	mind_cycles(&m, U + 2);
	assert_true(see(3)->up);
}

/* A legacy master evicts in its own incarnation's name. */
static void legacy_35_undead_by_a_legacy_eviction_is_not_up(void **state)
{
	struct qd_status_ext ext = peer(&m, 3)->ext;

	(void)state;
	peer_is_legacy(&m, 1);
	mind_cycles(&m, 2);
	evict_3(0);
	peer(&m, 3)->has_ext = false;
	peer(&m, 3)->incarnation = peer(&m, 1)->incarnation;
	memset(&peer(&m, 3)->ext, 0, sizeof(ext));
	mind_cycle(&m);
	peer(&m, 3)->has_ext = true;
	peer(&m, 3)->ext = ext;
	writes_again_3(PEER_LIFE(3));
	mind_cycles(&m, 3 * K);
	assert_false(see(3)->up);
}

static void undead_master_is_not_live(void **state)
{
	struct qd_block live = *peer(&m, 1);

	(void)state;
	peer(&m, 1)->state = QD_STATE_EVICTED;
	peer(&m, 1)->ext.victim_incarnation = PEER_LIFE(1);
	m.beating &= ~qd_bit(1);
	mind_cycle(&m);
	live.ext.beat += 2;
	*peer(&m, 1) = live;
	m.beating |= qd_bit(1);
	mind_cycles(&m, 3);
	assert_int_not_equal(m.s.master, 1);
}

/* Row 05: a block left over from an earlier life is nobody. */
static void legacy_05_leftover_running_block_is_nobody(void **state)
{
	(void)state;
	peer(&m, 3)->state = QD_STATE_RUN;	/* and never a beat */
	mind_cycles(&m, 5 * K);
	assert_false(see(3)->up);
	assert_false(see(3)->dead);
}

static void legacy_05_leftover_master_block_is_no_master(void **state)
{
	(void)state;
	peer(&m, 1)->state = QD_STATE_MASTER;
	peer(&m, 1)->master_mask = 7;
	mind_cycles(&m, 3);
	assert_int_equal(m.s.master, 0);
	assert_int_equal(m.s.last_master, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, member_goes_to_none_is_down),
		test_with(follower, member_new_incarnation_is_down),
		test_with(follower, member_new_incarnation_counts_from_nothing),
		test_with(follower, member_new_incarnation_of_the_dead_is_alive),
		test_with(fresh, member_new_incarnation_of_a_leftover_is_seen_beating),
		test_with(follower, legacy_18_quick_restart_is_seen),
		test_with(follower, legacy_03_bad_slot_is_a_miss_of_its_node_only),
		test_with(follower, legacy_03_bad_slot_of_a_follower_costs_no_vote),
		test_with(follower, legacy_03_one_bad_read_of_the_masters_slot_costs_no_vote),
		test_with(follower, legacy_03_slots_of_strangers_concern_nobody),
		test_with(fresh, member_unreadable_since_start_misses_nothing),
		test_with(follower, member_readable_again_is_believed),
		test_with(follower, member_unreadable_beyond_k_is_not_up),
		test_with(follower, member_unreadable_after_misses_is_dead_only_after_k_more),
		test_with(follower, member_silent_with_one_bad_look_is_dead_at_the_next),
		test_with(follower, member_silent_at_a_follower_counts_anew_at_its_next_beat),
		test_with(follower, member_eviction_torn_is_unreadable),
		test_with(follower, member_eviction_seen_is_down),
		test_with(follower, legacy_35_undead_is_not_up_for_a_follower),
		test_with(follower, legacy_35_undead_is_up_in_a_new_incarnation),
		test_with(follower, member_eviction_of_an_earlier_life_makes_nobody_undead),
		test_with(follower, legacy_35_undead_by_a_legacy_eviction_is_not_up),
		test_with(follower, undead_master_is_not_live),
		test_with(fresh, legacy_05_leftover_running_block_is_nobody),
		test_with(fresh, legacy_05_leftover_master_block_is_no_master),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
