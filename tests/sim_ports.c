/* The ports of one engine: what the hands are to qdiskd, here the world is. */
#include "sim.h"

static struct sim_node *node_of(void *ctx)
{
	return ctx;
}

static void port_clock(void *ctx, uint64_t *ret_now_ms, uint64_t *ret_wall_s)
{
	struct sim_node *n = node_of(ctx);

	*ret_now_ms = sim_local(n, n->world->now) / 1000;
	*ret_wall_s = (uint64_t)((int64_t)(n->world->now / 1000000) + n->wall_s);
}

static uint64_t port_random(void *ctx)
{
	return sim_rng_next(&node_of(ctx)->world->rng) | 1;
}

static void port_read(void *ctx)
{
	struct sim_node *n = node_of(ctx);

	sim_lun_read(n->world, n);
}

/* The lies that stand in a block. */
static void block_lie(struct sim_node *n, uint8_t *bytes)
{
	uint32_t lies = n->world->setup.lies;
	struct qd_block block;

	if (lies & SIM_LIE_BYTES)
		bytes[SIM_SECTOR - 1] ^= 1;
	if (!(lies & (SIM_LIE_MUTE | SIM_LIE_OLD_ACK)) || n->id != n->world->setup.liar)
		return;
	if (qd_block_decode(bytes, SIM_SECTOR, n->id, &block) != QD_FINE || block.message != QD_MSG_ACK)
		return;
	if (lies & SIM_LIE_MUTE)
		block.message = QD_MSG_NONE;
	else
		block.sequence--;
	qd_block_encode(&block, bytes, SIM_SECTOR);
}

static void port_write(void *ctx, uint32_t slot, const void *bytes, size_t size)
{
	struct sim_node *n = node_of(ctx);
	struct sim_world *w = n->world;
	uint8_t copy[SIM_SECTOR];

	memcpy(copy, bytes, sizeof(copy));
	if (w->setup.lies)
		block_lie(n, copy);
	if (w->setup.lies & SIM_LIE_SLOT && slot == n->id)
		slot = slot % w->setup.nodes + 1;
	if (!(w->setup.lies & (SIM_LIE_MUTE | SIM_LIE_OLD_ACK)))
		sim_check_write(w, n, slot, copy, size);
	sim_lun_write(w, n, slot, copy);
}

static void port_corosync(void *ctx, uint64_t now_ms, struct qd_corosync *ret_cs)
{
	struct sim_node *n = node_of(ctx);

	*ret_cs = n->hand.cs;
	ret_cs->stalled = n->hand.hung &&
			  now_ms - n->hand.hung_since_ms > n->params.t.interval_ms;
}

static void port_vote(void *ctx, uint64_t seq, struct qd_ring ring, bool cast, uint64_t good_until_ms)
{
	struct sim_node *n = node_of(ctx);

	sim_check_vote(n->world, n, ring, cast);
	n->hand.vote.seq = seq;
	n->hand.vote.ring = ring;
	n->hand.vote.cast = cast || n->world->setup.lies & SIM_LIE_VOTE;
	n->hand.vote.good_until_ms = good_until_ms;
	n->hand.vote.incarnation = n->engine.state.incarnation;
	n->hand.vote_waits = true;
	sim_hand_ring(n->world, n);
}

static void port_unregister(void *ctx)
{
	struct sim_node *n = node_of(ctx);

	sim_say(n->world, n->id, "unregisters the quorum device", 0, 0, 0);
	n->hand.unregister = true;
	sim_hand_ring(n->world, n);
}

static void port_kill(void *ctx, uint32_t node_id)
{
	sim_hand_kill(node_of(ctx)->world, node_of(ctx), node_id);
}

static void port_end_corosync(void *ctx)
{
	struct sim_node *n = node_of(ctx);

	n->world->stats.ended_corosyncs++;
	sim_corosync_stop(n->world, n, /* clean */ false);
	sim_push(n->world, n->world->now + sim_cycles(n->world, 20), SIM_EV_COROSYNC, n->index, 0, n->power);
}

/* Ends another member's corosync, if the ring still carries the message. */
void sim_kill_hit(struct sim_world *w, struct sim_node *n, uint32_t victim)
{
	struct sim_node *v = sim_by_id(w, victim);

	if (!n->co.up || !sim_totem_flows(w, n) || !qd_has(n->co.members, victim) || !v || !v->co.up)
		return;
	sim_say(w, victim, "its corosync is ended by node %llu", n->id, 0, 0);
	sim_corosync_stop(w, v, /* clean */ false);
	sim_push(w, w->now + sim_dice(w, 10, 60) * w->interval_us, SIM_EV_COROSYNC, v->index, 0, v->power);
}

/* ---- Fencing: takes its time, then works or does not ---- */

