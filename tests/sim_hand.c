/* The daemon's corosync hand, as qdiskd/cs_*.c: a mailbox with one slot, a
 * snapshot, and a wake-up when something that matters has changed. */
#include "sim.h"

static void wake_up(struct sim_world *w, struct sim_node *n)
{
	if (n->hand.notify_out)
		return;
	n->hand.notify_out = true;
	sim_push(w, w->now + sim_dice(w, 20, 250), SIM_EV_NOTIFY, n->index, 0, n->life);
}

/* Does anything still say quorate? */
static bool still_quorate(const struct sim_node *n)
{
	return n->co.quorate || n->co.shown_quorate;
}

/* Not registered, and it ought to be: again. */
static void register_later(struct sim_world *w, struct sim_node *n, uint64_t after)
{
	if (n->hand.connect_out || (n->hand.unregister && !n->hand.registering) ||
	    (n->hand.cs.connected && n->hand.cs.registered))
		return;
	n->hand.connect_out = true;
	sim_push(w, w->now + after, SIM_EV_CONNECT, n->index, 0, n->life);
}

static void snapshot(struct sim_node *n)
{
	struct qd_corosync *cs = &n->hand.cs;
	const struct sim_corosync *co = &n->co;

	cs->ring = co->told_ring;
	cs->members = co->told_members;
	cs->in_sync = co->told_ring.seq != co->shown_seq;
	cs->quorate = co->shown_quorate;
	cs->view = co->shown_view;
	cs->quorum = n->world->quorum;
	cs->registered = cs->registered && co->registered;
	if (cs->polled_accepted && !cs->polled_cast)
		cs->polled_quorate = still_quorate(n);
}

void sim_hand_start(struct sim_world *w, struct sim_node *n)
{
	memset(&n->hand, 0, sizeof(n->hand));
	register_later(w, n, sim_dice(w, 500, 20000));
}

/* Corosync is gone, and with it what it counted. */
void sim_hand_lost(struct sim_world *w, struct sim_node *n)
{
	memset(&n->hand.cs, 0, sizeof(n->hand.cs));
	n->hand.cs.ended = true;
	n->hand.vote_waits = n->hand.hung = n->hand.registering = false;
	wake_up(w, n);
	register_later(w, n, 1000000);
}

/* Registering needs the ring: while the token is lost the call hangs, and with it
 * whatever comes behind it. */
static void register_call(struct sim_world *w, struct sim_node *n)
{
	struct sim_hand *hand = &n->hand;

	hand->cs.registered = sim_vote_register(w, n);
	if (hand->registering && hand->cs.registered) {
		hand->registering = hand->hung = false;
		if (hand->vote_waits || hand->unregister)
			sim_hand_ring(w, n);
	} else if (!hand->registering && !hand->cs.registered) {
		hand->registering = hand->hung = true;
		hand->hung_since_ms = sim_local(n, w->now) / 1000;
	}
	if (hand->registering)
		register_later(w, n, 2000);
}

void sim_hand_connect(struct sim_world *w, struct sim_node *n)
{
	n->hand.connect_out = false;
	if (!n->co.up || n->co.frozen) {
		register_later(w, n, n->hand.registering ? 2000 : 1000000);
		return;
	}
	n->hand.cs.connected = true;
	n->hand.cs.ended = false;
	if (n->hand.registering || !n->hand.unregister)
		register_call(w, n);
	wake_up(w, n);
}

/* Called by corosync at each change that it tells its clients. */
void sim_hand_changed(struct sim_world *w, struct sim_node *n)
{
	if (n->running && n->hand.cs.connected)
		wake_up(w, n);
}

void sim_hand_notify(struct sim_world *w, struct sim_node *n)
{
	n->hand.notify_out = false;
	if (n->hand.cs.connected && !n->hand.hung) {
		snapshot(n);
		register_later(w, n, 100000);
	}
	qd_engine_ring(&n->engine);
}

/* ---- The mailbox ---- */

void sim_hand_ring(struct sim_world *w, struct sim_node *n)
{
	if (n->hand.call_out)
		return;
	n->hand.call_out = true;
	sim_push(w, w->now + sim_dice(w, 30, 300), SIM_EV_CALL, n->index, 0, n->life);
}

static void vote_answer(struct sim_world *w, struct sim_node *n, bool cast, bool accepted)
{
	struct qd_corosync *cs = &n->hand.cs;
	bool same = cs->polled_accepted == accepted && cs->polled_cast == cast &&
		    qd_ring_equal(cs->polled_ring, n->hand.inside.ring);

	cs->polled_seq = n->hand.inside.seq;
	cs->polled_accepted = accepted;
	cs->polled_cast = cast;
	cs->polled_ring = n->hand.inside.ring;
	cs->registered = cs->registered && n->co.registered;
	register_later(w, n, 100000);
	if (same && cast)
		return;
	cs->polled_quorate = still_quorate(n);
	wake_up(w, n);
}

static void vote_call(struct sim_world *w, struct sim_node *n)
{
	uint64_t now_ms = sim_local(n, w->now) / 1000;

	n->hand.inside = n->hand.vote;
	n->hand.vote_waits = false;
	if (now_ms > n->hand.inside.good_until_ms && !(w->setup.lies & SIM_LIE_VOTE))
		n->hand.inside.cast = false;
	if (n->co.frozen) {	/* the call hangs, and is heard when it goes on */
		n->hand.hung = true;
		n->hand.hung_since_ms = now_ms;
		return;
	}
	sim_check_poll(w, n, n->hand.inside.incarnation, n->hand.inside.cast);
	vote_answer(w, n, n->hand.inside.cast,
		    sim_vote_poll(w, n, n->hand.inside.ring, n->hand.inside.cast));
}

void sim_hand_call(struct sim_world *w, struct sim_node *n)
{
	struct sim_hand *hand = &n->hand;

	hand->call_out = false;
	if (hand->hung)
		return;
	if (hand->vote_waits && hand->cs.connected)
		vote_call(w, n);
	else
		hand->vote_waits = false;	/* dropped */
	if (!hand->hung && hand->unregister && !hand->unregistered && !n->co.frozen) {
		hand->unregistered = true;
		hand->cs.registered = false;
		if (n->co.up)
			sim_vote_unregister(w, n);
		wake_up(w, n);
	}
}

/* Corosync goes on: the call that hung is carried out, however late. */
void sim_hand_go(struct sim_world *w, struct sim_node *n)
{
	struct sim_hand *hand = &n->hand;
	bool accepted;

	if (!hand->hung || hand->registering || n->frozen || n->co.frozen)
		return;
	hand->hung = false;
	accepted = sim_vote_poll(w, n, hand->inside.ring, hand->inside.cast);
	if (!n->running)
		return;
	vote_answer(w, n, hand->inside.cast, accepted);
	if (hand->vote_waits || hand->unregister)
		sim_hand_ring(w, n);
}
