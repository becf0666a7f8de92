/* cman_tool nodes: ask, sort, show. */
#include "cman_tool.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

/* Does -n want this node? Without -n everyone is wanted. */
static bool is_wanted(const struct cman_tool_options *o, const cman_node_t *node)
{
	for (unsigned i = 0; i < o->name_count; i++) {
		if (strcmp(o->names[i], node->cn_name) == 0)
			return true;
	}
	return o->name_count == 0;
}

static int compare_ids(const void *a, const void *b)
{
	unsigned x = (unsigned)((const cman_node_t *)a)->cn_nodeid;
	unsigned y = (unsigned)((const cman_node_t *)b)->cn_nodeid;

	return (x > y) - (x < y);
}

/* Give a node that is not configured the host name of its address, if any. */
static void resolve_placeholder(cman_node_t *node)
{
	char host[NI_MAXHOST];
	struct sockaddr_storage address;
	const cman_node_address_t *from = &node->cn_address;

	if (!cman_tool_is_placeholder(node) || from->cna_addrlen <= 0)
		return;
	memset(&address, 0, sizeof(address));
	memcpy(&address, from->cna_address, (size_t)from->cna_addrlen);
	if (getnameinfo((const struct sockaddr *)&address, (socklen_t)from->cna_addrlen, host,
			sizeof(host), NULL, 0, NI_NAMEREQD) == 0)
		(void)snprintf(node->cn_name, sizeof(node->cn_name), "%.*s", CMAN_MAX_NODENAME_LEN,
			       host);
}

/* The device has the id 0, which in other look-ups is this node: it gets
 * its own votes and state, not this node's. */
static int fill_device(cman_handle_t handle, struct cman_tool_row *row)
{
	cman_qdev_info_t device = { .qi_state = CLUSTER_NODESTATE_DEAD };

	if (cman_get_node_extra(handle, CMAN_NODEID_US, &row->extra) < 0)
		return -1;
	if (cman_get_quorum_device(handle, &device) < 0 && errno != ENOENT)
		return -1;
	row->extra.cnx_nodeid = 0;
	row->extra.cnx_votes = device.qi_votes;
	row->extra.cnx_state = device.qi_state;
	return 0;
}

/* Ask for what the list does not hold. -1 with errno. */
static int fill_row(cman_handle_t handle, struct cman_tool_row *row)
{
	const int id = row->node.cn_nodeid;
	int count = 0;

	if (id == 0)
		return fill_device(handle, row);
	/* EINVAL: the node was taken out of the configuration meanwhile. */
	if (cman_get_node_extra(handle, id, &row->extra) < 0 && errno != EINVAL)
		return -1;
	if (cman_get_node_addrs(handle, id, CMAN_TOOL_ADDRESSES_MAX, &count, row->addresses) < 0 &&
	    errno != EINVAL)
		return -1;
	row->address_count = count < CMAN_TOOL_ADDRESSES_MAX ? count : CMAN_TOOL_ADDRESSES_MAX;
	return 0;
}

static int print_node(cman_handle_t handle, const struct cman_tool_options *o, FILE *out,
		      const cman_node_t *node)
{
	struct cman_tool_row row = { .node = *node };

	resolve_placeholder(&row.node);
	if ((o->formatted || o->addresses) && fill_row(handle, &row) < 0)
		return -1;
	if (o->formatted)
		cman_tool_print_columns(out, &row, &o->columns);
	else
		cman_tool_print_row(out, &row, o->addresses);
	return 0;
}

/* All nodes by ascending id, the quorum disk first, allocated; NULL when it
 * has said what went wrong. */
static cman_node_t *read_nodes(cman_handle_t handle, const struct cman_tool_options *o,
			       int *ret_count)
{
	cman_node_t *nodes;
	int count = cman_get_node_count(handle);

	if (count < 0) {
		(void)cman_tool_fail(o, "cman_get_node_count failed: %s",
				     cman_tool_error_text(errno));
		return NULL;
	}
	if (count == 0)
		count = 1; /* room for none is not a question */
	nodes = calloc((size_t)count, sizeof(*nodes));
	if (!nodes || cman_get_nodes(handle, count, &count, nodes) < 0) {
		(void)cman_tool_fail(o, "cman_get_nodes failed: %s", cman_tool_error_text(errno));
		free(nodes);
		return NULL;
	}
	qsort(nodes, (size_t)count, sizeof(*nodes), compare_ids);
	*ret_count = count;
	return nodes;
}

int cman_tool_nodes(cman_handle_t handle, const struct cman_tool_options *o, FILE *out)
{
	cman_node_t *nodes;
	int count = 0;
	int code = 0;

	nodes = read_nodes(handle, o, &count);
	if (!nodes)
		return EXIT_FAILURE;
	if (!o->formatted)
		cman_tool_print_header(out);
	for (int i = 0; i < count && code == 0; i++) {
		if (is_wanted(o, &nodes[i]) && print_node(handle, o, out, &nodes[i]) < 0)
			code = cman_tool_fail(o, "cman_get_nodes failed: %s",
					      cman_tool_error_text(errno));
	}
	free(nodes);
	return code;
}
