/* Victims: what is tried for one, in which order; see fence.h. */
#include "fence_inner.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A process takes about a millisecond to start; the loop has other work. */
#define STARTS_PER_DISPATCH 4u

int fence_open(struct fence *f, struct runner *runner, fence_done_fn done, fence_note_fn note,
	       void *arg)
{
	memset(f, 0, sizeof(*f));
	f->runner = runner;
	f->done = done;
	f->note = note;
	f->arg = arg;
	f->agent_deadline_ms = FENCE_AGENT_DEADLINE_MS;
	f->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return f->event_fd < 0 ? -errno : 0;
}

void fence_close(struct fence *f)
{
	for (uint32_t id = 1; id <= QD_NODE_MAX; id++)
		fence_cancel(f, id);
	if (f->event_fd >= 0)
		(void)close(f->event_fd);
	f->event_fd = -1;
}

void fence_configure(struct fence *f, const struct qd_config *config)
{
	f->config = config;
	f->generation++;
}

void fence_deadline(struct fence *f, uint32_t agent_deadline_ms)
{
	f->agent_deadline_ms = agent_deadline_ms;
}

int fence_fd(const struct fence *f)
{
	return f->event_fd;
}

/* ---- Words ---- */

static const char *verb(const struct fence_job *job)
{
	return job->means == FENCE_UNFENCE ? "unfence" : "fence";
}

void fence_say(const struct fence_job *job, enum fence_note kind, const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);	/* cut is fine */
	va_end(ap);
	job->fence->note(job->fence->arg, kind, text);
}

void fence_say_step(const struct fence_job *job, const char *agent, const char *result)
{
	fence_say(job, FENCE_NOTE_STEP, "%s %s dev %u.%u agent %s result: %s", verb(job), job->name,
		  job->method, job->device, agent, result);
}

/* The last line that an agent wrote, as a text: no control characters, no password. */
static void last_line(const struct runner_result *result, const char *secrets, char ret_line[RUNNER_TAIL + 1])
{
	const char *all = result->output, *end = all + result->output_size, *text = end, *start, *next;
	char line[RUNNER_TAIL + 1];
	size_t n, cut = fence_secret_longest(secrets);

	while (text > all && (unsigned char)text[-1] <= ' ')
		text--;
	for (start = text; start > all && start[-1] != '\n';)
		start--;
	next = memchr(text, '\n', (size_t)(end - text));
	n = (size_t)((next ? next : end) - start);
	/* what is left of a password where the output was cut */
	if (start == all && result->output_size == RUNNER_TAIL && cut) {
		cut = cut - 1 < n ? cut - 1 : n;
		start += cut;
		n -= cut;
	}
	for (size_t i = 0; i < n; i++)
		line[i] = start[i] ? start[i] : ' ';
	line[n] = '\0';
	fence_secret_mask(secrets, line, ret_line, RUNNER_TAIL + 1);
	/* only now: there may be a tab in a password, and a blank at its end */
	for (n = 0; ret_line[n]; n++)
		ret_line[n] = (unsigned char)ret_line[n] < ' ' || ret_line[n] == 0x7f ? ' ' : ret_line[n];
	while (n > 0 && ret_line[n - 1] == ' ')
		ret_line[--n] = '\0';
}

void fence_say_why(const struct fence_job *job, const struct runner_result *result,
		   const char *secrets)
{
	static const char *const how[] = {
		[RUNNER_EXITED] = "exit status",
		[RUNNER_SIGNALED] = "killed by signal",
		[RUNNER_TIMED_OUT] = "no end within its deadline, killed",
		[RUNNER_LOST] = "its end was not seen",
	};
	bool number = result->end == RUNNER_EXITED || result->end == RUNNER_SIGNALED;
	char line[RUNNER_TAIL + 1], code[16] = "";

	last_line(result, secrets, line);
	if (number)
		(void)snprintf(code, sizeof(code), " %d", result->code);
	fence_say(job, FENCE_NOTE_WHY, "%s %s agent %s: %s%s after %llu ms%s%s", verb(job), job->name,
		  job->agent, how[result->end], code, (unsigned long long)result->took_ms,
		  line[0] ? ", said: " : "", line);
}

