/* A limit on how long corosync may take to answer; see libcman_guard.h. */
#include "libcman_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NEVER	    UINT64_MAX
#define STACK_BYTES (256 * 1024)

/* The one thread and what it watches. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed; /* by CLOCK_MONOTONIC */
static struct cman_guard *guards;
static pthread_t watcher;
static bool watching;
static uint64_t wakes_ms;   /* when the watcher looks next */
static unsigned generation; /* a watcher of an older one ends */

uint64_t guard_limit_ms(uint64_t token_ms)
{
	uint64_t limit_ms = token_ms + GUARD_SPARE_MS;

	return limit_ms > GUARD_LIMIT_MS ? limit_ms : GUARD_LIMIT_MS;
}

uint64_t guard_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void cond_init_monotonic(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr); /* these cannot fail in glibc */
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(cond, &attr);
	(void)pthread_condattr_destroy(&attr);
}

static void wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t until_ms)
{
	struct timespec until = {
		.tv_sec = (time_t)(until_ms / 1000),
		.tv_nsec = (long)(until_ms % 1000) * 1000000,
	};

	/* Whether it was time or a signal: the caller looks for himself. */
	if (until_ms == NEVER)
		(void)pthread_cond_wait(cond, mutex);
	else
		(void)pthread_cond_timedwait(cond, mutex, &until);
}

/* ---- fork: the child has no watcher, and a lock that nobody holds ---- */

static void fork_prepare(void)
{
	(void)pthread_mutex_lock(&lock);
}

static void fork_parent(void)
{
	(void)pthread_mutex_unlock(&lock);
}

static void fork_child(void)
{
	/* A call that another thread is in goes on in the parent, and only there. */
	for (struct cman_guard *g = guards; g; g = g->next)
		g->deadline_ms = 0;
	watching = false;
	cond_init_monotonic(&changed); /* its waiter stayed behind */
	(void)pthread_mutex_unlock(&lock);
}

static void set_up(void)
{
	cond_init_monotonic(&changed);
	(void)pthread_atfork(fork_prepare, fork_parent, fork_child); /* else as without */
}

/* ---- The watcher ---- */

/* Shut down what is overdue; when to look again. */
static uint64_t look(uint64_t now_ms)
{
	uint64_t next_ms = NEVER;

	for (struct cman_guard *g = guards; g; g = g->next) {
		if (!g->deadline_ms || g->expired)
			continue;
		if (g->deadline_ms > now_ms) {
			next_ms = g->deadline_ms < next_ms ? g->deadline_ms : next_ms;
			continue;
		}
		g->expired = true;
		for (unsigned i = 0; i < GUARD_FDS_MAX; i++) {
			if (g->fds[i] >= 0)
				(void)shutdown(g->fds[i], SHUT_RDWR); /* dead is dead */
		}
	}
	return next_ms;
}

static void *watch(void *argument)
{
	unsigned mine = (unsigned)(uintptr_t)argument;

	(void)pthread_mutex_lock(&lock);
	while (mine == generation) {
		wakes_ms = look(guard_now_ms());
		wait_until(&changed, &lock, wakes_ms);
	}
	(void)pthread_mutex_unlock(&lock);
	return NULL;
}

/* A thread that no signal of the program is delivered to, with a small stack:
 * the old daemons lock all their memory. */
static int start_quietly(pthread_t *thread, void *(*run)(void *), void *argument)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int error;

	(void)pthread_attr_init(&attr); /* neither can fail: the size is a good one */
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, &attr, run, argument);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return -error;
}

/* Without a thread calls have no limit, but work. */
static void watch_start(void)
{
	wakes_ms = NEVER;
	watching = start_quietly(&watcher, watch, (void *)(uintptr_t)generation) == 0;
}

