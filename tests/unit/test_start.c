/* own.c, core.c: the start: K cycles, the mark found in my slot; a reload. qdisk(5),
 * "Start". */
#include "mind_scene.h"

/* ---- Start ---- */

static void start_initialises_for_k_cycles(void **state)
{
	(void)state;
	for (unsigned i = 0; i < K; i++) {
		mind_cycle(&m);
		assert_int_equal(written_block(&m)->state, QD_STATE_INIT);
	}
	mind_cycle(&m);
	assert_int_not_equal(written_block(&m)->state, QD_STATE_INIT);
}

static void start_with_score_runs_after_k_cycles(void **state)
{
	(void)state;
	mind_cycles(&m, K + 2);
	assert_int_equal(written_block(&m)->state, QD_STATE_RUN);
}

static void start_without_score_stays_none(void **state)
{
	(void)state;
	m.in.score = 0;
	mind_cycles(&m, 3 * K);
	assert_int_equal(written_block(&m)->state, QD_STATE_NONE);
}

static void start_express_cycles_do_not_shorten_it(void **state)
{
	(void)state;
	mind_cycle(&m);
	for (unsigned i = 1; i < 19; i++)
		mind_express(&m, i * 10);
	assert_int_equal(written_block(&m)->state, QD_STATE_INIT);
}

static void start_without_corosync_stays_none(void **state)
{
	(void)state;
	m.in.cs.connected = false;
	mind_cycles(&m, 3 * K);
	assert_int_equal(written_block(&m)->state, QD_STATE_NONE);
}

static void start_casts_no_1_while_initialising(void **state)
{
	(void)state;
	peer_is_master(&m, 1, 7);
	mind_cycles(&m, K - 1);
	assert_int_equal(m.votes[1], 0);
}

static void start_with_a_hanging_lun_fences_nobody(void **state)
{
	(void)state;
	m.s.p.io_timeout = m.s.p.paranoid = true;
	for (unsigned i = 0; i < 10 * K; i++)
		mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.self_fence, -1);
	assert_int_equal(m.s.incarnation, LIFE);
}

static void start_deadline_is_l1_and_then_none(void **state)
{
	(void)state;
	assert_int_equal(qd_next_deadline(&m.s, m.tick_ms), m.tick_ms + L1);
	mind_event(&m, QD_EV_TIMER, L1);
	assert_true(qd_next_deadline(&m.s, m.tick_ms + L1) == UINT64_MAX);
}

/* Row 11: the clock of "last good" starts at start. */
static void legacy_11_read_error_in_the_first_cycle_fences_nobody(void **state)
{
	(void)state;
	m.s.p.io_timeout = m.s.p.paranoid = m.s.p.reboot = true;
	mind_read_failed(&m, QD_IO_ERROR);
	mind_event(&m, QD_EV_TIMER, 1);
	assert_int_equal(m.self_fence, -1);
	assert_int_equal(m.exit, -1);
}

/* ---- The mark found at start ---- */

static void start_takes_over_the_mark_in_its_slot(void **state)
{
	(void)state;
	peer_votes(&m, 2, 3);
	m.in.cs.connected = false;
	mind_cycle(&m);
	assert_true(written_block(&m)->ext.flags & QD_EXT_VOTING);
	assert_int_equal(written_block(&m)->ext.view, 3);
}

static void start_takes_over_the_mark_of_its_eviction(void **state)
{
	(void)state;
	peer_votes(&m, 2, 3);
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	m.in.cs.connected = false;
	mind_cycle(&m);
	assert_true(written_block(&m)->ext.flags & QD_EXT_VOTING);
}

static void start_with_unreadable_slot_votes_in_an_empty_view(void **state)
{
	(void)state;
	m.slot[1].result = QD_SLOT_CORRUPT;
	m.in.cs.connected = false;
	mind_cycle(&m);
	assert_true(written_block(&m)->ext.flags & QD_EXT_VOTING);
	assert_int_equal(written_block(&m)->ext.view, 0);
}

/* Torn, or legacy's: somebody has lived there, and may have voted. */
static void start_with_a_torn_slot_votes_in_an_empty_view(void **state)
{
	(void)state;
	own()->incarnation = PEER_LIFE(2);
	own()->has_ext = false;
	m.in.cs.connected = false;
	mind_cycle(&m);
	assert_true(written_block(&m)->ext.flags & QD_EXT_VOTING);
	assert_int_equal(written_block(&m)->ext.view, 0);
}

static void start_without_a_mark_has_none(void **state)
{
	(void)state;
	mind_cycle(&m);
	assert_false(written_block(&m)->ext.flags & QD_EXT_VOTING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(fresh, start_initialises_for_k_cycles),
		test_with(fresh, start_with_score_runs_after_k_cycles),
		test_with(fresh, start_without_score_stays_none),
		test_with(fresh, start_express_cycles_do_not_shorten_it),
		test_with(fresh, start_without_corosync_stays_none),
		test_with(fresh, start_casts_no_1_while_initialising),
		test_with(fresh, start_with_a_hanging_lun_fences_nobody),
		test_with(fresh, start_deadline_is_l1_and_then_none),
		test_with(fresh, legacy_11_read_error_in_the_first_cycle_fences_nobody),
		test_with(fresh, start_takes_over_the_mark_in_its_slot),
		test_with(fresh, start_takes_over_the_mark_of_its_eviction),
		test_with(fresh, start_with_unreadable_slot_votes_in_an_empty_view),
		test_with(fresh, start_with_a_torn_slot_votes_in_an_empty_view),
		test_with(fresh, start_without_a_mark_has_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
