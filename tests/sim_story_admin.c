/* Staged scenarios: what administrators and their machines do to a cluster. */
#include "sim.h"

/* ---- Two machines with one id ---- */

static bool one_of_the_pair_ended(struct sim_world *w)
{
	const struct sim_node *twin = &w->node[w->setup.nodes - 1];

	return twin->exited || sim_by_id(w, twin->id)->exited;
}

/* Cycles, in thousandths, from the first landing of the twin to the first end. */
static const char *twin_takes(struct sim_world *w, const struct sim_setup *s, uint64_t *ret)
{
	struct sim_node *twin = &w->node[s->nodes - 1];
	uint64_t begin;

	BEGIN(s);
	sim_stage_pass(w, sim_dice(w, 0, 1000));
	sim_boot(w, twin);
	while (!twin->landed_start)
		sim_run(w, w->now + 100);
	begin = w->now;
	EXPECT(sim_stage_until(w, 10, one_of_the_pair_ended), "two daemons with one id go on");
	*ret = (w->now - begin) * 1000 / w->interval_us;
	return NULL;
}

/* Two cycles from the first write of the twin that has landed; three where that
 * write and one of the first node cross, so that nobody sees it. (0.4 % of 3,000
 * starts at these latencies, which is about latency by interval.) */
static const char *twin_is_found(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(4);
	struct sim_node *twin = &w->node[3];
	uint64_t takes;
	uint32_t longer = 0;

	s.spares = 1;
	for (s.seed = 1; s.seed <= 100; s.seed++) {
		const char *why = twin_takes(w, &s, &takes);

		EXPECT(!why, why);
		longer += takes > 2050;
		EXPECT(takes <= 3050, "it takes longer than three cycles");
		EXPECT(twin->exited ? twin->exit_status == 3 : sim_by_id(w, twin->id)->exit_status == 3,
		       "it does not end with status 3");
	}
	EXPECT(longer <= 5, "it often takes longer than two cycles");
	return NULL;
}

/* Those who are not of the pair keep a master among them, and their votes. */
static const char *twin_leaves_others_alone(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(5);
	uint64_t takes;

	s.spares = 1;
	for (s.seed = 2; s.seed <= 80; s.seed += 4) {	/* the twin is node 3's */
		const char *why = twin_takes(w, &s, &takes);

		EXPECT(!why, why);
		for (uint32_t i = 0; i < 20; i++) {
			sim_stage_pass(w, 1000);
			EXPECT(w->node[0].co.cast && w->node[1].co.cast && w->node[3].co.cast,
			       "a twin costs others their vote");
		}
	}
	return NULL;
}

/* ---- Configuration ---- */

/* Two versions of a configuration on a label that has no room for timings: a slow
 * node is not taken for dead by a fast one. S7 is watched by the checker. */
static const char *mixed_timings(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *slow = &w->node[2];

	sim_stage_empty(w, &s);
	w->setup.mixed = true;
	sim_lun_format(w, 0, /* wipe */ true);
	slow->params.t.interval_ms = 350;
	slow->params.t.tko = 23;
	for (uint32_t i = 0; i < 3; i++) {
		w->node[i].params.y_ms = (uint32_t)qd_law_sync_ms(&slow->params.t);
		sim_boot(w, &w->node[i]);
	}
	EXPECT(sim_stage_until(w, 200, sim_stage_settled), "they do not come together");
	sim_stage_pass(w, 20000);
	slow->hang_until = w->now + 7000000;	/* of its own 8.05 s */
	sim_stage_pass(w, 40000);
	EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 0, 3, 0) == 0, "the slow node is judged by fast timings");
	EXPECT(sim_stage_until(w, 200, sim_stage_settled), "it does not come back");
	return NULL;
}

static bool beats(struct sim_world *w)
{
	return w->node[2].running;
}

/* On a label that has agreed timings a node with others does not start, as long as
 * anybody beats; and does when nobody has for two looks. */
static const char *other_timings(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	BEGIN(&s);
	sim_power_off(w, &w->node[2], "is switched off");
	sim_stage_pass(w, 60000);	/* it is fenced too */
	w->node[2].params.t.tko++;
	sim_boot(w, &w->node[2]);
	EXPECT(!sim_stage_until(w, 60, beats), "it starts beside others");
	sim_power_off(w, &w->node[0], "is switched off");
	sim_power_off(w, &w->node[1], "is switched off");
	sim_stage_pass(w, 1000);
	sim_daemon_start(w, &w->node[2]);
	EXPECT(sim_stage_until(w, 60, beats), "it does not start where nobody beats");
	EXPECT(w->agreed.tko == 9, "the label does not say so");
	return NULL;
}

