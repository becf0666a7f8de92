/* libcman: nodes. */
#include "libcman.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libcman_private.h"
#include "libcman_text.h"

/* A node as the public structure. corosync keeps neither the time nor the
 * ring of a join: members show the present ring, everybody time 0. */
static void node_export(const struct table_node *node, uint64_t ring_seq, cman_node_t *ret_node)
{
	memset(ret_node, 0, sizeof(*ret_node));
	ret_node->cn_nodeid = (int)node->id;
	memcpy(ret_node->cn_name, node->name, sizeof(ret_node->cn_name));
	if (node->member) {
		ret_node->cn_member = 1;
		ret_node->cn_address = node->address;
		ret_node->cn_incarnation = (int)(uint32_t)ring_seq;
	}
}

static void device_export(const struct cman_qdev_info *device, cman_node_t *ret_node)
{
	memset(ret_node, 0, sizeof(*ret_node));
	memcpy(ret_node->cn_name, device->qi_name, sizeof(ret_node->cn_name));
	ret_node->cn_member = device->qi_state == CLUSTER_NODESTATE_MEMBER;
}

/* Everything a list of nodes is made of. On failure nothing is held. */
static int nodes_read(struct cman_stack *s, struct cman_table *ret_table, uint64_t *ret_ring_seq)
{
	struct quorum_ring_id ring;
	int error = stack_need_member(s);

	if (!error)
		error = stack_ring(s, &ring);
	if (error)
		return error;
	*ret_ring_seq = ring.seq;
	error = table_load(ret_table, s);
	if (error)
		table_done(ret_table);
	return error;
}

static int get_node_count(struct cman_stack *s)
{
	struct cman_qdev_info device;
	struct cman_table table;
	int count, error;

	error = stack_need_member(s);
	if (error)
		return error;
	error = table_load(&table, s);
	count = (int)table.count;
	table_done(&table);
	if (error)
		return error;
	error = stack_device(s, &device);
	if (error && error != -ENOENT)
		return error;
	return error ? count : count + 1;
}

CMAN_PUBLIC int cman_get_node_count(cman_handle_t handle)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, get_node_count(&h->stack)) : -1;
}

static int get_nodes(struct cman_stack *s, int maxnodes, int *retnodes, cman_node_t *nodes)
{
	struct cman_qdev_info device;
	struct cman_table table;
	uint64_t ring_seq;
	int count = 0, error;

	if (!retnodes || !nodes || maxnodes < 1)
		return -EINVAL;
	error = nodes_read(s, &table, &ring_seq);
	if (error)
		return error;
	for (unsigned i = 0; i < table.count && count < maxnodes; i++)
		node_export(&table.nodes[i], ring_seq, &nodes[count++]);
	table_done(&table);
	error = stack_device(s, &device);
	if (error && error != -ENOENT)
		return error;
	if (!error && count < maxnodes)
		device_export(&device, &nodes[count++]);
	*retnodes = count;
	return 0;
}

CMAN_PUBLIC int cman_get_nodes(cman_handle_t handle, int maxnodes, int *retnodes,
			       cman_node_t *nodes)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, get_nodes(&h->stack, maxnodes, retnodes, nodes)) : -1;
}

/* cman kept nodes apart whose state had drifted; corosync has no such. */
static int get_disallowed_nodes(struct cman_stack *s, int maxnodes, int *retnodes,
				cman_node_t *nodes)
{
	int error;

	if (!retnodes || !nodes || maxnodes < 1)
		return -EINVAL;
	error = stack_need_member(s);
	if (!error)
		*retnodes = 0;
	return error;
}

CMAN_PUBLIC int cman_get_disallowed_nodes(cman_handle_t handle, int maxnodes, int *retnodes,
					  cman_node_t *nodes)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, get_disallowed_nodes(&h->stack, maxnodes, retnodes, nodes)) : -1;
}

/* The node that cman_get_node() means; NULL none. */
static const struct table_node *node_meant(const struct cman_table *t, uint32_t own_id, int nodeid,
					   const cman_node_t *node)
{
	char name[CMAN_MAX_NODENAME_LEN + 1];

	if (!node->cn_name[0])
		return table_by_id(t, nodeid == CMAN_NODEID_US ? own_id : (uint32_t)nodeid);
	/* The caller may have filled the field to its last byte. */
	(void)snprintf(name, sizeof(name), "%.*s", CMAN_MAX_NODENAME_LEN, node->cn_name);
	return table_by_name(t, name);
}

