/* What kind of run a seed is: its cluster, its plan of faults, what is left out of it, in
 * which ways its world lies; and what was asked for on the command line. */
#ifndef SIM_SETUP_H
#define SIM_SETUP_H

#include "qd_format.h"

#define SIM_FAULTS 24u		/* faults in one plan */

enum sim_kind {
	SIM_CALM, SIM_DEATH, SIM_LASTMAN, SIM_SPLIT, SIM_STOP, SIM_IO, SIM_PAUSE, SIM_CHAOS, SIM_RIVAL, SIM_OLD,
	SIM_KINDS
};

enum sim_fault {
	SIM_F_NODE_DIES, SIM_F_DAEMON_KILLED, SIM_F_DAEMON_PAUSED, SIM_F_NODE_PAUSED,
	SIM_F_COROSYNC_PAUSED, SIM_F_COROSYNC_KILLED, SIM_F_SPLIT, SIM_F_ONE_WAY, SIM_F_MERGE,
	SIM_F_RING_FLAPS,
	SIM_F_LUN_SLOW, SIM_F_LUN_HANGS, SIM_F_LUN_ERRORS, SIM_F_LUN_HANGS_ALL, SIM_F_LUN_LOST,
	SIM_F_LUN_DIES, SIM_F_LUN_ONE_LEFT, SIM_F_READS_TORN, SIM_F_SLOT_BAD, SIM_F_SLOT_BLIND, SIM_F_SLOT_RUBBISH,
	SIM_F_RELABELLED, SIM_F_ELSEWHERE,
	SIM_F_SCORE, SIM_F_STOP, SIM_F_WALL_STEP, SIM_F_FENCING, SIM_F_RECONFIG,
	SIM_F_SCORE_FLAPS, SIM_F_FENCE_LIES, SIM_F_RESTART_ALL, SIM_F_POWER, SIM_F_TWIN, SIM_F_TIMINGS,
	SIM_F_FENCE_ASKED,	/* the last one: drawn where setup.asks */
	SIM_F_COUNT
};

/* One fault of a plan. It draws from dice of its own, so that leaving another
 * one out changes nothing in it. */
struct sim_planned {
	uint64_t at;
	enum sim_fault fault;
	uint32_t dice;		/* which of the seed's */
};

/* What a run can be told without, if it happens without it too. */
enum {
	SIM_WITHOUT_TAILS = 1 << 0,	/* of latency, and stale reads */
	SIM_WITHOUT_DRIFT = 1 << 1,
	SIM_WITHOUT_WILD = 1 << 2,	/* rare timings of totem and LUN */
	SIM_WITHOUT_HEURISTICS = 1 << 3,
	SIM_WITHOUT_RESTART = 1 << 4,	/* of a daemon that ended with an error */
	SIM_WITHOUT_BOOT = 1 << 5,	/* of a machine that was switched off */
	SIM_WITHOUT_FENCING = 1 << 6,
	SIM_WITHOUT_WATCHDOG = 1 << 7,
	SIM_WITHOUT_IO_TIMEOUT = 1 << 8,
	SIM_WITHOUT_MIXED = 1 << 9,	/* timings */
	SIM_WITHOUT_SPARES = 1 << 10,	/* machines with the id of another */
	SIM_WITHOUT_RULES = 1 << 11,	/* VOTE and L1 are not looked at: what comes of it is */
	SIM_WITHOUTS = 12
};

/* Ways in which a world can lie, to show that the checker sees it. */
enum {
	SIM_LIE_VOTE = 1 << 0,		/* every poll casts 1 */
	SIM_LIE_SLOT = 1 << 1,		/* a heartbeat goes into the next slot */
	SIM_LIE_BYTES = 1 << 2,		/* a bit flips on the way to the LUN */
	SIM_LIE_OWN = 1 << 3,		/* a node never sees its own eviction */
	SIM_LIE_TWICE = 1 << 4,		/* a write is reported at once and goes on */
	SIM_LIE_STALE = 1 << 5,		/* the master sees an old block of node 1 */
	SIM_LIE_DICE = 1 << 6,		/* the dice know which run it is */
	SIM_LIE_MUTE = 1 << 7,		/* `liar` never answers a bid */
	SIM_LIE_OLD_ACK = 1 << 8,	/* `liar` answers the bid before this one */
	SIM_LIES = 9
};

struct sim_setup {
	uint64_t seed;
	uint32_t nodes;		/* machines */
	uint32_t spares;	/* of these: the last one has the id of the first */
	enum sim_kind kind;
	struct qd_timings t;
	uint32_t token_ms, consensus_ms;
	bool laws;		/* these, V and Y are what qd_config_check() has let through */
	uint32_t v_ms, y_ms;	/* 0: as qdiskd writes them */
	uint32_t sector_size;	/* 0: 512 */
	bool guard;		/* frozen or dead for K*I: reset (the assumption) */
	bool watchdog, io_timeout, fencing;
	bool fence_lun;		/* where there is a watchdog: fence="lun" */
	bool asks;		/* a resource manager has living nodes fenced */
	bool heuristics, reboot;
	bool few_votes;		/* the device has one: a ring may be quorate by its nodes, and not hold all */
	bool master_wins;	/* where it may be: sim_master_wins() */
	bool mixed;		/* the label has no room for timings, and some nodes have others */
	bool restart;		/* a daemon that ends with an error is started again */
	uint32_t fence_ok_per_mille, fence_lie_per_mille;
	uint32_t fence_min_ms, fence_max_ms;
	uint32_t boot_min_ms, boot_max_ms;	/* 0: stays off */
	uint32_t daemon_min_ms, daemon_max_ms;	/* from boot to the daemon's start */
	uint32_t lies, liar;	/* liar: node id */
	uint32_t without;	/* what is drawn and left out: SIM_WITHOUT_* */
	bool planned;		/* the faults are these, not the ones drawn */
	uint32_t fault_count;
	struct sim_planned fault[SIM_FAULTS];
	uint64_t heal_at;	/* of such a plan; SIM_NEVER */
	uint64_t until;		/* 0: to the end of the plan */
	bool no_dice;		/* see struct sim_rng */
	bool trace;
};

/* What was asked for on the command line. */
struct sim_options {
	enum { SIM_SEEDS, SIM_TAP, SIM_WRITE_TRACES, SIM_STORY } mode;
	const char *program, *traces, *story;
	uint64_t first, last;
	int kind;		/* -1: every kind in turn */
	uint32_t nodes;		/* 0: drawn */
	int timing;		/* -1: drawn */
	uint32_t jobs;
	uint64_t seconds;	/* 0: until the last seed */
	uint32_t without, lies, liar;
	bool planned;
	uint32_t fault_count;
	struct sim_planned fault[SIM_FAULTS];
	uint64_t heal_at, until;	/* 0: not given */
	const char *expect;	/* invariants, with commas between; NULL any */
	bool no_guard, laws, twice, trace, hash, no_shrink, keep_going;
};

#endif
