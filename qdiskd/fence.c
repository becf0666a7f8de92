#include "fence.h"

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

__attribute__((format(printf, 2, 3))) static void note(const struct fence *f, const char *format,
						       ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);	/* cut is fine */
	va_end(ap);
	f->note(f->arg, text);
}

static void note_result(const struct fence_job *job, const char *agent, const char *result)
{
	note(job->fence, "fence %s dev %u.%u agent %s result: %s", job->name, job->method,
	     job->device, agent, result);
}

static const struct qd_config_node *victim_find(const struct fence_job *job)
{
	const struct qd_config *c = job->fence->config;

	for (uint32_t i = 0; i < c->node_count && i < QD_NODE_MAX; i++)
		if (c->node[i].node_id == job->node_id)
			return &c->node[i];
	return NULL;
}

static void job_finish(struct fence_job *job, enum qd_fence_result result)
{
	struct fence *f = job->fence;

	note(f, "fence %s %s", job->name,
	     result == QD_FENCE_SUCCESS ? "success" :
	     result == QD_FENCE_FAILED	? "failed" : "undefined");
	job->state = FENCE_IDLE;
	f->done(f->arg, job->node_id, result);
}

static void method_next(struct fence_job *job)
{
	job->method++;
	job->device = 0;
}

static void agent_done(void *arg, const struct runner_result *result);

/* Start the agent of the present device; false: it cannot be, and why was noted. */
static bool agent_start(struct fence_job *job, const struct qd_fence_device *device,
			uint64_t now_ms)
{
	struct fence *f = job->fence;
	const char *agent = qd_config_text(f->config, device->agent);
	char victim[QD_NODE_NAME_LEN + 16], id[32];
	const char *const env[] = { victim, id, NULL };
	const struct runner_command c = {
		.agent = agent,
		.input = qd_config_text(f->config, device->args),
		.keep_output = true,
		.env = env,
		.deadline_ms = f->agent_deadline_ms,
		.done = agent_done,
		.arg = job,
	};
	int slot;

	if (!agent[0]) {
		note_result(job, "none", "error config agent");
		return false;
	}
	(void)snprintf(job->agent, sizeof(job->agent), "%s", agent);
	(void)snprintf(victim, sizeof(victim), "QDISK_VICTIM=%s", job->name);
	(void)snprintf(id, sizeof(id), "QDISK_VICTIM_ID=%u", job->node_id);
	slot = runner_start(f->runner, RUNNER_ANY, &c, now_ms);
	if (slot < 0) {
		note_result(job, agent, "error from fork");
		note(f, "fence %s agent %s: cannot be started: %s", job->name, agent,
		     strerror(-slot));
		return false;
	}
	job->slot = (uint32_t)slot;
	job->generation = f->generation;
	job->state = FENCE_RUNNING;
	return true;
}

/* Go on from job->method, job->device: start what comes next, or finish. */
static void job_advance(struct fence_job *job, uint64_t now_ms)
{
	const struct qd_config_node *victim = victim_find(job);

	if (!victim || !victim->method_count) {
		note_result(job, "none", "error no method");
		job_finish(job, QD_FENCE_UNDEFINED);
		return;
	}
	for (; job->method < victim->method_count && job->method < QD_METHODS_MAX;
	     method_next(job)) {
		const struct qd_fence_method *m = &victim->method[job->method];

		job->device_count = m->device_count;
		if (!m->device_count || m->device_count > QD_DEVICES_MAX) {
			note_result(job, "none", "error no device");
			continue;
		}
		assert(job->device < m->device_count);
		if (agent_start(job, &m->device[job->device], now_ms))
			return;
	}
	job_finish(job, QD_FENCE_FAILED);
}

/* The last line that an agent wrote, fit for a log. */
static void last_line(const struct runner_result *result, char *ret_line, size_t size)
{
	const char *end = result->output + result->output_size, *start;
	size_t n;

	while (end > result->output && (unsigned char)end[-1] <= ' ')
		end--;
	for (start = end; start > result->output && start[-1] != '\n';)
		start--;
	n = (size_t)(end - start) < size - 1 ? (size_t)(end - start) : size - 1;
	for (size_t i = 0; i < n; i++)
		ret_line[i] = (unsigned char)start[i] < ' ' || start[i] == 0x7f ? ' ' : start[i];
	ret_line[n] = '\0';
}

/* Why an agent failed, for the operator; fenced had no words for it. */
static void note_why(const struct fence_job *job, const struct runner_result *result)
{
	static const char *const how[] = {
		[RUNNER_EXITED] = "exit status",
		[RUNNER_SIGNALED] = "killed by signal",
		[RUNNER_TIMED_OUT] = "no end within its deadline, killed",
		[RUNNER_LOST] = "its end was not seen",
	};
	bool number = result->end == RUNNER_EXITED || result->end == RUNNER_SIGNALED;
	char line[RUNNER_TAIL], code[16] = "";

	last_line(result, line, sizeof(line));
	if (number)
		(void)snprintf(code, sizeof(code), " %d", result->code);
	note(job->fence, "fence %s agent %s: %s%s after %llu ms%s%s", job->name, job->agent,
	     how[result->end], code, (unsigned long long)result->took_ms,
	     line[0] ? ", said: " : "", line);
}

static void agent_done(void *arg, const struct runner_result *result)
{
	struct fence_job *job = arg;
	bool success = result->end == RUNNER_EXITED && result->code == 0;

	assert(job->state == FENCE_RUNNING);
	note_result(job, job->agent, success ? "success" : "error from agent");
	if (!success)
		note_why(job, result);
	if (success && job->device + 1 == job->device_count) {
		job_finish(job, QD_FENCE_SUCCESS);
		return;
	}
	if (job->generation != job->fence->generation)
		job->method = job->device = 0;
	else if (success)
		job->device++;
	else
		method_next(job);
	job_advance(job, result->now_ms);
}

void fence_dispatch(struct fence *f, uint64_t now_ms)
{
	uint32_t started = 0;
	uint64_t count;

	if (read(f->event_fd, &count, sizeof(count)) < 0)
		return;	/* nothing was asked for */
	for (uint32_t i = 0; i < QD_NODE_MAX; i++) {
		struct fence_job *job = &f->job[i];
		const struct qd_config_node *victim;

		if (job->state != FENCE_QUEUED)
			continue;
		if (started++ == STARTS_PER_DISPATCH) {
			(void)eventfd_write(f->event_fd, 1);	/* the counter is 0: cannot fail */
			return;
		}
		victim = victim_find(job);
		if (victim)
			(void)snprintf(job->name, sizeof(job->name), "%s", victim->name);
		note(f, "fencing node %s", job->name);
		job_advance(job, now_ms);
	}
}

int fence_start(struct fence *f, uint32_t node_id)
{
	struct fence_job *job;

	if (!qd_bit(node_id) || !f->config)
		return -EINVAL;
	job = &f->job[node_id - 1];
	if (job->state != FENCE_IDLE)
		return -EBUSY;
	*job = (struct fence_job){ .fence = f, .state = FENCE_QUEUED, .node_id = node_id };
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

bool fence_busy(const struct fence *f, uint32_t node_id)
{
	return qd_bit(node_id) && f->job[node_id - 1].state != FENCE_IDLE;
}
