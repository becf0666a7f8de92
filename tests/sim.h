/* The simulator: N production engines in one simulated world.
 *
 * The engines, the mind and the codec are the ones that qdiskd runs; the world
 * stands behind struct qd_ports. One event queue, one random generator, no
 * clock, no thread, no sleep: the same seed gives the same run, always.
 *
 *	sim.c		the program
 *	sim_options.c	its command line; sim_words.c what stands on it
 *	sim_seeds.c	seed after seed, on one core or on all
 *	sim_tap.c	the simulator as a test program
 *	sim_tell.c	what a violation looks like, and totals
 *	sim_shrink.c	the smallest run that still violates the same
 *	sim_queue.c	events, random numbers
 *	sim_trace.c	what happened, in words
 *	sim_world.c	clocks and the event loop
 *	sim_machine.c	machines: power, daemons, pauses, watchdog
 *	sim_fencing.c	fencing that is asked for; who counts as fenced
 *	sim_ports.c	the ports of one engine
 *	sim_lun.c	the shared LUN
 *	sim_lun_show.c	what a read shows that the LUN is not
 *	sim_latency.c	how long an I/O takes
 *	sim_links.c	corosync: who hears whom
 *	sim_totem.c	corosync: who forms a ring with whom, and when
 *	sim_vote.c	corosync: votequorum as it is
 *	sim_old_peer.c	a peer that is a daemon of 2011
 *	sim_cpg.c	corosync: cpg; and what a daemon says of its LUN
 *	sim_hand.c	the daemon's corosync hand
 *	sim_check.c	the invariants S1..S7, L1 and D1
 *	sim_rules.c	rules of the vote and of the twin, looked at while they are followed
 *	sim_goal.c	the promises P1..P4
 *	sim_setup.c	what kind of run a seed is
 *	sim_laws.c	timings that the laws let through
 *	sim_chaos.c	faults drawn by chance, one plan for each kind of run
 *	sim_rival.c	the plan in which one side waits for the other to lose
 *	sim_fault.c	what each fault does: machines and cables
 *	sim_fault_lun.c	what each fault does: the LUN
 *	sim_fault_admin.c	what each fault does: administrators, power, fencing
 *	sim_stage.c	what staged scenarios are made of
 *	sim_story.c	staged scenarios: what administrators see
 *	sim_story_lun.c	staged scenarios: the LUN is not what it was
 *	sim_story_admin.c	staged scenarios: what administrators do
 *	sim_legacy.c	staged scenarios: what the 2011 daemon did wrong
 *	sim_story_fence.c	staged scenarios: fencing over the LUN, and on demand
 *	sim_found.c	staged scenarios: what the simulator has found
 *	sim_rare.c	staged scenarios: moments that chance does not hit
 *	sim_self.c	worlds that break each invariant: the checker can fail
 *	sim_golden.c	traces that are kept in tests/traces, and compared
 *	sim_tale*.c	the scenarios of which they tell
 *
 * Times are microseconds of simulated time unless a name says otherwise.
 */
#ifndef SIM_H
#define SIM_H

#include <string.h>

#include "../qdiskd/cs_proof.h"
#include "../qdiskd/cs_word.h"
#include "qd_laws.h"
#include "qd_ports.h"

#define SIM_NODES 16u		/* of the cluster */
#define SIM_MACHINES (SIM_NODES + 1u)	/* and a clone of one */
#define SIM_EVENTS 16384u	/* in the queue, alarms that were moved included; full is a defect */
#define SIM_MOMENT 4096u	/* events while no time passes; more: it spins */
#define SIM_WRITES 256u		/* in flight on the LUN */
#define SIM_INFOS 32u		/* messages of one node under way */
#define SIM_INBOX 64u		/* words that a daemon has not heard yet */
#define SIM_WORD_BYTES (40u + 8u * SIM_NODES)
#define SIM_PARKED 64u		/* events that wait for a paused daemon */
#define SIM_LINES 4096u		/* of trace that are kept */
#define SIM_LINES_SHOWN 200u
#define SIM_EVICTED 16u		/* evicted incarnations remembered for each node */
#define SIM_FAULTS 24u		/* faults in one plan */
#define SIM_SECTOR 512u		/* of a block that decide, on every sector size */
#define SIM_SLOTS (SIM_NODES + 2u)
#define SIM_GROUP_SPARE 1000u	/* a twin's network: nobody else is in it */
#define SIM_NEVER (UINT64_MAX / 4)

