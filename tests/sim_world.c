/* The world: its clocks and the loop that lets one thing happen after the other. */
#include "sim.h"

void sim_push(struct sim_world *w, uint64_t at, enum sim_event_kind kind, uint32_t node,
	      uint32_t arg, uint32_t gen)
{
	sim_queue_push(&w->queue, (struct sim_event){ .at = at > w->now ? at : w->now,
						      .kind = (uint8_t)kind,
						      .node = (uint8_t)node,
						      .arg = (uint16_t)arg,
						      .gen = gen });
}

/* ---- Clocks ---- */

uint64_t sim_local(const struct sim_node *n, uint64_t at)
{
	int64_t passed = (int64_t)(at - n->base_sim);

	if (n->drift_ppm)
		passed += passed * n->drift_ppm / 1000000;
	return n->base_local + (uint64_t)passed;
}

uint64_t sim_local_to_sim(const struct sim_node *n, uint64_t local)
{
	uint64_t at;

	if (local <= n->base_local)
		return n->base_sim;
	at = local - n->base_local;
	if (n->drift_ppm)
		at = (uint64_t)((unsigned __int128)at * 1000000u / (uint64_t)(1000000 + n->drift_ppm));
	at += n->base_sim;
	while (sim_local(n, at) < local)
		at++;
	return at;
}

bool sim_awake(const struct sim_node *n)
{
	return n->running && !n->paused && !n->frozen;
}

struct sim_node *sim_by_id(struct sim_world *w, uint32_t id)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (w->node[i].id == id)
			return &w->node[i];
	}
	return NULL;
}

/* ---- The loop ---- */

/* An event for a daemon: stale with its life, kept while it is paused. */
static void dispatch_daemon(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	if (event->gen != n->life)
		return;
	if (event->kind == SIM_EV_READ) {
		sim_lun_read_end(w, n, event);
		return;
	}
	if (!sim_awake(n)) {
		sim_park(n, event);
		return;
	}
	switch (event->kind) {
	case SIM_EV_TICK:
		sim_tick(w, n, event);
		break;
	case SIM_EV_ALARM:
		if (event->arg == (n->alarm_gen & 0xFFFF))
			qd_engine_alarm(&n->engine);
		break;
	case SIM_EV_CALL:
		sim_hand_call(w, n);
		break;
	case SIM_EV_NOTIFY:
		sim_hand_notify(w, n);
		break;
	case SIM_EV_CONNECT:
		sim_hand_connect(w, n);
		break;
	case SIM_EV_WORD:
		sim_cpg_word(w, n);
		break;
	case SIM_EV_FENCED:
		sim_fenced(w, n, event->arg);
		break;
	default:
		assert(false);	/* an event for a daemon */
	}
}

/* An event for a machine; most are stale with the power it had. */
static void dispatch_machine(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	bool same_power = event->gen == n->power;

	switch (event->kind) {
	case SIM_EV_BOOT:
		if (same_power && !n->on)
			sim_boot(w, n);
		break;
	case SIM_EV_COROSYNC:
		if (same_power && n->on && !n->co.up)
			sim_corosync_start(w, n);
		break;
	case SIM_EV_DAEMON:
		if (same_power && n->on && !n->running)
			sim_daemon_start(w, n);
		break;
	case SIM_EV_RESUME:
		if (event->gen == n->pause_gen)
			sim_daemon_resume(w, n);
		break;
	case SIM_EV_THAW:
		if (event->gen == n->pause_gen)
			sim_thaw(w, n);
		break;
	case SIM_EV_COROSYNC_GO:
		if (same_power)
			sim_corosync_go(w, n);
		break;
	case SIM_EV_GUARD:
		if (event->gen == n->guard_gen && n->on)
			sim_power_off(w, n, "is reset: frozen or without its daemon for K*I");
		break;
	case SIM_EV_WATCHDOG:
		sim_watchdog(w, n);
		break;
	case SIM_EV_KILL:
		sim_kill_hit(w, n, event->arg);
		break;
	case SIM_EV_FENCE_HIT:
		sim_fence_hit(w, event->arg);
		break;
	default:
		assert(false);	/* an event for a machine */
	}
}

