/* Staged scenarios in which chance does not hit the moment: each shows what one clause
 * is for. The clause taken out, tests/mutants.sh sees an invariant violated in them. */
#include "sim.h"

static struct sim_write *write_out(struct sim_world *w, uint32_t by, uint32_t slot)
{
	for (uint32_t i = 0; i < SIM_WRITES; i++) {
		struct sim_write *write = &w->lun.write[i];

		if (write->used && !write->landed && w->node[write->node].id == by && write->slot == slot)
			return write;
	}
	return NULL;
}

/* The time at which `by` writes the eviction of `victim`; 0 never. */
static uint64_t eviction_begins(struct sim_world *w, uint32_t by, uint32_t victim)
{
	uint64_t end = w->now + sim_cycles(w, 20);

	while (w->now < end && !write_out(w, by, victim))
		sim_run(w, w->now + 10);
	return w->now < end ? w->now : 0;
}

/* ---- R4: any event can be the wake-up ---- */

/* The daemon of master 1 stands still. Node 2 is its successor, and its eviction of node
 * 1 is on its way for long. Node 1 wakes by a ring change, reads that its slot is its own,
 * and a second time; then the eviction lands, and then it would cast 1. S5 is watched by
 * the checker. */
static const char *rare_wake_by_ring(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *n = &w->node[0];
	uint64_t cycles, until;

	s.fencing = false;
	BEGIN(&s);
	w->node[1].engine.state.p.allow_kill = false;
	sim_daemon_pause(w, n);
	EXPECT(eviction_begins(w, 2, 1), "node 1 is not evicted");
	w->node[1].hang_until = w->now + sim_cycles(w, 5);
	sim_totem_change(w, /* clean */ true);
	sim_corosync_stop(w, &w->node[2], /* clean */ true);
	sim_stage_pass(w, 500);
	cycles = n->engine.cycles;
	sim_daemon_resume(w, n);
	sim_hand_notify(w, n);
	until = w->now + w->interval_us;
	while (w->now < until && !(n->engine.cycles == cycles + 2 && n->engine.phase == QD_PHASE_WRITING))
		sim_run(w, w->now + 10);
	EXPECT(w->now < until, "it does not read twice");
	sim_push(w, w->now, SIM_EV_LAND, 1, (uint32_t)(write_out(w, 2, 1) - w->lun.write), w->node[1].life);
	write_out(w, 2, 1)->events++;
	w->node[1].hang_until = w->now;
	sim_stage_pass(w, 10000);
	EXPECT(w->check.evicted[1].count == 1, "its eviction has not landed");
	return NULL;
}

/* ---- R5: L2 has a timer of its own, and a landing does not heal ---- */

/* The clock of master 1 is as fast as is assumed at most: it evicts node 2, whose write
 * hangs, between two ticks of node 2. The write lands over its eviction. Node 1's own
 * block, with the mask that has node 2 no more, is slow. S5 is watched by the checker. */
static const char *hung_past_eviction(struct sim_world *w, uint64_t seed, uint64_t ends, uint64_t *ret_evicted)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *n = &w->node[1];

	s.seed = seed;
	s.fencing = false;
	BEGIN(&s);
	w->node[0].drift_ppm = 1000000 / (2 * (int64_t)s.t.tko) * 96 / 100;
	w->node[0].engine.state.p.allow_kill = false;
	n->latency = 3000;	/* its tick after K*I finds a silence of 3 ms less */
	sim_stage_pass(w, 5000);
	while (!write_out(w, 2, 2))
		sim_run(w, w->now + 1);
	n->hang_until = ends ? ends : w->now + sim_cycles(w, 100);
	*ret_evicted = eviction_begins(w, 1, 2);
	EXPECT(*ret_evicted, "node 2 is not evicted");
	return NULL;
}

