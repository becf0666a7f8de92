/* The laws about what corosync runs with: nodes, votes, quorum.device. Corosync
 * is the truth; a cluster.conf that differs is refused with both values shown. */
#include <stdarg.h>
#include <stdio.h>

#include "laws.h"

#define EXPECTED_MAX 255u	/* the quorum is a u8 in votequorum */
#define LEGACY_TOKEN_MS 10000u

void law_find(struct laws *l, enum qd_severity severity, const char *format, ...)
{
	struct qd_findings *f = l->findings;
	va_list ap;

	if (severity == QD_SEV_ERROR)
		f->errors++;
	if (f->count >= QD_FINDINGS_MAX)
		return;
	f->finding[f->count].severity = severity;
	va_start(ap, format);
	(void)vsnprintf(f->finding[f->count].text, QD_FINDING_LEN, format, ap);
	va_end(ap);
	f->count++;
}

void law_find_of(struct laws *l, enum qd_severity severity, const char *attribute,
		 const char *format, ...)
{
	const struct qd_config *c = l->config;
	char text[QD_FINDING_LEN];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (c->native && strcmp(attribute, "votes") == 0)
		law_find(l, severity, "%s: quorum.device.votes: %s", c->file, text);
	else if (c->native)
		law_find(l, severity, "%s: quorum.device.qdisk.%s: %s", c->file, attribute, text);
	else
		law_find(l, severity, "%s:%u: <quorumd>: attribute %s: %s", c->file, c->quorumd_line,
			 attribute, text);
}

/* ---- Nodes ---- */

static const struct qd_config_node *config_node(const struct qd_config *c, uint32_t id)
{
	for (uint32_t i = 0; i < c->node_count; i++) {
		if (c->node[i].node_id == id)
			return &c->node[i];
	}
	return NULL;
}

static void add_node(struct laws *l, uint32_t id, uint32_t votes, const char *name, uint32_t line)
{
	struct qd_params *p = l->params;

	if (id < 1 || id > QD_NODE_MAX) {
		if (line)
			law_error(l, "%s:%u: <clusternode>: attribute nodeid: value %u of node %s is not "
				  "allowed; use 1 to %u", l->config->file, line, id, name, QD_NODE_MAX);
		else
			law_error(l, "corosync.conf: nodelist: node %s: nodeid %u is not allowed; use 1 to "
				  "%u", name, id, QD_NODE_MAX);
		return;
	}
	p->nodes |= qd_bit(id);
	p->node_count++;
	p->node_votes[id - 1] = (uint16_t)(votes > UINT16_MAX ? UINT16_MAX : votes);
	if (id == p->node_id)
		(void)snprintf(p->node_name, sizeof(p->node_name), "%.*s",
			       (int)sizeof(p->node_name) - 1, name);
}

static void compare_node(struct laws *l, uint32_t i)
{
	const struct qd_config *c = l->config;
	const struct qd_config_node *n = config_node(c, l->facts->node[i].node_id);

	if (!n) {
		law_error(l, "%s: node %u (%s) of corosync's nodelist is not in <clusternodes>", c->file,
			  l->facts->node[i].node_id, l->facts->node[i].name);
		return;
	}
	if (l->facts->node[i].name[0] && strcmp(n->name, l->facts->node[i].name) != 0)
		law_error(l, "%s:%u: node %u is called %s here and %s in corosync.conf", c->file, n->line,
			  n->node_id, n->name, l->facts->node[i].name);
	if (n->votes != l->facts->node[i].votes)
		law_error(l, "%s:%u: node %s has votes %u here and %u in corosync.conf", c->file, n->line,
			  n->name, n->votes, l->facts->node[i].votes);
}

void laws_nodes(struct laws *l)
{
	const struct qd_config *c = l->config;
	const struct qd_facts *f = l->facts;

	l->params->node_id = f->node_id;
	for (uint32_t i = 0; f->known && i < f->node_count; i++)
		add_node(l, f->node[i].node_id, f->node[i].votes, f->node[i].name, /* line */ 0);
	for (uint32_t i = 0; !f->known && i < c->node_count; i++)
		add_node(l, c->node[i].node_id, c->node[i].votes, c->node[i].name, c->node[i].line);
	if (!f->known) {
		if (c->node_count == 0)
			law_error(l, "%s: <cluster>: no clusternodes, and corosync does not run: who the nodes "
				  "are is not known; allowed: a file that names them, or a corosync that runs",
				  c->file);
		if (l->params->node_id == 0)
			l->params->node_id = qd_lowest(l->params->nodes);
		return;
	}
	for (uint32_t i = 0; c->node_count && i < f->node_count; i++)
		compare_node(l, i);
	for (uint32_t i = 0; i < c->node_count; i++) {
		if (!qd_has(l->params->nodes, c->node[i].node_id))
			law_error(l, "%s:%u: node %s (nodeid %u) is not in corosync's nodelist", c->file,
				  c->node[i].line, c->node[i].name, c->node[i].node_id);
	}
	if (!qd_has(l->params->nodes, f->node_id))
		law_error(l, "corosync.conf: nodelist: this node's nodeid %u is not in it", f->node_id);
	if (c->cluster[0] && f->cluster[0] && strcmp(c->cluster, f->cluster) != 0)
		law_error(l, "%s: <cluster>: attribute name: %s here, totem.cluster_name is %s in "
			  "corosync.conf", c->file, c->cluster, f->cluster);
}

