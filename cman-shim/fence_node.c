/* fence_node: fence or unfence a node by its methods in cluster.conf; fence_node(8).
 *
 * Texts, exit codes and that all of it goes to stderr are those of cman's fence_node.
 * The methods are run by the very code with which qdiskd runs them. */
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "../qdiskd/config.h"
#include "../qdiskd/fence.h"
#include "../qdiskd/runner.h"
#include "../qdiskd/tool_ask.h"
#include "libcman.h"

#ifndef QD_VERSION
#define QD_VERSION "unknown"
#endif

#define CLUSTER_CONF "/etc/cluster/cluster.conf"
#define STATUS_SOCKET "/run/qdiskd/status.sock"
#define TELL_MS 1000u

enum { FENCE_NODE_DONE = 0, FENCE_NODE_FAILED = 1, FENCE_NODE_UNDEFINED = 2 };

struct job {
	bool unfence, ended;
	unsigned verbose;
	enum qd_fence_result result;
	char node[CMAN_MAX_NODENAME_LEN + 1];
};

static const char *program;

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void usage(void)
{
	(void)fprintf(stderr,
		      "Usage:\n\n%s [options] node_name\n\nOptions:\n\n"
		      "  -U    unfence the node, default local node name\n"
		      "  -v    show fence agent results, -vv to also show agent args\n"
		      "  -h    print this help, then exit\n"
		      "  -V    print program version information, then exit\n\n", program);
}

/* ---- The cluster ---- */

/* The cluster must be there; for -U without a name it says who we are. */
static bool cluster_ask(struct job *job)
{
	cman_handle_t cman = cman_init(NULL);
	cman_node_t me = { .cn_nodeid = 0 };
	bool good;

	if (!cman) {
		(void)fprintf(stderr, "cannot connect to cman\n");
		return false;
	}
	good = job->node[0] || cman_get_node(cman, CMAN_NODEID_US, &me) == 0;
	if (!good)
		(void)fprintf(stderr, "cannot find local node name\n");
	else if (!job->node[0])
		(void)snprintf(job->node, sizeof(job->node), "%s", me.cn_name);
	(void)cman_finish(cman);
	return good;
}

/* The quorum disk's daemon hears of a success, and does not fence again. */
static void tell(const struct job *job)
{
	char request[CMAN_MAX_NODENAME_LEN + 32], reply[512];

	(void)snprintf(request, sizeof(request), "fence-done %s", job->node);
	(void)tool_ask(STATUS_SOCKET, request, TELL_MS, reply, sizeof(reply));	/* it may not run */
}

/* ---- The methods ---- */

static void on_note(void *arg, enum fence_note kind, const char *text)
{
	const struct job *job = arg;
	bool shown = false;

	switch (kind) {
	case FENCE_NOTE_BEGIN:
		break;
	case FENCE_NOTE_STEP:
	case FENCE_NOTE_WHY:
		shown = job->verbose >= 1;
		break;
	case FENCE_NOTE_ARGS:
		shown = job->verbose >= 2;
		break;
	case FENCE_NOTE_END:
		shown = true;
		break;
	}
	if (shown)
		(void)fprintf(stderr, "%s\n", text);
}

static void on_done(void *arg, uint32_t node_id, enum qd_fence_result result)
{
	struct job *job = arg;

	(void)node_id;
	job->ended = true;
	job->result = result;
}

static uint32_t node_id_of(const struct qd_config *config, const char *name)
{
	for (uint32_t i = 0; i < config->node_count; i++) {
		if (strcmp(config->node[i].name, name) == 0)
			return config->node[i].node_id;
	}
	return 0;
}

/* A job has the number of its node, as qdiskd's have: up to 64. Where an id is beyond
 * that, which it can be without a quorum disk, the places in the file are the numbers. */
static void number_nodes(struct qd_config *config)
{
	bool fit = true;

	for (uint32_t i = 0; i < config->node_count; i++)
		fit &= config->node[i].node_id <= QD_NODE_MAX;
	for (uint32_t i = 0; !fit && i < config->node_count; i++)
		config->node[i].node_id = i + 1;
}

static bool methods_run(struct job *job, const struct qd_config *config, struct runner *runner,
			struct fence *fence)
{
	struct pollfd p[] = { { .fd = runner_fd(runner), .events = POLLIN },
			      { .fd = fence_fd(fence), .events = POLLIN } };

