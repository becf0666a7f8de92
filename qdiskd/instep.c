/* A restart in step: what cannot change while the daemon runs is changed by all nodes
 * together, by a clean stop of each and a start with the new values. Who still has to
 * ask for it, when a node may stop, and when the next life may begin. Rules: qdisk(5),
 * "Restart in step". */
#include "mind.h"

/* It has ended cleanly, and its corosync counts it no longer; or it never lived. */
static bool has_given_up(const struct qd_block *b)
{
	if (b->state == QD_STATE_EVICTED)
		return b->has_ext && (b->ext.flags & QD_EXT_FENCED);
	if (b->state != QD_STATE_NONE)
		return false;
	return b->incarnation == 0 ||
	       (b->has_ext && (b->ext.flags & QD_EXT_LEAVING) && !(b->ext.flags & QD_EXT_VOTING));
}

static bool beats(const struct qd_member *m)
{
	return m->up || (m->beating && !m->dead && !member_evicted(m));
}

/* Nobody beats there; but a daemon may be about to, while its corosync is a member. */
static bool may_come_back(const struct qd_state *s, uint32_t id, uint64_t now_ms)
{
	const struct qd_member *m = member_see(s, id);

	return qd_has(s->cs.members, id) && now_ms - m->beat_ms < qd_law_forget_ms(&s->p);
}

qd_mask qd_instep_awaited(const struct qd_state *s, const uint32_t wishes[QD_NODE_MAX], uint32_t digest,
			  uint64_t now_ms)
{
	qd_mask awaited = 0;

	for_each_node(id, peers(s)) {
		const struct qd_member *m = member_see(s, id);

		if (!m->looked || !m->readable)
			awaited |= qd_bit(id);
		else if (wishes[id - 1] != digest && !has_given_up(&m->block) &&
			 (beats(m) || may_come_back(s, id, now_ms)))
			awaited |= qd_bit(id);
	}
	return awaited;
}

bool qd_instep_votes(const struct qd_state *s)
{
	uint32_t votes = node_votes(&s->p, s->cs.members);

	return s->cs.connected && votes >= s->cs.quorum && votes >= configured_quorum(&s->p);
}

/* Is its vote there for sure? Corosync may show a member for a token's time after its
 * death. T0 it dies   T1 it is dead on the LUN, and fenced   T10 the token is lost. So it
 * beats, or has left cleanly, or corosync has heard of it since its last beat: it is a
 * member of a ring that is younger. */
static bool vote_is_sure(const struct qd_state *s, uint32_t id)
{
	const struct qd_member *m = member_see(s, id);
	const struct qd_block *b = &m->block;

	if (id == s->p.node_id || (b->state == QD_STATE_NONE && has_given_up(b)))
		return true;
	return beats(m) ? m->missed <= 1 : m->beat_ms < s->ring_since_ms;
}

static bool sure_votes_suffice(const struct qd_state *s)
{
	qd_mask sure = 0;
	uint32_t votes;

	for_each_node(id, s->cs.members & s->p.nodes) {
		if (vote_is_sure(s, id))
			sure |= qd_bit(id);
	}
	votes = node_votes(&s->p, sure);
	return votes >= s->cs.quorum && votes >= configured_quorum(&s->p);
}

bool qd_instep_may_leave(const struct qd_state *s)
{
	return ring_suffices(s) && sure_votes_suffice(s) && cs_usable(&s->cs) && s->landed && !s->woke &&
	       !s->stopping;
}

bool qd_instep_given_up(const struct qd_slot *slot, uint64_t unchanged_ms, uint64_t forget_ms)
{
	if (slot->result != QD_SLOT_OK)
		return false;
	return has_given_up(&slot->block) || unchanged_ms >= forget_ms;
}
