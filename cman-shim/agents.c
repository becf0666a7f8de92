/* qdisk-agents: do the fence agents take what cluster.conf gives them? (floor 4)
 *
 *	qdisk-agents [-1] [-t SECONDS] FILE [NODE]
 *
 * Runs each agent that FILE names once, as "AGENT -o metadata", all at the same time, and
 * writes a line for each mistake:
 *
 *	warning agent-attribute: FILE:LINE: node n1, method power, device bmc1: TEXT; remedy: TEXT
 *
 * With -1 one line alone, which fits into what a daemon keeps of a child's output. Never a
 * value: among them are passwords. Exit 0, whatever was found; 2 usage; 3 FILE is refused.
 * A program of its own, so that neither libxml2 nor the wait for an agent is in the
 * daemon. Run by qdisk-tool check, by fence_node and, in the background, by qdiskd. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../qdiskd/config.h"
#include "../qdiskd/runner.h"
#include "clusterconf_agent.h"

#define AGENTS_MAX RUNNER_AGENTS	/* of different names */
#define METADATA_MAX 262144u		/* bytes; the longest of fence-agents has 30,000 */
#define DEADLINE_S 10u
#define DEADLINE_S_MAX 60u
#define DEVICES_MAX 256u
#define FINDINGS_MAX 64u
#define LINE_LEN 700
#define ONE_LINE_LEN 400		/* of RUNNER_TAIL, with the end of the line */

/* An error is what makes a fencing fail. */
#define MISSING "error agent-missing"
#define REQUIRED "error agent-required"
#define METADATA "warning agent-metadata"
#define ATTRIBUTE "warning agent-attribute"

enum { AGENTS_DONE = 0, AGENTS_USAGE = 2, AGENTS_CONFIG = 3 };

struct agents;

struct agent {
	struct agents *all;
	const char *name;
	int fd;				/* what it writes */
	enum runner_end end;
	int code;
	bool read, known;		/* its metadata */
	struct clusterconf_agent metadata;
};

/* Where an agent is used: what a finding names. */
struct use {
	const struct qd_config_node *node;
	const struct qd_fence_method *method;	/* NULL: <unfence> */
	const struct qd_fence_device *device;
};

struct agents {				/* large */
	struct qd_config config;
	struct runner runner;
	uint32_t deadline_ms;
	bool one_line;
	unsigned running, findings;
	const char *node;		/* that alone; NULL all */
	char first[LINE_LEN];
	unsigned count;
	struct agent agent[AGENTS_MAX];
	struct use use;			/* the present one */
	unsigned device_count;
	qd_text device[DEVICES_MAX];	/* <fencedevice>s that were looked at */
	bool new_device;		/* the present one was not */
};

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- Findings ---- */

static void show(const struct agents *a, const char *line)
{
	char text[LINE_LEN];
	size_t n;

	(void)snprintf(text, a->one_line ? ONE_LINE_LEN : sizeof(text), "%s", line);
	for (n = 0; text[n]; n++) {
		if ((unsigned char)text[n] < ' ' || text[n] == 0x7f)
			text[n] = ' ';
	}
	(void)puts(text);
}

/* About the present use of an agent. */
__attribute__((format(printf, 4, 5)))
static void find(struct agents *a, const char *kind, const char *remedy, const char *format, ...)
{
	const char *method = a->use.method ? qd_config_text(&a->config, a->use.method->name) : NULL;
	char text[300], line[LINE_LEN];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	(void)snprintf(line, sizeof(line), "%s: %.100s:%u: node %.40s, %s%.40s, device %.40s: %s; remedy: %s", kind,
		       a->config.file, a->use.node->line, a->use.node->name, method ? "method " : "unfence",
		       method ? method : "", qd_config_text(&a->config, a->use.device->name), text, remedy);
	a->findings++;
	if (!a->first[0] || (kind[0] == 'e' && a->first[0] != 'e'))	/* an error before a warning */
		(void)snprintf(a->first, sizeof(a->first), "%s", line);
	if (!a->one_line && a->findings <= FINDINGS_MAX)
		show(a, line);
}

/* ---- Every use of an agent ---- */

typedef void (*use_fn)(struct agents *a);

