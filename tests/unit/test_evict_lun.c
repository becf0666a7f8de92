/* evict_fence.c: fencing over the LUN, fencing that is asked for, delays, and whom an
 * administrator may declare dead. qdisk(5), "Fencing". */
#include "mind_scene.h"

enum { WATCHDOG = 2000 };

/* Master of three; node 3 beats with an armed watchdog, fence="lun". */
static int armed(void **state)
{
	(void)master(state);
	m.s.p.fence_lun = true;
	peer(&m, 3)->ext.flags |= QD_EXT_ARMED;
	peer(&m, 3)->ext.watchdog_ms = WATCHDOG;
	mind_cycles(&m, 2);
	mind_forget(&m);
	return 0;
}

/* Cycles until node 3 counts as fenced, since the one that showed its last beat; at
 * most that many. */
static unsigned fenced_after(unsigned most)
{
	for (unsigned cycles = 1; cycles <= most; cycles++) {
		mind_cycle(&m);
		if (see(3)->fenced)
			return cycles;
	}
	return 0;
}

/* (timeout + K*I) * (1 + 1/2K), for a clock that is slower than this one; its last beat was
 * seen in a read that ended no later than one tick after it. */
enum { WAIT_MS = (WATCHDOG + K * I) * (2 * K + 1) / (2 * K) + 1, WAIT = (WAIT_MS + I - 1) / I };

static void lun_node_counts_as_fenced_after_watchdog_and_k(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(3);
	assert_in_range(fenced_after(100), WAIT, WAIT + 1);
	assert_int_equal(m.fences, 0);	/* no agent */
	assert_int_equal(m.evicted, qd_bit(3));
	assert_int_equal(m.noted[QD_NOTE_FENCE_OK], 1);
	mind_cycles(&m, 2);
	assert_true(m.eviction.ext.flags & QD_EXT_FENCED);
}

/* Its clock is as slow as is assumed at most. Its last pet came (K-1)*I after its last
 * landing, and the watchdog's timeout after that it may still live. */
static void lun_wait_outlasts_the_slowest_clock(void **state)
{
	const uint64_t lives_ms = (uint64_t)(L1 + WATCHDOG) * (2 * K + 1) / (2 * K);
	uint64_t last_ms = see(3)->may_beat_ms;

	(void)state;
	assert_true(lives_ms > WATCHDOG + K * I);
	m.beating &= ~qd_bit(3);
	assert_int_not_equal(fenced_after(100), 0);
	assert_true(m.in.cycle_start_ms > last_ms + lives_ms);
}

/* Node 3 may have petted its watchdog on that, without a beat. */
static void lun_wait_begins_anew_when_my_own_lun_was_dead(void **state)
{
	(void)state;
	silent(3, WAIT - 5);
	for (unsigned i = 0; i < K - 2; i++) {
		mind_tick(&m);
		mind_read(&m, /* tick */ true, 0);
		mind_write_failed(&m, 10);
	}
	assert_int_equal(m.words[true], 1);
	assert_false(see(3)->fenced);
	assert_in_range(fenced_after(100), WAIT, WAIT + 2);
}

static void lun_wait_is_by_the_larger_k_of_both(void **state)
{
	(void)state;
	peer(&m, 3)->ext.tko = 3 * K;
	peer(&m, 3)->ext.interval_ms = I;
	mind_cycles(&m, 2);
	m.beating &= ~qd_bit(3);
	assert_in_range(fenced_after(200), WAIT + 2 * K, WAIT + 2 * K + 1);
}

static void lun_new_beat_begins_the_wait_anew(void **state)
{
	(void)state;
	silent(3, WAIT - 1);
	writes_again(PEER_LIFE(3));
	peer(&m, 3)->ext.flags = QD_EXT_ARMED;
	assert_in_range(fenced_after(100), WAIT, WAIT + 1 + 1);
	assert_int_equal(m.noted[QD_NOTE_NODE_UNDEAD], 1);
}

/* It may write, and nobody would see it. */
static void lun_slot_that_cannot_be_read_begins_the_wait_anew(void **state)
{
	(void)state;
	silent(3, K + 1);
	m.evictions_lost = true;
	m.slot[2].result = QD_SLOT_CORRUPT;
	mind_cycles(&m, WAIT);
	assert_false(see(3)->fenced);
	m.slot[2].result = QD_SLOT_OK;
	assert_in_range(fenced_after(100), WAIT, WAIT + 1);
}

