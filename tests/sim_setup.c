/* What kind of run a seed is: nodes, timings, what is configured. */
#include "sim.h"

const char *sim_kind_text(enum sim_kind kind)
{
	switch (kind) {
	case SIM_CALM: return "calm";
	case SIM_DEATH: return "death";
	case SIM_LASTMAN: return "lastman";
	case SIM_SPLIT: return "split";
	case SIM_STOP: return "stop";
	case SIM_IO: return "io";
	case SIM_PAUSE: return "pause";
	case SIM_CHAOS: return "chaos";
	case SIM_RIVAL: return "rival";
	case SIM_OLD: return "legacy";
	case SIM_KINDS: break;
	}
	return "?";
}

bool sim_kind_draws(enum sim_kind kind)
{
	return kind >= SIM_IO && kind <= SIM_CHAOS;
}

/* ---- The setup ---- */

static const struct {
	struct qd_timings t;
	uint32_t token_ms;
} timings[] = {
	{ { 200, 8, 2, 2, 3 }, 3000 },		/* corosync's default token for two nodes */
	{ { 1000, 10, 3, 2, 5 }, 20000 },
	{ { 200, 4, 2, 2, 3 }, 3000 },		/* L6 broken: quorum may flap */
	{ { 200, 8, 2, 2, 3 }, 1000 },		/* L4 broken: rings change during elections */
	{ { 100, 9, 3, 2, 4 }, 2000 },
	{ { 1000, 10, 3, 2, 5 }, 5000 },	/* L4 broken */
};

#define TIMINGS (sizeof(timings) / sizeof(timings[0]))

unsigned sim_timings(void)
{
	return TIMINGS;
}

/* Mostly 2..5, sometimes as many as there can be. */
static uint32_t nodes_draw(struct sim_rng *rng)
{
	switch (sim_rng_range(rng, 0, 9)) {
	case 0:
		return (uint32_t)sim_rng_range(rng, 9, SIM_NODES);
	case 1:
	case 2:
		return (uint32_t)sim_rng_range(rng, 6, 8);
	default:
		return (uint32_t)sim_rng_range(rng, 2, 5);
	}
}

void sim_setup_draw(struct sim_setup *s, uint64_t seed, enum sim_kind kind, uint32_t nodes, int timing)
{
	struct sim_rng rng;
	size_t pick;

	sim_rng_seed(&rng, seed ^ (uint64_t)kind << 56);
	pick = sim_rng_range(&rng, 0, TIMINGS - 1);
	if (timing >= 0)
		pick = (size_t)timing % TIMINGS;
	*s = (struct sim_setup){
		.seed = seed,
		.kind = kind,
		.nodes = nodes_draw(&rng),
		.t = timings[pick].t,
		.token_ms = timings[pick].token_ms,
		.consensus_ms = timings[pick].token_ms * 12 / 10,
		.sector_size = sim_rng_chance(&rng, 300) ? 4096 : SIM_SECTOR,
		.guard = true,
		.watchdog = sim_rng_chance(&rng, 400),
		.io_timeout = sim_rng_chance(&rng, 300),
		.fencing = sim_rng_chance(&rng, 700),
		.heuristics = sim_rng_chance(&rng, 300),
		.reboot = sim_rng_chance(&rng, 500),
		.restart = true,
		.fence_ok_per_mille = 900,
		.daemon_min_ms = 50,
		.daemon_max_ms = 900,
	};
	if (nodes)
		s->nodes = nodes;
	if (kind == SIM_RIVAL) {
		s->nodes = s->nodes < 3 ? 3 : s->nodes;
		s->heuristics = true;
	}
	if (kind == SIM_OLD && s->nodes < 3)
		s->nodes = 3;
	s->master_wins = sim_rng_chance(&rng, 500);
	if (sim_kind_draws(kind)) {
		s->mixed = sim_rng_chance(&rng, 100);
		s->spares = sim_rng_chance(&rng, 200);
		s->nodes += s->spares;
		s->few_votes = sim_rng_chance(&rng, 300);
	}
	s->fence_lun = sim_rng_chance(&rng, 500) && s->fencing && s->watchdog;
	s->asks = kind == SIM_CHAOS && sim_rng_chance(&rng, 200);
	s->fence_min_ms = s->t.interval_ms;
	s->fence_max_ms = 40 * s->t.interval_ms;
	s->boot_min_ms = 10 * s->t.interval_ms;
	s->boot_max_ms = 80 * s->t.interval_ms;
}

void sim_setup_without(struct sim_setup *s, uint32_t without)
{
	s->without |= without;
	if (without & SIM_WITHOUT_HEURISTICS)
		s->heuristics = false;
	if (without & SIM_WITHOUT_RESTART)
		s->restart = false;
	if (without & SIM_WITHOUT_BOOT)
		s->boot_min_ms = s->boot_max_ms = 0;
	if (without & SIM_WITHOUT_FENCING)
		s->fencing = s->fence_lun = s->asks = false;
	if (without & SIM_WITHOUT_WATCHDOG)
		s->watchdog = s->fence_lun = false;
	if (without & SIM_WITHOUT_IO_TIMEOUT)
		s->io_timeout = false;
	if (without & SIM_WITHOUT_MIXED)
		s->mixed = false;
	if (without & SIM_WITHOUT_SPARES) {
		s->nodes -= s->spares;
		s->spares = 0;
	}
}
