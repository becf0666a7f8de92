/* Machines, their daemons, and the ports of the engines in them. */
#include "explore.h"

bool xp_awake(const struct xp_node *n)
{
	return n->running && !n->paused && !n->frozen;
}

/* ---- Ports ---- */

static struct xp_node *node_of(void *ctx)
{
	struct xp_port *port = ctx;

	return &port->run->w.node[port->index];
}

static struct xp_run *run_of(void *ctx)
{
	return ((struct xp_port *)ctx)->run;
}

static uint32_t index_of(void *ctx)
{
	return ((struct xp_port *)ctx)->index;
}

static void port_clock(void *ctx, uint64_t *ret_now_ms, uint64_t *ret_wall_s)
{
	*ret_now_ms = run_of(ctx)->w.now;
	*ret_wall_s = 1;	/* decides nothing */
}

/* Nobody else has it: names are renewed in xp_canon(). */
static uint64_t port_random(void *ctx)
{
	return ++run_of(ctx)->w.random;
}

static void port_read(void *ctx)
{
	struct xp_node *n = node_of(ctx);

	if (n->read_out)
		xp_fail(run_of(ctx), "S6 a second read is submitted while one is out");
	n->read_out = true;
	if (n->hangs_late)
		xp_look(run_of(ctx), index_of(ctx));
}

static void port_write(void *ctx, uint32_t slot, const void *bytes, size_t size)
{
	struct xp_run *r = run_of(ctx);
	struct xp_node *n = node_of(ctx);
	struct xp_write write = { .node = (uint8_t)index_of(ctx), .slot = (uint8_t)(slot - 1) };

	(void)size;
	xp_check_write(r, write.node, slot, bytes);
	if (slot != xp_id(write.node)) {
		if (qd_block_decode(bytes, XP_SECTOR, slot, &write.block) != QD_FINE)
			return;		/* told by the check */
		xp_write_add(r, &write);
		if (n->hangs_late)
			xp_write_land(r, r->w.writes - 1);
		return;
	}
	if (n->write_out)
		xp_fail(r, "S6 two writes to its own slot are in flight");
	n->write_out = true;
	if (n->hangs_late)
		xp_land(r, write.node);
}

static void port_corosync(void *ctx, uint64_t now_ms, struct qd_corosync *ret_cs)
{
	(void)now_ms;
	*ret_cs = node_of(ctx)->cs;
}

static void port_vote(void *ctx, uint64_t seq, struct qd_ring ring, bool cast, uint64_t good_until_ms)
{
	struct xp_run *r = run_of(ctx);
	struct xp_node *n = node_of(ctx);

	n->call = (struct xp_call){ .waits = true, .cast = cast, .seq = seq, .ring = ring,
				    .good_until_ms = good_until_ms,
				    .incarnation = r->engine[index_of(ctx)].state.incarnation };
	if (!r->hold_call)
		xp_hand_call(r, index_of(ctx));
}

static void port_unregister(void *ctx)
{
	xp_unregister(run_of(ctx), index_of(ctx));
	node_of(ctx)->cs.registered = false;
	node_of(ctx)->notify = true;
}

static void port_end_corosync(void *ctx)
{
	xp_say(run_of(ctx), "        node %u ends its corosync", xp_id(index_of(ctx)));
	xp_power_off(run_of(ctx), index_of(ctx));
}

static void port_kill(void *ctx, uint32_t node_id)
{
	(void)ctx;
	(void)node_id;
	assert(false);	/* allow_kill is off: a courtesy that nothing relies on */
}

static void port_fence(void *ctx, uint32_t node_id, uint64_t incarnation)
{
	(void)ctx;
	(void)node_id;
	(void)incarnation;
	assert(false);	/* fencing is off */
}

/* Nobody hears it: a ring of so few never does without the device. */
static void port_say(void *ctx, bool lun_dead)
{
	(void)ctx, (void)lun_dead;
}

static void port_score(void *ctx, uint32_t *ret_score, uint32_t *ret_max)
{
	(void)ctx;
	*ret_score = *ret_max = 1;
}

static uint32_t port_pet(void *ctx)
{
	xp_check_pet(run_of(ctx), index_of(ctx));
	return (uint32_t)qd_law_dead_ms(&run_of(ctx)->params[index_of(ctx)].t);
}

static void port_self_fence(void *ctx, enum qd_self_fence reason)
{
	xp_say(run_of(ctx), "        node %u resets itself: %s", xp_id(index_of(ctx)),
	       qd_self_fence_text(reason));
	xp_power_off(run_of(ctx), index_of(ctx));
}

static void port_exit(void *ctx, int status)
{
	struct xp_run *r = run_of(ctx);
	uint32_t i = index_of(ctx);

	xp_say(r, "        the daemon of node %u ends with status %d", xp_id(i), status);
	if (qd_vote_outlives(&r->engine[i].state)) {
		xp_power_off(r, i);
		return;
	}
	xp_unregister(r, i);
	xp_daemon_gone(r, i);
	r->w.node[i].stopped = true;
}

static void port_note(void *ctx, const struct qd_note *note)
{
	xp_tell_note(run_of(ctx), index_of(ctx), note);
}

/* The engine remembers its alarm. */
static void port_alarm(void *ctx, uint64_t at_ms)
{
	(void)ctx;
	(void)at_ms;
}

static void port_publish(void *ctx, const struct qd_state *state)
{
	(void)state;
	if (run_of(ctx)->engine[index_of(ctx)].express_count > QD_EXPRESS_PER_TICK)
		xp_fail(run_of(ctx), "S6 more express cycles than a tick may have");
}

