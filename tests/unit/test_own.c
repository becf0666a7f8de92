/* own.c and core.c: our own slot, the start, silence, the stop. qdisk(5), "Start",
 * "Own block", "Wake-up", laws L1 and L2. */
#include "mind_fixture.h"

static struct mind m;

static struct qd_block *own(void)
{
	return peer(&m, m.s.p.node_id);
}

static int fresh(void **state)
{
	(void)state;
	mind_init(&m, 2, 3);
	return 0;
}

static int follower(void **state)
{
	(void)state;
	scene_follower(&m);
	return 0;
}

static int master(void **state)
{
	(void)state;
	scene_master(&m);
	return 0;
}

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

/* ---- The block ---- */

static void own_block_beat_grows_with_every_write(void **state)
{
	uint64_t beat = written_block(&m)->ext.beat;

	(void)state;
	mind_cycle(&m);
	mind_express(&m, 50);
	assert_int_equal(written_block(&m)->ext.beat, beat + 2);
}

static void own_block_says_who_and_where(void **state)
{
	const struct qd_block *b = written_block(&m);

	(void)state;
	assert_int_equal(b->node_id, 2);
	assert_int_equal(b->writer_id, 2);
	assert_int_equal(b->incarnation, LIFE);
	assert_int_equal(b->ext.interval_ms, I);
	assert_int_equal(b->ext.tko, K);
	assert_true(qd_ring_equal(b->ext.ring, m.in.cs.ring));
	assert_int_equal(b->ext.members, 7);
	assert_string_equal(b->ext.node_name, "me");
}

static void own_block_without_heuristics_says_score_0_of_0(void **state)
{
	(void)state;
	assert_int_equal(written_block(&m)->score, 0);
	assert_int_equal(written_block(&m)->score_max, 0);
}

static void own_block_with_heuristics_says_the_score(void **state)
{
	(void)state;
	m.s.p.heuristic_count = 2;
	m.in.score = 3;
	m.in.score_max = 4;
	mind_cycle(&m);
	assert_int_equal(written_block(&m)->score, 3);
	assert_int_equal(written_block(&m)->score_max, 4);
}

static void own_block_online_is_me_and_those_up(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(3);
	mind_cycles(&m, K + 1);
	assert_int_equal(written_block(&m)->online, qd_bit(1) | qd_bit(2));
}

static void own_block_is_read_before_it_is_written(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->ext.victim_incarnation = LIFE;
	mind_express(&m, 50);
	assert_int_equal(m.own_writes, 0);
}

static void failed_read_writes_nothing(void **state)
{
	(void)state;
	mind_read_failed(&m, QD_IO_ERROR);
	assert_int_equal(m.own_writes, 0);
}

static void label_replaced_writes_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		mind_read_failed(&m, QD_IO_STRANGER);
	assert_int_equal(m.own_writes, 0);
	assert_int_equal(m.noted[QD_NOTE_STRANGER], 1);
}

/* ---- Unreadable ---- */

static void own_slot_unreadable_is_written(void **state)
{
	(void)state;
	m.slot[1].result = QD_SLOT_CORRUPT;
	mind_cycle(&m);
	assert_int_equal(m.own_writes, 1);
}

static void own_slot_unreadable_stands(void **state)
{
	(void)state;
	m.slot[1].result = QD_SLOT_CORRUPT;
	mind_cycle(&m);
	assert_int_equal(m.votes[0] + m.votes[1], 0);
	assert_int_equal(m.s.vote, QD_VOTE_STANDS);
}

static void own_slot_unreadable_does_not_end_the_silence(void **state)
{
	(void)state;
	for (unsigned i = 0; i < K - 1; i++) {
		m.slot[1].result = QD_SLOT_CORRUPT;
		mind_cycle(&m);
	}
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.s.why, QD_WHY_SILENCE);
}

static void own_slot_readable_again_casts(void **state)
{
	(void)state;
	m.slot[1].result = QD_SLOT_CORRUPT;
	mind_cycle(&m);
	mind_cycles(&m, 2 * K);
	assert_int_equal(m.cast, 1);
	assert_int_equal(m.votes[0], 0);
	assert_int_equal(m.noted[QD_NOTE_OWN_SLOT_BAD], 1);
}

/* ---- Evicted ---- */

