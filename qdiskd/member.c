/* Members: what a slot says about a node. Rules and their order: qdisk(5), "Members". */
#include "mind.h"

uint64_t block_beat(const struct qd_block *b)
{
	return b->has_ext ? b->ext.beat : b->wall_s;
}

bool member_runs(const struct qd_member *m)
{
	return m->up && m->block.state == QD_STATE_RUN;
}

bool member_evicted(const struct qd_member *m)
{
	return m->evicted && m->known && m->evicted_incarnation == m->block.incarnation;
}

bool member_fenced(const struct qd_member *m)
{
	return m->fenced && (!m->known || m->fenced_incarnation == m->block.incarnation);
}

bool member_live_master(const struct qd_member *m)
{
	return m->known && m->block.state == QD_STATE_MASTER && m->beating && !m->dead &&
	       !member_evicted(m);
}

uint32_t member_limit(const struct qd_member *m, const struct qd_params *p)
{
	uint64_t limit_ms = qd_law_dead_ms(&p->t);
	uint64_t its_ms = 0;

	/* Wild values are not believed: they would make a node immortal. */
	if (m->known && !m->block.has_ext)
		its_ms = (uint64_t)p->t.tko * (p->t.interval_ms > 1000 ? p->t.interval_ms : 1000);
	else if (m->known && m->block.ext.interval_ms <= 60000 && m->block.ext.tko <= 1000)
		its_ms = (uint64_t)m->block.ext.tko * m->block.ext.interval_ms;
	if (its_ms > limit_ms)
		limit_ms = its_ms;
	return (uint32_t)((limit_ms + p->t.interval_ms - 1) / p->t.interval_ms);
}

/* It is no longer what it was: counts and verdicts of that life end. */
static void member_down(struct qd_member *m)
{
	m->up = false;
	m->seen = 0;
}

static void member_new_life(struct qd_member *m, uint32_t id, struct qd_actions *out)
{
	if (m->up)
		note_add(out, QD_NOTE_NODE_DOWN, id, 0, 0);
	if (m->fencing || (m->fence_attempts && !member_fenced(m)))
		note_add(out, QD_NOTE_FENCE_DROPPED, id, 0, 0);
	member_down(m);
	m->dead = false;
	m->fencing = false;
	m->fence_attempts = 0;
	m->fence_undefined = false;
	m->fencing_lun = m->fence_wanted = m->fence_wanted_lun = false;
	m->fence_next_ms = 0;
	m->bid_ticks = 0;
}

/* A beat that this life has not shown before. */
static void member_beats(struct qd_member *m, const struct qd_block *b, uint64_t now_ms)
{
	m->beating = true;
	m->beat_ms = m->may_beat_ms = now_ms;
	m->beat_after_ms = b->has_ext ? m->read_ms : 0;
	/* who leaves disarms, once this block has landed */
	m->armed_ms = b->has_ext && (b->ext.flags & (QD_EXT_ARMED | QD_EXT_LEAVING)) == QD_EXT_ARMED ?
			      b->ext.watchdog_ms : 0;
}

/* Who was evicted. Legacy's block names nobody, and carries the master's own
 * incarnation: then it was the one that was there. */
static uint64_t eviction_victim(const struct qd_member *m, const struct qd_block *b)
{
	if (b->has_ext)
		return b->ext.victim_incarnation;
	return m->known ? m->block.incarnation : b->incarnation;
}

static void member_take_eviction(struct qd_member *m, uint32_t id, const struct qd_block *b,
				 uint64_t now_ms, struct qd_actions *out)
{
	uint64_t victim = eviction_victim(m, b);

	if (!m->known)
		m->beat_ms = now_ms;
	else if (!m->evicted || m->evicted_incarnation != victim)
		note_add(out, QD_NOTE_NODE_EVICTED, id, b->writer_id, 0);
	/* It covers whatever has landed since the last look; that no such beat was
	 * followed by a pet is known only of a node that was dead to me before. */
	if (m->block.state != QD_STATE_EVICTED && !m->dead)
		m->may_beat_ms = now_ms;
	m->evicted = true;
	m->evicted_incarnation = victim;
	if (b->has_ext && (b->ext.flags & QD_EXT_FENCED)) {
		m->fenced = true;
		m->fenced_incarnation = victim;
	}
	m->known = true;
	m->block = *b;
	m->block.incarnation = victim;
	member_down(m);
}

/* A good block, no eviction. A beat that runs backwards within one incarnation
 * is an old block (a stale read): it says nothing. */
static void member_take(struct qd_state *s, uint32_t id, const struct qd_block *b,
			const struct qd_input *in, struct qd_actions *out)
{
	struct qd_member *m = member_of(s, id);
	bool same_life = m->known && m->block.incarnation == b->incarnation;

	if (same_life && b->has_ext && m->block.has_ext && b->ext.beat < m->block.ext.beat)
		return;
	if (!m->known) {
		m->beat_ms = in->now_ms;
	} else if (!same_life) {
		member_new_life(m, id, out);
		member_beats(m, b, in->now_ms);
	} else if (block_beat(b) != block_beat(&m->block)) {
		if (member_fenced(m))	/* it lives: whatever was fenced was not it */
			evict_lied(s, id, in->now_ms, out);
		member_beats(m, b, in->now_ms);
	}
	if (m->up && b->state == QD_STATE_NONE) {
		note_add(out, QD_NOTE_NODE_SHUTDOWN, id, 0, 0);
		member_down(m);
	}
	m->known = true;
	m->left_unseen = false;
	m->block = *b;
	m->read_ms = in->cycle_start_ms;
	if (member_evicted(m))	/* undead: not up until a new incarnation */
		member_down(m);
}

