/* The explorer's command line; see explore.h.
 *
 *	explore [--nodes N] [--faults F] [--start NAME] [--together] [--token long]
 *		[--watchdog] [--no-guard] [--seconds S] [--depth STEPS] [--memory MIB]
 *	explore --all		every job of the table, two at a time, ten minutes
 *	explore --tap		what `make check` runs
 *
 * Exit status: 0 nothing is violated, 1 something is, 2 usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explore_search.h"

#define JOBS 48u
#define WORKERS 2u
#define FAULTS_MAX 9u

struct job {
	struct xp_setup setup;
	const char *start;
	struct xp_limits limits;
};

/* Short: T and consensus less than what an election takes (L5). Long: more (L4). */
static void job_init(struct job *job, uint32_t nodes, uint32_t faults, const char *start, bool together,
		     bool is_long)
{
	*job = (struct job){
		.setup = {
			.nodes = nodes,
			.steps = together ? 2 : nodes,
			.together = together,
			.guard = true,
			.token_ms = (is_long ? 7 : 2) * XP_INTERVAL,
			.consensus_ms = (is_long ? 9 : 3) * XP_INTERVAL,
			.faults = faults,
			.kinds = UINT64_MAX,
		},
		.start = start,
		.limits = { .seconds = 300, .bytes = (uint64_t)1 << 30 },
	};
}

static const char *job_name(const struct job *job, char name[120])
{
	(void)snprintf(name, 120, "%u nodes, %s, token %s, %u faults, from %s%s%s", job->setup.nodes,
		       job->setup.together ? "together" : "in turn",
		       job->setup.token_ms > 3 * XP_INTERVAL ? "long" : "short", job->setup.faults,
		       job->start, job->setup.watchdog ? ", watchdog" : "",
		       job->setup.guard ? "" : ", no guard");
	return name;
}

static void result_print(const char *before, const struct job *job, const struct xp_result *res)
{
	char name[120];

	printf("%s%-52s %11llu states %12llu tried %5.1f I %s%s %6.1f s\n", before, job_name(job, name),
	       (unsigned long long)res->states, (unsigned long long)res->tried,
	       (double)res->layers / job->setup.steps,
	       res->violated ? "VIOLATED " : res->complete ? "complete" : res->started ? "stopped by " :
	       "no such start",
	       res->violated ? res->broken : res->stopped_by, res->seconds);
	(void)fflush(stdout);
}

/* ---- Jobs, two at a time, each in a process of its own ---- */

static struct xp_result *results_new(uint32_t count)
{
	void *p = mmap(NULL, count * sizeof(struct xp_result), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("explore");
		exit(1);
	}
	return p;
}

static pid_t job_fork(const struct job *job, struct xp_result *result)
{
	pid_t pid;

	*result = (struct xp_result){ .stopped_by = "a crash" };	/* until it says otherwise */
	(void)fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("explore");
		exit(1);
	}
	if (pid > 0)
		return pid;
	xp_search(&job->setup, job->start, &job->limits, result);
	_exit(0);
}

/* `tell`: a line for each as it ends. */
static void jobs_run(const struct job *jobs, uint32_t count, struct xp_result *results, bool tell)
{
	pid_t pids[JOBS] = { 0 }, pid;
	uint32_t begun = 0, ended = 0;

	assert(count <= JOBS);
	while (ended < count) {
		if (begun < count && begun - ended < WORKERS) {
			pids[begun] = job_fork(&jobs[begun], &results[begun]);
			begun++;
			continue;
		}
		pid = wait(NULL);
		ended += pid > 0;
		for (uint32_t k = 0; k < begun && tell; k++) {
			if (pids[k] == pid)
				result_print("", &jobs[k], &results[k]);
		}
	}
}

static bool job_good(const struct xp_result *result)
{
	return result->started && !result->violated;
}

/* ---- TAP ---- */

static unsigned tap(unsigned number, bool good, const char *name)
{
	printf("%sok %u - %s\n", good ? "" : "not ", number, name);
	return good ? 0 : 1;
}

