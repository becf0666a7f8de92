/* cman_tool: the old cluster manager's command, over corosync 3. */
#include "cman_tool.h"

#include <errno.h>
#include <stdlib.h>

#ifndef QD_VERSION
#define QD_VERSION "unknown"
#endif

static void print_usage(void)
{
	(void)puts("usage: cman_tool OPERATION [OPTION]...\n"
		   "\n"
		   "  join      start corosync here, and the quorum disk: -w -q -t -c -n -v -e -2 ...\n"
		   "  status    show the cluster as this node sees it\n"
		   "  nodes     list the nodes and the quorum disk: -a -n -F\n"
		   "  version   show the version, or load the configuration again: -r -D -S\n"
		   "  wait      wait for the cluster: -q -t\n"
		   "  leave     stop the quorum disk and corosync here: [remove] [force] -w -t\n"
		   "  kill      stop corosync on other nodes: -n\n"
		   "  expected  set the expected votes of the cluster: -e\n"
		   "  votes     set the votes of a node: -v -n\n"
		   "  debug     set corosync's debug log: -d\n"
		   "\n"
		   "  -a        show the addresses of each node, too\n"
		   "  -d[MASK]  say what is done; 0 off\n"
		   "  -2        two nodes, one of them is enough\n"
		   "  -c NAME   cluster name\n"
		   "  -k FILE   key file of corosync\n"
		   "  -N ID     node id\n"
		   "  -p PORT   port of corosync\n"
		   "  -P        corosync without real-time priority\n"
		   "  -X        without cluster.conf: refused\n"
		   "  -D[WORD]  of a configuration that is not valid: fail, warn, none\n"
		   "  -e VOTES  expected votes\n"
		   "  -F LIST   only these columns: id name type addr votes exp state\n"
		   "  -n NAME   the node of exactly this name (up to 10 times)\n"
		   "  -q        wait for quorum\n"
		   "  -r        load the configuration again\n"
		   "  -A        accepted, for scripts\n"
		   "  -C LOADER   as -A\n"
		   "  -m ADDRESS  as -A\n"
		   "  -o NAME   as -A\n"
		   "  -S        as -A\n"
		   "  -t SECS   give up after so many seconds; exit 2\n"
		   "  -v VOTES  votes\n"
		   "  -w        wait until it is done\n"
		   "  -h        show this text\n"
		   "  -V        show the version");
}

static void print_version(void)
{
	(void)printf("cman_tool %s (built %s %s)\n", QD_VERSION, __DATE__, __TIME__);
	(void)puts("Copyright (C) the qdisk authors. All rights reserved.");
}

/* Who does what, with which handle. */
static const struct {
	cman_handle_t (*open)(void *privdata);
	int (*run)(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);
} operations[] = {
	[OPERATION_STATUS] = { cman_init, cman_tool_status },
	[OPERATION_NODES] = { cman_init, cman_tool_nodes },
	[OPERATION_WAIT] = { cman_init, cman_tool_wait },
	[OPERATION_VERSION] = { cman_admin_init, cman_tool_version },
	[OPERATION_LEAVE] = { cman_admin_init, cman_tool_leave },
	[OPERATION_KILL] = { cman_admin_init, cman_tool_kill },
	[OPERATION_EXPECTED] = { cman_admin_init, cman_tool_expected },
	[OPERATION_VOTES] = { cman_admin_init, cman_tool_votes },
	[OPERATION_DEBUG] = { cman_admin_init, cman_tool_debuglog },
};

static int run(const struct cman_tool_options *o)
{
	cman_handle_t handle;
	int code;

	if (o->operation == OPERATION_SERVICES)
		return cman_tool_fail(o, "services is gone: groups are shown by corosync-cpgtool, "
					 "services by systemctl");
	if (o->operation == OPERATION_JOIN)
		return cman_tool_join(o);
	handle = operations[o->operation].open(NULL);
	if (!handle)
		return cman_tool_fail_open(o, errno);
	code = operations[o->operation].run(handle, o, stdout);
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
