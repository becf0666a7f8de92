/* What the reader of cluster.conf sent, checked before anything of it is used.
 * Pure. The limits are those of qd_config.h; the reader keeps them too, but it
 * is the reader that is not trusted here. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

/* A text of one line that ends within its array. */
static bool text_good(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\0')
			return true;
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return false;
}

/* A path or nothing. */
static bool path_good(const char *text, size_t size)
{
	return text_good(text, size) && (text[0] == '\0' || text[0] == '/');
}

static bool number_good(uint32_t value, uint32_t min, uint32_t max)
{
	return value >= min && value <= max;
}

static bool unset_or(uint32_t value, uint32_t min, uint32_t max)
{
	return value == QD_UNSET || number_good(value, min, max);
}

/* A bool from outside may hold any byte, and only 0 and 1 may be read as one. */
static bool bool_good(const bool *value)
{
	unsigned char byte;

	memcpy(&byte, value, 1);
	return byte <= 1;
}

static const char *check_numbers(const struct qd_config *c)
{
	uint32_t fence;

	memcpy(&fence, &c->fence, sizeof(fence));
	if (!bool_good(&c->native) || c->native)
		return "native";	/* the reader reads cluster.conf */
	if (!unset_or(c->interval_ms, QD_INTERVAL_MS_MIN, QD_INTERVAL_MS_MAX))
		return "interval";
	if (!unset_or(c->tko, QD_TKO_MIN, QD_CYCLES_MAX) || !unset_or(c->tko_up, 1, QD_CYCLES_MAX) ||
	    !unset_or(c->upgrade_wait, 1, QD_CYCLES_MAX) ||
	    !unset_or(c->master_wait, QD_MASTER_WAIT_MIN, QD_CYCLES_MAX))
		return "tko, tko_up, upgrade_wait or master_wait";
	if (!unset_or(c->votes, 1, QD_VOTES_MAX) || !unset_or(c->min_score, 0, QD_SCORE_MAX))
		return "votes or min_score";
	if (!unset_or(c->reboot, 0, 1) || !unset_or(c->allow_kill, 0, 1) ||
	    !unset_or(c->master_wins, 0, 1) || !unset_or(c->paranoid, 0, 1) ||
	    !unset_or(c->io_timeout, 0, 1) || !unset_or(c->stop_cman, 0, 1) ||
	    !unset_or(c->max_error_cycles, 0, QD_ERROR_CYCLES_MAX))
		return "flag of quorumd";
	if (c->scheduler != QD_UNSET && c->scheduler != 'r' && c->scheduler != 'f' &&
	    c->scheduler != 'o')
		return "scheduler";
	if (!unset_or(c->priority, 1, 99) || c->nice < -20 || c->nice > 19)
		return "priority";
	if (fence > QD_FENCE_OFF)
		return "fence";
	if (!unset_or(c->token_ms, 30, QD_MS_MAX) ||
	    !unset_or(c->expected_votes, 1, QD_VOTES_MAX) || !number_good(c->two_node, 0, 1) ||
	    !unset_or(c->quorum_dev_poll_ms, 0, QD_MS_MAX))
		return "token, expected_votes, two_node or quorum_dev_poll";
	if (!unset_or(c->cluster_id, 0, QD_CLUSTER_ID_MAX) || !unset_or(c->hash_cluster_id, 0, 1) ||
	    !unset_or(c->shutdown_timeout_ms, 0, QD_MS_MAX))
		return "cluster_id, hash_cluster_id or shutdown_timeout";
	if (c->post_fail_delay_s > QD_DELAY_S_MAX || c->post_join_delay_s > QD_DELAY_S_MAX)
		return "post_fail_delay or post_join_delay";
	return NULL;
}

static bool log_good(const struct qd_log_config *log)
{
	return bool_good(&log->to_syslog) && bool_good(&log->to_logfile) && bool_good(&log->debug) &&
	       text_good(log->facility, sizeof(log->facility)) &&
	       text_good(log->priority, sizeof(log->priority)) &&
	       text_good(log->logfile_priority, sizeof(log->logfile_priority)) &&
	       path_good(log->logfile, sizeof(log->logfile));
}

