/* corosync.conf's keys to a tree as that of cluster.conf, for the same readers. */
#include "clusterconf_native.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clusterconf_parts.h"

#define QDISK "quorum.device.qdisk."
#define HEURISTICS "quorum.device.heuristics."
#define LOGGING "logging."
#define OUR_LOGGING "logging.logger_subsys.QDISKD."

struct tree {
	struct clusterconf *cc;
	const struct qd_native *native;
	unsigned attribute_count, element_count;
	struct clusterconf_attribute attribute[QD_NATIVE_KEYS_MAX + 8];
	struct clusterconf_element element[QD_HEURISTICS_MAX + 5];
	char after[QD_HEURISTICS_MAX + 1][QD_NATIVE_KEY_LEN];	/* "_NAME" of a heuristic */
};

static struct clusterconf_element *add_element(struct tree *t, struct clusterconf_element *parent,
					       const char *name, const char *before)
{
	struct clusterconf_element *e = &t->element[t->element_count++];

	*e = (struct clusterconf_element){ .name = name, .key_before = before, .key_after = "",
					   .parent = parent };
	if (parent && parent->last_child)
		parent->last_child->next = e;
	else if (parent)
		parent->children = e;
	if (parent)
		parent->last_child = e;
	return e;
}

static void add_attribute(struct tree *t, struct clusterconf_element *e, const char *name,
			  const char *value)
{
	struct clusterconf_attribute *a = &t->attribute[t->attribute_count++];

	*a = (struct clusterconf_attribute){ .name = name, .value = value, .next = e->attributes };
	e->attributes = a;
}

/* What stands behind `prefix` in the key, or NULL. */
static const char *behind(const char *key, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(key, prefix, length) == 0 ? key + length : NULL;
}

/* ---- Heuristics ---- */

/* "off": there are none, whatever else is written. False: refused. */
static bool heuristics_on(struct tree *t, bool *ret_on)
{
	const struct qd_native *n = t->native;

	*ret_on = true;
	for (uint32_t i = 0; i < n->count; i++) {
		if (strcmp(n->pair[i].key, HEURISTICS "mode") != 0)
			continue;
		*ret_on = strcmp(n->pair[i].value, "off") != 0;
		if (*ret_on && strcmp(n->pair[i].value, "on") != 0 && strcmp(n->pair[i].value, "sync") != 0)
			return clusterconf_refuse(t->cc, 0, HEURISTICS "mode: \"%.64s\" is refused; "
						  "allowed: on, sync (the same), off", n->pair[i].value);
	}
	return true;
}

/* One element for each exec_NAME. */
static bool add_heuristics(struct tree *t, struct clusterconf_element *quorumd)
{
	const struct qd_native *n = t->native;
	unsigned count = 0;

	for (uint32_t i = 0; i < n->count; i++) {
		const char *name = behind(n->pair[i].key, HEURISTICS "exec");
		struct clusterconf_element *e;

		if (!name || name[0] != '_' || !name[1])
			continue;
		if (count == QD_HEURISTICS_MAX)
			return clusterconf_refuse(t->cc, 0, "%s: one more than %u heuristics is refused; "
						  "allowed: at most %u", n->pair[i].key, QD_HEURISTICS_MAX,
						  QD_HEURISTICS_MAX);
		e = add_element(t, quorumd, "heuristic", HEURISTICS);
		(void)snprintf(t->after[count], sizeof(t->after[count]), "%s", name);
		e->key_after = t->after[count++];
		add_attribute(t, e, "program", n->pair[i].value);
	}
	return true;
}

/* Of `score_NAME`: the element of NAME and the attribute's name. False: neither. */
static bool find_heuristic(struct clusterconf_element *quorumd, const char *word,
			   struct clusterconf_element **ret_element, const char **ret_name)
{
	static const char *const names[] = { "score", "interval", "tko", "timeout" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *after = behind(word, names[i]);

		for (struct clusterconf_element *e = quorumd->children; after && e; e = e->next) {
			if (strcmp(e->key_after, after) == 0) {
				*ret_element = e;
				*ret_name = names[i];
				return true;
			}
		}
	}
	return false;
}

