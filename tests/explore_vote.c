/* Corosync: votequorum of each node, and the daemon's hand on it. As sim_vote.c
 * and sim_hand.c; the clauses C1..C4 stand there. */
#include "explore.h"

enum { INFO_REGISTERED = 1, INFO_ALIVE = 2, INFO_CAST = 4 };

static void shown_set(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	struct xp_corosync *co = &n->co;

	if (r->tell && (co->shown_quorate != co->quorate || co->shown_view != co->members))
		xp_say(r, "        node %u is shown %s, members %llx", xp_id(i),
		       co->quorate ? "quorate" : "NOT quorate", (unsigned long long)co->members);
	co->shown_quorate = co->quorate;
	co->shown_view = co->members;
	co->shown_ring = co->ring;
	n->notify = true;
}

static void count_votes(struct xp_run *r, uint32_t i)
{
	struct xp_corosync *co = &r->w.node[i].co;
	uint32_t votes = r->params[i].votes;
	uint32_t quorum = (r->setup.nodes + votes) / 2 + 1;
	uint32_t total = (uint32_t)__builtin_popcountll(co->members) + (co->cast ? votes : 0);
	bool before = co->quorate;

	co->quorate = total >= quorum;
	if (co->quorate != before && !co->in_sync)
		shown_set(r, i);
}

static void count_ring(struct xp_run *r, uint32_t i)
{
	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		if (qd_has(r->w.node[i].co.members, xp_id(j)))
			count_votes(r, j);
	}
}

/* ---- Messages ---- */

static void info_send(struct xp_corosync *co)
{
	if (co->info_count == XP_INFOS)	/* the oldest say nothing that newer ones do not */
		memmove(co->info, co->info + 1, --co->info_count);
	co->info[co->info_count++] = (uint8_t)((co->registered ? INFO_REGISTERED : 0) |
					       (co->alive ? INFO_ALIVE : 0) | (co->cast ? INFO_CAST : 0));
}

/* The oldest message of this node has come round its ring. */
static void deliver(struct xp_run *r, uint32_t i)
{
	struct xp_corosync *co = &r->w.node[i].co;
	uint8_t flags = co->info[0];

	co->info_count--;
	memmove(co->info, co->info + 1, XP_INFOS - 1);
	co->info[XP_INFOS - 1] = 0;
	co->registered = flags & INFO_REGISTERED;
	co->alive = flags & INFO_ALIVE;
	co->cast = flags & INFO_CAST;
	count_ring(r, i);
}

/* ---- Sync ---- */

void xp_sync_start(struct xp_run *r, uint32_t i)
{
	struct xp_corosync *co = &r->w.node[i].co;

	co->in_sync = true;
	co->told = co->wait_poll = false;
	if (co->registered && co->alive) {
		co->deadline = r->w.now + r->params[i].y_ms;
		co->wait_poll = true;
	}
}

/* Of a ring in sync whose token goes round: its lowest member speaks for it. */
static bool ring_syncs(const struct xp_run *r, uint32_t i, bool told)
{
	const struct xp_corosync *co = &r->w.node[i].co;

	return co->in_sync && co->told == told && qd_lowest(co->members) == xp_id(i) && xp_flows(r, i);
}

bool xp_told_due(const struct xp_run *r, uint32_t i)
{
	return ring_syncs(r, i, /* told */ false);
}

/* Nothing older is under way: clients hear of the ring. */
void xp_told(struct xp_run *r, uint32_t i)
{
	qd_mask members = r->w.node[i].co.members;

	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		struct xp_corosync *co = &r->w.node[j].co;

		if (!qd_has(members, xp_id(j)))
			continue;
		co->told = true;
		co->told_ring = co->ring;
		co->told_members = co->members;
		r->w.node[j].notify = true;
		count_votes(r, j);
	}
}

/* Everybody in the ring has answered. */
bool xp_synced_due(const struct xp_run *r, uint32_t i)
{
	if (!ring_syncs(r, i, /* told */ true))
		return false;
	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		if (qd_has(r->w.node[i].co.members, xp_id(j)) && r->w.node[j].co.wait_poll)
			return false;
	}
	return true;
}

