/* The simulator's command line: read, and written so that a run can be had again. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include "sim.h"

#define JOBS_MAX 256u

static const char *const withouts[SIM_WITHOUTS] = {
	"tails", "drift", "wild", "heuristics", "restart", "boot", "fencing", "watchdog", "io-timeout",
	"mixed", "spares", "rules",
};

static const char *const lies[SIM_LIES] = {
	"vote", "slot", "bytes", "own", "twice", "stale", "dice", "mute", "old-ack",
};

void sim_options_put(FILE *to, const struct sim_options *o)
{
	fprintf(to, "--seeds %" PRIu64 " --kind %s", o->first, sim_kind_text((enum sim_kind)o->kind));
	if (o->nodes)
		fprintf(to, " --nodes %" PRIu32, o->nodes);
	if (o->timing >= 0)
		fprintf(to, " --timing %d", o->timing);
	if (o->no_guard)
		fprintf(to, " --no-guard");
	if (o->laws)
		fprintf(to, " --laws");
	if (o->without) {
		fprintf(to, " --without ");
		sim_put_words(to, withouts, SIM_WITHOUTS, o->without);
	}
	if (o->lies) {
		fprintf(to, " --lie ");
		sim_put_words(to, lies, SIM_LIES, o->lies);
	}
	if (o->liar)
		fprintf(to, " --liar %" PRIu32, o->liar);
	if (o->planned)
		sim_put_plan(to, o);
	if (o->until) {
		fprintf(to, " --until ");
		sim_put_seconds(to, o->until);
	}
	if (o->twice)
		fprintf(to, " --twice");
}

struct sim_options sim_options_of(const struct sim_options *o, uint64_t seed)
{
	struct sim_options one = *o;

	one.first = one.last = seed;
	one.kind = o->kind >= 0 ? o->kind : (int)(seed % SIM_KINDS);
	return one;
}

void sim_options_setup(const struct sim_options *o, uint64_t seed, struct sim_setup *ret)
{
	enum sim_kind kind = (enum sim_kind)sim_options_of(o, seed).kind;

	sim_setup_draw(ret, seed, kind, o->nodes, o->timing);
	if (o->laws && kind != SIM_OLD)
		sim_laws_draw(ret);
	sim_setup_without(ret, o->without);
	ret->guard = !o->no_guard;
	ret->trace = o->trace;
	ret->lies = o->lies;
	ret->liar = o->liar;
	ret->planned = o->planned;
	ret->fault_count = o->fault_count;
	memcpy(ret->fault, o->fault, sizeof(ret->fault));
	ret->heal_at = o->heal_at ? o->heal_at : SIM_NEVER;
	ret->until = o->until;
}

/* ---- Options ---- */

/* A start that nobody has run before; small enough to be typed. */
static bool fresh_seed(uint64_t *ret)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return false;
	*ret = random >> 24;
	return true;
}

static bool seeds_parse(const char *text, struct sim_options *o)
{
	char *end;

	if (strcmp(text, "fresh") == 0) {
		o->last = UINT64_MAX - 1;
		return fresh_seed(&o->first);
	}
	if (*text < '0' || *text > '9')
		return false;
	o->first = o->last = strtoull(text, &end, 10);
	return *end == '\0' || (*end == '-' && sim_number_parse(end + 1, UINT64_MAX - 1, &o->last));
}

static bool kind_parse(const char *text, struct sim_options *o)
{
	for (int i = 0; i < SIM_KINDS; i++) {
		if (strcmp(text, sim_kind_text((enum sim_kind)i)) == 0) {
			o->kind = i;
			return true;
		}
	}
	return false;
}

static bool nodes_parse(const char *text, struct sim_options *o)
{
	uint64_t number;
	bool good = sim_number_parse(text, SIM_NODES, &number) && number >= 2;

	o->nodes = good ? (uint32_t)number : 0;
	return good;
}

static bool timing_parse(const char *text, struct sim_options *o)
{
	uint64_t number;
	bool good = sim_number_parse(text, sim_timings() - 1, &number);

	o->timing = good ? (int)number : -1;
	return good;
}

static bool jobs_parse(const char *text, struct sim_options *o)
{
	uint64_t number;
	bool good = sim_number_parse(text, JOBS_MAX, &number) && number >= 1;

	o->jobs = good ? (uint32_t)number : 1;
	return good;
}

static bool limit_parse(const char *text, struct sim_options *o)
{
	return sim_number_parse(text, 1000000, &o->seconds) && o->seconds >= 1;
}

static bool without_parse(const char *text, struct sim_options *o)
{
	return sim_words_parse(text, withouts, SIM_WITHOUTS, &o->without);
}

static bool lie_parse(const char *text, struct sim_options *o)
{
	return sim_words_parse(text, lies, SIM_LIES, &o->lies);
}

