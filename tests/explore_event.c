/* Which events may come next, and what each does. */
#include "explore.h"

struct list {
	struct xp_event *event;
	uint32_t count;
};

static void list_add(struct list *list, enum xp_kind kind, uint32_t node, uint32_t arg)
{
	assert(list->count < XP_EVENTS);
	list->event[list->count++] = (struct xp_event){ (uint8_t)kind, (uint8_t)node, (uint8_t)arg };
}

/* ---- What is due ---- */

static void due_io(const struct xp_run *r, uint32_t i, struct list *list)
{
	const struct xp_node *n = &r->w.node[i];

	if (n->hangs || n->hangs_late)
		return;
	if (n->read_out)
		list_add(list, XP_READ, i, 0);
	if (n->write_out)
		list_add(list, XP_WRITE, i, 0);
	for (uint32_t k = 0; k < r->w.writes; k++) {
		if (r->w.write[k].node == i && !r->w.write[k].orphan)
			list_add(list, XP_EVICTION, i, k);
	}
}

/* A daemon does what is due in this order, I/O that ends first; one that has stood
 * still, or whose path has, in any. */
static void due_of_daemon(const struct xp_run *r, uint32_t i, struct list *list)
{
	const struct xp_node *n = &r->w.node[i];
	uint32_t before = list->count;

	if (n->call.waits)
		list_add(list, XP_CALL, i, 0);
	if (n->notify && n->lag)
		list_add(list, XP_NOTIFY, i, 0);
	due_io(r, i, list);
	if (r->engine[i].alarm_ms <= r->w.now && (n->lag || list->count == before))
		list_add(list, XP_ALARM, i, 0);
	if (n->tick_due <= r->w.now && (n->lag || list->count == before))
		list_add(list, XP_TICK, i, 0);
}

static void due_of_corosync(const struct xp_run *r, uint32_t i, struct list *list)
{
	const struct xp_corosync *co = &r->w.node[i].co;

	if (r->w.node[i].frozen)
		return;
	if (co->deadline && co->deadline <= r->w.now)
		list_add(list, XP_EXPIRE, i, 0);
	if (xp_told_due(r, i))
		list_add(list, XP_TOLD, i, 0);
	if (xp_synced_due(r, i))
		list_add(list, XP_SYNCED, i, 0);
	if (xp_form_due(r, i) == XP_FORM_MUST)
		list_add(list, XP_FORM, i, 0);
}

/* In turn: a cycle that has read goes on to its write before anything else is due. */
static bool due_in_turn(const struct xp_run *r, struct list *list)
{
	for (uint32_t i = 0; i < r->setup.nodes && list->count == 0 && !r->setup.together; i++) {
		if (r->engine[i].phase == QD_PHASE_WRITING && xp_awake(&r->w.node[i]))
			due_io(r, i, list);
	}
	return list->count > 0;
}

static void due(const struct xp_run *r, struct list *list)
{
	if (due_in_turn(r, list))
		return;
	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		const struct xp_node *n = &r->w.node[i];

		if (!n->on)
			continue;
		if (xp_awake(n))
			due_of_daemon(r, i, list);
		due_of_corosync(r, i, list);
		if (n->guard_at && n->guard_at <= r->w.now)
			list_add(list, XP_GUARD, i, 0);
	}
}

/* ---- What is possible once nothing is due ---- */

static void possible(const struct xp_run *r, struct list *list)
{
	list_add(list, XP_TIME, 0, 0);
	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		const struct xp_node *n = &r->w.node[i];

		if (n->paused || n->frozen)
			list_add(list, XP_RESUME, i, 0);
		if (n->hangs || n->hangs_late)
			list_add(list, XP_ANSWER, i, 0);
		if (n->on && xp_form_due(r, i) == XP_FORM_MAY)
			list_add(list, XP_QUICK_FORM, i, 0);
	}
	for (uint32_t k = 0; k < r->w.writes; k++) {
		if (r->w.write[k].orphan)
			list_add(list, XP_ORPHAN, r->w.write[k].node, k);
	}
}