static void port_fence(void *ctx, uint32_t node_id, uint64_t incarnation)
{
	struct sim_node *n = node_of(ctx);
	struct sim_world *w = n->world;
	struct sim_fencing *f = &n->fencing[node_id];
	uint64_t takes = 1000 * sim_dice(w, w->setup.fence_min_ms, w->setup.fence_max_ms);
	bool works = sim_rng_chance(&w->rng, w->setup.fence_ok_per_mille);
	bool lies = sim_rng_chance(&w->rng, w->setup.fence_lie_per_mille);

	f->out = true;
	f->incarnation = incarnation;
	f->result = works || lies ? QD_FENCE_SUCCESS : QD_FENCE_FAILED;
	f->lies = lies;
	w->stats.fences++;
	sim_say(w, n->id, "fences node %llu, which will take %llu ms", node_id, takes / 1000, 0);
	if (works && !lies)
		sim_push(w, w->now + sim_dice(w, takes / 2, takes), SIM_EV_FENCE_HIT, n->index, node_id, 0);
	sim_push(w, w->now + takes + 1, SIM_EV_FENCED, n->index, node_id, n->life);
}

void sim_fence_hit(struct sim_world *w, uint32_t victim)
{
	struct sim_node *v = sim_by_id(w, victim);

	if (v && v->on)
		sim_power_off(w, v, "is fenced");
}

void sim_fenced(struct sim_world *w, struct sim_node *n, uint32_t victim)
{
	struct sim_fencing *f = &n->fencing[victim];
	const struct sim_node *v = sim_by_id(w, victim);

	f->out = false;
	if (f->lies && v && v->on) {
		sim_say(w, v->id, "is not dead, whatever its fencing says", 0, 0, 0);
		w->check.lied |= 1u << v->index;
	}
	qd_engine_fenced(&n->engine, victim, f->incarnation, f->result);
}

/* ---- The rest ---- */

static void port_score(void *ctx, uint32_t *ret_score, uint32_t *ret_max)
{
	struct sim_node *n = node_of(ctx);

	*ret_score = n->score;
	*ret_max = n->score_max;
}

static uint32_t port_pet(void *ctx)
{
	struct sim_node *n = node_of(ctx);

	sim_check_pet(n->world, n);
	sim_pet(n->world, n);
	return (uint32_t)qd_law_dead_ms(&n->params.t);
}

static void port_say(void *ctx, bool lun_dead)
{
	sim_cpg_say(node_of(ctx)->world, node_of(ctx), lun_dead);
}

static void port_self_fence(void *ctx, enum qd_self_fence reason)
{
	struct sim_node *n = node_of(ctx);

	n->self_fenced = true;
	n->self_fence_reason = reason;
	n->world->stats.self_fences++;
	sim_say(n->world, n->id, "resets itself, and this is why:", 0, 0, 0);
	sim_power_off(n->world, n, qd_self_fence_text(reason));
}

static void port_exit(void *ctx, int status)
{
	struct sim_node *n = node_of(ctx);

	sim_check_exit(n->world, n, status);
	n->exited = true;
	n->exit_status = status;
	sim_say(n->world, n->id, "qdiskd ends with status %llu", (uint64_t)status, 0, 0);
	n->armed = n->armed && !qd_has_left(&n->engine.state);
	if (n->co.up && !n->co.frozen)
		sim_vote_unregister(n->world, n);
	if (n->co.up && (qd_vote_outlives(&n->engine.state) || (n->engine.state.voting && n->co.frozen))) {
		sim_corosync_stop(n->world, n, /* clean */ false);	/* by its pidfd */
		sim_push(n->world, n->world->now + sim_cycles(n->world, 20), SIM_EV_COROSYNC, n->index, 0,
			 n->power);
	}
	sim_daemon_gone(n->world, n);
	/* Who meant it to stay away starts it again when everything is healed. */
	if ((status || n->world->goal.settled_by) && n->world->setup.restart && !n->spare)
		sim_push(n->world, n->world->now + 2000000, SIM_EV_DAEMON, n->index, 0, n->power);
}

static void port_note(void *ctx, const struct qd_note *note)
{
	struct sim_node *n = node_of(ctx);

	n->world->stats.evictions += note->id == QD_NOTE_EVICTION;
	n->world->stats.elections += note->id == QD_NOTE_MASTER;
	if (note->id == QD_NOTE_FENCE_OK)
		sim_check_fenced(n->world, n, note->node);
	sim_note(n->world, n->id, note);
}

static void port_alarm(void *ctx, uint64_t at_ms)
{
	struct sim_node *n = node_of(ctx);
	uint64_t at = sim_local_to_sim(n, at_ms * 1000);

	n->alarm_at = at > n->world->now ? at : n->world->now;
	n->alarm_gen++;
	sim_push(n->world, n->alarm_at, SIM_EV_ALARM, n->index, n->alarm_gen & 0xFFFF, n->life);
}

static void port_publish(void *ctx, const struct qd_state *state)
{
	struct sim_node *n = node_of(ctx);

	(void)state;
	n->world->stats.cycles++;
	sim_check_step(n->world, n);
}

void sim_ports_init(struct sim_node *n)
{
	n->ports = (struct qd_ports){
		.ctx = n,
		.clock = port_clock,
		.random = port_random,
		.read = port_read,
		.write = port_write,
		.corosync = port_corosync,
		.vote = port_vote,
		.unregister = port_unregister,
		.end_corosync = port_end_corosync,
		.kill = port_kill,
		.fence = port_fence,
		.score = port_score,
		.pet = port_pet,
		.say = port_say,
		.self_fence = port_self_fence,
		.exit = port_exit,
		.note = port_note,
		.alarm = port_alarm,
		.publish = port_publish,
	};
}
