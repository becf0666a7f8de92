/* Fencing by what an administrator has configured (floor 3: a hand; uses another one,
 * runner.h). Also the method runner of fence_node(8).
 *
 *	fence.c			victims: what is tried for one, in which order
 *	fence_agents.c		the methods of cluster.conf, as fenced ran them
 *	fence_pacemaker.c	Pacemaker, through stonith_admin
 *	fence_secret.c		passwords, which never reach a log
 *
 * The methods of cluster.conf are tried in order until one works; all devices of a
 * method in order, all must succeed, the first failure ends the method; an agent's
 * exit status 0 is success, everything else, and its deadline, failure. The arguments
 * go to its stdin, then EOF. Unfencing tries all devices even after a failure.
 *
 * Pacemaker is asked through stonith_admin and not through its library: that takes a
 * context of GLib's main loop and waits in it, and a fencer that stands still must not
 * hold up the daemon. A tool has a deadline like any agent, and what it asks for is in
 * Pacemaker's history.
 *
 * By mode (qdisk(5), fence=):
 *	auto		is Pacemaker at it already, or has it just fenced this node?
 *			Then its outcome counts. Else, and where that fails, the methods;
 *			where there are none, or all fail, Pacemaker is asked
 *	pacemaker	Pacemaker alone; what it has done since the last beat counts
 *	agents		the methods alone
 *
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

/* The end of a fencing: QD_FENCE_SUCCESS, _FAILED, or _UNDEFINED (there is nothing to
 * fence the victim with). Never called from inside fence_start(); may call it. */
typedef void (*fence_done_fn)(void *arg, uint32_t node_id, enum qd_fence_result result);

/* What a line for the log is about; those of fenced in its words. */
enum fence_note {
	FENCE_NOTE_BEGIN,	/* "fencing node n2" */
	FENCE_NOTE_STEP,	/* "fence n2 dev 0.0 agent fence_apc result: success" */
	FENCE_NOTE_ARGS,	/* "agent args: ...", passwords masked; only if asked for */
	FENCE_NOTE_WHY,		/* of a failure */
	FENCE_NOTE_END,		/* "fence n2 success" */
};

typedef void (*fence_note_fn)(void *arg, enum fence_note kind, const char *text);

enum fence_means {
	FENCE_AS_CONFIGURED,
	FENCE_METHODS,		/* of cluster.conf, whatever fence= says */
	FENCE_UNFENCE,		/* the <unfence> devices */
};

struct fence;

enum fence_state { FENCE_IDLE, FENCE_QUEUED, FENCE_RUNNING };

enum fence_stage {
	FENCE_STAGE_LOOK,	/* is Pacemaker at it? */
	FENCE_STAGE_JOIN,	/* it is */
	FENCE_STAGE_METHODS,
	FENCE_STAGE_ASK,	/* Pacemaker */
	FENCE_STAGE_END,
};

struct fence_job {
	struct fence *fence;
	enum fence_state state;
	enum fence_means means;
	enum fence_stage stage;
	uint32_t node_id;
	uint32_t silent_s;		/* for how long the victim had been silent */
	uint64_t begun_ms;		/* by then */
	uint32_t slot;			/* of the runner, while running */
	uint32_t generation;		/* of the configuration the agent came from */
	uint32_t method, device;	/* from 0 */
	uint32_t device_count;		/* of that method */
	bool failed;			/* something was tried in vain */
	bool dropped;			/* nothing more is begun */
	bool awaited;			/* by Pacemaker, see fence_awaited() */
	char name[QD_NODE_NAME_LEN];	/* the victim's */
	char agent[QD_NODE_NAME_LEN];
};

struct fence {
	struct runner *runner;
	const struct qd_config *config;
	uint32_t generation;
	uint32_t agent_deadline_ms;
	bool want_args;			/* FENCE_NOTE_ARGS too */
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

/* Ask for a fencing; costs one system call, nothing is started yet. `silent_s`: since
 * when the victim does not beat; what fenced it since then did it.
 * 0; -EBUSY one of this victim runs; -EINVAL no node id 1..64, no configuration. */
int fence_start(struct fence *f, uint32_t node_id, enum fence_means means, uint32_t silent_s);

/* End a fencing: its agent is killed, nothing is reported. */
void fence_cancel(struct fence *f, uint32_t node_id);

/* The victim has come back by itself: let what runs complete its method (a machine
 * between off and on is worse than one that was reset), and begin nothing more. */
void fence_drop(struct fence *f, uint32_t node_id);

/* Pacemaker's device (fence_qdisk) waits for this node's fencing: what Pacemaker does
 * to the node is then this very fencing, and waiting for it would be waiting for itself:
 * that is left, or not begun. False: there is no other way, Pacemaker has been asked, and
 * whoever waits must be told to give up. */
bool fence_awaited(struct fence *f, uint32_t node_id, uint64_t now_ms);

/* What is done to this node now; false: nothing. For those who ask. */
struct fence_now {
	enum fence_stage stage;
	uint32_t method, device;	/* with FENCE_STAGE_METHODS, from 0 */
	const char *agent;		/* its program; good until the next call */
	uint64_t begun_ms;
};
bool fence_now(const struct fence *f, uint32_t node_id, struct fence_now *ret_now);

/* Does a fencing of this node run? */
bool fence_busy(const struct fence *f, uint32_t node_id);

#endif