uint32_t xp_events(const struct xp_run *r, struct xp_event event[XP_EVENTS])
{
	struct list list = { .event = event };

	due(r, &list);
	if (list.count == 0)
		possible(r, &list);
	return r->w.faults ? xp_faults(r, event, list.count) : list.count;
}

/* ---- What each does ---- */

static void time_pass(struct xp_run *r)
{
	r->w.now += r->step_ms;
	for (uint32_t i = 0; i < r->setup.nodes; i++)
		r->w.node[i].lag = r->w.node[i].lag && !xp_awake(&r->w.node[i]);
	for (uint32_t k = r->w.writes; k-- > 0;) {
		if (r->w.write[k].orphan && r->w.write[k].until <= r->w.now)
			xp_write_drop(r, k);
	}
}

static void eviction_end(struct xp_run *r, const struct xp_event *event)
{
	uint32_t slot = r->w.write[event->arg].slot;

	xp_write_land(r, event->arg);
	xp_write_drop(r, event->arg);
	qd_engine_write_done(&r->engine[event->node], xp_id(slot), QD_IO_OK, 0);
}

static void path_answers(struct xp_node *n)
{
	n->hangs = n->hangs_late = false;
	n->lag = true;
}

void xp_apply(struct xp_run *r, const struct xp_event *event)
{
	uint32_t i = event->node;

	if (r->tell)
		xp_tell_event(r, event);
	switch ((enum xp_kind)event->kind) {
	case XP_TICK:		xp_tick(r, i); break;
	case XP_READ:		xp_read_end(r, i, QD_IO_OK); break;
	case XP_WRITE:		xp_write_end(r, i, QD_IO_OK); break;
	case XP_EVICTION:	eviction_end(r, event); break;
	case XP_ALARM:		xp_alarm(r, i); break;
	case XP_NOTIFY:		xp_hand_notify(r, i); break;
	case XP_CALL:		xp_hand_call(r, i); break;
	case XP_TOLD:		xp_told(r, i); break;
	case XP_SYNCED:		xp_synced(r, i); break;
	case XP_EXPIRE:		xp_expire(r, i); break;
	case XP_GUARD:		xp_power_off(r, i); break;
	case XP_FORM:
	case XP_QUICK_FORM:	xp_form(r, i); break;
	case XP_TIME:		time_pass(r); break;
	case XP_RESUME:		xp_go_on(r, i); break;
	case XP_ANSWER:		path_answers(&r->w.node[i]); break;
	case XP_ORPHAN:		xp_write_land(r, event->arg); xp_write_drop(r, event->arg); break;
	case XP_SPLIT: case XP_MERGE: case XP_DEATH: case XP_BOOT: case XP_KILL: case XP_RESTART:
	case XP_PAUSE: case XP_PAUSE_CALL: case XP_FREEZE: case XP_HANG: case XP_HANG_LATE:
	case XP_READ_ERROR: case XP_WRITE_ERROR: case XP_WRITE_LOST: case XP_STOP:
		r->w.faults--;
		xp_fault(r, event);
		break;
	case XP_KINDS:
		assert(false);
	}
	xp_settle(r);
	xp_check(r);
}

/* Daemons hear at once, unless they stand still; corosync goes on as far as it
 * can without a message. */
void xp_settle(struct xp_run *r)
{
	bool again = true;

	for (unsigned rounds = 0; again; rounds++) {
		assert(rounds < 20);
		again = false;
		xp_totem_settle(r);
		xp_vote_settle(r);
		for (uint32_t i = 0; i < r->setup.nodes; i++) {
			struct xp_node *n = &r->w.node[i];

			if (!n->notify || n->lag || !xp_awake(n))
				continue;
			xp_hand_notify(r, i);
			again = true;
		}
	}
}
