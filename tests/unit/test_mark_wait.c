/* vote.c: whose voting mark makes me wait, and how long. qdisk(5), "Voting mark". */
#include "mind_scene.h"

/* Node 3 as node 2 (with a master about) sees it, after one cycle. */
static bool waits_for_3(void)
{
	mind_cycle(&m);
	return mark_makes_wait(&m.s, 3, m.tick_ms);
}

static void wait_for_one_without_mark_no(void **state)
{
	(void)state;
	assert_false(waits_for_3());
}

static void wait_for_a_view_without_me_yes(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	assert_true(waits_for_3());
}

static void wait_for_a_view_with_me_no(void **state)
{
	(void)state;
	peer_votes(&m, 3, 6);
	assert_false(waits_for_3());
}

static void wait_for_an_empty_view_yes(void **state)
{
	(void)state;
	peer_votes(&m, 3, 0);
	assert_true(waits_for_3());
}

static void wait_for_an_evicted_voter_yes(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	peer(&m, 3)->state = QD_STATE_EVICTED;
	peer(&m, 3)->ext.victim_incarnation = PEER_LIFE(3);
	m.beating &= ~qd_bit(3);
	assert_true(waits_for_3());
}

static void wait_for_one_evicted_as_fenced_no(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	peer(&m, 3)->state = QD_STATE_EVICTED;
	peer(&m, 3)->ext.victim_incarnation = PEER_LIFE(3);
	peer(&m, 3)->ext.flags |= QD_EXT_FENCED;
	m.beating &= ~qd_bit(3);
	assert_false(waits_for_3());
}

static void wait_for_an_unreadable_slot_yes_without_limit(void **state)
{
	(void)state;
	m.slot[2].result = QD_SLOT_CORRUPT;
	mind_cycles(&m, 2 * Z / I);
	assert_true(waits_for_3());
}

static void wait_for_a_slot_readable_again_as_it_says(void **state)
{
	(void)state;
	m.slot[2].result = QD_SLOT_CORRUPT;
	mind_cycles(&m, 5);
	m.slot[2].result = QD_SLOT_OK;
	assert_false(waits_for_3());
}

static void wait_for_a_silent_voter_until_z(void **state)
{
	uint64_t beat_ms;

	(void)state;
	peer_votes(&m, 3, 5);
	mind_cycle(&m);
	beat_ms = m.tick_ms;
	m.beating &= ~qd_bit(3);
	mind_cycles(&m, Z / I - 1);
	assert_true(mark_makes_wait(&m.s, 3, beat_ms + Z - 1));
	assert_false(mark_makes_wait(&m.s, 3, beat_ms + Z));
}

static void wait_for_a_beating_voter_without_limit(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	mind_cycles(&m, 2 * Z / I);
	assert_true(waits_for_3());
}

/* A block found at start counts as seen at start. */
static void wait_for_a_leftover_voter_z_from_the_start(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	mind_cycle(&m);
	assert_true(mark_makes_wait(&m.s, 3, m.tick_ms + Z - 1));
	assert_false(mark_makes_wait(&m.s, 3, m.tick_ms + Z));
}

static void wait_for_a_leftover_evicted_voter_z_from_the_start(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	peer(&m, 3)->state = QD_STATE_EVICTED;
	peer(&m, 3)->ext.victim_incarnation = PEER_LIFE(3);
	mind_cycle(&m);
	assert_true(mark_makes_wait(&m.s, 3, m.tick_ms + Z - 1));
	assert_false(mark_makes_wait(&m.s, 3, m.tick_ms + Z));
}

static void wait_for_a_voter_z_from_its_last_beat(void **state)
{
	(void)state;
	peer_votes(&m, 3, 5);
	peer(&m, 3)->incarnation++;	/* a new life, and that one beat */
	mind_cycle(&m);
	m.beating &= ~qd_bit(3);
	assert_true(mark_makes_wait(&m.s, 3, m.tick_ms + Z - 1));
	assert_false(mark_makes_wait(&m.s, 3, m.tick_ms + Z));
}

static void wait_for_a_slot_never_read_yes(void **state)
{
	(void)state;
	assert_true(mark_makes_wait(&m.s, 3, m.tick_ms));
}

/* The extension is torn off, and the mark with it. */
static void wait_for_a_torn_block_yes(void **state)
{
	(void)state;
	peer(&m, 3)->has_ext = false;
	assert_true(waits_for_3());
}

static void wait_for_a_torn_eviction_yes(void **state)
{
	(void)state;
	peer_votes(&m, 3, 4);
	mind_cycle(&m);
	peer(&m, 3)->state = QD_STATE_EVICTED;
	peer(&m, 3)->writer_id = 1;
	peer(&m, 3)->has_ext = false;
	m.beating &= ~qd_bit(3);
	assert_true(waits_for_3());
}

static void wait_for_a_legacy_node_no(void **state)
{
	(void)state;
	peer_is_legacy(&m, 3);
	assert_false(waits_for_3());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, wait_for_one_without_mark_no),
		test_with(follower, wait_for_a_view_without_me_yes),
		test_with(follower, wait_for_a_view_with_me_no),
		test_with(follower, wait_for_an_empty_view_yes),
		test_with(follower, wait_for_an_evicted_voter_yes),
		test_with(follower, wait_for_one_evicted_as_fenced_no),
		test_with(follower, wait_for_an_unreadable_slot_yes_without_limit),
		test_with(follower, wait_for_a_slot_readable_again_as_it_says),
		test_with(follower, wait_for_a_silent_voter_until_z),
		test_with(follower, wait_for_a_beating_voter_without_limit),
		test_with(fresh, wait_for_a_leftover_voter_z_from_the_start),
		test_with(fresh, wait_for_a_leftover_evicted_voter_z_from_the_start),
		test_with(follower, wait_for_a_voter_z_from_its_last_beat),
		test_with(fresh, wait_for_a_slot_never_read_yes),
		test_with(follower, wait_for_a_torn_block_yes),
		test_with(follower, wait_for_a_torn_eviction_yes),
		test_with(follower, wait_for_a_legacy_node_no),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
