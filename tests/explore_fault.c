/* What goes wrong: each costs one of the path's budget. */
#include "explore.h"

static uint32_t add(const struct xp_run *r, struct xp_event *event, uint32_t count,
		    enum xp_kind kind, uint32_t node, uint32_t arg)
{
	if (!(r->setup.kinds >> kind & 1))
		return count;
	assert(count < XP_EVENTS);
	event[count] = (struct xp_event){ (uint8_t)kind, (uint8_t)node, (uint8_t)arg };
	return count + 1;
}

static bool has_orphan(const struct xp_run *r, uint32_t i)
{
	for (uint32_t k = 0; k < r->w.writes; k++) {
		if (r->w.write[k].orphan && r->w.write[k].node == i)
			return true;
	}
	return false;
}

static uint32_t daemon_faults(const struct xp_run *r, uint32_t i, struct xp_event *event, uint32_t count)
{
	const struct xp_node *n = &r->w.node[i];
	bool answers = !n->hangs && !n->hangs_late;

	count = add(r, event, count, XP_KILL, i, 0);
	if (n->paused || n->frozen)
		return count;
	count = add(r, event, count, XP_PAUSE, i, 0);
	if (n->write_out && answers)
		count = add(r, event, count, XP_PAUSE_CALL, i, 0);
	if (!n->stopped)
		count = add(r, event, count, XP_STOP, i, 0);
	if (!answers)
		return count;
	count = add(r, event, count, XP_HANG, i, 0);
	count = add(r, event, count, XP_HANG_LATE, i, 0);
	if (n->read_out || n->tick_due <= r->w.now)
		count = add(r, event, count, XP_READ_ERROR, i, 0);
	if (n->write_out) {
		count = add(r, event, count, XP_WRITE_ERROR, i, 0);
		count = add(r, event, count, XP_WRITE_LOST, i, 0);
	}
	return count;
}

static uint32_t node_faults(const struct xp_run *r, uint32_t i, struct xp_event *event, uint32_t count)
{
	const struct xp_node *n = &r->w.node[i];

	if (!n->on)
		return has_orphan(r, i) ? count : add(r, event, count, XP_BOOT, i, 0);
	count = add(r, event, count, XP_DEATH, i, 0);
	if (!n->frozen)
		count = add(r, event, count, XP_FREEZE, i, 0);
	if (n->running)
		return daemon_faults(r, i, event, count);
	return has_orphan(r, i) || n->frozen ? count : add(r, event, count, XP_RESTART, i, 0);
}

/* Can this node reach another? */
static bool has_company(const struct xp_run *r, uint32_t i)
{
	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		if (j != i && r->w.node[j].group == r->w.node[i].group)
			return true;
	}
	return false;
}

/* A split of two nodes is one split, whoever is called cut off. */
uint32_t xp_faults(const struct xp_run *r, struct xp_event *event, uint32_t count)
{
	bool split = false;

	for (uint32_t i = 0; i < r->setup.nodes; i++)
		split = split || r->w.node[i].group;
	if (split)
		count = add(r, event, count, XP_MERGE, 0, 0);
	for (uint32_t i = r->setup.nodes == 2 ? 1 : 0; i < r->setup.nodes; i++) {
		if (has_company(r, i))
			count = add(r, event, count, XP_SPLIT, i, 0);
	}
	for (uint32_t i = 0; i < r->setup.nodes; i++)
		count = node_faults(r, i, event, count);
	return count;
}

/* ---- What each does ---- */

static void split(struct xp_run *r, uint32_t i)
{
	uint8_t highest = 0;

	for (uint32_t j = 0; j < r->setup.nodes; j++)
		highest = r->w.node[j].group > highest ? r->w.node[j].group : highest;
	r->w.node[i].group = (uint8_t)(highest + 1);
}

static void merge(struct xp_run *r)
{
	for (uint32_t i = 0; i < r->setup.nodes; i++)
		r->w.node[i].group = 0;
}

/* By SIGKILL: nothing is said, corosync goes on counting. */
static void daemon_kill(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];

	xp_daemon_gone(r, i);
	if (r->setup.guard)
		n->guard_at = r->w.now + qd_law_dead_ms(&r->params[i].t);
}

/* It stands still between its decision and the call. */
static void pause_call(struct xp_run *r, uint32_t i)
{
	r->hold_call = true;
	xp_write_end(r, i, QD_IO_OK);
	r->hold_call = false;
	if (r->w.node[i].running)
		xp_stand_still(r, i, /* machine */ false);
}

static void hang(struct xp_run *r, uint32_t i, bool late)
{
	struct xp_node *n = &r->w.node[i];

	if (!late) {
		n->hangs = true;
		return;
	}
	n->hangs_late = true;
	if (n->read_out && !n->looked)
		xp_look(r, i);
	if (n->write_out)
		xp_land(r, i);
	for (uint32_t k = 0; k < r->w.writes; k++) {
		if (r->w.write[k].node == i && !r->w.write[k].orphan)
			xp_write_land(r, k);
	}
}

static void read_error(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];

	if (!n->read_out) {
		n->hangs = true;	/* only until it is out */
		xp_tick(r, i);
		n->hangs = false;
	}
	if (n->read_out)
		xp_read_end(r, i, QD_IO_ERROR);
}

void xp_fault(struct xp_run *r, const struct xp_event *event)
{
	uint32_t i = event->node;

	switch ((enum xp_kind)event->kind) {
	case XP_SPLIT:		split(r, i); break;
	case XP_MERGE:		merge(r); break;
	case XP_DEATH:		xp_power_off(r, i); break;
	case XP_BOOT:		xp_boot(r, i, r->w.now); break;
	case XP_KILL:		daemon_kill(r, i); break;
	case XP_RESTART:	xp_daemon_start(r, i, r->w.now); break;
	case XP_PAUSE:		xp_stand_still(r, i, /* machine */ false); break;
	case XP_PAUSE_CALL:	pause_call(r, i); break;
	case XP_FREEZE:		xp_stand_still(r, i, /* machine */ true); break;
	case XP_HANG:		hang(r, i, /* late */ false); break;
	case XP_HANG_LATE:	hang(r, i, /* late */ true); break;
	case XP_READ_ERROR:	read_error(r, i); break;
	case XP_WRITE_ERROR:	xp_land(r, i); xp_write_end(r, i, QD_IO_ERROR); break;
	case XP_WRITE_LOST:	xp_write_end(r, i, QD_IO_ERROR); break;
	case XP_STOP:		r->w.node[i].stopped = true; qd_engine_stop(&r->engine[i]); break;
	case XP_TICK: case XP_READ: case XP_WRITE: case XP_EVICTION: case XP_ALARM: case XP_NOTIFY:
	case XP_CALL: case XP_TOLD: case XP_SYNCED: case XP_EXPIRE: case XP_GUARD:
	case XP_FORM: case XP_TIME: case XP_RESUME: case XP_ANSWER: case XP_ORPHAN: case XP_QUICK_FORM:
	case XP_KINDS:
		assert(false);
	}
}
