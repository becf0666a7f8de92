/* Timings and corosync's values as an administrator may write them: drawn by the
 * seed until the laws of qd_config_check() let them through without an error, and
 * without a warning. What is refused or warned of is not run: nothing is promised
 * about it. */
#include "sim.h"

#define TRIES 100000u	/* more: the laws let nothing through */

static uint32_t unset_or(struct sim_rng *rng, uint32_t low, uint32_t high)
{
	return sim_rng_chance(rng, 500) ? QD_UNSET : (uint32_t)sim_rng_range(rng, low, high);
}

static void config_draw(struct sim_rng *rng, const struct sim_setup *s, struct qd_config *c)
{
	bool native = sim_rng_chance(rng, 500);

	c->fence = QD_FENCE_AUTO;
	c->label[0] = 'x';
	c->interval_ms = native ? QD_UNSET : (uint32_t)sim_rng_range(rng, 1, 10) * 100;
	c->tko = native ? QD_UNSET : unset_or(rng, 4, 14);
	c->tko_up = unset_or(rng, 1, 4);
	c->upgrade_wait = unset_or(rng, 1, 4);
	c->master_wait = unset_or(rng, 2, 6);
	c->votes = c->token_ms = c->expected_votes = QD_UNSET;
	c->min_score = c->reboot = c->allow_kill = c->paranoid = c->io_timeout = c->stop_cman = QD_UNSET;
	c->max_error_cycles = QD_UNSET;
	c->master_wins = !s->heuristics && sim_rng_chance(rng, 500);
}

static void facts_draw(struct sim_rng *rng, const struct sim_setup *s, struct qd_facts *f)
{
	uint32_t token_ms = (uint32_t)sim_rng_range(rng, 3, 200) * 100;

	f->known = true;
	f->node_id = 1;
	f->node_count = s->nodes - s->spares;
	for (uint32_t i = 0; i < f->node_count; i++) {
		f->node[i].node_id = i + 1;
		f->node[i].votes = 1;
	}
	f->token_ms = token_ms;
	f->consensus_ms = token_ms * 12 / 10;
	memcpy(f->provider, "corosync_votequorum", sizeof("corosync_votequorum"));
	memcpy(f->model, "qdisk", sizeof("qdisk"));
	f->device_votes = f->node_count - 1;
	f->expected_votes = f->node_count + f->device_votes;
}

/* V and Y: as qdiskd writes them, or anything. */
static void device_draw(struct sim_rng *rng, const struct qd_timings *t, struct qd_facts *f)
{
	f->device_timeout_ms = (uint32_t)qd_law_withdraw_ms(t);
	f->device_sync_timeout_ms = (uint32_t)qd_law_sync_ms(t);
	if (sim_rng_chance(rng, 500))
		f->device_timeout_ms = (uint32_t)sim_rng_range(rng, 1, 20) * t->interval_ms;
	if (sim_rng_chance(rng, 500))
		f->device_sync_timeout_ms = (uint32_t)sim_rng_range(rng, 1, 40) * t->interval_ms;
}

static bool without_warning(const struct qd_findings *found)
{
	for (uint32_t i = 0; i < found->count; i++) {
		if (found->finding[i].severity != QD_SEV_INFO)
			return false;
	}
	return true;
}

/* One try; false: refused, or warned of. */
static bool draw(struct sim_rng *rng, const struct sim_setup *s, struct qd_params *p)
{
	static struct qd_config config;		/* large */
	static struct qd_findings found;
	struct qd_facts facts = { 0 };

	config_draw(rng, s, &config);
	facts_draw(rng, s, &facts);
	(void)qd_config_check(&config, &facts, p, &found);	/* the timings that it comes to */
	device_draw(rng, &p->t, &facts);
	return qd_config_check(&config, &facts, p, &found) == 0 && without_warning(&found);
}

void sim_laws_draw(struct sim_setup *s)
{
	struct qd_params p;
	struct sim_rng rng;
	unsigned tries = 1;

	sim_rng_seed(&rng, s->seed ^ 0x6C617773u);
	while (!draw(&rng, s, &p) && tries < TRIES)
		tries++;
	assert(tries < TRIES);
	s->laws = true;
	s->mixed = false;	/* one for all */
	s->t = p.t;
	s->token_ms = p.token_ms;
	s->consensus_ms = p.consensus_ms;
	s->v_ms = p.v_ms;
	s->y_ms = p.y_ms;
	s->master_wins = p.master_wins;
	s->fence_min_ms = p.t.interval_ms;
	s->fence_max_ms = 40 * p.t.interval_ms;
	s->boot_min_ms = 10 * p.t.interval_ms;
	s->boot_max_ms = 80 * p.t.interval_ms;
}