static int get_device_node(struct cman_stack *s, cman_node_t *node)
{
	struct cman_qdev_info device;
	int error = stack_need_member(s);

	if (!error)
		error = stack_device(s, &device);
	if (error)
		return error;
	device_export(&device, node);
	return 0;
}

static int get_node(struct cman_stack *s, int nodeid, cman_node_t *node)
{
	const struct table_node *found;
	struct cman_table table;
	uint64_t ring_seq;
	int error;

	if (!node)
		return -EINVAL;
	if (nodeid == CMAN_NODEID_QDISK)
		return get_device_node(s, node);
	error = nodes_read(s, &table, &ring_seq);
	if (error)
		return error;
	found = node_meant(&table, s->node_id, nodeid, node);
	if (found)
		node_export(found, ring_seq, node);
	table_done(&table);
	return found ? 0 : -ENOENT;
}

CMAN_PUBLIC int cman_get_node(cman_handle_t handle, int nodeid, cman_node_t *node)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, get_node(&h->stack, nodeid, node)) : -1;
}

/* A node that votequorum has never seen: what the configuration says. */
static int extra_of_configured(struct cman_stack *s, uint32_t id, cman_node_extra_t *extra)
{
	struct votequorum_info own;
	struct cman_table table;
	int error = table_load(&table, s);

	if (!error) {
		const struct table_node *node = table_by_id(&table, id);

		if (node)
			extra->cnx_votes = (int)node->votes;
		else
			error = -EINVAL;
	}
	table_done(&table);
	if (!error)
		error = stack_votes(s, s->node_id, &own);
	if (error)
		return error;
	extra->cnx_expected_votes = (int)own.highest_expected;
	extra->cnx_state = CLUSTER_NODESTATE_DEAD;
	return 0;
}

static int get_node_extra(struct cman_stack *s, int nodeid, cman_node_extra_t *node)
{
	cman_node_extra_t extra = { .cnx_leave_reason = CLUSTER_LEAVEREASON_DOWN };
	struct votequorum_info info;
	uint32_t id;
	int error;

	if (!node || nodeid == CMAN_NODEID_QDISK)
		return -EINVAL;
	error = stack_need_member(s);
	if (error)
		return error;
	id = nodeid == CMAN_NODEID_US ? s->node_id : (uint32_t)nodeid;
	error = stack_votes(s, id, &info);
	if (!error) {
		extra.cnx_state = text_node_state(info.node_state);
		extra.cnx_votes = (int)info.node_votes;
		extra.cnx_expected_votes = (int)info.node_expected_votes;
	} else if (error == -ENOENT) {
		error = extra_of_configured(s, id, &extra);
	}
	if (error)
		return error;
	extra.cnx_nodeid = (int)id;
	*node = extra;
	return 0;
}

CMAN_PUBLIC int cman_get_node_extra(cman_handle_t handle, int nodeid, cman_node_extra_t *node)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, get_node_extra(&h->stack, nodeid, node)) : -1;
}

/* The addresses of a member, and their number. corosync looks them up in its
 * nodelist; of a member that was taken out of it only the first is known. */
static int member_addresses(struct cman_stack *s, const struct table_node *node,
			    struct cman_node_address addresses[CMAN_LINKS_MAX])
{
	int count = stack_addresses(s, node->id, addresses);

	if (count != -ENOENT)
		return count;
	addresses[0] = node->address;
	return node->address.cna_addrlen ? 1 : 0;
}

static int get_node_addrs(struct cman_stack *s, int nodeid, int max_addrs, int *num_addrs,
			  struct cman_node_address *addrs)
{
	struct cman_node_address all[CMAN_LINKS_MAX];
	const struct table_node *node;
	struct cman_table table;
	int count = 0, error;

	if (!num_addrs || max_addrs < 0 || (max_addrs && !addrs))
		return -EINVAL;
	error = table_load(&table, s);
	node = error ? NULL : table_by_id(&table, (uint32_t)nodeid);
	if (!error && !node)
		error = -EINVAL;
	if (!error && node->member)
		count = member_addresses(s, node, all);
	table_done(&table);
	if (error)
		return error;
	if (count < 0)
		return count;
	for (int i = 0; i < count && i < max_addrs; i++)
		addrs[i] = all[i];
	*num_addrs = count;
	return 0;
}

CMAN_PUBLIC int cman_get_node_addrs(cman_handle_t handle, int nodeid, int max_addrs, int *num_addrs,
				    struct cman_node_address *addrs)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, get_node_addrs(&h->stack, nodeid, max_addrs, num_addrs, addrs))
		 : -1;
}
