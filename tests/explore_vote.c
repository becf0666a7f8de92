/* Corosync: votequorum of each node. As sim_vote.c; the clauses C1..C4 stand there. */
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

static void message_send(struct xp_corosync *co, uint64_t message)
{
	uint64_t *queue = co->in_sync ? co->sync_info : co->info;
	uint64_t *count = co->in_sync ? &co->sync_count : &co->info_count;

	if (*count == XP_INFOS)	/* the oldest say nothing that newer ones do not */
		memmove(queue, queue + 1, --*count * sizeof(*queue));
	queue[(*count)++] = message;
}

static void info_send(struct xp_corosync *co)
{
	message_send(co, (co->registered ? INFO_REGISTERED : 0u) | (co->alive ? INFO_ALIVE : 0u) |
			 (co->cast ? INFO_CAST : 0u));
}

/* The oldest message of this node has come round its ring. */
static void deliver(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	struct xp_corosync *co = &n->co;
	uint64_t *queue = co->in_sync ? co->sync_info : co->info;
	uint64_t *count = co->in_sync ? &co->sync_count : &co->info_count, message = queue[0];

	memmove(queue, queue + 1, --*count * sizeof(*queue));
	queue[*count] = 0;
	if (message & XP_ECHO) {
		n->echo_back = message / (2 * XP_ECHO);
		n->notify = true;
		return;
	}
	co->registered = message & INFO_REGISTERED;
	co->alive = message & INFO_ALIVE;
	co->cast = message & INFO_CAST;
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
		co->sync_count = 0;	/* heard, while it lasted */
		memset(co->sync_info, 0, sizeof(co->sync_info));
		shown_set(r, j);
	}
}

/* What is sent in sync is heard in it, what waited for the token after it. */
void xp_vote_settle(struct xp_run *r)
{
	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		const struct xp_corosync *co = &r->w.node[i].co;

		while ((co->in_sync ? co->sync_count : co->info_count) && xp_flows(r, i))
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

void xp_register(struct xp_run *r, uint32_t i)
{
	struct xp_corosync *co = &r->w.node[i].co;

	if (co->registered)
		return;
	co->registered = true;
	info_send(co);
}

/* Through cpg: refused during sync. */
bool xp_echo(struct xp_run *r, uint32_t i, uint64_t number)
{
	struct xp_corosync *co = &r->w.node[i].co;

	if (co->in_sync)
		return false;
	message_send(co, number * 2 * XP_ECHO | XP_ECHO);
	return true;
}