/* ---- One job ---- */

const struct qd_config_node *fence_victim(const struct fence_job *job)
{
	const struct qd_config *c = job->fence->config;

	for (uint32_t i = 0; i < c->node_count && i < QD_NODE_MAX; i++)
		if (c->node[i].node_id == job->node_id)
			return &c->node[i];
	return NULL;
}

bool fence_run(struct fence_job *job, struct runner_command *command, runner_done_fn done,
	       uint64_t now_ms)
{
	uint64_t silent_s = job->silent_s + (now_ms - job->begun_ms + 999) / 1000;
	char victim[QD_NODE_NAME_LEN + 16], id[32], silent[48];
	const char *const env[] = { victim, id, silent, NULL };
	int slot;

	(void)snprintf(victim, sizeof(victim), "QDISK_VICTIM=%s", job->name);
	(void)snprintf(id, sizeof(id), "QDISK_VICTIM_ID=%u", job->node_id);
	(void)snprintf(silent, sizeof(silent), "QDISK_VICTIM_SILENT=%llu",
		       (unsigned long long)silent_s);
	command->env = env;
	command->keep_output = true;
	command->done = done;
	command->arg = job;
	slot = runner_start(job->fence->runner, RUNNER_ANY, command, now_ms);
	if (slot < 0) {
		fence_say(job, FENCE_NOTE_WHY, "%s %s agent %s: cannot be started: %s", verb(job),
			  job->name, job->agent, strerror(-slot));
		return false;
	}
	job->slot = (uint32_t)slot;
	job->generation = job->fence->generation;
	job->state = FENCE_RUNNING;
	return true;
}

static void job_finish(struct fence_job *job, enum qd_fence_result result)
{
	struct fence *f = job->fence;

	fence_say(job, FENCE_NOTE_END, "%s %s %s", verb(job), job->name,
		  result == QD_FENCE_SUCCESS ? "success" :
		  result == QD_FENCE_FAILED  ? "failed" : "undefined");
	job->state = FENCE_IDLE;
	f->done(f->arg, job->node_id, result);
}

static void stage_begin(struct fence_job *job, uint64_t now_ms)
{
	switch (job->stage) {
	case FENCE_STAGE_LOOK:
		fence_pacemaker_look(job, now_ms);
		break;
	case FENCE_STAGE_JOIN:
	case FENCE_STAGE_ASK:
		fence_pacemaker_ask(job, now_ms);
		break;
	case FENCE_STAGE_METHODS:
		fence_agents(job, now_ms);
		break;
	case FENCE_STAGE_END:
		job_finish(job, job->failed ? QD_FENCE_FAILED : QD_FENCE_UNDEFINED);
		break;
	}
}

/* What comes after this stage has not fenced the victim. */
static enum fence_stage stage_next(const struct fence_job *job)
{
	bool alone = job->means != FENCE_AS_CONFIGURED || job->fence->config->fence != QD_FENCE_AUTO;

	switch (job->stage) {
	case FENCE_STAGE_LOOK:
	case FENCE_STAGE_JOIN:
		return FENCE_STAGE_METHODS;
	case FENCE_STAGE_METHODS:
		return alone || job->awaited ? FENCE_STAGE_END : FENCE_STAGE_ASK;
	case FENCE_STAGE_ASK:
	case FENCE_STAGE_END:
		break;
	}
	return FENCE_STAGE_END;
}

void fence_stage_end(struct fence_job *job, enum qd_fence_result result, uint64_t now_ms)
{
	if (result == QD_FENCE_SUCCESS) {
		job_finish(job, QD_FENCE_SUCCESS);
		return;
	}
	job->failed |= result == QD_FENCE_FAILED;
	job->stage = job->dropped ? FENCE_STAGE_END : stage_next(job);
	stage_begin(job, now_ms);
}

