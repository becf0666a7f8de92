/* The daemon's hand on corosync, as sim_hand.c: the votes that wait for an echo are
 * qdiskd/cs_proof.c's to decide. */
#include "explore.h"

static bool still_quorate(const struct xp_corosync *co)
{
	return co->quorate || co->shown_quorate;
}

void xp_hand_start(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];

	xp_hand_end(r, i);
	n->cs.connected = true;
	n->cs.registered = true;
	cs_proof_begin(&n->proof, n->co.registered && n->co.in_sync);
	xp_register(r, i);
	n->notify = true;
}

/* Echoes of a daemon that is no more are nobody's. */
void xp_hand_end(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	uint64_t *info = n->co.info, kept = 0;

	memset(&n->cs, 0, sizeof(n->cs));
	memset(&n->proof, 0, sizeof(n->proof));
	n->echo_back = n->waiting_incarnation = n->last_incarnation = 0;
	for (uint64_t k = 0; k < n->co.info_count; k++) {
		if (!(info[k] & XP_ECHO))
			info[kept++] = info[k];
	}
	n->co.info_count = kept;
	memset(&info[kept], 0, (XP_INFOS - kept) * sizeof(info[0]));
}

/* What may still be on its way, as the daemon is told; it hears of a change. */
static void proof_show(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	const struct cs_proof *p = &n->proof;
	struct qd_corosync *cs = &n->cs;
	bool unheard = cs_proof_unheard(p), unheard_one = cs_proof_unheard_one(p);

	n->notify = n->notify || cs->stale_one != p->stale_one || cs->stale_late != p->stale_late ||
		    cs->stale_past != p->stale_past || cs->unheard != unheard || cs->unheard_one != unheard_one;
	cs->stale_one = p->stale_one;
	cs->stale_late = p->stale_late;
	cs->stale_past = p->stale_past;
	cs->unheard = unheard;
	cs->unheard_one = unheard_one;
}

static void echo_send(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];

	if (n->proof.want && !n->cs.in_sync && xp_echo(r, i, cs_proof_next(&n->proof)))
		cs_proof_sent(&n->proof);
	proof_show(r, i);
}

/* A 1 that is too old becomes a 0. */
static void vote_poll(struct xp_run *r, uint32_t i, const struct cs_vote *vote, uint64_t incarnation)
{
	struct xp_node *n = &r->w.node[i];
	bool cast = vote->cast && r->w.now <= vote->good_until_ms;
	bool accepted, same;

	xp_check_poll(r, i, incarnation, cast);
	accepted = xp_poll(r, i, vote->ring, cast);
	cs_proof_polled(&n->proof, vote, cast, accepted, r->params[i].v_ms, r->w.now, r->w.now);
	n->last_incarnation = incarnation;
	same = n->cs.polled_accepted == accepted && n->cs.polled_cast == cast &&
	       qd_ring_equal(n->cs.polled_ring, vote->ring);
	n->cs.polled_seq = vote->seq;
	n->cs.polled_accepted = accepted;
	n->cs.polled_cast = cast;
	n->cs.polled_ring = vote->ring;
	n->cs.registered = n->cs.registered && n->co.registered;
	if (same && cast)
		return;
	n->cs.polled_quorate = still_quorate(&n->co);
	n->notify = true;
}

/* The vote that its daemon wants, cast now or when an echo has come back. */
void xp_hand_call(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	const struct cs_vote vote = { .seq = n->call.seq, .ring = n->call.ring, .cast = n->call.cast,
				      .good_until_ms = n->call.good_until_ms };
	uint64_t incarnation = n->call.incarnation;

	memset(&n->call, 0, sizeof(n->call));
	if (cs_proof_vote(&n->proof, &vote, n->cs.in_sync, r->params[i].v_ms, r->w.now)) {
		vote_poll(r, i, &vote, incarnation);
	} else {
		n->waiting_incarnation = incarnation;
		if (cs_proof_keeps(&n->proof, r->params[i].v_ms, r->w.now))
			(void)xp_poll(r, i, vote.ring, /* cast */ false);
	}
	echo_send(r, i);
}

/* The vote that waited for an echo, or what must be said once more. */
static void echo_take(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	struct cs_proof *p = &n->proof;
	const struct cs_vote waited = p->vote, last = p->last;

	if (n->echo_back > p->back && cs_proof_back(p, n->echo_back))
		vote_poll(r, i, &waited, n->waiting_incarnation);
	else if (p->again && r->w.now <= last.good_until_ms)
		vote_poll(r, i, &last, n->last_incarnation);
}

static void snapshot(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	const struct xp_corosync *co = &n->co;
	struct qd_corosync *cs = &n->cs;

	if (cs->ring.seq && !qd_ring_equal(cs->ring, co->told_ring))
		cs_proof_ring(&n->proof);
	cs->ring = co->told_ring;
	cs->members = co->told_members;
	cs->in_sync = !qd_ring_equal(co->told_ring, co->shown_ring);
	if (!cs->in_sync)
		cs_proof_synced(&n->proof);
	cs->quorate = co->shown_quorate;
	cs->view = co->shown_view;
	cs->quorum = (r->setup.nodes + r->params[i].votes) / 2 + 1;
	cs->registered = cs->registered && co->registered;
	if (cs->polled_accepted && !cs->polled_cast)
		cs->polled_quorate = still_quorate(co);
}

void xp_hand_notify(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];

	snapshot(r, i);
	echo_take(r, i);
	echo_send(r, i);
	n->notify = false;
	qd_engine_ring(&r->engine[i]);
}
