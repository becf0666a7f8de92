/* What a fence agent writes when it is asked for its metadata, and what it is given: names
 * end, are bounded, and are of one of the two.
 *
 * Input: lines of key=value, an empty one, then the XML.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../../cman-shim/clusterconf_agent.h"

enum { ARGS_MAX = 2048, ARG_MAX = 200 };

struct given {
	const struct clusterconf_agent *agent;
	const char *args;
};

static void args_fill(struct fuzz *f, char *args, size_t size)
{
	char line[ARG_MAX];
	size_t used = 0;

	args[0] = '\0';
	while (f->left) {
		fuzz_line(f, line, sizeof(line));
		if (line[0] == '\0')
			return;
		if (used + strlen(line) + 2 < size)
			used += (size_t)snprintf(args + used, size - used, "%s\n", line);
	}
}

/* Is there a line whose key begins so? A long one was cut. */
static bool is_key(const char *args, const char *name)
{
	for (const char *line = args; *line; line = strchrnul(line, '\n'), line += *line == '\n') {
		if (strncmp(line, name, strlen(name)) == 0)
			return true;
	}
	return false;
}

static bool is_required(const struct clusterconf_agent *agent, const char *name)
{
	for (unsigned i = 0; i < agent->count; i++) {
		if (strcmp(agent->parameter[i].name, name) == 0 && agent->parameter[i].required)
			return true;
	}
	return false;
}

static void on_wrong(void *arg, enum clusterconf_wrong wrong, bool device, const char *attribute, const char *other)
{
	const struct given *g = arg;

	(void)device;
	MUST(strlen(attribute) < CLUSTERCONF_WORD_LEN);
	MUST(strlen(other) < CLUSTERCONF_WORD_LEN);
	MUST(strchr(attribute, '=') == NULL || wrong == CLUSTERCONF_MISSING_ATTRIBUTE);
	MUST(wrong == CLUSTERCONF_UNKNOWN_ATTRIBUTE ? is_key(g->args, attribute) :
						      is_required(g->agent, attribute));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct clusterconf_agent agent;
	static char args[ARGS_MAX];
	struct fuzz f = { data, size };
	struct given given = { &agent, args };
	uint8_t *xml;
	size_t n;
	int rc;

	args_fill(&f, args, sizeof(args));
	xml = fuzz_rest(&f, &n);
	rc = clusterconf_agent((const char *)xml, n, &agent);
	free(xml);
	MUST(rc <= 0);
	MUST(agent.count <= CLUSTERCONF_PARAMETERS_MAX);
	for (unsigned i = 0; i < agent.count; i++) {
		MUST(memchr(agent.parameter[i].name, '\0', CLUSTERCONF_WORD_LEN));
		MUST(memchr(agent.parameter[i].obsoletes, '\0', CLUSTERCONF_WORD_LEN));
		MUST(memchr(agent.parameter[i].option, '\0', CLUSTERCONF_WORD_LEN));
	}
	if (rc == 0)
		clusterconf_agent_judge(&agent, args, on_wrong, &given);
	return 0;
}
