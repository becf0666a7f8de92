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
 *	sim_legacy*.c	staged scenarios: what the 2011 daemon did wrong
 *	sim_safety.c	staged scenarios: the worked timeline of qdisk-safety(7)
 *	sim_story_fence.c	staged scenarios: fencing over the LUN, and on demand
 *	sim_found.c	staged scenarios: what the simulator has found
 *	sim_rare.c	staged scenarios: moments that chance does not hit
 *	sim_self*.c	worlds that break each invariant or rule: the checker can fail
 *	sim_golden.c	traces that are kept in tests/traces, and compared
 *	sim_tale*.c	the scenarios of which they tell
 *
 * sim_event.h, sim_node.h, sim_lun.h, sim_setup.h and, below, the world itself say what
 * all of it is made of; sim_calls.h what each file does for the others.
 *
 * Times are microseconds of simulated time unless a name says otherwise.
 */
#ifndef SIM_H
#define SIM_H

#include <string.h>

#include "qd_laws.h"
#include "sim_event.h"
#include "sim_lun.h"
#include "sim_node.h"
#include "sim_setup.h"

#define SIM_EVICTED 16u		/* evicted incarnations remembered for each node */

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