static const char *check_totem(const struct qd_totem_config *t)
{
	uint32_t transport;

	memcpy(&transport, &t->transport, sizeof(transport));
	if (transport > QD_TRANSPORT_UDPU || !unset_or(t->secauth, 0, 1))
		return "transport or secauth";
	if (!path_good(t->keyfile, sizeof(t->keyfile)))
		return "keyfile";
	for (uint32_t i = 0; i < QD_LINKS_MAX; i++) {
		if (!unset_or(t->port[i], 1, 65535))
			return "port";
	}
	if (!log_good(&t->log) || t->subsys_count > QD_SUBSYS_MAX)
		return "logging of corosync";
	for (uint32_t i = 0; i < t->subsys_count; i++) {
		if (!text_good(t->subsys[i].name, QD_SUBSYS_LEN) || !t->subsys[i].name[0] ||
		    !log_good(&t->subsys[i].log))
			return "logging of a part of corosync";
	}
	return NULL;
}

static const char *check_texts(const struct qd_config *c)
{
	if (!path_good(c->file, sizeof(c->file)))
		return "file";
	if (!text_good(c->cluster, sizeof(c->cluster)) || !c->cluster[0])
		return "cluster name";
	if (!path_good(c->device, sizeof(c->device)) || !text_good(c->label, sizeof(c->label)) ||
	    !text_good(c->cman_label, sizeof(c->cman_label)) ||
	    strlen(c->cman_label) > QD_DEVICE_NAME_MAX)
		return "device, label or cman_label";
	if (!text_good(c->status_file, sizeof(c->status_file)) ||
	    (strcmp(c->status_file, "-") != 0 &&
	     !path_good(c->status_file, sizeof(c->status_file))))
		return "status_file";
	if (!path_good(c->watchdog, sizeof(c->watchdog)))
		return "watchdog";
	if (!log_good(&c->log))
		return "logging";
	if (c->notice_count > QD_NOTICES_MAX)
		return "notice_count";
	for (uint32_t i = 0; i < c->notice_count; i++) {
		if (!bool_good(&c->notice[i].corosync) ||
		    !text_good(c->notice[i].text, sizeof(c->notice[i].text)))
			return "notice";
	}
	return NULL;
}

static const char *check_heuristics(const struct qd_config *c)
{
	uint32_t sum = 0;

	if (c->heuristic_count > QD_HEURISTICS_MAX)
		return "heuristic_count";
	for (uint32_t i = 0; i < c->heuristic_count; i++) {
		const struct qd_heuristic *h = &c->heuristic[i];

		if (!text_good(h->program, sizeof(h->program)) || !h->program[0] ||
		    !number_good(h->score, 1, QD_SCORE_MAX) ||
		    !unset_or(h->interval_ms, QD_INTERVAL_MS_MIN, QD_HEURISTIC_MS_MAX) ||
		    !unset_or(h->tko, 1, QD_CYCLES_MAX) ||
		    !unset_or(h->timeout_ms, QD_INTERVAL_MS_MIN, QD_HEURISTIC_MS_MAX))
			return "heuristic";
		sum += h->score;	/* at most 32 * 65535 */
	}
	return sum > QD_SCORE_MAX ? "sum of scores" : NULL;
}

/* Ends in every text of the pool are checked by its last byte. */
static const char *check_pool(const struct qd_config *c)
{
	if (!number_good(c->pool_used, 1, QD_POOL_BYTES) || c->pool[0] != '\0' ||
	    c->pool[c->pool_used - 1] != '\0')
		return "pool";
	for (uint32_t i = 0; i < c->pool_used; i++) {
		unsigned char byte = (unsigned char)c->pool[i];

		if ((byte < ' ' && byte != '\0' && byte != '\n') || byte == 0x7f)
			return "byte in pool";
	}
	return NULL;
}

/* One line of the pool, of at most 255 bytes. */
static bool name_good(const struct qd_config *c, qd_text text)
{
	const char *at;

	if (text >= c->pool_used)
		return false;
	at = &c->pool[text];
	return *at && strnlen(at, QD_NODE_NAME_LEN) < QD_NODE_NAME_LEN && !strchr(at, '\n');
}

