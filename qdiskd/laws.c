/* The laws: from what is configured and what corosync runs to the values in
 * force, each law checked where it stands. Timelines in qdisk(5), "Timings".
 *
 * Example with the native defaults (token 3000, two nodes): I 200, K 8, U 2, W 2,
 * M 3, V 1400, Y 3000. A node dies after its write at T0:
 *	T0		last beat
 *	T0+1400		L1: were it alive but cut from the LUN, it casts 0 now
 *	T0+1400		L3: its daemon dead, its corosync forgets the vote (V)
 *	T0+1600		L2: nobody can have replaced it before; it gives up
 *	T0+1800..2000	a peer counts the 9th miss: dead
 *	T0+2600		L4: a new master at the latest, before corosync's token runs out
 */
#include "laws.h"

/* ---- Defaults ---- */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value == QD_UNSET ? otherwise : value;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* As legacy where interval or tko are given; else from the token in force. */
struct qd_timings laws_timings(const struct qd_config *c, uint32_t token_ms)
{
	struct qd_timings t = { 0 };
	bool native = c->interval_ms == QD_UNSET && c->tko == QD_UNSET;

	if (native) {
		t.interval_ms = larger(token_ms / 15 / 10 * 10, 100);
		t.tko = 8;
	} else {
		t.interval_ms = or_default(c->interval_ms, 1000);
		t.tko = c->tko;
		if (t.tko == QD_UNSET)
			t.tko = t.interval_ms && token_ms > t.interval_ms ?
					(token_ms - t.interval_ms) / (2 * t.interval_ms) : 0;
		if (c->tko == QD_UNSET && t.tko < 4)
			t.tko = 4;
	}
	t.tko_up = or_default(c->tko_up, larger(2, native ? 2 : t.tko / 3));
	t.upgrade_wait = or_default(c->upgrade_wait, 2);
	t.master_wait = or_default(c->master_wait, larger(native ? 3 : t.tko / 2, t.tko_up + 1));
	return t;
}

/* ---- Timings ---- */

static void check_range(struct laws *l, const char *name, uint32_t value, uint32_t min, uint32_t max,
			const char *unit)
{
	if (value < min || value > max)
		law_error_of(l, name, "value %u%s is not allowed; use %u to %u%s", value, unit, min, max,
			     unit);
}

static void check_timings(struct laws *l)
{
	const struct qd_timings *t = &l->params->t;

	check_range(l, "interval", t->interval_ms, QD_INTERVAL_MS_MIN, QD_INTERVAL_MS_MAX, " ms");
	check_range(l, "tko", t->tko, QD_TKO_MIN, QD_CYCLES_MAX, "");
	check_range(l, "tko_up", t->tko_up, 1, QD_CYCLES_MAX, "");
	check_range(l, "upgrade_wait", t->upgrade_wait, 1, QD_CYCLES_MAX, "");
	check_range(l, "master_wait", t->master_wait, QD_MASTER_WAIT_MIN, QD_CYCLES_MAX, "");
	if (t->tko < 4)
		law_warning(l, "Quorum disk TKO (%u) is too low!", t->tko);
}

/* L4: a dead master is replaced before corosync even notices the dead node. */
static void check_token(struct laws *l)
{
	const struct qd_timings *t = &l->params->t;
	uint64_t recovery_ms = qd_law_master_recovery_ms(t);

	if (recovery_ms < l->params->token_ms)
		return;
	law_error(l, "Quorum disk timings are too slow for configured token timeout");
	law_error(l, " * Totem Token timeout: %ums", l->params->token_ms);
	law_error(l, " * Min. Master recovery time: %llums", (unsigned long long)recovery_ms);
	law_error(l, "Please set token timeout to at least %llums",
		  (unsigned long long)(recovery_ms + t->interval_ms));
}

/* L3, L5, L6: what corosync must do with a vote, and must not. */
static void check_device_times(struct laws *l)
{
	const struct qd_params *p = l->params;
	uint64_t i_ms = p->t.interval_ms, withdraw_ms = qd_law_withdraw_ms(&p->t);
	uint64_t sync_ms = qd_law_sync_ms(&p->t);

	if (p->v_ms > withdraw_ms)
		law_error(l, "corosync.conf: quorum.device.timeout: %u is too long; at most %llu, "
			  "(tko-1)*interval, or a dead daemon's vote outlives its node",
			  p->v_ms, (unsigned long long)withdraw_ms);
	if (p->y_ms < sync_ms)
		law_error(l, "corosync.conf: quorum.device.sync_timeout: %u is too short; at least %llu, "
			  "interval*(tko+master_wait+upgrade_wait+2)",
			  p->y_ms, (unsigned long long)sync_ms);
	if (l->facts->sbd_watchdog_ms && p->y_ms > l->facts->sbd_watchdog_ms)
		law_error(l, "corosync.conf: quorum.device.sync_timeout: %u is longer than sbd's watchdog "
			  "timeout of %u; sbd would fence this node during a ring change",
			  p->y_ms, l->facts->sbd_watchdog_ms);
	if ((p->t.master_wait + 4) * i_ms > p->v_ms)
		law_warning(l, "quorum may flap when a master dies: (master_wait+4)*interval is %llu, longer "
			    "than quorum.device.timeout %u; a larger tko mends it",
			    (unsigned long long)((p->t.master_wait + 4) * i_ms), p->v_ms);
}

