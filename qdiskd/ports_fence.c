/* Fencing behind the engine's port, and what others ask of it through the status
 * socket (floor 4): fence_qdisk(8), qdisk-tool(8). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "daemon.h"

/* ---- The port ---- */

static uint32_t silent_s(const struct daemon *d, uint32_t node_id)
{
	const struct qd_member *m = &d->engine.state.member[node_id - 1];
	uint64_t now_ms = daemon_now_ms();

	/* Never seen to beat: nothing tells an old fencing from a new one. */
	return m->beating && now_ms > m->beat_ms ? (uint32_t)((now_ms - m->beat_ms) / 1000) : 0;
}

void ports_fence(void *ctx, uint32_t node_id, uint64_t incarnation)
{
	struct daemon *d = ctx;

	d->fencing[node_id - 1] = incarnation;
	if (fence_busy(&d->fence, node_id))
		fence_cancel(&d->fence, node_id);
	if (fence_start(&d->fence, node_id, FENCE_AS_CONFIGURED, silent_s(d, node_id)) != 0)
		log_line(LOG_ERR, "fencing node %u could not be started", node_id);
}

void ports_on_fenced(void *arg, uint32_t node_id, enum qd_fence_result result)
{
	struct daemon *d = arg;

	qd_engine_fenced(&d->engine, node_id, d->fencing[node_id - 1], result);
}

void ports_on_fence_note(void *arg, enum fence_note kind, const char *text)
{
	(void)arg;
	log_line(kind == FENCE_NOTE_WHY ? LOG_WARNING : LOG_NOTICE, "%s", text);
}

int ports_on_fence(int fd, int revents, void *data)
{
	struct daemon *d = data;

	(void)fd;
	(void)revents;
	fence_dispatch(&d->fence, daemon_now_ms());
	return 0;
}

void ports_fence_watch(struct daemon *d, const struct qd_state *state)
{
	for (qd_mask rest = state->p.nodes & ~qd_bit(state->p.node_id); rest; rest &= rest - 1) {
		uint32_t id = qd_lowest(rest);
		const struct qd_member *m = &state->member[id - 1];
		bool member = qd_has(state->cs.members, id);

		if (fence_busy(&d->fence, id) && m->known && m->block.incarnation != d->fencing[id - 1])
			fence_drop(&d->fence, id);
		if (!m->fenced || !m->known || m->fenced_incarnation != m->block.incarnation)
			d->fence_left &= ~qd_bit(id), d->fence_returned &= ~qd_bit(id);
		else if (!member)
			d->fence_left |= qd_bit(id);
		else if (qd_has(d->fence_left, id))
			d->fence_returned |= qd_bit(id);
	}
}

/* ---- Requests: "WORD NODE", answered with "WORD why" ---- */

static uint32_t node_named(const struct daemon *d, const char *name)
{
	char *end;
	unsigned long id;

	for (uint32_t i = 0; i < d->facts.node_count; i++) {
		if (strcmp(d->facts.node[i].name, name) == 0)
			return d->facts.node[i].node_id;
	}
	id = *name >= '0' && *name <= '9' ? strtoul(name, &end, 10) : 0;
	return id && *end == '\0' && id <= QD_NODE_MAX ? (uint32_t)id : 0;
}

static const char *node_name(const struct daemon *d, uint32_t id)
{
	for (uint32_t i = 0; i < d->facts.node_count; i++) {
		if (d->facts.node[i].node_id == id)
			return d->facts.node[i].name;
	}
	return "?";
}

