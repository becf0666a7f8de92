/* The known mistakes of a configuration, each with its remedy; see check.h. */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "qd_score.h"

struct judge {
	const struct check_facts *f;
	struct check_report *report;
};

__attribute__((format(printf, 5, 6)))
static void find(struct judge *j, enum qd_severity severity, const char *name, const char *remedy,
		 const char *format, ...)
{
	struct check_report *r = j->report;
	struct check_finding *c = &r->finding[r->count];
	va_list ap;

	r->errors += severity == QD_SEV_ERROR;
	r->warnings += severity == QD_SEV_WARNING;
	if (r->count == CHECK_FINDINGS_MAX)
		return;	/* counted all the same */
	c->severity = severity;
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	(void)snprintf(c->remedy, sizeof(c->remedy), "%s", remedy);
	va_start(ap, format);
	(void)vsnprintf(c->text, sizeof(c->text), format, ap);
	va_end(ap);
	r->count++;
}

#define error(j, ...) find(j, QD_SEV_ERROR, __VA_ARGS__)
#define warning(j, ...) find(j, QD_SEV_WARNING, __VA_ARGS__)
#define info(j, ...) find(j, QD_SEV_INFO, __VA_ARGS__)

/* What the laws and the reader of the file have said already. */
static void judge_laws(struct judge *j)
{
	const struct qd_findings *laws = j->f->laws;
	const struct qd_config *c = j->f->config;

	for (uint32_t i = 0; i < laws->count; i++)
		find(j, laws->finding[i].severity, "law", "", "%s", laws->finding[i].text);
	for (uint32_t i = 0; i < c->notice_count; i++) {
		if (!c->notice[i].corosync)
			info(j, "notice", "", "%s", c->notice[i].text);
	}
}

/* ---- Votes ---- */

static void judge_votes(struct judge *j)
{
	const struct qd_params *p = j->f->params;
	uint32_t votes = 0;

	for (uint32_t id = 1; id <= QD_NODE_MAX; id++) {
		votes += p->node_votes[id - 1];
		if (qd_has(p->nodes, id) && p->node_votes[id - 1] != 1)
			warning(j, "node-votes", "give every node one vote",
				"node %u has %u votes: nodes that count for more than one make it hard to say who "
				"survives", id, p->node_votes[id - 1]);
	}
	if (p->node_count > 1 && p->votes + 1 < p->node_count)
		warning(j, "last-man", "votes = nodes - 1, expected_votes = 2 * nodes - 1",
			"with %u votes of the device and %u of the nodes a single node is not quorate: no last man "
			"standing", p->votes, votes);
	if (p->votes >= p->node_count && p->node_count > 1)
		warning(j, "device-votes", "votes = nodes - 1",
			"the device has %u votes, the %u nodes have %u together: without the LUN all of them are "
			"not quorate", p->votes, p->node_count, votes);
}

/* ---- Timings ---- */

static void judge_timings(struct judge *j)
{
	const struct qd_params *p = j->f->params;
	uint64_t twice_ms = 2 * qd_law_dead_ms(&p->t);

	if (p->token_ms <= twice_ms)
		info(j, "token-guide", "token above 2 * interval * tko, if your vendor asks for it",
		     "token %u ms is not above 2 * interval * tko = %llu ms, the rule of Red Hat's guide; the law "
		     "here is interval * (tko + master_wait + upgrade_wait) < token", p->token_ms,
		     (unsigned long long)twice_ms);
}

/* A heuristic that finds out too late cannot save the vote. */
static void judge_heuristic_times(struct judge *j, uint32_t i, const struct qd_score *score)
{
	const struct qd_heuristic_state *h = &score->heuristic[i];
	uint64_t within_ms = qd_law_withdraw_ms(&j->f->params->t);
	uint64_t takes_ms = (uint64_t)h->interval_ms * h->tko;

	if (takes_ms > within_ms)
		warning(j, "heuristic-slow", "a shorter interval or a smaller tko of the heuristic",
			"heuristic '%.100s' is down after %llu ms, its interval * tko; a node must know it within "
			"interval * (tko - 1) = %llu ms", j->f->config->heuristic[i].program,
			(unsigned long long)takes_ms, (unsigned long long)within_ms);
}

/* ---- Heuristics ---- */

/* Is `option` one of the words of the command, alone or with its value behind it? */
static bool has_option(const char *command, const char *option)
{
	size_t length = strlen(option);

	for (const char *at = command; (at = strstr(at, option)); at += length) {
		if (at > command && at[-1] == ' ')
			return true;
	}
	return false;
}

/* ping itself, by whatever path; not qdisk-ping. */
static bool is_ping(const char *command)
{
	size_t length = strcspn(command, " ");

	return length >= 4 && strncmp(command + length - 4, "ping", 4) == 0 &&
	       (length == 4 || command[length - 5] == '/');
}

