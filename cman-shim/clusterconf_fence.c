/* cluster.conf: <clusternodes>, their fence methods, and <fencedevices>.
 *
 * A fence agent gets the attributes of the node's <device>, then nodename=,
 * then the attributes of the <fencedevice>, each a line key=value, all without
 * name=. Agents keep the last of two lines with one key, so the order is part
 * of the contract.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clusterconf_parts.h"

#define FENCEDEVICES_MAX 256u
#define AGENT_MAX 255u		/* bytes */

struct fencedevice {
	const struct clusterconf_element *element;
	qd_text name, agent;
};

struct fencedevices {
	unsigned count;
	struct fencedevice device[FENCEDEVICES_MAX];
};

/* Text of one device for the agent, as it grows. */
struct args {
	size_t used;
	char text[QD_FENCE_ARGS_MAX];
};

static const struct fencedevice *find_device(const struct clusterconf *cc,
					     const struct fencedevices *all, const char *name)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (strcmp(qd_config_text(cc->config, all->device[i].name), name) == 0)
			return &all->device[i];
	}
	return NULL;
}

static bool read_fencedevice(struct clusterconf *cc, const struct clusterconf_element *e,
			     struct fencedevices *all)
{
	struct fencedevice *d = &all->device[all->count];
	char name[QD_NODE_NAME_LEN] = "", agent[AGENT_MAX + 1] = "";
	const struct fencedevice *twin;

	if (all->count == FENCEDEVICES_MAX)
		return clusterconf_refuse(cc, e->line, "<fencedevice> number %u is refused; allowed: "
					  "at most %u", FENCEDEVICES_MAX + 1, FENCEDEVICES_MAX);
	if (!clusterconf_need(cc, e, "name", "a name that <device name=> uses") ||
	    !clusterconf_text(cc, e, "name", sizeof(name) - 1, name) ||
	    !clusterconf_need(cc, e, "agent", "a program, e.g. fence_ipmilan") ||
	    !clusterconf_text(cc, e, "agent", AGENT_MAX, agent))
		return false;
	twin = find_device(cc, all, name);
	if (twin)
		return clusterconf_refuse(cc, e->line, "<fencedevice> name=\"%.100s\" is refused: "
					  "line %" PRIu32 " has it too; allowed: a name of its own",
					  name, twin->element->line);
	d->element = e;
	if (!clusterconf_keep(cc, e, name, &d->name) || !clusterconf_keep(cc, e, agent, &d->agent))
		return false;
	all->count++;
	return true;
}

static bool read_fencedevices(struct clusterconf *cc, const struct clusterconf_element *root,
			      struct fencedevices *all)
{
	const struct clusterconf_element *top = clusterconf_single(cc, root, "fencedevices");
	const struct clusterconf_element *e = top ? clusterconf_child(top, "fencedevice") : NULL;

	for (; e; e = clusterconf_next(e)) {
		if (!read_fencedevice(cc, e, all))
			return false;
	}
	return true;
}

static bool args_add(struct clusterconf *cc, const struct clusterconf_element *e,
		     struct args *args, const char *key, const char *value)
{
	size_t room = sizeof(args->text) - args->used;
	int n = snprintf(args->text + args->used, room, "%s=%s\n", key, value);

	if (n < 0 || (size_t)n >= room)
		return clusterconf_refuse(cc, e->line, "<%s> %.64s= is too much: what the fence agent "
					  "gets is more than %u bytes", e->name, key,
					  QD_FENCE_ARGS_MAX - 1);
	args->used += (size_t)n;
	return true;
}

static bool args_add_attributes(struct clusterconf *cc, const struct clusterconf_element *e,
				struct args *args)
{
	for (const struct clusterconf_attribute *a = e->attributes; a; a = a->next) {
		if (strcmp(a->name, "name") != 0 && !args_add(cc, e, args, a->name, a->value))
			return false;
	}
	return true;
}

/* What was allowed, when a <device> names nothing: "ipmi, apc". */
static bool refuse_device(struct clusterconf *cc, const struct clusterconf_element *e,
			  const struct fencedevices *all)
{
	char names[200] = "";
	size_t used = 0;

	for (unsigned i = 0; i < all->count; i++) {
		int n = snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "",
				 qd_config_text(cc->config, all->device[i].name));

		if (n < 0 || (size_t)n >= sizeof(names) - used)
			break;
		used += (size_t)n;
	}
	return clusterconf_refuse(cc, e->line, "<device> name=\"%.100s\" is refused: no "
				  "<fencedevice> has this name; allowed: %s",
				  clusterconf_get(e, "name"), used ? names : "none is there");
}

static bool read_device(struct clusterconf *cc, const struct clusterconf_element *e,
			const struct fencedevices *all, const char *victim,
			struct qd_fence_device *ret)
{
	struct args args = { .used = 0 };
	const struct fencedevice *d;

	if (!clusterconf_need(cc, e, "name", "the name of a <fencedevice>"))
		return false;
	d = find_device(cc, all, clusterconf_get(e, "name"));
	if (!d)
		return refuse_device(cc, e, all);
	if (!args_add_attributes(cc, e, &args) ||
	    (!strstr(args.text, "nodename=") && !args_add(cc, e, &args, "nodename", victim)) ||
	    !args_add_attributes(cc, d->element, &args))
		return false;
	ret->name = d->name;
	ret->agent = d->agent;
	return clusterconf_keep(cc, e, args.text, &ret->args);
}

/* All <device> of a <method> or an <unfence>. */
static bool read_devices(struct clusterconf *cc, const struct clusterconf_element *parent,
			 const struct fencedevices *all, const char *victim,
			 struct qd_fence_device *ret, uint32_t *ret_count)
{
	const struct clusterconf_element *e = clusterconf_child(parent, "device");
	uint32_t count = 0;