/* Only the master casts, and the last man is quorate with it. */
static const char *master_wins(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(2);

	s.master_wins = true;
	BEGIN(&s);
	EXPECT(w->node[0].co.cast && !w->node[1].co.cast, "not the master alone casts");
	sim_power_off(w, &w->node[0], "dies");
	sim_stage_pass(w, 35000);	/* token and consensus: until then nothing would be heard */
	EXPECT(w->node[1].co.cast, "the last man does not cast");
	for (uint32_t i = 0; i < 40; i++) {
		sim_stage_pass(w, 1000);
		EXPECT(w->node[1].co.shown_quorate, "the last man is not quorate");
	}
	return NULL;
}

/* ---- Nodes that come and go ---- */

/* The first `count` daemons are told that these are the nodes. */
static void nodes_become(struct sim_world *w, uint32_t count, qd_mask nodes)
{
	for (uint32_t i = 0; i < count; i++) {
		w->node[i].params.nodes = nodes;
		w->node[i].params.node_count = (uint32_t)__builtin_popcountll(nodes);
		if (sim_awake(&w->node[i]))
			qd_engine_reconfig(&w->node[i].engine, &w->node[i].params);
	}
}

static bool two_cast(struct sim_world *w)
{
	return w->node[0].co.cast && w->node[1].co.cast;
}

static bool third_may_go(struct sim_world *w)
{
	return qd_may_remove(&w->node[0].engine.state, 3, w->now / 1000) &&
	       qd_may_remove(&w->node[1].engine.state, 3, w->now / 1000);
}

/* Two nodes become three and two again, while votes stand; the slot of the third holds
 * a block of an earlier life that voted alone. */
static const char *node_comes_and_goes(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	for (s.seed = 1; s.seed <= 20; s.seed++) {
		BEGIN(&s);
		sim_power_off(w, &w->node[2], "is switched off");
		sim_stage_pass(w, 60000);	/* it is fenced too */
		EXPECT(third_may_go(w), "a node that was fenced may not be removed");
		nodes_become(w, 2, 3);
		sim_stage_pass(w, sim_dice(w, 500, 20000));
		EXPECT(two_cast(w), "a removal costs a vote");
		nodes_become(w, 2, 7);
		EXPECT(!third_may_go(w), "a node that nobody has looked at may be removed");
		sim_stage_pass(w, sim_dice(w, 0, 2000));
		EXPECT(two_cast(w), "an addition costs a vote");
		sim_boot(w, &w->node[2]);
		EXPECT(sim_stage_until(w, 120, sim_stage_settled), "the node that was added is not counted in");
		sim_stage_pass(w, 3000);
		EXPECT(!third_may_go(w), "a node that runs may be removed");
	}
	return NULL;
}

/* ---- Power ---- */

/* Everything loses its power while votes stand; the marks on the LUN are of lives
 * that have ended, and must not keep anybody from starting for longer than Z. */
static const char *power_failure(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(4);

	for (s.seed = 1; s.seed <= 20; s.seed++) {
		BEGIN(&s);
		for (uint32_t i = 0; i < 4; i++)
			sim_power_off(w, &w->node[i], "loses its power");
		sim_stage_pass(w, sim_dice(w, 500, 20000));
		for (uint32_t i = 0; i < 4; i++)
			sim_boot(w, &w->node[i]);
		EXPECT(sim_stage_until(w, 60, sim_stage_settled), "the cluster does not start again");
	}
	return NULL;
}

/* The first one up alone starts for itself when the marks have aged. */
static const char *power_failure_one_up(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	BEGIN(&s);
	for (uint32_t i = 0; i < 3; i++)
		sim_power_off(w, &w->node[i], "loses its power");
	sim_boot(w, &w->node[2]);
	sim_stage_pass(w, 2000 + (qd_law_forget_ms(&w->node[2].params) + 1000) * 1000 / w->setup.t.interval_ms);
	EXPECT(sim_master(w) == &w->node[2], "it does not rule after Z");
	EXPECT(w->node[2].co.shown_quorate, "the last man is not quorate");
	return NULL;
}

const struct sim_story sim_stories_admin[] = {
	{ "twin_is_found_two_cycles_after_its_first_landing", twin_is_found },
	{ "twin_leaves_others_alone", twin_leaves_others_alone },
	{ "mixed_timings_are_judged_by_the_slower", mixed_timings },
	{ "timings_other_than_the_labels_do_not_start_beside_others", other_timings },
	{ "master_wins_lets_the_master_alone_cast", master_wins },
	{ "node_comes_and_goes_while_votes_stand", node_comes_and_goes },
	{ "power_failure_of_all_starts_again", power_failure },
	{ "power_failure_with_one_up_starts_after_z", power_failure_one_up },
	{ NULL, NULL },
};
