/* The mind (floor 1): what a node makes of what it sees.
 *
 * One function, qd_step(): state and input in, state and actions out. Total:
 * it cannot fail, waits for nothing and touches nothing but its arguments.
 * The engine (qd_ports.h) feeds it and performs what it asks for; so does the
 * simulator, which is why this floor has no clock, no random, no malloc.
 *
 * Times are milliseconds of CLOCK_BOOTTIME unless a name says otherwise.
 * Words: a *beat* is a landed write of one's own block; *silence* is how long
 * ago the last beat began; a *view* is the member list of a corosync ring.
 * The rules are restated in qdisk(5); why each clause is there: qdisk(5), "Why".
 *
 * Where the rules live:
 *	core.c		qd_step(): the order of things; start and silence
 *	own.c		our own slot: read first, then written
 *	member.c	what a slot says about a node: up, dead, undead
 *	elect.c		bids, acks, mastership, hand-over
 *	vote.c		casts, stands, holds, casts 0; the voting mark
 *	evict.c		what a master does about a dead node
 *	evict_fence.c	whom a node may fence, and when
 *	putoff.c	a LUN that is dead for everybody
 *	stop.c		a clean stop, and hand-over by the leaver
 *	instep.c	all nodes stop and start with other values, together
 *	score.c		heuristics to a score (qd_score.h)
 *	laws*.c		configuration and corosync's facts to struct qd_params (qd_laws.h)
 *	note.c		words for all of it
 */
#ifndef QD_CORE_H
#define QD_CORE_H

#include "qd_note.h"
#include "qd_config.h"

/* ---- In ---- */

enum qd_event {
	QD_EV_CYCLE,	/* a cycle's read has ended, or is late: see `read` */
	QD_EV_WRITTEN,	/* the write of our own block has ended: see `wrote` */
	QD_EV_RING,	/* what corosync shows has changed */
	QD_EV_TIMER,	/* a time that qd_next_deadline() named has come */
	QD_EV_FENCED,	/* a fencing has ended: see `fenced` */
	QD_EV_FENCE,	/* somebody who may asks for a fencing: see `fenced_node`, `fence_lun` */
	QD_EV_RECONFIG,	/* new values in force: see `params`; nodes may come, and go as qd_may_remove() allows */
	QD_EV_STOP,	/* an administrator wants a clean stop */
};

enum qd_io {
	QD_IO_OK,
	QD_IO_ERROR,	/* ended, and did not land */
	QD_IO_LATE,	/* still out at the next tick; says nothing about anyone */
	QD_IO_STRANGER,	/* landed, but the label is not the one we started with */
};

/* What corosync shows, as of this step. */
struct qd_corosync {
	bool connected;		/* false: gone. Its votes are gone with it */
	bool ended;		/* not connected, and the corosync we were connected to is dead */
	bool stalled;		/* a call is out longer than I: as good as gone, but it may still count us */
	struct qd_ring ring;	/* of the newest membership, during sync already */
	qd_mask members;	/* of that ring */
	bool in_sync;		/* clients are still shown an older view */
	bool quorate;		/* what clients are shown */
	qd_mask view;		/* the member list that is shown with it */
	uint32_t quorum;	/* votes needed */
	bool registered;
	uint64_t polled_seq;	/* of the newest vote request that was answered */
	bool polled_accepted;
	bool polled_cast;	/* what was really cast */
	struct qd_ring polled_ring;
	bool polled_quorate;	/* QUORATE flag, looked at after that poll */
	bool stale_one;		/* a 1 of an older ring may yet be counted in this one */
	bool stale_late;	/* the same, of a 1 that corosync carried out after it had stood still */
	bool stale_past;	/* the same, if a daemon before this one has cast it */
	bool unheard;		/* what was polled may still be on its way */
	bool unheard_one;	/* with a 1 in it */
	bool unheard_late;	/* with one that corosync carried out after it had stood still */
	qd_mask lun_dead;	/* members of `ring` that say in it that their LUN is dead */
	uint64_t lun_dead_ms;	/* all of these said so after this */
};

struct qd_input {
	enum qd_event event;
	uint64_t now_ms;	/* read once; every decision of this step uses it */
	uint64_t wall_s;	/* stamps blocks, decides nothing */
	uint64_t random;	/* a fresh incarnation, used only when a life ends */
	struct qd_corosync cs;
	uint32_t score, score_max;	/* of the heuristics; 1/1 without any */

