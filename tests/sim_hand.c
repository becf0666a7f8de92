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

static void proof_show(struct sim_node *n)
{
	n->hand.cs.stale_one = n->hand.proof.stale_one;
	n->hand.cs.stale_late = n->hand.proof.stale_late;
	n->hand.cs.stale_past = n->hand.proof.stale_past;
	n->hand.cs.unheard = cs_proof_unheard(&n->hand.proof);
	n->hand.cs.unheard_one = cs_proof_unheard_one(&n->hand.proof);
	n->hand.cs.unheard_late = n->hand.proof.unheard_late;
}

static void snapshot(struct sim_node *n)
{
	struct qd_corosync *cs = &n->hand.cs;
	const struct sim_corosync *co = &n->co;

	if (cs->ring.seq && !qd_ring_equal(cs->ring, co->told_ring)) {
		cs_proof_ring(&n->hand.proof);
		n->hand.kill = 0;
	}
	if (!qd_ring_equal(cs->ring, co->told_ring))
		cs_word_ring(&n->hand.word, co->told_ring);
	if (co->told_ring.seq == co->shown_seq)
		cs_proof_synced(&n->hand.proof);
	cs->ring = co->told_ring;
	cs->members = co->told_members;
	cs->in_sync = co->told_ring.seq != co->shown_seq;
	cs->quorate = co->shown_quorate;
	cs->view = co->shown_view;
	cs->quorum = n->world->quorum;
	cs->registered = cs->registered && co->registered;
	proof_show(n);
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
	memset(&n->hand.proof, 0, sizeof(n->hand.proof));
	n->hand.echo_back = 0;
	n->hand.kill = 0;
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
	if (!n->hand.cs.connected) {
		cs_proof_begin(&n->hand.proof, n->co.registered && n->co.told_ring.seq != n->co.shown_seq);
		sim_cpg_begin(n);
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
		if (n->hand.proof.want)
			sim_hand_ring(w, n);
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

static void polled(struct sim_node *n, bool accepted, uint64_t now_ms)
{
	const struct cs_vote vote = { .seq = n->hand.inside.seq, .ring = n->hand.inside.ring,
				      .cast = n->hand.inside.cast,
				      .good_until_ms = n->hand.inside.good_until_ms };

	cs_proof_polled(&n->hand.proof, &vote, vote.cast, accepted, n->params.v_ms, now_ms,
			sim_local(n, n->world->now) / 1000);
}

/* What waited for an echo, or must be said once more. */
static void inside_set(struct sim_hand *hand, const struct cs_vote *vote)
{
	hand->inside.seq = vote->seq;
	hand->inside.ring = vote->ring;
	hand->inside.cast = vote->cast;
	hand->inside.good_until_ms = vote->good_until_ms;
}

static void vote_poll(struct sim_world *w, struct sim_node *n)
{
	uint64_t now_ms = sim_local(n, w->now) / 1000;
	bool accepted;

	if (now_ms > n->hand.inside.good_until_ms && !(w->setup.lies & SIM_LIE_VOTE))
		n->hand.inside.cast = false;
	if (n->co.frozen) {	/* the call hangs, and is heard when it goes on */
		n->hand.hung = true;
		n->hand.hung_since_ms = now_ms;
		return;
	}
	sim_check_poll(w, n, n->hand.inside.incarnation, n->hand.inside.cast);
	accepted = sim_vote_poll(w, n, n->hand.inside.ring, n->hand.inside.cast);
	polled(n, accepted, now_ms);
	vote_answer(w, n, n->hand.inside.cast, accepted);
}

/* As cs_thread.c: the vote that was asked for, or the one that waited for an echo. */
static void vote_take(struct sim_world *w, struct sim_node *n)
{
	struct sim_hand *hand = &n->hand;
	bool proven = hand->echo_back > hand->proof.back && cs_proof_back(&hand->proof, hand->echo_back);
	const struct cs_vote vote = { .seq = hand->vote.seq, .ring = hand->vote.ring, .cast = hand->vote.cast,
				      .good_until_ms = hand->vote.good_until_ms };

	if (!hand->vote_waits) {
		if (proven) {
			inside_set(hand, &hand->proof.vote);
			hand->inside.incarnation = hand->waiting_incarnation;
		} else if (hand->proof.again && sim_local(n, w->now) / 1000 <= hand->proof.last.good_until_ms) {
			inside_set(hand, &hand->proof.last);	/* of the same life as `inside` is */
		} else {
			return;
		}
		vote_poll(w, n);
		return;
	}
	hand->vote_waits = false;
	hand->waiting_incarnation = hand->vote.incarnation;
	if (!cs_proof_vote(&hand->proof, &vote, proven || hand->cs.in_sync, n->params.v_ms,
			   sim_local(n, w->now) / 1000)) {
		if (cs_proof_keeps(&hand->proof, n->params.v_ms, sim_local(n, w->now) / 1000) && !n->co.frozen)
			(void)sim_vote_poll(w, n, hand->vote.ring, /* cast */ false);
		return;
	}
	hand->inside = hand->vote;
	vote_poll(w, n);
}

static void kill_take(struct sim_world *w, struct sim_node *n)
{
	if (!n->hand.kill || n->hand.proof.back < n->hand.kill_after)
		return;
	for (uint32_t id = 1; id <= QD_NODE_MAX; id++) {
		if (qd_has(n->hand.kill, id))
			sim_push(w, w->now + 1000, SIM_EV_KILL, n->index, id, n->co.next_gen);
	}
	n->hand.kill = 0;
}

static void echo_send(struct sim_world *w, struct sim_node *n)
{
	if (!n->hand.proof.want || n->hand.cs.in_sync)
		return;
	if (sim_vote_echo(w, n, cs_proof_next(&n->hand.proof))) {
		cs_proof_sent(&n->hand.proof);
		return;
	}
	n->hand.call_out = true;
	sim_push(w, w->now + 5000, SIM_EV_CALL, n->index, 0, n->life);
}

void sim_hand_echo(struct sim_world *w, struct sim_node *n, uint32_t life, uint64_t number)
{
	if (n->life != life || !n->running)
		return;
	n->hand.echo_back = number;
	sim_hand_ring(w, n);
}

void sim_hand_kill(struct sim_world *w, struct sim_node *n, uint32_t victim)
{
	n->hand.kill |= qd_bit(victim);
	n->hand.kill_after = cs_proof_next(&n->hand.proof);
	n->hand.proof.want = true;
	sim_hand_ring(w, n);
}

void sim_hand_call(struct sim_world *w, struct sim_node *n)
{
	struct sim_hand *hand = &n->hand;
	const struct qd_corosync before = hand->cs;

	hand->call_out = false;
	if (hand->hung)
		return;
	if (hand->cs.connected) {
		snapshot(n);
		vote_take(w, n);
		kill_take(w, n);
	} else {
		hand->vote_waits = false;	/* dropped */
	}
	if (!hand->hung && hand->unregister && !hand->unregistered && !n->co.frozen) {
		hand->unregistered = true;
		hand->cs.registered = false;
		if (n->co.up)
			sim_vote_unregister(w, n);
		wake_up(w, n);
	}
	if (hand->cs.connected && !hand->hung) {
		echo_send(w, n);
		sim_cpg_work(w, n);
	}
	proof_show(n);
	if (hand->cs.stale_one != before.stale_one || hand->cs.stale_past != before.stale_past ||
	    hand->cs.stale_late != before.stale_late ||
	    hand->cs.unheard_late != before.unheard_late || hand->cs.unheard != before.unheard || hand->cs.unheard_one != before.unheard_one)
		wake_up(w, n);
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
	polled(n, accepted, n->hand.hung_since_ms);
	vote_answer(w, n, hand->inside.cast, accepted);
	if (hand->vote_waits || hand->unregister)
		sim_hand_ring(w, n);
}