static void dispatch_corosync(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	switch (event->kind) {
	case SIM_EV_FORM:
		sim_totem_form(w, event);
		break;
	case SIM_EV_INSTALL:
		sim_totem_install(w, n, event->gen);
		break;
	case SIM_EV_RESTLESS:
		sim_totem_restless(w, n, event->gen);
		break;
	case SIM_EV_INFO:
		sim_vote_info(w, n);
		break;
	case SIM_EV_TOKEN:
		sim_vote_token(w, n, event->gen);
		break;
	case SIM_EV_ACTIVATE:
		sim_vote_activate(w, n, event->gen);
		break;
	case SIM_EV_VOTE_TIMER:
		sim_vote_timer(w, n);
		break;
	default:
		assert(false);	/* an event for corosync */
	}
}

static void dispatch(struct sim_world *w, const struct sim_event *event)
{
	struct sim_node *n = &w->node[event->node];

	if (event->kind == SIM_EV_LAND)
		sim_lun_land(w, event);
	else if (event->kind == SIM_EV_WROTE)
		sim_lun_wrote(w, event);
	else if (event->kind <= SIM_EV_FENCED)
		dispatch_daemon(w, n, event);
	else if (event->kind <= SIM_EV_COROSYNC_GO)
		dispatch_machine(w, n, event);
	else if (event->kind <= SIM_EV_VOTE_TIMER)
		dispatch_corosync(w, n, event);
	else
		sim_plan_event(w, event);
}

void sim_run(struct sim_world *w, uint64_t until)
{
	struct sim_event event;

	while (!w->stop && !w->check.failed && w->queue.count && w->queue.heap[0].at <= until) {
		(void)sim_queue_pop(&w->queue, &event);	/* there is one */
		w->moment_events = event.at == w->now ? w->moment_events + 1 : 0;
		if (w->moment_events > SIM_MOMENT)
			sim_fail(w, "S6", w->node[event.node].id, "it spins: events without end, and no time passes");
		w->now = event.at;
		w->stats.events++;
		sim_hash(w, event.kind, (uint64_t)event.node << 32 | event.arg);
		dispatch(w, &event);
		if (w->check.dirty)
			sim_check_event(w);
	}
	if (!w->stop && !w->check.failed && w->now < until)
		w->now = until;
}

/* ---- The beginning ---- */

static void node_params(struct sim_world *w, struct sim_node *n)
{
	const struct sim_setup *s = &w->setup;
	struct qd_params *p = &n->params;

	*p = (struct qd_params){
		.node_id = n->id,
		.node_count = sim_regular(w),
		.t = s->t,
		.token_ms = s->token_ms,
		.consensus_ms = s->consensus_ms,
		.v_ms = s->laws ? s->v_ms : (uint32_t)qd_law_withdraw_ms(&s->t),
		.y_ms = s->laws ? s->y_ms : (uint32_t)qd_law_sync_ms(&s->t),
		.votes = w->device_votes,
		.heuristic_count = s->heuristics ? 1 : 0,
		.reboot = s->reboot,
		.master_wins = sim_master_wins(w),
		.allow_kill = true,
		.io_timeout = s->io_timeout,
		.watchdog = s->watchdog,
		.fencing = s->fencing,
		.fence_lun = s->fence_lun,
	};
	for (uint32_t i = 0; i < s->nodes; i++) {
		p->nodes |= qd_bit(w->node[i].id);
		p->node_votes[w->node[i].id - 1] = 1;
	}
	memcpy(p->node_name, "node", sizeof("node"));
}

/* Configurations of two versions: some nodes are slower. corosync's timeouts are
 * one for all, and keep the laws of each. */
