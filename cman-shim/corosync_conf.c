/* cluster.conf to corosync.conf. Sections in a fixed order, quorum last. */
#include "corosync_conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "qd_laws.h"

#define LEGACY_TOKEN_MS 10000u
#define CMAN_NAME_MAX 16u	/* bytes of a cluster's name that libcman can show */

struct writer {
	const struct qd_config *config;
	const struct qd_params *params;
	struct corosync_conf *out;
	char *error;
	size_t error_size;
	bool refused, full;
};

/* ---- Words ---- */

__attribute__((format(printf, 2, 3)))
static void line(struct writer *w, const char *format, ...)
{
	struct corosync_conf *out = w->out;
	size_t room = sizeof(out->text) - out->length;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(out->text + out->length, room, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n + 1 >= room) {
		w->full = true;
		return;
	}
	out->length += (size_t)n;
	out->text[out->length++] = '\n';
	out->text[out->length] = '\0';
}

__attribute__((format(printf, 2, 3)))
static void remark(struct writer *w, const char *format, ...)
{
	struct corosync_conf *out = w->out;
	va_list ap;

	if (out->remark_count == sizeof(out->remark) / sizeof(out->remark[0]))
		return;	/* the reader's, and less than one for each of ours: fits */
	va_start(ap, format);
	(void)vsnprintf(out->remark[out->remark_count], sizeof(out->remark[0]), format, ap);
	va_end(ap);
	out->remark_count++;
}

__attribute__((format(printf, 2, 3)))
static void refuse(struct writer *w, const char *format, ...)
{
	va_list ap;

	if (w->refused)
		return;
	va_start(ap, format);
	(void)vsnprintf(w->error, w->error_size, format, ap);
	va_end(ap);
	w->refused = true;
}

/* A value that corosync's parser would read as something else: it takes a line with a
 * '{' for a section and cuts blanks at both ends. `at`: its line, 0 unknown. */
static void check_value(struct writer *w, uint32_t at, const char *what, const char *text)
{
	size_t length = strlen(text);
	char place[16] = "";

	if (length && !strchr(text, '{') && text[0] != ' ' && text[length - 1] != ' ')
		return;
	if (at)
		(void)snprintf(place, sizeof(place), ":%u", at);
	refuse(w, "%s%s: %s \"%.200s\" cannot stand in corosync.conf; allowed: text without '{' and "
	       "without blanks at its ends", w->config->file, place, what, text);
}

static const char *on_off(bool on)
{
	return on ? "on" : "off";
}

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

/* ---- totem ---- */

/* How many links every node has; corosync refuses nodes with different ones. */
static uint32_t count_links(struct writer *w)
{
	const struct qd_config *c = w->config;
	uint32_t least = QD_LINKS_MAX, most = 1;

	for (uint32_t i = 0; i < c->node_count; i++) {
		uint32_t links = c->node[i].altname_count + 1;

		least = links < least ? links : least;
		most = links > most ? links : most;
	}
	if (c->totem.transport == QD_TRANSPORT_UDPU && most > 1) {
		remark(w, "%s: <altname> is not used: transport udpu has one link; knet has up to %u", c->file,
		       QD_LINKS_MAX);
		return 1;
	}
	if (least < most)
		remark(w, "%s: <altname> number %u and up is not used: not every node has it, and corosync "
		       "wants as many links on each", c->file, least);
	return least;
}

/* knet encrypts and signs, or does neither. Legacy took the cluster's name for a key. */
static void write_crypto(struct writer *w)
{
	const struct qd_totem_config *t = &w->config->totem;
	bool wanted = t->secauth == 1 || (t->secauth == QD_UNSET && t->keyfile[0]);

	if (t->transport == QD_TRANSPORT_UDPU) {
		if (wanted || t->secauth == QD_UNSET)
			remark(w, "%s: corosync's traffic is not encrypted: transport udpu cannot; knet can",
			       w->config->file);
		return;
	}
	if (!wanted) {
		if (t->secauth == QD_UNSET)
			remark(w, "%s: corosync's traffic is not encrypted: legacy made a key of the cluster's "
			       "name, corosync 3 wants a real one; make one with corosync-keygen, copy it to "
			       "all nodes and write <totem keyfile=\"" COROSYNC_CONF_KEYFILE "\"/>, or "
			       "secauth=\"off\"", w->config->file);
		return;
	}
	(void)snprintf(w->out->keyfile, sizeof(w->out->keyfile), "%s",
		       t->keyfile[0] ? t->keyfile : COROSYNC_CONF_KEYFILE);
	check_value(w, 0, "keyfile", w->out->keyfile);
	line(w, "\tcrypto_cipher: aes256");
	line(w, "\tcrypto_hash: sha256");
	line(w, "\tkeyfile: %s", w->out->keyfile);
}

