/* cluster.conf: what of <cman>, <totem> and <altname> is corosync's: the network,
 * its ports and its key. What corosync 3 has no equivalent for is remarked. */

#include <stdio.h>
#include <string.h>

#include "clusterconf_parts.h"

#define TOTEM_NUMBER_MAX 1000000u	/* ms, messages or bytes; corosync judges the rest */

/* An attribute without equivalent, and what holds instead. */
struct gone {
	const char *name, *instead;
};

static void remark_gone(struct clusterconf *cc, const struct clusterconf_element *e,
			const struct gone *gone, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = clusterconf_get(e, gone[i].name);

		if (text)
			clusterconf_remark(cc, e->line, "<%s> %s=\"%.64s\" has no equivalent in "
					   "corosync 3: %s", e->name, gone[i].name, text,
					   gone[i].instead);
	}
}

#define REMARK_GONE(cc, e, table) remark_gone(cc, e, table, sizeof(table) / sizeof((table)[0]))

/* transport= of <cman> or of <totem>. Multicast and broadcast were for corosync 1. */
static bool read_transport(struct clusterconf *cc, const struct clusterconf_element *e)
{
	static const char *const words[] = { "udp", "udpb", "udpu", "rdma", "iba", "knet", NULL };
	struct qd_totem_config *t = &cc->config->totem;
	char word[8] = "";

	if (!clusterconf_word(cc, e, "transport", words, word, sizeof(word)))
		return false;
	if (strcmp(word, "udpu") == 0)
		t->transport = QD_TRANSPORT_UDPU;
	else if (word[0])
		t->transport = QD_TRANSPORT_KNET;
	if (word[0] && t->transport == QD_TRANSPORT_KNET && strcmp(word, "knet") != 0)
		clusterconf_remark(cc, e->line, "<%s> transport=\"%s\" becomes knet", e->name, word);
	return true;
}

/* port= of <cman> is link 0's; link n uses the port that is n higher. */
static bool read_port(struct clusterconf *cc, const struct clusterconf_element *cman)
{
	uint32_t port = QD_UNSET;

	if (!clusterconf_u32(cc, cman, "port", 1, 65535 - QD_LINKS_MAX, &port))
		return false;
	for (uint32_t i = 0; port != QD_UNSET && i < QD_LINKS_MAX; i++)
		cc->config->totem.port[i] = port + i;
	return true;
}

static void remark_multicast(struct clusterconf *cc, const struct clusterconf_element *cman)
{
	static const char *const names[] = { "multicast", "altmulticast" };

	for (size_t i = 0; i < 2; i++) {
		const struct clusterconf_element *e = clusterconf_child(cman, names[i]);

		if (e)
			clusterconf_remark(cc, e->line, "<%s> has no equivalent: knet and udpu send to "
					   "each node by itself", e->name);
	}
}

static bool read_cman(struct clusterconf *cc, const struct clusterconf_element *cman)
{
	static const struct gone gone[] = {
		{ "broadcast", "knet and udpu send to each node by itself" },
		{ "ccsd_poll", "cman has gone" },
		{ "startup_config_timeout", "cman has gone" },
		{ "max_queued", "cman has gone" },
		{ "disallowed", "nodes that meet again merge" },
		{ "upgrading", "cman has gone" },
		{ "debug_mask", "<logging_daemon name=\"corosync\" subsys=...> does it" },
		{ "disable_openais", "openais has gone" },
		{ "nodename", "corosync finds its node by its addresses" },
	};

	if (!read_transport(cc, cman) || !read_port(cc, cman) ||
	    !clusterconf_path(cc, cman, "keyfile", cc->config->totem.keyfile))
		return false;
	REMARK_GONE(cc, cman, gone);
	remark_multicast(cc, cman);
	return true;
}