static const char *rare_landing_heals(struct sim_world *w)
{
	struct sim_node *n = &w->node[1];
	uint64_t evicted, tick;

	for (uint64_t seed = 1; seed <= 40; seed++) {
		const char *why = hung_past_eviction(w, seed, 0, &evicted);

		tick = sim_local_to_sim(n, n->tick_local);
		if (why)
			return why;
		if (tick - evicted < w->interval_us / 10 || tick - evicted > w->interval_us)
			continue;
		why = hung_past_eviction(w, seed, evicted + 1000, &evicted);
		if (why)
			return why;
		write_out(w, 1, 2)->events++;
		sim_push(w, w->now, SIM_EV_LAND, 0, (uint32_t)(write_out(w, 1, 2) - w->lun.write), w->node[0].life);
		sim_run(w, w->now);
		w->node[0].hang_until = w->now + sim_cycles(w, 3);
		sim_stage_pass(w, 10000);
		EXPECT(w->check.evicted[2].count > 0, "its eviction has not landed");
		return NULL;
	}
	return "no seed meets the moment";
}

/* ---- L3: V is at most (K-1)*I ---- */

/* V as an administrator has set it, if the laws let it through; else as they say. */
static uint32_t v_let_through(const struct sim_setup *s, uint32_t v_ms)
{
	static struct qd_config config;		/* large */
	static struct qd_findings found;
	struct qd_facts f = { .known = true, .node_id = 1, .node_count = s->nodes,
			      .token_ms = s->token_ms, .consensus_ms = s->consensus_ms,
			      .provider = "corosync_votequorum", .model = "qdisk",
			      .device_timeout_ms = v_ms, .device_votes = s->nodes - 1,
			      .expected_votes = 2 * s->nodes - 1 };
	struct qd_params p;

	memset(&config, 0, sizeof(config));
	memcpy(config.label, "x", 2);
	config.interval_ms = s->t.interval_ms;
	config.tko = s->t.tko;
	config.tko_up = s->t.tko_up;
	config.upgrade_wait = s->t.upgrade_wait;
	config.master_wait = s->t.master_wait;
	config.votes = config.token_ms = config.expected_votes = QD_UNSET;
	config.min_score = config.reboot = config.allow_kill = QD_UNSET;
	config.paranoid = config.io_timeout = config.stop_cman = config.max_error_cycles = QD_UNSET;
	f.device_sync_timeout_ms = (uint32_t)qd_law_sync_ms(&s->t);
	for (uint32_t i = 0; i < s->nodes; i++) {
		f.node[i].node_id = i + 1;
		f.node[i].votes = 1;
	}
	return qd_config_check(&config, &f, &p, &found) ? (uint32_t)qd_law_withdraw_ms(&s->t) : p.v_ms;
}

static bool quorate_3(struct sim_world *w)
{
	return sim_all_quorate(w, 4);
}

/* No watchdog. Node 3 is cut off; both daemons of the winning side are killed, its
 * corosync lives on. Node 3 rules when they have forgotten their votes, not before. S1 is
 * watched by the checker. */
static const char *rare_long_v(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	s.fencing = false;
	s.laws = true;
	s.v_ms = v_let_through(&s, 20 * s.t.interval_ms);
	s.y_ms = (uint32_t)qd_law_sync_ms(&s.t);
	BEGIN(&s);
	sim_stage_networks(w, "aab");
	sim_stage_pass(w, 60000);
	EXPECT(sim_all_quorate(w, 3), "the master's side is not quorate");
	sim_daemon_kill(w, &w->node[0]);
	sim_daemon_kill(w, &w->node[1]);
	EXPECT(sim_stage_until(w, 200, quorate_3), "node 3 is never quorate");
	return NULL;
}

const struct sim_story sim_rare[] = {
	{ "wake_by_ring_change_while_evicted_casts_nothing", rare_wake_by_ring },
	{ "landing_over_an_eviction_does_not_heal", rare_landing_heals },
	{ "daemons_killed_without_watchdog_votes_are_forgotten_in_time", rare_long_v },
	{ NULL, NULL },
};