static void evicted_in_my_incarnation_fences_myself(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->ext.victim_incarnation = LIFE;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, QD_FENCED_EVICTED);
}

/* R3: a node that was evicted once starts like any other. */
static void evicted_in_an_earlier_life_is_overwritten(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->ext.victim_incarnation = PEER_LIFE(2);
	mind_cycle(&m);
	assert_int_equal(m.self_fence, -1);
	assert_int_equal(m.own_writes, 1);
}

static void evicted_late_in_an_earlier_life_is_overwritten(void **state)
{
	(void)state;	/* by a write that landed after mine had */
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->ext.victim_incarnation = 0x77;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, -1);
	assert_int_equal(m.own_writes, 1);
}

static void evicted_by_legacy_at_start_is_overwritten(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->has_ext = false;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, -1);
}

static void evicted_by_legacy_after_my_landing_fences_myself(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->writer_id = 1;
	own()->has_ext = false;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, QD_FENCED_EVICTED);
}

static void evicted_nothing_follows_the_self_fence(void **state)
{
	(void)state;
	own()->state = QD_STATE_EVICTED;
	own()->ext.victim_incarnation = LIFE;
	mind_cycles(&m, 3);
	mind_forget(&m);
	mind_cycles(&m, 3);
	assert_int_equal(m.own_writes + m.votes[0] + m.votes[1] + m.pets, 0);
	assert_true(qd_next_deadline(&m.s, m.tick_ms) == UINT64_MAX);
}

/* ---- Foreign, stale ---- */

static void foreign(uint64_t beat)
{
	*own() = (struct qd_block){ .node_id = 2, .writer_id = 2, .state = QD_STATE_RUN,
				    .incarnation = 0xF00, .has_ext = true, .ext = { .beat = beat } };
}

/* Row 19: somebody else wrote here. */
static void legacy_19_foreign_block_casts_0_and_is_overwritten(void **state)
{
	(void)state;
	foreign(5);
	mind_cycle(&m);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.own_writes, 1);
	assert_int_equal(m.noted[QD_NOTE_FOREIGN], 1);
	assert_int_equal(m.exit, -1);
}

/* R13: that is how a late write of my earlier life looks. */
static void own_block_of_an_earlier_life_landing_late_is_survived(void **state)
{
	(void)state;
	foreign(5);
	mind_cycles(&m, 2);
	foreign(5);
	mind_cycles(&m, 3);
	assert_int_equal(m.exit, -1);
	assert_int_equal(m.cast, 1);
}

static void legacy_19_twin_is_found_within_two_cycles(void **state)
{
	(void)state;
	foreign(5);
	mind_cycle(&m);
	foreign(6);
	mind_cycle(&m);
	assert_int_equal(m.exit, 3);
	assert_int_equal(m.noted[QD_NOTE_TWIN], 1);
}

static void twin_seen_again_before_a_write_of_mine_landed_is_not_proof(void **state)
{
	(void)state;
	foreign(5);
	mind_tick(&m);
	mind_read(&m, /* tick */ true, 0);
	mind_write_failed(&m, 10);
	foreign(6);
	mind_cycle(&m);
	assert_int_equal(m.exit, -1);
}

static void two_strangers_in_turn_are_no_twin(void **state)
{
	(void)state;
	foreign(5);
	mind_cycle(&m);
	foreign(6);
	own()->incarnation = 0xF01;
	mind_cycle(&m);
	assert_int_equal(m.exit, -1);
}

static void own_earlier_block_at_start_is_no_stranger(void **state)
{
	(void)state;
	foreign(5);
	mind_cycle(&m);
	assert_int_equal(m.noted[QD_NOTE_FOREIGN], 0);
}

static void legacy_19_other_state_by_another_writer_casts_0(void **state)
{
	(void)state;
	own()->writer_id = 3;
	own()->state = QD_STATE_INIT;
	mind_cycle(&m);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.s.why, QD_WHY_FOREIGN);
}

static void own_beat_older_than_landed_is_written_anew(void **state)
{
	(void)state;
	mind_cycle(&m);
	own()->ext.beat--;
	mind_forget(&m);
	mind_cycle(&m);
	assert_int_equal(m.own_writes, 1);
	assert_int_equal(m.noted[QD_NOTE_OWN_STALE], 1);
}