/* Hits and misses: only at a tick, against the tick before it. */
static void member_count(struct qd_member *m)
{
	bool hit;

	if (!m->known)
		return;
	hit = m->readable && m->block.state != QD_STATE_EVICTED &&
	      (m->tick_beat != block_beat(&m->block) ||
	       m->tick_incarnation != m->block.incarnation);
	if (m->tick_known && hit) {
		m->missed = 0;
		m->seen += m->seen < UINT32_MAX;
	} else if (m->tick_known) {
		m->missed += m->missed < UINT32_MAX;
		if (m->missed >= 2)
			m->seen = 0;
	}
	m->tick_known = true;
	m->tick_beat = block_beat(&m->block);
	m->tick_incarnation = m->block.incarnation;
}

/* More misses in a row than the limit, and the time that they stand for: with
 * slow reads two looks can lie closer together than a tick. The read that shows
 * the old beat began at cycle_start, so nothing has landed in between. A slot that
 * cannot be read shows none: what landed behind the last look that could is not
 * held against the node before it has been unreadable for as long. */
static bool member_out_of_time(const struct qd_state *s, const struct qd_member *m, uint32_t limit,
			       const struct qd_input *in)
{
	uint64_t since_ms = m->readable || m->read_ms < m->beat_ms ? m->beat_ms : m->read_ms;

	return m->missed > limit &&
	       in->cycle_start_ms >= since_ms + (uint64_t)limit * s->p.t.interval_ms;
}

static void member_judge(struct qd_state *s, uint32_t id, const struct qd_input *in,
			 struct qd_actions *out)
{
	struct qd_member *m = member_of(s, id);
	uint32_t limit = member_limit(m, &s->p);
	bool lives = m->known && state_lives(m->block.state);

	if (m->missed == 0) {
		m->dead = false;
	} else if (lives && m->beating && !m->dead && member_out_of_time(s, m, limit, in)) {
		m->dead = true;
		/* Where a node has come up meanwhile, this one may come back with it. */
		m->fence_next_ms = in->now_ms + (s->joined_ms > m->beat_ms ? s->p.post_join_ms :
									     s->p.post_fail_ms);
		note_add(out, s->role == QD_STATE_MASTER ? QD_NOTE_NODE_DEAD : QD_NOTE_NODE_SILENT,
			 id, m->missed, limit);
		member_down(m);
	} else if (lives && m->up && m->missed > 1) {
		note_add(out, QD_NOTE_NODE_MISSED, id, m->missed, limit);
	}
	if (!m->up && lives && m->readable && m->seen > s->p.t.tko_up && !member_evicted(m)) {
		m->up = true;
		s->joined_ms = in->now_ms;
		note_add(out, QD_NOTE_NODE_UP, id, 0, 0);
	}
}

/* An eviction without an extension, by one who writes them: whom it names is lost. */
static bool eviction_torn(const struct qd_state *s, const struct qd_block *b)
{
	const struct qd_member *writer;

	if (b->state != QD_STATE_EVICTED || b->has_ext || !qd_has(s->p.nodes, b->writer_id))
		return false;
	writer = member_see(s, b->writer_id);
	return b->writer_id == s->p.node_id || (writer->known && writer->block.has_ext);
}

/* A life that has shown an extension keeps one. A block of it without is torn, or
 * a stranger has written behind the payload: it must not pass for legacy's, or
 * its voting mark and its ring would be forgotten. (Legacy's eviction carries the
 * incarnation of the master that wrote it; ours of a legacy node has an extension
 * without an interval: that node has shown none.) */
static bool block_torn(const struct qd_member *m, const struct qd_block *b)
{
	bool has_shown = m->known && m->block.has_ext && m->block.ext.interval_ms != 0;

	return has_shown && !b->has_ext && m->block.incarnation == b->incarnation;
}

void member_look(struct qd_state *s, uint32_t id, const struct qd_slot *slot,
		 const struct qd_input *in, struct qd_actions *out)
{
	struct qd_member *m = member_of(s, id);
	bool readable = slot->result == QD_SLOT_OK && !block_torn(m, &slot->block) &&
			!eviction_torn(s, &slot->block);

	if (m->looked ? readable != m->readable : !readable)
		note_add(out, readable ? QD_NOTE_SLOT_GOOD : QD_NOTE_SLOT_BAD, id, 0, 0);
	m->looked = true;
	m->readable = readable;
	if (!readable) {	/* it may beat, or leave unless it is dead, and nobody would see it */
		m->may_beat_ms = in->now_ms;
		m->left_unseen = m->left_unseen || !m->dead;
	}
	if (readable && slot->block.state == QD_STATE_EVICTED)
		member_take_eviction(m, id, &slot->block, in->now_ms, out);
	else if (readable)
		member_take(s, id, &slot->block, in, out);
	if (!in->tick)
		return;
	member_count(m);
	member_judge(s, id, in, out);
}