/* Walks through both worlds side by side, one with its names and times as they
 * come: after each event, put into the one form, they must be the same. */
static bool renumbering_changes_nothing(uint64_t seed)
{
	static uint8_t bytes[2][XP_PACKED_MAX];
	struct xp_run *one = calloc(1, sizeof(*one)), *raw = calloc(1, sizeof(*raw)), *copy = calloc(1, sizeof(*copy));
	struct xp_event event[XP_EVENTS];
	struct job job;
	bool same = one && raw && copy;

	job_init(&job, 2 + seed % 2, 6, "calm", seed / 2 % 2, seed / 4 % 2);
	for (uint32_t k = 0; same && k < 3; k++) {
		struct xp_run *r = k == 0 ? one : k == 1 ? raw : copy;

		xp_run_init(r, &job.setup);
		(void)xp_start(r, "calm", 0);
	}
	for (uint32_t steps = 0; same && steps < 3000 && !one->w.failed; steps++) {
		uint32_t count = xp_events(one, event), which;

		/* faults are rarer than what mends them */
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		which = (uint32_t)(seed >> 33) % count;
		while (event[which].kind >= XP_SPLIT && (seed >> 20) % 16)
			which--;
		xp_apply(one, &event[which]);
		xp_canon(one);
		raw->raw = true;
		(void)xp_events(raw, event);
		xp_apply(raw, &event[which]);
		xp_canon(raw);
		memset(bytes, 0, sizeof(bytes));
		xp_unpack(copy, (xp_pack(raw, bytes[0]), bytes[0]));
		xp_canon(copy);
		same = xp_pack(one, bytes[0]) == xp_pack(copy, bytes[1]) &&
		       memcmp(bytes[0], bytes[1], XP_PACKED_MAX) == 0;
	}
	free(one);
	free(raw);
	free(copy);
	return same;
}

static unsigned tap_walks(unsigned number)
{
	bool good = true;

	for (uint64_t seed = 1; seed <= 200 && good; seed++)
		good = renumbering_changes_nothing(seed);
	return tap(number, good, "renumbering_changes_nothing");
}

static unsigned tap_job(unsigned number, const struct job *job, const struct xp_result *result)
{
	char name[120], line[200];

	(void)snprintf(line, sizeof(line), "%s: nothing is violated", job_name(job, name));
	result_print("# ", job, result);
	if (result->violated)
		(void)xp_story(&job->setup, job->start, result, "# ");
	return tap(number, job_good(result), line);
}

/* A node that stands still for ever shows its old quorum for ever: the one thing
 * that no rule can mend, and that the assumption rules out. */
static unsigned tap_assumption(unsigned number)
{
	struct xp_result *result = results_new(1);
	struct job job;
	bool found;

	job_init(&job, 2, 1, "split", false, false);
	job.setup.guard = false;
	job.setup.kinds = (uint64_t)1 << XP_FREEZE;
	jobs_run(&job, 1, result, /* tell */ false);
	result_print("# ", &job, result);
	found = result->violated && xp_story(&job.setup, job.start, result, NULL);
	return tap(number, found, "what_the_assumption_rules_out_is_found_without_it");
}

struct plan {
	uint32_t nodes, faults;
	const char *start;
	bool together, is_long, watchdog;
	uint32_t seconds;
};

static const struct plan tap_plan[] = {
	{ 3, 0, "cold", false, false, false, 60 }, { 3, 0, "calm", false, false, false, 60 },
	{ 3, 0, "split", false, false, false, 60 }, { 3, 0, "lost", false, false, false, 60 },
	{ 3, 0, "hang", false, false, false, 60 }, { 3, 0, "death", false, false, false, 60 },
	{ 3, 0, "bid", false, false, false, 60 }, { 3, 0, "rival", false, true, false, 60 },
	{ 2, 1, "calm", true, false, false, 60 }, { 2, 1, "calm", false, true, false, 60 }, { 2, 1, "calm", false, false, true, 60 },
	{ 2, 1, "cold", false, false, false, 60 }, { 2, 1, "split", false, false, false, 60 },
	{ 2, 2, "calm", false, false, false, 5 }, { 3, 1, "calm", false, false, false, 5 },
	{ 0 },
};