static void own_beat_older_than_landed_ends_no_silence(void **state)
{
	uint64_t since;

	(void)state;
	mind_cycle(&m);
	since = m.s.landed_start_ms;
	own()->ext.beat--;
	mind_cycle(&m);
	assert_int_equal(m.s.landed_start_ms, since);
}

static void own_beat_older_than_landed_is_said_once(void **state)
{
	(void)state;
	mind_cycle(&m);
	own()->ext.beat--;
	mind_cycles(&m, 3);
	assert_int_equal(m.noted[QD_NOTE_OWN_STALE], 1);
	own()->ext.beat++;
	mind_cycle(&m);
	own()->ext.beat--;
	mind_cycle(&m);
	assert_int_equal(m.noted[QD_NOTE_OWN_STALE], 2);
}

static void own_beat_older_than_landed_says_nothing_of_peers(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(3);
	own()->ext.beat--;
	mind_cycle(&m);
	assert_int_equal(m.s.member[2].missed, 0);
}

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

/* ---- Score, corosync, errors ---- */

static void score_short_withdraws_and_goes_none(void **state)
{
	(void)state;
	m.in.score = 0;
	mind_cycle(&m);
	assert_int_equal(m.cast, 0);
	assert_int_equal(written_block(&m)->state, QD_STATE_NONE);
	assert_int_equal(m.self_fence, -1);
}

static void score_short_withdraws_at_once(void **state)
{
	(void)state;
	m.in.score = 0;
	mind_event(&m, QD_EV_TIMER, 50);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.s.why, QD_WHY_SCORE);
}

static void score_short_with_reboot_fences_myself(void **state)
{
	(void)state;
	m.s.p.reboot = true;
	m.in.score = 0;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, QD_FENCED_SCORE);
}

static void score_short_at_start_with_reboot_fences_nobody(void **state)
{
	(void)state;
	m.s.p.reboot = true;
	m.in.score = 0;
	mind_cycles(&m, 3 * K);
	assert_int_equal(m.self_fence, -1);
}

static void score_regained_runs_again(void **state)
{
	(void)state;
	m.in.score = 0;
	mind_cycles(&m, 2);
	m.in.score = 1;
	mind_cycles(&m, 2);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	assert_int_equal(m.cast, 1);
}

/* Row 26 and 02: corosync dies. */
static void corosync_gone_beats_on_as_none(void **state)
{
	(void)state;
	m.in.cs = (struct qd_corosync){ 0 };
	mind_cycles(&m, 3);
	assert_int_equal(written_block(&m)->state, QD_STATE_NONE);
	assert_int_equal(m.own_writes, 3);
	assert_int_equal(m.exit, -1);
	assert_int_equal(m.noted[QD_NOTE_COROSYNC_GONE], 1);
}

static void corosync_gone_evicts_nobody(void **state)
{
	(void)state;
	m.in.cs = (struct qd_corosync){ 0 };
	for (unsigned i = 0; i < 1000; i++)
		mind_event(&m, QD_EV_RING, 1 + i / 10);
	assert_int_equal(m.evictions + m.kills, 0);
}

static void corosync_stalled_is_as_good_as_gone(void **state)
{
	(void)state;
	m.in.cs.stalled = true;
	mind_cycle(&m);
	assert_int_equal(written_block(&m)->state, QD_STATE_NONE);
	assert_int_equal(m.noted[QD_NOTE_COROSYNC_STALLED], 1);
}

static void corosync_back_runs_again(void **state)
{
	struct qd_corosync before = m.in.cs;

	(void)state;
	m.in.cs = (struct qd_corosync){ 0 };
	mind_cycles(&m, 3);
	m.in.cs = before;
	mind_ring(&m, 9, 7);
	mind_cycles(&m, 3);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	assert_int_equal(m.cast, 1);
	assert_int_equal(m.noted[QD_NOTE_COROSYNC_BACK], 1);
}

static void io_errors_of_writes_count_too(void **state)
{
	(void)state;
	m.s.p.max_error_cycles = 3;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(m.exit, -1);
		mind_tick(&m);
		mind_read(&m, /* tick */ true, 0);
		mind_write_failed(&m, 10);
	}
	assert_int_equal(m.exit, 4);
}

