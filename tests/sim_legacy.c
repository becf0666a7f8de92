/* Staged scenarios: what the 2011 daemon did wrong. Each is named after its
 * symptom; the world does to our engines what undid that one. */
#include "sim.h"

static bool has_master(struct sim_world *w)
{
	return sim_master(w) != NULL;
}

static bool all_cast(const struct sim_world *w, sim_set set)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (set >> i & 1 && !w->node[i].co.cast)
			return false;
	}
	return true;
}

static bool nobody_evicted(const struct sim_world *w)
{
	return sim_stage_notes(w, QD_NOTE_EVICTION, 0, 0, 0) == 0 &&
	       sim_stage_notes(w, QD_NOTE_NODE_SILENT, 0, 0, 0) == 0;
}

/* On the master alone: the others go on at their own pace. */
static const char *row_01(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	BEGIN(&s);
	for (uint32_t i = 0; i < 1000; i++) {
		qd_engine_ring(&w->node[0].engine);
		qd_engine_reconfig(&w->node[0].engine, &w->node[0].params);
		sim_run(w, w->now + 1000);
		EXPECT(all_cast(w, 7), "an event costs a vote");
	}
	EXPECT(nobody_evicted(w), "somebody is evicted");
	return NULL;
}

static const char *row_02(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	uint64_t cycles;

	BEGIN(&s);
	cycles = w->node[1].engine.cycles;
	sim_corosync_stop(w, &w->node[1], /* clean */ false);
	sim_stage_pass(w, 50000);
	EXPECT(nobody_evicted(w), "corosync's death evicts somebody");
	EXPECT(w->node[1].engine.cycles - cycles < 60, "the daemon spins");
	return NULL;
}

static const char *row_03(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	sim_stage_empty(w, &s);
	w->node[2].id = 7;	/* slots 3..6 belong to nobody */
	sim_params_init(w);
	memset(w->lun.image + 3 * QD_SLOT_BYTES, 0xA5, 2 * QD_SLOT_BYTES);
	for (uint32_t i = 0; i < 3; i++)
		sim_boot(w, &w->node[i]);
	EXPECT(sim_stage_until(w, 60, sim_stage_settled), "slots of nobody hinder the start");
	sim_lun_bad(w, 2, w->now);
	for (uint32_t i = 0; i < 30; i++) {
		sim_stage_pass(w, 1000);
		EXPECT(all_cast(w, 5), "a bad slot costs others their vote");
	}
	EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 0, 0, 0) == 0, "a bad slot evicts a member of the ring");
	sim_lun_bad(w, 2, 0);
	EXPECT(sim_stage_until(w, 20, sim_stage_settled), "the node does not come back");
	return NULL;
}

static const char *row_04(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *n = &w->node[2];

	s.t.tko = 4;
	s.io_timeout = true;
	s.fencing = false;
	BEGIN(&s);
	n->hang_until = w->now + 20000000;
	sim_stage_pass(w, 3000 + 50);
	EXPECT(!n->co.cast, "the vote is still there after L1");
	sim_stage_pass(w, 1000);
	EXPECT(n->self_fenced && n->self_fence_reason == QD_FENCED_SILENCE,
	       "no self-fence by L2 while the I/O hangs");
	return NULL;
}

/* The same without io_timeout: it wakes, reads first, and never votes in that life. */
static const char *row_04_wakes(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *n = &w->node[2];
	struct qd_block block;
	uint64_t life;

	s.t.tko = 4;
	s.fencing = false;
	BEGIN(&s);
	life = n->engine.state.incarnation;
	for (uint32_t i = 0; i < 3; i++)
		w->node[i].params.allow_kill = false;
	n->hang_until = w->now + 20000000;
	sim_stage_pass(w, 101000);
	EXPECT(w->check.evicted[3].count == 1, "the hung node was not evicted");
	EXPECT(w->check.evicted[3].incarnation[0] == life, "another life was evicted");
	EXPECT(n->self_fenced && n->self_fence_reason == QD_FENCED_EVICTED, "it does not obey its eviction");
	EXPECT(sim_lun_block(w, 3, &block) && block.state == QD_STATE_EVICTED, "it overwrites its eviction");
	return NULL;
}

static const char *row_05(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	sim_stage_empty(w, &s);
	for (uint32_t id = 2; id <= 3; id++) {
		struct qd_block old = { .node_id = id, .writer_id = id, .state = QD_STATE_RUN,
					.incarnation = 100 + id, .has_ext = true,
					.ext = { .beat = 9, .interval_ms = 200, .tko = 8 } };

		qd_block_encode(&old, w->lun.image + (size_t)id * QD_SLOT_BYTES, SIM_SECTOR);
	}
	sim_boot(w, &w->node[0]);
	sim_stage_pass(w, 60000);
	EXPECT(sim_master(w) == &w->node[0], "old blocks hinder the election");
	EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 0, 0, 0) == 0, "a node that has not started is evicted");
	EXPECT(sim_stage_notes(w, QD_NOTE_FENCE_START, 0, 0, 0) == 0, "a node that has not started is fenced");
	EXPECT(sim_stage_notes(w, QD_NOTE_KILL, 0, 0, 0) == 0, "a node that has not started is killed");
	return NULL;
}