/* Ten minutes on two idle processors. */
static const struct plan table_plan[] = {
	{ 3, 1, "calm", false, false, false, 300 }, { 2, 2, "calm", false, false, false, 200 },
	{ 2, 1, "calm", false, false, false, 60 }, { 2, 1, "calm", true, false, false, 60 },
	{ 2, 1, "calm", false, true, false, 60 }, { 2, 1, "calm", false, false, true, 60 },
	{ 2, 1, "cold", false, false, false, 60 }, { 2, 1, "cold", true, false, false, 60 },
	{ 2, 1, "split", false, false, false, 60 }, { 2, 1, "split", true, false, false, 60 },
	{ 2, 1, "split", false, true, false, 60 }, { 2, 1, "split", false, false, true, 60 },
	{ 2, 1, "hang", false, false, false, 60 }, { 2, 1, "hang", true, false, false, 60 },
	{ 2, 1, "death", false, false, false, 60 }, { 2, 1, "death", true, false, false, 60 },
	{ 2, 1, "bid", false, false, false, 60 }, { 2, 1, "bid", true, false, false, 60 },
	{ 2, 3, "calm", false, false, false, 60 }, { 2, 2, "split", false, false, false, 60 },
	{ 3, 0, "cold", false, false, false, 60 }, { 3, 0, "calm", true, false, false, 60 },
	{ 3, 0, "split", false, false, false, 60 }, { 3, 0, "split", false, true, false, 60 },
	{ 3, 0, "lost", false, false, false, 60 }, { 3, 0, "hang", false, false, false, 60 },
	{ 3, 0, "death", false, false, false, 60 }, { 3, 0, "bid", false, false, false, 60 },
	{ 3, 1, "split", false, false, false, 60 }, { 3, 1, "bid", false, false, false, 60 },
	{ 3, 1, "death", false, false, false, 60 }, { 3, 1, "rival", false, false, false, 60 },
	{ 3, 1, "rival", false, true, false, 60 }, { 3, 2, "calm", false, false, false, 60 },
	{ 0 },
};

static uint32_t jobs_plan(struct job *jobs, const struct plan *plan, uint32_t mib)
{
	uint32_t count = 0;

	for (; plan->nodes; plan++, count++) {
		struct job *job = &jobs[count];

		assert(count < JOBS);
		job_init(job, plan->nodes, plan->faults, plan->start, plan->together, plan->is_long);
		job->setup.watchdog = plan->watchdog;
		job->limits.seconds = plan->seconds;
		job->limits.bytes = (uint64_t)mib << 20;
	}
	return count;
}

static int tap_run(void)
{
	static struct job jobs[JOBS];
	struct xp_result *results = results_new(JOBS);
	unsigned number = 2, failed = tap_walks(1) + tap_assumption(2);
	uint32_t count = jobs_plan(jobs, tap_plan, 256);

	jobs_run(jobs, count, results, /* tell */ false);
	for (uint32_t k = 0; k < count; k++)
		failed += tap_job(++number, &jobs[k], &results[k]);
	printf("1..%u\n", number);
	return failed ? 1 : 0;
}

/* ---- The table ---- */

static int table_run(uint32_t mib)
{
	static struct job jobs[JOBS];
	struct xp_result *results = results_new(JOBS);
	uint32_t count = jobs_plan(jobs, table_plan, mib);
	uint64_t states = 0, tried = 0;
	double seconds = 0;
	int status = 0;

	jobs_run(jobs, count, results, /* tell */ true);
	for (uint32_t k = 0; k < count; k++) {
		states += results[k].states;
		tried += results[k].tried;
		seconds += results[k].seconds;
		if (results[k].violated)
			(void)xp_story(&jobs[k].setup, jobs[k].start, &results[k], "");
		if (!job_good(&results[k]))
			status = 1;
	}
	printf("complete: with K 3, U 1, W 1, M 2 and that many faults a path, no event of the model in\n"
	       "explore.h leads to a state that was not entered, however long it goes on; else all was\n"
	       "entered up to that many intervals (I) after the start\n");
	printf("%llu states, %llu events tried, %.0f s of processor time\n", (unsigned long long)states,
	       (unsigned long long)tried, seconds);
	return status;
}

