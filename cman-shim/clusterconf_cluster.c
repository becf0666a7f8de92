/* cluster.conf: <cluster>, <cman>, <totem>, <fence_daemon>, <logging>. */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clusterconf_parts.h"

#define LOGFILE "/var/log/cluster/qdiskd.log"

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
			     &config->quorum_dev_poll_ms))
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
	static const char *const unused[] = { "post_fail_delay", "post_join_delay",
					      "override_time", "override_path", "clean_start",
					      "skip_undefined" };
	const struct clusterconf_element *e = clusterconf_single(cc, root, "fence_daemon");
	struct qd_config *config = cc->config;

	config->post_fail_delay_s = 0;
	config->post_join_delay_s = 6;
	if (!e)
		return true;
	for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++) {
		if (clusterconf_get(e, unused[i]))
			clusterconf_notice(cc, e->line, "<fence_daemon> %s= is not acted on by qdiskd: "
					   "fencing begins at once", unused[i]);
	}
	return read_delay(cc, e, "post_fail_delay", &config->post_fail_delay_s) &&
	       read_delay(cc, e, "post_join_delay", &config->post_join_delay_s);
}

/* One word of a list that ends with NULL. */
static bool read_word(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *name, const char *const *words, char *value, size_t size)
{
	const char *text = clusterconf_get(e, name);
	char allowed[256] = "";
	size_t used = 0;

	if (!text)
		return true;
	for (; *words; words++) {
		int n;

		if (strcasecmp(text, *words) == 0) {
			(void)snprintf(value, size, "%s", *words);
			return true;
		}
		n = snprintf(allowed + used, sizeof(allowed) - used, "%s%s", used ? " " : "",
			     *words);
		if (n > 0 && (size_t)n < sizeof(allowed) - used)
			used += (size_t)n;
	}
	return clusterconf_refuse_value(cc, e, name, allowed);
}

static bool read_priority(struct clusterconf *cc, const struct clusterconf_element *e,
			  const char *name, char value[16])
{
	static const char *const words[] = { "emerg", "alert", "crit", "err", "error", "warning",
					     "notice", "info", "debug", NULL };

	if (!read_word(cc, e, name, words, value, 16))
		return false;
	if (strcmp(value, "error") == 0)
		(void)snprintf(value, 16, "err");
	return true;
}

/* The attributes that <logging> and <logging_daemon> share. */
static bool read_log(struct clusterconf *cc, const struct clusterconf_element *e)
{
	static const char *const facilities[] = {
		"auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news",
		"syslog", "user", "uucp", "local0", "local1", "local2", "local3", "local4",
		"local5", "local6", "local7", NULL };
	struct qd_log_config *log = &cc->config->log;
	uint32_t to_syslog = log->to_syslog, to_logfile = log->to_logfile, debug = log->debug;

	if (!clusterconf_flag(cc, e, "to_syslog", &to_syslog) ||
	    !clusterconf_flag(cc, e, "to_logfile", &to_logfile) ||
	    !clusterconf_flag(cc, e, "debug", &debug) ||
	    !read_word(cc, e, "syslog_facility", facilities, log->facility,
		       sizeof(log->facility)) ||
	    !read_priority(cc, e, "syslog_priority", log->priority) ||
	    !read_priority(cc, e, "logfile_priority", log->logfile_priority) ||
	    !clusterconf_path(cc, e, "logfile", log->logfile))
		return false;
	log->to_syslog = to_syslog;
	log->to_logfile = to_logfile;
	log->debug = debug;
	return true;
}

/* <logging>, then over it the first <logging_daemon> that is for us. */
static bool read_logging(struct clusterconf *cc, const struct clusterconf_element *root)
{
	const struct clusterconf_element *logging = clusterconf_single(cc, root, "logging");
	const struct clusterconf_element *e = NULL;
	struct qd_log_config *log = &cc->config->log;

	*log = (struct qd_log_config){ .to_syslog = true, .to_logfile = true, .facility = "local4",
				       .priority = "info", .logfile_priority = "info",
				       .logfile = LOGFILE };
	if (logging) {
		if (!read_log(cc, logging))
			return false;
		e = clusterconf_child(logging, "logging_daemon");
	}
	for (; e; e = clusterconf_next(e)) {
		const char *name = clusterconf_get(e, "name");

		if (!name || strcasecmp(name, "qdiskd") != 0)
			continue;
		if (!read_log(cc, e))
			return false;
		break;
	}
	if (log->debug)
		(void)snprintf(log->logfile_priority, sizeof(log->logfile_priority), "debug");
	return true;
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
	       read_logging(cc, root);
}
