/* cman_tool: from cluster.conf to the files that corosync and qdiskd start with. */
#ifndef CMAN_TOOL_CONF_H
#define CMAN_TOOL_CONF_H

#include "cman_tool.h"
#include "corosync_conf.h"

#define CMAN_TOOL_ERROR_LEN 1024u

/* What join and version -r work with; large, the caller's. */
struct cman_tool_conf {
	const char *file;		/* cluster.conf */
	struct qd_config config;	/* as the file and the options say */
	uint32_t node;			/* index in config.node: this node */
	bool has_device;		/* there is a <quorumd> */
	struct qd_params params;	/* with a device: what the laws make of it */
	struct qd_findings findings;
	struct corosync_conf corosync;
};

/* ---- cman_tool_here.c: which node is this? ---- */

/* By host name: the name itself, cut at its first dot, or equal to a node's name
 * that was cut there. The index of the node, or -1. Pure. */
int cman_tool_node_by_host(const struct qd_config *config, const char *host);

/* Legacy's way: -n, else by host name, else by the names and texts of this node's
 * addresses. Index, or -1 with legacy's words in `error`. */
int cman_tool_node_here(const struct cman_tool_options *o, const struct qd_config *config,
			char *error, size_t error_size);

/* Can the other nodes reach us by that name? False, with legacy's words. */
bool cman_tool_node_reachable(const char *name, char *error, size_t error_size);

/* ---- cman_tool_conf.c ---- */

/* What the options of join say stands above the file. False: they cannot be
 * together with it; `error` says why. Pure. */
bool cman_tool_override(const struct cman_tool_options *o, struct qd_config *config, uint32_t node,
			char *error, size_t error_size);

/* Read cluster.conf, take the options into it, judge it, write the text of
 * corosync.conf into memory. Says what is wrong, by -D, and what has no
 * equivalent. 0; -EINVAL: the end, said. */
int cman_tool_conf_make(const struct cman_tool_options *o, struct cman_tool_conf *ret);

/* Is there a corosync.conf that an administrator wrote? */
bool cman_tool_conf_foreign(void);

/* Put the text in corosync.conf's place, whole or not at all; one that an
 * administrator wrote is kept beside it. 0, or negative errno, said. */
int cman_tool_conf_install(const struct cman_tool_options *o, const struct cman_tool_conf *conf);

/* The file that is read: COROSYNC_CLUSTER_CONFIG_FILE, or /etc/cluster/cluster.conf. */
const char *cman_tool_cluster_conf(void);

#endif
