/* Whom a node may fence, and when; what becomes of it. Who performs it is not known
 * here, but for fencing over the LUN, which is performed by waiting. Rules: qdisk(5),
 * "Fencing". */
#include "mind.h"

#define FENCE_PAUSE_MIN_MS 1000u
#define FENCE_PAUSE_MAX_MS 60000u

/* ---- When ---- */

/* A living node whose mark makes me wait is the master's business, not mine. */
static bool only_the_dead_hold_me(const struct qd_state *s, uint64_t now_ms)
{
	for_each_node(id, peers(s)) {
		if (mark_makes_wait(s, id, now_ms) && !death_is_proven(s, id))
			return false;
	}
	return true;
}

/* Whom I may fence now. A master: those it has evicted, and whom it was asked to
 * fence. A bidder that has won but for the voting marks of nodes dead to it: those. */
static bool fence_due(const struct qd_state *s, uint32_t id, uint64_t now_ms)
{
	const struct qd_member *m = member_see(s, id);

	if (!(s->p.fencing || m->fence_wanted) || !m->known || m->fencing || m->fence_undefined ||
	    member_fenced(m))
		return false;
	if (!m->fence_wanted && (!m->beating || now_ms < m->fence_next_ms))
		return false;
	if (s->role == QD_STATE_MASTER)
		return (m->fence_wanted || member_evicted(m)) && s->cs.connected && s->cs.quorate;
	return elect_won_but_held(s) && mark_makes_wait(s, id, now_ms) && only_the_dead_hold_me(s, now_ms);
}

static uint64_t fence_pause_ms(uint32_t attempts)
{
	/* attempts may be 0: counted in a life that has ended since */
	uint32_t doublings = attempts < 1 ? 0 : attempts < 10 ? attempts - 1 : 9;
	uint64_t pause = (uint64_t)FENCE_PAUSE_MIN_MS << doublings;

	return pause < FENCE_PAUSE_MAX_MS ? pause : FENCE_PAUSE_MAX_MS;
}

/* ---- How it ends ---- */

static void fence_ended(struct qd_state *s, uint32_t id, enum qd_fence_result result,
			const struct qd_input *in, struct qd_actions *out)
{
	struct qd_member *m = member_of(s, id);

	s->fence_victim = id;
	s->fence_result = result;
	s->fence_wall_s = in->wall_s;
	s->fence_ms = in->now_ms;
	m->fencing = m->fencing_lun = m->fence_wanted = m->fence_wanted_lun = false;
	switch (result) {
	case QD_FENCE_SUCCESS:
		m->fenced = true;
		m->fenced_incarnation = m->block.incarnation;
		note_add(out, QD_NOTE_FENCE_OK, id, 0, 0);
		break;
	case QD_FENCE_UNDEFINED:
		m->fence_undefined = true;
		note_add(out, QD_NOTE_FENCE_UNDEFINED, id, 0, 0);
		break;
	case QD_FENCE_NONE:
	case QD_FENCE_FAILED:
		m->fence_next_ms = in->now_ms + fence_pause_ms(m->fence_attempts);
		note_add(out, QD_NOTE_FENCE_FAILED, id, fence_pause_ms(m->fence_attempts), 0);
		break;
	}
}

void evict_fenced(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	const struct qd_member *m;

	if (!qd_has(peers(s), in->fenced_node))
		return;
	m = member_see(s, in->fenced_node);
	if (m->known && m->block.incarnation == in->fenced_incarnation) {
		fence_ended(s, in->fenced_node, in->fenced, in, out);
		return;
	}
	s->fence_victim = in->fenced_node;	/* it has come back since: what was fenced is gone */
	s->fence_result = in->fenced;
	s->fence_wall_s = in->wall_s;
	s->fence_ms = in->now_ms;
}

void evict_lied(struct qd_state *s, uint32_t id, uint64_t now_ms, struct qd_actions *out)
{
	struct qd_member *m = member_of(s, id);

	m->fenced = false;
	note_add(out, QD_NOTE_FENCE_LIED, id, 0, 0);
	if (m->fence_attempts > 1)	/* the first time again at once */
		m->fence_next_ms = now_ms + fence_pause_ms(m->fence_attempts - 1);
}

/* ---- Over the LUN ---- */

/* Who leaves disarms its watchdog. While its slot could not be read nobody would have
 * seen that, and an eviction may stand over it now. */
static bool surely_armed(const struct qd_member *m)
{
	return m->armed_ms && !m->left_unseen;
}

/* For how long, by my clock, its watchdog may leave it alive after its last landing. Its last
 * pet may come (K-1)*I after that, so that the watchdog's own timeout is not enough; and
 * its clock may be slower than mine by 1 part in 2K. With I 200, K 8, a timeout of 2000:
 *
 *	T0	its last landing
 *	T1488	its last pet, at 1400 of its own clock
 *	T3600	timeout + K*I: enough where the timeout is (K+1)*I or less. It is K*I, rounded
 *		up to whole seconds: here it is not enough
 *	T3613	the watchdog resets it, after 2000 of its own clock
 *	T3825	(timeout + K*I) * (1 + 1/2K)
 */