/* Reads that fail say nothing; the first that does not shows that nothing was written. */
static void lun_late_reads_only_postpone(void **state)
{
	(void)state;
	silent(3, WAIT - 2);
	for (unsigned i = 0; i < 2; i++) {
		mind_tick(&m);
		mind_event(&m, QD_EV_TIMER, 10);
		assert_false(see(3)->fenced);
	}
	assert_int_equal(fenced_after(3), 1);
}

/* Whoever evicted it may have seen beats that I have not. */
static void lun_eviction_by_another_of_one_not_dead_to_me_counts_from_its_sight(void **state)
{
	struct qd_block *b = peer(&m, 3);

	(void)state;
	silent(3, 3);
	b->state = QD_STATE_EVICTED;
	b->writer_id = 2;
	b->ext.victim_incarnation = b->incarnation;
	assert_in_range(fenced_after(100), WAIT, WAIT + 1);
}

static void lun_node_without_armed_watchdog_is_refused_once(void **state)
{
	(void)state;
	peer(&m, 3)->ext.flags &= ~(uint32_t)QD_EXT_ARMED;
	mind_cycles(&m, 2);
	m.beating &= ~qd_bit(3);
	assert_int_equal(fenced_after(10 * WAIT), 0);
	assert_int_equal(m.noted[QD_NOTE_FENCE_UNARMED], 1);
	assert_int_equal(m.s.fence_result, QD_FENCE_UNDEFINED);
}

/* It disarms when its leaving block, which still says armed, has landed: here nobody
 * could read its slot when it landed. */
static void lun_node_that_has_left_is_not_waited_for(void **state)
{
	(void)state;
	silent(3, K + 1);
	m.evictions_lost = true;
	m.slot[2].result = QD_SLOT_CORRUPT;
	peer(&m, 3)->state = QD_STATE_NONE;
	peer(&m, 3)->ext.flags |= QD_EXT_LEAVING;
	peer(&m, 3)->ext.beat++;
	mind_cycles(&m, 2);
	m.slot[2].result = QD_SLOT_OK;
	assert_int_equal(fenced_after(10 * WAIT), 0);
}

/* The same, but its eviction stands over the leaving block that nobody could read. */
static void lun_node_that_may_have_left_under_its_eviction_is_refused(void **state)
{
	(void)state;
	silent(3, 2);
	m.slot[2].result = QD_SLOT_CORRUPT;
	mind_ring(&m, 2, 3);
	peer_ring(&m, 2, 2, 3);
	peer(&m, 2)->online = 3;
	mind_cycles(&m, 2 * K);
	assert_int_equal(m.evicted, qd_bit(3));
	m.slot[2] = (struct qd_slot){ .result = QD_SLOT_OK, .block = m.eviction };
	assert_int_equal(fenced_after(10 * WAIT), 0);
	assert_int_equal(m.noted[QD_NOTE_FENCE_UNARMED], 1);
}

static void lun_block_without_extension_is_refused(void **state)
{
	(void)state;
	peer_is_legacy(&m, 3);
	mind_cycles(&m, 8);
	m.beating &= ~qd_bit(3);
	assert_int_equal(fenced_after(20 * WAIT), 0);
	assert_int_equal(m.noted[QD_NOTE_FENCE_UNARMED], 1);
}

static void lun_switched_off_by_a_reload_goes_on_with_agents(void **state)
{
	(void)state;
	silent(3, K + 2);
	m.s.p.fence_lun = false;
	mind_cycles(&m, 2);
	assert_int_equal(m.fences, 1);
}

/* ---- Asked for ---- */

static void ask(uint32_t id, bool lun)
{
	m.in.fenced_node = id;
	m.in.fence_lun = lun;
	mind_event(&m, QD_EV_FENCE, 60);
}

