/* instep.c: who is waited for before a restart in step, and when it may begin:
 * qdisk(5), "Restart in step". */
#include "mind_scene.h"

#define WISH 0x77u

static uint32_t wishes[QD_NODE_MAX];

static int all_run(void **state)
{
	memset(wishes, 0, sizeof(wishes));
	return follower(state);
}

static qd_mask awaited(void)
{
	return qd_instep_awaited(&m.s, wishes, WISH, m.tick_ms);
}

static void wish(uint32_t id, uint32_t digest)
{
	wishes[id - 1] = digest;
}

/* A clean stop of a peer; `voting`: its corosync still counts it. */
static void leaves(uint32_t id, bool voting)
{
	struct qd_block *b = peer(&m, id);

	m.beating &= ~qd_bit(id);
	b->state = QD_STATE_NONE;
	b->ext.flags = QD_EXT_LEAVING | (voting ? QD_EXT_VOTING : 0u);
	b->ext.beat++;
	mind_cycle(&m);
}

static void awaits_all_who_beat_until_they_wish_the_same(void **state)
{
	(void)state;
	assert_int_equal(awaited(), qd_bit(1) | qd_bit(3));
	wish(3, WISH + 1);
	assert_int_equal(awaited(), qd_bit(1) | qd_bit(3));
	wish(3, WISH);
	assert_int_equal(awaited(), qd_bit(1));
	wish(1, WISH);
	assert_int_equal(awaited(), 0);
}

static void awaits_who_beats_outside_the_ring(void **state)
{
	(void)state;
	wish(1, WISH);
	mind_ring(&m, 8, qd_bit(1) | qd_bit(2));
	mind_cycle(&m);
	assert_int_equal(awaited(), qd_bit(3));
}

/* Its daemon may be on its way back, with whatever its file says. */
static void awaits_a_silent_member_of_the_ring_until_z(void **state)
{
	(void)state;
	wish(1, WISH);
	silent(3, Z / I - 1);
	assert_int_equal(awaited(), qd_bit(3));
	silent(3, 2);
	assert_int_equal(awaited(), 0);
}

static void awaits_nobody_who_is_dead_and_out_of_the_ring(void **state)
{
	(void)state;
	wish(1, WISH);
	silent(3, K + 2);
	assert_int_equal(awaited(), qd_bit(3));
	mind_ring(&m, 8, qd_bit(1) | qd_bit(2));
	mind_cycle(&m);
	assert_int_equal(awaited(), 0);
}

static void awaits_nobody_who_has_left_and_is_counted_no_longer(void **state)
{
	(void)state;
	wish(1, WISH);
	leaves(3, /* voting */ true);
	assert_int_equal(awaited(), qd_bit(3));
	peer(&m, 3)->ext.flags = QD_EXT_LEAVING;
	peer(&m, 3)->ext.beat++;
	mind_cycle(&m);
	assert_int_equal(awaited(), 0);
}

static void awaits_who_has_left_still_voting_no_longer_once_it_wishes_the_same(void **state)
{
	(void)state;
	wish(1, WISH);
	leaves(3, /* voting */ true);
	wish(3, WISH);
	assert_int_equal(awaited(), 0);
}

static void awaits_whose_slot_cannot_be_read(void **state)
{
	(void)state;
	wish(1, WISH);
	wish(3, WISH);
	m.slot[2].result = QD_SLOT_CORRUPT;
	mind_cycle(&m);
	assert_int_equal(awaited(), qd_bit(3));
}

static void votes_of_the_members_must_be_a_quorum(void **state)
{
	(void)state;
	m.in.cs.quorum = 3;	/* of 3 nodes and 2 votes */
	mind_cycle(&m);
	assert_true(qd_instep_votes(&m.s));
	assert_true(qd_instep_may_leave(&m.s));
	mind_ring(&m, 8, qd_bit(1) | qd_bit(2));
	m.in.cs.quorum = 3;
	mind_cycle(&m);
	assert_false(qd_instep_votes(&m.s));
	assert_false(qd_instep_may_leave(&m.s));
}

/* Somebody has lowered what corosync goes by. */
static void votes_are_counted_by_what_is_configured(void **state)
{
	(void)state;
	mind_ring(&m, 8, qd_bit(1) | qd_bit(2));
	m.in.cs.quorum = 2;
	mind_cycle(&m);
	assert_false(qd_instep_votes(&m.s));
}

static void leaves_only_a_ring_that_is_shown_to_be_quorate(void **state)
{
	(void)state;
	mind_cycle(&m);
	assert_true(qd_instep_may_leave(&m.s));
	m.in.cs.quorate = false;
	mind_cycle(&m);
	assert_false(qd_instep_may_leave(&m.s));
	m.in.cs.quorate = true;
	m.in.cs.in_sync = true;
	mind_cycle(&m);
	assert_false(qd_instep_may_leave(&m.s));
	m.in.cs.in_sync = false;
	mind_cycle(&m);
	assert_true(qd_instep_may_leave(&m.s));
}

