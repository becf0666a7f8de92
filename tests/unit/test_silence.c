/* own.c, core.c: no landing for L1 and for L2, waking up, and the life after. qdisk(5),
 * "Wake-up", laws L1 and L2. */
#include "mind_scene.h"

/* ---- L1 ---- */

static void silence_below_l1_stands(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L1 - 1);
	assert_int_equal(m.votes[0], 0);
}

static void silence_of_l1_casts_0(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L1);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.noted[QD_NOTE_SILENCE], 1);
}

static void silence_deadline_is_l1_then_l2(void **state)
{
	(void)state;
	assert_int_equal(qd_next_deadline(&m.s, m.tick_ms + 20), m.tick_ms + L1);
	mind_event(&m, QD_EV_TIMER, L1);
	assert_int_equal(qd_next_deadline(&m.s, m.tick_ms + L1), m.tick_ms + L2);
}

/* The write began at its cycle's start, not when it landed. */
static void silence_counts_from_the_start_of_the_write(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_landed(&m, 150);
	assert_int_equal(qd_silence(&m.s, m.tick_ms + 160), 160);
}

static void silence_failed_write_does_not_end_it(void **state)
{
	uint64_t before = m.tick_ms;

	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_write_failed(&m, 10);
	assert_int_equal(qd_silence(&m.s, m.tick_ms), m.tick_ms - before);
}

static void petting_needs_a_landing_below_l1(void **state)
{
	(void)state;
	m.s.p.watchdog = true;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_landed(&m, 10);
	assert_int_equal(m.pets, 1);
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_landed(&m, L1);
	assert_int_equal(m.pets, 1);
}

static void petting_stops_when_corosync_stalls(void **state)
{
	(void)state;
	m.s.p.watchdog = true;
	m.in.cs.stalled = true;
	mind_cycles(&m, 3);
	assert_int_equal(m.pets, 0);
}

static void petting_goes_on_beside_a_corosync_that_is_dead(void **state)
{
	(void)state;
	m.s.p.watchdog = true;
	m.in.cs = (struct qd_corosync){ .ended = true };
	mind_cycles(&m, 3);
	assert_int_equal(m.pets, 3);
}

static void petting_stops_when_the_connection_is_lost(void **state)
{
	(void)state;
	m.s.p.watchdog = true;
	m.in.cs = (struct qd_corosync){ 0 };
	mind_cycles(&m, 3);
	assert_int_equal(m.pets, 0);
}

/* ---- Wake-up ---- */

/* R4: any event may be the first after a freeze. */
static void wake_up_by_a_ring_change_casts_0(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_RING, L1 + 50);
	assert_int_equal(m.cast, 0);
}

static void wake_up_by_a_landing_casts_0(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_landed(&m, L1 + 1);
	assert_int_equal(m.cast, 0);
}

/* The read of the cycle in which I woke may be older than the freeze. */
static void wake_up_by_a_read_casts_no_1_in_that_cycle(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read_late(&m, L1 - I);
	mind_landed(&m, L1 - I + 10);
	assert_int_equal(m.votes[1], 0);
	assert_int_equal(m.cast, 0);
	assert_true(m.s.woke);	/* its read may be older than the freeze */
}

static void wake_up_then_clean_cycles_cast_1(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L1);
	m.tick_ms += L1 - I + 20;
	mind_cycle(&m);		/* finds the block still mine, shows the mark */
	mind_cycle(&m);
	assert_int_equal(m.cast, 1);
}

static void wake_up_below_l2_keeps_the_master(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L1 + 10);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
	assert_int_equal(m.cast, 0);
}

/* ---- L2 ---- */

static void silence_of_l2_begins_a_new_life(void **state)
{
	(void)state;
	m.in.cs.quorate = false;
	m.stays_quorate = true;
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.s.incarnation, NEXT_LIFE);
	assert_int_equal(m.s.role, QD_STATE_INIT);
	assert_int_equal(m.self_fence, -1);
	assert_int_equal(m.cast, 0);
}