static enum fence_stage first_stage(const struct fence_job *job)
{
	if (job->means != FENCE_AS_CONFIGURED)
		return FENCE_STAGE_METHODS;
	switch (job->fence->config->fence) {
	case QD_FENCE_AUTO:
		return FENCE_STAGE_LOOK;
	case QD_FENCE_PACEMAKER:
		return FENCE_STAGE_ASK;
	case QD_FENCE_AGENTS:
	case QD_FENCE_LUN:	/* not by a hand; asked for nevertheless: what there is */
	case QD_FENCE_KILL:
	case QD_FENCE_OFF:
		break;
	}
	return FENCE_STAGE_METHODS;
}

static void job_begin(struct fence_job *job, uint64_t now_ms)
{
	const struct qd_config_node *victim = fence_victim(job);

	if (victim)
		(void)snprintf(job->name, sizeof(job->name), "%s", victim->name);
	fence_say(job, FENCE_NOTE_BEGIN, "%s node %s",
		  job->means == FENCE_UNFENCE ? "unfencing" : "fencing", job->name);
	job->begun_ms = now_ms;
	job->stage = first_stage(job);
	stage_begin(job, now_ms);
}

void fence_dispatch(struct fence *f, uint64_t now_ms)
{
	uint32_t started = 0;
	uint64_t count;

	if (read(f->event_fd, &count, sizeof(count)) < 0)
		return;	/* nothing was asked for */
	for (uint32_t i = 0; i < QD_NODE_MAX; i++) {
		if (f->job[i].state != FENCE_QUEUED)
			continue;
		if (started++ == STARTS_PER_DISPATCH) {
			(void)eventfd_write(f->event_fd, 1);	/* the counter is 0: cannot fail */
			return;
		}
		job_begin(&f->job[i], now_ms);
	}
}

/* ---- From outside ---- */

int fence_start(struct fence *f, uint32_t node_id, enum fence_means means, uint32_t silent_s)
{
	struct fence_job *job;

	if (!qd_bit(node_id) || !f->config)
		return -EINVAL;
	job = &f->job[node_id - 1];
	if (job->state != FENCE_IDLE)
		return -EBUSY;
	*job = (struct fence_job){ .fence = f, .state = FENCE_QUEUED, .node_id = node_id,
				   .means = means, .silent_s = silent_s };
	(void)snprintf(job->name, sizeof(job->name), "%u", node_id);
	return eventfd_write(f->event_fd, 1) < 0 ? -errno : 0;
}

void fence_cancel(struct fence *f, uint32_t node_id)
{
	struct fence_job *job;

	if (!qd_bit(node_id))
		return;
	job = &f->job[node_id - 1];
	if (job->state == FENCE_RUNNING)
		runner_cancel(f->runner, job->slot);
	job->state = FENCE_IDLE;
}

void fence_drop(struct fence *f, uint32_t node_id)
{
	if (qd_bit(node_id))
		f->job[node_id - 1].dropped = true;
}

bool fence_awaited(struct fence *f, uint32_t node_id, uint64_t now_ms)
{
	struct fence_job *job;

	if (!qd_bit(node_id))
		return true;
	job = &f->job[node_id - 1];
	job->awaited = true;
	if (job->state == FENCE_RUNNING && job->stage == FENCE_STAGE_JOIN)
		fence_pacemaker_leave(job, now_ms);
	return job->state != FENCE_RUNNING || job->stage != FENCE_STAGE_ASK;
}

bool fence_now(const struct fence *f, uint32_t node_id, struct fence_now *ret_now)
{
	const struct fence_job *job = qd_bit(node_id) ? &f->job[node_id - 1] : NULL;

	if (!job || job->state != FENCE_RUNNING)
		return false;
	*ret_now = (struct fence_now){ .stage = job->stage, .method = job->method, .device = job->device,
				       .agent = job->agent, .begun_ms = job->begun_ms };
	return true;
}

bool fence_busy(const struct fence *f, uint32_t node_id)
{
	return qd_bit(node_id) && f->job[node_id - 1].state != FENCE_IDLE;
}
