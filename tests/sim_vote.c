/* Corosync: votequorum, from what version 3.1.7 does (exec/votequorum.c, sync.c).
 *
 * - A poll sets CAST at once; quorum is counted anew when the node's own message
 *   has come round the ring, and only then (C1). The message carries the flags of
 *   the moment at which it was sent, and sets them when it arrives.
 * - During sync clients see the old view with its old "quorate" (C2).
 * - A poll is bound to its ring, its message is not: what was sent while the token
 *   was lost is heard in the new ring, after its sync, and sets the flags there.
 *   What is sent during sync is heard in it.
 * - Sync ends when every member has answered that owes an answer: one whose
 *   device was alive at its beginning, until Y passes (C3).
 * - A poll with another ring's id is refused (C4).
 * - Only a node's own cast counts on it.
 */
#include "sim.h"

enum { INFO_REGISTERED = 1, INFO_ALIVE = 2, INFO_CAST = 4, INFO_WINS = 8 };

static bool stands_still(const struct sim_node *n)
{
	return !n->on || !n->co.up || n->frozen || n->co.frozen;
}

static void shown_set(struct sim_world *w, struct sim_node *n, bool quorate)
{
	struct sim_corosync *co = &n->co;

	if (co->shown_quorate != quorate || co->shown_view != co->members)
		sim_say(w, n->id, quorate ? "corosync: quorate, with %llx" : "corosync: NOT quorate, with %llx",
			co->members, 0, 0);
	co->shown_quorate = quorate;
	co->shown_view = co->members;
	co->shown_seq = co->ring.seq;
	co->shown_count++;
	w->check.dirty = true;
	sim_hand_changed(w, n);
}

/* With the flag set here, quorum is wherever any member has it set and casts: its own
 * flags at once, another's as its message told them. */
static bool master_wins(const struct sim_world *w, const struct sim_node *n)
{
	if (!n->co.wins)
		return false;
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_corosync *co = &w->node[i].co;

		if (n->co.machines >> i & 1 && (i == n->index ? co->wins && co->cast : co->heard_wins))
			return true;
	}
	return false;
}

static void count_votes(struct sim_world *w, struct sim_node *n)
{
	struct sim_corosync *co = &n->co;
	uint32_t total = (uint32_t)__builtin_popcountll(co->members) +
			 (co->cast ? w->device_votes : 0);
	bool quorate = total >= w->quorum || master_wins(w, n);
	bool changed = quorate != co->quorate;

	co->quorate = quorate;
	if (changed && !co->in_sync)
		shown_set(w, n, quorate);
}

/* ---- Messages ---- */

/* During sync only what was sent in it is heard. */
static uint32_t *queue_of(struct sim_corosync *co, struct sim_info **ret_queue)
{
	*ret_queue = co->in_sync ? co->sync_info : co->info;
	return co->in_sync ? &co->sync_count : &co->info_count;
}

static void info_start(struct sim_world *w, struct sim_node *n)
{
	struct sim_info *queue;

	if (n->co.info_out || *queue_of(&n->co, &queue) == 0 || !sim_totem_flows(w, n))
		return;
	n->co.info_out = true;
	sim_push(w, w->now + sim_dice(w, 100, 1500), SIM_EV_INFO, n->index, 0, 0);
}

void sim_vote_message(struct sim_world *w, struct sim_node *n, struct sim_info message)
{
	struct sim_info *queue;
	uint32_t *count = queue_of(&n->co, &queue);

	if (*count == SIM_INFOS)	/* the oldest say nothing that newer ones do not */
		memmove(queue, queue + 1, --*count * sizeof(*queue));
	queue[(*count)++] = message;
	info_start(w, n);
}

static void info_send(struct sim_world *w, struct sim_node *n)
{
	const struct sim_corosync *co = &n->co;

	sim_vote_message(w, n, (struct sim_info){
		.flags = (uint8_t)((co->registered ? INFO_REGISTERED : 0) | (co->alive ? INFO_ALIVE : 0) |
				   (co->cast ? INFO_CAST : 0) | (co->wins ? INFO_WINS : 0)) });
}

/* A message of the daemon itself, through cpg: refused during sync. */
bool sim_vote_echo(struct sim_world *w, struct sim_node *n, uint64_t number)
{
	if (!n->co.up || n->co.frozen || n->co.in_sync)
		return false;
	sim_vote_message(w, n, (struct sim_info){ .kind = SIM_INFO_ECHO, .life = n->life, .number = number });
	return true;
}

static void sync_go_on(struct sim_world *w, struct sim_node *n);