/* ---- Options ---- */

static int usage(void)
{
	fprintf(stderr, "usage: explore [--nodes 2|3] [--faults 0..%u] [--start NAME] [--together]\n"
			"               [--token long|short] [--watchdog] [--no-guard] [--seconds S]\n"
			"               [--depth STEPS] [--memory MIB]\n"
			"       explore --all\n"
			"       explore --tap\n"
			"starts:", FAULTS_MAX);
	for (uint32_t k = 0; xp_start_name(k); k++)
		fprintf(stderr, " %s", xp_start_name(k));
	fprintf(stderr, "\n");
	return 2;
}

static bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	char *end;

	*ret = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && *ret >= min && *ret <= max;
}

static const char *start_parse(const char *text)
{
	for (uint32_t k = 0; xp_start_name(k); k++) {
		if (strcmp(text, xp_start_name(k)) == 0)
			return xp_start_name(k);
	}
	return NULL;
}

struct options {
	uint64_t nodes, faults, seconds, depth, memory;
	const char *start;
	bool together, is_long, watchdog, no_guard;
};

static bool value_parse(const char *name, const char *value, struct options *o)
{
	if (strcmp(name, "--nodes") == 0)
		return number_parse(value, 2, XP_NODES, &o->nodes);
	if (strcmp(name, "--faults") == 0)
		return number_parse(value, 0, FAULTS_MAX, &o->faults);
	if (strcmp(name, "--seconds") == 0)
		return number_parse(value, 1, 86400, &o->seconds);
	if (strcmp(name, "--depth") == 0)
		return number_parse(value, 1, 1000000, &o->depth);
	if (strcmp(name, "--memory") == 0)
		return number_parse(value, 64, 65536, &o->memory);
	if (strcmp(name, "--token") == 0) {
		o->is_long = strcmp(value, "long") == 0;
		return o->is_long || strcmp(value, "short") == 0;
	}
	if (strcmp(name, "--start") != 0)
		return false;
	o->start = start_parse(value);
	return o->start != NULL;
}

static bool flag_parse(const char *name, struct options *o)
{
	bool *flag = strcmp(name, "--together") == 0 ? &o->together :
		     strcmp(name, "--watchdog") == 0 ? &o->watchdog :
		     strcmp(name, "--no-guard") == 0 ? &o->no_guard : NULL;

	if (flag)
		*flag = true;
	return flag != NULL;
}

static int one_run(const struct options *o)
{
	struct xp_result *result = results_new(1);
	struct job job;

	job_init(&job, (uint32_t)o->nodes, (uint32_t)o->faults, o->start, o->together, o->is_long);
	job.setup.watchdog = o->watchdog;
	job.setup.guard = !o->no_guard;
	job.limits = (struct xp_limits){ .seconds = (double)o->seconds, .layers = (uint32_t)o->depth,
					 .bytes = o->memory << 20 };
	jobs_run(&job, 1, result, /* tell */ true);
	if (result->violated && !xp_story(&job.setup, job.start, result, ""))
		printf("the story does not violate it: two states were taken for one\n");
	return job_good(result) ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct options o = { .nodes = 2, .faults = 1, .seconds = 60, .memory = 2048, .start = "calm" };

	if (argc == 2 && strcmp(argv[1], "--tap") == 0)
		return tap_run();
	if (argc == 2 && strcmp(argv[1], "--all") == 0)
		return table_run(3072);
	for (int i = 1; i < argc; i++) {
		if (flag_parse(argv[i], &o))
			continue;
		if (i + 1 >= argc || !value_parse(argv[i], argv[i + 1], &o))
			return usage();
		i++;
	}
	return one_run(&o);
}
