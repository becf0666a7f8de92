/* What a master does about a dead node: evict it on the LUN, have corosync kill
 * it. Fencing follows in evict_fence.c. Rules: qdisk(5), "Members". */
#include "mind.h"

/* Somebody who runs sees this node. */
static bool seen_by_others(const struct qd_state *s, uint32_t id)
{
	for_each_node(other, s->up & peers(s) & ~qd_bit(id)) {
		if (qd_has(member_see(s, other)->block.online, id))
			return true;
	}
	return false;
}

bool death_is_proven(const struct qd_state *s, uint32_t id)
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
		if (!state_lives(m->block.state) || (!death_is_proven(s, id) && !m->fence_wanted))
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

void evict_step(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	if (!in->tick)
		return;
	for_each_node(id, peers(s)) {
		if (s->role == QD_STATE_MASTER && !s->woke && !s->leaving)
			evict_peer(s, id, in->wall_s, out);
		evict_fence(s, id, in, out);
	}
}
