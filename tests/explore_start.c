/* Start states: run from nothing with everything in its usual order, no fault that
 * counts, until the scene is set. */
#include "explore.h"

/* What is due in its usual order, else time. */
static void run_one(struct xp_run *r)
{
	struct xp_event event[XP_EVENTS];

	(void)xp_events(r, event);
	xp_apply(r, &event[0]);
	xp_canon(r);
}

static void run_time(struct xp_run *r, uint64_t ms)
{
	for (uint64_t steps = ms / r->step_ms; steps > 0 && !r->w.failed;) {
		struct xp_event event[XP_EVENTS];

		(void)xp_events(r, event);
		steps -= event[0].kind == XP_TIME;
		xp_apply(r, &event[0]);
		xp_canon(r);
	}
}

static bool calm(const struct xp_run *r)
{
	uint32_t masters = 0;

	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		const struct xp_node *n = &r->w.node[i];

		masters += r->engine[i].state.role == QD_STATE_MASTER;
		if (!n->running || !n->co.shown_quorate || !n->co.cast ||
		    n->co.members != r->params[i].nodes || r->engine[i].phase != QD_PHASE_IDLE)
			return false;
	}
	return masters == 1;
}

/* All nodes run, `master` (index) is master. Ticks in turn, or all in one step. */
static bool start_calm(struct xp_run *r, uint32_t master, bool backwards)
{
	uint32_t nodes = r->setup.nodes;

	for (uint32_t k = 0; k < nodes; k++) {
		uint32_t i = backwards ? (master + nodes - k) % nodes : (master + k) % nodes;

		/* each in the next step of an interval, the others after the first is master */
		xp_boot(r, i, r->w.now + (r->setup.together ? 0 : k * r->step_ms));
		xp_settle(r);
		if (k == 0)
			run_time(r, 30 * XP_INTERVAL);
	}
	run_time(r, 60 * XP_INTERVAL);
	for (unsigned k = 0; !calm(r) && k < 100; k++)
		run_one(r);
	return calm(r) && r->engine[master].state.role == QD_STATE_MASTER;
}

static bool start_cold(struct xp_run *r, uint32_t master, bool backwards)
{
	uint32_t nodes = r->setup.nodes;

	for (uint32_t k = 0; k < nodes; k++) {
		uint32_t i = backwards ? (master + nodes - k) % nodes : (master + k) % nodes;

		xp_boot(r, i, r->w.now + (r->setup.together ? 0 : k * r->step_ms));
	}
	xp_settle(r);
	run_time(r, r->step_ms);	/* they find one another */
	return true;
}

static bool fault(struct xp_run *r, enum xp_kind kind, uint32_t node)
{
	r->w.faults++;
	xp_apply(r, &(struct xp_event){ .kind = (uint8_t)kind, .node = (uint8_t)node });
	xp_canon(r);
	return !r->w.failed;
}

/* Scenes on top of a calm cluster; more may go wrong from there. */
static bool scene(struct xp_run *r, const char *name, uint32_t master)
{
	uint32_t other = (master + 1) % r->setup.nodes;

	if (strcmp(name, "calm") == 0)
		return true;
	if (strcmp(name, "split") == 0)		/* the master alone */
		return fault(r, XP_SPLIT, master);
	if (strcmp(name, "lost") == 0)		/* a follower alone */
		return fault(r, XP_SPLIT, other);
	if (strcmp(name, "rival") == 0) {	/* one alone, and then the others' master dies */
		if (!fault(r, XP_SPLIT, other))
			return false;
		run_time(r, 30 * XP_INTERVAL);
		return r->setup.nodes > 2 && fault(r, XP_DEATH, master);
	}
	if (strcmp(name, "hang") == 0)
		return fault(r, XP_HANG, master);
	if (strcmp(name, "death") == 0)
		return fault(r, XP_DEATH, master);
	if (strcmp(name, "bid") == 0) {		/* the master's daemon is dead, a bid stands */
		if (!fault(r, XP_KILL, master))
			return false;
		for (unsigned k = 0; k < 1000 && !r->engine[other].state.bidding; k++)
			run_one(r);
		return r->engine[other].state.bidding || r->setup.nodes > 2;
	}
	return false;
}

static const char *const names[XP_STARTS] = { "cold", "calm", "split", "lost", "hang", "death", "bid", "rival", NULL };

const char *xp_start_name(uint32_t index)
{
	return index < XP_STARTS ? names[index] : NULL;
}

/* A variant is a master and the order of the ticks; false: there is no such one. */
bool xp_start(struct xp_run *r, const char *name, uint32_t variant)
{
	uint32_t nodes = r->setup.nodes, faults = r->w.faults;
	bool backwards = variant >= nodes, good;

	if (variant >= (nodes > 2 && !r->setup.together ? 2 * nodes : nodes))
		return false;
	r->w.faults = 0;
	if (strcmp(name, "cold") == 0)
		good = start_cold(r, variant % nodes, backwards);
	else
		good = start_calm(r, variant % nodes, backwards) && scene(r, name, variant % nodes);
	r->w.faults = (uint8_t)faults;
	xp_canon(r);
	return good;
}