static uint64_t lun_wait_ms(const struct qd_state *s, const struct qd_member *m)
{
	uint64_t dead_ms = (uint64_t)member_limit(m, &s->p) * s->p.t.interval_ms;

	return qd_law_drift_ms(&s->p.t, m->armed_ms + dead_ms);
}

/* It has been dead for so long that its watchdog must have reset it; while I say that my
 * LUN is dead it may be petted all the same (putoff.c). Nothing has landed between the time
 * from which this counts and the begin of the read that shows it silent still. */
static bool lun_certain(const struct qd_state *s, const struct qd_member *m, uint64_t read_ms)
{
	return !s->lun_dead && m->readable && surely_armed(m) &&
	       read_ms >= m->may_beat_ms + lun_wait_ms(s, m);
}

static void lun_wait(struct qd_state *s, uint32_t id, const struct qd_input *in, struct qd_actions *out)
{
	const struct qd_member *m = member_see(s, id);

	if (!m->armed_ms || (m->left_unseen && m->readable)) {
		note_add(out, QD_NOTE_FENCE_UNARMED, id, 0, 0);
		fence_ended(s, id, QD_FENCE_UNDEFINED, in, out);
	} else if (lun_certain(s, m, in->cycle_start_ms)) {
		fence_ended(s, id, QD_FENCE_SUCCESS, in, out);
	}
}

/* ---- One peer, at a tick ---- */

static void fence_start(struct qd_state *s, uint32_t id, struct qd_actions *out)
{
	struct qd_member *m = member_of(s, id);
	struct qd_action *a;

	m->fencing = true;
	m->fencing_lun = s->p.fence_lun || m->fence_wanted_lun;
	m->fence_attempts++;
	note_add(out, QD_NOTE_FENCE_START, id, m->fence_attempts, 0);
	if (m->fencing_lun)
		return;
	a = action_add(out, QD_ACT_FENCE);
	a->node = id;
	a->incarnation = m->block.incarnation;
}

void evict_fence(struct qd_state *s, uint32_t id, const struct qd_input *in, struct qd_actions *out)
{
	struct qd_member *m = member_of(s, id);

	if (m->fencing_lun && !s->p.fence_lun && !m->fence_wanted_lun)
		m->fencing = m->fencing_lun = false;	/* reconfigured: by other means, from here on */
	if (fence_due(s, id, in->now_ms) && !s->woke && !s->stopping)
		fence_start(s, id, out);
	if (m->fencing_lun)
		lun_wait(s, id, in, out);
	if (s->role != QD_STATE_MASTER)
		m->fence_wanted = false;	/* what was asked of a master */
}

/* ---- Asked for ---- */

enum qd_fence_answer qd_fence_ask(const struct qd_state *s, uint32_t id, bool lun)
{
	const struct qd_member *m;

	if (!qd_has(s->p.nodes, id))
		return QD_ASK_NO_SUCH_NODE;
	if (id == s->p.node_id)
		return QD_ASK_MYSELF;
	m = member_see(s, id);
	if (member_fenced(m) && m->known)
		return QD_ASK_DONE;
	if (!s->p.fencing && !lun)
		return QD_ASK_OFF;
	if (m->fence_wanted || (m->fencing && (m->fencing_lun || !lun)))
		return QD_ASK_RUNS;
	if (s->role != QD_STATE_MASTER)
		return s->master == 0 ? QD_ASK_NO_MASTER :
		       member_evicted(m) ? QD_ASK_MASTER_DOES : QD_ASK_NOT_MASTER;
	if (s->woke || s->stopping || !s->cs.connected || !s->cs.quorate)
		return QD_ASK_NO_QUORUM;
	if (!m->known)
		return QD_ASK_UNSEEN;
	if ((lun || s->p.fence_lun) && !surely_armed(m))
		return QD_ASK_UNARMED;
	if (m->fence_undefined && !lun)
		return QD_ASK_UNDEFINED;
	return QD_ASK_MAY;
}

void evict_wanted(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	struct qd_member *m;

	if (qd_fence_ask(s, in->fenced_node, in->fence_lun) != QD_ASK_MAY)
		return;
	m = member_of(s, in->fenced_node);
	m->fence_wanted = true;
	m->fence_wanted_lun = in->fence_lun;
	m->fence_undefined = false;
	m->fencing_lun = m->fencing && in->fence_lun;	/* beside what runs */
	note_add(out, QD_NOTE_FENCE_WANTED, in->fenced_node, 0, 0);
}

bool qd_fence_still_beats(const struct qd_state *s, uint32_t id)
{
	const struct qd_member *m = member_see(s, id);

	return m->known && (!m->tick_known || m->missed <= member_limit(m, &s->p));
}
