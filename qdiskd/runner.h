/* Commands in processes of their own: heuristics and fence agents (floor 3: a hand).
 *
 * A command runs in its own session and process group, with nothing of the
 * daemon's: no descriptors, no environment, an empty signal mask, default signal
 * actions, normal scheduling, nice 0, oom_score_adj 0, working directory "/".
 * When it ends, or at its deadline, its whole group is killed with SIGKILL. What
 * has left the group by setsid() becomes our child, because we are a child
 * subreaper, and is killed as a stray.
 *
 * Our oom_score_adj is inherited, and posix_spawn() has no word for it; the
 * command line therefore begins with a line of shell that sets it before
 * anything else runs, so there is no moment in which a child could still fork
 * with ours. The scheduling policy is set by posix_spawn() and, for every other
 * child of the daemon, by SCHED_RESET_ON_FORK.
 *
 * Everything is behind one descriptor: poll runner_fd() for reading, then call
 * runner_dispatch(). While nothing runs it costs nothing.
 * Strays are told from other children of the daemon by their session: what the
 * daemon forks elsewhere must stay in the daemon's own session.
 * SIGCHLD must not be ignored (SIG_IGN), or results are lost; descriptors 0, 1 and
 * 2 of the daemon must be open, if only on /dev/null. One thread, the main one.
 */
#ifndef QD_RUNNER_H
#define QD_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RUNNER_HEURISTICS 32u	/* slots 0..31, the caller picks */
#define RUNNER_AGENTS 64u	/* slots 32..95, RUNNER_ANY picks */
#define RUNNER_SLOTS (RUNNER_HEURISTICS + RUNNER_AGENTS)
#define RUNNER_ANY UINT32_MAX
#define RUNNER_TAIL 512u	/* last bytes of output that are kept */
#define RUNNER_ENV_MAX 16u
#define RUNNER_SHELL_MAX 1024u	/* longest command for the shell, bytes */

enum runner_end {
	RUNNER_EXITED,		/* code: exit status */
	RUNNER_SIGNALED,	/* code: signal number */
	RUNNER_TIMED_OUT,	/* killed at the deadline; it may be dying still */
	RUNNER_LOST,		/* someone else reaped it: how it ended is unknown */
};

/* How a command ended. `output` points into the runner, for the callback only. */
struct runner_result {
	uint32_t slot;
	enum runner_end end;
	int code;
	uint64_t took_ms;
	uint64_t now_ms;		/* of the dispatch that reports it, to start others with */
	const char *output;	/* NUL-terminated tail of stdout and stderr together */
	size_t output_size;
};

typedef void (*runner_done_fn)(void *arg, const struct runner_result *result);

struct runner_command {
	const char *shell;	/* for /bin/sh -c; or NULL and: */
	const char *agent;	/* one program without arguments, found through PATH */
	const char *input;	/* text for stdin, then EOF; NULL: /dev/null */
	bool keep_output;	/* false: stdout and stderr are /dev/null */
	const char *const *env;	/* NULL-terminated "NAME=value" beside PATH; may be NULL */
	uint32_t deadline_ms;	/* from the start; at least 1 */
	runner_done_fn done;	/* called once, from runner_dispatch(); may start commands */
	void *arg;
};

enum runner_state {
	RUNNER_IDLE,
	RUNNER_RUNNING,
	RUNNER_DYING,	/* killed and reported; not yet reaped */
};

struct runner_slot {
	enum runner_state state;
	pid_t pid;
	int pid_fd, output_fd;
	uint64_t start_ms, deadline_ms;
	uint64_t drain_ms;	/* when to look at the output again; 0: the poll tells */
	runner_done_fn done;
	void *arg;
	size_t tail_size;
	char tail[RUNNER_TAIL + 1];
};

struct runner {
	int epoll_fd, timer_fd;
	uint64_t armed_ms;	/* the timer; 0: off */
	uint64_t strays_ms;	/* when to look for strays again */
	unsigned strays_looks;	/* how often; 0: no need */
	char path[768];		/* "PATH=..." */
	struct runner_slot slot[RUNNER_SLOTS];
};

/* Prepare, and become a child subreaper. `heuristics_dir` (may be NULL) is the
 * last in the PATH of commands, after /usr/sbin:/usr/bin:/sbin:/bin.
 * 0; -ENAMETOOLONG; negative errno. */
int runner_open(struct runner *r, const char *heuristics_dir);

/* Kill all that runs, with its groups, without waiting, and release. No callback
 * is called any more. */
void runner_close(struct runner *r);

int runner_fd(const struct runner *r);

/* Start a command in slot 0..31, or in any free agent's slot (RUNNER_ANY).
 * The texts are copied; `input` may have any length. Never blocks but for the
 * start of the process itself (posix_spawn returns when it runs /bin/sh).
 * The slot (>= 0); -EBUSY that slot still runs or is dying; -ENOBUFS no agent's
 * slot is free; -EINVAL, -E2BIG the command; other negative errno: no process. */
int runner_start(struct runner *r, uint32_t slot, const struct runner_command *c,
		 uint64_t now_ms);

/* Kill a command and forget it: its callback is not called. Idle: nothing. */
void runner_cancel(struct runner *r, uint32_t slot);

/* Is this slot taken, by one that runs or one that is dying? */
bool runner_busy(const struct runner *r, uint32_t slot);

/* Do what is due: reap and report commands that ended, kill those past their
 * deadline, take output, look for strays. `now_ms` is CLOCK_BOOTTIME, as in
 * runner_start(). Never waits. */
void runner_dispatch(struct runner *r, uint64_t now_ms);

/* Kill and reap all children of this process that are of another session and in
 * no slot. How many were found; also called by runner_dispatch() after each
 * command, until none is left. */
unsigned runner_reap_strays(const struct runner *r);

#endif