	for (; e; e = clusterconf_next(e)) {
		if (count == QD_DEVICES_MAX)
			return clusterconf_refuse(cc, e->line, "<device> number %u of one <%s> is "
						  "refused; allowed: at most %u", QD_DEVICES_MAX + 1u,
						  parent->name, QD_DEVICES_MAX);
		if (!read_device(cc, e, all, victim, &ret[count]))
			return false;
		count++;
	}
	if (count == 0)
		clusterconf_notice(cc, parent->line, "<%s> of node %s has no <device> and can never "
				   "succeed", parent->name, victim);
	*ret_count = count;
	return true;
}

static bool read_method(struct clusterconf *cc, const struct clusterconf_element *e,
			const struct fencedevices *all, struct qd_config_node *node)
{
	struct qd_fence_method *m = &node->method[node->method_count];
	char name[QD_NODE_NAME_LEN] = "";

	if (node->method_count == QD_METHODS_MAX)
		return clusterconf_refuse(cc, e->line, "<method> number %u of node %s is refused; "
					  "allowed: at most %u", QD_METHODS_MAX + 1u, node->name,
					  QD_METHODS_MAX);
	if (!clusterconf_need(cc, e, "name", "a name for messages") ||
	    !clusterconf_text(cc, e, "name", sizeof(name) - 1, name))
		return false;
	for (uint32_t i = 0; i < node->method_count; i++) {
		if (strcmp(qd_config_text(cc->config, node->method[i].name), name) == 0)
			clusterconf_notice(cc, e->line, "<method> name=\"%.100s\" of node %.100s is "
					   "there twice; both are tried, in order", name, node->name);
	}
	if (!clusterconf_keep(cc, e, name, &m->name) ||
	    !read_devices(cc, e, all, node->name, m->device, &m->device_count))
		return false;
	node->method_count++;
	return true;
}

static bool read_node_fencing(struct clusterconf *cc, const struct clusterconf_element *e,
			      const struct fencedevices *all, struct qd_config_node *node)
{
	const struct clusterconf_element *fence = clusterconf_single(cc, e, "fence");
	const struct clusterconf_element *unfence = clusterconf_single(cc, e, "unfence");
	const struct clusterconf_element *m = fence ? clusterconf_child(fence, "method") : NULL;

	for (; m; m = clusterconf_next(m)) {
		if (!read_method(cc, m, all, node))
			return false;
	}
	return !unfence ||
	       read_devices(cc, unfence, all, node->name, node->unfence, &node->unfence_count);
}

static bool check_twins(struct clusterconf *cc, const struct qd_config_node *node)
{
	for (const struct qd_config_node *n = cc->config->node; n < node; n++) {
		if (n->node_id == node->node_id)
			return clusterconf_refuse(cc, node->line, "<clusternode> nodeid=\"%" PRIu32
						  "\" is refused: %.100s in line %" PRIu32 " has it "
						  "too; allowed: an id of its own", node->node_id,
						  n->name, n->line);
		if (strcmp(n->name, node->name) == 0)
			return clusterconf_refuse(cc, node->line, "<clusternode> name=\"%.100s\" is "
						  "refused: line %" PRIu32 " has it too; allowed: a "
						  "name of its own", node->name, n->line);
	}
	return true;
}

/* With a quorum disk an id is also the number of the node's slot. */
static bool check_slot(struct clusterconf *cc, const struct clusterconf_element *e,
		       const struct qd_config_node *node)
{
	const struct clusterconf_element *root = e->parent->parent;

	return node->node_id <= QD_NODE_MAX || !clusterconf_child(root, "quorumd") ||
	       clusterconf_refuse(cc, e->line, "<clusternode> nodeid=\"%" PRIu32 "\" is refused: with <quorumd> "
				  "it is the number of the node's slot on the quorum disk; allowed: 1 .. %u",
				  node->node_id, QD_NODE_MAX);
}

static bool read_node(struct clusterconf *cc, const struct clusterconf_element *e,
		      const struct fencedevices *all)
{
	struct qd_config *config = cc->config;
	struct qd_config_node *node = &config->node[config->node_count];

	if (config->node_count == QD_NODE_MAX)
		return clusterconf_refuse(cc, e->line, "<clusternode> number %u is refused; allowed: "
					  "at most %u", QD_NODE_MAX + 1u, QD_NODE_MAX);
	node->line = e->line;
	node->votes = 1;
	if (!clusterconf_need(cc, e, "name", "the node's name") ||
	    !clusterconf_text(cc, e, "name", sizeof(node->name) - 1, node->name) ||
	    !clusterconf_need(cc, e, "nodeid", "a whole number, 1 .. 4096") ||
	    !clusterconf_u32(cc, e, "nodeid", 1, QD_NODE_ID_MAX, &node->node_id) ||
	    !check_slot(cc, e, node) ||
	    !clusterconf_u32(cc, e, "votes", 0, QD_VOTES_MAX, &node->votes) ||
	    !check_twins(cc, node) || !clusterconf_altnames(cc, e, node) ||
	    !read_node_fencing(cc, e, all, node))
		return false;
	config->node_count++;
	return true;
}

bool clusterconf_nodes(struct clusterconf *cc, const struct clusterconf_element *root)
{
	const struct clusterconf_element *top = clusterconf_single(cc, root, "clusternodes");
	const struct clusterconf_element *e = top ? clusterconf_child(top, "clusternode") : NULL;
	struct fencedevices all = { .count = 0 };

	if (!read_fencedevices(cc, root, &all))
		return false;
	for (; e; e = clusterconf_next(e)) {
		if (!read_node(cc, e, &all))
			return false;
	}
	return true;
}
