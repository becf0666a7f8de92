/* The explorer: every order of events in a small world, none left to chance.
 *
 * Two or three production engines (mind and codec included) stand in a world that
 * is one plain struct. From a start state each event that may come next is tried,
 * and from each state that results again, until no new state is left or time is
 * up. A state that was seen before, up to the names of things (below), is not
 * entered again. What the simulator would meet by luck is met here by counting.
 *
 *	explore.c		command line, jobs, the table
 *	explore_search.c	the search: layers of time, and paths
 *	explore_memory.c	what the search remembers: states made small, states seen
 *	explore_event.c		which events may come next; time
 *	explore_fault.c		what goes wrong, within the budget of faults
 *	explore_node.c		machines, daemons and the ports of their engines
 *	explore_lun.c		the shared LUN
 *	explore_totem.c		corosync: rings
 *	explore_vote.c		corosync: votequorum
 *	explore_hand.c		the daemon's hand on it
 *	explore_check.c		the invariants S1..S7 and L1
 *	explore_canon.c		one form for states that differ in names only
 *	explore_times.c		the times of that form
 *	explore_pack.c		a state as bytes
 *	explore_start.c		start states
 *	explore_story.c		a path in words
 *
 * Time goes in steps of XP_INTERVAL / steps. Within a step events come in any
 * order; what is *due* comes before time goes on, what is *possible* may come.
 * Each fault costs one of the path's budget; what mends one (a daemon goes on, a
 * hanging path answers) is free.
 *
 * The model, beside what sim_totem.c and sim_vote.c say of corosync:
 * - an I/O of a healthy path ends within its step; one path may hang (its requests
 *   stay away from the LUN, or its answers come late), or fail;
 * - a new ring after a loss forms one step after it, after the token timeout, or
 *   after token and consensus; a merge forms at once. Its members install it, tell
 *   their clients, and end sync together; anything may come between these three;
 * - votequorum's message, and an echo of the daemon's, comes round its ring at once while
 *   the token goes round; one that waited for it is heard in the next ring, after sync;
 * - who ends its corosync goes down with it;
 * - a daemon hears of a change at once, unless it stands still;
 * - a write of a dead daemon lands within two intervals, or never.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <string.h>

#include "../qdiskd/cs_proof.h"
#include "qd_laws.h"
#include "qd_ports.h"

#define XP_NODES 3u
#define XP_INTERVAL 120u	/* I, ms */
#define XP_SECTOR 512u
#define XP_WRITES 6u		/* evictions, and writes of the dead, in flight */
#define XP_INFOS 8u		/* messages of one node under way, in and outside sync */
#define XP_ECHO 8u		/* a message that is an echo; its number stands above these bits */
#define XP_EVENTS 64u		/* that may come next */
#define XP_BASE ((uint64_t)1 << 24)	/* "now" of every state in its one form, ms */

/* ---- The world ---- */

enum xp_kind {
	/* due: before time goes on */
	XP_TICK, XP_READ, XP_WRITE, XP_EVICTION, XP_ALARM, XP_NOTIFY, XP_CALL,
	XP_TOLD, XP_SYNCED, XP_EXPIRE, XP_GUARD, XP_FORM,
	/* possible */
	XP_TIME, XP_RESUME, XP_ANSWER, XP_ORPHAN, XP_QUICK_FORM,
	/* faults */
	XP_SPLIT, XP_MERGE, XP_DEATH, XP_BOOT, XP_KILL, XP_RESTART, XP_PAUSE, XP_PAUSE_CALL,
	XP_FREEZE, XP_HANG, XP_HANG_LATE, XP_READ_ERROR, XP_WRITE_ERROR, XP_WRITE_LOST, XP_STOP,
	XP_KINDS
};

struct xp_event {
	uint8_t kind;		/* enum xp_kind */
	uint8_t node;		/* index; SPLIT: who is cut off */
	uint8_t arg;		/* EVICTION, ORPHAN: which write */
};

/* votequorum and totem of one node. */
struct xp_corosync {
	struct qd_ring ring;
	qd_mask members;
	uint64_t lost_at;	/* the token stands still since; 0 it goes round */
	bool gather;		/* only a new ring helps */
	bool in_sync, told, wait_poll;
	bool registered, alive, cast;
	bool quorate;		/* its own flag */
	struct qd_ring cast_ring;	/* of the last accepted poll */
	uint64_t deadline;	/* of ALIVE; 0 none */
	uint64_t info_count, info[XP_INFOS];	/* sent outside sync: heard when none is left */
	uint64_t sync_count, sync_info[XP_INFOS];	/* sent in it: heard in it */
	bool shown_quorate;	/* what clients are shown */
	qd_mask shown_view;
	struct qd_ring shown_ring, told_ring;
	qd_mask told_members;
};