typedef uint32_t sim_set;	/* of machines: machine m = bit m */

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

/* ---- One machine ---- */

/* One message of a node: votequorum's flags, an echo of the daemon's, or its word. */
struct sim_info {
	enum { SIM_INFO_VOTES, SIM_INFO_ECHO, SIM_INFO_WORD } kind;
	uint8_t flags, word;	/* word: which of the node's */
	uint32_t life;		/* of the daemon that sent an echo */
	uint64_t number;
};

/* What a node says of its LUN: bytes of qdiskd/cs_word.c. */
struct sim_word {
	uint16_t size;
	uint8_t bytes[SIM_WORD_BYTES];
};

/* votequorum and totem of one node, as they are in corosync 3.1.7. */
struct sim_corosync {
	bool up, frozen;	/* frozen: SIGSTOP of corosync alone */
	struct qd_ring ring;
	uint64_t ring_at;	/* when it was installed */
	uint64_t highest_seq;	/* survives on disk */
	qd_mask members;
	sim_set machines;	/* of that ring */
	/* totem */
	uint64_t lost_at;	/* the token stands still since; 0 it goes round */
	uint64_t gather_at;	/* from when on only a new ring helps; 0 no */
	uint32_t plan_gen;
	sim_set plan;		/* a ring of these is being formed; 0 none */
	uint32_t next_gen;
	struct qd_ring next_ring;
	sim_set next_set;
	/* votequorum */
	bool in_sync, wait_poll, activating;
	uint64_t busy_at;	/* a message was last delivered in this ring; later the token rests */
	uint64_t visit_at;	/* sync goes on when the token comes by; 0 it need not */
	bool told;			/* clients have heard of this ring */
	struct qd_ring told_ring;
	qd_mask told_members;
	uint32_t told_count;	/* callbacks so far */
	bool registered, alive, cast, wins;
	bool heard_wins;	/* what its ring has heard of it: master_wins, and it casts */
	bool quorate;		/* its own flag */
	struct qd_ring cast_ring;	/* ring of the last accepted poll */
	uint64_t deadline, deadline_event;	/* of ALIVE; 0 none */
	uint32_t info_count;
	struct sim_info info[SIM_INFOS];
	uint32_t sync_count;	/* the same, sent during sync: these are heard in it */
	struct sim_info sync_info[SIM_INFOS];
	bool info_out;		/* a delivery is on its way */
	uint32_t word_next;
	struct sim_word word[SIM_INFOS];
	/* what clients are shown */
	bool shown_quorate;
	qd_mask shown_view;
	uint64_t shown_seq;
	uint32_t shown_count;	/* callbacks so far */
};

/* The daemon's corosync hand: qdiskd/cs_*.c. */
struct sim_hand {
	struct qd_corosync cs;
	bool unregister, unregistered, connect_out;
	bool registering;	/* the call hangs until the ring carries it */
	bool vote_waits, call_out, notify_out, hung;
	struct { uint64_t seq; struct qd_ring ring; bool cast; uint64_t good_until_ms; uint64_t incarnation; } vote, inside;
	uint64_t hung_since_ms;
	struct cs_proof proof;
	uint64_t echo_back;	/* newest echo that is back, heard or not */
	uint64_t waiting_incarnation;	/* of the life whose vote waits in `proof` */
	qd_mask kill;		/* when the echo `kill_after` is back */
	uint64_t kill_after;
	/* what is said of LUNs */
	struct cs_word word;
	bool says_dead, word_waits, word_out;
	uint64_t word_ms;	/* when it is said again */
	uint32_t inbox_count, inbox_from[SIM_INBOX];
	struct sim_word inbox[SIM_INBOX];
};

/* What a daemon of 2011 knows: sim_old_peer.c. */
struct sim_old_seen {
	bool known, up, dead;
	uint32_t misses, hits;
	struct qd_block block;
};

