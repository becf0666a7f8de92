/* cluster.conf: <cluster>, <cman>, <totem>, <fence_daemon>: what concerns qdiskd. */

#include <string.h>

#include "clusterconf_parts.h"

static bool read_cman(struct clusterconf *cc, const struct clusterconf_element *root)
{
	const struct clusterconf_element *cman = clusterconf_single(cc, root, "cman");
	struct qd_config *config = cc->config;

	if (!cman)
		return true;
	if (!clusterconf_u32(cc, cman, "expected_votes", 1, QD_VOTES_MAX,
			     &config->expected_votes) ||
	    !clusterconf_flag(cc, cman, "two_node", &config->two_node) ||
	    !clusterconf_u32(cc, cman, "quorum_dev_poll", 0, QD_MS_MAX,
			     &config->quorum_dev_poll_ms) ||
	    !clusterconf_u32(cc, cman, "cluster_id", 0, QD_CLUSTER_ID_MAX, &config->cluster_id) ||
	    !clusterconf_flag(cc, cman, "hash_cluster_id", &config->hash_cluster_id) ||
	    !clusterconf_u32(cc, cman, "shutdown_timeout", 0, QD_MS_MAX,
			     &config->shutdown_timeout_ms))
		return false;
	if (config->two_node && clusterconf_child(root, "quorumd")) {
		clusterconf_notice(cc, cman->line,
				   "<cman> two_node=\"1\" is dropped: with <quorumd> the quorum "
				   "device decides between two nodes");
		config->two_node = 0;
	}
	return true;
}

static bool read_totem(struct clusterconf *cc, const struct clusterconf_element *root)
{
	const struct clusterconf_element *totem = clusterconf_single(cc, root, "totem");

	return !totem ||
	       clusterconf_u32(cc, totem, "token", 30, QD_MS_MAX, &cc->config->token_ms);
}

/* Legacy ignores a negative delay; "-1, for ever" worked on its command line only. */
static bool read_delay(struct clusterconf *cc, const struct clusterconf_element *e,
		       const char *name, uint32_t *value)
{
	const char *text = clusterconf_get(e, name);

	if (text && text[0] == '-' && text[1] && strspn(text + 1, "0123456789") == strlen(text + 1)) {
		clusterconf_notice(cc, e->line, "<%s> %s=\"%.32s\" is negative and passed over: "
				   "%u is in force", e->name, name, text, *value);
		return true;
	}
	return clusterconf_u32(cc, e, name, 0, QD_DELAY_S_MAX, value);
}

static bool read_fence_daemon(struct clusterconf *cc, const struct clusterconf_element *root)
{
	static const char *const unused[] = { "override_time", "override_path", "clean_start",
					      "skip_undefined" };
	const struct clusterconf_element *e = clusterconf_single(cc, root, "fence_daemon");
	struct qd_config *config = cc->config;

	config->post_fail_delay_s = 0;
	config->post_join_delay_s = 6;
	if (!e)
		return true;
	for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++) {
		if (clusterconf_get(e, unused[i]))
			clusterconf_notice(cc, e->line, "<fence_daemon> %s= is not acted on by qdiskd",
					   unused[i]);
	}
	return read_delay(cc, e, "post_fail_delay", &config->post_fail_delay_s) &&
	       read_delay(cc, e, "post_join_delay", &config->post_join_delay_s);
}

bool clusterconf_cluster(struct clusterconf *cc, const struct clusterconf_element *root)
{
	struct qd_config *config = cc->config;

	return clusterconf_need(cc, root, "name", "the cluster's name") &&
	       clusterconf_text(cc, root, "name", sizeof(config->cluster) - 1, config->cluster) &&
	       clusterconf_need(cc, root, "config_version",
				"a number that grows with every change") &&
	       clusterconf_u32(cc, root, "config_version", 0, UINT32_MAX - 1,
			       &config->config_version) &&
	       read_cman(cc, root) && read_totem(cc, root) && read_fence_daemon(cc, root) &&
	       clusterconf_totem(cc, root) && clusterconf_logging(cc, root);
}
