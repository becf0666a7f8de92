/* A limit on how long corosync may take to answer.
 *
 * No call of corosync's client libraries has a timeout: towards a corosync
 * that is stopped, or stuck, they wait for ever. Two guards stand before that:
 *
 * - a call on an open connection runs in the caller's thread; a guard that
 *   runs out shuts the sockets of all connections of the handle down, which
 *   ends the wait (libqb looks every 2 seconds). The connections are lost
 *   then: such a corosync counts as gone, for this handle for good;
 * - opening a connection, where there is no socket yet to shut down, runs in
 *   a thread of its own, which is left behind when it takes too long and
 *   cleans up when it ever comes back.
 *
 * One thread watches all guards of the process. It runs while there are any,
 * takes no signals and calls nothing but shutdown(2). A child made by fork(2)
 * starts its own with its first call.
 */
#ifndef LIBCMAN_GUARD_H
#define LIBCMAN_GUARD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define GUARD_LIMIT_MS 7500 /* for one call: 10 s are promised, libqb takes up to 2 */
#define GUARD_SPARE_MS 2000 /* more than the token, where that is long */
#define GUARD_FDS_MAX  12   /* connections of a handle */

struct cman_guard {
	struct cman_guard *next;
	uint64_t limit_ms; /* for a call; at first GUARD_LIMIT_MS */
	uint64_t started_ms;	/* of the call that runs */
	uint64_t deadline_ms;	/* its end; 0 no call runs */
	bool expired;		/* the connections were shut down */
	int fds[GUARD_FDS_MAX]; /* duplicates of their sockets, or -1 */
};

/* How long a call may take where the token in force is so long: the cluster
 * itself bears with a corosync that is silent for less than the token, and so
 * must its programs. Pure. */
uint64_t guard_limit_ms(uint64_t token_ms);

/* Monotonic milliseconds. */
uint64_t guard_now_ms(void);

/* Make a guard that watches nothing yet, and end it. */
void guard_init(struct cman_guard *g);
void guard_done(struct cman_guard *g);

/* Take a connection's socket in charge. Returns a duplicate, to be polled
 * and to be given to guard_drop() after the connection was closed; -EMFILE,
 * -ENFILE. A duplicate, because the library that owns `fd` closes it inside
 * of calls that must be guarded, too. */
int guard_add(struct cman_guard *g, int fd);
void guard_drop(struct cman_guard *g, int duplicate);

/* A call begins, and must end within `limit_ms`; it has ended. A second
 * guard_start() in the same call moves its limit. */
void guard_start(struct cman_guard *g, uint64_t limit_ms);
void guard_stop(struct cman_guard *g);

/* Did a call run out of time? */
bool guard_expired(struct cman_guard *g);

/* ---- What has no socket yet ---- */

/* Something that may not come back. `run` works in a thread of its own, so
 * that it touches nothing but the job, which lies on the heap; `discard`
 * undoes what it did, and frees the job. */
struct guard_job {
	void (*run)(struct guard_job *job);
	void (*discard)(struct guard_job *job);
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done;
	bool abandoned;
};

/* Run a job until `deadline_ms`. 0: it is done, and the caller's again.
 * -ETIMEDOUT: it is the thread's now. -EAGAIN: no thread, the caller's. */
int guard_run(struct guard_job *job, uint64_t deadline_ms);

#endif