static void silence_is_said_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		mind_event(&m, QD_EV_TIMER, L1);
		mind_event(&m, QD_EV_TIMER, L1 + 5);
		m.tick_ms += L1 - I + 20;
		mind_cycles(&m, 2);
		assert_int_equal(m.noted[QD_NOTE_SILENCE], i + 1);
	}
}

static void silence_of_l2_while_initialising_begins_a_new_life(void **state)
{
	(void)state;
	mind_cycles(&m, 2);
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.s.incarnation, NEXT_LIFE);
}

static void new_life_counts_its_silence_from_its_start(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(qd_silence(&m.s, m.tick_ms + L2), 0);
	assert_int_equal(qd_silence(&m.s, m.tick_ms + L2 + 50), 50);
}

/* Only what is seen beating in this life is somebody. */
static void new_life_forgets_who_was_seen(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L2);
	for (uint32_t id = 1; id <= 3; id++)
		assert_false(m.s.member[id - 1].known || m.s.member[id - 1].beating || m.s.member[id - 1].up);
	assert_int_equal(m.s.up, 0);
	assert_int_equal(m.s.master, 0);
	assert_int_equal(m.s.master_count, 0);
	assert_int_equal(m.s.last_master, 0);
	assert_int_equal(m.s.leaver_seen, 0);
}

static void new_life_begins_without_bid_and_ack(void **state)
{
	(void)state;
	peer_bids(&m, 1, 5)->state = QD_STATE_RUN;
	mind_cycle(&m);
	assert_int_equal(written_block(&m)->message, QD_MSG_ACK);
	mind_event(&m, QD_EV_TIMER, L2);
	m.tick_ms += L2;
	mind_cycle(&m);
	assert_int_equal(written_block(&m)->message, QD_MSG_NONE);
}

static void silence_below_l2_keeps_the_life(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L2 - 1);
	assert_int_equal(m.s.incarnation, LIFE);
}

static void silence_of_l2_drops_mastership(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.s.role, QD_STATE_INIT);
	assert_int_equal(m.s.mask, 0);
	assert_int_not_equal(m.s.master, 1);
}

/* R5: a landing that ends a silence of K*I does not heal it. */
static void silence_of_l2_ended_by_a_landing_is_not_healed(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_landed(&m, L2);
	assert_int_equal(m.s.incarnation, NEXT_LIFE);
	assert_false(m.s.landed);
	assert_int_equal(m.votes[1], 0);
}

static void silence_of_l2_with_io_timeout_fences_myself(void **state)
{
	(void)state;
	m.s.p.io_timeout = true;
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void silence_of_l2_with_paranoid_fences_myself(void **state)
{
	(void)state;
	m.s.p.paranoid = true;
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void silence_of_l2_with_a_watchdog_fences_myself(void **state)
{
	(void)state;
	m.s.p.watchdog = true;
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void silence_of_l2_quorate_by_the_device_fences_myself(void **state)
{
	(void)state;
	m.stays_quorate = true;	/* C1: a vote withdrawn and still counted */
	mind_ring(&m, 2, qd_bit(2));
	m.in.cs.quorate = true;
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.self_fence, QD_FENCED_QUORATE);
}

static void silence_of_l2_quorate_by_nodes_alone_fences_nobody(void **state)
{
	(void)state;
	m.stays_quorate = true;
	m.in.cs.quorate = true;	/* 3 of 3 */
	mind_event(&m, QD_EV_TIMER, L2);
	assert_int_equal(m.self_fence, -1);
}

/* Row 04: vote withdrawn by L1, self-fence by L2, while the I/O still hangs. */
static void legacy_04_lun_hangs_withdraws_then_fences(void **state)
{
	(void)state;
	m.s.p.io_timeout = true;
	mind_tick(&m);
	for (unsigned i = 0; i < K - 2; i++)
		mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.self_fence, -1);
	mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.self_fence, QD_FENCED_SILENCE);
}

static void write_of_an_earlier_life_does_not_count(void **state)
{
	(void)state;
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_event(&m, QD_EV_TIMER, L2);
	mind_landed(&m, L2 + 5);
	assert_false(m.s.landed);
}

