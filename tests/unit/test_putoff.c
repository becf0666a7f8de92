/* putoff.c: what a node makes of a LUN that is dead for everybody. qdisk(5), "Self-fence". */
#include "mind_scene.h"

enum { FRESH = 50 };

/* Node 2 of three that casts for master 1 and fences itself at L2: nothing lands any more,
 * and it has said so. */
static int without_lun(void **state)
{
	(void)follower(state);
	m.s.p.io_timeout = true;
	mind_event(&m, QD_EV_TIMER, L1);
	assert_int_equal(m.words[true], 1);
	return 0;
}

/* At that time after the last landing these others say that their LUN is dead, and said
 * so `age_ms` ago. */
static void at(uint64_t after_ms, qd_mask others, uint64_t age_ms)
{
	m.in.cs.lun_dead = others;
	m.in.cs.lun_dead_ms = m.tick_ms + after_ms - age_ms;
	mind_event(&m, QD_EV_TIMER, after_ms);
}

static const qd_mask both = 1 | 4;

/* L2 has come, and waits. */
static int put_off(void **state)
{
	(void)without_lun(state);
	at(L2, both, FRESH);
	assert_int_equal(m.self_fence, -1);
	assert_true(m.s.put_off);
	return 0;
}

static int put_off_with_a_watchdog(void **state)
{
	(void)follower(state);
	m.s.p.watchdog = true;
	m.in.watchdog_ms = L2;
	return 0;
}

/* ---- L2 ---- */

static void l2_with_all_dead_begins_a_new_life(void **state)
{
	(void)state;
	at(L2, both, FRESH);
	assert_int_equal(m.self_fence, -1);
	assert_int_equal(m.s.incarnation, NEXT_LIFE);
	assert_int_equal(m.noted[QD_NOTE_PUT_OFF], 1);
}