static void exit_is_followed_by_nothing(void **state)
{
	(void)state;
	m.s.p.max_error_cycles = 1;
	mind_read_failed(&m, QD_IO_ERROR);
	mind_read_failed(&m, QD_IO_ERROR);
	assert_int_equal(m.exit, 4);
	mind_forget(&m);
	mind_cycles(&m, 3);
	assert_int_equal(m.own_writes + m.votes[0] + m.votes[1], 0);
}

static void io_errors_beyond_the_limit_exit_4(void **state)
{
	(void)state;
	m.s.p.max_error_cycles = 3;
	for (unsigned i = 0; i < 3; i++)
		mind_read_failed(&m, QD_IO_ERROR);
	assert_int_equal(m.exit, -1);
	mind_read_failed(&m, QD_IO_ERROR);
	assert_int_equal(m.exit, 4);
}

static void io_errors_with_io_timeout_have_no_limit(void **state)
{
	(void)state;
	m.s.p.max_error_cycles = 3;
	m.s.p.io_timeout = true;
	for (unsigned i = 0; i < K - 1; i++)
		mind_read_failed(&m, QD_IO_ERROR);
	assert_int_equal(m.exit, -1);
}

static void io_errors_in_a_row_end_with_a_landing(void **state)
{
	(void)state;
	m.s.p.max_error_cycles = 3;
	for (unsigned i = 0; i < 4; i++) {
		mind_read_failed(&m, QD_IO_ERROR);
		mind_read_failed(&m, QD_IO_ERROR);
		mind_cycle(&m);
	}
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

static void start_without_a_mark_has_none(void **state)
{
	(void)state;
	mind_cycle(&m);
	assert_false(written_block(&m)->ext.flags & QD_EXT_VOTING);
}

/* ---- Stop ---- */

static void stop_casts_0_at_once(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.unregisters, 0);
}

/* R17: unregister, and only then the leaving block. */
static void stop_unregisters_before_the_leaving_block(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_read(&m, /* tick */ false, 60);
	assert_false(written_block(&m)->ext.flags & QD_EXT_LEAVING);
	mind_landed(&m, 70);
	mind_event(&m, QD_EV_RING, 80);
	assert_int_equal(m.unregisters, 1);
	mind_express(&m, 90);
	mind_express(&m, 100);
	assert_true(written_block(&m)->ext.flags & QD_EXT_LEAVING);
}

static void stop_exits_0_when_the_leaving_block_has_landed(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycles(&m, 4);
	assert_int_equal(m.exit, 0);
	assert_int_equal(own()->state, QD_STATE_NONE);
	assert_true(own()->ext.flags & QD_EXT_LEAVING);
}

static void stop_does_not_exit_before_the_leaving_block_has_landed(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	for (unsigned i = 0; i < 4; i++) {
		mind_tick(&m);
		mind_read(&m, /* tick */ true, 0);
		mind_write_failed(&m, 10);
	}
	assert_int_equal(m.exit, -1);
}

static void stop_waits_one_interval_for_the_mark(void **state)
{
	(void)state;
	m.stays_quorate = true;
	mind_ring(&m, 2, qd_bit(2));
	m.in.cs.quorate = true;
	mind_express(&m, 40);
	mind_event(&m, QD_EV_STOP, 50);
	mind_event(&m, QD_EV_TIMER, 50 + I - 1);
	assert_int_equal(m.unregisters, 0);
	mind_event(&m, QD_EV_TIMER, 50 + I);
	assert_int_equal(m.unregisters, 1);
}

static void stop_with_the_mark_cleared_unregisters_at_once(void **state)
{
	(void)state;
	mind_ring(&m, 2, 3);	/* quorate by the device only */
	mind_cycles(&m, 2);
	mind_event(&m, QD_EV_STOP, 50);
	assert_int_equal(m.unregisters, 0);
	mind_event(&m, QD_EV_RING, 55);		/* the 0 is confirmed */
	assert_int_equal(m.unregisters, 1);
}

static void stop_waits_one_interval_for_the_unregistering(void **state)
{
	(void)state;
	m.unregister_stuck = true;
	mind_event(&m, QD_EV_STOP, 50);
	mind_event(&m, QD_EV_RING, 55);
	assert_int_equal(m.unregisters, 1);
	assert_int_equal(qd_next_deadline(&m.s, m.tick_ms + 55), m.tick_ms + 55 + I);
	mind_event(&m, QD_EV_TIMER, 55 + I - 1);
	assert_false(m.s.leaving);
	mind_event(&m, QD_EV_TIMER, 55 + I);
	assert_true(m.s.leaving);
}

