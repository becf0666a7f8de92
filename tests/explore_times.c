/* Times in one form, for explore_canon.c: "now" becomes XP_BASE, every other time keeps its
 * distance, as far as any rule asks for it. */
#include "explore.h"

struct times {
	uint64_t now, step_ms;
};

/* A time in the past, or 0 none; older than `most` is `most`. */
static void past(const struct times *t, uint64_t *at, uint64_t most)
{
	uint64_t age = t->now - *at;

	if (*at)
		*at = XP_BASE - (age < most ? age : most);
}

/* A time to come, or 0 none. Only whole steps are ever looked at. */
static void future(const struct times *t, uint64_t *at)
{
	uint64_t left = *at > t->now ? *at - t->now : 0;

	if (*at && *at != UINT64_MAX)
		*at = XP_BASE + (left + t->step_ms - 1) / t->step_ms * t->step_ms;
}

/* The cycle under way: how late is it, was it begun before this life, or before a
 * silence was found? Without one nothing is asked: the next begins now or later. */
static void cycle_times(const struct times *t, struct qd_engine *e)
{
	struct qd_state *s = &e->state;
	bool idle = e->phase == QD_PHASE_IDLE;
	bool outlived = !idle && e->cycle_start_ms < s->life_start_ms;
	bool wakes = !idle && s->woke && e->cycle_start_ms < s->woke_ms;
	uint64_t dead = qd_law_dead_ms(&s->p.t), most = dead + 3 * XP_INTERVAL;

	past(t, &e->cycle_start_ms, idle ? t->step_ms : most);
	past(t, &s->cycle_start_ms, most);
	if (e->phase != QD_PHASE_WRITING)
		s->cycle_start_ms = 0;
	/* A life without a beat counts its silence from its beginning. */
	past(t, &s->life_start_ms, outlived || idle ? dead : most + XP_INTERVAL);
	if (s->landed)
		s->life_start_ms = outlived ? e->cycle_start_ms + 1 : 0;
	s->woke_ms = wakes ? e->cycle_start_ms + 1 : 0;
}

static void engine_times(const struct times *t, struct qd_engine *e, bool write_out)
{
	cycle_times(t, e);
	past(t, &e->write_start_ms, qd_law_dead_ms(&e->state.p.t));
	if (!write_out)
		e->write_start_ms = 0;
	if (!e->express_wanted)
		e->express_ms = 0;
	future(t, &e->express_ms);
	future(t, &e->alarm_ms);
}

/* That a node has beaten since: older than L1 it proves nothing, as if unknown. */
static void proof(const struct times *t, uint64_t *at, const struct qd_params *p)
{
	past(t, at, qd_law_withdraw_ms(&p->t));
	if (*at == XP_BASE - qd_law_withdraw_ms(&p->t))
		*at = 0;
}

static void member_times(const struct times *t, struct qd_member *m, const struct qd_params *p)
{
	past(t, &m->beat_ms, qd_law_forget_ms(p));
	proof(t, &m->read_ms, p);
	proof(t, &m->beat_after_ms, p);
	m->may_beat_ms = 0;	/* fencing is off */
	if (m->fence_next_ms <= t->now)
		m->fence_next_ms = 0;
	future(t, &m->fence_next_ms);
}

static void state_times(const struct times *t, struct qd_engine *e, uint32_t nodes)
{
	struct qd_state *s = &e->state;

	if (!s->landed)
		s->landed_start_ms = 0;
	past(t, &s->landed_start_ms, qd_law_dead_ms(&s->p.t));
	if (qd_ring_equal(s->vote_ring, s->cs.ring))	/* no answer is owed */
		s->ring_since_ms = 0;
	past(t, &s->ring_since_ms, s->p.y_ms);
	past(t, &s->hold_since_ms, s->p.v_ms);
	past(t, &s->shown_ring_ms, 2 * XP_INTERVAL);
	past(t, &s->stop_ms, 5000);
	past(t, &s->leave_ms, 2 * XP_INTERVAL);
	s->fence_ms = s->fence_wall_s = 0;
	s->joined_ms = 0;
	for (uint32_t j = 0; j < nodes; j++)
		member_times(t, &s->member[j], &s->p);
}

static void good_until(const struct times *t, uint64_t *at)
{
	*at = *at < t->now ? 0 : *at - t->now + XP_BASE;
}

/* A vote that nothing asks for is none. */
static void vote_times(const struct times *t, struct cs_vote *vote, bool asked)
{
	if (!asked)
		memset(vote, 0, sizeof(*vote));
	good_until(t, &vote->good_until_ms);
}

static void proof_times(const struct times *t, struct xp_node *n, uint32_t v_ms)
{
	struct cs_proof *p = &n->proof;
	bool again = p->again || p->one;	/* a new ring may ask for it */

	if (!p->one && !p->kept) {
		p->ring = (struct qd_ring){ 0 };
		p->polled_ms = 0;
	}
	past(t, &p->polled_ms, v_ms);
	vote_times(t, &p->last, again);
	vote_times(t, &p->vote, p->waits);
	if (!again)
		n->last_incarnation = 0;
	if (!p->waits)
		n->waiting_incarnation = 0;
}

static void node_times(const struct times *t, struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	uint64_t dead = qd_law_dead_ms(&r->params[i].t);

	n->tick_due = n->tick_due ? n->tick_due - t->now + XP_BASE : 0;	/* a late one says how late */
	future(t, &n->guard_at);
	past(t, &n->landed_start, dead);
	past(t, &n->slot_landed, dead);
	past(t, &n->slot_gap_end, 2 * XP_INTERVAL + 1);
	good_until(t, &n->call.good_until_ms);
	proof_times(t, n, r->params[i].v_ms);
	past(t, &n->co.lost_at, r->setup.token_ms + r->setup.consensus_ms);
	future(t, &n->co.deadline);
	if (n->running) {
		engine_times(t, &r->engine[i], n->write_out);
		state_times(t, &r->engine[i], r->setup.nodes);
	}
}

void xp_canon_times(struct xp_run *r)
{
	const struct times t = { .now = r->w.now, .step_ms = r->step_ms };

	for (uint32_t i = 0; i < r->setup.nodes; i++)
		node_times(&t, r, i);
	for (uint32_t k = 0; k < r->w.writes; k++)
		future(&t, &r->w.write[k].until);
	r->w.now = XP_BASE;
}