	/* CYCLE */
	bool tick;		/* false: an express cycle, or a read that came late */
	uint64_t cycle_start_ms;/* when the read was submitted (CYCLE and WRITTEN) */
	enum qd_io read;
	const struct qd_slot *slots;	/* [QD_NODE_MAX], by node id - 1; only with read OK */
	uint32_t read_us, write_us;	/* last latencies, for the block */
	uint64_t average_us;
	uint32_t watchdog_ms;	/* armed with this timeout, for the block; 0 not armed */

	/* WRITTEN */
	enum qd_io wrote;
	uint64_t write_start_ms;

	/* FENCED */
	uint32_t fenced_node;
	uint64_t fenced_incarnation;
	enum qd_fence_result fenced;

	/* FENCE, beside fenced_node */
	bool fence_lun;		/* over the LUN, whatever is configured */

	/* RECONFIG */
	const struct qd_params *params;
};

/* ---- Out ---- */

enum qd_self_fence {
	QD_FENCED_SCORE,	/* score short, reboot="1" */
	QD_FENCED_EVICTED,	/* evicted in this incarnation */
	QD_FENCED_SILENCE,	/* L2, configured */
	QD_FENCED_QUORATE,	/* L2, and corosync still counts the device */
};

enum qd_action_type {
	QD_ACT_NOTE,
	QD_ACT_WRITE,		/* a block into slot `node` */
	QD_ACT_VOTE,
	QD_ACT_UNREGISTER,
	QD_ACT_END_COROSYNC,	/* the local one, at once */
	QD_ACT_KILL,		/* node, through corosync: a courtesy */
	QD_ACT_FENCE,		/* node */
	QD_ACT_PET,
	QD_ACT_SAY,		/* to the ring: see `lun_dead` */
	QD_ACT_SELF_FENCE,
	QD_ACT_EXIT,
};

struct qd_action {
	enum qd_action_type type;
	uint32_t node;		/* WRITE, KILL, FENCE */
	union {
		struct qd_note note;
		struct qd_block block;	/* WRITE */
		struct {
			uint64_t seq;	/* +1 with every request */
			struct qd_ring ring;
			bool cast;
			uint64_t good_until_ms;	/* a 1 is cast as 0 after that */
		} vote;
		uint64_t incarnation;	/* FENCE: the victim's */
		bool lun_dead;		/* SAY: over and over; or no longer */
		enum qd_self_fence reason;
		int status;		/* EXIT: of the process */
	};
};

/* Per step at most: a write, a kill, a fence and nine notes for each node, and
 * what the node does for itself. */
#define QD_ACTIONS_MAX (QD_NODE_MAX * 12 + 32)

struct qd_actions {
	uint32_t count;
	bool want_express;	/* another cycle soon, out of turn */
	struct qd_action action[QD_ACTIONS_MAX];
};

/* ---- State ---- */

enum qd_vote { QD_VOTE_NONE, QD_VOTE_CASTS, QD_VOTE_STANDS, QD_VOTE_HOLDS, QD_VOTE_CASTS_0 };

/* Why a vote is what it is; qd_why_text() gives words. */
enum qd_why {
	QD_WHY_MASTER,		/* the master's mask has me in this ring */
	QD_WHY_IO_OUT,		/* this cycle's read or write has not landed yet */
	QD_WHY_ELECTION,	/* the master has gone, its successor is being elected */
	QD_WHY_MASTER_SLOW,	/* an answer is owed; the master has not shown this ring yet */
	QD_WHY_NOT_CONNECTED,
	QD_WHY_STOPPING,
	QD_WHY_STARTING,
	QD_WHY_SCORE,
	QD_WHY_SILENCE,		/* L1 */
	QD_WHY_NO_MASTER,
	QD_WHY_TWO_MASTERS,
	QD_WHY_NOT_IN_MASK,
	QD_WHY_OTHER_RING,	/* the master is in another ring: we lost */
	QD_WHY_MASTER_WINS,	/* only the master casts */
	QD_WHY_STRANGER_ACK,	/* before acking a bidder of another ring */
	QD_WHY_FOREIGN,		/* somebody wrote into my slot */
	QD_WHY_COUNT
};