static void l2_with_one_who_has_the_lun_fences_myself(void **state)
{
	(void)state;
	at(L2, qd_bit(1), FRESH);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void l2_with_a_word_of_i_ago_is_put_off(void **state)
{
	(void)state;
	at(L2, both, I);
	assert_int_equal(m.self_fence, -1);
}

static void l2_with_an_older_word_fences_myself(void **state)
{
	(void)state;
	at(L2, both, I + 1);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void l2_with_a_word_of_the_future_fences_myself(void **state)
{
	(void)state;
	m.in.cs.lun_dead_ms = m.tick_ms + L2 + 1;
	m.in.cs.lun_dead = both;
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void l2_in_sync_fences_myself(void **state)
{
	(void)state;
	m.in.cs.in_sync = true;
	at(L2, both, FRESH);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void l2_beside_a_corosync_that_does_not_answer_fences_myself(void **state)
{
	(void)state;
	m.in.cs.stalled = true;
	at(L2, both, FRESH);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void l2_in_another_view_than_the_ring_fences_myself(void **state)
{
	(void)state;
	m.in.cs.view = both;
	at(L2, both, FRESH);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void l2_without_quorum_fences_myself(void **state)
{
	(void)state;
	m.in.cs.quorum = 4;
	at(L2, both, FRESH);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void l2_in_a_ring_that_needs_the_device_fences_myself(void **state)
{
	(void)state;
	mind_ring(&m, 2, 2 | 4);
	m.stays_quorate = true;
	m.in.cs.quorate = true;
	at(L2, both, FRESH);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

/* Somebody has lowered them while it runs: the other side may be quorate too. */
static void l2_by_lowered_expected_votes_fences_myself(void **state)
{
	(void)state;
	mind_ring(&m, 2, 2 | 4);
	m.in.cs.quorum = 2;
	at(L2, both, FRESH);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

/* What is written blindly ends no silence, and is no death of the LUN either. */
static void l2_with_a_lun_that_takes_writes_fences_myself(void **state)
{
	(void)state;
	m.s.own_unreadable = true;
	mind_tick(&m);
	m.slot[1].result = QD_SLOT_CORRUPT;
	mind_read(&m, /* tick */ true, L2 - I - 20);
	mind_landed(&m, L2 - I - 10);
	assert_int_equal(m.words[false], 1);
	at(L2 - I, both, FRESH);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void l2_not_configured_puts_nothing_off(void **state)
{
	(void)state;
	m.s.p.io_timeout = false;
	at(L2, both, FRESH);
	assert_false(m.s.put_off);
	assert_int_equal(m.noted[QD_NOTE_PUT_OFF], 0);
	assert_int_equal(m.s.incarnation, NEXT_LIFE);
}

/* ---- When it falls due ---- */

static void put_off_goes_on_while_all_are_dead(void **state)
{
	(void)state;
	for (uint64_t ms = L2; ms < 20 * L2; ms += I)
		at(ms, both, FRESH);
	assert_int_equal(m.self_fence, -1);
}

static void put_off_falls_due_k_intervals_after_one_has_the_lun(void **state)
{
	(void)state;
	at(L2 + I, both, FRESH);
	at(L2 + 2 * I, qd_bit(1), 0);
	assert_int_equal(m.noted[QD_NOTE_LUN_BACK], 1);
	assert_int_equal(m.note[QD_NOTE_LUN_BACK].node, 3);
	assert_int_equal(m.note[QD_NOTE_LUN_BACK].a, L2 - I - FRESH);
	at(L2 + I - FRESH + L2 - 1, qd_bit(1), 0);
	assert_int_equal(m.self_fence, -1);
	at(L2 + I - FRESH + L2, qd_bit(1), 0);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
	assert_int_equal(m.noted[QD_NOTE_LUN_BACK], 1);
}

static void put_off_falls_due_k_intervals_after_the_last_word(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L2 - FRESH + L2 - 1);
	assert_int_equal(m.self_fence, -1);
	mind_event(&m, QD_EV_TIMER, L2 - FRESH + L2);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
	assert_int_equal(m.noted[QD_NOTE_PUT_OFF_LATE], 1);
}

static void put_off_has_a_deadline(void **state)
{
	(void)state;
	assert_int_equal(qd_next_deadline(&m.s, m.tick_ms + L2), m.tick_ms + L2 - FRESH + L2);
}

static void put_off_bears_a_corosync_that_does_not_answer_for_a_while(void **state)
{
	(void)state;
	m.in.cs.stalled = true;
	at(L2 + I, both, FRESH);
	assert_int_equal(m.self_fence, -1);
	at(L2 - FRESH + L2, both, FRESH);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void put_off_ends_at_once_in_another_ring(void **state)
{
	(void)state;
	mind_ring(&m, 2, 7);
	at(L2 + I, both, FRESH);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
	assert_int_equal(m.noted[QD_NOTE_PUT_OFF_RING], 1);
}

static void put_off_ends_at_once_where_corosync_is_gone(void **state)
{
	(void)state;
	m.in.cs = (struct qd_corosync){ .ended = true };
	mind_event(&m, QD_EV_RING, L2 + 1);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void put_off_ends_at_once_where_more_votes_are_needed(void **state)
{
	(void)state;
	m.in.cs.quorum = 4;
	at(L2 + 1, both, FRESH);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void put_off_is_over_when_a_write_lands(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, L2 + 10);
	mind_landed(&m, L2 + 20);
	assert_false(m.s.put_off);
	assert_int_equal(m.noted[QD_NOTE_PUT_OFF_OVER], 1);
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, L2 + 30);
	assert_int_equal(m.self_fence, -1);
}

static void put_off_is_over_when_it_is_configured_no_longer(void **state)
{
	(void)state;
	m.s.p.io_timeout = false;
	at(L2 + 1, 0, 0);
	mind_event(&m, QD_EV_TIMER, 3 * L2);
	assert_int_equal(m.self_fence, -1);
}

/* It is a new life: what was evicted was the last one. */
static void put_off_node_obeys_the_eviction_of_the_life_just_ended(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->incarnation = PEER_LIFE(1);
	own()->ext.victim_incarnation = LIFE;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, L2 + 10);
	assert_int_equal(m.self_fence, QD_FENCED_EVICTED);
}

static void put_off_is_said_once_a_minute(void **state)
{
	(void)state;
	for (uint64_t ms = L2; ms <= L2 + 120000; ms += I)
		at(ms, both, FRESH);
	assert_int_equal(m.noted[QD_NOTE_PUT_OFF], 3);
	assert_int_equal(m.note[QD_NOTE_PUT_OFF].a, 120);
}

/* ---- The watchdog ---- */

static void late_tick(uint64_t after_ms, qd_mask others, uint64_t age_ms)
{
	m.in.cs.lun_dead = others;
	m.in.cs.lun_dead_ms = m.tick_ms + after_ms - age_ms;
	mind_read_late(&m, after_ms);
}

static void pets_go_on_from_l1_while_all_are_dead(void **state)
{
	(void)state;
	late_tick(L1, both, FRESH);
	assert_int_equal(m.pets, 1);
	late_tick(L2, both, FRESH);
	late_tick(L2 + I, both, FRESH);
	assert_int_equal(m.pets, 3);
}

static void pets_end_when_one_has_the_lun(void **state)
{
	(void)state;
	late_tick(L1, both, FRESH);
	late_tick(L2, both, FRESH);
	late_tick(L2 + I, qd_bit(1), 0);
	late_tick(L2 + 2 * I, both, I + 1);
	assert_int_equal(m.pets, 2);
}

static void pets_below_l1_need_a_landing(void **state)
{
	(void)state;
	late_tick(L1 - 1, both, FRESH);
	assert_int_equal(m.pets, 0);
}

static void pets_of_others_words_arm_nothing(void **state)
{
	(void)state;
	m.in.watchdog_ms = 0;
	late_tick(L1, both, FRESH);
	assert_int_equal(m.pets, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(without_lun, l2_with_all_dead_begins_a_new_life),
		test_with(without_lun, l2_with_one_who_has_the_lun_fences_myself),
		test_with(without_lun, l2_with_a_word_of_i_ago_is_put_off),
		test_with(without_lun, l2_with_an_older_word_fences_myself),
		test_with(without_lun, l2_with_a_word_of_the_future_fences_myself),
		test_with(without_lun, l2_in_sync_fences_myself),
		test_with(without_lun, l2_beside_a_corosync_that_does_not_answer_fences_myself),
		test_with(without_lun, l2_in_another_view_than_the_ring_fences_myself),
		test_with(without_lun, l2_without_quorum_fences_myself),
		test_with(without_lun, l2_in_a_ring_that_needs_the_device_fences_myself),
		test_with(without_lun, l2_by_lowered_expected_votes_fences_myself),
		test_with(without_lun, l2_with_a_lun_that_takes_writes_fences_myself),
		test_with(without_lun, l2_not_configured_puts_nothing_off),
		test_with(put_off, put_off_goes_on_while_all_are_dead),
		test_with(put_off, put_off_falls_due_k_intervals_after_one_has_the_lun),
		test_with(put_off, put_off_falls_due_k_intervals_after_the_last_word),
		test_with(put_off, put_off_has_a_deadline),
		test_with(put_off, put_off_bears_a_corosync_that_does_not_answer_for_a_while),
		test_with(put_off, put_off_ends_at_once_in_another_ring),
		test_with(put_off, put_off_ends_at_once_where_corosync_is_gone),
		test_with(put_off, put_off_ends_at_once_where_more_votes_are_needed),
		test_with(put_off, put_off_is_over_when_a_write_lands),
		test_with(put_off, put_off_is_over_when_it_is_configured_no_longer),
		test_with(put_off, put_off_node_obeys_the_eviction_of_the_life_just_ended),
		test_with(put_off, put_off_is_said_once_a_minute),
		test_with(put_off_with_a_watchdog, pets_go_on_from_l1_while_all_are_dead),
		test_with(put_off_with_a_watchdog, pets_end_when_one_has_the_lun),
		test_with(put_off_with_a_watchdog, pets_below_l1_need_a_landing),
		test_with(put_off_with_a_watchdog, pets_of_others_words_arm_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