void laws_totem(struct laws *l)
{
	const struct qd_config *c = l->config;
	const struct qd_facts *f = l->facts;
	struct qd_params *p = l->params;

	p->token_ms = f->known ? f->token_ms : c->token_ms == QD_UNSET ? LEGACY_TOKEN_MS : c->token_ms;
	if (f->known)
		p->consensus_ms = f->consensus_ms;
	else
		p->consensus_ms = c->totem.consensus != QD_UNSET ? c->totem.consensus
								 : p->token_ms + p->token_ms / 5;
	if (f->known && c->token_ms != QD_UNSET && c->token_ms != f->token_ms)
		law_error(l, "%s: <totem>: attribute token: %u here, corosync runs with %u "
			  "(with more than two nodes token_coefficient adds to it: set it to 0)",
			  c->file, c->token_ms, f->token_ms);
}

/* ---- Votes ---- */

/* Absent: nodes - 1, and every node must have 1. */
static uint32_t default_votes(struct laws *l)
{
	const struct qd_params *p = l->params;

	for_each_node(id, p->nodes) {
		if (p->node_votes[id - 1] == 1)
			continue;
		law_error(l, "node %u's vote count is %u", id, p->node_votes[id - 1]);
		law_error(l, "Set all node vote counts to 1 or specify qdiskd's votes");
		law_error(l, "Unable to determine qdiskd votes automatically");
		break;
	}
	return p->node_count > 1 ? p->node_count - 1 : 1;
}

static void check_expected(struct laws *l, uint32_t expected)
{
	const struct qd_config *c = l->config;
	const struct qd_facts *f = l->facts;

	if (expected > EXPECTED_MAX)
		law_error(l, "expected votes are %u (nodes and device); votequorum counts at most %u",
			  expected, EXPECTED_MAX);
	if (c->expected_votes != QD_UNSET && c->expected_votes != expected)
		law_error(l, "%s: <cman>: attribute expected_votes: %u here; nodes and device have %u "
			  "together", c->file, c->expected_votes, expected);
	if (!f->known)
		return;
	if (f->expected_votes == QD_UNSET)
		law_error(l, "corosync.conf: quorum.expected_votes is missing; without it two sides can be "
			  "quorate: write expected_votes: %u (nodes and device)", expected);
	else if (f->expected_votes != expected)
		law_error(l, "corosync.conf: quorum.expected_votes: %u; nodes and device have %u together",
			  f->expected_votes, expected);
}

void laws_votes(struct laws *l)
{
	const struct qd_config *c = l->config;
	const struct qd_facts *f = l->facts;
	struct qd_params *p = l->params;

	p->votes = c->votes;
	if (p->votes == QD_UNSET)
		p->votes = f->known && f->device_votes != QD_UNSET ? f->device_votes : default_votes(l);
	if (p->votes < 1)
		law_error_of(l, "votes", "value %u is not allowed; use 1 to %u", p->votes, EXPECTED_MAX);
	if (f->known && f->model[0] && f->device_votes == QD_UNSET)
		law_error(l, "corosync.conf: quorum.device.votes is missing; write votes: %u", p->votes);
	else if (f->known && f->model[0] && f->device_votes != p->votes)
		law_error_of(l, "votes", "%u here, quorum.device.votes is %u in corosync.conf", p->votes,
			     f->device_votes);
	check_expected(l, node_votes(p, p->nodes) + p->votes);
}

/* ---- The device ---- */

static void refuse_beside(struct laws *l, bool set, const char *key)
{
	if (set)
		law_error(l, "corosync.conf: quorum.%s: 1 must not stand beside a quorum device; remove it",
			  key);
}

void laws_device(struct laws *l)
{
	const struct qd_facts *f = l->facts;
	struct qd_params *p = l->params;

	p->v_ms = (uint32_t)qd_law_withdraw_ms(&p->t);
	p->y_ms = (uint32_t)qd_law_sync_ms(&p->t);
	if (l->config->two_node == 1)
		law_warning(l, "%s: <cman>: attribute two_node: dropped, it must not stand beside a quorum "
			    "disk", l->config->file);
	if (!f->known)
		return;
	if (strcmp(f->provider, "corosync_votequorum") != 0)
		law_error(l, "corosync.conf: quorum.provider: '%s'; must be corosync_votequorum", f->provider);
	if (f->model[0] == '\0')
		law_error(l, "corosync.conf: quorum.device is missing; qdiskd -t prints the lines to write");
	else if (strcmp(f->model, "qdisk") != 0)
		law_error(l, "corosync.conf: quorum.device.model: '%s' is another kind of device; must be "
			  "qdisk", f->model);
	if (strcmp(f->model, "qdisk") == 0) {
		p->v_ms = f->device_timeout_ms;
		p->y_ms = f->device_sync_timeout_ms;
	}
	refuse_beside(l, f->two_node, "two_node");
	refuse_beside(l, f->last_man_standing, "last_man_standing");
	refuse_beside(l, f->auto_tie_breaker, "auto_tie_breaker");
	refuse_beside(l, f->allow_downscale, "allow_downscale");
	if (f->wait_for_all)
		law_info(l, "corosync.conf: quorum.wait_for_all: the first start waits for the device too");
}

size_t qd_corosync_lines(const struct qd_params *p, char *text, size_t size)
{
	uint32_t expected = node_votes(p, p->nodes) + p->votes;
	int n = snprintf(text, size,
			 "quorum {\n"
			 "\tprovider: corosync_votequorum\n"
			 "\texpected_votes: %u\n"
			 "\tdevice {\n"
			 "\t\tmodel: qdisk\n"
			 "\t\tvotes: %u\n"
			 "\t\ttimeout: %llu\n"
			 "\t\tsync_timeout: %llu\n"
			 "\t}\n"
			 "}\n",
			 expected, p->votes, (unsigned long long)qd_law_withdraw_ms(&p->t),
			 (unsigned long long)qd_law_sync_ms(&p->t));

	return n < 0 ? 0 : (size_t)n;
}
