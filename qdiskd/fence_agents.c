/* The fence methods of cluster.conf, and unfencing, as fenced ran them. */
#include "fence_inner.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The device whose turn it is; NULL: none is left, or it cannot be named. */
static const struct qd_fence_device *device_of(const struct fence_job *job)
{
	const struct qd_config_node *victim = fence_victim(job);
	const struct qd_fence_method *m;

	if (!victim)
		return NULL;
	if (job->means == FENCE_UNFENCE)
		return job->device < victim->unfence_count && job->device < QD_DEVICES_MAX ?
			&victim->unfence[job->device] : NULL;
	m = &victim->method[job->method];
	return job->device < m->device_count && job->device < QD_DEVICES_MAX ?
		&m->device[job->device] : NULL;
}

static void method_next(struct fence_job *job)
{
	job->method++;
	job->device = 0;
}

static void say_args(const struct fence_job *job, const char *args)
{
	char text[1024];

	if (!job->fence->want_args)
		return;
	fence_secret_mask(args, args, text, sizeof(text));
	for (char *c = text; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	fence_say(job, FENCE_NOTE_ARGS, "agent args: %s", text);
}

static void agent_done(void *arg, const struct runner_result *result);

/* Start the agent of the present device; false: it cannot be, and why was noted. */
static bool agent_start(struct fence_job *job, const struct qd_fence_device *device,
			uint64_t now_ms)
{
	struct fence *f = job->fence;
	const char *agent = qd_config_text(f->config, device->agent);
	struct runner_command c = {
		.agent = agent,
		.input = qd_config_text(f->config, device->args),
		.deadline_ms = f->agent_deadline_ms,
	};

	if (!agent[0]) {
		fence_say_step(job, "none", "error config agent");
		return false;
	}
	(void)snprintf(job->agent, sizeof(job->agent), "%s", agent);
	if (fence_run(job, &c, agent_done, now_ms))
		return true;
	fence_say_step(job, agent, "error from fork");
	return false;
}

/* Unfencing: all devices are tried, all must succeed. */
static void unfence(struct fence_job *job, uint64_t now_ms)
{
	const struct qd_fence_device *device = device_of(job);

	if (!device && job->device == 0) {
		fence_stage_end(job, QD_FENCE_UNDEFINED, now_ms);
		return;
	}
	for (; device; job->device++, device = device_of(job)) {
		if (agent_start(job, device, now_ms))
			return;
		job->failed = true;
	}
	fence_stage_end(job, job->failed ? QD_FENCE_FAILED : QD_FENCE_SUCCESS, now_ms);
}

void fence_agents(struct fence_job *job, uint64_t now_ms)
{
	const struct qd_config_node *victim = fence_victim(job);

	if (job->means == FENCE_UNFENCE) {
		unfence(job, now_ms);
		return;
	}
	if (!victim || !victim->method_count) {
		fence_say_step(job, "none", "error no method");
		fence_stage_end(job, QD_FENCE_UNDEFINED, now_ms);
		return;
	}
	for (; job->method < victim->method_count && job->method < QD_METHODS_MAX && !job->dropped;
	     method_next(job)) {
		const struct qd_fence_method *m = &victim->method[job->method];

		job->device_count = m->device_count;
		if (!m->device_count || m->device_count > QD_DEVICES_MAX) {
			fence_say_step(job, "none", "error no device");
			continue;
		}
		assert(job->device < m->device_count);
		if (agent_start(job, &m->device[job->device], now_ms))
			return;
	}
	fence_stage_end(job, QD_FENCE_FAILED, now_ms);
}

/* The device ran: where to go on; true: the method is complete. */
static bool device_ended(struct fence_job *job, bool success)
{
	if (job->means == FENCE_UNFENCE) {
		job->failed |= !success;
		job->device++;
		return false;
	}
	if (success && job->device + 1 == job->device_count)
		return true;
	if (job->generation != job->fence->generation)
		job->method = job->device = 0;
	else if (success)
		job->device++;
	else
		method_next(job);
	return false;
}

static void agent_done(void *arg, const struct runner_result *result)
{
	struct fence_job *job = arg;
	const struct qd_fence_device *device = device_of(job);
	bool success = result->end == RUNNER_EXITED && result->code == 0;
	bool same = job->generation == job->fence->generation;
	const char *args = device && same ? qd_config_text(job->fence->config, device->args) : "";

	assert(job->state == FENCE_RUNNING);
	fence_say_step(job, job->agent, success ? "success" : "error from agent");
	say_args(job, args);
	if (!success)
		fence_say_why(job, result, args);
	if (device_ended(job, success))
		fence_stage_end(job, QD_FENCE_SUCCESS, result->now_ms);
	else
		fence_agents(job, result->now_ms);
}