void sim_vote_resume(struct sim_world *w, struct sim_node *n)
{
	info_start(w, n);
	sync_go_on(w, n);
}

static void info_heard(struct sim_world *w, struct sim_node *n, uint8_t flags)
{
	struct sim_corosync *co = &n->co;

	co->registered = flags & INFO_REGISTERED;
	co->alive = flags & INFO_ALIVE;
	co->cast = flags & INFO_CAST;
	co->wins = flags & INFO_WINS;
	co->heard_wins = co->wins && co->cast;
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (!(co->machines >> i & 1))
			continue;
		w->node[i].co.busy_at = w->now;
		w->node[i].co.visit_at = 0;
		count_votes(w, &w->node[i]);
	}
	w->check.dirty = true;
}

/* The oldest message of this node is delivered to its whole ring. */
void sim_vote_info(struct sim_world *w, struct sim_node *n)
{
	struct sim_info *queue, message;
	uint32_t *count = queue_of(&n->co, &queue);

	n->co.info_out = false;
	if (*count == 0 || !sim_totem_flows(w, n))
		return;
	message = queue[0];
	memmove(queue, queue + 1, --*count * sizeof(*queue));
	switch (message.kind) {
	case SIM_INFO_VOTES:
		info_heard(w, n, message.flags);
		break;
	case SIM_INFO_ECHO:
		sim_hand_echo(w, n, message.life, message.number);
		break;
	case SIM_INFO_WORD:
		sim_cpg_deliver(w, n, &message);
		break;
	}
	info_start(w, n);
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (n->co.machines >> i & 1)
			sync_go_on(w, &w->node[i]);
	}
}

/* ---- Sync ---- */

/* By the clock of its machine, which is the daemon's too. */
static uint64_t later(const struct sim_world *w, const struct sim_node *n, uint32_t ms)
{
	return sim_local_to_sim(n, sim_local(n, w->now) + 1000u * (uint64_t)ms);
}

static void deadline_set(struct sim_world *w, struct sim_node *n, uint64_t at)
{
	struct sim_corosync *co = &n->co;

	co->deadline = at;
	if (co->deadline_event && co->deadline_event <= at)
		return;
	co->deadline_event = at;
	sim_push(w, at, SIM_EV_VOTE_TIMER, n->index, 0, 0);
}

void sim_vote_sync(struct sim_world *w, struct sim_node *n)
{
	struct sim_corosync *co = &n->co;

	co->in_sync = true;
	co->told = co->wait_poll = false;
	co->busy_at = w->now;
	co->visit_at = 0;
	if (co->registered && co->alive) {
		deadline_set(w, n, later(w, n, n->params.y_ms));
		co->wait_poll = true;
	}
}

/* Everybody is in the ring: sync begins for all in it, with each node's present
 * flags. */
static void sync_begin(struct sim_world *w, struct sim_node *n)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_corosync *co = &w->node[i].co;

		if (n->co.machines >> i & 1 && co->told)
			return;
	}
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		struct sim_corosync *co = &w->node[i].co;

		if (!(n->co.machines >> i & 1))
			continue;
		co->told = true;
		co->told_ring = co->ring;
		co->told_members = co->members;
		co->told_count++;
		info_send(w, &w->node[i]);
		sim_hand_changed(w, &w->node[i]);
	}
}

/* Has everybody in the ring of this node answered? Then sync ends, for each a
 * moment apart. */
static void barrier(struct sim_world *w, struct sim_node *n)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_corosync *co = &w->node[i].co;

		if (n->co.machines >> i & 1 && (co->wait_poll || co->visit_at || co->sync_count))
			return;
	}
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		struct sim_corosync *co = &w->node[i].co;

		if (!(n->co.machines >> i & 1) || co->activating || !co->in_sync)
			continue;
		co->activating = true;
		sim_push(w, w->now + sim_dice(w, 200, 2500), SIM_EV_ACTIVATE, i, 0,
			 (uint32_t)co->ring.seq);
	}
}

/* In a ring that has nothing to say the token rests with one member: 0.8 of its
 * retransmission time, which is token/4.2, less 10 ms (180 ms of 1000). */
static uint64_t token_rest(const struct sim_world *w)
{
	uint64_t retransmit = w->setup.token_ms * 10000u / 42;

	return retransmit * 8 / 10 - 10000;
}

#define TOKEN_IDLE_US 5000	/* 30 rounds without a message, and it rests */