static void stop_deadline_is_one_interval_for_the_mark(void **state)
{
	(void)state;
	m.hand_stuck = true;
	mind_event(&m, QD_EV_STOP, 50);
	assert_int_equal(qd_next_deadline(&m.s, m.tick_ms + 50), m.tick_ms + 50 + I);
}

static void stop_that_leaves_wants_an_express_cycle(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_event(&m, QD_EV_RING, 55);		/* unregisters */
	m.express = false;
	mind_event(&m, QD_EV_RING, 57);
	assert_true(m.s.leaving);
	assert_true(m.express);
}

static void stop_after_it_unregistered_casts_no_more(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_event(&m, QD_EV_RING, 55);
	assert_int_equal(m.unregisters, 1);
	mind_forget(&m);
	mind_cycles(&m, 2);
	assert_int_equal(m.votes[0] + m.votes[1], 0);
}

static void stop_without_corosync_leaves_at_once(void **state)
{
	(void)state;
	m.in.cs = (struct qd_corosync){ .ended = true };
	mind_cycle(&m);
	mind_event(&m, QD_EV_STOP, 50);
	mind_express(&m, 60);
	assert_int_equal(m.exit, 0);
	assert_int_equal(m.unregisters, 0);
}

static void stop_leaving_block_carries_the_mark_that_did_not_clear(void **state)
{
	(void)state;
	m.stays_quorate = true;
	m.in.cs.quorate = true;
	m.s.p.node_votes[0] = m.s.p.node_votes[1] = m.s.p.node_votes[2] = 0;
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycles(&m, 5);
	assert_int_equal(m.exit, 0);
	assert_true(own()->ext.flags & QD_EXT_VOTING);
}

static void stop_with_a_hanging_lun_ends_within_5_s(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	for (unsigned i = 0; i < 5000 / I && m.exit < 0; i++)
		mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.exit, 0);
	assert_int_equal(m.noted[QD_NOTE_STOP_UNWRITTEN], 1);
}

/* Row 28: at any instant, while starting too. */
static void legacy_28_stop_while_initialising_is_clean(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 0);
	mind_cycles(&m, 4);
	assert_int_equal(m.exit, 0);
	assert_int_equal(own()->state, QD_STATE_NONE);
}

static void stop_of_a_master_names_the_lowest_running_of_its_mask(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycles(&m, 4);
	assert_int_equal(own()->ext.successor, 2);
}

static void stop_of_a_master_names_nobody_outside_its_mask(void **state)
{
	(void)state;
	peer_ring(&m, 2, 77, 6);	/* elsewhere */
	mind_cycle(&m);
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycles(&m, 4);
	assert_int_equal(own()->ext.successor, 3);
}

static void stop_of_a_follower_names_nobody(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycles(&m, 4);
	assert_int_equal(own()->ext.successor, 0);
}

/* ---- Reload ---- */

static void reconfig_takes_the_new_values(void **state)
{
	struct qd_params p = m.s.p;

	(void)state;
	p.reboot = true;
	m.in.params = &p;
	mind_event(&m, QD_EV_RECONFIG, 50);
	assert_true(m.s.p.reboot);
	m.in.score = 0;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, QD_FENCED_SCORE);
}