static bool devices_good(const struct qd_config *c, const struct qd_fence_device *device,
			 uint32_t count)
{
	if (count > QD_DEVICES_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const struct qd_fence_device *d = &device[i];

		if (!name_good(c, d->name) || !name_good(c, d->agent) || d->args >= c->pool_used ||
		    strnlen(&c->pool[d->args], QD_FENCE_ARGS_MAX) == QD_FENCE_ARGS_MAX)
			return false;
	}
	return true;
}

static const char *check_node(const struct qd_config *c, const struct qd_config_node *n)
{
	if (!text_good(n->name, sizeof(n->name)) || !n->name[0])
		return "node name";
	if (!number_good(n->node_id, 1, c->quorumd_line ? QD_NODE_MAX : QD_NODE_ID_MAX))
		return "node id";
	if (n->votes > QD_VOTES_MAX)
		return "node votes";
	if (n->method_count > QD_METHODS_MAX)
		return "method_count";
	for (uint32_t i = 0; i < n->method_count; i++) {
		if (!name_good(c, n->method[i].name) ||
		    !devices_good(c, n->method[i].device, n->method[i].device_count))
			return "fence method";
	}
	if (n->altname_count > QD_LINKS_MAX - 1)
		return "altname_count";
	for (uint32_t i = 0; i < n->altname_count; i++) {
		if (!name_good(c, n->altname[i]))
			return "altname";
	}
	return devices_good(c, n->unfence, n->unfence_count) ? NULL : "unfence device";
}

static const char *check_nodes(const struct qd_config *c)
{
	if (c->node_count > QD_NODE_MAX)
		return "node_count";
	for (uint32_t i = 0; i < c->node_count; i++) {
		const char *wrong = check_node(c, &c->node[i]);

		if (wrong)
			return wrong;
		for (uint32_t k = 0; k < i; k++) {
			if (c->node[k].node_id == c->node[i].node_id)
				return "node id that is there twice";
		}
	}
	return NULL;
}

const char *config_invalid(const struct qd_config *config)
{
	const char *wrong = check_numbers(config);

	if (!wrong)
		wrong = check_texts(config);
	if (!wrong)
		wrong = check_totem(&config->totem);
	if (!wrong)
		wrong = check_heuristics(config);
	if (!wrong)
		wrong = check_pool(config);
	if (!wrong)
		wrong = check_nodes(config);
	return wrong;
}

int config_names_device(const struct qd_config *config, char *error, size_t error_size)
{
	if (config->native) {
		if (config->device[0] || config->label[0])
			return 0;
		(void)snprintf(error, error_size, "corosync.conf: quorum.device.qdisk has neither label nor "
			       "device; allowed: label: the label that mkqdisk wrote, or device: the path of "
			       "a block device, or a cluster.conf");
		return -ENODEV;
	}
	if (config->quorumd_line == 0) {
		(void)snprintf(error, error_size, "%s: there is no <quorumd> element; allowed: "
			       "<quorumd label=\"...\"/> inside <cluster>", config->file);
		return -ENOENT;
	}
	if (!config->device[0] && !config->label[0]) {
		(void)snprintf(error, error_size, "%s:%u: <quorumd> needs label= or device=; allowed: "
			       "the label that mkqdisk wrote, or the path of a block device",
			       config->file, config->quorumd_line);
		return -ENODEV;
	}
	return 0;
}

/* ---- The timings ---- */

bool config_timings_open(const struct qd_config *c)
{
	return c->interval_ms == QD_UNSET && c->tko == QD_UNSET && c->tko_up == QD_UNSET &&
	       c->upgrade_wait == QD_UNSET && c->master_wait == QD_UNSET;
}

void config_timings_set(struct qd_config *c, const struct qd_timings *t)
{
	c->interval_ms = t->interval_ms;
	c->tko = t->tko;
	c->tko_up = t->tko_up;
	c->upgrade_wait = t->upgrade_wait;
	c->master_wait = t->master_wait;
}

void config_timings_unset(struct qd_config *c)
{
	c->interval_ms = c->tko = c->tko_up = c->upgrade_wait = c->master_wait = QD_UNSET;
}
