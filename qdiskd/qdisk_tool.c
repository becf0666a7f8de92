/* qdisk-tool: what an operator asks a running qdiskd, and the LUN. See qdisk-tool(8). */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "status.h"
#include "tool_check.h"
#include "tool_history.h"
#include "tool_status.h"

#ifndef QD_VERSION
#define QD_VERSION "unknown"
#endif

#define TIMEOUT_MS 3000u
#define WATCH_S 1u

struct options {
	const char *command, *socket;
	const char *node;		/* of history */
	const char *where;		/* of history and check */
	bool json, watch;
};

static void usage(FILE *out)
{
	(void)fprintf(out,
		      "usage: qdisk-tool [-h] [-V] status [--json] [--watch] [--socket PATH]\n"
		      "       qdisk-tool history NODE [-c DEVICE|LABEL] [--socket PATH]\n"
		      "       qdisk-tool check [-c CLUSTER.CONF] [--json]\n"
		      "\n"
		      "  status         ask the qdiskd of this node: who is master, who is up, who has\n"
		      "                 the vote and why, scores, LUN latency, last fence\n"
		      "  history NODE   what that node (id or name) saw in its last cycles, and why it\n"
		      "                 gave up; from the LUN, dead or alive\n"
		      "  check          the configuration: the times in force, the worst cases on a time\n"
		      "                 line, and every known mistake with its remedy\n"
		      "  -c DEVICE|LABEL\n"
		      "                 history: this LUN; else that of the running qdiskd\n"
		      "  -c CLUSTER.CONF\n"
		      "                 check: this file; else what qdiskd would read\n"
		      "  -j, --json     as JSON, one object\n"
		      "  -w, --watch    again every second, until interrupted\n"
		      "  -s, --socket PATH\n"
		      "                 ask there instead of %s\n"
		      "  -h, --help     this text\n"
		      "  -V, --version  the version\n"
		      "\n"
		      "exit: 0 quorate, 1 not quorate, no history or a check that failed, 2 usage,\n"
		      "3 no configuration, 4 LUN, 5 no qdiskd or it has no corosync\n",
		      STATUS_SOCKET);
}

/* The words behind the options. 0, or -EINVAL with the reason told. */
static int command_read(int count, char **words, struct options *ret)
{
	const char *command = count ? words[0] : "";
	bool history = strcmp(command, "history") == 0, check = strcmp(command, "check") == 0;
	int wanted = history ? 2 : 1;

	if (count == 0) {
		(void)fprintf(stderr, "qdisk-tool: a command is missing, expected: status, history, check\n");
	} else if (!history && !check && strcmp(command, "status") != 0) {
		(void)fprintf(stderr, "qdisk-tool: %s: unknown command, expected: status, history, "
					"check\n", command);
	} else if (count < wanted) {
		(void)fprintf(stderr, "qdisk-tool: history: a node is missing, its id or name\n");
	} else if (count > wanted) {
		(void)fprintf(stderr, "qdisk-tool: %s: unexpected\n", words[wanted]);
	} else if (history && ret->json) {
		(void)fprintf(stderr, "qdisk-tool: history does not know --json\n");
	} else if ((history || check) && ret->watch) {
		(void)fprintf(stderr, "qdisk-tool: %s does not know --watch\n", command);
	} else if (!history && !check && ret->where) {
		(void)fprintf(stderr, "qdisk-tool: %s does not know -c\n", command);
	} else {
		ret->node = history ? words[1] : NULL;
		ret->command = command;
		return 0;
	}
	return -EINVAL;
}

/* 0, or -EINVAL with the reason told; --help and --version end here. */
static int options_read(int argc, char **argv, struct options *ret)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "watch", no_argument, NULL, 'w' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*ret = (struct options){ .socket = STATUS_SOCKET };
	while ((c = getopt_long(argc, argv, "jwc:s:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			ret->json = true;
			break;
		case 'w':
			ret->watch = true;
			break;
		case 'c':
			ret->where = optarg;
			break;
		case 's':
			ret->socket = optarg;
			break;
		case 'h':
			usage(stdout);
			exit(TOOL_OK);
		case 'V':
			(void)printf("qdisk-tool %s\n", QD_VERSION);
			exit(TOOL_OK);
		default:
			return -EINVAL;	/* getopt has said why */
		}
	}
	return command_read(argc - optind, argv + optind, ret);
}

static int refused(const char *path, int error)
{
	const char *why = strerror(-error);

	if (error == -ENOENT || error == -ECONNREFUSED)
		why = "qdiskd does not run on this node";
	else if (error == -ETIMEDOUT)
		why = "qdiskd does not answer";
	else if (error == -EPIPE || error == -EBADMSG)
		why = "no qdiskd of this version answers there";
	else if (error == -EACCES)
		why = "permission denied, ask as root or as a member of group haclient";
	(void)fprintf(stderr, "qdisk-tool: %s: %s\n", path, why);
	return TOOL_COROSYNC;
}

/* Ask once and show it; the exit code. */
static int status_once(const struct options *o)
{
	static char reply[STATUS_REPLY_MAX + 1];
	int r = tool_status_fetch(o->socket, TIMEOUT_MS, reply, sizeof(reply));

	if (r < 0)
		return refused(o->socket, r);
	r = tool_status_show(reply, o->json ? NULL : stdout);
	if (r < 0)
		return refused(o->socket, r);
	if (o->json)
		(void)fputs(reply, stdout);
	return r;
}

/* From the LUN that was named, or else that of the running daemon. */
static int history(const struct options *o)
{
	static char reply[STATUS_REPLY_MAX + 1];
	char path[QD_PATH_LEN];
	int r;

	if (o->where)
		return tool_history(o->where, o->node, stdout);
	r = tool_status_fetch(o->socket, TIMEOUT_MS, reply, sizeof(reply));
	if (r >= 0 && !tool_status_device(reply, path, sizeof(path)))
		r = -EBADMSG;
	if (r >= 0)
		return tool_history(path, o->node, stdout);
	r = refused(o->socket, r);
	(void)fprintf(stderr, "qdisk-tool: name the LUN with -c DEVICE or -c LABEL\n");
	return r;
}

int main(int argc, char **argv)
{
	struct options options;

	if (options_read(argc, argv, &options) < 0) {
		(void)fprintf(stderr, "Try: qdisk-tool --help\n");
		return TOOL_USAGE;
	}
	if (options.node)
		return history(&options);
	if (strcmp(options.command, "check") == 0)
		return tool_check(options.where, options.json, stdout);
	for (;;) {
		int code;

		if (options.watch && !options.json && isatty(STDOUT_FILENO))
			(void)fputs("\033[H\033[2J", stdout);
		code = status_once(&options);
		if (fflush(stdout) != 0)
			return TOOL_NO;	/* whoever read it has gone */
		if (!options.watch)
			return code;
		(void)sleep(WATCH_S);
	}
}