/* Node 1's first bid to its mastership, in cycles. */
static uint64_t election_takes(struct sim_world *w, uint32_t lie)
{
	struct sim_setup s = sim_stage_setup(3);

	s.lies = lie;
	s.liar = 2;
	sim_stage_empty(w, &s);
	for (uint32_t i = 0; i < 3; i++)
		sim_boot(w, &w->node[i]);
	if (!sim_stage_until(w, 60, has_master))
		return 0;
	return (sim_stage_note_at(w, QD_NOTE_MASTER, 1, 0) - sim_stage_note_at(w, QD_NOTE_BID, 1, 0) +
		w->interval_us / 2) / w->interval_us;
}

static const char *row_09(struct sim_world *w)
{
	EXPECT(election_takes(w, 0) == 3, "an answered bid does not take M cycles");
	EXPECT(election_takes(w, SIM_LIE_MUTE) == 6, "a mute node does not cost 2*M cycles");
	return NULL;
}

static const char *row_10(struct sim_world *w)
{
	EXPECT(election_takes(w, SIM_LIE_OLD_ACK) == 6, "an ack of another bid counts");
	return NULL;
}

static const char *row_11(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(2);

	s.io_timeout = true;
	sim_stage_empty(w, &s);
	w->node[0].error_per_mille = 1000;
	sim_boot(w, &w->node[0]);
	sim_boot(w, &w->node[1]);
	sim_stage_pass(w, 25000);	/* longer than K after the daemon's start */
	w->node[0].error_per_mille = 0;
	EXPECT(!w->node[0].self_fenced && w->node[0].running, "errors at the start end the daemon");
	EXPECT(sim_stage_until(w, 60, sim_stage_settled), "the cluster does not start");
	return NULL;
}

static const char *row_18(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	uint64_t before;

	BEGIN(&s);
	EXPECT(w->node[0].engine.state.incarnation != w->node[1].engine.state.incarnation,
	       "two nodes have one incarnation");
	for (uint32_t i = 0; i < 4; i++) {	/* all within a second of the wall clock or two */
		before = w->node[2].engine.state.incarnation;
		sim_daemon_kill(w, &w->node[2]);
		sim_run(w, w->now + 1000);
		sim_daemon_start(w, &w->node[2]);
		sim_stage_pass(w, 500);
		EXPECT(w->node[2].running, "a new life does not begin");
		EXPECT(w->node[2].engine.state.incarnation != before, "a new life has the old incarnation");
	}
	sim_stage_pass(w, 1500);
	EXPECT(!sim_stage_up(w, 3), "a restart within a millisecond goes unseen");
	return NULL;
}

static const char *row_21(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	uint64_t last;

	BEGIN(&s);
	for (uint32_t i = 0; i < 3; i++)
		w->node[i].latency = 90000;	/* a read and a write: 180 of 200 ms */
	sim_stage_pass(w, 10000);
	sim_power_off(w, &w->node[2], "dies");
	sim_stage_pass(w, 12000);
	last = w->lun.landed[3];	/* what was on its way has landed, or not */
	EXPECT(w->check.evicted[3].count == 1, "the dead node is not evicted");
	EXPECT(sim_stage_note_at(w, QD_NOTE_EVICTION, 1, 0) - last <= sim_cycles(w, 10) + 90000,
	       "a slow cycle delays the eviction");
	return NULL;
}

static const char *row_22(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	BEGIN(&s);
	for (uint32_t i = 0; i < 300; i++) {
		w->node[i % 3].wall_s += i & 1 ? 86400 : -(int64_t)(i * 1000);
		sim_stage_pass(w, 200);
		EXPECT(all_cast(w, 7), "a step of the wall clock costs a vote");
	}
	EXPECT(nobody_evicted(w), "a step of the wall clock evicts somebody");
	for (uint32_t i = 0; i < 300; i++) {	/* and a clock that stands still */
		w->node[2].wall_s = 1000000 - (int64_t)(w->now / 1000000);
		sim_stage_pass(w, 200);
		EXPECT(all_cast(w, 7), "a wall clock that stands still costs a vote");
	}
	EXPECT(nobody_evicted(w), "a wall clock that stands still evicts somebody");
	return NULL;
}

static const char *row_26(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct qd_block block;

	BEGIN(&s);
	sim_corosync_stop(w, &w->node[1], /* clean */ false);
	sim_stage_pass(w, 2000);
	EXPECT(w->node[1].running, "the daemon ends with corosync");
	EXPECT(sim_lun_block(w, 2, &block) && block.state == QD_STATE_NONE, "its block does not say none");
	sim_stage_pass(w, 40000);
	sim_corosync_start(w, &w->node[1]);
	EXPECT(sim_stage_until(w, 60, sim_stage_settled), "it does not find back to corosync");
	return NULL;
}

