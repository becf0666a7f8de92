/* How long an I/O takes: a lognormal body and a Pareto tail, out of tables and
 * integers, so that every compiler and machine draws the same. */
#include "sim.h"

#define STEPS 32u

/* Quantiles i/32 of exp(sigma * z), times 1024; cut at 0.4 % and 99.6 %. */
static const uint16_t narrow[STEPS + 1] = {	/* sigma 0.4: a good SAN */
	354, 486, 554, 604, 646, 684, 718, 751, 782, 812, 842, 872, 901, 931, 962, 992, 1024,
	1057, 1091, 1126, 1163, 1203, 1245, 1291, 1341, 1397, 1460, 1534, 1622, 1735, 1891, 2157, 2958,
};
static const uint16_t wide[STEPS + 1] = {	/* sigma 1.0: a shared disk of a cloud */
	72, 159, 221, 274, 324, 373, 422, 471, 522, 574, 628, 685, 745, 808, 875, 947, 1024,
	1108, 1198, 1298, 1408, 1531, 1669, 1827, 2010, 2226, 2486, 2811, 3235, 3826, 4749, 6596, 14524,
};

static uint64_t lognormal(struct sim_world *w, const uint16_t *quantile, uint64_t median)
{
	uint64_t at = sim_dice(w, 0, STEPS * 1024 - 1), low = quantile[at / 1024];
	uint64_t span = quantile[at / 1024 + 1] - low;

	return median * (low * 1024 + span * (at % 1024)) / (1024 * 1024);
}

/* P(X > x) = least/x: every second one of the tail is twice as long, every tenth
 * ten times; cut where it hangs rather than tarries. */
static uint64_t pareto(struct sim_world *w, uint64_t least, uint64_t most)
{
	uint64_t us = least * 65536 / sim_dice(w, 1, 65536);

	return us < most ? us : most;
}

uint64_t sim_latency_draw(struct sim_world *w, const struct sim_node *n)
{
	uint64_t us = n->latency;

	if (n->shape == SIM_LATENCY_FLAT)
		us += sim_dice(w, 0, n->latency_spread);
	else
		us = lognormal(w, n->shape == SIM_LATENCY_WIDE ? wide : narrow, n->latency);
	if (sim_rng_chance(&w->rng, n->tail_per_mille))
		us += pareto(w, n->tail_us, 3 * sim_cycles(w, w->setup.t.tko));
	if (sim_rng_chance(&w->rng, n->slow_per_mille))
		us += sim_dice(w, n->slow_us / 8, n->slow_us);
	return us;
}