/* ---- Machines and daemons ---- */

void xp_daemon_start(struct xp_run *r, uint32_t i, uint64_t first_tick)
{
	struct xp_node *n = &r->w.node[i];
	struct qd_label label;

	if (qd_label_decode(r->image, XP_SECTOR, &label) != QD_FINE)
		xp_fail(r, "S4 the label does not decode");
	n->running = true;
	n->paused = n->stopped = n->lag = n->unregistered = false;
	n->guard_at = 0;
	n->landed_start = 0;
	n->tick_due = first_tick;
	qd_engine_init(&r->engine[i], &r->ports[i], &r->params[i], &label, XP_SECTOR, r->setup.nodes);
	xp_hand_start(r, i);
}

void xp_boot(struct xp_run *r, uint32_t i, uint64_t first_tick)
{
	r->w.node[i].on = true;
	xp_corosync_start(r, i);
	xp_daemon_start(r, i, first_tick);
}

/* The process has ended, whatever the reason. */
void xp_daemon_gone(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];

	xp_orphan(r, i);
	n->running = n->paused = n->lag = n->notify = n->stopped = false;
	n->hangs = n->hangs_late = false;
	n->tick_due = n->guard_at = n->landed_start = 0;
	memset(&n->call, 0, sizeof(n->call));
	xp_hand_end(r, i);
}

void xp_power_off(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];

	if (n->running)
		xp_daemon_gone(r, i);
	n->on = n->frozen = n->stopped = false;
	n->guard_at = 0;
	memset(&n->co, 0, sizeof(n->co));
}

/* What its daemon waits for happens without it. */
void xp_stand_still(struct xp_run *r, uint32_t i, bool machine)
{
	struct xp_node *n = &r->w.node[i];

	if (machine)
		n->frozen = true;
	else
		n->paused = true;
	if (r->setup.guard)
		n->guard_at = r->w.now + qd_law_dead_ms(&r->params[i].t);
	if (n->read_out && !n->looked && !n->hangs)
		xp_look(r, i);
	if (n->write_out && !n->hangs)
		xp_land(r, i);
	for (uint32_t k = 0; k < r->w.writes; k++) {
		if (r->w.write[k].node == i && !n->hangs)
			xp_write_land(r, k);
	}
}

void xp_go_on(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];

	n->paused = n->frozen = false;
	n->guard_at = 0;
	n->lag = true;
}

/* A read that has just begun ends at once: one that looks later is one that began
 * later. */
static void look_now(struct xp_run *r, uint32_t i, bool was_idle)
{
	struct xp_node *n = &r->w.node[i];

	if (was_idle && n->read_out && !n->hangs && !n->hangs_late)
		xp_read_end(r, i, QD_IO_OK);
}

/* An absolute timer: late, it says how many ticks it has missed. */
void xp_tick(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	uint64_t missed = (r->w.now - n->tick_due) / XP_INTERVAL;
	bool idle = r->engine[i].phase == QD_PHASE_IDLE;

	n->tick_due += (missed + 1) * XP_INTERVAL;
	qd_engine_tick(&r->engine[i], (uint32_t)missed);
	look_now(r, i, idle);
}

void xp_alarm(struct xp_run *r, uint32_t i)
{
	bool idle = r->engine[i].phase == QD_PHASE_IDLE;

	qd_engine_alarm(&r->engine[i]);
	look_now(r, i, idle);
}

/* ---- Setup ---- */

static void params_init(struct xp_run *r, uint32_t i)
{
	struct qd_params *p = &r->params[i];

	*p = (struct qd_params){
		.node_id = xp_id(i),
		.nodes = ((qd_mask)1 << r->setup.nodes) - 1,
		.node_count = r->setup.nodes,
		.t = { .interval_ms = XP_INTERVAL, .tko = 3, .tko_up = 1, .upgrade_wait = 1,
		       .master_wait = 2 },
		.token_ms = r->setup.token_ms,
		.consensus_ms = r->setup.consensus_ms,
		.votes = r->setup.nodes - 1,
		.watchdog = r->setup.watchdog,
	};
	p->v_ms = (uint32_t)qd_law_withdraw_ms(&p->t);
	p->y_ms = (uint32_t)qd_law_sync_ms(&p->t);
	for (uint32_t j = 0; j < r->setup.nodes; j++)
		p->node_votes[j] = 1;
}

static const struct qd_ports ports = {
	.clock = port_clock, .random = port_random, .read = port_read, .write = port_write,
	.corosync = port_corosync, .vote = port_vote, .unregister = port_unregister,
	.end_corosync = port_end_corosync,
	.kill = port_kill, .fence = port_fence, .score = port_score, .pet = port_pet,
	.say = port_say, .self_fence = port_self_fence, .exit = port_exit, .note = port_note, .alarm = port_alarm,
	.publish = port_publish,
};

/* Everything off, and an empty LUN. */
void xp_run_init(struct xp_run *r, const struct xp_setup *setup)
{
	memset(r, 0, sizeof(*r));
	r->setup = *setup;
	r->step_ms = XP_INTERVAL / setup->steps;
	r->w.now = XP_BASE;
	r->w.ring_next = 1;
	r->w.faults = (uint8_t)setup->faults;
	for (uint32_t i = 0; i < setup->nodes; i++) {
		r->port[i] = (struct xp_port){ .run = r, .index = i };
		r->ports[i] = ports;
		r->ports[i].ctx = &r->port[i];
		params_init(r, i);
	}
	xp_lun_init(r);
}