/* A node that stands still is reset before anyone stops waiting for its vote: its
 * last pet comes (K-1)*I after its last beat at the latest. */
static void check_watchdog(struct laws *l)
{
	const struct qd_params *p = l->params;
	uint32_t timeout_s = qd_law_watchdog_s(&p->t);
	uint64_t reset_ms = qd_law_withdraw_ms(&p->t) + 1000u * (uint64_t)timeout_s;

	if (!p->watchdog || qd_law_drift_ms(&p->t, reset_ms) <= qd_law_forget_ms(p))
		return;
	law_error_of(l, "watchdog", "hardware counts whole seconds, and %u s are longer than is safe with "
		     "interval %u ms and tko %u; use a longer interval or tko", timeout_s, p->t.interval_ms,
		     p->t.tko);
}

/* ---- Score and master_wins ---- */

static void check_score(struct laws *l)
{
	const struct qd_config *c = l->config;
	uint64_t total = 0;

	for (uint32_t i = 0; i < c->heuristic_count; i++) {
		const struct qd_heuristic *h = &c->heuristic[i];

		total += h->score;
		if (h->program[0] == '\0')
			law_error(l, "%s:%u: <heuristic>: attribute program is missing", c->file, h->line);
	}
	if (total > UINT16_MAX)
		law_error(l, "%s:%u: the scores of all heuristics are %llu together; at most 65535",
			  c->file, c->quorumd_line, (unsigned long long)total);
	if (l->params->min_score > (c->heuristic_count ? total : 1))
		law_warning(l, "Minimum score (%u) is impossible to achieve (heuristic total = %llu)",
			    l->params->min_score, (unsigned long long)(c->heuristic_count ? total : 1));
}

/* Only the casting node counts the device: with more than two nodes that is one
 * partition with two opinions. */
static void resolve_master_wins(struct laws *l)
{
	const struct qd_config *c = l->config;
	struct qd_params *p = l->params;
	bool simple = c->heuristic_count == 0 && p->node_count == 2;

	p->master_wins = or_default(c->master_wins, 0) != 0;
	/* corosync.conf alone always has votes: corosync wants them */
	if (c->master_wins == QD_UNSET && (c->votes == QD_UNSET || c->native) && p->votes == 1 && simple) {
		p->master_wins = true;
		law_info(l, "Enabling master-wins mode for simple two-node cluster");
	} else if (p->master_wins && c->heuristic_count > 0) {
		p->master_wins = false;
		law_warning(l, "Master-wins mode disabled (it is for clusters without heuristics)");
	} else if (p->master_wins && p->node_count > 2) {
		law_error_of(l, "master_wins", "1 is for two nodes, there are %u; remove it", p->node_count);
	}
}

/* ---- All together ---- */

static void resolve_policy(struct laws *l)
{
	const struct qd_config *c = l->config;
	struct qd_params *p = l->params;

	p->min_score = or_default(c->min_score, 0);
	p->heuristic_count = c->heuristic_count;
	p->reboot = or_default(c->reboot, 1) != 0;
	p->allow_kill = or_default(c->allow_kill, 1) != 0;
	p->io_timeout = or_default(c->io_timeout, 0) != 0;
	p->paranoid = or_default(c->paranoid, 0) != 0;
	p->stop_cman = or_default(c->stop_cman, 0) != 0;
	p->max_error_cycles = or_default(c->max_error_cycles, 0);
	p->watchdog = c->watchdog[0] != '\0';
	p->fencing = c->fence != QD_FENCE_OFF && c->fence != QD_FENCE_KILL;
	p->fence_lun = c->fence == QD_FENCE_LUN;
	p->post_fail_ms = 1000 * or_default(c->post_fail_delay_s, 0);
	p->post_join_ms = 1000 * or_default(c->post_join_delay_s, 0);
	if (!p->fencing)
		law_warning_of(l, "fence", "nothing fences a dead node, data is not protected");
	if (p->fence_lun && !p->watchdog)
		law_error_of(l, "fence", "lun needs a watchdog on every node, which resets one that cannot "
			     "read its poison pill; add watchdog=\"/dev/watchdog\", or another of auto, "
			     "agents, kill, none");
	if (c->device[0] == '\0' && c->label[0] == '\0')
		law_error_of(l, "label", "neither label nor device is given; one is needed");
	if (c->device[0] && c->label[0])
		law_warning_of(l, "device", "both label and device are given; label is used");
}

unsigned qd_config_check(const struct qd_config *config, const struct qd_facts *facts,
			 struct qd_params *ret_params, struct qd_findings *findings)
{
	struct laws l = { .config = config, .facts = facts, .params = ret_params, .findings = findings };

	memset(ret_params, 0, sizeof(*ret_params));
	findings->count = 0;
	findings->errors = 0;
	laws_nodes(&l);
	laws_totem(&l);
	ret_params->t = laws_timings(config, ret_params->token_ms);
	check_timings(&l);
	if (findings->errors)
		return findings->errors;	/* nothing below makes sense with these */
	resolve_policy(&l);
	laws_votes(&l);
	laws_device(&l);
	resolve_master_wins(&l);
	check_token(&l);
	check_device_times(&l);
	check_watchdog(&l);
	check_score(&l);
	return findings->errors;
}