static const char *row_27(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	s.heuristics = true;
	for (s.seed = 1; s.seed <= 20; s.seed++) {
		BEGIN(&s);
		w->node[1].score = 0;
		sim_stage_pass(w, 1000 + 50);
		EXPECT(!w->node[1].co.cast, "the vote outlives the cycle");
		EXPECT(w->node[1].co.alive, "it only stopped polling");
	}
	return NULL;
}

static const char *row_28(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *n = &w->node[2];

	for (s.seed = 1; s.seed <= 80; s.seed++) {
		BEGIN(&s);
		sim_power_off(w, n, "is switched off");
		sim_stage_pass(w, 60000);
		sim_boot(w, n);
		while (!n->running)
			sim_run(w, w->now + 100);
		sim_run(w, w->now + sim_dice(w, 0, s.seed) * 40000);
		sim_daemon_stop(w, n);
		sim_stage_pass(w, 30000);
		EXPECT(n->exited && n->exit_status == 0, "a stop is not a clean stop");
		EXPECT(!n->co.registered, "the device is left registered");
		EXPECT(!n->self_fenced && n->on, "a stop ends in a reset");
	}
	return NULL;
}

/* Put an eviction of node 3's present life into its slot, right behind a beat
 * of it, and let node 3 not see it. Returns that life. */
static uint64_t evict_unseen(struct sim_world *w)
{
	struct qd_block block;

	w->check.exempt = 3;
	w->setup.lies = SIM_LIE_OWN;
	w->setup.liar = 3;
	for (uint32_t i = 0; i < 3; i++)
		w->node[i].engine.state.p.allow_kill = false;
	sim_stage_pass(w, 2000);
	while (w->lun.landed[3] != w->now)
		sim_run(w, w->now + 1);
	if (!sim_lun_block(w, 3, &block))
		return 0;
	block.state = QD_STATE_EVICTED;
	block.writer_id = 1;
	block.ext.victim_incarnation = block.incarnation;
	qd_block_encode(&block, w->lun.image + 3 * QD_SLOT_BYTES, SIM_SECTOR);
	sim_stage_pass(w, 1500);
	return block.incarnation;
}

/* Nobody takes it back until it is a new incarnation. */
static const char *row_35(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	uint64_t life;

	s.fence_ok_per_mille = 0;
	BEGIN(&s);
	life = evict_unseen(w);
	EXPECT(life != 0, "no block of node 3");
	for (uint32_t i = 0; i < 30; i++) {
		sim_stage_pass(w, 500);
		EXPECT(!sim_stage_up(w, 3), "an undead node is taken back");
	}
	EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION_AGAIN, 1, 3, 0) > 1, "it is not evicted again");
	w->setup.lies = 0;
	w->setup.fence_ok_per_mille = 1000;
	w->setup.boot_min_ms = w->setup.boot_max_ms = 2000;
	w->node[2].boot_ms = 1;
	EXPECT(sim_stage_until(w, 200, sim_stage_settled), "its new life is not taken back");
	EXPECT(w->node[2].engine.state.incarnation != life, "it still is the old life");
	return NULL;
}

const struct sim_story sim_legacy[] = {
	{ "legacy_01_event_storm_evicts_nobody", row_01 },
	{ "legacy_02_corosync_death_evicts_nobody", row_02 },
	{ "legacy_03_bad_slot_concerns_its_own_node_only", row_03 },
	{ "legacy_04_hung_lun_self_fences_while_it_hangs", row_04 },
	{ "legacy_04_hung_lun_wakes_and_obeys_its_eviction", row_04_wakes },
	{ "legacy_05_blocks_of_an_earlier_life_are_nobody", row_05 },
	{ "legacy_09_mute_node_does_not_block_election", row_09 },
	{ "legacy_10_old_ack_does_not_count", row_10 },
	{ "legacy_11_read_error_in_first_cycle_does_not_reboot", row_11 },
	{ "legacy_13_in_10000_hours_no_heuristic_is_late", sim_legacy_13 },
	{ "legacy_18_quick_restart_is_a_new_incarnation", row_18 },
	{ "legacy_21_slow_cycle_keeps_detection_time", row_21 },
	{ "legacy_22_wall_clock_step_changes_nothing", row_22 },
	{ "legacy_26_corosync_death_does_not_end_the_daemon", row_26 },
	{ "legacy_27_vote_withdrawn_in_the_same_cycle", row_27 },
	{ "legacy_28_stop_at_any_instant_is_clean", row_28 },
	{ "legacy_35_undead_for_everybody", row_35 },
	{ NULL, NULL },
};
