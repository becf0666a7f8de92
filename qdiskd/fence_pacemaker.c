/* Pacemaker, through stonith_admin. Its fencer answers a request when it has done it,
 * which takes CPG: not before corosync's new ring. What is in its history it tells at
 * once. Two requests for one node at a time are one fencing to it; and one that comes
 * when the other has just been done is none, if it is told how old that may be. */
#include "fence_inner.h"

#include <stdio.h>

#define LOOK_DEADLINE_MS 1500u
#define STONITH "stonith_admin"

/* What the look says by its exit status. */
enum { LOOK_RUNS = 0, LOOK_DONE = 10, LOOK_NOTHING = 11, LOOK_ABSENT = 12 };

/* Is there a fencing of this node under way, or has one succeeded since its last beat?
 * A whole second more than the silence: no machine boots in less. */
static const char look[] =
	"command -v " STONITH " >/dev/null || exit 12\n"
	"h=$(" STONITH " --output-as=xml --history \"$QDISK_VICTIM\" --verbose 2>&1) || { echo \"$h\"; exit 12; }\n"
	"case $h in *'status=\"pending\"'*) exit 0 ;; esac\n"
	"t=$(" STONITH " --history \"$QDISK_VICTIM\" --quiet 2>/dev/null)\n"
	"[ \"${t:-0}\" -gt 0 ] 2>/dev/null || exit 11\n"
	"[ $(($(date +%s) - t)) -le $((QDISK_VICTIM_SILENT + 1)) ] && exit 10\n"
	"exit 11";

/* What fenced the victim since its last beat, also between the look and now, did it. */
static const char ask[] = "exec " STONITH " --reboot \"$QDISK_VICTIM\" --timeout %u "
			  "--tolerance $((QDISK_VICTIM_SILENT + 1))s 2>&1";

/* Exit status of an ask that Pacemaker has not heard: not installed, not running. */
enum { ASK_NOT_INSTALLED = 127, ASK_NOT_CONNECTED = 102 };

static void look_done(void *arg, const struct runner_result *result)
{
	struct fence_job *job = arg;
	int said = result->end == RUNNER_EXITED ? result->code : LOOK_ABSENT;

	if (result->end == RUNNER_TIMED_OUT)
		fence_say(job, FENCE_NOTE_WHY, "fence %s: Pacemaker does not say within %u ms whether it "
			  "fences this node, going on without it", job->name, LOOK_DEADLINE_MS);
	if (said == LOOK_DONE) {
		fence_say_step(job, "Pacemaker", "success");
		fence_say(job, FENCE_NOTE_WHY, "fence %s: Pacemaker has fenced this node since its last beat",
			  job->name);
		fence_stage_end(job, QD_FENCE_SUCCESS, result->now_ms);
	} else if (said == LOOK_RUNS && !job->awaited) {
		fence_say(job, FENCE_NOTE_WHY, "fence %s: Pacemaker fences this node already, waiting for it",
			  job->name);
		job->stage = FENCE_STAGE_JOIN;
		fence_pacemaker_ask(job, result->now_ms);
	} else {
		fence_stage_end(job, QD_FENCE_UNDEFINED, result->now_ms);
	}
}

void fence_pacemaker_look(struct fence_job *job, uint64_t now_ms)
{
	struct runner_command c = { .shell = look, .deadline_ms = LOOK_DEADLINE_MS };

	(void)snprintf(job->agent, sizeof(job->agent), STONITH);
	if (!fence_run(job, &c, look_done, now_ms))
		fence_stage_end(job, QD_FENCE_UNDEFINED, now_ms);
}

/* Where nothing was to be expected of Pacemaker, that it is not there is no failure. */
static enum qd_fence_result ask_result(const struct fence_job *job, const struct runner_result *result)
{
	bool absent = result->end == RUNNER_EXITED &&
		      (result->code == ASK_NOT_INSTALLED || result->code == ASK_NOT_CONNECTED);

	if (result->end == RUNNER_EXITED && result->code == 0)
		return QD_FENCE_SUCCESS;
	return absent && job->fence->config->fence == QD_FENCE_AUTO ? QD_FENCE_UNDEFINED : QD_FENCE_FAILED;
}

static void ask_done(void *arg, const struct runner_result *result)
{
	struct fence_job *job = arg;
	enum qd_fence_result said = ask_result(job, result);

	fence_say_step(job, "Pacemaker", said == QD_FENCE_SUCCESS ? "success" : "error from agent");
	if (said != QD_FENCE_SUCCESS)
		fence_say_why(job, result, "");
	if (said != QD_FENCE_SUCCESS && job->stage == FENCE_STAGE_JOIN)
		fence_say(job, FENCE_NOTE_WHY, "fence %s: Pacemaker has not fenced it, falling back to the "
			  "methods of the configuration", job->name);
	fence_stage_end(job, said, result->now_ms);
}

void fence_pacemaker_ask(struct fence_job *job, uint64_t now_ms)
{
	uint32_t deadline_ms = job->fence->agent_deadline_ms;
	char script[sizeof(ask) + 16];
	struct runner_command c = { .shell = script, .deadline_ms = deadline_ms };

	(void)snprintf(script, sizeof(script), ask, deadline_ms / 1000 ? deadline_ms / 1000 : 1);
	(void)snprintf(job->agent, sizeof(job->agent), STONITH);
	if (!fence_run(job, &c, ask_done, now_ms))
		fence_stage_end(job, QD_FENCE_FAILED, now_ms);
}

void fence_pacemaker_leave(struct fence_job *job, uint64_t now_ms)
{
	runner_cancel(job->fence->runner, job->slot);
	fence_say(job, FENCE_NOTE_WHY, "fence %s: Pacemaker itself waits for this fencing, going on without it",
		  job->name);
	fence_stage_end(job, QD_FENCE_UNDEFINED, now_ms);
}