static void write_interface(struct writer *w, uint32_t link)
{
	if (w->config->totem.port[link] == QD_UNSET)
		return;
	line(w, "\tinterface {");
	line(w, "\t\tlinknumber: %u", link);
	line(w, "\t\tmcastport: %u", w->config->totem.port[link]);
	line(w, "\t}");
}

static uint32_t token_ms(const struct writer *w)
{
	if (w->params)
		return w->params->token_ms;
	return w->config->token_ms == QD_UNSET ? LEGACY_TOKEN_MS : w->config->token_ms;
}

static void write_totem(struct writer *w, uint32_t links)
{
	const struct qd_config *c = w->config;
	const struct qd_totem_config *t = &c->totem;

	check_value(w, 0, "<cluster> name", c->cluster);
	if (strlen(c->cluster) > CMAN_NAME_MAX)
		remark(w, "%s: <cluster> name=\"%.255s\" is longer than %u bytes: programs that use libcman are "
		       "shown the first %u", c->file, c->cluster, CMAN_NAME_MAX, CMAN_NAME_MAX);
	line(w, "totem {");
	line(w, "\tversion: 2");
	line(w, "\tcluster_name: %s", c->cluster);
	line(w, "\tconfig_version: %u", c->config_version);
	line(w, "\ttransport: %s", t->transport == QD_TRANSPORT_UDPU ? "udpu" : "knet");
	if (links > 1)
		line(w, "\tlink_mode: passive");
	write_crypto(w);
	line(w, "\ttoken: %u", token_ms(w));
	line(w, "\ttoken_coefficient: 0");
#define NUMBER(name)                          \
	if (t->name != QD_UNSET)              \
		line(w, "\t" #name ": %u", t->name);
	QD_TOTEM_NUMBERS(NUMBER)
#undef NUMBER
	for (uint32_t i = 0; i < links; i++)
		write_interface(w, i);
	line(w, "}\n");
}

/* ---- logging ---- */

static void write_log(struct writer *w, const char *indent, const struct qd_log_config *log)
{
	check_value(w, 0, "logfile", log->logfile);
	line(w, "%sto_syslog: %s", indent, yes_no(log->to_syslog));
	line(w, "%sto_logfile: %s", indent, yes_no(log->to_logfile));
	line(w, "%slogfile: %s", indent, log->logfile);
	line(w, "%slogfile_priority: %s", indent, log->logfile_priority);
	line(w, "%ssyslog_facility: %s", indent, log->facility);
	line(w, "%ssyslog_priority: %s", indent, log->priority);
	line(w, "%sdebug: %s", indent, on_off(log->debug));
}

static void write_logging(struct writer *w)
{
	const struct qd_totem_config *t = &w->config->totem;

	line(w, "logging {");
	line(w, "\ttimestamp: on");
	write_log(w, "\t", &t->log);
	for (uint32_t i = 0; i < t->subsys_count; i++) {
		check_value(w, 0, "<logging_daemon> subsys", t->subsys[i].name);
		line(w, "\tlogger_subsys {");
		line(w, "\t\tsubsys: %s", t->subsys[i].name);
		write_log(w, "\t\t", &t->subsys[i].log);
		line(w, "\t}");
	}
	line(w, "}\n");
}

/* ---- nodelist ---- */

static void write_node(struct writer *w, const struct qd_config_node *n, uint32_t links)
{
	check_value(w, n->line, "<clusternode> name", n->name);
	line(w, "\tnode {");
	line(w, "\t\tname: %s", n->name);
	line(w, "\t\tnodeid: %u", n->node_id);
	line(w, "\t\tquorum_votes: %u", n->votes);
	line(w, "\t\tring0_addr: %s", n->name);
	for (uint32_t i = 1; i < links; i++) {
		const char *name = qd_config_text(w->config, n->altname[i - 1]);

		check_value(w, n->line, "<altname> name", name);
		line(w, "\t\tring%u_addr: %s", i, name);
	}
	line(w, "\t}");
}

static void write_nodelist(struct writer *w, uint32_t links)
{
	const struct qd_config *c = w->config;

	if (c->node_count == 0)
		refuse(w, "%s: <clusternodes> names no node; allowed: 1 .. %u <clusternode>", c->file, QD_NODE_MAX);
	line(w, "nodelist {");
	for (uint32_t i = 0; i < c->node_count; i++)
		write_node(w, &c->node[i], links);
	line(w, "}\n");
}

/* ---- quorum ---- */

static uint32_t sum_votes(const struct qd_config *c)
{
	uint32_t votes = 0;

	for (uint32_t i = 0; i < c->node_count; i++)
		votes += c->node[i].votes;	/* at most 64 * 255 */
	return votes;
}

/* Two nodes, one vote each, one vote is enough. */
static void write_two_node(struct writer *w)
{
	const struct qd_config *c = w->config;

	if (c->node_count != 2 || c->node[0].votes != 1 || c->node[1].votes != 1)
		refuse(w, "%s: <cman> two_node=\"1\" is refused; allowed: with two nodes of one vote each",
		       c->file);
	if (c->expected_votes != QD_UNSET && c->expected_votes != 2)
		remark(w, "%s: <cman> expected_votes=\"%u\" becomes 2: corosync 3 counts both nodes in two_node",
		       c->file, c->expected_votes);
	remark(w, "%s: <cman> two_node=\"1\": corosync 3 waits for both nodes at the first start "
	       "(wait_for_all), legacy did not", c->file);
	line(w, "\texpected_votes: 2");
	line(w, "\ttwo_node: 1");
}

static void write_quorum(struct writer *w)
{
	const struct qd_config *c = w->config;
	char lines[512];

	if (w->params) {
		(void)qd_corosync_lines(w->params, lines, sizeof(lines));	/* 200 bytes at most */
		lines[strlen(lines) - 1] = '\0';
		line(w, "%s", lines);
		return;
	}
	line(w, "quorum {");
	line(w, "\tprovider: corosync_votequorum");
	if (c->two_node)
		write_two_node(w);
	else
		line(w, "\texpected_votes: %u",
		     c->expected_votes != QD_UNSET ? c->expected_votes : sum_votes(c));
	line(w, "}");
}

/* ---- libcman ---- */

/* What the old cluster manager kept in its own memory: corosync passes it over, and
 * keeps it in cmap, where libcman looks. */
static void write_libcman(struct writer *w)
{
	const struct qd_config *c = w->config;
	const bool has_timeout = c->shutdown_timeout_ms != QD_UNSET && c->shutdown_timeout_ms != 0;
	const bool has_id = c->cluster_id != QD_UNSET && c->cluster_id != 0;

	if (!has_id && !has_timeout && c->hash_cluster_id == QD_UNSET)
		return;
	line(w, "libcman {");
	if (has_id)
		line(w, "\tcluster_id: %u", c->cluster_id);
	else if (c->hash_cluster_id != QD_UNSET)
		line(w, "\thash_cluster_id: %s", yes_no(c->hash_cluster_id));
	if (has_timeout)
		line(w, "\tshutdown_timeout: %u", c->shutdown_timeout_ms);
	line(w, "}\n");
}

/* ---- All together ---- */

bool corosync_conf_write(const struct qd_config *config, const struct qd_params *params,
			 struct corosync_conf *ret, char *error, size_t error_size)
{
	struct writer w = { .config = config, .params = params, .out = ret, .error = error,
			    .error_size = error_size };
	uint32_t links;

	ret->length = 0;
	ret->remark_count = 0;
	ret->text[0] = ret->keyfile[0] = '\0';
	for (uint32_t i = 0; i < config->notice_count; i++) {
		if (config->notice[i].corosync)
			remark(&w, "%s", config->notice[i].text);
	}
	links = count_links(&w);
	write_totem(&w, links);
	write_logging(&w);
	write_nodelist(&w, links);
	write_libcman(&w);
	write_quorum(&w);
	if (!w.full || w.refused)
		return !w.refused;
	(void)snprintf(error, error_size, "%s: corosync.conf would be longer than %u bytes", config->file,
		       COROSYNC_CONF_BYTES);
	return false;
}