/* <totem><interface>: only the port still means something; <clusternodes> say the rest. */
static bool read_interface(struct clusterconf *cc, const struct clusterconf_element *e)
{
	static const struct gone gone[] = {
		{ "bindnetaddr", "the addresses of <clusternode> and <altname> hold" },
		{ "mcastaddr", "knet and udpu send to each node by itself" },
		{ "broadcast", "knet and udpu send to each node by itself" },
		{ "ttl", "it was for multicast" },
	};
	uint32_t ring = 0;

	REMARK_GONE(cc, e, gone);
	return clusterconf_u32(cc, e, "ringnumber", 0, QD_LINKS_MAX - 1, &ring) &&
	       clusterconf_u32(cc, e, "mcastport", 1, 65535, &cc->config->totem.port[ring]);
}

static bool read_numbers(struct clusterconf *cc, const struct clusterconf_element *totem)
{
	struct qd_totem_config *t = &cc->config->totem;

#define READ(name) \
	if (!clusterconf_u32(cc, totem, #name, 0, TOTEM_NUMBER_MAX, &t->name)) \
		return false;
	QD_TOTEM_NUMBERS(READ)
#undef READ
	return true;
}

static bool read_totem(struct clusterconf *cc, const struct clusterconf_element *totem)
{
	static const struct gone gone[] = {
		{ "rrp_mode", "with <altname> knet uses its links one at a time (link_mode passive)" },
		{ "rrp_problem_count_timeout", "knet watches its links" },
		{ "rrp_problem_count_threshold", "knet watches its links" },
		{ "rrp_problem_count_mcast_threshold", "knet watches its links" },
		{ "rrp_token_expired_timeout", "knet watches its links" },
		{ "rrp_autorecovery_check_timeout", "knet watches its links" },
		{ "clear_node_high_bit", "<clusternode nodeid=> is always given" },
		{ "crypto_type", "knet's crypto is aes256 with sha256" },
		{ "crypto_accept", "it was for a change from corosync 1.2" },
		{ "threads", "corosync 3 does not encrypt in threads" },
		{ "vsftype", "corosync 3 has one virtual synchrony filter" },
		{ "version", "it is always 2" },
	};
	const struct clusterconf_element *e = clusterconf_child(totem, "interface");
	struct qd_totem_config *t = &cc->config->totem;

	REMARK_GONE(cc, totem, gone);
	for (; e; e = clusterconf_next(e)) {
		if (!read_interface(cc, e))
			return false;
	}
	return read_transport(cc, totem) && read_numbers(cc, totem) &&
	       clusterconf_flag(cc, totem, "secauth", &t->secauth) &&
	       clusterconf_path(cc, totem, "keyfile", t->keyfile);
}

bool clusterconf_totem(struct clusterconf *cc, const struct clusterconf_element *root)
{
	const struct clusterconf_element *cman = clusterconf_child(root, "cman");
	const struct clusterconf_element *totem = clusterconf_child(root, "totem");

	return (!cman || read_cman(cc, cman)) && (!totem || read_totem(cc, totem));
}

/* The further networks of one node: links 1 and up. */
bool clusterconf_altnames(struct clusterconf *cc, const struct clusterconf_element *clusternode,
			  struct qd_config_node *node)
{
	static const struct gone gone[] = {
		{ "mcast", "knet and udpu send to each node by itself" },
	};
	const struct clusterconf_element *e = clusterconf_child(clusternode, "altname");

	for (; e; e = clusterconf_next(e)) {
		char name[QD_NODE_NAME_LEN] = "";

		if (node->altname_count == QD_LINKS_MAX - 1)
			return clusterconf_refuse(cc, e->line, "<altname> number %u of node %s is refused; "
						  "allowed: at most %u", QD_LINKS_MAX, node->name,
						  QD_LINKS_MAX - 1);
		REMARK_GONE(cc, e, gone);
		if (!clusterconf_need(cc, e, "name", "a name or an address of the node") ||
		    !clusterconf_text(cc, e, "name", sizeof(name) - 1, name) ||
		    !clusterconf_u32(cc, e, "port", 1, 65535,
				     &cc->config->totem.port[node->altname_count + 1]) ||
		    !clusterconf_keep(cc, e, name, &node->altname[node->altname_count]))
			return false;
		node->altname_count++;
	}
	return true;
}