static void asked_living_node_is_evicted_and_fenced_in_the_next_cycle(void **state)
{
	(void)state;
	assert_int_equal(qd_fence_ask(&m.s, 3, false), QD_ASK_MAY);
	ask(3, false);
	assert_int_equal(qd_fence_ask(&m.s, 3, false), QD_ASK_RUNS);
	mind_cycle(&m);
	assert_int_equal(m.evicted, qd_bit(3));
	assert_int_equal(m.fenced, qd_bit(3));
	assert_int_equal(m.fenced_incarnation, PEER_LIFE(3));
}

static void asked_over_the_lun_no_agent_runs_and_the_wait_is_whole(void **state)
{
	(void)state;
	m.s.p.fence_lun = false;
	m.s.p.fencing = false;
	ask(3, true);
	m.beating &= ~qd_bit(3);	/* it obeys */
	assert_in_range(fenced_after(100), WAIT, WAIT + 2);
	assert_int_equal(m.fences, 0);
	assert_int_equal(qd_fence_ask(&m.s, 3, true), QD_ASK_DONE);
}

static void asked_over_the_lun_beside_agents_that_run(void **state)
{
	(void)state;
	m.s.p.fence_lun = false;
	silent(3, K + 2);
	assert_int_equal(m.fences, 1);
	assert_int_equal(qd_fence_ask(&m.s, 3, false), QD_ASK_RUNS);
	assert_int_equal(qd_fence_ask(&m.s, 3, true), QD_ASK_MAY);
	ask(3, true);
	assert_int_not_equal(fenced_after(WAIT), 0);
}

/* A node that was never seen to beat has no life to evict: agents alone. */
static void asked_for_a_node_that_never_beat_agents_are_run(void **state)
{
	(void)state;
	m.s.p.fence_lun = false;
	m.beating &= ~qd_bit(3);
	see(3)->beating = false;
	ask(3, false);
	mind_cycle(&m);
	assert_int_equal(m.fences, 1);
	assert_int_equal(m.evictions, 0);
}

static void asked_by_whom_the_rules_forbid_is_refused_with_the_reason(void **state)
{
	(void)state;
	assert_int_equal(qd_fence_ask(&m.s, 1, false), QD_ASK_MYSELF);
	assert_int_equal(qd_fence_ask(&m.s, 0, false), QD_ASK_NO_SUCH_NODE);
	assert_int_equal(qd_fence_ask(&m.s, 64, false), QD_ASK_NO_SUCH_NODE);
	assert_int_equal(qd_fence_ask(&m.s, 2, true), QD_ASK_UNARMED);
	m.s.p.fence_lun = false;
	see(2)->known = false;
	assert_int_equal(qd_fence_ask(&m.s, 2, false), QD_ASK_UNSEEN);
	see(3)->fence_undefined = true;
	assert_int_equal(qd_fence_ask(&m.s, 3, false), QD_ASK_UNDEFINED);
	m.s.cs.quorate = false;
	assert_int_equal(qd_fence_ask(&m.s, 3, false), QD_ASK_NO_QUORUM);
	m.s.p.fencing = false;
	assert_int_equal(qd_fence_ask(&m.s, 3, false), QD_ASK_OFF);
}

static void asked_of_a_follower_is_refused(void **state)
{
	(void)state;
	assert_int_equal(qd_fence_ask(&m.s, 3, false), QD_ASK_NOT_MASTER);
	ask(3, false);
	mind_cycles(&m, 3);
	assert_int_equal(m.fences + m.evictions, 0);
	m.s.master = 0;
	assert_int_equal(qd_fence_ask(&m.s, 3, false), QD_ASK_NO_MASTER);
}

static void asked_of_a_follower_while_the_master_fences_says_so(void **state)
{
	struct qd_block *b = peer(&m, 3);

	(void)state;
	silent(3, K);
	b->state = QD_STATE_EVICTED;
	b->writer_id = 1;
	b->ext.victim_incarnation = b->incarnation;
	mind_cycle(&m);
	assert_int_equal(qd_fence_ask(&m.s, 3, false), QD_ASK_MASTER_DOES);
	b->ext.flags |= QD_EXT_FENCED;
	mind_cycle(&m);
	assert_int_equal(qd_fence_ask(&m.s, 3, false), QD_ASK_DONE);
}