#define test_with(setup, name) cmocka_unit_test_setup(name, setup)

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
		test_with(follower, own_block_beat_grows_with_every_write),
		test_with(follower, own_block_says_who_and_where),
		test_with(follower, own_block_without_heuristics_says_score_0_of_0),
		test_with(follower, own_block_with_heuristics_says_the_score),
		test_with(follower, own_block_online_is_me_and_those_up),
		test_with(follower, own_block_is_read_before_it_is_written),
		test_with(follower, failed_read_writes_nothing),
		test_with(follower, label_replaced_writes_nothing),
		test_with(follower, own_slot_unreadable_is_written),
		test_with(follower, own_slot_unreadable_stands),
		test_with(follower, own_slot_unreadable_does_not_end_the_silence),
		test_with(follower, own_slot_readable_again_casts),
		test_with(follower, evicted_in_my_incarnation_fences_myself),
		test_with(fresh, evicted_in_an_earlier_life_is_overwritten),
		test_with(follower, evicted_late_in_an_earlier_life_is_overwritten),
		test_with(fresh, evicted_by_legacy_at_start_is_overwritten),
		test_with(follower, evicted_by_legacy_after_my_landing_fences_myself),
		test_with(follower, evicted_nothing_follows_the_self_fence),
		test_with(follower, legacy_19_foreign_block_casts_0_and_is_overwritten),
		test_with(follower, own_block_of_an_earlier_life_landing_late_is_survived),
		test_with(follower, legacy_19_twin_is_found_within_two_cycles),
		test_with(follower, twin_seen_again_before_a_write_of_mine_landed_is_not_proof),
		test_with(follower, two_strangers_in_turn_are_no_twin),
		test_with(fresh, own_earlier_block_at_start_is_no_stranger),
		test_with(follower, legacy_19_other_state_by_another_writer_casts_0),
		test_with(follower, own_beat_older_than_landed_is_written_anew),
		test_with(follower, own_beat_older_than_landed_ends_no_silence),
		test_with(follower, own_beat_older_than_landed_is_said_once),
		test_with(follower, own_beat_older_than_landed_says_nothing_of_peers),
		test_with(follower, silence_below_l1_stands),
		test_with(follower, silence_of_l1_casts_0),
		test_with(follower, silence_deadline_is_l1_then_l2),
		test_with(follower, silence_counts_from_the_start_of_the_write),
		test_with(follower, silence_failed_write_does_not_end_it),
		test_with(follower, petting_needs_a_landing_below_l1),
		test_with(follower, petting_stops_when_corosync_stalls),
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
		test_with(follower, score_short_withdraws_and_goes_none),
		test_with(follower, score_short_withdraws_at_once),
		test_with(follower, score_short_with_reboot_fences_myself),
		test_with(fresh, score_short_at_start_with_reboot_fences_nobody),
		test_with(follower, score_regained_runs_again),
		test_with(master, corosync_gone_beats_on_as_none),
		test_with(master, corosync_gone_evicts_nobody),
		test_with(master, corosync_stalled_is_as_good_as_gone),
		test_with(follower, corosync_back_runs_again),
		test_with(follower, io_errors_of_writes_count_too),
		test_with(follower, exit_is_followed_by_nothing),
		test_with(follower, io_errors_beyond_the_limit_exit_4),
		test_with(follower, io_errors_with_io_timeout_have_no_limit),
		test_with(follower, io_errors_in_a_row_end_with_a_landing),
		test_with(fresh, start_takes_over_the_mark_in_its_slot),
		test_with(fresh, start_takes_over_the_mark_of_its_eviction),
		test_with(fresh, start_with_unreadable_slot_votes_in_an_empty_view),
		test_with(fresh, start_without_a_mark_has_none),
		test_with(follower, stop_casts_0_at_once),
		test_with(follower, stop_unregisters_before_the_leaving_block),
		test_with(follower, stop_exits_0_when_the_leaving_block_has_landed),
		test_with(follower, stop_does_not_exit_before_the_leaving_block_has_landed),
		test_with(follower, stop_waits_one_interval_for_the_mark),
		test_with(follower, stop_with_the_mark_cleared_unregisters_at_once),
		test_with(follower, stop_waits_one_interval_for_the_unregistering),
		test_with(follower, stop_deadline_is_one_interval_for_the_mark),
		test_with(follower, stop_that_leaves_wants_an_express_cycle),
		test_with(follower, stop_after_it_unregistered_casts_no_more),
		test_with(follower, stop_without_corosync_leaves_at_once),
		test_with(follower, stop_leaving_block_carries_the_mark_that_did_not_clear),
		test_with(follower, stop_with_a_hanging_lun_ends_within_5_s),
		test_with(fresh, legacy_28_stop_while_initialising_is_clean),
		test_with(master, stop_of_a_master_names_the_lowest_running_of_its_mask),
		test_with(master, stop_of_a_master_names_nobody_outside_its_mask),
		test_with(follower, stop_of_a_follower_names_nobody),
		test_with(follower, reconfig_takes_the_new_values),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
