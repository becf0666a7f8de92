/* The smallest run that still violates the same invariant: fewer faults, fewer nodes,
 * less of what makes a run uneven, and less time between. Every step is a run of its
 * own, and counts only if that run fails in the same way. */
#include "sim.h"

#define RUNS_MAX 2000u
#define SECONDS_MAX 20.0

struct shrink {
	struct sim_world *w;
	struct sim_options best;	/* fails */
	struct sim_setup setup;		/* of the best */
	const char *name;	/* what it violates */
	uint64_t failed_at;
	unsigned runs;
	double end;
};

static bool has_effort(const struct shrink *s)
{
	return s->runs < RUNS_MAX && sim_wall() < s->end;
}

/* Does it fail in the same way? Then it is the best so far. */
static bool try(struct shrink *s, const struct sim_options *candidate)
{
	struct sim_setup setup;

	if (!has_effort(s))
		return false;
	s->runs++;
	sim_options_setup(candidate, candidate->first, &setup);
	setup.trace = false;
	if (sim_seed_run(s->w, &setup, candidate->twice) || strcmp(s->w->check.name, s->name) != 0)
		return false;
	s->best = *candidate;
	s->setup = setup;
	s->failed_at = s->w->check.at;
	return true;
}

/* ---- Faults ---- */

static bool try_without_faults(struct shrink *s, uint32_t first, uint32_t count)
{
	struct sim_options c = s->best;

	memmove(c.fault + first, c.fault + first + count,
		(c.fault_count - first - count) * sizeof(c.fault[0]));
	c.fault_count -= count;
	return try(s, &c);
}

/* In halves, in quarters, and one by one. */
static bool drop_faults(struct shrink *s)
{
	bool better = false;

	for (uint32_t count = s->best.fault_count; count > 0; count /= 2) {
		uint32_t first = 0;

		while (first + count <= s->best.fault_count) {
			if (try_without_faults(s, first, count))
				better = true;
			else
				first += count;
		}
	}
	return better;
}

/* ---- Nodes, and what makes a run uneven ---- */

static bool drop_bits(struct shrink *s)
{
	bool better = false;

	for (unsigned i = 0; i < SIM_WITHOUTS; i++) {
		struct sim_options c = s->best;

		c.without |= 1u << i;
		better |= c.without != s->best.without && try(s, &c);
	}
	return better;
}

/* A kind may need more than it was asked for. */
static bool drop_nodes(struct shrink *s)
{
	for (uint32_t nodes = 2; nodes < s->setup.nodes - s->setup.spares; nodes++) {
		struct sim_options c = s->best;

		c.nodes = nodes;
		if (try(s, &c) && s->setup.nodes - s->setup.spares == nodes)
			return true;
	}
	return false;
}

/* ---- Time ---- */

/* Let everything from fault `first` on, the healing too, come earlier. */
static bool try_earlier(struct shrink *s, uint32_t first, uint64_t by)
{
	struct sim_options c = s->best;

	for (uint32_t i = first; i < c.fault_count; i++)
		c.fault[i].at -= by;
	if (c.heal_at)
		c.heal_at -= by;
	return try(s, &c);
}

static uint64_t gap_before(const struct sim_options *o, uint32_t i)
{
	uint64_t at = i < o->fault_count ? o->fault[i].at : o->heal_at;

	return i > 0 && at ? at - o->fault[i - 1].at : 0;
}

static bool shorten_gaps(struct shrink *s)
{
	bool better = false;

	for (uint32_t i = 1; i <= s->best.fault_count; i++) {
		uint64_t gap = gap_before(&s->best, i), smallest = s->w->interval_us;

		for (uint64_t by = gap; by >= smallest; by /= 2) {
			if (by <= gap_before(&s->best, i) && try_earlier(s, i, by))
				better = true;
		}
	}
	return better;
}

/* Times that can be read. */
static bool round_times(struct shrink *s)
{
	for (uint64_t unit = 1000000; unit >= 1000; unit /= 10) {
		struct sim_options c = s->best;

		for (uint32_t i = 0; i < c.fault_count; i++)
			c.fault[i].at -= c.fault[i].at % unit;
		if (c.heal_at)
			c.heal_at -= c.heal_at % unit;
		if (try(s, &c))
			return true;
	}
	return false;
}

/* ---- All of it ---- */

/* The drawn plan as one that is given. A run that failed before anything went wrong has
 * none, and needs an end. */
static void plan_take(const struct sim_world *w, struct sim_options *o)
{
	if (o->planned || !sim_kind_draws(w->setup.kind))
		return;
	o->planned = true;
	o->fault_count = w->fault_count;
	memcpy(o->fault, w->fault, sizeof(o->fault));
	o->heal_at = w->heal_at < SIM_NEVER ? w->heal_at : 0;
	if (!o->heal_at)
		o->until = w->check.at + w->interval_us;
}

/* What comes after the violation is no part of it. */
static void cut(struct shrink *s)
{
	struct sim_options c = s->best;

	c.until = s->failed_at;
	if (c.heal_at > s->failed_at)
		c.heal_at = 0;
	while (c.fault_count && c.fault[c.fault_count - 1].at > s->failed_at)
		c.fault_count--;
	(void)try(s, &c);	/* D1 is found at the end only: then as it is */
}

static void shrink(struct shrink *s)
{
	bool better = true;

	while (better && has_effort(s)) {
		better = drop_faults(s);
		better |= drop_bits(s);
		better |= drop_nodes(s);
		better |= shorten_gaps(s);
	}
	(void)round_times(s);
	cut(s);
}

unsigned sim_shrink(struct sim_world *w, struct sim_options *o)
{
	struct shrink s = { .w = w, .best = *o, .name = w->check.name, .failed_at = w->check.at,
			    .end = sim_wall() + SECONDS_MAX };
	struct sim_setup setup;

	plan_take(w, &s.best);
	if (try(&s, &s.best)) {	/* else not to be had again: as it was */
		shrink(&s);
		*o = s.best;
	}
	sim_options_setup(o, o->first, &setup);
	(void)sim_seed_run(w, &setup, o->twice);	/* exactly what is told and printed */
	return s.runs;
}