struct sim_old {
	enum qd_node_state state;
	uint64_t incarnation;
	uint32_t cycles, bid_cycles, ack_to;
	uint16_t sequence;
	qd_mask mask;
	struct sim_old_seen seen[SIM_NODES + 1];	/* by node id */
};

struct sim_fencing {
	bool out, lies;
	uint64_t incarnation;
	enum qd_fence_result result;
};

enum sim_latency { SIM_LATENCY_FLAT, SIM_LATENCY_NARROW, SIM_LATENCY_WIDE };	/* the body */

struct sim_node {
	struct sim_world *world;
	uint32_t index, id;
	bool on, frozen;	/* frozen: the whole machine stands still */
	bool old;		/* its daemon is of 2011: sim_old_peer.c */
	bool led_by_old;	/* its last 1 was cast for such a master */
	bool spare;		/* a machine too many, with the id of another: a twin */
	bool paused, running;	/* the daemon: SIGSTOP, exists */
	bool exited, killed;	/* it has left by itself; by SIGKILL */
	int exit_status;
	bool self_fenced;
	enum qd_self_fence self_fence_reason;
	uint32_t life;		/* of the daemon: +1 with each start and end */
	uint32_t power;		/* +1 with each boot and power cut */
	uint32_t life_power;	/* of the daemon's start */
	uint32_t pause_gen, guard_gen;
	uint64_t stirred_at;	/* machine, daemon and corosync stand still or go on since then */
	bool guarded;
	uint32_t group;		/* machines of one group reach each other */
	sim_set cut;		/* these and it do not hear each other, whoever else does */
	uint64_t mute_until;	/* totem forms no ring with it, whoever tries */
	uint64_t stuck_until;	/* totem forms no ring at all here: it gathers for ever */
	/* clocks */
	uint64_t base_sim, base_local;	/* CLOCK_BOOTTIME, us */
	int64_t drift_ppm;
	int64_t wall_s;		/* wall clock minus simulated time */
	uint64_t tick_local;	/* when the next tick is due on its clock */
	uint64_t alarm_at;
	uint32_t alarm_gen;
	uint64_t agree_at;	/* it looks for others that beat until then; 0 no */
	uint64_t agree_beats;	/* what it saw at its first look, as a sum */
	bool parked_tick;
	uint32_t parked_count;
	struct sim_event parked[SIM_PARKED];
	/* watchdog */
	bool armed;
	uint64_t watchdog_at;
	bool watchdog_event;
	/* LUN */
	uint32_t latency, latency_spread;	/* us */
	enum sim_latency shape;
	uint32_t tail_per_mille, tail_us;	/* Pareto: how often, its least */
	uint32_t slow_per_mille, slow_us;	/* of the fault */
	uint32_t error_per_mille, stale_per_mille, torn_per_mille;
	uint64_t hang_until;	/* SIM_NEVER: until its machine is switched off */
	bool elsewhere;		/* its path leads to another LUN */
	uint64_t elsewhere_since;
	uint64_t blind;		/* slots that it cannot read: bit id */
	uint64_t blind_since[SIM_SLOTS];
	bool read_out, read_error;
	uint64_t read_start;
	uint64_t early;		/* slots of this read that were looked at early: bit id */
	bool copied;		/* the whole read was looked at when it ended, not when it was heard */
	uint32_t own_writes;	/* in flight */
	uint64_t landed_start;	/* of the newest landed write of this life; 0 none */
	uint64_t answered_at;	/* the daemon last heard of a landing; 0 never */
	uint64_t back_at;	/* of the one that ended its newest time without a LUN */
	uint8_t *buffer;	/* what a read brings when it is not the LUN as it is now */
	enum qd_node_state role_seen;
	uint32_t score, score_max;
	struct sim_fencing fencing[QD_NODE_MAX + 1];
	uint32_t boot_ms;	/* 0: stays off */
	struct qd_params params, params_first;	/* now; as the run began */
	struct sim_corosync co;
	struct sim_hand hand;
	struct sim_old old_state;
	struct qd_ports ports;
	struct qd_engine engine;
};

/* ---- The LUN ---- */