static void judge_ping(struct judge *j, const char *command)
{
	if (!is_ping(command))
		return;
	if (has_option(command, "-t"))
		warning(j, "ping-ttl", "-w SECONDS, or qdisk-ping",
			"heuristic '%.100s': -t of ping is the time to live of its packets, not a timeout", command);
	if (!has_option(command, "-w"))
		warning(j, "ping-deadline", "-c1 -w1, or qdisk-ping",
			"heuristic '%.100s': without -w ping has no deadline of its own", command);
}

static void judge_heuristics(struct judge *j)
{
	const struct qd_config *c = j->f->config;
	const struct qd_params *p = j->f->params;
	struct qd_score score;

	qd_score_init(&score, c, &p->t, 0);
	for (uint32_t i = 0; i < c->heuristic_count; i++) {
		judge_heuristic_times(j, i, &score);
		judge_ping(j, c->heuristic[i].program);
	}
	if (c->heuristic_count == 0 && !p->master_wins && p->node_count == 2)
		warning(j, "no-heuristics", "a heuristic, as qdisk-ping ROUTER; or leave votes and master_wins to "
			"their defaults",
			"two nodes without a heuristic and without master_wins: nothing tells the fit node from the "
			"one that has lost its network");
}

/* ---- Policy ---- */

static void judge_policy(struct judge *j)
{
	const struct qd_config *c = j->f->config;

	if (c->reboot == 0)
		warning(j, "reboot", "reboot=\"1\", or fencing that you have tried",
			"reboot is off: a node whose score falls short gives up its vote and runs on");
	if (c->allow_kill == 0)
		warning(j, "allow-kill", "allow_kill=\"1\"",
			"allow_kill is off: corosync is not asked to end on a node that was evicted");
	if (j->f->status_file_fifo)
		error(j, "status-fifo", "a file, or qdisk-tool status",
		      "%s: status_file is a fifo: writing to it waits for a reader", c->status_file);
	if (c->watchdog[0] && j->f->corosync->sbd_watchdog_ms)
		error(j, "watchdog-shared", "no watchdog= where sbd runs: its watchdog is enough",
		      "%s: sbd runs here and has a watchdog of its own; one device cannot be shared", c->watchdog);
	if (!c->watchdog[0] && !j->f->corosync->sbd_watchdog_ms)
		info(j, "no-watchdog", "watchdog=\"/dev/watchdog\", where sbd does not use it",
		     "no watchdog: a node whose daemon was killed or stands still ends only when it is fenced");
}

static bool node_has_method(const struct qd_config_node *n)
{
	for (uint32_t i = 0; i < n->method_count; i++) {
		if (n->method[i].device_count)
			return true;
	}
	return false;
}

static bool has_methods(const struct qd_config *c)
{
	for (uint32_t i = 0; i < c->node_count; i++) {
		if (node_has_method(&c->node[i]))
			return true;
	}
	return false;
}

/* Pacemaker has qdiskd fence, and qdiskd has Pacemaker. */
static void judge_circle(struct judge *j)
{
	const struct check_facts *f = j->f;
	enum qd_fence_mode mode = f->config->fence;

	if (!f->pacemaker || !f->fence_qdisk)
		return;
	if (mode == QD_FENCE_PACEMAKER || (mode == QD_FENCE_AUTO && !has_methods(f->config)))
		error(j, "fence-circle", "fence methods in cluster.conf, or another device in Pacemaker",
		      "Pacemaker's device is fence_qdisk, which asks qdiskd, which asks Pacemaker%s: nothing "
		      "fences a node", mode == QD_FENCE_AUTO ? ", since no node has a fence method" : "");
}

/* A line of qdisk-agents in its parts; what is none is a warning as it stands. */
static void judge_agent_line(struct judge *j, const char *line)
{
	bool is_error = strncmp(line, "error ", 6) == 0;
	const char *name = strchr(line, ' '), *text = name ? strstr(name, ": ") : NULL;
	const char *remedy = text ? strstr(text, "; remedy: ") : NULL;
	char word[CHECK_NAME_LEN];

	if (!remedy) {
		warning(j, "agent-metadata", "", "%s", line);
		return;
	}
	(void)snprintf(word, sizeof(word), "%.*s", (int)(text - name - 1), name + 1);
	find(j, is_error ? QD_SEV_ERROR : QD_SEV_WARNING, word, remedy + 10, "%.*s", (int)(remedy - text - 2), text + 2);
}

static void judge_agents(struct judge *j)
{
	const struct check_agents *a = j->f->agents;

	for (unsigned i = 0; a && i < a->count && i < CHECK_AGENT_LINES; i++)
		judge_agent_line(j, a->line[i]);
}

static void judge_fencing(struct judge *j)
{
	const struct check_facts *f = j->f;
	const struct qd_config *c = f->config;

	judge_agents(j);
	judge_circle(j);
	if (f->pacemaker && f->stonith_off)
		warning(j, "stonith-off", "stonith-enabled=true, with devices that you have tried",
			"Pacemaker's stonith-enabled is false: it starts resources beside a node that may still run");
	if (f->pacemaker && f->quorum_ignored)
		error(j, "quorum-ignored", "no-quorum-policy=stop, or freeze or suicide",
		      "Pacemaker's no-quorum-policy is ignore: a side that has lost runs its resources all the same");
	if (f->pacemaker || (c->fence != QD_FENCE_AUTO && c->fence != QD_FENCE_AGENTS))
		return;
	if (c->native)
		warning(j, "no-fencing", "Pacemaker with stonith, or a cluster.conf with fence methods",
			"corosync.conf has no fence methods: nothing fences a dead node");
	for (uint32_t i = 0; i < c->node_count; i++) {
		if (!node_has_method(&c->node[i]))
			warning(j, "no-fencing", "a <fence> with a <method> for each node",
				"node %.100s has no fence method: nothing fences it", c->node[i].name);
	}
}