static void timings_mix(struct sim_world *w)
{
	uint32_t v = UINT32_MAX, y = 0;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		struct qd_timings *t = &w->node[i].params.t;

		t->interval_ms = t->interval_ms * (uint32_t)sim_rng_range(&w->plan, 10, 20) / 10;
		t->tko += (uint32_t)sim_rng_range(&w->plan, 0, 4);
		v = qd_law_withdraw_ms(t) < v ? (uint32_t)qd_law_withdraw_ms(t) : v;
		y = qd_law_sync_ms(t) > y ? (uint32_t)qd_law_sync_ms(t) : y;
	}
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		w->node[i].params.v_ms = v;
		w->node[i].params.y_ms = y;
	}
}

/* One machine at least is of 2011, and one at least is ours. */
static void old_choose(struct sim_world *w)
{
	uint32_t count = (uint32_t)sim_rng_range(&w->plan, 1, w->setup.nodes - 1);

	while (count > 0) {
		struct sim_node *n = &w->node[sim_rng_range(&w->plan, 0, w->setup.nodes - 1)];
		struct qd_timings *t = &n->params.t;

		if (n->old)
			continue;
		n->old = true;
		t->interval_ms = t->interval_ms < 1000 ? 1000 : t->interval_ms;
		t->tko = t->tko < 10 ? 10 : t->tko;
		count--;
	}
}

void sim_params_init(struct sim_world *w)
{
	w->device_votes = w->setup.few_votes ? 1 : sim_regular(w) - 1;
	w->expected = sim_regular(w) + w->device_votes;
	w->quorum = w->expected / 2 + 1;
	for (uint32_t i = 0; i < w->setup.nodes; i++)
		node_params(w, &w->node[i]);
	if (w->setup.mixed)
		timings_mix(w);
	if (w->setup.kind == SIM_OLD)
		old_choose(w);
	for (uint32_t i = 0; i < w->setup.nodes; i++)
		w->node[i].params_first = w->node[i].params;
	w->agreed = w->setup.t;
	sim_lun_init(w);
}

void sim_world_init(struct sim_world *w, const struct sim_setup *setup)
{
	struct sim_stats stats = w->stats;

	memset(&w->check, 0, sizeof(w->check));
	memset(&w->goal, 0, sizeof(w->goal));
	w->stats = stats;
	w->setup = *setup;
	w->trace.live = setup->trace || w->story_trace;
	w->trace.count = w->trace.hash = w->trace.origin = w->trace.origin_line = 0;
	w->now = 0;
	w->end = UINT64_MAX;
	w->stop = w->wild = w->relabelled = false;
	w->plan_gen = w->fault_count = 0;
	w->heal_at = SIM_NEVER;
	w->queue.count = w->queue.seq = 0;
	w->interval_us = 1000u * (uint64_t)setup->t.interval_ms;
	sim_rng_seed(&w->rng, setup->seed * 2 + (setup->lies & SIM_LIE_DICE ? w->stats.events : 0));
	sim_rng_seed(&w->plan, setup->seed ^ 0x706C616Eu);
	w->rng.middle = w->plan.middle = setup->no_dice;
	for (uint32_t i = 0; i < setup->nodes; i++) {
		struct sim_node *n = &w->node[i];

		memset(n, 0, offsetof(struct sim_node, engine));
		n->engine.ended = true;
		n->world = w;
		n->index = i;
		n->id = i + 1;
		n->spare = i >= sim_regular(w);
		if (n->spare) {
			n->id = 1 + (uint32_t)(setup->seed % i);
			n->group = SIM_GROUP_SPARE;
		}
		n->buffer = w->buffers[i];
		n->score = n->score_max = setup->heuristics ? 10 : 1;
		n->latency = (uint32_t)sim_dice(w, 150, 1500);
		n->latency_spread = (uint32_t)sim_dice(w, 100, 2000);
		n->boot_ms = setup->boot_max_ms;
		sim_ports_init(n);
	}
	sim_params_init(w);
}
