/* The simulator as a test program: every story, every trace, and fixed seeds. */
#include "sim.h"

#define SEEDS 2000u		/* half of them chaos */

static unsigned result(unsigned number, bool good, const char *name, const char *why)
{
	printf("%sok %u - %s\n", good ? "" : "not ", number, name);
	if (why)
		printf("# %s\n", why);
	return good ? 0 : 1;
}

/* Mostly what people have; sometimes more. */
static uint32_t nodes_of(unsigned i)
{
	static const uint32_t nodes[] = { 3, 2, 4, 5, 2, 3, 6, 3, 4, 2, 5, 3, 8, 2, 3, 4, 12, 3, 5, 2, 4, 3, 16 };

	return nodes[i % (sizeof(nodes) / sizeof(nodes[0]))];
}

/* Seeds of one kind: all sizes, all timings and, one in five, what the laws let through;
 * one in ten run twice. */
static unsigned seeds_of_kind(struct sim_world *w, const struct sim_options *o, enum sim_kind kind, unsigned number)
{
	unsigned count = kind == SIM_CHAOS ? SEEDS / 2 : SEEDS / 2 / (SIM_KINDS - 1);
	struct sim_options told = *o;
	struct sim_setup setup;
	bool good = true;
	char name[100];

	for (unsigned i = 0; i < count && good; i++) {
		told.first = 10000 * (kind + 1) + i;
		told.kind = (int)kind;
		told.nodes = nodes_of(i);
		told.timing = (int)(i % sim_timings());
		told.laws = i % 5 == 4;
		told.twice = i % 10 == 0;
		sim_options_setup(&told, told.first, &setup);
		good = sim_seed_run(w, &setup, told.twice);
	}
	(void)snprintf(name, sizeof(name), "%u_seeds_of_kind_%s_violate_nothing", count, sim_kind_text(kind));
	(void)result(number, good, name, NULL);
	if (!good)
		sim_tell_violation(w, &told, "# ");
	return good ? 0 : 1;
}

static unsigned stories(struct sim_world *w, const struct sim_story *story, unsigned *number)
{
	unsigned failed = 0;

	for (; story->name; story++) {
		const char *why = story->run(w);

		failed += result(++*number, why == NULL, story->name, why);
		if (why) {
			printf("# ---- the last %u lines ----\n", SIM_LINES_SHOWN);
			sim_trace_print(w, SIM_LINES_SHOWN, "# ");
		}
	}
	return failed;
}

static const struct sim_story *const books[] = {
	sim_stories, sim_stories_lun, sim_stories_admin, sim_stories_fence, sim_legacy, sim_found, sim_safety, sim_rare,
	sim_self, sim_self_rules,
};

#define BOOKS (sizeof(books) / sizeof(books[0]))

int sim_tap(struct sim_world *w, const struct sim_options *o)
{
	unsigned number = 0, failed = 0;
	double begin = sim_wall(), cpu;

	for (unsigned i = 0; i < BOOKS; i++)
		failed += stories(w, books[i], &number);
	failed += sim_golden_check(w, o->traces, &number);
	memset(&w->stats, 0, sizeof(w->stats));
	cpu = sim_cpu();
	for (unsigned kind = 0; kind < SIM_KINDS; kind++)
		failed += seeds_of_kind(w, o, (enum sim_kind)kind, ++number);
	printf("1..%u\n", number);
	sim_tell_totals(&w->stats, sim_wall() - begin, sim_cpu() - cpu, "# ");
	return failed ? 1 : 0;
}

int sim_story(struct sim_world *w, const char *name)
{
	for (unsigned i = 0; i < BOOKS; i++) {
		for (const struct sim_story *story = books[i]; story->name; story++) {
			const char *why;

			if (strcmp(story->name, name) != 0)
				continue;
			w->story_trace = true;
			why = story->run(w);
			if (w->check.failed)
				printf("VIOLATION %s: %s\n", w->check.name, w->check.text);
			printf("%s: %s\n", name, why ? why : "holds");
			return why ? 1 : 0;
		}
	}
	fprintf(stderr, "%s: no such story\n", name);
	return 2;
}
