/* qdisk-tool: what an operator asks a running qdiskd. See qdisk-tool(8). */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "status.h"
#include "tool_status.h"

#ifndef QD_VERSION
#define QD_VERSION "unknown"
#endif

#define TIMEOUT_MS 3000u
#define WATCH_S 1u

struct options {
	const char *command, *socket;
	bool json, watch;
};

static void usage(FILE *out)
{
	(void)fprintf(out,
		      "usage: qdisk-tool [-h] [-V] status [--json] [--watch] [--socket PATH]\n"
		      "\n"
		      "  status         ask the qdiskd of this node: who is master, who is up, who has\n"
		      "                 the vote and why, scores, LUN latency, last fence\n"
		      "  -j, --json     as JSON, one object\n"
		      "  -w, --watch    again every second, until interrupted\n"
		      "  -s, --socket PATH\n"
		      "                 ask there instead of %s\n"
		      "  -h, --help     this text\n"
		      "  -V, --version  the version\n"
		      "\n"
		      "exit: 0 quorate, 1 not quorate, 2 usage, 5 no qdiskd or it has no corosync\n",
		      STATUS_SOCKET);
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
	while ((c = getopt_long(argc, argv, "jws:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			ret->json = true;
			break;
		case 'w':
			ret->watch = true;
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
	if (optind + 1 == argc && strcmp(argv[optind], "status") == 0)
		return 0;
	if (optind == argc)
		(void)fprintf(stderr, "qdisk-tool: a command is missing, expected: status\n");
	else
		(void)fprintf(stderr, "qdisk-tool: %s: unknown command, expected one: status\n",
			      strcmp(argv[optind], "status") ? argv[optind] : argv[optind + 1]);
	return -EINVAL;
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

int main(int argc, char **argv)
{
	struct options options;

	if (options_read(argc, argv, &options) < 0) {
		(void)fprintf(stderr, "Try: qdisk-tool --help\n");
		return TOOL_USAGE;
	}
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
