/* cman_tool: what changes the running cluster by one call each. */
#include "cman_tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The node of this name. 0, or -1 with errno. */
static int find_node(cman_handle_t handle, const char *name, cman_node_t *ret_node)
{
	cman_node_t node = { .cn_nodeid = 0 };

	(void)snprintf(node.cn_name, sizeof(node.cn_name), "%s", name);
	if (cman_get_node(handle, node.cn_nodeid, &node) < 0)
		return -1;
	*ret_node = node;
	return 0;
}

/* One that cannot be killed is said and passed over, and the end is success all
 * the same: fence scripts rely on it. */
int cman_tool_kill(cman_handle_t handle, const struct cman_tool_options *o, FILE *out)
{
	cman_node_t node;

	(void)out;
	for (unsigned i = 0; i < o->name_count; i++) {
		if (find_node(handle, o->names[i], &node) < 0)
			(void)cman_tool_fail(o, "Can't kill node %s : %s", o->names[i],
					     cman_tool_error_text(errno));
		else if (cman_kill_node(handle, node.cn_nodeid) < 0)
			(void)cman_tool_fail(o, "kill node failed: %s", cman_tool_error_text(errno));
	}
	return EXIT_SUCCESS;
}

int cman_tool_votes(cman_handle_t handle, const struct cman_tool_options *o, FILE *out)
{
	cman_node_t node = { .cn_nodeid = CMAN_NODEID_US };

	(void)out;
	if ((o->name_count && find_node(handle, o->names[0], &node) < 0) ||
	    cman_set_votes(handle, o->votes, node.cn_nodeid) < 0)
		return cman_tool_fail(o, "can't set votes: %s", cman_tool_error_text(errno));
	return EXIT_SUCCESS;
}

int cman_tool_expected(cman_handle_t handle, const struct cman_tool_options *o, FILE *out)
{
	(void)out;
	if (cman_set_expected_votes(handle, o->expected) < 0)
		return cman_tool_fail(o, "can't set expected votes: %s", cman_tool_error_text(errno));
	return EXIT_SUCCESS;
}

int cman_tool_debuglog(cman_handle_t handle, const struct cman_tool_options *o, FILE *out)
{
	(void)out;
	if (cman_set_debuglog(handle, o->debug) < 0)
		return cman_tool_fail(o, "can't set debug log: %s", cman_tool_error_text(errno));
	return EXIT_SUCCESS;
}
