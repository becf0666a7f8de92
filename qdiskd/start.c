/* Start-up: from options to a LUN that is ours to beat on. Nothing here may
 * write but start_agree(), and each refusal names what would be right. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cman-shim/clusterconf_native.h"
#include "../cman-shim/corosync_conf.h"
#include "check.h"
#include "daemon.h"
#include "discover.h"

#define FACTS_DEADLINE_MS 5000u
#define LEAVE_LIMIT_S 5u

static void complain(const char *text)
{
	fprintf(stderr, "qdiskd: %s\n", text);
}

/* ---- Configuration ---- */

static void print_findings(const struct qd_findings *f, bool all)
{
	for (uint32_t i = 0; i < f->count; i++) {
		if (all || f->finding[i].severity != QD_SEV_INFO)
			complain(f->finding[i].text);
	}
}

static int facts_read(struct daemon *d)
{
	char error[CS_ERROR_LEN] = "";
	int rc = cs_facts_read(FACTS_DEADLINE_MS, &d->facts, &d->native, error, sizeof(error));

	if (rc == 0)
		return EXIT_OK;
	if (d->options.check && d->options.config_file && (rc == -ENOTCONN || rc == -ETIMEDOUT)) {
		fprintf(stderr, "qdiskd: %s; judging the lines to write instead\n", error);
		memset(&d->facts, 0, sizeof(d->facts));
		return EXIT_OK;
	}
	complain(error);
	return rc == -ENOTCONN || rc == -ETIMEDOUT ? EXIT_COROSYNC : EXIT_CONFIG;
}

/* cluster.conf, then what corosync runs with. */
static int file_read(struct daemon *d)
{
	char error[CONFIG_ERROR_LEN] = "";

	if (config_load(d->options.config_file, &d->config, error, sizeof(error)) != 0 ||
	    config_names_device(&d->config, error, sizeof(error)) != 0) {
		complain(error);
		return EXIT_CONFIG;
	}
	return facts_read(d);
}

/* Without cluster.conf what corosync runs with is all there is. */
static int native_read(struct daemon *d)
{
	char error[CONFIG_ERROR_LEN] = "";
	int rc = facts_read(d);

	if (rc != EXIT_OK)
		return rc;
	if (clusterconf_native(&d->native, d->facts.cluster, &d->config, error, sizeof(error)) == 0 &&
	    config_names_device(&d->config, error, sizeof(error)) == 0)
		return EXIT_OK;
	complain(error);
	return EXIT_CONFIG;
}

/* Two files that both configure the quorum disk: one of them is not used. */
static void warn_native(const struct daemon *d)
{
	for (uint32_t i = 0; d->facts.known && i < d->native.count; i++) {
		if (strncmp(d->native.pair[i].key, "quorum.device.qdisk.", 20) == 0) {
			fprintf(stderr, "qdiskd: corosync.conf: quorum.device.qdisk is not used: %s is\n",
				d->config.file);
			return;
		}
	}
}

int start_config(struct daemon *d)
{
	int rc = d->options.config_file ? file_read(d) : native_read(d);

	if (rc != EXIT_OK)
		return rc;
	if (d->options.config_file)
		warn_native(d);
	for (uint32_t i = 0; i < d->config.notice_count; i++) {
		if (!d->config.notice[i].corosync)
			complain(d->config.notice[i].text);
	}
	(void)qd_config_check(&d->config, &d->facts, &d->params, &d->findings);
	print_findings(&d->findings, d->options.check);
	return d->findings.errors ? EXIT_CONFIG : EXIT_OK;
}

/* All of corosync.conf where cluster.conf names the nodes, else the section of ours. */
static void print_corosync_conf(const struct daemon *d)
{
	static struct corosync_conf conf;	/* large */
	char error[CONFIG_ERROR_LEN] = "";
	char lines[512];

	if (d->config.node_count == 0) {
		(void)qd_corosync_lines(&d->params, lines, sizeof(lines));
		printf("# lines for corosync.conf, the same on all nodes:\n%s", lines);
		return;
	}
	if (!corosync_conf_write(&d->config, &d->params, &conf, error, sizeof(error))) {
		complain(error);
		return;
	}
	for (uint32_t i = 0; i < conf.remark_count; i++)
		complain(conf.remark[i]);
	printf("# corosync.conf, the same on all nodes:\n%s", conf.text);
}

/* The known mistakes, as far as they do not depend on the LUN; the laws were told. */
static void print_mistakes(const struct daemon *d)
{
	const struct check_facts facts = { .config = &d->config, .corosync = &d->facts,
					   .params = &d->params, .laws = &d->findings };
	static struct check_report report;	/* large */

	check_judge(&facts, &report);
	for (unsigned i = 0; i < report.count; i++) {
		const struct check_finding *c = &report.finding[i];

		if (c->severity == QD_SEV_WARNING && c->remedy[0])
			fprintf(stderr, "qdiskd: %s; remedy: %s\n", c->text, c->remedy);
	}
}