void guard_init(struct cman_guard *g)
{
	(void)pthread_once(&once, set_up);
	*g = (struct cman_guard){ .limit_ms = GUARD_LIMIT_MS };
	for (unsigned i = 0; i < GUARD_FDS_MAX; i++)
		g->fds[i] = -1;
	(void)pthread_mutex_lock(&lock);
	g->next = guards;
	guards = g;
	(void)pthread_mutex_unlock(&lock);
}

void guard_done(struct cman_guard *g)
{
	struct cman_guard **at = &guards;
	pthread_t last = pthread_self();
	bool join;

	(void)pthread_mutex_lock(&lock);
	while (*at && *at != g)
		at = &(*at)->next;
	if (*at)
		*at = g->next;
	join = watching && !guards;
	if (join) {
		last = watcher;
		watching = false;
		generation++;
		(void)pthread_cond_broadcast(&changed);
	}
	(void)pthread_mutex_unlock(&lock);
	if (join)
		(void)pthread_join(last, NULL);
}

int guard_add(struct cman_guard *g, int fd)
{
	int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	unsigned i = 0;

	if (duplicate < 0)
		return -errno;
	(void)pthread_mutex_lock(&lock);
	while (i < GUARD_FDS_MAX && g->fds[i] >= 0)
		i++;
	if (i < GUARD_FDS_MAX)
		g->fds[i] = duplicate;
	(void)pthread_mutex_unlock(&lock);
	if (i < GUARD_FDS_MAX)
		return duplicate;
	(void)close(duplicate); /* nothing was written to it */
	return -EMFILE;
}

void guard_drop(struct cman_guard *g, int duplicate)
{
	(void)pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < GUARD_FDS_MAX; i++) {
		if (g->fds[i] == duplicate)
			g->fds[i] = -1;
	}
	(void)pthread_mutex_unlock(&lock);
	(void)close(duplicate); /* nothing was written to it */
}

void guard_start(struct cman_guard *g, uint64_t limit_ms)
{
	(void)pthread_mutex_lock(&lock);
	g->started_ms = guard_now_ms();
	g->deadline_ms = g->started_ms + limit_ms;
	if (!watching)
		watch_start();
	if (g->deadline_ms < wakes_ms)
		(void)pthread_cond_signal(&changed);
	(void)pthread_mutex_unlock(&lock);
}

void guard_stop(struct cman_guard *g)
{
	(void)pthread_mutex_lock(&lock);
	g->deadline_ms = 0;
	(void)pthread_mutex_unlock(&lock);
}

bool guard_expired(struct cman_guard *g)
{
	bool expired;

	(void)pthread_mutex_lock(&lock);
	expired = g->expired;
	(void)pthread_mutex_unlock(&lock);
	return expired;
}

/* ---- Jobs ---- */

static void *job_thread(void *argument)
{
	struct guard_job *job = argument;
	bool abandoned;

	job->run(job);
	(void)pthread_mutex_lock(&job->lock);
	job->done = true;
	abandoned = job->abandoned;
	(void)pthread_cond_signal(&job->changed);
	(void)pthread_mutex_unlock(&job->lock);
	if (abandoned)
		job->discard(job);
	return NULL;
}

int guard_run(struct guard_job *job, uint64_t deadline_ms)
{
	pthread_t thread;
	bool done;

	(void)pthread_mutex_init(&job->lock, NULL);
	cond_init_monotonic(&job->changed);
	job->done = false;
	job->abandoned = false;
	if (start_quietly(&thread, job_thread, job) != 0)
		return -EAGAIN;
	(void)pthread_mutex_lock(&job->lock);
	while (!job->done && guard_now_ms() < deadline_ms)
		wait_until(&job->changed, &job->lock, deadline_ms);
	done = job->done;
	job->abandoned = !done;
	(void)pthread_mutex_unlock(&job->lock);
	if (!done) {
		(void)pthread_detach(thread);
		return -ETIMEDOUT;
	}
	(void)pthread_join(thread, NULL);
	(void)pthread_cond_destroy(&job->changed);
	(void)pthread_mutex_destroy(&job->lock);
	return 0;
}
