/* The daemon's parts (floor 4): what main.c, start.c, ports.c and reload.c share. */
#ifndef DAEMON_H
#define DAEMON_H

#include <signal.h>
#include <qb/qbloop.h>

#include "aio.h"
#include "config.h"
#include "cs.h"
#include "device.h"
#include "fence.h"
#include "log.h"
#include "privileges.h"
#include "qd_laws.h"
#include "qd_ports.h"
#include "qd_score.h"
#include "runner.h"
#include "status.h"
#include "watchdog.h"

#define RUN_DIR "/run/qdiskd"

/* Exit codes of what is ours; qdiskd(8). */
enum {
	EXIT_OK = 0,
	EXIT_NO = 1,
	EXIT_USAGE = 2,
	EXIT_CONFIG = 3,
	EXIT_DEVICE = 4,
	EXIT_COROSYNC = 5,
};

struct options {
	const char *config_file;	/* NULL: native, corosync.conf alone */
	bool foreground, debug, check, quiet;
};

/* The LUN as start-up found it. */
struct lun {
	struct qd_device device;
	struct qd_label label;
	char path[QD_PATH_LEN];
	int lock_fd;
};

/* Errors of the LUN, as they are said. */
struct io_health {
	uint32_t failures;	/* since it was well */
	uint32_t well;		/* successes in a row since the last one */
	bool shrunk;		/* that it has become smaller was said too */
};

/* What a restart in step is for: values that cannot change while the daemon runs. */
struct instep_want {
	struct qd_timings t;
	char label[QD_LABEL_LEN], device[QD_PATH_LEN], cman_label[QD_NODE_NAME_LEN], watchdog[QD_PATH_LEN];
};

enum instep_phase {
	INSTEP_NONE,
	INSTEP_LOOKING,		/* a child looks at the new LUN */
	INSTEP_WAITING,		/* for the others to want the same, and for quorum without the device */
	INSTEP_LEAVING,		/* the clean stop has begun, a start follows */
};

/* A child that looks at another LUN, as a start would. */
struct lun_look {
	int fd;			/* what it has to say, until it ends */
	pid_t pid;
	pid_t old_pid;		/* of the one before, not yet reaped; 0 none */
	struct lun_look_result *result;	/* shared with it */
	char text[1024];
	size_t used;
};

struct lun_look_result {
	bool good;
	struct qd_label label;
};

struct instep {
	enum instep_phase phase;
	struct instep_want want;
	const char *what;	/* the first of it, in words */
	bool alone;		/* it concerns no other node */
	struct qd_wish wish;
	struct lun_look look;
	qd_mask awaited;	/* as last said */
	uint64_t said_ms;
};

/* What the life before a restart ran with: restart.c. */
struct past {
	bool known;		/* this start is such a restart */
	char path[QD_PATH_LEN];	/* of its LUN */
	uint32_t slot_size, sector_size;
	qd_mask nodes;
	uint64_t forget_ms;	/* Z of its values */
};

/* A configuration that is being read again; large, and gone when it is in force or refused. */
struct reload {
	struct config_reader reader;	/* of cluster.conf */
	struct qd_config next;
};

struct daemon {
	struct options options;
	struct qd_config config;
	struct qd_facts facts;
	struct qd_params params;
	struct qd_findings findings;
	struct lun lun;

	qb_loop_t *loop;
	int tick_fd, alarm_fd, signal_fd;
	int ready_fd;			/* the parent that waits for our start; -1 */
	struct aio *aio;
	struct cs *cs;
	struct cs_snapshot seen;	/* corosync's snapshot of this step */
	uint64_t cs_errors;		/* refusals of corosync that were logged */
	uint64_t facts_changes;
	struct runner runner;
	struct fence fence;
	uint64_t fencing[QD_NODE_MAX];	/* incarnation that is being fenced, by node id - 1 */
	qd_mask fence_left, fence_returned;	/* corosync's membership, after a fencing with success */
	struct status *status;
	struct status_snapshot snapshot;
	struct status_file status_file;
	struct watchdog watchdog;
	bool watchdog_failed;		/* said; not tried again */

