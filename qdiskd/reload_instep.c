/* Values that cannot change while the daemon runs, changed by all nodes together (floor 4).
 *
 * A node that is told of them goes on as before, and its block on the LUN says what it
 * waits for. When everybody says the same, and the nodes' own votes are a quorum, each
 * stops cleanly and starts with the new configuration (restart.c): what an administrator
 * would do by hand. Rules: qdisk(5), "Restart in step"; who is waited for: instep.c. */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "daemon.h"

#define SAY_EVERY_MS 60000u
#define PREFIX "qdiskd: "	/* of what a start says on stderr */

/* ---- What is wanted ---- */

static void want_fill(struct instep_want *w, const struct qd_config *c, const struct qd_timings *t)
{
	memset(w, 0, sizeof(*w));
	w->t = *t;
	(void)snprintf(w->label, sizeof(w->label), "%s", c->label);
	(void)snprintf(w->device, sizeof(w->device), "%s", c->device);
	(void)snprintf(w->cman_label, sizeof(w->cman_label), "%s", c->cman_label);
	(void)snprintf(w->watchdog, sizeof(w->watchdog), "%s", c->watchdog);
}

static bool other_lun(const struct instep_want *a, const struct instep_want *b)
{
	return strcmp(a->label, b->label) != 0 || strcmp(a->device, b->device) != 0;
}

const char *instep_needed(const struct daemon *d, const struct qd_config *next,
			  const struct qd_params *params)
{
	struct instep_want now, then;

	want_fill(&now, &d->config, &d->params.t);
	want_fill(&then, next, &params->t);
	if (memcmp(&now.t, &then.t, sizeof(now.t)) != 0)
		return "interval, tko, tko_up, upgrade_wait or master_wait";
	if (other_lun(&now, &then))
		return "label or device";
	if (strcmp(now.cman_label, then.cman_label) != 0)
		return "cman_label";
	return strcmp(now.watchdog, then.watchdog) != 0 ? "watchdog" : NULL;
}

/* The name under which corosync is to know the device. */
static const char *wanted_name(const struct instep_want *w, const struct qd_label *label)
{
	return w->cman_label[0] ? w->cman_label : label->name;
}

static void wish_fill(struct daemon *d, const struct qd_label *label)
{
	struct instep *i = &d->instep;
	const bool moves = memcmp(label->uuid, d->lun.label.uuid, QD_UUID_LEN) != 0;
	const char *name = wanted_name(&i->want, label);

	i->wish = (struct qd_wish){ .digest = qd_wish_digest(&i->want.t, label->uuid, name) };
	if (moves) {
		memcpy(i->wish.uuid, label->uuid, QD_UUID_LEN);
		memcpy(i->wish.label, label->name, sizeof(i->wish.label));
	}
	i->alone = !moves && memcmp(&i->want.t, &d->params.t, sizeof(i->want.t)) == 0 &&
		   strcmp(name, start_device_name(d)) == 0;
}

/* ---- Refused ---- */

static enum reload_end refuse(const struct daemon *d, const char *why)
{
	log_line(LOG_ERR, "%s: %s changed; %s; the old configuration stays", d->config.file, d->instep.what, why);
	return RELOAD_REFUSED;
}

static const char *refusal(const struct daemon *d, const struct qd_config *next,
			   const struct qd_params *params)
{
	static char error[WATCHDOG_ERROR_LEN];

	if (params->node_id != d->params.node_id)
		return "so has the id of this node, and that needs a stop and start of qdiskd";
	if (!watchdog_stoppable(&d->watchdog))
		return "that needs a restart, and the watchdog does not let itself be stopped (nowayout): stop "
		       "and start this node";
	if (strcmp(next->watchdog, d->config.watchdog) != 0 &&
	    !ports_watchdog_good(next, &params->t, error, sizeof(error)))
		return error;
	if (!qd_instep_votes(&d->engine.state))
		return "that needs a restart of qdiskd on all nodes, and the votes of the nodes that are here are "
		       "no quorum without it: bring the missing nodes back first";
	return NULL;
}

/* ---- Waiting ---- */

static void nodes_text(qd_mask nodes, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (; nodes && used < size; nodes &= nodes - 1)
		used += (size_t)snprintf(text + used, size - used, " %u", qd_lowest(nodes));
}

