/* This program anew, in place of itself (floor 4): the start that follows a clean stop
 * when a new configuration needs one.
 *
 * By execve(2) of /proc/self/exe, not by beginning again inside the process: so the new
 * life comes to be by the very start that every life has, with no state left over and
 * with the privileges that privileges_drop() gave up; the pid stays, for whoever
 * supervises it; and a program that was replaced by an upgrade meanwhile is still found.
 * It is done only when no I/O is out: execve, as exit, would wait for it in the kernel.
 * What the new life has to know stands in one variable of the environment. */
#include <errno.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "discover.h"

#define VARIABLE "QDISKD_RESTART"
#define LOOK_EVERY_MS 100u
#define SAY_EVERY_MS 5000u
#define TOLD_MAX 4096u

/* ---- Out ---- */

/* The life that ends here. */
static struct past past_of(const struct daemon *d)
{
	struct past p = { .known = true, .slot_size = d->lun.device.slot_size,
			  .sector_size = d->lun.device.sector_size,
			  .nodes = d->params.nodes & ~qd_bit(d->params.node_id),
			  .forget_ms = qd_law_forget_ms(&d->params) };

	(void)snprintf(p.path, sizeof(p.path), "%s", d->lun.path);
	return p;
}

static int past_pass_on(const struct past *p)
{
	char text[QD_PATH_LEN + 128];

	(void)snprintf(text, sizeof(text), "%u %u %" PRIx64 " %" PRIu64 " %s", p->slot_size, p->sector_size,
		       p->nodes, p->forget_ms, p->path);
	return setenv(VARIABLE, text, 1);
}

/* Returns where it fails: then whoever supervises us starts us anew. */
static void exec_self(const struct daemon *d, const struct past *past)
{
	const struct sched_param ordinary = { .sched_priority = 0 };

	if (past_pass_on(past) != 0)
		return;
	(void)sched_setscheduler(0, SCHED_OTHER, &ordinary);	/* as a start has it */
	(void)close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	(void)execv("/proc/self/exe", d->argv);
}

void restart_exec(struct daemon *d, bool idle)
{
	struct past past = past_of(d);

	d->exit_status = EXIT_DEVICE;
	if (!idle || !qd_has_left(&d->engine.state)) {
		log_line(LOG_ERR, "the leaving block has not landed: no restart with the new configuration");
		return;
	}
	log_line(LOG_INFO, "Starting again with the new configuration");
	log_done();
	exec_self(d, &past);
	_exit(d->exit_status);
}

/* ---- In ---- */

void restart_recall(struct daemon *d)
{
	struct past *p = &d->past;
	const char *text = getenv(VARIABLE), *name = strrchr(d->argv[0], '/');
	int at = 0, memory;

	if (!text)
		return;
	if (sscanf(text, "%u %u %" SCNx64 " %" SCNu64 " %n", &p->slot_size, &p->sector_size, &p->nodes,
		   &p->forget_ms, &at) == 4 && at > 0 && p->sector_size >= 512 &&
	    p->sector_size <= QD_SECTOR_MAX && p->slot_size == qd_slot_size(p->sector_size))
		p->known = (size_t)snprintf(p->path, sizeof(p->path), "%s", text + at) < sizeof(p->path);
	(void)unsetenv(VARIABLE);
	if (!p->known)
		return;
	(void)prctl(PR_SET_NAME, name ? name + 1 : d->argv[0]);	/* not "exe" */
	if (d->options.foreground)
		return;	/* stderr is seen, and the log is on it too */
	memory = memfd_create("start", MFD_CLOEXEC);
	if (memory >= 0)
		(void)dup2(memory, STDERR_FILENO);
}

void restart_tell(struct daemon *d)
{
	char text[TOLD_MAX];
	ssize_t n;

	if (!d->past.known)
		return;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;	/* of the old life: the writer of its log, which has ended by now */
	if (d->options.foreground)
		return;
	n = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	if (n > 0 && daemon_log(d) == 0) {
		for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;) {
			if (line[0])
				log_line(LOG_ERR, "%s", line);
		}
	}
	(void)dup2(STDOUT_FILENO, STDERR_FILENO);	/* /dev/null, since we are a daemon */
}

/* ---- Until the old life is over everywhere ---- */