struct sim_write {
	bool used;
	uint8_t node, events;	/* events that still point here */
	uint8_t stuck;		/* of these: held back, because its path hangs for good */
	bool error, landed, cancelled;
	bool torn;		/* only its beginning lands */
	bool late;		/* its process has ended: it lands some time later */
	uint32_t slot, life;
	uint64_t start;
	uint64_t beat, incarnation;
	uint64_t met;		/* incarnation that stood in the slot when it was sent */
	uint8_t bytes[SIM_SECTOR];
};

struct sim_lun {
	uint64_t bad[SIM_SLOTS];	/* slot is garbage until then; 0 no */
	uint64_t landed[SIM_SLOTS];	/* last readable landing of a new beat */
	uint64_t landed_before[SIM_SLOTS];	/* the one before that */
	uint64_t beat[SIM_SLOTS], incarnation[SIM_SLOTS];	/* that stand there */
	uint64_t gap[SIM_SLOTS];	/* longest time without one, that ended not long ago */
	uint64_t gap_end[SIM_SLOTS];
	uint64_t changed[SIM_SLOTS];	/* when a block landed there last */
	uint8_t before[SIM_SLOTS][SIM_SECTOR];	/* and what stood there until then */
	uint32_t write_next;
	struct sim_write write[SIM_WRITES];
	bool stale_set;
	uint8_t own_of_liar[SIM_SECTOR], stale_of_liar[SIM_SECTOR];	/* what lies show */
	uint8_t image[(QD_NODE_MAX + 1) * QD_SLOT_BYTES] __attribute__((aligned(64)));
};

/* ---- The run ---- */

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

/* Incarnations of one node: the newest ones. */
struct sim_lives {
	uint32_t count;
	uint64_t incarnation[SIM_EVICTED];
};

struct sim_check {
	bool dirty;		/* something that an invariant looks at has changed */
	bool failed;
	const char *name;	/* "S1" */
	char text[200];
	uint64_t at;
	uint32_t node;
	uint32_t exempt;	/* node id: a story wrongs it, S5 and S7 say nothing about it */
	sim_set lied;		/* still quorate, though fencing reported them dead or their marks were lost */
	qd_mask asked;		/* somebody had these fenced, alive as they are: S7 does not hold, S5 not yet */
	qd_mask forged;		/* a stranger wrote good blocks in their names: neither does S7 */
	struct sim_lives evicted[QD_NODE_MAX + 1];	/* an eviction of these has landed */
	struct sim_lives judged[QD_NODE_MAX + 1];	/* found silent for K*I by a master */
};

/* What a plan promises from now on; 0: nothing. */
struct sim_goal {
	uint64_t master_by;	/* P1, P2: one live master, known to all who live, by then */
	uint64_t quorate_from;	/* P3, P4: these stay quorate from then on */
	sim_set quorate;
	const char *master_name, *quorate_name;
	uint64_t lost_at;	/* not all of them are, since; 0 they are */
	uint64_t settled_by;	/* P1 after everything was healed */
	uint64_t settled_at;	/* since then everything is well; 0 not yet */
};

struct sim_stats {
	uint64_t seeds, simulated_us, events, cycles, polls, elections, evictions;
	uint64_t self_fences, rings, fences, ended_corosyncs;
	uint64_t fault[SIM_F_COUNT];
};

struct sim_world {
	uint64_t now, end;
	struct sim_setup setup;
	struct sim_queue queue;
	struct sim_rng rng;	/* the world's dice */
	struct sim_rng plan;	/* the plan's; while a fault happens, that fault's */
	uint32_t plan_gen;
	uint64_t interval_us;
	uint32_t quorum, expected, device_votes;
	bool stop;		/* of the loop */
	uint32_t moment_events;	/* since time last passed */
	bool story_trace;
	bool wild;		/* rare timings allowed */
	struct qd_timings agreed;	/* that the label says */
	bool relabelled;	/* the LUN has another label than the one the run began with */
	struct sim_check check;
	struct sim_goal goal;
	struct sim_stats stats;
	struct sim_trace trace;
	struct sim_lun lun;
	struct sim_planned fault[SIM_FAULTS];
	uint32_t fault_count;
	uint64_t heal_at;
	uint8_t buffers[SIM_MACHINES][SIM_SLOTS * QD_SLOT_BYTES] __attribute__((aligned(64)));
	struct sim_node node[SIM_MACHINES];
};

#include "sim_calls.h"

#endif