/* An answer that says nothing new sends no message: sync goes on when the token comes by. */
static void token_await(struct sim_world *w, struct sim_node *n)
{
	struct sim_corosync *co = &n->co;
	uint64_t idle = w->now - co->busy_at, rest = token_rest(w);

	if (idle < TOKEN_IDLE_US)
		co->visit_at = w->now + sim_dice(w, 100, 1500);
	else
		co->visit_at = co->busy_at + (idle / rest + 1) * rest;
	sim_push(w, co->visit_at, SIM_EV_TOKEN, n->index, 0, (uint32_t)co->ring.seq);
}

void sim_vote_token(struct sim_world *w, struct sim_node *n, uint32_t gen)
{
	struct sim_corosync *co = &n->co;

	if ((uint32_t)co->ring.seq != gen || !co->visit_at || w->now < co->visit_at)
		return;
	co->visit_at = 0;
	sync_go_on(w, n);
}

static void sync_go_on(struct sim_world *w, struct sim_node *n)
{
	if (!n->co.in_sync || !sim_totem_flows(w, n))
		return;
	if (n->co.told)
		barrier(w, n);
	else
		sync_begin(w, n);
}

void sim_vote_activate(struct sim_world *w, struct sim_node *n, uint32_t gen)
{
	struct sim_corosync *co = &n->co;

	if (!co->in_sync || !co->activating || (uint32_t)co->ring.seq != gen)
		return;
	co->activating = false;
	if (stands_still(n) || !sim_totem_flows(w, n))	/* the last message of the barrier never came */
		return;
	count_votes(w, n);
	co->in_sync = false;
	co->sync_count = 0;	/* the barrier has seen to it */
	shown_set(w, n, co->quorate);
	info_start(w, n);
}

/* V or Y has run out: the device is forgotten. */
void sim_vote_timer(struct sim_world *w, struct sim_node *n)
{
	struct sim_corosync *co = &n->co;

	if (stands_still(n))	/* looked at again when it goes on */
		return;
	if (w->now >= co->deadline_event)
		co->deadline_event = 0;
	if (!co->deadline)
		return;
	if (w->now < co->deadline) {
		deadline_set(w, n, co->deadline);
		return;
	}
	co->deadline = 0;
	if (!co->alive)
		return;
	sim_check_forgotten(w, n);
	sim_say(w, n->id, "corosync: lost contact with the quorum device", 0, 0, 0);
	co->alive = co->cast = co->wait_poll = false;
	info_send(w, n);
	sync_go_on(w, n);
	w->check.dirty = true;
}

/* ---- Calls ---- */

bool sim_vote_poll(struct sim_world *w, struct sim_node *n, struct qd_ring ring, bool cast)
{
	struct sim_corosync *co = &n->co;
	bool changed;

	w->stats.polls++;
	if (!co->up || !co->registered || !qd_ring_equal(ring, co->ring)) {
		sim_say(w, n->id, "corosync refuses the poll %llu of ring %llu.%llu", cast, ring.node_id, ring.seq);
		return false;
	}
	changed = !co->alive || co->cast != cast;
	if (changed || co->wait_poll)
		sim_say(w, n->id, "casts %llu in ring %llu.%llu", cast, ring.node_id, ring.seq);
	sim_hash(w, cast, ring.seq);
	co->alive = true;
	co->cast = cast;
	co->cast_ring = ring;
	deadline_set(w, n, later(w, n, n->params.v_ms));
	if (changed) {
		info_send(w, n);
		w->check.dirty = true;
	}
	if (co->wait_poll) {
		sim_check_answer(w, n);
		co->wait_poll = false;
		if (changed)
			sync_go_on(w, n);
		else
			token_await(w, n);
	}
	return true;
}

/* Needs the ring to carry it, behind what is under way; false: not yet. */
bool sim_vote_register(struct sim_world *w, struct sim_node *n)
{
	struct sim_corosync *co = &n->co;

	if (co->registered)
		return true;
	if (co->info_count || co->sync_count || !sim_totem_flows(w, n))
		return false;
	sim_say(w, n->id, "registers the quorum device", 0, 0, 0);
	co->registered = true;
	info_send(w, n);
	return true;
}

void sim_vote_unregister(struct sim_world *w, struct sim_node *n)
{
	struct sim_corosync *co = &n->co;

	if (!co->up || !co->registered)
		return;
	co->registered = co->alive = co->cast = co->wins = co->wait_poll = false;
	co->deadline = 0;
	info_send(w, n);
	sync_go_on(w, n);
	w->check.dirty = true;
}

bool sim_vote_wins(struct sim_world *w, struct sim_node *n, bool wins)
{
	if (!n->co.up || !n->co.registered)
		return false;
	n->co.wins = wins;
	info_send(w, n);
	return true;
}
