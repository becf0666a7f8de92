/* SIGHUP, and what corosync changes by itself (floor 4). What cannot change while
 * the daemon runs is refused with both values; everything else takes effect. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "../cman-shim/clusterconf_native.h"
#include "daemon.h"

void reload_log(const struct qd_findings *f)
{
	for (uint32_t i = 0; i < f->count; i++)
		log_line(f->finding[i].severity == QD_SEV_ERROR ? LOG_ERR :
			 f->finding[i].severity == QD_SEV_WARNING ? LOG_WARNING : LOG_INFO,
			 "%s", f->finding[i].text);
}

static bool heuristics_equal(const struct qd_config *a, const struct qd_config *b)
{
	bool equal = a->heuristic_count == b->heuristic_count;

	for (uint32_t i = 0; equal && i < a->heuristic_count; i++) {
		const struct qd_heuristic *x = &a->heuristic[i], *y = &b->heuristic[i];

		equal = strcmp(x->program, y->program) == 0 && x->score == y->score &&
			x->interval_ms == y->interval_ms && x->tko == y->tko &&
			x->timeout_ms == y->timeout_ms;
	}
	return equal;
}

/* Timings are the cluster's, and the LUN is a start's: these need a stop. */
static bool reload_fits(const struct daemon *d, const struct qd_config *next,
			const struct qd_params *p)
{
	const char *what = NULL;

	if (memcmp(&p->t, &d->params.t, sizeof(p->t)) != 0)
		what = "interval, tko, tko_up, upgrade_wait or master_wait";
	else if (p->node_id != d->params.node_id)
		what = "the id of this node";
	else if (strcmp(next->label, d->config.label) != 0 || strcmp(next->device, d->config.device) != 0)
		what = "label or device";
	else if (strcmp(next->cman_label, d->config.cman_label) != 0)
		what = "cman_label";
	else if (strcmp(next->watchdog, d->config.watchdog) != 0)
		what = "watchdog";
	if (what)
		log_line(LOG_ERR, "%s: %s changed; that needs a stop and start of qdiskd, the old "
			 "configuration stays", next->file, what);
	return what == NULL && reload_nodes_allowed(d, p);
}

/* These values are in force from now on; with other nodes between two cycles. */
static void reload_commit(struct daemon *d, const struct qd_params *params)
{
	d->nodes_pending = params->nodes != d->params.nodes;
	if (d->nodes_pending) {
		d->next_params = *params;
		return;
	}
	d->params = *params;
	qd_engine_reconfig(&d->engine, &d->params);
}

/* The laws, for a configuration that leaves the timings open with those that run. */
static void reload_check(struct daemon *d, struct qd_config *config, struct qd_params *ret)
{
	bool open = config_timings_open(config);

	if (open)
		config_timings_set(config, &d->params.t);
	(void)qd_config_check(config, &d->facts, ret, &d->findings);
	if (open)
		config_timings_unset(config);
}

/* next_config takes effect, or false and why in the log. */
static bool reload_apply(struct daemon *d)
{
	struct qd_params params;

	for (uint32_t i = 0; i < d->next_config.notice_count; i++) {
		if (!d->next_config.notice[i].corosync)
			log_line(LOG_NOTICE, "%s", d->next_config.notice[i].text);
	}

	reload_check(d, &d->next_config, &params);
	reload_log(&d->findings);
	if (d->findings.errors) {
		log_line(LOG_CRIT, "Configuration failed, the old one stays");
		return false;
	}
	if (!reload_fits(d, &d->next_config, &params))
		return false;
	if (!heuristics_equal(&d->next_config, &d->config))
		ports_heuristics(d, &d->next_config);
	d->config = d->next_config;
	fence_configure(&d->fence, &d->config);
	ports_agents(d);
	ports_status_file(d);
	daemon_priority(d);
	if (log_apply(&d->config.log) != 0)
		log_line(LOG_WARNING, "log file %s cannot be opened", d->config.log.logfile);
	reload_commit(d, &params);
	log_line(LOG_INFO, "%s: configuration loaded again", d->config.file);
	return true;
}

/* Corosync's values break a law, and no configuration of ours fits them: the vote is
 * withdrawn by a clean stop, with the code of a refused start. */