static void devices_walk(struct agents *a, const struct qd_fence_device *device, uint32_t count, use_fn fn)
{
	for (uint32_t i = 0; i < count && i < QD_DEVICES_MAX; i++) {
		a->use.device = &device[i];
		fn(a);
	}
}

static void walk(struct agents *a, use_fn fn)
{
	for (uint32_t i = 0; i < a->config.node_count && i < QD_NODE_MAX; i++) {
		const struct qd_config_node *n = &a->config.node[i];

		if (a->node && strcmp(a->node, n->name) != 0)
			continue;
		a->use.node = n;
		for (uint32_t m = 0; m < n->method_count && m < QD_METHODS_MAX; m++) {
			a->use.method = &n->method[m];
			devices_walk(a, a->use.method->device, a->use.method->device_count, fn);
		}
		a->use.method = NULL;
		devices_walk(a, n->unfence, n->unfence_count, fn);
	}
}

/* ---- Asking them ---- */

static struct agent *agent_of(struct agents *a)
{
	const char *name = qd_config_text(&a->config, a->use.device->agent);

	for (unsigned i = 0; i < a->count; i++) {
		if (strcmp(a->agent[i].name, name) == 0)
			return &a->agent[i];
	}
	return NULL;
}

static void on_done(void *arg, const struct runner_result *result)
{
	struct agent *g = arg;

	g->end = result->end;
	g->code = result->code;
	g->all->running--;
}

/* Into a file in memory, so that what it writes has an end: what is larger cannot be
 * written. $AGENT_OUT is ours, by its name in /proc. */
static const char ask[] = "ulimit -f 512; ulimit -c 0; exec \"$AGENT\" -o metadata 2>/dev/null >\"$AGENT_OUT\"";

static void agent_start(struct agents *a, struct agent *g)
{
	char name[QD_NODE_NAME_LEN + 16], out[64];
	const char *const env[] = { name, out, NULL };
	const struct runner_command c = { .shell = ask, .env = env, .deadline_ms = a->deadline_ms,
					  .done = on_done, .arg = g };

	g->fd = memfd_create("metadata", MFD_CLOEXEC);
	(void)snprintf(name, sizeof(name), "AGENT=%s", g->name);
	(void)snprintf(out, sizeof(out), "AGENT_OUT=/proc/%d/fd/%d", (int)getpid(), g->fd);
	if (g->fd >= 0 && runner_start(&a->runner, RUNNER_ANY, &c, now_ms()) >= 0)
		a->running++;
	else
		g->end = RUNNER_LOST;
}

/* Each agent once, all at the same time. */
static void ask_here(struct agents *a)
{
	struct agent *g;

	if (agent_of(a) || a->count == AGENTS_MAX)
		return;
	g = &a->agent[a->count++];
	*g = (struct agent){ .all = a, .name = qd_config_text(&a->config, a->use.device->agent), .fd = -1 };
	agent_start(a, g);
}

static void ask_all(struct agents *a)
{
	walk(a, ask_here);
	while (a->running) {
		struct pollfd p = { .fd = runner_fd(&a->runner), .events = POLLIN };

		(void)poll(&p, 1, -1);
		runner_dispatch(&a->runner, now_ms());
	}
}

/* ---- Judging what they said ---- */

/* At the first use of an agent: can it be asked at all? */
static void agent_read(struct agents *a, struct agent *g)
{
	static const char remedy[] = "look at what it says; its attributes were not checked";
	static char xml[METADATA_MAX];
	ssize_t n = g->fd >= 0 ? pread(g->fd, xml, sizeof(xml), 0) : -1;

	g->read = true;
	if (g->end == RUNNER_TIMED_OUT)
		find(a, METADATA, remedy, "%.60s -o metadata has not ended within %u s", g->name,
		     a->deadline_ms / 1000);
	else if (n == (ssize_t)sizeof(xml))
		find(a, METADATA, remedy, "%.60s -o metadata writes %u bytes or more", g->name, METADATA_MAX);
	else if (g->end == RUNNER_EXITED && g->code == 127)
		find(a, MISSING, "install it on every node", "agent %.60s is not in /usr/sbin, /usr/bin, /sbin "
		     "or /bin", g->name);
	else if (g->end == RUNNER_EXITED && g->code == 126)
		find(a, MISSING, "chmod 755", "agent %.60s cannot be executed", g->name);
	else if (n <= 0)
		find(a, METADATA, remedy, "%.60s -o metadata writes nothing", g->name);
	else if (clusterconf_agent(xml, (size_t)n, &g->metadata) != 0)
		find(a, METADATA, remedy, "what %.60s -o metadata writes is not the XML of an agent", g->name);
	else
		g->known = true;
}