static size_t reply(char *text, size_t size, const char *word, const char *why)
{
	int n = snprintf(text, size, "%s %s\n", word, why);

	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

/* What the asker has to make of an answer of the mind. */
static const char *answer_word(enum qd_fence_answer answer)
{
	switch (answer) {
	case QD_ASK_MAY:
		return "may";
	case QD_ASK_DONE:
		return "done";
	case QD_ASK_RUNS:
	case QD_ASK_MASTER_DOES:
		return "runs";
	case QD_ASK_NO_MASTER:
	case QD_ASK_NO_QUORUM:
		return "later";
	case QD_ASK_NOT_MASTER:
	case QD_ASK_NO_SUCH_NODE:
	case QD_ASK_MYSELF:
	case QD_ASK_UNSEEN:
	case QD_ASK_OFF:
	case QD_ASK_UNDEFINED:
	case QD_ASK_UNARMED:
		break;
	}
	return "refused";
}

/* Pacemaker was asked, and asks back by its device. */
static size_t circle_answer(const struct daemon *d, uint32_t id, char *text, size_t size)
{
	static const char why[] = "qdiskd itself has asked Pacemaker to fence it, and cannot be Pacemaker's "
				  "device for it: give it fence methods in cluster.conf, or Pacemaker another device";

	log_line(LOG_ERR, "fence %s: fence_qdisk asks for it, but %s", node_name(d, id), why);
	return reply(text, size, "refused", why);
}

/* What is done over the LUN, or will be at the next tick, depends on nobody. */
static bool over_lun(const struct daemon *d, uint32_t id)
{
	const struct qd_member *m = &d->engine.state.member[id - 1];

	return m->fencing_lun || (m->fence_wanted && m->fence_wanted_lun);
}

static size_t fence_answer(struct daemon *d, const char *name, bool lun, bool begin, char *text,
			   size_t size)
{
	uint32_t id = node_named(d, name);
	enum qd_fence_answer answer = qd_fence_ask(&d->engine.state, id, lun);
	char why[QD_NODE_NAME_LEN + 200];

	if (answer == QD_ASK_DONE && qd_has(d->fence_returned, id))
		return reply(text, size, "refused", "it was fenced, and has come back into corosync's membership "
			     "without its qdiskd: it has no life on the LUN that could be fenced");
	if (answer == QD_ASK_NOT_MASTER) {
		(void)snprintf(why, sizeof(why), "%s; the master is %s", qd_fence_answer_text(answer),
			       node_name(d, d->engine.state.master));
		return reply(text, size, "refused", why);
	}
	if (answer == QD_ASK_MAY && begin) {
		qd_engine_fence(&d->engine, id, lun);
		answer = qd_fence_ask(&d->engine.state, id, lun);
	}
	if (answer == QD_ASK_RUNS && !fence_awaited(&d->fence, id, daemon_now_ms()) && !over_lun(d, id))
		return circle_answer(d, id, text, size);
	return reply(text, size, answer_word(answer), qd_fence_answer_text(answer));
}

static size_t power_answer(const struct daemon *d, const char *name, char *text, size_t size)
{
	const struct qd_state *s = &d->engine.state;
	uint32_t id = node_named(d, name);
	const struct qd_member *m;

	if (!qd_has(s->p.nodes, id))
		return reply(text, size, "refused", qd_fence_answer_text(QD_ASK_NO_SUCH_NODE));
	m = &s->member[id - 1];
	if (id == s->p.node_id || (m->beating && qd_fence_still_beats(s, id)))
		return reply(text, size, "on", "it beats on the LUN");
	if (qd_fence_ask(s, id, false) == QD_ASK_DONE && !qd_has(d->fence_returned, id))
		return reply(text, size, "off", "it was fenced, and has not come back");
	return reply(text, size, "unknown", "it does not beat on the LUN, and was not fenced");
}

/* One line for each node, as fence agents list what they can fence. */
static size_t list_answer(const struct daemon *d, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < d->facts.node_count; i++) {
		int n = snprintf(text + used, size - used, "%s,%u\n", d->facts.node[i].name,
				 d->facts.node[i].node_id);

		if (n < 0 || (size_t)n >= size - used)
			break;
		used += (size_t)n;
	}
	return used;
}

static size_t ack_answer(struct daemon *d, const char *name, char *text, size_t size)
{
	const struct qd_state *s = &d->engine.state;
	uint32_t id = node_named(d, name);
	char why[QD_NODE_NAME_LEN + 200];

	if (!qd_has(s->p.nodes, id) || id == s->p.node_id)
		return reply(text, size, "refused", id == s->p.node_id ? "this is the node itself" :
			     qd_fence_answer_text(QD_ASK_NO_SUCH_NODE));
	if (!s->member[id - 1].known)
		return reply(text, size, "refused", qd_fence_answer_text(QD_ASK_UNSEEN));
	if (qd_fence_still_beats(s, id))
		return reply(text, size, "refused", "it still beats on the LUN, or has not been silent for long enough");
	if (s->master && s->master != s->p.node_id) {
		(void)snprintf(why, sizeof(why), "only the master's word counts; the master is %s",
			       node_name(d, s->master));
		return reply(text, size, "refused", why);
	}
	fence_cancel(&d->fence, id);
	log_line(LOG_NOTICE, "fence %s overridden by administrator intervention", node_name(d, id));
	qd_engine_fenced(&d->engine, id, s->member[id - 1].block.incarnation, QD_FENCE_SUCCESS);
	return reply(text, size, "ok", "it counts as fenced");
}

/* fence_node has fenced it: the agents have said so. */
static size_t done_answer(struct daemon *d, const char *name, char *text, size_t size)
{
	const struct qd_state *s = &d->engine.state;
	uint32_t id = node_named(d, name);

	if (!qd_has(s->p.nodes, id) || id == s->p.node_id || !s->member[id - 1].known)
		return reply(text, size, "refused", qd_fence_answer_text(QD_ASK_NO_SUCH_NODE));
	fence_cancel(&d->fence, id);
	log_line(LOG_NOTICE, "fence %s success, reported by fence_node", node_name(d, id));
	qd_engine_fenced(&d->engine, id, s->member[id - 1].block.incarnation, QD_FENCE_SUCCESS);
	return reply(text, size, "ok", "it counts as fenced");
}

/* Is the first word of the request this one, and not only its beginning? */
static bool asks(const char *request, const char *word)
{
	size_t size = strcspn(request, " ");

	return size == strlen(word) && strncmp(request, word, size) == 0;
}

size_t ports_on_request(void *arg, const char *request, bool root, char *text, size_t size)
{
	struct daemon *d = arg;
	const char *name = strchr(request, ' ');

	name = name ? name + 1 : "";
	if (strncmp(request, "fence", 5) != 0)
		return 0;
	if (!root)
		return reply(text, size, "refused", "only root may ask for it");
	if (asks(request, "fence"))
		return fence_answer(d, name, false, true, text, size);
	if (asks(request, "fence-lun"))
		return fence_answer(d, name, true, true, text, size);
	if (asks(request, "fence-wait"))
		return fence_answer(d, name, false, false, text, size);
	if (asks(request, "fence-power"))
		return power_answer(d, name, text, size);
	if (asks(request, "fence-list"))
		return list_answer(d, text, size);
	if (asks(request, "fence-done"))
		return done_answer(d, name, text, size);
	if (asks(request, "fence-ack"))
		return ack_answer(d, name, text, size);
	return 0;
}