	struct qd_score score;
	struct qd_ports ports;
	struct qd_engine engine;
	/* submissions that failed: told to the engine from the loop, not from a port */
	bool failure_queued, read_failed;
	enum qd_io read_io, write_io;
	qd_mask write_failed;		/* by slot */
	struct io_health reads_health, writes_health;

	struct qd_native native;	/* what corosync.conf says to us */
	struct reload *reload;		/* under way; else NULL */
	bool facts_unfit;		/* corosync's values do not fit: the file decides */
	struct qd_params next_params;	/* with other nodes, in force between two cycles */
	bool nodes_pending;
	struct instep instep;
	struct past past;
	char **argv;			/* for a restart */
	bool log_started;
	uint64_t start_ms;
	int exit_status;		/* once the loop has ended */
	bool exit_override;		/* a stop that ends with exit_status instead of 0 */
};

/* ms of CLOCK_BOOTTIME, the one clock of every decision. */
uint64_t daemon_now_ms(void);

/* start.c: from options to a LUN that is ours to beat on. Each prints what is
 * wrong to stderr and returns an exit code; EXIT_OK goes on. */
int start_config(struct daemon *d);	/* cluster.conf, corosync's facts, the laws */
int start_lun(struct daemon *d);	/* find, open, check, lock */
int start_agree(struct daemon *d);	/* timings: write them into the label, or refuse */
void start_leave(void);			/* stop_cman: the cluster, or reboot */
void start_print(const struct daemon *d);	/* -t: effective values, lines to write */
const char *start_device_name(const struct daemon *d);

/* instance.c: one instance per LUN and node. Lock: an exit code; exits 0 where another
 * one runs. Name: says in the lock file who we are, once we are who we stay. */
int instance_lock(struct daemon *d);
void instance_name(const struct daemon *d);
void instance_unlock(const struct daemon *d);

/* ports.c: the hands behind the engine's ports. 0 or negative errno. */
int ports_open(struct daemon *d);
void ports_close(struct daemon *d);

/* Between two cycles, with nothing out to the LUN? Then slots can be added for nodes
 * beyond those that were read so far. 0 or negative errno: nothing has changed. */
bool ports_idle(const struct daemon *d);
int ports_grow(struct daemon *d, qd_mask nodes);

/* Begin to write the configured status_file, if any; a failure is logged only. */
void ports_status_file(struct daemon *d);

/* ports_lun.c: reads and writes, behind the ports and behind the loop. */
void ports_read(void *ctx);
void ports_write(void *ctx, uint32_t slot, const void *bytes, size_t size);
int ports_on_aio(int fd, int revents, void *data);

/* ports_run.c: commands, behind the ports and behind the loop. */
void ports_tick(struct daemon *d);	/* start the heuristics that are due; at each tick */
/* The heuristics of `next` replace those of d->config; those that stay keep their state. */
void ports_heuristics(struct daemon *d, const struct qd_config *next);
void ports_score(void *ctx, uint32_t *ret_score, uint32_t *ret_max);
int ports_on_runner(int fd, int revents, void *data);

/* ports_fence.c: fencing, behind the port, behind the loop, and behind the socket. */
void ports_fence(void *ctx, uint32_t node_id, uint64_t incarnation);
void ports_on_fenced(void *arg, uint32_t node_id, enum qd_fence_result result);
void ports_on_fence_note(void *arg, enum fence_note kind, const char *text);
int ports_on_fence(int fd, int revents, void *data);
size_t ports_on_request(void *arg, const char *request, bool root, char *text, size_t size);

/* ports_agents.c: do the fence agents take what the configuration gives them? Asked in the
 * background, at start and after a reload; what they say is logged. */
void ports_agents(struct daemon *d);

/* After each cycle: who has come back meanwhile. */
void ports_fence_watch(struct daemon *d, const struct qd_state *state);

