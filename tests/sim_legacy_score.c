/* Staged scenario: heuristics of the 2011 daemon stopped being run, for hours. */
#include "qd_score.h"
#include "sim.h"

#define HOURS_13 10000u

/* One node's ticks for 10,000 hours, on a clock that drifts, and what the daemon does
 * with its heuristics at each. Their runs take from nothing to nearly their interval. */
const char *sim_legacy_13(struct sim_world *w)
{
	/* Behind these a run ends where, counted from its end, the next would miss a tick. */
	static const uint32_t intervals[] = { 4000, 9000, 63500 };
	struct sim_setup s = sim_stage_setup(2);
	struct qd_config config = { .heuristic_count = 3 };
	uint64_t started[3], ends[3] = { 0 }, now, runs = 0;
	struct sim_node *n = &w->node[0];
	struct qd_score score;

	s.t = (struct qd_timings){ 5000, 10, 3, 2, 5 };
	sim_stage_empty(w, &s);
	n->drift_ppm = 80;
	n->base_local = 5000000;
	now = sim_local(n, 0) / 1000;
	for (uint32_t i = 0; i < 3; i++) {
		config.heuristic[i] = (struct qd_heuristic){ .score = 1, .interval_ms = intervals[i], .tko = 3 };
		started[i] = now;
	}
	qd_score_init(&score, &config, &s.t, now);
	for (n->tick_local = n->base_local; w->now < HOURS_13 * UINT64_C(3600000000); n->tick_local += w->interval_us) {
		w->now = sim_local_to_sim(n, n->tick_local);
		now = sim_local(n, w->now) / 1000;
		for (uint32_t i = 0; i < 3; i++) {
			if (ends[i] && ends[i] <= now) {
				(void)qd_score_ended(&score, i, sim_dice(w, 0, 1) ? QD_RUN_OK : QD_RUN_FAILED, ends[i]);
				ends[i] = 0;
			}
		}
		for (int i; (i = qd_score_due(&score, now)) >= 0; runs++) {
			if (now - started[i] > intervals[i] + s.t.interval_ms)
				return "a heuristic is started later than its interval and a tick";
			started[i] = now;
			ends[i] = now + sim_dice(w, 0, 1900);
		}
	}
	EXPECT(runs > HOURS_13 * (3600 / 5 + 3600 / 10 + 3600 / 70), "heuristics are not run");
	return NULL;
}
