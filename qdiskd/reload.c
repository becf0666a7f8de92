/* SIGHUP, and what corosync changes by itself (floor 4). What cannot change while
 * the daemon runs waits for all nodes: reload_instep.c; everything else takes effect. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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

/* This node is who it is: whatever else may change. */
static bool reload_fits(const struct daemon *d, const struct qd_config *next,
			const struct qd_params *p)
{
	if (p->node_id == d->params.node_id)
		return reload_nodes_allowed(d, p);
	log_line(LOG_ERR, "%s: the id of this node changed; that needs a stop and start of qdiskd, the old "
		 "configuration stays", next->file);
	return false;
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

/* What is in force, with what corosync runs with now; false: they no longer fit. */
static bool running_fits(struct daemon *d, struct qd_params *ret)
{
	struct qd_config *c = &d->config;
	const struct qd_timings as_given = { c->interval_ms, c->tko, c->tko_up, c->upgrade_wait, c->master_wait };

	config_timings_set(c, &d->params.t);	/* those that the configuration leaves open too */
	(void)qd_config_check(c, &d->facts, ret, &d->findings);
	config_timings_set(c, &as_given);
	return d->findings.errors == 0 && ret->node_id == d->params.node_id;
}

/* The old configuration stays, with corosync's new values; false: it does not fit them. */
static bool running_stays(struct daemon *d)
{
	struct qd_params params;

	if (!running_fits(d, &params) || !reload_nodes_allowed(d, &params))
		return false;
	/* both were zeroed before they were filled: padding is equal too */
	if (memcmp(&params, &d->params, sizeof(params)) != 0) // NOLINT
		reload_commit(d, &params);
	return true;
}

/* It needs a restart of all nodes: what is in force stays until then. */
static enum reload_end reload_in_step(struct daemon *d, const struct qd_params *params)
{
	struct qd_params running;
	bool fits = running_fits(d, &running);
	enum reload_end end;

	if (!fits)
		reload_log(&d->findings);
	end = instep_ask(d, &d->reload->next, params, fits);
	if (end == RELOAD_WAITS && fits)
		(void)running_stays(d);
	return end;
}

/* What was read takes effect, now or in step with the other nodes, or why not is in the log. */
static enum reload_end reload_apply(struct daemon *d)
{
	struct qd_config *next = &d->reload->next;
	struct qd_params params;

	for (uint32_t i = 0; i < next->notice_count; i++) {
		if (!next->notice[i].corosync)
			log_line(LOG_NOTICE, "%s", next->notice[i].text);
	}

	reload_check(d, next, &params);
	reload_log(&d->findings);
	if (d->findings.errors) {
		log_line(LOG_CRIT, "Configuration failed, the old one stays");
		return RELOAD_REFUSED;
	}
	if (instep_needed(d, next, &params))
		return reload_in_step(d, &params);
	if (!reload_fits(d, next, &params))
		return RELOAD_REFUSED;
	instep_cancel(d, "it was taken back");
	if (!heuristics_equal(next, &d->config))
		ports_heuristics(d, next);
	d->config = *next;
	fence_configure(&d->fence, &d->config);
	ports_agents(d);
	ports_status_file(d);
	process_priority(d);
	if (log_apply(&d->config.log) != 0)
		log_line(LOG_WARNING, "log file %s cannot be opened", d->config.log.logfile);
	reload_commit(d, &params);
	log_line(LOG_INFO, "%s: configuration loaded again", d->config.file);
	return RELOAD_DONE;
}

/* Corosync's values break a law, and no configuration of ours fits them: the vote is
 * withdrawn by a clean stop, with the code of a refused start. */
static void reload_leave(struct daemon *d)
{
	log_line(LOG_CRIT, "corosync's configuration no longer fits, leaving");
	d->exit_override = true;
	d->exit_status = EXIT_CONFIG;
	daemon_stop(d);
}

/* A configuration has been read again, or could not be: `error`. */
static void reload_judge(struct daemon *d, int rc, char error[CONFIG_ERROR_LEN])
{
	bool unfit = d->facts_unfit;

	d->facts_unfit = false;
	if (rc != 0) {
		log_line(LOG_CRIT, "Configuration failed: %s; the old one stays", error);
	} else if (config_names_device(&d->reload->next, error, CONFIG_ERROR_LEN) != 0) {
		log_line(LOG_NOTICE, "Quorum device removed from the configuration.  Shutting down.");
		daemon_stop(d);
		return;
	} else if (reload_apply(d) != RELOAD_REFUSED) {
		return;
	}
	if (unfit && !running_stays(d))
		reload_leave(d);
}

/* Room for a configuration that is read again; false: there is none. */
static bool reload_open(struct daemon *d)
{
	d->reload = calloc(1, sizeof(*d->reload));
	return d->reload != NULL;
}

static void reload_close(struct daemon *d)
{
	free(d->reload);
	d->reload = NULL;
}

static void reload_take(struct daemon *d, int rc, char error[CONFIG_ERROR_LEN])
{
	reload_judge(d, rc, error);
	reload_close(d);
}

/* Native: what corosync showed last is what there is to read. */
static void reload_native(struct daemon *d)
{
	char error[CONFIG_ERROR_LEN] = "no memory";
	int rc = -ENOMEM;

	if (!cs_native(d->cs, &d->native))
		return;	/* it comes with the next connection, and is taken then */
	if (reload_open(d))
		rc = clusterconf_native(&d->native, d->facts.cluster, &d->reload->next, error, sizeof(error));
	reload_take(d, rc, error);
}

static int on_reader(int fd, int revents, void *data)
{
	struct daemon *d = data;
	char error[CONFIG_ERROR_LEN] = "";
	int rc = config_receive(&d->reload->reader, &d->reload->next, error, sizeof(error));

	(void)revents;
	if (rc == -EAGAIN)
		return 0;
	(void)qb_loop_poll_del(d->loop, fd);
	config_stop(&d->reload->reader);
	reload_take(d, rc, error);
	return 0;
}

void reload_begin(struct daemon *d)
{
	char error[CONFIG_ERROR_LEN] = "no memory";
	struct config_reader *reader;

	if (d->reload || d->instep.phase == INSTEP_LEAVING)
		return;
	if (d->config.native) {
		reload_native(d);
		return;
	}
	if (reload_open(d)) {
		reader = &d->reload->reader;
		if (config_start(reader, d->config.file, error, sizeof(error)) == 0) {
			if (qb_loop_poll_add(d->loop, QB_LOOP_LOW, config_fd(reader), POLLIN, d, on_reader) == 0)
				return;
			config_stop(reader);
			(void)snprintf(error, sizeof(error), "%s could not be read again", d->config.file);
		}
	}
	reload_take(d, -EIO, error);
}

/* What corosync shows now has been read: see reload_native_facts(). */
static bool native_facts_judge(struct daemon *d)
{
	char error[CONFIG_ERROR_LEN] = "";

	if (clusterconf_native(&d->native, d->facts.cluster, &d->reload->next, error, sizeof(error)) != 0) {
		log_line(LOG_CRIT, "Configuration failed: %s; the old one stays", error);
		return false;
	}
	if (config_names_device(&d->reload->next, error, sizeof(error)) != 0) {
		reload_judge(d, 0, error);
		return true;
	}
	/* both were zeroed before they were filled */
	if (memcmp(&d->reload->next, &d->config, sizeof(d->config)) == 0) // NOLINT
		return false;
	return reload_apply(d) == RELOAD_DONE || d->instep.phase == INSTEP_LEAVING;
}

/* Native: corosync's values and ours have changed together. True: what is new is in
 * force, or ends us; false: the old configuration stays and must still fit. */
static bool reload_native_facts(struct daemon *d)
{
	bool taken = false;

	if (!cs_native(d->cs, &d->native))
		return false;
	if (reload_open(d))
		taken = native_facts_judge(d);
	else
		log_line(LOG_CRIT, "Configuration failed: no memory; the old one stays");
	reload_close(d);
	return taken;
}

/* Corosync runs with other values now. Where ours do not fit them, a new file that does
 * may be there already: who changes both begins with ours. */
void reload_facts(struct daemon *d)
{
	struct qd_params params;

	if (!cs_facts(d->cs, &d->facts) || d->instep.phase == INSTEP_LEAVING)
		return;
	if (d->config.native && reload_native_facts(d))
		return;
	reload_check(d, &d->config, &params);
	/* both were zeroed before they were filled: padding is equal too */
	if (d->findings.errors == 0 && memcmp(&params, &d->params, sizeof(params)) == 0) // NOLINT
		return;
	if (d->findings.errors == 0 && instep_needed(d, &d->config, &params) == NULL &&
	    reload_fits(d, &d->config, &params)) {
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