struct qd_member {
	/* its slot */
	bool known;		/* `block` is a good block of this slot */
	bool looked;		/* at least once in this life */
	bool readable;		/* at the last look */
	struct qd_block block;
	uint64_t beat_ms;	/* when a new beat was last seen, or the block found */
	uint64_t read_ms;	/* start of the last read that showed a good block here */
	uint64_t beat_after_ms;	/* that beat landed after this; 0 unknown */
	bool beating;		/* a beat of this incarnation seen in this life */
	/* counts, at ticks only */
	bool tick_known;
	uint64_t tick_beat, tick_incarnation;
	uint32_t missed, seen;	/* in a row; seen: two misses in a row end it */
	bool up, dead;
	/* verdicts */
	bool evicted;
	uint64_t evicted_incarnation;
	bool fenced;		/* with success */
	uint64_t fenced_incarnation;
	bool fencing;		/* one is under way */
	bool fencing_lun;	/* by waiting: its watchdog does it */
	bool fence_wanted;	/* somebody has asked for it */
	bool fence_wanted_lun;
	bool fence_undefined;
	uint32_t fence_attempts;
	uint64_t fence_next_ms;	/* not before */
	uint64_t may_beat_ms;	/* for all I have seen it may have beaten, or petted without, as late as that */
	uint32_t armed_ms;	/* its last beat showed a watchdog armed with that; 0 not */
	bool left_unseen;	/* not yet dead its slot became unreadable, and has shown no block of its own since */
	/* bidding */
	uint32_t bid_ticks;
	uint16_t bid_sequence;
};

struct qd_state {
	struct qd_params p;
	/* life */
	uint64_t incarnation;
	uint64_t past_incarnation;	/* of the life that L2 ended, if a write of it had landed; or 0 */
	uint64_t life_start_ms;
	uint64_t beat;			/* of the last block written, landed or not */
	bool landed;			/* a write of this life has landed */
	uint64_t landed_start_ms;	/* silence counts from here, or from the start of life */
	uint64_t landed_beat;
	bool woke;			/* a silence >= L1 not yet answered by a clean cycle */
	uint64_t woke_ms;		/* when it was found: a clean cycle begins later */
	bool silence_noted, stranger_noted, stale_noted;
	enum qd_node_state role;	/* NONE, INIT, RUN, MASTER */
	uint32_t role_ticks;		/* since it was taken */
	uint32_t score, score_max, score_required;
	bool score_ok;
	uint32_t io_errors;		/* in a row */
	bool finished;			/* after SELF_FENCE or EXIT */

	/* a LUN that is dead for everybody */
	uint64_t answered_ms;		/* when a write of mine last landed, of whatever life; or the start */
	bool lun_dead;			/* told to the ring */
	bool put_off;			/* L2 has fallen due, and waits */
	struct qd_ring put_off_ring;
	uint64_t put_off_ms, put_off_noted_ms;
	uint64_t put_off_as_of_ms;	/* nobody of the ring had the LUN then */
	qd_mask put_off_back;		/* has it again, and was noted */

	/* this cycle */
	uint64_t cycle_start_ms;
	struct qd_ring cycle_ring;
	bool cycle_read_ok;		/* read landed, own slot readable and mine */
	bool own_unreadable;
	bool write_out;
	struct qd_block own;		/* the block last written */
	bool own_landed;		/* and it landed */
	bool mark_taken;		/* the mark found in my slot at start was taken over */

	/* my own slot in a stranger's hand */
	bool foreign;
	bool foreign_written;		/* a write of mine landed since */
	uint64_t foreign_incarnation, foreign_beat;

	/* corosync */
	struct qd_corosync cs;
	uint64_t ring_since_ms;
	uint32_t ring_ticks;
	bool was_connected;

	/* peers; [my id - 1] is unused */
	struct qd_member member[QD_NODE_MAX];
	qd_mask up;			/* peers, and me when I run */
	uint64_t joined_ms;		/* when a peer last came up */

	/* masters and bids */
	uint32_t master;		/* the one live master, me included; 0 none */
	uint32_t master_count;
	uint32_t master_noted;
	uint32_t last_master;		/* last node seen in state 6 in this life */
	struct qd_ring last_master_ring;
	uint32_t leaver_seen;		/* live master at my last look */
	qd_mask mask;			/* mine, as master */
	bool bidding;
	uint16_t bid_sequence;
	uint32_t bid_ticks;
	bool bid_held;
	uint32_t ack_to;		/* 0 nobody */
	uint16_t ack_sequence;
	bool stranger_ack;		/* the bidder to ack is not of my ring: 0 is cast first */
	bool abdicated;			/* in this step: 0 is cast in the same one */
	uint32_t quiet_ticks;		/* since anybody of the last master's ring bid */

	/* vote */
	enum qd_vote vote;
	enum qd_why why;
	uint64_t vote_seq;
	struct qd_ring vote_ring;	/* of the last request */
	bool vote_cast;			/* what the last request cast */
	struct qd_ring end_ring;	/* in which corosync was ended for a stale 1 */
	uint64_t late_since_ms;		/* a 1 carried out late is on its way; 0: none */
	uint64_t hold_since_ms;		/* 0: not holding */
	uint64_t shown_ring_ms;		/* when a block of mine first landed in this ring; 0 not yet */
	bool mark_wanted;		/* this cycle means to cast 1: the mark is not cleared */
	bool voting;			/* the voting mark */
	qd_mask view;

