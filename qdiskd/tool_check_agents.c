/* The fence agents, for `qdisk-tool check`; see tool_check.h. */
#include "tool_check.h"

#include <string.h>

#include "config.h"

static void take_line(void *arg, const char *line)
{
	struct check_agents *agents = arg;

	if (agents->count < CHECK_AGENT_LINES)
		(void)snprintf(agents->line[agents->count++], CHECK_LINE_LEN, "%s", line);
}

void tool_check_agents(const struct qd_config *config, struct check_agents *ret_agents)
{
	int rc;

	ret_agents->count = 0;
	if (config->native)
		return;	/* it names none */
	rc = config_agents(config->file, NULL, take_line, ret_agents);
	if (rc < 0)
		(void)fprintf(stderr, "qdisk-tool: " CONFIG_AGENTS " cannot be run: %s; the fence agents are not "
			      "checked\n", strerror(-rc));
}