static void evicted_in_the_life_before(void)
{
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->ext.victim_incarnation = LIFE;
}

/* Row 04: after waking it reads first and obeys the eviction. */
static void new_life_obeys_the_eviction_of_the_life_just_ended(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L2);
	m.tick_ms += L2;
	evicted_in_the_life_before();
	mind_forget(&m);
	mind_cycle(&m);
	assert_int_equal(m.self_fence, QD_FENCED_EVICTED);
	assert_int_equal(m.own_writes, 0);
}

static void new_life_obeys_a_legacy_eviction_of_the_life_just_ended(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L2);
	m.tick_ms += L2;
	evicted_in_the_life_before();
	own()->has_ext = false;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, QD_FENCED_EVICTED);
}

static void new_life_that_has_landed_overwrites_a_late_eviction_of_the_old(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L2);
	m.tick_ms += L2;
	mind_cycle(&m);
	evicted_in_the_life_before();
	mind_cycle(&m);
	assert_int_equal(m.self_fence, -1);
	assert_int_equal(written_block(&m)->incarnation, NEXT_LIFE);
}

static void new_life_keeps_the_beat_growing(void **state)
{
	uint64_t beat = written_block(&m)->ext.beat;

	(void)state;
	mind_event(&m, QD_EV_TIMER, L2);
	m.tick_ms += L2;
	mind_cycle(&m);
	assert_true(written_block(&m)->ext.beat > beat);
}

static void new_life_casts_nothing_until_it_runs(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_TIMER, L2);
	m.tick_ms += L2;
	mind_forget(&m);
	mind_cycles(&m, K - 1);
	assert_int_equal(m.votes[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, silence_below_l1_stands),
		test_with(follower, silence_of_l1_casts_0),
		test_with(follower, silence_deadline_is_l1_then_l2),
		test_with(follower, silence_counts_from_the_start_of_the_write),
		test_with(follower, silence_failed_write_does_not_end_it),
		test_with(follower, petting_needs_a_landing_below_l1),
		test_with(follower, petting_stops_when_corosync_stalls),
		test_with(follower, petting_goes_on_beside_a_corosync_that_is_dead),
		test_with(follower, petting_stops_when_the_connection_is_lost),
		test_with(follower, wake_up_by_a_ring_change_casts_0),
		test_with(follower, wake_up_by_a_landing_casts_0),
		test_with(follower, wake_up_by_a_read_casts_no_1_in_that_cycle),
		test_with(follower, wake_up_then_clean_cycles_cast_1),
		test_with(master, wake_up_below_l2_keeps_the_master),
		test_with(follower, silence_of_l2_begins_a_new_life),
		test_with(follower, silence_is_said_once),
		test_with(fresh, silence_of_l2_while_initialising_begins_a_new_life),
		test_with(follower, new_life_counts_its_silence_from_its_start),
		test_with(follower, new_life_forgets_who_was_seen),
		test_with(follower, new_life_begins_without_bid_and_ack),
		test_with(follower, silence_below_l2_keeps_the_life),
		test_with(master, silence_of_l2_drops_mastership),
		test_with(follower, silence_of_l2_ended_by_a_landing_is_not_healed),
		test_with(follower, silence_of_l2_with_io_timeout_fences_myself),
		test_with(follower, silence_of_l2_with_paranoid_fences_myself),
		test_with(follower, silence_of_l2_with_a_watchdog_fences_myself),
		test_with(follower, silence_of_l2_quorate_by_the_device_fences_myself),
		test_with(follower, silence_of_l2_quorate_by_nodes_alone_fences_nobody),
		test_with(follower, legacy_04_lun_hangs_withdraws_then_fences),
		test_with(follower, write_of_an_earlier_life_does_not_count),
		test_with(follower, new_life_obeys_the_eviction_of_the_life_just_ended),
		test_with(follower, new_life_obeys_a_legacy_eviction_of_the_life_just_ended),
		test_with(follower, new_life_that_has_landed_overwrites_a_late_eviction_of_the_old),
		test_with(follower, new_life_keeps_the_beat_growing),
		test_with(follower, new_life_casts_nothing_until_it_runs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