static bool add_heuristic_attributes(struct tree *t, struct clusterconf_element *quorumd)
{
	const struct qd_native *n = t->native;

	for (uint32_t i = 0; i < n->count; i++) {
		const char *word = behind(n->pair[i].key, HEURISTICS);
		struct clusterconf_element *e;
		const char *name;

		if (!word || strcmp(word, "mode") == 0 || (behind(word, "exec_") && word[5]))
			continue;
		if (!find_heuristic(quorumd, word, &e, &name))
			return clusterconf_refuse(t->cc, 0, "%s: \"%.64s\" is refused: there is no such key; "
						  "allowed: mode, exec_NAME, and for a NAME with exec_NAME "
						  "score_NAME, interval_NAME, tko_NAME, timeout_NAME",
						  n->pair[i].key, n->pair[i].value);
		add_attribute(t, e, name, n->pair[i].value);
	}
	return true;
}

/* ---- Sections ---- */

static bool add_quorumd(struct tree *t, struct clusterconf_element *root)
{
	struct clusterconf_element *quorumd = add_element(t, root, "quorumd", QDISK);
	const struct qd_native *n = t->native;
	bool on;

	for (uint32_t i = 0; i < n->count; i++) {
		const char *name = behind(n->pair[i].key, QDISK);

		if (name && strcmp(name, "votes") == 0)
			return clusterconf_refuse(t->cc, 0, QDISK "votes: \"%.64s\" is refused: there is no "
						  "such key; allowed: quorum.device.votes, which corosync reads",
						  n->pair[i].value);
		if (name)
			add_attribute(t, quorumd, name, n->pair[i].value);
		else if (strcmp(n->pair[i].key, "quorum.device.votes") == 0)
			add_attribute(t, quorumd, "votes", n->pair[i].value);
	}
	if (!heuristics_on(t, &on))
		return false;
	return !on || (add_heuristics(t, quorumd) && add_heuristic_attributes(t, quorumd));
}

/* corosync's way to syslog is ours too, its log file is not; what the section
 * logger_subsys of QDISKD says stands above. corosync's debug: trace is more than on. */
static void add_logging(struct tree *t, struct clusterconf_element *root)
{
	static const char *const shared[] = { "to_syslog", "syslog_facility", "syslog_priority", "debug" };
	struct clusterconf_element *logging = add_element(t, root, "logging", LOGGING);
	struct clusterconf_element *ours = add_element(t, logging, "logging_daemon", OUR_LOGGING);
	const struct qd_native *n = t->native;

	/* the first of a name counts, and each is put in front: defaults first */
	add_attribute(t, logging, "to_logfile", "no");
	add_attribute(t, logging, "syslog_facility", "daemon");
	add_attribute(t, ours, "name", "qdiskd");
	for (uint32_t i = 0; i < n->count; i++) {
		const char *value = n->pair[i].value, *name = behind(n->pair[i].key, OUR_LOGGING);

		if (name && strcmp(name, "debug") == 0 && strcmp(value, "trace") == 0)
			value = "on";
		if (name && strcmp(name, "subsys") != 0)
			add_attribute(t, ours, name, value);
		name = behind(n->pair[i].key, LOGGING);
		for (size_t k = 0; name && k < sizeof(shared) / sizeof(shared[0]); k++) {
			if (strcmp(name, shared[k]) == 0)
				add_attribute(t, logging, name, strcmp(value, "trace") == 0 ? "on" : value);
		}
	}
}

int clusterconf_native(const struct qd_native *native, const char *cluster, struct qd_config *ret,
		       char *error, size_t error_size)
{
	struct clusterconf cc = { .file = CLUSTERCONF_NATIVE_FILE, .config = ret, .error = error,
				  .error_size = error_size };
	struct tree t = { .cc = &cc, .native = native };
	struct clusterconf_element *root = add_element(&t, NULL, "cluster", "totem.");

	clusterconf_init(ret, CLUSTERCONF_NATIVE_FILE);
	ret->native = true;
	add_attribute(&t, root, "name", cluster[0] ? cluster : "none");
	add_attribute(&t, root, "config_version", "0");
	add_logging(&t, root);
	if (!add_quorumd(&t, root) || !clusterconf_schema(&cc, root) || !clusterconf_cluster(&cc, root) ||
	    !clusterconf_quorumd(&cc, root))
		return -EINVAL;
	if (!cluster[0])
		ret->cluster[0] = '\0';
	return 0;
}
