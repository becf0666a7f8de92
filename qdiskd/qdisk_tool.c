/* qdisk-tool: what an operator asks a running qdiskd, and the LUN. See qdisk-tool(8). */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "status.h"
#include "tool_ask.h"
#include "tool_check.h"
#include "tool_fence.h"
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
	bool fence_ack;
	unsigned yes;			/* of fence-ack */
};

static void usage(FILE *out)
{
	(void)fprintf(out,
		      "usage: qdisk-tool [-h] [-V] status [--json] [--watch] [--socket PATH]\n"
		      "       qdisk-tool history NODE [-c DEVICE|LABEL] [--socket PATH]\n"
		      "       qdisk-tool check [-c CLUSTER.CONF] [--json]\n"
		      "       qdisk-tool fence-ack [-y -y] NODE [--socket PATH]\n"
		      "\n"
		      "  status         ask the qdiskd of this node: who is master, who is up, who has\n"
		      "                 the vote and why, scores, LUN latency, last fence\n"
		      "  history NODE   what that node (id or name) saw in its last cycles, and why it\n"
		      "                 gave up; from the LUN, dead or alive\n"
		      "  check          the configuration: the times in force, the worst cases on a time\n"
		      "                 line, and every known mistake with its remedy\n"
		      "  fence-ack NODE declare that node fenced: it is off, by an administrator's word\n"
		      "  -y, --yes      answers one of the two questions of fence-ack\n"
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
		      "exit: 0 quorate or done, 1 not quorate, no history, refused or a check that\n"
		      "failed, 2 usage, 3 no configuration, 4 LUN, 5 no qdiskd or it has no corosync\n",
		      STATUS_SOCKET);
}

#define COMMANDS "expected: status, history, check, fence-ack"

/* What the command given does not know; NULL: it knows them all. */
static const char *stray_option(const struct options *o, const char *command)
{
	bool status = strcmp(command, "status") == 0, check = strcmp(command, "check") == 0;
	bool history = strcmp(command, "history") == 0;

	return !status && !check && o->json ? "--json" :
	       !status && o->watch ? "--watch" :
	       !history && !check && o->where ? "-c" : !o->fence_ack && o->yes ? "--yes" : NULL;
}

/* The words behind the options. 0, or -EINVAL with the reason told. */
static int command_read(int count, char **words, struct options *ret)
{
	const char *command = count ? words[0] : "";
	bool history = strcmp(command, "history") == 0, check = strcmp(command, "check") == 0;
	bool ack = strcmp(command, "fence-ack") == 0;
	int wanted = history || ack ? 2 : 1;

	ret->fence_ack = ack;
	if (count == 0) {
		(void)fprintf(stderr, "qdisk-tool: a command is missing, " COMMANDS "\n");
	} else if (wanted == 1 && !check && strcmp(command, "status") != 0) {
		(void)fprintf(stderr, "qdisk-tool: %s: unknown command, " COMMANDS "\n", command);
	} else if (count < wanted) {
		(void)fprintf(stderr, "qdisk-tool: %s: a node is missing, its id or name\n", command);
	} else if (count > wanted) {
		(void)fprintf(stderr, "qdisk-tool: %s: unexpected\n", words[wanted]);
	} else if (stray_option(ret, command)) {
		(void)fprintf(stderr, "qdisk-tool: %s does not know %s\n", command, stray_option(ret, command));
	} else {
		ret->node = wanted == 2 ? words[1] : NULL;
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
		{ "yes", no_argument, NULL, 'y' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*ret = (struct options){ .socket = STATUS_SOCKET };
	while ((c = getopt_long(argc, argv, "jwyc:s:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			ret->json = true;
			break;
		case 'w':
			ret->watch = true;
			break;
		case 'y':
			ret->yes++;
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
	(void)fprintf(stderr, "qdisk-tool: %s: %s\n", path, tool_ask_error(error));
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
	if (options.fence_ack)
		return tool_fence_ack(options.socket, options.node, options.yes);
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