/* A vote that its daemon has asked for and not yet got, because it stands still. */
struct xp_call {
	bool waits, cast;
	uint64_t seq, good_until_ms, incarnation;
	struct qd_ring ring;
};

struct xp_node {
	bool on;		/* the machine, and its corosync */
	bool running;		/* the daemon exists */
	bool paused;		/* it stands still */
	bool frozen;		/* the whole machine stands still */
	bool lag;		/* it has stood still: what is due comes in any order */
	bool notify;		/* corosync has changed, and it has not heard */
	bool stopped;		/* asked to stop, or stopped cleanly */
	bool hangs;		/* its path to the LUN: requests stay away */
	bool hangs_late;	/* or answers do */
	bool read_out, looked;	/* looked: what it will hear is in look[] */
	bool write_out, landed;	/* its own write */
	bool unregistered;
	uint8_t group;		/* nodes of one group reach each other */
	uint64_t tick_due;
	uint64_t guard_at;	/* reset then: its daemon stands still or is dead; 0 no */
	uint64_t landed_start;	/* of the newest landed write of this life; 0 none */
	/* its slot, for S5 and S7 */
	uint64_t evicted;	/* incarnation that was evicted last */
	uint64_t slot_landed, slot_gap_end;
	struct xp_call call;
	struct xp_corosync co;
	struct qd_corosync cs;	/* what its daemon has heard */
	struct cs_proof proof;
	uint64_t echo_back;	/* newest echo that is back, heard or not */
	uint64_t waiting_incarnation, last_incarnation;	/* of the lives that asked for proof.vote, .last */
	struct qd_block look[XP_NODES];
};

/* A write on its way that is not a living daemon's own block. */
struct xp_write {
	uint8_t node, slot;	/* indexes: who wrote it, where to */
	bool orphan;		/* its daemon is dead */
	bool landed;
	uint64_t until;		/* an orphan lands by then, or never */
	struct qd_block block;
};

struct xp_world {
	uint64_t now;
	uint64_t ring_next;	/* seq of the next ring */
	uint64_t random;	/* the newest incarnation */
	uint8_t faults;		/* left */
	bool failed;		/* an invariant is violated */
	uint32_t writes;
	struct xp_write write[XP_WRITES];
	struct qd_block slot[XP_NODES];
	struct xp_node node[XP_NODES];
};

/* What does not change on a path. */
struct xp_setup {
	uint32_t nodes, steps;	/* steps of time in one interval */
	bool together;		/* all tick in the same step, in any order; else in turn */
	bool guard;		/* the assumption: frozen or dead for K*I is reset */
	bool watchdog;		/* L2 self-fences */
	uint32_t token_ms, consensus_ms;
	uint32_t faults;
	uint64_t kinds;		/* of faults: bit enum xp_kind */
};

struct xp_port {
	struct xp_run *run;
	uint32_t index;
};

/* The one world that lives: states are unpacked into it and packed again. */
struct xp_run {
	struct xp_setup setup;
	uint64_t step_ms;
	struct xp_world w;
	struct qd_engine engine[XP_NODES];
	struct xp_port port[XP_NODES];
	struct qd_ports ports[XP_NODES];
	struct qd_params params[XP_NODES];
	const char *broken;	/* what was violated */
	bool hold_call;		/* the next vote waits for its daemon */
	const char *tell;	/* before each line that is told; NULL: nothing is */
	unsigned line;		/* of the story */
	bool raw;		/* names and times are left as they come */
	uint8_t image[(XP_NODES + 1) * QD_SLOT_BYTES];
	struct qd_block image_block[XP_NODES];	/* encoded in the image */
};

/* explore_event.c */
uint32_t xp_events(const struct xp_run *r, struct xp_event event[XP_EVENTS]);
void xp_apply(struct xp_run *r, const struct xp_event *event);
/* What follows at once from what has just happened. */
void xp_settle(struct xp_run *r);

/* explore_fault.c: append the faults that may come; perform one */
uint32_t xp_faults(const struct xp_run *r, struct xp_event *event, uint32_t count);
void xp_fault(struct xp_run *r, const struct xp_event *event);

