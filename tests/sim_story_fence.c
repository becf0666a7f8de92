/* Staged scenarios: fencing over the LUN, and fencing that is asked for. */
#include "sim.h"

static struct sim_setup lun_setup(void)
{
	struct sim_setup s = sim_stage_setup(3);

	s.watchdog = true;
	s.fence_lun = true;
	return s;
}

static bool fenced(struct sim_world *w)
{
	return sim_stage_notes(w, QD_NOTE_FENCE_OK, 0, 3, 0) > 0;
}

/* Its watchdog's timeout (here K*I) and K*I after its last beat was seen, and in the
 * two cycles after that. */
static const char *lun_dead(struct sim_world *w)
{
	struct sim_setup s = lun_setup();
	uint64_t wait, last, agents;

	BEGIN(&s);
	wait = sim_cycles(w, 16);
	agents = w->stats.fences;
	sim_power_off(w, &w->node[2], "dies");
	last = w->lun.landed[3];
	sim_run(w, last + wait);
	EXPECT(!fenced(w), "it counts as fenced too early");
	sim_stage_pass(w, 3000);
	EXPECT(fenced(w), "it does not count as fenced");
	EXPECT(w->stats.fences == agents, "an agent is asked");
	return NULL;
}

/* Nothing would reset it: said once, and never counted. */
static const char *lun_unarmed(struct sim_world *w)
{
	struct sim_setup s = lun_setup();

	s.watchdog = false;
	BEGIN(&s);
	sim_power_off(w, &w->node[2], "dies");
	sim_stage_pass(w, 100000);
	EXPECT(!fenced(w), "it counts as fenced");
	EXPECT(sim_stage_notes(w, QD_NOTE_FENCE_UNARMED, 1, 3, 0) == 1, "it is not said once why not");
	return NULL;
}

/* A write of node 3 lands at once and is answered nearly L1 later: its last pet. Then
 * its daemon dies, and nothing but the watchdog ends the machine. False: this seed's
 * write has not landed early. */
static bool last_pet_is_late(struct sim_world *w, struct sim_node *n)
{
	uint32_t usual = n->latency;

	while (n->engine.phase != QD_PHASE_READING)
		sim_run(w, w->now + 100);
	n->latency = (uint32_t)(9 * w->interval_us / 2);
	w->wild = true;
	while (n->own_writes == 0)
		sim_run(w, w->now + 100);
	n->latency = usual;
	w->wild = false;
	while (n->own_writes > 0)
		sim_run(w, w->now + 100);
	sim_daemon_kill(w, n);
	return !n->engine.state.woke && w->lun.landed[3] + 3 * w->interval_us < w->now;
}

static const char *lun_last_pet(struct sim_world *w)
{
	struct sim_setup s = lun_setup();
	struct sim_node *n = &w->node[2];
	uint32_t staged = 0;

	for (s.seed = 1; s.seed <= 60; s.seed++) {
		BEGIN(&s);
		if (!last_pet_is_late(w, n))
			continue;
		staged++;
		sim_stage_pass(w, 30000);	/* FENCED is watched by the checker */
		EXPECT(fenced(w) && !n->on, "it is not dead and fenced in the end");
	}
	EXPECT(staged >= 3, "no seed shows it");
	return NULL;
}

/* It stops while its LUN hangs, without a leaving block: for the others it has died, and
 * its watchdog sees to it. */
static const char *lun_left_unwritten(struct sim_world *w)
{
	struct sim_setup s = lun_setup();
	struct sim_node *n = &w->node[2];

	s.t = (struct qd_timings){ 1000, 10, 3, 2, 5 };	/* it gives up before L2 */
	s.token_ms = 20000;
	s.consensus_ms = 24000;
	BEGIN(&s);
	n->hang_until = SIM_NEVER;
	sim_daemon_stop(w, n);
	sim_stage_pass(w, 30000);
	EXPECT(n->exited && n->exit_status == 0, "it does not stop");
	EXPECT(!n->on && fenced(w), "its watchdog was disarmed");
	return NULL;
}

/* A living node reads its eviction in its next cycle and resets itself. */
static const char *asked(struct sim_world *w)
{
	struct sim_setup s = lun_setup();

	s.boot_min_ms = s.boot_max_ms = 6000;
	BEGIN(&s);
	sim_fence_asked(w, &w->node[2]);
	sim_stage_pass(w, 2100);
	EXPECT(w->node[2].self_fenced && w->node[2].self_fence_reason == QD_FENCED_EVICTED,
	       "it does not obey within two cycles");
	EXPECT(!fenced(w), "it counts as fenced at once");
	sim_stage_pass(w, 19000);
	EXPECT(fenced(w), "it does not count as fenced");
	EXPECT(sim_stage_until(w, 200, sim_stage_settled), "it does not come back");
	return NULL;
}

const struct sim_story sim_stories_fence[] = {
	{ "lun_fencing_counts_when_its_watchdog_must_have_fired", lun_dead },
	{ "lun_fencing_without_a_watchdog_is_refused", lun_unarmed },
	{ "lun_fencing_waits_for_the_last_pet", lun_last_pet },
	{ "stop_without_a_leaving_block_leaves_the_watchdog_armed", lun_left_unwritten },
	{ "fencing_of_a_living_node_is_obeyed_at_once", asked },
	{ NULL, NULL },
};