static void say(struct daemon *d, uint64_t now_ms)
{
	char nodes[QD_NODE_MAX * 3 + 1];

	d->instep.said_ms = now_ms;
	nodes_text(d->instep.awaited, nodes, sizeof(nodes));
	if (d->instep.awaited)
		log_line(LOG_NOTICE, "the new configuration (%s) waits for node%s%s to be told of it; the old one is "
			 "in force", d->instep.what, d->instep.awaited & (d->instep.awaited - 1) ? "s" : "", nodes);
	else
		log_line(LOG_NOTICE, "the new configuration (%s) waits until the nodes' own votes are a quorum; the "
			 "old one is in force", d->instep.what);
}

static void leave_for_it(struct daemon *d)
{
	log_line(LOG_NOTICE, "restarting with the new configuration (%s)%s", d->instep.what,
		 d->instep.alone ? "" : ", in step with the other nodes");
	d->instep.phase = INSTEP_LEAVING;
	qd_engine_stop(&d->engine);
}

static void wait_begin(struct daemon *d, const struct qd_label *label)
{
	wish_fill(d, label);
	d->instep.phase = INSTEP_WAITING;
	d->instep.said_ms = 0;
	d->instep.awaited = 0;
	if (!d->instep.alone)
		qd_engine_wish(&d->engine, &d->instep.wish);
}

qd_mask instep_awaited(const struct daemon *d)
{
	if (d->instep.phase != INSTEP_WAITING || d->instep.alone)
		return 0;
	return qd_instep_awaited(&d->engine.state, d->engine.wishes, d->instep.wish.digest, daemon_now_ms());
}

void instep_tick(struct daemon *d)
{
	uint64_t now_ms;
	qd_mask awaited;

	look_reap(d);
	if (d->instep.phase != INSTEP_WAITING)
		return;
	now_ms = daemon_now_ms();
	awaited = instep_awaited(d);
	if (awaited == 0 && qd_instep_may_leave(&d->engine.state)) {
		leave_for_it(d);
		return;
	}
	if (awaited == d->instep.awaited && d->instep.said_ms && now_ms - d->instep.said_ms < SAY_EVERY_MS)
		return;
	d->instep.awaited = awaited;
	say(d, now_ms);
}

/* ---- Asked for, taken back ---- */

void instep_cancel(struct daemon *d, const char *why)
{
	if (d->instep.phase == INSTEP_NONE)
		return;
	look_end(d);
	d->instep.phase = INSTEP_NONE;
	d->instep.awaited = 0;
	qd_engine_wish(&d->engine, NULL);
	if (why)
		log_line(LOG_NOTICE, "the new configuration (%s) no longer waits: %s", d->instep.what, why);
}

void instep_looked(struct daemon *d, const struct lun_look_result *result, const char *text)
{
	if (result->good) {
		wait_begin(d, &result->label);
		return;
	}
	d->instep.phase = INSTEP_NONE;
	if (strncmp(text, PREFIX, strlen(PREFIX)) == 0)
		text += strlen(PREFIX);
	(void)refuse(d, text[0] ? text : "the child that looked at the LUN has died");
}

/* Corosync's values have changed already, and those in force do not fit them: a vote may
 * not be cast with them, so nobody is waited for before the stop; the start waits. */
static enum reload_end leave_at_once(struct daemon *d, bool moves)
{
	if (moves)
		return refuse(d, "and corosync's values no longer fit those in force");
	wish_fill(d, &d->lun.label);
	if (!d->instep.alone)
		qd_engine_wish(&d->engine, &d->instep.wish);
	leave_for_it(d);
	return RELOAD_WAITS;
}

enum reload_end instep_ask(struct daemon *d, const struct qd_config *next,
			   const struct qd_params *params, bool fits)
{
	struct instep_want now, want;
	const char *why;

	want_fill(&now, &d->config, &d->params.t);
	want_fill(&want, next, &params->t);
	if (fits && d->instep.phase != INSTEP_NONE && memcmp(&want, &d->instep.want, sizeof(want)) == 0)
		return RELOAD_WAITS;
	instep_cancel(d, "there is a newer one");
	d->instep.want = want;
	d->instep.what = instep_needed(d, next, params);
	why = refusal(d, next, params);
	if (why)
		return refuse(d, why);
	if (!fits)
		return leave_at_once(d, other_lun(&now, &want));
	if (!other_lun(&now, &want)) {
		wait_begin(d, &d->lun.label);
		return RELOAD_WAITS;
	}
	if (look_begin(d, next, params) != 0)
		return refuse(d, "the child that looks at the LUN cannot be started");
	d->instep.phase = INSTEP_LOOKING;
	return RELOAD_WAITS;
}