/* Has this <fencedevice> been looked at? */
static bool device_is_new(struct agents *a)
{
	qd_text device = a->use.device->name;

	for (unsigned i = 0; i < a->device_count; i++) {
		if (a->device[i] == device)
			return false;
	}
	if (a->device_count < DEVICES_MAX)
		a->device[a->device_count++] = device;
	return true;
}

static void on_wrong(void *arg, enum clusterconf_wrong wrong, bool device, const char *attribute, const char *other)
{
	struct agents *a = arg;
	const char *agent = qd_config_text(&a->config, a->use.device->agent);
	char remedy[320];

	(void)snprintf(remedy, sizeof(remedy), "%.60s -o metadata lists what it takes", agent);
	switch (wrong) {
	case CLUSTERCONF_UNKNOWN_ATTRIBUTE:
		if (device || a->new_device)
			find(a, ATTRIBUTE, remedy, "%.60s does not know the attribute %s of <%s>, and passes it over",
			     agent, attribute, device ? "device" : "fencedevice");
		break;
	case CLUSTERCONF_MISSING_ATTRIBUTE:
		find(a, REQUIRED, remedy, "%.60s needs the attribute %s%s%s", agent, attribute,
		     *other ? ", or by its old name " : "", other);
		break;
	}
}

static void judge_here(struct agents *a)
{
	struct agent *g = agent_of(a);

	a->new_device = device_is_new(a);
	if (!g) {
		find(a, METADATA, "fewer agents", "not checked: more than %u agents", AGENTS_MAX);
		return;
	}
	if (!g->read)
		agent_read(a, g);
	if (g->known)
		clusterconf_agent_judge(&g->metadata, qd_config_text(&a->config, a->use.device->args), on_wrong, a);
}

static void report(const struct agents *a)
{
	if (a->one_line && a->findings)
		show(a, a->first);
	if (!a->one_line && a->findings > FINDINGS_MAX)
		(void)printf("%s: %.100s: %u more mistakes like these; remedy: mend those above\n", ATTRIBUTE,
			     a->config.file, a->findings - FINDINGS_MAX);
}

/* ---- The program ---- */

static int usage(void)
{
	(void)fprintf(stderr, "usage: qdisk-agents [-1] [-t SECONDS] FILE [NODE]; run by qdisk-tool check, fence_node "
			      "and qdiskd\n");
	return AGENTS_USAGE;
}

static int run(struct agents *a, const char *file)
{
	char error[CONFIG_ERROR_LEN] = "";

	if (config_load(file, &a->config, error, sizeof(error)) != 0) {
		(void)fprintf(stderr, "qdisk-agents: %s\n", error);
		return AGENTS_CONFIG;
	}
	if (runner_open(&a->runner, NULL) != 0)
		return AGENTS_CONFIG;
	ask_all(a);
	walk(a, judge_here);
	report(a);
	runner_close(&a->runner);
	return AGENTS_DONE;
}

int main(int argc, char **argv)
{
	struct agents *a = calloc(1, sizeof(*a));
	unsigned long seconds = DEADLINE_S;
	int letter, rc;

	if (!a)
		return AGENTS_CONFIG;
	while ((letter = getopt(argc, argv, "1t:")) != -1) {
		if (letter == '1')
			a->one_line = true;
		else if (letter == 't')
			seconds = strtoul(optarg, NULL, 10);
		else
			seconds = 0;
	}
	if (seconds < 1 || seconds > DEADLINE_S_MAX || optind >= argc || argc - optind > 2)
		rc = usage();
	else
		rc = 0;
	if (rc == 0) {
		a->deadline_ms = 1000 * (uint32_t)seconds;
		a->node = argv[optind + 1];
		rc = run(a, argv[optind]);
	}
	free(a);
	return rc;
}
