/* One machine of the simulated world: power, clock, path to the LUN, corosync, the
 * daemon's hand on it, and the engine of its daemon. */
#ifndef SIM_NODE_H
#define SIM_NODE_H

#include "../qdiskd/cs_proof.h"
#include "../qdiskd/cs_word.h"
#include "qd_ports.h"
#include "sim_event.h"

#define SIM_NODES 16u		/* of the cluster */
#define SIM_MACHINES (SIM_NODES + 1u)	/* and a clone of one */
#define SIM_INFOS 32u		/* messages of one node under way */
#define SIM_INBOX 64u		/* words that a daemon has not heard yet */
#define SIM_WORD_BYTES (40u + 8u * SIM_NODES)
#define SIM_PARKED 64u		/* events that wait for a paused daemon */
#define SIM_SLOTS (SIM_NODES + 2u)
#define SIM_GROUP_SPARE 1000u	/* a twin's network: nobody else is in it */

typedef uint32_t sim_set;	/* of machines: machine m = bit m */

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

#endif
