/* cluster.conf: which element may stand where, and with what attributes. */

#include <string.h>

#include "clusterconf_parts.h"

#define ANY NULL	/* attributes that are not for us to know */

struct rule {
	const char *parent, *name;
	const char *attributes;	/* words, or ANY */
	bool strict;		/* what is unknown here is refused, not noticed */
};

static const struct rule rules[] = {
	{ "", "cluster", "name config_version", false },
	{ "cluster", "cman", ANY, false },
	{ "cman", "multicast", ANY, false },
	{ "cman", "altmulticast", ANY, false },
	{ "cluster", "totem", ANY, false },
	{ "totem", "interface", ANY, false },
	{ "cluster", "clusternodes", "", false },
	{ "clusternodes", "clusternode", "name nodeid votes weight", false },
	{ "clusternode", "altname", "name port mcast", false },
	{ "clusternode", "fence", "", false },
	{ "fence", "method", "name", false },
	{ "method", "device", ANY, false },
	{ "clusternode", "unfence", "", false },
	{ "unfence", "device", ANY, false },
	{ "cluster", "fencedevices", "", false },
	{ "fencedevices", "fencedevice", ANY, false },
	{ "cluster", "fence_daemon",
	  "post_join_delay post_fail_delay override_time override_path clean_start skip_undefined",
	  false },
	{ "cluster", "logging",
	  "to_syslog to_logfile syslog_facility syslog_priority logfile_priority logfile debug",
	  false },
	{ "logging", "logging_daemon",
	  "name subsys to_syslog to_logfile syslog_facility syslog_priority logfile_priority "
	  "logfile debug", false },
	{ "cluster", "quorumd",
	  "interval tko tko_up upgrade_wait master_wait votes device label cman_label min_score "
	  "reboot allow_kill master_wins paranoid io_timeout max_error_cycles stop_cman scheduler "
	  "priority status_file fence watchdog use_uptime log_level log_facility", true },
	{ "quorumd", "heuristic", "program score interval tko timeout", true },
};

/* Other programs' parts of the file. */
static const char passed[] =
	"dlm gfs_controld group rm clvmd fence_xvmd event amf aisexec service uidgid";

/* Is `word` one of the words in `list`? */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	if (length == 0)	/* a key that ends in its dot */
		return false;
	for (const char *at = list; (at = strstr(at, word)); at += length) {
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	}
	return false;
}

static const struct rule *find_rule(const char *parent, const char *name)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (strcmp(rules[i].parent, parent) == 0 && strcmp(rules[i].name, name) == 0)
			return &rules[i];
	}
	return NULL;
}

enum clusterconf_place clusterconf_place(const char *name)
{
	if (find_rule("cluster", name))
		return CLUSTERCONF_READ;
	return has_word(passed, name) ? CLUSTERCONF_PASS : CLUSTERCONF_UNKNOWN;
}

static bool check_attribute(struct clusterconf *cc, const struct rule *rule,
			    const struct clusterconf_element *e,
			    const struct clusterconf_attribute *a)
{
	char place[CLUSTERCONF_PLACE_LEN];

	for (const char *c = a->value; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return clusterconf_refuse(cc, e->line,
						  "<%s> %.64s= holds a line break or another control "
						  "character (byte %#04x); allowed: text in one line",
						  e->name, a->name, (unsigned)(unsigned char)*c);
	}
	if (rule->attributes == ANY || has_word(rule->attributes, a->name))
		return true;
	if (rule->strict)
		return clusterconf_refuse(cc, e->line,
					  "%s\"%.64s\" is refused: there is no such %s; allowed: %s",
					  clusterconf_place_of(e, a->name, place), a->value,
					  e->key_before ? "key" : "attribute", rule->attributes);
	clusterconf_notice(cc, e->line, "<%s> %.64s=\"%.64s\" is not known and passed over", e->name,
			   a->name, a->value);
	return true;
}

/* The names below one element that has a rule. */
static bool check_element(struct clusterconf *cc, const struct rule *rule,
			  const struct clusterconf_element *e)
{
	for (const struct clusterconf_attribute *a = e->attributes; a; a = a->next) {
		if (!check_attribute(cc, rule, e, a))
			return false;
	}
	for (const struct clusterconf_element *c = e->children; c; c = c->next) {
		const struct rule *below = find_rule(e->name, c->name);

		/* Depth is bounded by the rules: no element can stand inside itself. */
		if (below && !check_element(cc, below, c))
			return false;
		if (!below && rule->strict)
			return clusterconf_refuse(cc, c->line,
						  "<%.64s> is refused inside <%s>; allowed: %s",
						  c->name, e->name,
						  strcmp(e->name, "quorumd") == 0 ? "<heuristic>"
										  : "no element");
		if (!below)
			clusterconf_notice(cc, c->line,
					   "<%.64s> inside <%s> is not known and passed over",
					   c->name, e->name);
	}
	return true;
}

bool clusterconf_schema(struct clusterconf *cc, const struct clusterconf_element *root)
{
	return check_element(cc, &rules[0], root);
}