static bool liar_parse(const char *text, struct sim_options *o)
{
	uint64_t number;
	bool good = sim_number_parse(text, SIM_NODES, &number) && number >= 1;

	o->liar = good ? (uint32_t)number : 0;
	return good;
}

static bool heal_parse(const char *text, struct sim_options *o)
{
	return sim_seconds_parse(text, &o->heal_at);
}

static bool until_parse(const char *text, struct sim_options *o)
{
	return sim_seconds_parse(text, &o->until);
}

static bool traces_parse(const char *text, struct sim_options *o)
{
	o->traces = text;
	return true;
}

static bool expect_parse(const char *text, struct sim_options *o)
{
	o->expect = text;
	return true;
}

static bool write_parse(const char *text, struct sim_options *o)
{
	o->mode = SIM_WRITE_TRACES;
	return traces_parse(text, o);
}

static bool story_parse(const char *text, struct sim_options *o)
{
	o->mode = SIM_STORY;
	o->story = text;
	return true;
}

/* An option with a value; false: it is none, or the value is wrong. */
static bool value_parse(const char *name, const char *value, struct sim_options *o)
{
	static const struct {
		const char *name;
		bool (*parse)(const char *text, struct sim_options *o);
	} table[] = {
		{ "--seeds", seeds_parse }, { "--kind", kind_parse }, { "--nodes", nodes_parse },
		{ "--timing", timing_parse }, { "--jobs", jobs_parse }, { "--seconds", limit_parse },
		{ "--without", without_parse }, { "--lie", lie_parse }, { "--liar", liar_parse },
		{ "--plan", sim_plan_parse }, { "--heal", heal_parse }, { "--until", until_parse },
		{ "--expect", expect_parse }, { "--traces", traces_parse },
		{ "--write-traces", write_parse }, { "--story", story_parse },
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(name, table[i].name) == 0)
			return value && table[i].parse(value, o);
	}
	return false;
}

static bool flag_parse(const char *name, struct sim_options *o)
{
	if (strcmp(name, "--no-guard") == 0)
		o->no_guard = true;
	else if (strcmp(name, "--laws") == 0)
		o->laws = true;
	else if (strcmp(name, "--twice") == 0)
		o->twice = true;
	else if (strcmp(name, "--trace") == 0)
		o->trace = true;
	else if (strcmp(name, "--hash") == 0)
		o->hash = true;
	else if (strcmp(name, "--no-shrink") == 0)
		o->no_shrink = true;
	else if (strcmp(name, "--keep-going") == 0)
		o->keep_going = true;
	else if (strcmp(name, "--tap") == 0)
		o->mode = SIM_TAP;
	else
		return false;
	return true;
}

/* Does what was given make sense together? */
static bool options_fit(const struct sim_options *o)
{
	bool endless = o->planned && !o->heal_at && !o->until;

	return o->mode != SIM_SEEDS || (o->first <= o->last && !endless);
}

bool sim_options_parse(int argc, char **argv, struct sim_options *ret)
{
	*ret = (struct sim_options){ .kind = -1, .timing = -1, .first = 1, .last = 0, .jobs = 1,
				     .program = argv[0], .traces = "tests/traces" };
	for (int i = 1; i < argc; i++) {
		if (flag_parse(argv[i], ret))
			continue;
		if (!value_parse(argv[i], i + 1 < argc ? argv[i + 1] : NULL, ret)) {
			fprintf(stderr, "%s: %s %s: not understood\n", argv[0], argv[i],
				i + 1 < argc ? argv[i + 1] : "");
			return false;
		}
		i++;
	}
	return options_fit(ret);
}

int sim_options_usage(const char *program)
{
	fprintf(stderr,
		"usage: %s --seeds A-B|fresh [--kind KIND] [--nodes 2..%u] [--timing 0..%u] [--laws]\n"
		"           [--no-guard] [--twice] [--keep-going] [--jobs N] [--seconds N] [--trace] [--hash] [--no-shrink]\n"
		"           [--expect INVARIANT,...] [--without WORDS] [--lie WORDS] [--liar ID]\n"
		"           [--plan SECONDS:FAULT#DICE,...|none] [--heal SECONDS] [--until SECONDS]\n"
		"       %s --tap [--traces FOLDER]\n"
		"       %s --write-traces FOLDER\n"
		"       %s --story NAME\nKINDs:", program, SIM_NODES, sim_timings() - 1, program, program, program);
	for (unsigned i = 0; i < SIM_KINDS; i++)
		fprintf(stderr, " %s", sim_kind_text((enum sim_kind)i));
	fprintf(stderr, "\n--without: ");
	sim_put_words(stderr, withouts, SIM_WITHOUTS, UINT32_MAX);
	fprintf(stderr, "\n--lie: ");
	sim_put_words(stderr, lies, SIM_LIES, UINT32_MAX);
	fprintf(stderr, "\n");
	return 2;
}