	fence_configure(fence, config);
	fence->want_args = job->verbose >= 2;
	if (fence_start(fence, node_id_of(config, job->node), job->unfence ? FENCE_UNFENCE : FENCE_METHODS,
			0) != 0)
		return false;
	while (!job->ended) {
		(void)poll(p, 2, -1);
		fence_dispatch(fence, now_ms());
		runner_dispatch(runner, now_ms());
	}
	return true;
}

/* A node that cluster.conf does not know has no methods. */
static void unknown_node(struct job *job)
{
	char text[CMAN_MAX_NODENAME_LEN + 32];

	(void)snprintf(text, sizeof(text), "%s %s undefined", job->unfence ? "unfence" : "fence", job->node);
	on_note(job, FENCE_NOTE_END, text);
	job->result = QD_FENCE_UNDEFINED;
}

static bool run(struct job *job)
{
	static struct qd_config config;
	static struct runner runner;
	static struct fence fence;
	const char *file = getenv("COROSYNC_CLUSTER_CONFIG_FILE");
	char error[CONFIG_ERROR_LEN];
	bool good;

	if (config_load(file ? file : CLUSTER_CONF, &config, error, sizeof(error)) != 0) {
		(void)fprintf(stderr, "%s: %s\n", program, error);
		return false;
	}
	number_nodes(&config);
	if (!node_id_of(&config, job->node)) {
		unknown_node(job);
		return true;
	}
	if (runner_open(&runner, NULL) != 0)
		return false;
	good = fence_open(&fence, &runner, on_done, on_note, job) == 0;
	if (good)
		good = methods_run(job, &config, &runner, &fence);
	fence_close(&fence);
	runner_close(&runner);
	return good;
}

/* As cman's: the result at priority err, whatever it is. */
static void log_result(const struct job *job, const char *word)
{
	if (job->unfence && job->result == QD_FENCE_UNDEFINED)
		return;
	openlog("fence_node", LOG_CONS | LOG_PID, LOG_DAEMON);
	syslog(LOG_ERR, "%s %s %s", job->unfence ? "unfence" : "fence", job->node, word);
	closelog();
}

/* ---- What is known to be wrong ---- */

static void on_agents_line(void *arg, const char *line)
{
	(void)arg;
	(void)fprintf(stderr, "%s\n", line);
}

/* After a failure, and where results are asked for: nothing that is urgent waits for it. */
static void tell_agents(const struct job *job)
{
	const char *file = getenv("COROSYNC_CLUSTER_CONFIG_FILE");

	if (job->verbose)
		(void)config_agents(file ? file : CLUSTER_CONF, job->node, on_agents_line, NULL);	/* or not */
}

static int report(const struct job *job)
{
	switch (job->result) {
	case QD_FENCE_SUCCESS:
		log_result(job, "success");
		if (!job->unfence)
			tell(job);
		return FENCE_NODE_DONE;
	case QD_FENCE_UNDEFINED:
		log_result(job, "undefined");
		return FENCE_NODE_UNDEFINED;
	case QD_FENCE_NONE:
	case QD_FENCE_FAILED:
		break;
	}
	log_result(job, "failed");
	tell_agents(job);
	return FENCE_NODE_FAILED;
}

int main(int argc, char **argv)
{
	struct job job = { .unfence = false };
	int c;

	program = argv[0];
	opterr = 0;
	while ((c = getopt(argc, argv, "UvhV")) != -1) {
		switch (c) {
		case 'U':
			job.unfence = true;
			break;
		case 'v':
			job.verbose++;
			break;
		case 'h':
			usage();
			return FENCE_NODE_DONE;
		case 'V':
			(void)fprintf(stderr, "%s %s\n", program, QD_VERSION);
			return FENCE_NODE_DONE;
		default:
			(void)fprintf(stderr, "%s: unknown option %c\nPlease use '-h' for usage.\n", program, optopt);
			return FENCE_NODE_FAILED;
		}
	}
	if (optind < argc)
		(void)snprintf(job.node, sizeof(job.node), "%s", argv[optind]);
	if (!job.node[0] && !job.unfence) {
		(void)fprintf(stderr, "%s: no node name specified\nPlease use '-h' for usage.\n", program);
		return FENCE_NODE_FAILED;
	}
	if (!cluster_ask(&job) || !run(&job))
		return FENCE_NODE_FAILED;
	return report(&job);
}