/* It has died; its corosync is a member until the token is lost. */
static void leaves_nobody_to_a_ring_with_a_dead_member(void **state)
{
	(void)state;
	mind_cycle(&m);
	assert_true(qd_instep_may_leave(&m.s));
	silent(3, 2);
	assert_false(qd_instep_may_leave(&m.s));
	silent(3, K);
	peer(&m, 3)->state = QD_STATE_EVICTED;
	peer(&m, 3)->ext.flags = QD_EXT_FENCED;
	mind_cycle(&m);
	assert_false(qd_instep_may_leave(&m.s));
	mind_ring(&m, 8, qd_bit(1) | qd_bit(2));
	mind_cycle(&m);
	assert_false(qd_instep_may_leave(&m.s));
	mind_ring(&m, 12, qd_bit(1) | qd_bit(2) | qd_bit(3));	/* it is back, without its qdiskd */
	mind_cycle(&m);
	assert_true(qd_instep_may_leave(&m.s));
}

static void leaves_with_a_member_that_has_left_before(void **state)
{
	(void)state;
	leaves(3, /* voting */ false);
	mind_cycles(&m, K + 2);
	assert_true(qd_instep_may_leave(&m.s));
}

static void leaves_no_lun_that_does_not_answer(void **state)
{
	(void)state;
	mind_cycle(&m);
	for (unsigned i = 0; i < K; i++)
		mind_read_failed(&m, QD_IO_ERROR);
	assert_false(qd_instep_may_leave(&m.s));
}

static void leaves_once(void **state)
{
	(void)state;
	mind_cycle(&m);
	mind_event(&m, QD_EV_STOP, 50);
	assert_false(qd_instep_may_leave(&m.s));
}

static void slot_is_given_up_by_who_left_or_was_fenced_or_is_forgotten(void **state)
{
	static const struct {
		const char *what;
		enum qd_node_state state;
		uint32_t flags;
		uint64_t incarnation, unchanged_ms;
		bool has_ext, given_up;
	} rows[] = {
		{ "never lived", QD_STATE_NONE, 0, 0, 0, true, true },
		{ "never lived, labelled by legacy", QD_STATE_NONE, 0, 0, 0, false, true },
		{ "has left", QD_STATE_NONE, QD_EXT_LEAVING, 5, 0, true, true },
		{ "has left, counted", QD_STATE_NONE, QD_EXT_LEAVING | QD_EXT_VOTING, 5, 0, true, false },
		{ "the same, after Z", QD_STATE_NONE, QD_EXT_LEAVING | QD_EXT_VOTING, 5, Z, true, true },
		{ "runs, unfit", QD_STATE_NONE, 0, 5, 0, true, false },
		{ "legacy, left", QD_STATE_NONE, 0, 5, 0, false, false },
		{ "legacy, left, after Z", QD_STATE_NONE, 0, 5, Z, false, true },
		{ "runs", QD_STATE_RUN, 0, 5, Z - 1, true, false },
		{ "runs, silent for Z", QD_STATE_RUN, QD_EXT_VOTING, 5, Z, true, true },
		{ "evicted", QD_STATE_EVICTED, QD_EXT_VOTING, 5, Z - 1, true, false },
		{ "evicted and fenced", QD_STATE_EVICTED, QD_EXT_VOTING | QD_EXT_FENCED, 5, 0, true, true },
		{ "leaves, says state running", QD_STATE_RUN, QD_EXT_LEAVING, 5, 0, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct qd_slot slot = { .result = QD_SLOT_OK };

		slot.block.state = rows[i].state;
		slot.block.incarnation = rows[i].incarnation;
		slot.block.has_ext = rows[i].has_ext;
		slot.block.ext.flags = rows[i].flags;
		if (qd_instep_given_up(&slot, rows[i].unchanged_ms, Z) != rows[i].given_up)
			fail_msg("%s", rows[i].what);
	}
}

static void slot_that_cannot_be_read_is_never_given_up(void **state)
{
	const struct qd_slot slot = { .result = QD_SLOT_CORRUPT };

	(void)state;
	assert_false(qd_instep_given_up(&slot, UINT64_MAX, Z));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(awaits_all_who_beat_until_they_wish_the_same, all_run),
		cmocka_unit_test_setup(awaits_who_beats_outside_the_ring, all_run),
		cmocka_unit_test_setup(awaits_a_silent_member_of_the_ring_until_z, all_run),
		cmocka_unit_test_setup(awaits_nobody_who_is_dead_and_out_of_the_ring, all_run),
		cmocka_unit_test_setup(awaits_nobody_who_has_left_and_is_counted_no_longer, all_run),
		cmocka_unit_test_setup(awaits_who_has_left_still_voting_no_longer_once_it_wishes_the_same, all_run),
		cmocka_unit_test_setup(awaits_whose_slot_cannot_be_read, all_run),
		cmocka_unit_test_setup(votes_of_the_members_must_be_a_quorum, all_run),
		cmocka_unit_test_setup(votes_are_counted_by_what_is_configured, all_run),
		cmocka_unit_test_setup(leaves_only_a_ring_that_is_shown_to_be_quorate, all_run),
		cmocka_unit_test_setup(leaves_nobody_to_a_ring_with_a_dead_member, all_run),
		cmocka_unit_test_setup(leaves_with_a_member_that_has_left_before, all_run),
		cmocka_unit_test_setup(leaves_no_lun_that_does_not_answer, all_run),
		cmocka_unit_test_setup(leaves_once, all_run),
		cmocka_unit_test(slot_is_given_up_by_who_left_or_was_fenced_or_is_forgotten),
		cmocka_unit_test(slot_that_cannot_be_read_is_never_given_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
