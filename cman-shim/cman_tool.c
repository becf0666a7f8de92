/* cman_tool: the old cluster manager's command, over corosync 3. */
#include "cman_tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#ifndef QD_VERSION
#define QD_VERSION "unknown"
#endif

static void print_usage(void)
{
	(void)puts("usage: cman_tool status\n"
		   "       cman_tool nodes [-a] [-n NAME]... [-F COLUMN[,COLUMN]...]\n"
		   "       cman_tool -h | -V\n"
		   "\n"
		   "  status   show the cluster as this node sees it\n"
		   "  nodes    list the nodes and the quorum disk\n"
		   "\n"
		   "  -a       show the addresses of each node, too\n"
		   "  -n NAME  only the node of exactly this name (up to 10 times)\n"
		   "  -F LIST  only these columns: id name type addr votes exp state\n"
		   "  -h       show this text\n"
		   "  -V       show the version");
}

static void print_version(void)
{
	(void)printf("cman_tool %s (built %s %s)\n", QD_VERSION, __DATE__, __TIME__);
	(void)puts("Copyright (C) the qdisk authors. All rights reserved.");
}

int cman_tool_fail(const struct cman_tool_options *o, const char *format, ...)
{
	va_list args;

	(void)fprintf(stderr, "%s: ", o->program);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	return EXIT_FAILURE;
}

/* Say why there is no connection. Scripts compare these texts. */
static int fail_open(const struct cman_tool_options *o, int error)
{
	if (error == EACCES)
		return cman_tool_fail(o, "Cannot open connection to cman, permission denied.");
	(void)cman_tool_fail(o, "Cannot open connection to cman, is it running ?");
	if (error == ENOENT)
		(void)cman_tool_fail(o, "corosync runs without votequorum; its configuration "
					"needs \"provider: corosync_votequorum\" in the quorum "
					"section");
	return EXIT_FAILURE;
}

static int run(const struct cman_tool_options *o)
{
	cman_handle_t handle;
	int code;

	if (o->operation != OPERATION_STATUS && o->operation != OPERATION_NODES)
		return cman_tool_fail(o, "%s is not supported by this version", o->word);
	handle = cman_init(NULL);
	if (!handle)
		return fail_open(o, errno);
	code = o->operation == OPERATION_STATUS ? cman_tool_status(handle, o, stdout)
						: cman_tool_nodes(handle, o, stdout);
	(void)cman_finish(handle); /* the process ends */
	return code;
}

int main(int argc, char **argv)
{
	struct cman_tool_options options;
	int code = EXIT_SUCCESS;

	switch (cman_tool_parse(argc, argv, stderr, &options)) {
	case PARSE_RUN:
		code = run(&options);
		break;
	case PARSE_HELP:
		print_usage();
		break;
	case PARSE_VERSION:
		print_version();
		break;
	case PARSE_ERROR:
		return EXIT_FAILURE;
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		return cman_tool_fail(&options, "cannot write the output");
	return code;
}