/* ports_watchdog.c */
/* Could that watchdog be armed? Not asked of one that we have armed. */
bool ports_watchdog_good(const struct qd_config *c, const struct qd_timings *t, char *error, size_t size);
int ports_watchdog_check(const struct daemon *d);	/* at start; an exit code */
uint32_t ports_pet(void *ctx);
void ports_watchdog_leave(struct daemon *d, bool clean);	/* before the exit */

/* snapshot.c: the state for those who ask. */
void snapshot_take(struct daemon *d, const struct qd_state *state);

/* reload_nodes.c: nodes that come and go. Allowed: is there room for them; else why
 * not, in the log. Settle: what is pending takes effect where it can. */
bool reload_nodes_allowed(const struct daemon *d, const struct qd_params *next);
void reload_settle(struct daemon *d);	/* at each tick, before the engine's */

/* agree.c: mark a label as the next of this cluster, so that nobody else begins there.
 * 0 or negative errno. */
int start_reserve(struct daemon *d);

/* moved.c: refuse a LUN that was left for another, or that waits for a move in step. An
 * exit code. */
int start_moved(const struct daemon *d);

/* reload_instep.c: values that need a restart of all nodes, in step. */
enum reload_end {
	RELOAD_REFUSED,		/* the old configuration stays; why is in the log */
	RELOAD_DONE,		/* the new one is in force, or ends us */
	RELOAD_WAITS,		/* the new one waits for the others, the old stays meanwhile */
};
/* What in this configuration cannot change while the daemon runs, in words; NULL: nothing. */
const char *instep_needed(const struct daemon *d, const struct qd_config *next,
			  const struct qd_params *params);
/* `fits`: what is in force still fits corosync's values; else nobody is waited for. */
enum reload_end instep_ask(struct daemon *d, const struct qd_config *next,
			   const struct qd_params *params, bool fits);
void instep_cancel(struct daemon *d, const char *why);	/* why: NULL, or for the log */
void instep_tick(struct daemon *d);	/* at each tick, before the engine's */
qd_mask instep_awaited(const struct daemon *d);	/* for the status; 0 also where nothing waits */

/* reload_look.c: look at the LUN of `next` in a child; ends in instep_looked(). */
int look_begin(struct daemon *d, const struct qd_config *next, const struct qd_params *params);
void look_end(struct daemon *d);	/* nobody waits for it any more */
void look_reap(struct daemon *d);	/* at each tick */
void instep_looked(struct daemon *d, const struct lun_look_result *result, const char *text);

/* restart.c: this program anew, in place of itself; returns where that cannot be. `idle`:
 * no I/O is out. Recall: is
 * this such a restart? Wait: until nobody runs with what was before; an exit code. Tell:
 * what the start has written to stderr goes to the log. */
void restart_exec(struct daemon *d, bool idle);
void restart_recall(struct daemon *d);
int restart_wait(struct daemon *d);
void restart_tell(struct daemon *d);

/* reload.c: SIGHUP, and corosync's own changes. */
void reload_begin(struct daemon *d);
void reload_log(const struct qd_findings *findings);	/* at start too */
void reload_facts(struct daemon *d);

/* selffence.c: the one place where a node ends itself. Does not return unless
 * QDISK_REBOOT=deny, and then only after the process has exited. */
void self_fence_at_start(const char *text);	/* returns where it is denied, or fails */
bool self_fence_is_test(void);	/* denied, or in a test node: no machine depends on this process */
void self_fence_now(struct daemon *d, enum qd_self_fence reason) __attribute__((noreturn));

/* main.c: open the log, once. 0 or negative errno. */
int daemon_log(struct daemon *d);

/* process.c. Background: fork; the parent ends when the child says that it is ready, or with
 * its exit code. */
void process_background(struct daemon *d);
void process_ready(struct daemon *d);
void process_stdio_close(void);
void process_pid_file(void);
void process_pid_file_remove(void);
/* Scheduling as configured, again at a reload; a failure is logged only. */
void process_priority(const struct daemon *d);

/* main.c: a clean stop, for good: a configuration that waits is dropped. */
void daemon_stop(struct daemon *d);

/* main.c: leave the loop; what an exit owes to others is done by hand. */
void daemon_exit(struct daemon *d, int status);

#endif
