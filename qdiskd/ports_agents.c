/* A word about fence agents that will not work, before they are needed (floor 4). Nothing
 * waits for it: qdisk-agents runs the agents, in a child with a deadline. */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "daemon.h"

#define AGENTS_DEADLINE_MS 30000u

/* Its one line, or what else it says. */
static void on_agents(void *arg, const struct runner_result *result)
{
	char line[RUNNER_TAIL];

	(void)arg;
	if (result->end == RUNNER_TIMED_OUT) {
		log_line(LOG_WARNING, "the fence agents do not say within %u s what they take", AGENTS_DEADLINE_MS / 1000);
		return;
	}
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(result->output, "\n"), result->output);
	if (line[0])
		log_line(LOG_WARNING, "fence agents: %s (qdisk-tool check tells all)", line);
}

static bool uses_agents(const struct qd_config *c)
{
	return !c->native && (c->fence == QD_FENCE_AUTO || c->fence == QD_FENCE_AGENTS);
}

void ports_agents(struct daemon *d)
{
	char program[QD_PATH_LEN], helper[QD_PATH_LEN + 16], file[QD_PATH_LEN + 16];
	const char *const env[] = { helper, file, NULL };
	const struct runner_command c = { .shell = "exec \"$QDISK_AGENTS\" -1 \"$QDISK_FILE\"", .env = env,
					  .deadline_ms = AGENTS_DEADLINE_MS, .keep_output = true,
					  .done = on_agents, .arg = d };
	int slot;

	if (!uses_agents(&d->config) || !config_program(CONFIG_AGENTS, program))
		return;
	(void)snprintf(helper, sizeof(helper), "QDISK_AGENTS=%s", program);
	(void)snprintf(file, sizeof(file), "QDISK_FILE=%s", d->config.file);
	slot = runner_start(&d->runner, RUNNER_ANY, &c, daemon_now_ms());
	if (slot < 0)
		log_line(LOG_WARNING, "the fence agents cannot be asked what they take: %s", strerror(-slot));
}
