/* The simulator's command line; see sim.h.
 *
 *	sim --seeds A-B [--kind K] [--nodes N] [--timing T] [--no-guard] [--twice]
 *	    [--keep-going] [--expect NAMES] [--trace]
 *	sim --tap [--traces FOLDER]
 *	sim --write-traces FOLDER
 *	sim --story NAME
 *
 * --expect S1,S2 goes on until one of these is violated, whatever else is.
 * Exit status: 0 nothing is violated, 1 something is, 2 usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim.h"

struct options {
	uint64_t first, last;
	int kind;		/* -1: every kind in turn */
	uint32_t nodes;		/* 0: drawn */
	int timing;		/* -1: drawn */
	const char *expect;	/* names, with commas between them; NULL any */
	bool no_guard, twice, trace, tap, keep_going;
	const char *traces;	/* folder of those that are kept */
};

#define TAP_SEEDS 300u

static double seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);	/* for the totals only */
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* One seed; false: something is violated, and told. */
bool sim_seed_run(struct sim_world *w, const struct sim_setup *setup, bool twice)
{
	uint64_t hash, until = setup->until ? setup->until : SIM_NEVER;

	sim_world_init(w, setup);
	sim_plan(w);
	sim_run(w, until);
	w->stats.simulated_us += w->now;
	hash = w->trace.hash;
	if (w->check.failed || !twice)
		return !w->check.failed;
	sim_world_init(w, setup);
	sim_plan(w);
	sim_run(w, until);
	if (w->trace.hash != hash)
		sim_fail(w, "D1", 0, "the same seed gave another run");
	return !w->check.failed;
}

/* `before`: in front of each line; in TAP all of this is a comment. */
static void violation_name(const struct sim_world *w, const char *before)
{
	const struct sim_setup *s = &w->setup;

	printf("%sVIOLATION %s: %s (node %u) at %.6f s\n", before, w->check.name, w->check.text,
	       w->check.node, (double)w->check.at / 1e6);
	printf("%ssim --seeds %llu --kind %s: %u nodes, I %u ms K %u U %u W %u M %u, token %u ms\n", before,
	       (unsigned long long)s->seed, sim_kind_text(s->kind), s->nodes, s->t.interval_ms, s->t.tko,
	       s->t.tko_up, s->t.upgrade_wait, s->t.master_wait, s->token_ms);
}

static void violation_tell(const struct sim_world *w, const char *before)
{
	if (!w->setup.trace) {
		printf("%s---- the last %u lines ----\n", before, SIM_LINES_SHOWN);
		sim_trace_print(w, SIM_LINES_SHOWN, before);
	}
	violation_name(w, before);
}

static void totals_print(const struct sim_world *w, double wall, const char *before)
{
	const struct sim_stats *s = &w->stats;

	printf("%s%llu seeds, %.1f simulated hours, %.1f s, %llu events, %llu cycles, %llu polls, %llu rings\n",
	       before, (unsigned long long)s->seeds, (double)s->simulated_us / 3.6e9, wall,
	       (unsigned long long)s->events, (unsigned long long)s->cycles,
	       (unsigned long long)s->polls, (unsigned long long)s->rings);
	printf("%s%llu masters by election, %llu evictions, %llu self-fences, %llu fencings\n%sfaults:",
	       before, (unsigned long long)s->elections, (unsigned long long)s->evictions,
	       (unsigned long long)s->self_fences, (unsigned long long)s->fences, before);
	for (unsigned i = 0; i < SIM_F_COUNT; i++)
		printf("%s %llu %s", i ? "," : "", (unsigned long long)s->fault[i],
		       sim_fault_text((enum sim_fault)i));
	printf("\n");
}

