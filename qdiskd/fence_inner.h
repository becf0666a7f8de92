/* What the files of the fencing hand share with one another (floor 3). */
#ifndef FENCE_INNER_H
#define FENCE_INNER_H

#include "fence.h"

/* fence.c */
__attribute__((format(printf, 3, 4)))
void fence_say(const struct fence_job *job, enum fence_note kind, const char *format, ...);

/* "fence n2 dev 0.1 agent AGENT result: RESULT" */
void fence_say_step(const struct fence_job *job, const char *agent, const char *result);

/* Why a command of this job failed, with the last line that it wrote. */
void fence_say_why(const struct fence_job *job, const struct runner_result *result,
		   const char *secrets);

/* Run `command` for this job; its environment, `done` and `arg` are filled in.
 * False: it cannot be started, and why was noted. */
bool fence_run(struct fence_job *job, struct runner_command *command, runner_done_fn done,
	       uint64_t now_ms);

/* The present stage has ended: success ends the job, all else goes to the next stage. */
void fence_stage_end(struct fence_job *job, enum qd_fence_result result, uint64_t now_ms);

const struct qd_config_node *fence_victim(const struct fence_job *job);

/* fence_agents.c: go on from job->method, job->device */
void fence_agents(struct fence_job *job, uint64_t now_ms);

/* fence_pacemaker.c */
void fence_pacemaker_look(struct fence_job *job, uint64_t now_ms);
void fence_pacemaker_ask(struct fence_job *job, uint64_t now_ms);
void fence_pacemaker_leave(struct fence_job *job, uint64_t now_ms);

/* fence_secret.c: `text` with every value in it that is a password among the
 * key=value lines of `args` replaced by "***". Cut at `size`. */
void fence_secret_mask(const char *args, const char *text, char *ret_text, size_t size);

/* The longest of these passwords, bytes; 0: there is none. */
size_t fence_secret_longest(const char *args);

#endif