/* explore_node.c */
void xp_run_init(struct xp_run *r, const struct xp_setup *setup);
bool xp_awake(const struct xp_node *n);
void xp_boot(struct xp_run *r, uint32_t i, uint64_t first_tick);
void xp_daemon_start(struct xp_run *r, uint32_t i, uint64_t first_tick);
void xp_daemon_gone(struct xp_run *r, uint32_t i);
void xp_power_off(struct xp_run *r, uint32_t i);
void xp_stand_still(struct xp_run *r, uint32_t i, bool machine);
void xp_go_on(struct xp_run *r, uint32_t i);
void xp_tick(struct xp_run *r, uint32_t i);
void xp_alarm(struct xp_run *r, uint32_t i);

/* explore_lun.c */
void xp_lun_init(struct xp_run *r);
void xp_look(struct xp_run *r, uint32_t i);	/* its read sees the LUN now */
void xp_read_end(struct xp_run *r, uint32_t i, enum qd_io io);
void xp_land(struct xp_run *r, uint32_t i);	/* its own write lands now */
void xp_write_end(struct xp_run *r, uint32_t i, enum qd_io io);
void xp_write_add(struct xp_run *r, const struct xp_write *write);
void xp_write_drop(struct xp_run *r, uint32_t index);
void xp_write_land(struct xp_run *r, uint32_t index);
void xp_orphan(struct xp_run *r, uint32_t i);	/* its daemon dies with writes under way */

/* explore_totem.c */
bool xp_flows(const struct xp_run *r, uint32_t i);
qd_mask xp_component(const struct xp_run *r, uint32_t i);
enum xp_form { XP_FORM_NO, XP_FORM_MAY, XP_FORM_MUST };
enum xp_form xp_form_due(const struct xp_run *r, uint32_t i);
void xp_form(struct xp_run *r, uint32_t i);
void xp_corosync_start(struct xp_run *r, uint32_t i);
void xp_totem_settle(struct xp_run *r);

/* explore_vote.c */
void xp_sync_start(struct xp_run *r, uint32_t i);
void xp_register(struct xp_run *r, uint32_t i);
bool xp_echo(struct xp_run *r, uint32_t i, uint64_t number);	/* false: not now */
bool xp_poll(struct xp_run *r, uint32_t i, struct qd_ring ring, bool cast);
/* Asked of the lowest member of a ring: may its clients be told, may sync end? */
bool xp_told_due(const struct xp_run *r, uint32_t i);
void xp_told(struct xp_run *r, uint32_t i);
bool xp_synced_due(const struct xp_run *r, uint32_t i);
void xp_synced(struct xp_run *r, uint32_t i);
void xp_expire(struct xp_run *r, uint32_t i);
void xp_vote_settle(struct xp_run *r);
void xp_unregister(struct xp_run *r, uint32_t i);
/* the hand */
void xp_hand_start(struct xp_run *r, uint32_t i);
void xp_hand_end(struct xp_run *r, uint32_t i);
void xp_hand_call(struct xp_run *r, uint32_t i);
void xp_hand_notify(struct xp_run *r, uint32_t i);

/* explore_check.c */
void xp_fail(struct xp_run *r, const char *what);
void xp_check(struct xp_run *r);
void xp_check_write(struct xp_run *r, uint32_t i, uint32_t slot, const uint8_t *bytes);
void xp_check_poll(struct xp_run *r, uint32_t i, uint64_t incarnation, bool cast);
void xp_check_pet(struct xp_run *r, uint32_t i);
void xp_check_landed(struct xp_run *r, uint32_t slot, const struct qd_block *block);

/* explore_canon.c: give the state its one form */
void xp_canon(struct xp_run *r);
void xp_canon_times(struct xp_run *r);	/* explore_times.c */

/* explore_pack.c: what of a state decides its future, as bytes; returns how many */
#define XP_PACKED_MAX 16384u
size_t xp_pack(struct xp_run *r, uint8_t bytes[XP_PACKED_MAX]);
void xp_unpack(struct xp_run *r, const uint8_t *bytes);

/* explore_start.c */
#define XP_STARTS 9u
/* Run from nothing, without any fault, to a start state; false: no such one. */
bool xp_start(struct xp_run *r, const char *name, uint32_t variant);
const char *xp_start_name(uint32_t index);	/* NULL: no more */

/* explore_story.c */
void xp_say(const struct xp_run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void xp_tell_event(struct xp_run *r, const struct xp_event *event);
void xp_tell_note(const struct xp_run *r, uint32_t i, const struct qd_note *note);

static inline uint32_t xp_id(uint32_t index)
{
	return index + 1;
}

#endif
