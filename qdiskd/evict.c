/* What a master does about a dead node: evict it on the LUN, have corosync kill
 * it, fence it. Rules: qdisk(5), "Members" and "Fencing". */
#include "mind.h"

#define FENCE_PAUSE_MIN_MS 1000u
#define FENCE_PAUSE_MAX_MS 60000u

/* Somebody who runs sees this node. */
static bool seen_by_others(const struct qd_state *s, uint32_t id)
{
	for_each_node(other, s->up & peers(s) & ~qd_bit(id)) {
		if (qd_has(member_see(s, other)->block.online, id))
			return true;
	}
	return false;
}

/* A slot that cannot be read proves nothing by itself: the node must also be
 * out of my membership and unseen by all that run. */
static bool death_is_proven(const struct qd_state *s, uint32_t id)
{
	const struct qd_member *m = member_see(s, id);

	return m->dead &&
	       (m->readable || (!qd_has(s->cs.members, id) && !seen_by_others(s, id)));
}

/* The victim's last good block with state, last writer and time changed: its
 * mark, view and ring are carried over. Unreadable: voting, in an empty view. */
static void eviction_write(struct qd_state *s, uint32_t id, uint64_t wall_s, struct qd_actions *out)
{
	const struct qd_member *m = member_see(s, id);
	struct qd_action *a = action_add(out, QD_ACT_WRITE);
	struct qd_status_ext *ext = &a->block.ext;

	a->node = id;
	a->block = m->block;
	a->block.state = QD_STATE_EVICTED;
	a->block.node_id = id;
	a->block.writer_id = s->p.node_id;
	a->block.wall_s = wall_s;
	a->block.message = QD_MSG_NONE;
	a->block.has_ext = true;
	ext->victim_incarnation = m->block.incarnation;
	ext->flags &= QD_EXT_VOTING | QD_EXT_ARMED;
	ext->successor = 0;
	if (!m->readable) {
		ext->flags |= QD_EXT_VOTING;
		ext->view = 0;
	}
	if (member_fenced(m))
		ext->flags |= QD_EXT_FENCED;
}

static void evict(struct qd_state *s, uint32_t id, uint64_t wall_s, struct qd_actions *out)
{
	struct qd_member *m = member_of(s, id);

	eviction_write(s, id, wall_s, out);
	m->evicted = true;
	m->evicted_incarnation = m->block.incarnation;
	m->up = false;
	m->seen = 0;
	s->up &= ~qd_bit(id);
	if (!s->p.allow_kill || !cs_usable(&s->cs))
		return;
	note_add(out, QD_NOTE_KILL, id, 0, 0);
	action_add(out, QD_ACT_KILL)->node = id;
}

/* One peer, at a tick of a master. */
static void evict_peer(struct qd_state *s, uint32_t id, uint64_t wall_s, struct qd_actions *out)
{
	struct qd_member *m = member_of(s, id);
	bool written = m->readable && m->block.state == QD_STATE_EVICTED;

	if (!m->known || !m->beating)
		return;
	if (!member_evicted(m)) {
		if (!state_lives(m->block.state) || !death_is_proven(s, id))
			return;
		note_add(out, QD_NOTE_EVICTION, id, m->missed, 0);
		evict(s, id, wall_s, out);
	} else if (m->readable && !written && m->missed == 0) {
		note_add(out, QD_NOTE_NODE_UNDEAD, id, 0, 0);
		note_add(out, QD_NOTE_EVICTION_AGAIN, id, 0, 0);
		m->fence_undefined = false;
		evict(s, id, wall_s, out);
	} else if (!written && (m->readable || death_is_proven(s, id))) {
		eviction_write(s, id, wall_s, out);	/* it has not landed yet */
	} else if (written && member_fenced(m) && !(m->block.ext.flags & QD_EXT_FENCED)) {
		eviction_write(s, id, wall_s, out);	/* now with "fenced" */
	}
}

/* ---- Fencing ---- */

/* A living node whose mark makes me wait is the master's business, not mine. */
static bool only_the_dead_hold_me(const struct qd_state *s, uint64_t now_ms)
{
	for_each_node(id, peers(s)) {
		if (mark_makes_wait(s, id, now_ms) && !death_is_proven(s, id))
			return false;
	}
	return true;
}

/* Whom I may fence now. A master: those it has evicted. A bidder that has won
 * but for the voting marks of nodes dead to it: those nodes. */
static bool fence_due(const struct qd_state *s, uint32_t id, uint64_t now_ms)
{
	const struct qd_member *m = member_see(s, id);

	if (!s->p.fencing || !m->known || !m->beating || m->fencing || m->fence_undefined ||
	    member_fenced(m) || now_ms < m->fence_next_ms)
		return false;
	if (s->role == QD_STATE_MASTER)
		return member_evicted(m) && s->cs.connected && s->cs.quorate;
	return elect_won_but_held(s) && mark_makes_wait(s, id, now_ms) && only_the_dead_hold_me(s, now_ms);
}

static void fence_start(struct qd_state *s, uint32_t id, struct qd_actions *out)
{
	struct qd_member *m = member_of(s, id);
	struct qd_action *a;

	m->fencing = true;
	m->fence_attempts++;
	note_add(out, QD_NOTE_FENCE_START, id, m->fence_attempts, 0);
	a = action_add(out, QD_ACT_FENCE);
	a->node = id;
	a->incarnation = m->block.incarnation;
}

void evict_step(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	if (!in->tick)
		return;
	for_each_node(id, peers(s)) {
		if (s->role == QD_STATE_MASTER && !s->woke && !s->leaving)
			evict_peer(s, id, in->wall_s, out);
		if (fence_due(s, id, in->now_ms) && !s->woke && !s->stopping)
			fence_start(s, id, out);
	}
}

static uint64_t fence_pause_ms(uint32_t attempts)
{
	/* attempts may be 0: counted in a life that has ended since */
	uint32_t doublings = attempts < 1 ? 0 : attempts < 10 ? attempts - 1 : 9;
	uint64_t pause = (uint64_t)FENCE_PAUSE_MIN_MS << doublings;

	return pause < FENCE_PAUSE_MAX_MS ? pause : FENCE_PAUSE_MAX_MS;
}

void evict_fenced(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	struct qd_member *m;

	if (!qd_has(peers(s), in->fenced_node))
		return;
	m = member_of(s, in->fenced_node);
	s->fence_victim = in->fenced_node;
	s->fence_result = in->fenced;
	s->fence_wall_s = in->wall_s;
	s->fence_ms = in->now_ms;
	if (!m->known || m->block.incarnation != in->fenced_incarnation)
		return;	/* it has come back since: what was fenced is gone */
	m->fencing = false;
	switch (in->fenced) {
	case QD_FENCE_SUCCESS:
		m->fenced = true;
		m->fenced_incarnation = in->fenced_incarnation;
		m->fence_attempts = 0;
		note_add(out, QD_NOTE_FENCE_OK, in->fenced_node, 0, 0);
		break;
	case QD_FENCE_UNDEFINED:
		m->fence_undefined = true;
		note_add(out, QD_NOTE_FENCE_UNDEFINED, in->fenced_node, 0, 0);
		break;
	case QD_FENCE_NONE:
	case QD_FENCE_FAILED:
		m->fence_next_ms = in->now_ms + fence_pause_ms(m->fence_attempts);
		note_add(out, QD_NOTE_FENCE_FAILED, in->fenced_node,
			 fence_pause_ms(m->fence_attempts), 0);
		break;
	}
}