/* ---- The LUN ---- */

static void judge_kind(struct judge *j)
{
	static const char *const what[] = {
		[CHECK_DISK] = NULL,
		[CHECK_DRBD] = "a DRBD device: each node writes a copy of its own, and a split has two",
		[CHECK_MD] = "a Linux md array: no node knows what the other writes to its members",
		[CHECK_MIRROR] = "a mirror of LVM: no node knows what the other writes to its halves",
		[CHECK_NETWORK_FILE] = "a file on a network file system: its locks and caches decide, not the disk",
	};
	const struct check_lun *lun = &j->f->lun;

	if (what[lun->kind])
		error(j, "lun-kind", "a LUN that all nodes reach directly, by its multipath device",
		      "%s is %s", lun->path, what[lun->kind]);
}

static void judge_multipath(struct judge *j)
{
	const struct check_lun *lun = &j->f->lun;
	const struct qd_timings *t = &j->f->params->t;
	uint64_t bearable_ms = (uint64_t)(t->tko - 2) * t->interval_ms;

	if (lun->queue == CHECK_QUEUE_FOR_EVER)
		warning(j, "multipath-queue", "no_path_retry fail",
			"%s: multipath holds I/O for ever while there is no path: the node hangs where it could say "
			"that its LUN is dead", lun->path);
	if (lun->queue == CHECK_QUEUE_FOR && lun->queue_ms > bearable_ms)
		warning(j, "multipath-queue", "no_path_retry fail",
			"%s: multipath holds I/O for %u ms while there is no path; after (tko - 2) * interval = %llu ms "
			"the vote goes", lun->path, lun->queue_ms, (unsigned long long)bearable_ms);
}

static void judge_label(struct judge *j)
{
	const struct qd_label *l = &j->f->lun.label;
	const struct qd_timings *t = &j->f->params->t, *on = &l->timings;
	const struct qd_facts *cs = j->f->corosync;
	uint32_t capacity = qd_label_capacity(l);

	if (on->interval_ms && memcmp(on, t, sizeof(*t)) != 0)
		error(j, "lun-timings", "the same timings on all nodes; to change them stop all daemons",
		      "%s: the cluster has agreed on interval %u ms, tko %u, tko_up %u, upgrade_wait %u, master_wait "
		      "%u; here it is %u, %u, %u, %u, %u", j->f->lun.path, on->interval_ms, on->tko, on->tko_up,
		      on->upgrade_wait, on->master_wait, t->interval_ms, t->tko, t->tko_up, t->upgrade_wait,
		      t->master_wait);
	if (cs->known && l->cluster[0] && strncmp(l->cluster, cs->cluster, sizeof(l->cluster) - 1) != 0)
		error(j, "lun-cluster", "another LUN, or a new label if that cluster is gone",
		      "%s belongs to cluster '%s', this is '%s'", j->f->lun.path, l->cluster, cs->cluster);
	for (uint32_t id = capacity + 1; id <= QD_NODE_MAX; id++) {
		if (qd_has(j->f->params->nodes, id))
			error(j, "lun-capacity", "mkqdisk on a larger LUN",
			      "%s has room for node ids 1 to %u, node %u is configured", j->f->lun.path, capacity, id);
	}
}

static void judge_lun(struct judge *j)
{
	const struct check_lun *lun = &j->f->lun;

	if (!lun->known && lun->error[0])
		error(j, "lun", "mkqdisk -L lists the quorum disks that this node sees", "%s", lun->error);
	if (!lun->known)
		return;
	judge_kind(j);
	judge_label(j);
	judge_multipath(j);
	if (lun->scheduler[0] && strcmp(lun->scheduler, "mq-deadline") != 0 &&
	    strcmp(lun->scheduler, "none") != 0)
		warning(j, "lun-scheduler", "mq-deadline or none, by a udev rule",
			"%s: its I/O scheduler is %s: beside much other I/O a beat can wait for seconds", lun->path,
			lun->scheduler);
}

void check_judge(const struct check_facts *facts, struct check_report *ret_report)
{
	struct judge j = { .f = facts, .report = ret_report };

	ret_report->count = ret_report->errors = ret_report->warnings = 0;
	judge_laws(&j);
	if (facts->params->t.interval_ms == 0 || facts->params->t.tko < QD_TKO_MIN)
		return;	/* nothing below makes sense with these */
	judge_votes(&j);
	judge_timings(&j);
	judge_heuristics(&j);
	judge_policy(&j);
	judge_fencing(&j);
	judge_lun(&j);
}