void xp_synced(struct xp_run *r, uint32_t i)
{
	qd_mask members = r->w.node[i].co.members;

	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		struct xp_corosync *co = &r->w.node[j].co;

		if (!qd_has(members, xp_id(j)))
			continue;
		count_votes(r, j);
		co->in_sync = false;
		shown_set(r, j);
	}
}

/* Messages that waited for the token come first in a new ring. */
void xp_vote_settle(struct xp_run *r)
{
	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		while (r->w.node[i].co.info_count && xp_flows(r, i))
			deliver(r, i);
	}
}

/* V or Y has run out: the device is forgotten. */
void xp_expire(struct xp_run *r, uint32_t i)
{
	struct xp_corosync *co = &r->w.node[i].co;

	co->deadline = 0;
	if (!co->alive)
		return;
	co->alive = co->cast = co->wait_poll = false;
	info_send(co);
}

/* ---- Calls ---- */

bool xp_poll(struct xp_run *r, uint32_t i, struct qd_ring ring, bool cast)
{
	struct xp_corosync *co = &r->w.node[i].co;
	bool changed;

	if (!co->registered || !qd_ring_equal(ring, co->ring)) {
		xp_say(r, "        node %u casts %d in an older ring: refused", xp_id(i), cast);
		return false;
	}
	changed = !co->alive || co->cast != cast;
	if (changed || co->wait_poll)
		xp_say(r, "        node %u casts %d in ring %llu", xp_id(i), cast,
		       (unsigned long long)ring.seq);
	co->alive = true;
	co->cast = cast;
	co->cast_ring = ring;
	co->deadline = r->w.now + r->params[i].v_ms;
	co->wait_poll = false;
	if (changed)
		info_send(co);
	return true;
}

void xp_unregister(struct xp_run *r, uint32_t i)
{
	struct xp_corosync *co = &r->w.node[i].co;

	if (!co->registered)
		return;
	co->registered = co->alive = co->cast = co->wait_poll = false;
	co->deadline = 0;
	info_send(co);
}

/* ---- The daemon's hand ---- */

static bool still_quorate(const struct xp_corosync *co)
{
	return co->quorate || co->shown_quorate;
}

void xp_hand_start(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];

	memset(&n->cs, 0, sizeof(n->cs));
	n->cs.connected = true;
	n->cs.registered = true;
	if (!n->co.registered) {
		n->co.registered = true;
		info_send(&n->co);
	}
	n->notify = true;
}

/* The vote that its daemon wants, cast now: a 1 that is too old becomes a 0. */
void xp_hand_call(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	struct xp_call call = n->call;
	bool accepted, same;

	memset(&n->call, 0, sizeof(n->call));
	if (r->w.now > call.good_until_ms)
		call.cast = false;
	xp_check_poll(r, i, call.incarnation, call.cast);
	accepted = xp_poll(r, i, call.ring, call.cast);
	same = n->cs.polled_accepted == accepted && n->cs.polled_cast == call.cast &&
	       qd_ring_equal(n->cs.polled_ring, call.ring);
	n->cs.polled_seq = call.seq;
	n->cs.polled_accepted = accepted;
	n->cs.polled_cast = call.cast;
	n->cs.polled_ring = call.ring;
	n->cs.registered = n->cs.registered && n->co.registered;
	if (same && call.cast)
		return;
	n->cs.polled_quorate = still_quorate(&n->co);
	n->notify = true;
}

void xp_hand_notify(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	const struct xp_corosync *co = &n->co;
	struct qd_corosync *cs = &n->cs;

	n->notify = false;
	cs->ring = co->told_ring;
	cs->members = co->told_members;
	cs->in_sync = !qd_ring_equal(co->told_ring, co->shown_ring);
	cs->quorate = co->shown_quorate;
	cs->view = co->shown_view;
	cs->quorum = (r->setup.nodes + r->params[i].votes) / 2 + 1;
	cs->registered = cs->registered && co->registered;
	if (cs->polled_accepted && !cs->polled_cast)
		cs->polled_quorate = still_quorate(co);
	qd_engine_ring(&r->engine[i]);
}
