/* cluster.conf: <logging> and <logging_daemon>, of qdiskd and of corosync. */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clusterconf_parts.h"

#define QDISKD_LOGFILE "/var/log/cluster/qdiskd.log"
#define COROSYNC_LOGFILE "/var/log/cluster/corosync.log"

static bool read_priority(struct clusterconf *cc, const struct clusterconf_element *e,
			  const char *name, char value[16])
{
	static const char *const words[] = { "emerg", "alert", "crit", "err", "error", "warning",
					     "notice", "info", "debug", NULL };

	if (!clusterconf_word(cc, e, name, words, value, 16))
		return false;
	if (strcmp(value, "error") == 0)
		(void)snprintf(value, 16, "err");
	return true;
}

/* The attributes that <logging> and <logging_daemon> share. */
static bool read_log(struct clusterconf *cc, const struct clusterconf_element *e,
		     struct qd_log_config *log)
{
	static const char *const facilities[] = {
		"auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news",
		"syslog", "user", "uucp", "local0", "local1", "local2", "local3", "local4",
		"local5", "local6", "local7", NULL };
	uint32_t to_syslog = log->to_syslog, to_logfile = log->to_logfile, debug = log->debug;

	if (!clusterconf_flag(cc, e, "to_syslog", &to_syslog) ||
	    !clusterconf_flag(cc, e, "to_logfile", &to_logfile) ||
	    !clusterconf_flag(cc, e, "debug", &debug) ||
	    !clusterconf_word(cc, e, "syslog_facility", facilities, log->facility,
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

static void apply_debug(struct qd_log_config *log)
{
	if (log->debug)
		(void)snprintf(log->logfile_priority, sizeof(log->logfile_priority), "debug");
}

static bool is_daemon(const struct clusterconf_element *e, const char *daemon)
{
	const char *name = clusterconf_get(e, "name");

	return name && strcasecmp(name, daemon) == 0;
}

/* <logging>, then over it the first <logging_daemon> of that name; one with subsys= is
 * about a part of corosync, and of nobody else. */
static bool read_daemon(struct clusterconf *cc, const struct clusterconf_element *logging,
			const char *daemon, struct qd_log_config *log)
{
	const struct clusterconf_element *e;

	if (!read_log(cc, logging, log))
		return false;
	for (e = clusterconf_child(logging, "logging_daemon"); e; e = clusterconf_next(e)) {
		if (is_daemon(e, daemon) &&
		    !(is_daemon(e, "corosync") && clusterconf_get(e, "subsys")))
			return read_log(cc, e, log);
	}
	return true;
}

/* A part of corosync, over what corosync logs as a whole. */
static bool read_subsys(struct clusterconf *cc, const struct clusterconf_element *e)
{
	struct qd_totem_config *t = &cc->config->totem;
	uint32_t i = t->subsys_count;

	if (i == QD_SUBSYS_MAX)
		return clusterconf_refuse(cc, e->line, "<logging_daemon> with subsys= number %u is refused; "
					  "allowed: at most %u", QD_SUBSYS_MAX + 1, QD_SUBSYS_MAX);
	t->subsys[i].log = t->log;
	if (!clusterconf_text(cc, e, "subsys", QD_SUBSYS_LEN - 1, t->subsys[i].name) ||
	    !read_log(cc, e, &t->subsys[i].log))
		return false;
	apply_debug(&t->subsys[i].log);
	t->subsys_count++;
	return true;
}

static bool read_parts(struct clusterconf *cc, const struct clusterconf_element *logging)
{
	const struct clusterconf_element *e = clusterconf_child(logging, "logging_daemon");

	for (; e; e = clusterconf_next(e)) {
		if (is_daemon(e, "corosync") && clusterconf_get(e, "subsys") && !read_subsys(cc, e))
			return false;
	}
	return true;
}

bool clusterconf_logging(struct clusterconf *cc, const struct clusterconf_element *root)
{
	const struct clusterconf_element *logging = clusterconf_single(cc, root, "logging");
	struct qd_log_config *log = &cc->config->log, *corosync = &cc->config->totem.log;

	*log = (struct qd_log_config){ .to_syslog = true, .to_logfile = true, .facility = "local4",
				       .priority = "info", .logfile_priority = "info",
				       .logfile = QDISKD_LOGFILE };
	*corosync = *log;
	(void)snprintf(corosync->logfile, sizeof(corosync->logfile), COROSYNC_LOGFILE);
	if (logging && (!read_daemon(cc, logging, "qdiskd", log) ||
			!read_daemon(cc, logging, "corosync", corosync) || !read_parts(cc, logging)))
		return false;
	apply_debug(log);
	apply_debug(corosync);
	return true;
}