	/* last fence, for the block and the status */
	uint32_t fence_victim;
	enum qd_fence_result fence_result;
	uint64_t fence_wall_s;
	uint64_t fence_ms;

	/* stop */
	bool stopping, unregister_sent, leaving;
	uint64_t stop_ms;
	uint64_t leave_ms;
	uint32_t successor;
};

/* Begin the first life. `incarnation` is random and not 0. */
void qd_state_init(struct qd_state *state, const struct qd_params *params, uint64_t incarnation,
		   uint64_t now_ms);

/* One step. Never fails. `out` is overwritten. */
void qd_step(struct qd_state *state, const struct qd_input *in, struct qd_actions *out);

/* May this node be taken out of `params->nodes` by a RECONFIG? Only one that counts
 * for nothing any more: out of what corosync shows, its slot looked at in this life,
 * left, dead or evicted, not being fenced, and with a voting mark that makes nobody
 * wait. (A node that is added needs no permission: it is one never seen before.) */
bool qd_may_remove(const struct qd_state *state, uint32_t node_id, uint64_t now_ms);

/* ---- A restart in step ---- */

/* Who must still show this wish before a node may stop for it: whoever beats, and every
 * member of the ring, unless it has left and is counted no longer, or was silent for Z;
 * and whose slot cannot be read. `wishes`: by node id - 1, as read with the blocks.
 * Pure, as are all of these. */
qd_mask qd_instep_awaited(const struct qd_state *state, const uint32_t wishes[QD_NODE_MAX],
			  uint32_t digest, uint64_t now_ms);

/* The votes of the members alone are a quorum: the cluster can do without the device. */
bool qd_instep_votes(const struct qd_state *state);

/* May this node stop now, without a loss of quorum? As above, of members that are there for
 * sure: a dead one may be shown for a token's time; and corosync shows so; the LUN answers. */
bool qd_instep_may_leave(const struct qd_state *state);

/* May a daemon with other values begin, as far as this slot is concerned? Its node has
 * left and is counted no longer, was fenced, or has written nothing for `forget_ms`
 * (qd_law_forget_ms() of the values before). Unreadable: no, without limit. */
bool qd_instep_given_up(const struct qd_slot *slot, uint64_t unchanged_ms, uint64_t forget_ms);

/* When qd_step() must be called with QD_EV_TIMER at the latest, unless another
 * event comes before: L1, L2, or a limit of the vote. UINT64_MAX: never. */
uint64_t qd_next_deadline(const struct qd_state *state, uint64_t now_ms);

/* The leaving block has landed: nobody waits for this node any more. */
bool qd_has_left(const struct qd_state *state);

/* The daemon ends now: may corosync go on counting its vote, with nobody there to see to
 * it? Then it is ended too. */
bool qd_vote_outlives(const struct qd_state *state);

/* May this node have another one fenced now, and if not, why? DONE and RUNS: it is,
 * or is being, fenced in its present life. `lun`: over the LUN. Pure. */
enum qd_fence_answer {
	QD_ASK_MAY,		/* QD_EV_FENCE will begin it */
	QD_ASK_DONE,
	QD_ASK_RUNS,
	QD_ASK_MASTER_DOES,	/* another node, the master, has evicted it */
	QD_ASK_NOT_MASTER,	/* another node is */
	QD_ASK_NO_MASTER,	/* as yet */
	QD_ASK_NO_QUORUM,
	QD_ASK_NO_SUCH_NODE,
	QD_ASK_MYSELF,
	QD_ASK_UNSEEN,		/* its slot has never been read */
	QD_ASK_OFF,		/* fence="none" or "kill" */
	QD_ASK_UNDEFINED,	/* there is no method for it */
	QD_ASK_UNARMED,		/* over the LUN, and it has no armed watchdog */
};

enum qd_fence_answer qd_fence_ask(const struct qd_state *state, uint32_t node_id, bool lun);

/* Nobody may declare this node fenced: it beats, or has not been silent for long. */
bool qd_fence_still_beats(const struct qd_state *state, uint32_t node_id);

/* ms since the last beat began, as of now. */
uint64_t qd_silence(const struct qd_state *state, uint64_t now_ms);

/* ---- Words ---- */

const char *qd_why_text(enum qd_why why);
const char *qd_vote_text(enum qd_vote vote);
const char *qd_self_fence_text(enum qd_self_fence reason);
const char *qd_fence_answer_text(enum qd_fence_answer answer);

#endif
