/* What a violation looks like to the one who has to understand it; and totals. */
#include <inttypes.h>

#include "sim.h"

static void put_names(FILE *to, const struct sim_world *w)
{
	fprintf(to, "VIOLATION %s: %s (node %u) at %.6f s", w->check.name, w->check.text, w->check.node,
		(double)w->check.at / 1e6);
}

static void put_command(const struct sim_options *o, const char *before)
{
	printf("\n%s%s ", before, o->program);
	sim_options_put(stdout, o);
	printf("\n");
}

void sim_tell_name(const struct sim_world *w, const struct sim_options *o, const char *before)
{
	printf("%s", before);
	put_names(stdout, w);
	put_command(o, before);
	(void)fflush(stdout);	/* several processes may print */
}

/* What the run is made of, as far as its kind and dice decide it. */
static void tell_setup(const struct sim_setup *s, const char *before)
{
	printf("%s%u nodes; I %u ms, K %u, U %u, W %u, M %u; token %u ms, consensus %u ms\n", before, s->nodes,
	       s->t.interval_ms, s->t.tko, s->t.tko_up, s->t.upgrade_wait, s->t.master_wait, s->token_ms,
	       s->consensus_ms);
	printf("%s%s the assumption that what is frozen for K*I is reset%s%s%s%s%s%s%s%s\n", before,
	       s->guard ? "with" : "without", s->watchdog ? "; watchdog" : "", s->io_timeout ? "; io_timeout" : "",
	       s->fence_lun ? "; fencing over the LUN" : s->fencing ? "; fencing" : "", s->heuristics ? "; heuristics" : "", s->reboot ? "; reboot" : "",
	       s->restart ? "; daemons are started again" : "", s->boot_max_ms ? "; machines boot again" : "",
	       s->asks ? "; nodes are fenced on demand" : "");
}

static void tell_plan(const struct sim_setup *s, const char *before)
{
	if (!s->planned) {
		printf("%sthe plan is that of its kind: %s\n", before, sim_kind_text(s->kind));
		return;
	}
	printf("%sthe plan: %s\n", before, s->fault_count ? "" : "nothing goes wrong");
	for (uint32_t i = 0; i < s->fault_count; i++)
		printf("%s%15.6f s  %s\n", before, (double)s->fault[i].at / 1e6, sim_fault_text(s->fault[i].fault));
	if (s->heal_at < SIM_NEVER)
		printf("%s%15.6f s  everything is healed\n", before, (double)s->heal_at / 1e6);
}

void sim_tell_violation(struct sim_world *w, const struct sim_options *o, const char *before)
{
	struct sim_options one = sim_options_of(o, w->setup.seed);
	struct sim_stats stats = w->stats;
	uint32_t faults = w->fault_count;
	unsigned runs;

	printf("%sseed %" PRIu64 " of commit %s violates %s at %.6f s:", before, w->setup.seed, SIM_COMMIT,
	       w->check.name, (double)w->check.at / 1e6);
	put_command(&one, before);
	if (!o->no_shrink) {
		runs = sim_shrink(w, &one);
		w->stats = stats;
		printf("%sshrunk in %u runs from %u faults to %u:\n", before, runs, faults, w->fault_count);
	}
	tell_setup(&w->setup, before);
	tell_plan(&w->setup, before);
	if (!w->setup.trace) {
		printf("%s---- the last %u lines ----\n", before, SIM_LINES_SHOWN);
		sim_trace_print(w, SIM_LINES_SHOWN, before);
	}
	printf("%s", before);
	put_names(stdout, w);
	printf("\n%shash %016" PRIx64 ", again by:", before, w->trace.hash);
	put_command(&one, before);
}

void sim_tell_totals(const struct sim_stats *s, double wall, double cpu, const char *before)
{
	double hours = (double)s->simulated_us / 3.6e9;

	printf("%s%" PRIu64 " seeds, %.1f simulated hours in %.1f s, with %.1f s of CPU: %.1f hours a second\n%s%"
	       PRIu64 " events, %" PRIu64 " cycles, %" PRIu64 " polls, %" PRIu64 " rings\n", before, s->seeds,
	       hours, wall, cpu, hours / cpu, before, s->events, s->cycles, s->polls, s->rings);
	printf("%s%" PRIu64 " masters by election, %" PRIu64 " evictions, %" PRIu64 " self-fences, %" PRIu64
	       " fencings, %" PRIu64 " corosyncs ended for a stale vote\n%sfaults:", before, s->elections,
	       s->evictions, s->self_fences, s->fences, s->ended_corosyncs, before);
	for (unsigned i = 0; i < SIM_F_COUNT; i++)
		printf("%s %" PRIu64 " %s", i ? "," : "", s->fault[i], sim_fault_text((enum sim_fault)i));
	printf("\n");
}
