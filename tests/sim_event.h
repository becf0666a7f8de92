/* What happens in the simulated world, in which order, and what is kept of it. */
#ifndef SIM_EVENT_H
#define SIM_EVENT_H

#include "qd_note.h"

#define SIM_EVENTS 16384u	/* in the queue, alarms that were moved included; full is a defect */
#define SIM_MOMENT 4096u	/* events while no time passes; more: it spins */
#define SIM_LINES 4096u		/* of trace that are kept */
#define SIM_LINES_SHOWN 200u
#define SIM_NEVER (UINT64_MAX / 4)

/* ---- Events ---- */

enum sim_event_kind {
	SIM_EV_TICK, SIM_EV_READ, SIM_EV_LAND, SIM_EV_WROTE, SIM_EV_ALARM, SIM_EV_CALL,
	SIM_EV_NOTIFY, SIM_EV_CONNECT, SIM_EV_WORD, SIM_EV_FENCED,			/* for a daemon */
	SIM_EV_FENCE_HIT, SIM_EV_KILL, SIM_EV_WATCHDOG, SIM_EV_GUARD,
	SIM_EV_BOOT, SIM_EV_COROSYNC, SIM_EV_DAEMON, SIM_EV_RESUME, SIM_EV_THAW, SIM_EV_COROSYNC_GO,
	SIM_EV_FORM, SIM_EV_INSTALL, SIM_EV_RESTLESS, SIM_EV_INFO, SIM_EV_TOKEN, SIM_EV_ACTIVATE,
	SIM_EV_VOTE_TIMER,
	SIM_EV_FAULT, SIM_EV_UNDO, SIM_EV_HEAL, SIM_EV_LOOK,		/* of the plan */
	SIM_EV_COUNT
};

struct sim_event {
	uint64_t at;
	uint32_t seq;		/* ties go to the older one */
	uint32_t gen;		/* stale where it is not its owner's */
	uint16_t arg;
	uint8_t kind, node;
};

struct sim_rng {
	uint64_t s[4];
	bool middle;	/* no dice: every range gives its middle, every chance what is likelier */
};

struct sim_queue {
	uint32_t count, seq;
	struct sim_event heap[SIM_EVENTS];
};

/* ---- Trace ---- */

/* One thing that happened: a note of the mind, or words of the world with up to
 * three numbers. Made into text only when somebody reads it. */
struct sim_line {
	uint64_t at;
	uint32_t node;		/* id; 0 the world */
	bool is_note;
	const char *format;	/* with up to three places: %llu a number, %llx the nodes of a mask */
	union {
		struct qd_note note;
		uint64_t arg[3];
	};
};

struct sim_trace {
	bool live;		/* print at once */
	uint64_t count;
	uint64_t hash;		/* of everything that happened: D1 */
	uint64_t origin, origin_line;	/* where the story begins: times are told from here on */
	struct sim_line line[SIM_LINES];
};

#endif