/* Is it one of those that are looked for? */
static bool expected(const struct sim_world *w, const struct options *o)
{
	size_t length = strlen(w->check.name);

	for (const char *at = o->expect; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, w->check.name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return o->expect == NULL;
}

static int seeds_run(struct sim_world *w, const struct options *o)
{
	double begin = seconds();
	uint64_t violations = 0;

	for (uint64_t seed = o->first; seed <= o->last && (!violations || o->keep_going); seed++) {
		struct sim_setup setup;
		enum sim_kind kind = o->kind >= 0 ? (enum sim_kind)o->kind :
						    (enum sim_kind)(seed % SIM_KINDS);

		sim_setup_draw(&setup, seed, kind, o->nodes, o->timing);
		setup.guard = !o->no_guard;
		setup.trace = o->trace;
		if (sim_seed_run(w, &setup, o->twice) || !expected(w, o))
			continue;
		violations++;
		if (o->keep_going)
			violation_name(w, "");
		else
			violation_tell(w, "");
	}
	totals_print(w, seconds() - begin, "");
	return violations ? 1 : 0;
}

/* ---- TAP ---- */

static unsigned tap_result(unsigned number, bool good, const char *name, const char *why)
{
	printf("%sok %u - %s\n", good ? "" : "not ", number, name);
	if (why)
		printf("# %s\n", why);
	return good ? 0 : 1;
}

/* 300 fixed seeds: every kind, sizes 2..8, all timings. */
static unsigned tap_seeds(struct sim_world *w, unsigned *number)
{
	unsigned failed = 0;

	for (unsigned kind = 0; kind < SIM_KINDS; kind++) {
		unsigned count = kind == SIM_CHAOS ? TAP_SEEDS / 2 : TAP_SEEDS / 2 / (SIM_KINDS - 1);
		struct sim_setup setup;
		bool good = true;
		char name[100];

		for (unsigned i = 0; i < count + (kind ? 0 : TAP_SEEDS / 2 % (SIM_KINDS - 1)) && good; i++) {
			sim_setup_draw(&setup, 1000 * (kind + 1) + i, (enum sim_kind)kind, 2 + i % 7, (int)(i / 7));
			good = sim_seed_run(w, &setup, /* twice */ i % 10 == 0);
		}
		(void)snprintf(name, sizeof(name), "seeds_of_kind_%s_violate_nothing",
			       sim_kind_text((enum sim_kind)kind));
		failed += tap_result(++*number, good, name, NULL);
		if (!good)
			violation_tell(w, "# ");
	}
	return failed;
}

static unsigned tap_stories(struct sim_world *w, const struct sim_story *stories, unsigned *number)
{
	unsigned failed = 0;

	for (const struct sim_story *story = stories; story->name; story++) {
		const char *why = story->run(w);

		failed += tap_result(++*number, why == NULL, story->name, why);
		if (why) {
			printf("# ---- the last %u lines ----\n", SIM_LINES_SHOWN);
			sim_trace_print(w, SIM_LINES_SHOWN, "# ");
		}
	}
	return failed;
}

static int tap_run(struct sim_world *w, const char *traces)
{
	unsigned number = 0, failed;
	double begin = seconds();

	failed = tap_stories(w, sim_stories, &number);
	failed += tap_stories(w, sim_stories_lun, &number);
	failed += tap_stories(w, sim_legacy, &number);
	failed += tap_stories(w, sim_found, &number);
	failed += tap_stories(w, sim_safety, &number);
	failed += tap_stories(w, sim_self, &number);
	failed += sim_golden_check(w, traces, &number);
	memset(&w->stats, 0, sizeof(w->stats));
	failed += tap_seeds(w, &number);
	printf("1..%u\n", number);
	totals_print(w, seconds() - begin, "# ");
	return failed ? 1 : 0;
}

/* ---- Options ---- */

static int usage(void)
{
	fprintf(stderr, "usage: sim --seeds A-B [--kind calm|death|lastman|split|stop|io|pause|chaos]\n"
			"           [--nodes 2..%u] [--timing 0..5] [--no-guard] [--twice] [--keep-going]\n"
			"           [--expect NAMES] [--trace]\n"
			"       sim --tap [--traces FOLDER]\n"
			"       sim --write-traces FOLDER\n"
			"       sim --story NAME\n", SIM_NODES);
	return 2;
}

static bool number_parse(const char *text, uint64_t max, uint64_t *ret)
{
	char *end;

	*ret = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && *ret <= max;
}

static bool range_parse(const char *text, struct options *o)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	o->first = o->last = strtoull(text, &end, 10);
	return *end == '\0' || (*end == '-' && number_parse(end + 1, UINT64_MAX - 1, &o->last));
}

static bool kind_parse(const char *text, int *ret)
{
	for (int i = 0; i < SIM_KINDS; i++) {
		if (strcmp(text, sim_kind_text((enum sim_kind)i)) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* An option with a value; false: it is none, or the value is wrong. */
static bool value_parse(const char *name, const char *value, struct options *o)
{
	uint64_t number;
	bool good = true;

	if (strcmp(name, "--seeds") == 0)
		return range_parse(value, o);
	if (strcmp(name, "--expect") == 0) {
		o->expect = value;
		return true;
	}
	if (strcmp(name, "--kind") == 0)
		return kind_parse(value, &o->kind);
	if (strcmp(name, "--traces") == 0) {
		o->traces = value;
	} else if (strcmp(name, "--nodes") == 0) {
		good = number_parse(value, SIM_NODES, &number) && number >= 2;
		o->nodes = (uint32_t)number;
	} else if (strcmp(name, "--timing") == 0) {
		good = number_parse(value, 5, &number);
		o->timing = (int)number;
	} else {
		good = false;
	}
	return good;
}

static int story_run(struct sim_world *w, const char *name)
{
	const struct sim_story *lists[] = { sim_stories, sim_stories_lun, sim_legacy, sim_found, sim_safety,
					    sim_self };

	for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (const struct sim_story *story = lists[i]; story->name; story++) {
			const char *why;

			if (strcmp(story->name, name) != 0)
				continue;
			w->story_trace = true;
			why = story->run(w);
			printf("%s: %s\n", name, why ? why : "holds");
			return why ? 1 : 0;
		}
	}
	return usage();
}

int main(int argc, char **argv)
{
	struct options o = { .kind = -1, .timing = -1, .first = 1, .last = 0,
			     .traces = "tests/traces" };
	struct sim_world *w = calloc(1, sizeof(*w));
	int status;

	if (!w) {
		perror("sim");
		return 1;
	}
	if (argc == 3 && strcmp(argv[1], "--write-traces") == 0) {
		status = sim_golden_write(w, argv[2]);
		free(w);
		return status;
	}
	if (argc == 3 && strcmp(argv[1], "--story") == 0) {
		status = story_run(w, argv[2]);
		free(w);
		return status;
	}
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--no-guard") == 0)
			o.no_guard = true;
		else if (strcmp(argv[i], "--twice") == 0)
			o.twice = true;
		else if (strcmp(argv[i], "--trace") == 0)
			o.trace = true;
		else if (strcmp(argv[i], "--tap") == 0)
			o.tap = true;
		else if (strcmp(argv[i], "--keep-going") == 0)
			o.keep_going = true;
		else if (i + 1 >= argc || !value_parse(argv[i], argv[i + 1], &o) || !++i)
			o.first = UINT64_MAX;
	}
	if (o.first == UINT64_MAX || (!o.tap && o.last < o.first))
		status = usage();
	else
		status = o.tap ? tap_run(w, o.traces) : seeds_run(w, &o);
	free(w);
	return status;
}
