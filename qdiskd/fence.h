/* Fencing by agents (floor 3: a hand; uses another one, runner.h).
 *
 * Runs a victim's fence methods from cluster.conf as fenced did: methods in order
 * until one works; all devices of a method in order, all must succeed, the first
 * failure ends the method; an agent's exit status 0 is success, everything else,
 * and its deadline, failure. The arguments go to its stdin, then EOF.
 * One fencing per victim at a time, all 64 at once. When to begin and whether to
 * try again is not decided here.
 *
 * A reload in the middle: the agent that runs is left to end. If it completed
 * its method, that is success; otherwise the new configuration is begun from its
 * first method, so that a success never mixes devices of two configurations.
 */
#ifndef QD_FENCE_H
#define QD_FENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "qd_config.h"
#include "runner.h"

#define FENCE_AGENT_DEADLINE_MS 60000u

/* The end of a fencing: QD_FENCE_SUCCESS, _FAILED, or _UNDEFINED (the victim has
 * no methods). Never called from inside fence_start(); may call fence_start(). */
typedef void (*fence_done_fn)(void *arg, uint32_t node_id, enum qd_fence_result result);

/* A line for the log, in the words of fenced. */
typedef void (*fence_note_fn)(void *arg, const char *text);

struct fence;

enum fence_state { FENCE_IDLE, FENCE_QUEUED, FENCE_RUNNING };

struct fence_job {
	struct fence *fence;
	enum fence_state state;
	uint32_t node_id;
	uint32_t slot;			/* of the runner, while running */
	uint32_t generation;		/* of the configuration the agent came from */
	uint32_t method, device;	/* from 0 */
	uint32_t device_count;		/* of that method */
	char name[QD_NODE_NAME_LEN];	/* the victim's */
	char agent[QD_NODE_NAME_LEN];
};

struct fence {
	struct runner *runner;
	const struct qd_config *config;
	uint32_t generation;
	uint32_t agent_deadline_ms;
	int event_fd;
	fence_done_fn done;
	fence_note_fn note;
	void *arg;
	struct fence_job job[QD_NODE_MAX];	/* by node id - 1 */
};

/* Prepare. `runner` must outlive this object. 0 or negative errno. */
int fence_open(struct fence *f, struct runner *runner, fence_done_fn done, fence_note_fn note,
	       void *arg);

/* Kill what runs, report nothing, release. */
void fence_close(struct fence *f);

/* The configuration from here on; it must stay as it is until the next call. */
void fence_configure(struct fence *f, const struct qd_config *config);

/* How long one agent may take, ms (default FENCE_AGENT_DEADLINE_MS). */
void fence_deadline(struct fence *f, uint32_t agent_deadline_ms);

/* To be polled for reading; then call fence_dispatch(). */
int fence_fd(const struct fence *f);

/* Begin the fencing that fence_start() asked for: at most a few processes per
 * call. `now_ms`: CLOCK_BOOTTIME. */
void fence_dispatch(struct fence *f, uint64_t now_ms);

/* Ask for a fencing; costs one system call, nothing is started yet.
 * 0; -EBUSY one of this victim runs; -EINVAL no node id 1..64, no configuration. */
int fence_start(struct fence *f, uint32_t node_id);

/* End a fencing: its agent is killed, nothing is reported. */
void fence_cancel(struct fence *f, uint32_t node_id);

/* Does a fencing of this node run? */
bool fence_busy(const struct fence *f, uint32_t node_id);

#endif