void start_print(const struct daemon *d)
{
	const struct qd_params *p = &d->params;
	char drawing[CHECK_DRAWING_BYTES];

	print_mistakes(d);
	check_draw(p, "# ", drawing);
	printf("# %s: %s\n", d->config.file, d->findings.errors ? "refused, see above" : "valid");
	printf("# token %u ms, consensus %u ms%s\n", p->token_ms, p->consensus_ms,
	       d->facts.known ? " (corosync runs with these)" : " (corosync was not asked)");
	printf("# interval %u ms, tko %u, tko_up %u, upgrade_wait %u, master_wait %u\n",
	       p->t.interval_ms, p->t.tko, p->t.tko_up, p->t.upgrade_wait, p->t.master_wait);
	printf("# a node withdraws its vote after %llu ms, is dead after %llu ms; a dead master is "
	       "replaced within %llu ms\n", (unsigned long long)qd_law_withdraw_ms(&p->t),
	       (unsigned long long)qd_law_dead_ms(&p->t),
	       (unsigned long long)(p->t.tko + p->t.master_wait + 4) * p->t.interval_ms);
	printf("# votes %u, heuristics %u, min_score %u, master_wins %d, reboot %d, allow_kill %d\n",
	       p->votes, p->heuristic_count, p->min_score, p->master_wins, p->reboot, p->allow_kill);
	printf("# paranoid %d, io_timeout %d, max_error_cycles %u, stop_cman %d, fencing %d\n",
	       p->paranoid, p->io_timeout, p->max_error_cycles, p->stop_cman, p->fencing);
	if (d->config.quorum_dev_poll_ms != QD_UNSET)
		printf("# quorum_dev_poll %u is not used: quorum.device.timeout below replaces it\n",
		       d->config.quorum_dev_poll_ms);
	fputs(drawing, stdout);
	print_corosync_conf(d);
}

const char *start_device_name(const struct daemon *d)
{
	/* cluster-wide: never a path, paths differ between nodes */
	return d->config.cman_label[0] ? d->config.cman_label : d->lun.label.name;
}

/* ---- The LUN ---- */

static int lun_find(struct daemon *d)
{
	struct discover_list *list;	/* large */
	char why[DISCOVER_WHY_MAX];
	int rc;

	if (d->config.label[0] == '\0') {
		(void)snprintf(d->lun.path, sizeof(d->lun.path), "%s", d->config.device);
		return EXIT_OK;
	}
	list = calloc(1, sizeof(*list));
	if (!list) {
		complain("no memory to look for the LUN");
		return EXIT_DEVICE;
	}
	rc = discover_by_label(NULL, d->config.label, list);
	if (rc == 0) {
		(void)snprintf(d->lun.path, sizeof(d->lun.path), "%s", list->lun[0].path);
	} else {
		discover_explain(rc, d->config.label, list, why, sizeof(why));
		complain(why);
	}
	free(list);
	return rc == 0 ? EXIT_OK : EXIT_DEVICE;
}

/* Refuse the LUN: one line that names it. */
__attribute__((format(printf, 3, 4)))
static int refuse(const struct daemon *d, int status, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "qdiskd: %s: ", d->lun.path);
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

static int refuse_probe(const struct daemon *d, const struct discover_probe *p)
{
	if (p->error == -ENOTBLK)
		return refuse(d, EXIT_DEVICE, "not a block device; give a LUN, labelled by mkqdisk -c");
	if (p->error == -ENOSPC)
		return refuse(d, EXIT_DEVICE, "too small for a quorum disk: %llu bytes, needs %llu",
			      (unsigned long long)p->size,
			      (unsigned long long)device_size_min(p->sector_size));
	if (p->error == -ETIMEDOUT)
		return refuse(d, EXIT_DEVICE, "does not answer; check the path to the storage");
	if (p->error)
		return refuse(d, EXIT_DEVICE, "Failed to open: %s", strerror(-p->error));
	return refuse(d, EXIT_DEVICE, "Specified partition %s does not have a qdisk label (%s); label it "
		      "with mkqdisk -c %s -l LABEL", d->lun.path, qd_corrupt_text(p->why), d->lun.path);
}

/* Is it a LUN of this cluster, with room for its nodes? */
static int lun_check(const struct daemon *d)
{
	const struct qd_label *label = &d->lun.label;
	uint32_t capacity = label->has_ext ? label->capacity : QD_NODE_LEGACY;
	uint32_t sector_size = d->lun.device.sector_size;

	if (label->sector_size != sector_size)
		return refuse(d, EXIT_DEVICE, "Specified device %s does not match kernel's reported sector "
			      "size (%u != %u); label it anew", d->lun.path, label->sector_size, sector_size);
	if (label->has_ext && label->cluster[0] &&
	    strncmp(label->cluster, d->facts.cluster, sizeof(label->cluster) - 1) != 0)
		return refuse(d, EXIT_DEVICE, "belongs to cluster '%s', this is cluster '%s'; use another "
			      "LUN, or label it anew if that cluster is gone", label->cluster,
			      d->facts.cluster);
	for (uint32_t id = capacity + 1; id <= QD_NODE_MAX; id++) {
		if (qd_has(d->params.nodes, id))
			return refuse(d, EXIT_CONFIG, "has room for node ids 1 to %u, node %u is configured; "
				      "label a larger LUN", capacity, id);
	}
	return EXIT_OK;
}

int start_lun(struct daemon *d)
{
	static struct discover_probe probe;	/* large */
	int rc = lun_find(d);

	if (rc != EXIT_OK)
		return rc;
	/* In a child first: opening a dead device would hang the start. */
	rc = discover_probe(d->lun.path, &probe);
	if (rc != 0)
		probe.error = rc;
	if (probe.error || probe.why != QD_FINE)
		return refuse_probe(d, &probe);
	rc = device_open(d->lun.path, DEVICE_WRITE, &d->lun.device);
	if (rc != 0)
		return refuse(d, EXIT_DEVICE, "Failed to open: %s", strerror(-rc));
	d->lun.label = probe.label;
	return lun_check(d);
}

/* A node without the quorum disk is not wanted in the cluster. */
void start_leave(void)
{
	int rc;

	complain("Telling CMAN to leave the cluster; qdisk is not available");
	rc = cs_leave_now(LEAVE_LIMIT_S);
	if (rc != 0 && rc != -ENOTCONN)	/* not connected: it has left already */
		self_fence_at_start("Could not leave the cluster");
}
