/* Seed after seed, on one core or on all. Workers share nothing but a page of
 * memory: what each has counted, and the lowest seed that violates something. */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

struct worker {
	struct sim_stats stats;
	uint64_t seed;		/* under way */
	pid_t pid;
};

struct shared {
	_Atomic uint64_t lowest;	/* that violates something; UINT64_MAX none */
	_Atomic uint64_t violations;
	double begin, end;		/* of the real clock; end 0: no limit */
	struct worker worker[];
};

double sim_wall(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);	/* no clock of the simulation */
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double seconds_of(int who)
{
	struct rusage used;

	(void)getrusage(who, &used);	/* for the totals only */
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

double sim_cpu(void)
{
	return seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
}

static uint64_t run_once(struct sim_world *w, const struct sim_setup *setup)
{
	sim_world_init(w, setup);
	sim_plan(w);
	sim_run(w, setup->until ? setup->until : SIM_NEVER);
	w->stats.simulated_us += w->now;
	return w->trace.hash;
}

bool sim_seed_run(struct sim_world *w, const struct sim_setup *setup, bool twice)
{
	uint64_t hash = run_once(w, setup);

	w->stats.seeds++;
	if (w->check.failed || !twice)
		return !w->check.failed;
	if (run_once(w, setup) != hash)
		sim_fail(w, "D1", 0, "the same seed gave another run");
	return !w->check.failed;
}

/* ---- One worker ---- */

static void lower(_Atomic uint64_t *lowest, uint64_t seed)
{
	uint64_t seen = atomic_load(lowest);

	while (seed < seen && !atomic_compare_exchange_weak(lowest, &seen, seed))
		;	/* another worker was quicker: look again */
}

static bool goes_on(const struct shared *shared, const struct sim_options *o, uint64_t seed)
{
	if (seed > o->last || (shared->end > 0 && sim_wall() >= shared->end))
		return false;
	return o->keep_going || seed < atomic_load(&shared->lowest);
}

/* Is it one of those that are looked for? */
static bool is_expected(const struct sim_world *w, const char *names)
{
	size_t length = strlen(w->check.name);

	for (const char *at = names; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, w->check.name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return names == NULL;
}

static void work(struct sim_world *w, const struct sim_options *o, struct shared *shared, uint32_t index)
{
	for (uint64_t seed = o->first + index; goes_on(shared, o, seed); seed += o->jobs) {
		struct sim_setup setup;
		bool good;

		shared->worker[index].seed = seed;
		sim_options_setup(o, seed, &setup);
		good = sim_seed_run(w, &setup, o->twice);
		shared->worker[index].stats = w->stats;
		if (o->hash)
			printf("%" PRIu64 " %016" PRIx64 "\n", seed, w->trace.hash);
		if (good || !is_expected(w, o->expect))
			continue;
		atomic_fetch_add(&shared->violations, 1);
		lower(&shared->lowest, seed);
		if (o->keep_going) {
			struct sim_options one = sim_options_of(o, seed);

			sim_tell_name(w, &one, "");
		}
	}
}

/* ---- All of them ---- */

static bool workers_start(struct sim_world *w, const struct sim_options *o, struct shared *shared)
{
	(void)fflush(stdout);	/* else each worker prints it again */
	for (uint32_t i = 0; i < o->jobs; i++) {
		pid_t pid = fork();	/* the child must not write its 0 where the parent looks */

		if (pid < 0) {
			perror("fork");
			return false;
		}
		if (pid == 0) {
			work(w, o, shared, i);
			(void)fflush(stdout);
			_exit(0);
		}
		shared->worker[i].pid = pid;
	}
	return true;
}

/* False: one of them has not come to its end, and that is told. */
static bool workers_wait(const struct sim_options *o, const struct shared *shared)
{
	bool good = true;

	for (uint32_t i = 0; i < o->jobs; i++) {
		int status;

		if (shared->worker[i].pid <= 0)
			continue;
		while (waitpid(shared->worker[i].pid, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		printf("a worker died by signal %d: %s --seeds %" PRIu64 "\n",
		       WIFSIGNALED(status) ? WTERMSIG(status) : 0, o->program, shared->worker[i].seed);
		good = false;
	}
	return good;
}

static void stats_add(struct sim_stats *sum, const struct sim_stats *one)
{
	sum->seeds += one->seeds;
	sum->simulated_us += one->simulated_us;
	sum->events += one->events;
	sum->cycles += one->cycles;
	sum->polls += one->polls;
	sum->elections += one->elections;
	sum->evictions += one->evictions;
	sum->self_fences += one->self_fences;
	sum->ended_corosyncs += one->ended_corosyncs;
	sum->rings += one->rings;
	sum->fences += one->fences;
	for (unsigned i = 0; i < SIM_F_COUNT; i++)
		sum->fault[i] += one->fault[i];
}

static struct shared *shared_map(uint32_t jobs)
{
	size_t size = sizeof(struct shared) + jobs * sizeof(struct worker);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory != MAP_FAILED)
		return memory;
	perror("mmap");
	return NULL;
}

/* The lowest seed that failed, once more and in full. */
static void tell_lowest(struct sim_world *w, const struct sim_options *o, uint64_t seed)
{
	struct sim_setup setup;

	sim_options_setup(o, seed, &setup);
	(void)sim_seed_run(w, &setup, o->twice);
	if (w->check.failed)
		sim_tell_violation(w, o, "");
	else
		printf("seed %" PRIu64 " failed in its worker and not here: it is not determined\n", seed);
}

int sim_seeds(struct sim_world *w, const struct sim_options *o)
{
	struct shared *shared = shared_map(o->jobs);
	struct sim_stats sum = { 0 };
	bool good = shared != NULL;
	double wall, cpu;

	if (!good)
		return 1;
	shared->lowest = UINT64_MAX;
	shared->begin = sim_wall();
	shared->end = o->seconds ? shared->begin + (double)o->seconds : 0;
	if (o->last == UINT64_MAX - 1)
		printf("seeds from %" PRIu64 " on\n", o->first);
	if (o->jobs == 1) {
		work(w, o, shared, 0);
	} else {
		good = workers_start(w, o, shared);
		good = workers_wait(o, shared) && good;
	}
	wall = sim_wall() - shared->begin;
	cpu = sim_cpu();
	for (uint32_t i = 0; i < o->jobs; i++)
		stats_add(&sum, &shared->worker[i].stats);
	if (shared->violations && !o->keep_going)
		tell_lowest(w, o, shared->lowest);
	sim_tell_totals(&sum, wall, cpu, "");
	if (shared->violations)
		printf("%" PRIu64 " violations\n", shared->violations);
	good = good && !shared->violations;
	(void)munmap(shared, sizeof(*shared) + o->jobs * sizeof(struct worker));	/* at the end */
	return good ? 0 : 1;
}