static void reload_leave(struct daemon *d)
{
	log_line(LOG_CRIT, "corosync's configuration no longer fits, leaving");
	d->exit_override = true;
	d->exit_status = EXIT_CONFIG;
	qd_engine_stop(&d->engine);
}

/* A configuration has been read again, or could not be: `error`. */
static void reload_take(struct daemon *d, int rc, char error[CONFIG_ERROR_LEN])
{
	bool unfit = d->facts_unfit;

	d->facts_unfit = false;
	if (rc != 0) {
		log_line(LOG_CRIT, "Configuration failed: %s; the old one stays", error);
	} else if (config_names_device(&d->next_config, error, CONFIG_ERROR_LEN) != 0) {
		log_line(LOG_NOTICE, "Quorum device removed from the configuration.  Shutting down.");
		qd_engine_stop(&d->engine);
		return;
	} else if (reload_apply(d)) {
		return;
	}
	if (unfit)
		reload_leave(d);
}

/* Native: what corosync showed last is what there is to read. */
static void reload_native(struct daemon *d)
{
	char error[CONFIG_ERROR_LEN] = "";

	if (!cs_native(d->cs, &d->native))
		return;	/* it comes with the next connection, and is taken then */
	reload_take(d, clusterconf_native(&d->native, d->facts.cluster, &d->next_config, error,
					  sizeof(error)), error);
}

static int on_reader(int fd, int revents, void *data)
{
	struct daemon *d = data;
	char error[CONFIG_ERROR_LEN] = "";
	int rc = config_receive(&d->reader, &d->next_config, error, sizeof(error));

	(void)revents;
	if (rc == -EAGAIN)
		return 0;
	(void)qb_loop_poll_del(d->loop, fd);
	config_stop(&d->reader);
	d->reloading = false;
	reload_take(d, rc, error);
	return 0;
}

void reload_begin(struct daemon *d)
{
	char error[CONFIG_ERROR_LEN] = "";

	if (d->reloading)
		return;
	if (d->config.native) {
		reload_native(d);
		return;
	}
	if (config_start(&d->reader, d->config.file, error, sizeof(error)) != 0) {
		reload_take(d, -EIO, error);
		return;
	}
	d->reloading = true;
	if (qb_loop_poll_add(d->loop, QB_LOOP_LOW, config_fd(&d->reader), POLLIN, d, on_reader) == 0)
		return;
	config_stop(&d->reader);
	d->reloading = false;
	(void)snprintf(error, sizeof(error), "%s could not be read again", d->config.file);
	reload_take(d, -EIO, error);
}

/* Native: corosync's values and ours have changed together. True: what is new is in
 * force, or ends us; false: the old configuration stays and must still fit. */
static bool reload_native_facts(struct daemon *d)
{
	char error[CONFIG_ERROR_LEN] = "";

	if (!cs_native(d->cs, &d->native))
		return false;
	if (clusterconf_native(&d->native, d->facts.cluster, &d->next_config, error, sizeof(error)) != 0) {
		log_line(LOG_CRIT, "Configuration failed: %s; the old one stays", error);
		return false;
	}
	if (config_names_device(&d->next_config, error, sizeof(error)) != 0) {
		reload_take(d, 0, error);
		return true;
	}
	/* both were zeroed before they were filled */
	return memcmp(&d->next_config, &d->config, sizeof(d->config)) != 0 && reload_apply(d); // NOLINT
}

/* Corosync runs with other values now. Where ours do not fit them, a new file that does
 * may be there already: who changes both begins with ours. */
void reload_facts(struct daemon *d)
{
	struct qd_params params;

	if (!cs_facts(d->cs, &d->facts))
		return;
	if (d->config.native && reload_native_facts(d))
		return;
	reload_check(d, &d->config, &params);
	/* both were zeroed before they were filled: padding is equal too */
	if (d->findings.errors == 0 && memcmp(&params, &d->params, sizeof(params)) == 0) // NOLINT
		return;
	if (d->findings.errors == 0 && reload_fits(d, &d->config, &params)) {
		reload_log(&d->findings);
		reload_commit(d, &params);
		return;
	}
	if (d->config.native) {
		reload_log(&d->findings);
		reload_leave(d);
		return;
	}
	log_line(LOG_NOTICE, "corosync runs with other values, reading %s again", d->config.file);
	d->facts_unfit = true;
	reload_begin(d);
}