static void asked_every_answer_has_words(void **state)
{
	(void)state;
	for (unsigned a = 0; a <= QD_ASK_UNARMED; a++)
		assert_string_not_equal(qd_fence_answer_text((enum qd_fence_answer)a), "unknown");
	assert_string_equal(qd_fence_answer_text((enum qd_fence_answer)9999), "unknown");
}

/* ---- Delays, lies, acknowledgement ---- */

static void delay_after_a_death_is_waited_for(void **state)
{
	(void)state;
	m.s.p.post_fail_ms = 2000;
	m.s.p.post_join_ms = 6000;
	silent(3, K + 1 + 2000 / I - 1);
	assert_int_equal(m.fences, 0);
	assert_int_equal(m.evicted, qd_bit(3));	/* that does not wait */
	mind_cycles(&m, 2);
	assert_int_equal(m.fences, 1);
}

static void delay_after_a_start_counts_where_a_node_has_come_up_meanwhile(void **state)
{
	(void)state;
	m.s.p.post_fail_ms = 2000;
	m.s.p.post_join_ms = 6000;
	silent(3, 3);
	m.s.joined_ms = m.tick_ms;
	mind_cycles(&m, K + 1 - 3 + 6000 / I - 1);
	assert_int_equal(m.fences, 0);
	mind_cycles(&m, 2);
	assert_int_equal(m.fences, 1);
}

/* Every new beat after a success is said; the second time a pause is made. */
static void lied_about_node_is_fenced_again_and_not_in_every_cycle(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_SUCCESS);
		writes_again(PEER_LIFE(3));
		mind_cycle(&m);
	}
	assert_in_range(m.noted[QD_NOTE_FENCE_LIED], 1, 10);
	assert_in_range(m.fences, 2, 3);
	mind_cycles(&m, 2000 / I);
	assert_in_range(m.fences, 3, 4);
}

static void ack_of_a_node_that_beats_is_refused(void **state)
{
	(void)state;
	assert_true(qd_fence_still_beats(&m.s, 3));
	silent(3, K);
	assert_true(qd_fence_still_beats(&m.s, 3));
	mind_cycle(&m);
	assert_false(qd_fence_still_beats(&m.s, 3));
	writes_again(PEER_LIFE(3));
	mind_cycle(&m);
	assert_true(qd_fence_still_beats(&m.s, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(armed, lun_node_counts_as_fenced_after_watchdog_and_k),
		test_with(armed, lun_wait_outlasts_the_slowest_clock),
		test_with(armed, lun_wait_begins_anew_when_my_own_lun_was_dead),
		test_with(armed, lun_wait_is_by_the_larger_k_of_both),
		test_with(armed, lun_new_beat_begins_the_wait_anew),
		test_with(armed, lun_slot_that_cannot_be_read_begins_the_wait_anew),
		test_with(armed, lun_late_reads_only_postpone),
		test_with(armed, lun_eviction_by_another_of_one_not_dead_to_me_counts_from_its_sight),
		test_with(armed, lun_node_without_armed_watchdog_is_refused_once),
		test_with(armed, lun_node_that_has_left_is_not_waited_for),
		test_with(armed, lun_node_that_may_have_left_under_its_eviction_is_refused),
		test_with(armed, lun_block_without_extension_is_refused),
		test_with(armed, lun_switched_off_by_a_reload_goes_on_with_agents),
		test_with(master, asked_living_node_is_evicted_and_fenced_in_the_next_cycle),
		test_with(armed, asked_over_the_lun_no_agent_runs_and_the_wait_is_whole),
		test_with(armed, asked_over_the_lun_beside_agents_that_run),
		test_with(armed, asked_for_a_node_that_never_beat_agents_are_run),
		test_with(armed, asked_by_whom_the_rules_forbid_is_refused_with_the_reason),
		test_with(follower, asked_of_a_follower_is_refused),
		test_with(follower, asked_of_a_follower_while_the_master_fences_says_so),
		cmocka_unit_test(asked_every_answer_has_words),
		test_with(master, delay_after_a_death_is_waited_for),
		test_with(master, delay_after_a_start_counts_where_a_node_has_come_up_meanwhile),
		test_with(bereaved, lied_about_node_is_fenced_again_and_not_in_every_cycle),
		test_with(master, ack_of_a_node_that_beats_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
