/* cman_tool status: ask and show. */
#include "cman_tool.h"

#include <errno.h>
#include <string.h>

/* Room for the fixed part and the addresses of more interfaces than
 * corosync has. */
#define EXTRA_SIZE 4096

int cman_tool_status(cman_handle_t handle, const struct cman_tool_options *o, FILE *out)
{
	union {
		cman_extra_info_t info;
		char room[EXTRA_SIZE];
	} extra;
	struct cman_tool_status status = { .info = &extra.info };
	int quorate;

	/* The empty line after these three is legacy's. */
	if (cman_get_cluster(handle, &status.cluster) < 0)
		return cman_tool_fail(o, "Error getting cluster info: %s\n",
				      cman_tool_error_text(errno));
	if (cman_get_version(handle, &status.version) < 0)
		return cman_tool_fail(o, "Error getting cluster version: %s\n",
				      cman_tool_error_text(errno));
	if (cman_get_extra_info(handle, &extra.info, EXTRA_SIZE) < 0)
		return cman_tool_fail(o, "Error getting extra info: %s\n",
				      cman_tool_error_text(errno));
	quorate = cman_is_quorate(handle);
	status.quorate = quorate == 1;
	status.subsystems = cman_get_subsys_count(handle);
	if (quorate < 0 || status.subsystems < 0 ||
	    cman_get_node(handle, CMAN_NODEID_US, &status.node) < 0)
		return cman_tool_fail(o, "Error getting extra info: %s\n",
				      cman_tool_error_text(errno));
	status.has_device = cman_get_quorum_device(handle, &status.device) == 0;
	if (!status.has_device && errno != ENOENT)
		return cman_tool_fail(o, "Error getting extra info: %s\n",
				      cman_tool_error_text(errno));
	cman_tool_print_status(out, &status);
	return 0;
}