struct watched {
	struct qd_slot slot[QD_NODE_MAX];
	uint64_t since_ms[QD_NODE_MAX];	/* its block is as it is */
	qd_mask said;
	uint64_t said_ms;
};

static bool same_beat(const struct qd_slot *a, const struct qd_slot *b)
{
	return a->result == b->result && a->block.incarnation == b->block.incarnation &&
	       a->block.wall_s == b->block.wall_s && a->block.ext.beat == b->block.ext.beat &&
	       a->block.state == b->block.state;
}

static qd_mask not_given_up(const struct past *p, struct watched *w, const uint8_t *bytes, uint64_t now_ms)
{
	qd_mask missing = 0;

	for (qd_mask rest = p->nodes; rest; rest &= rest - 1) {
		uint32_t id = qd_lowest(rest);
		struct qd_slot *known = &w->slot[id - 1], now = { .result = QD_SLOT_CORRUPT };

		if (qd_block_decode(bytes + (size_t)(id - 1) * p->slot_size, p->sector_size, id, &now.block) == QD_FINE)
			now.result = QD_SLOT_OK;
		if (w->since_ms[id - 1] == 0 || !same_beat(&now, known))
			w->since_ms[id - 1] = now_ms;
		*known = now;
		if (!qd_instep_given_up(&now, now_ms - w->since_ms[id - 1], p->forget_ms))
			missing |= qd_bit(id);
	}
	return missing;
}

static void say(const struct past *p, struct watched *w, qd_mask missing, int rc, uint64_t now_ms)
{
	char nodes[QD_NODE_MAX * 3 + 1] = "";
	size_t used = 0;

	if (missing == w->said && w->said_ms && now_ms - w->said_ms < SAY_EVERY_MS)
		return;
	w->said = missing;
	w->said_ms = now_ms;
	if (rc != 0) {
		log_line(LOG_WARNING, "%s, which we have left, cannot be read: %s; waiting for it, others may use it",
			 p->path, strerror(-rc));
		return;
	}
	for (qd_mask rest = missing; rest && used < sizeof(nodes); rest &= rest - 1)
		used += (size_t)snprintf(nodes + used, sizeof(nodes) - used, " %u", qd_lowest(rest));
	log_line(LOG_NOTICE, "waiting for node%s%s to leave %s too, before the new configuration is in force",
		 missing & (missing - 1) ? "s" : "", nodes, p->path);
}

/* A signal that came, or 0. */
static int pause_for(uint32_t ms)
{
	const struct timespec limit = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	got = sigtimedwait(&set, NULL, &limit);
	return got > 0 ? got : 0;
}

/* Told to stop, or of yet another configuration. Returns where that fails. */
static void obey(struct daemon *d, int signal)
{
	if (signal != SIGHUP) {
		log_line(LOG_INFO, "Halting qdisk operations, exit code 0");
		process_pid_file_remove();
		log_done();
		_exit(EXIT_OK);
	}
	log_line(LOG_INFO, "reading the configuration again");
	log_done();
	exec_self(d, &d->past);
	_exit(EXIT_DEVICE);
}

static int given_up(const struct past *p, struct watched *w, uint8_t *bytes, size_t size, qd_mask *ret_missing)
{
	int rc = discover_read(p->path, p->slot_size, bytes, size);

	*ret_missing = rc == 0 ? not_given_up(p, w, bytes, daemon_now_ms()) : p->nodes;
	return rc;
}

int restart_wait(struct daemon *d)
{
	static struct watched w;	/* large */
	size_t size = 0;
	uint8_t *bytes;
	qd_mask missing;
	int signal, rc;

	if (!d->past.known || d->past.nodes == 0)
		return EXIT_OK;
	for (uint32_t id = 1; id <= QD_NODE_MAX; id++)
		size = qd_has(d->past.nodes, id) ? (size_t)id * d->past.slot_size : size;
	bytes = malloc(size);
	if (!bytes || daemon_log(d) != 0) {
		free(bytes);
		return EXIT_DEVICE;
	}
	while ((rc = given_up(&d->past, &w, bytes, size, &missing)) != 0 || missing) {
		say(&d->past, &w, missing, rc, daemon_now_ms());
		signal = pause_for(LOOK_EVERY_MS);
		if (signal)
			obey(d, signal);
	}
	free(bytes);
	log_line(LOG_INFO, "nobody runs with the old configuration any more");
	return EXIT_OK;
}
