/* What the files of the mind share with one another (floor 1). */
#ifndef MIND_H
#define MIND_H

#include <string.h>

#include "qd_core.h"
#include "qd_laws.h"

/* Each node id in a mask, lowest first. `break` leaves this node only. */
#define for_each_node(id, mask)                                                        \
	for (qd_mask rest_##id = (mask); rest_##id; rest_##id &= rest_##id - 1)        \
		for (uint32_t id = qd_lowest(rest_##id), go_##id = 1; go_##id; go_##id = 0)

/* core.c */
struct qd_action *action_add(struct qd_actions *out, enum qd_action_type type);
void note_add(struct qd_actions *out, enum qd_note_id id, uint32_t node, uint64_t a, uint64_t b);
void role_set(struct qd_state *s, enum qd_node_state role);
void self_fence(struct qd_state *s, struct qd_actions *out, enum qd_self_fence reason);
bool self_fence_configured(const struct qd_state *s);	/* at L2 */
void exit_with(struct qd_state *s, struct qd_actions *out, int status);

/* Peers: the configured nodes without me. */
static inline qd_mask peers(const struct qd_state *s)
{
	return s->p.nodes & ~qd_bit(s->p.node_id);
}

static inline struct qd_member *member_of(struct qd_state *s, uint32_t id)
{
	assert(id >= 1 && id <= QD_NODE_MAX);
	return &s->member[id - 1];
}

static inline const struct qd_member *member_see(const struct qd_state *s, uint32_t id)
{
	assert(id >= 1 && id <= QD_NODE_MAX);
	return &s->member[id - 1];
}

/* A node in this state takes part: it is expected to beat. */
static inline bool state_lives(enum qd_node_state state)
{
	return state == QD_STATE_INIT || state == QD_STATE_RUN || state == QD_STATE_MASTER;
}

static inline bool cs_usable(const struct qd_corosync *cs)
{
	return cs->connected && !cs->stalled;
}

/* member.c */

/* What this read says about one peer: any cycle may bring good news, only a
 * tick's can be a miss. */
void member_look(struct qd_state *s, uint32_t id, const struct qd_slot *slot,
		 const struct qd_input *in, struct qd_actions *out);

/* Misses in a row after which a node is dead: the larger K*I of its extension
 * and ours, in ticks of ours. */
uint32_t member_limit(const struct qd_member *m, const struct qd_params *p);

uint64_t block_beat(const struct qd_block *b);
bool member_runs(const struct qd_member *m);	/* up, in state running */
bool member_evicted(const struct qd_member *m);	/* in its present incarnation */
bool member_fenced(const struct qd_member *m);	/* with success, in its present incarnation */
bool member_live_master(const struct qd_member *m);

/* own.c */

/* Our own slot, as read before anything is written. */
enum own {
	OWN_FINE,	/* go on (unreadable: writing does not end the silence) */
	OWN_BLIND,	/* a stale read: write the own block, believe nothing else */
	OWN_END,	/* self-fence or exit: nothing is written */
};
enum own own_check(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);

/* The block this node has to say now, as the WRITE action of this cycle. */
void own_write(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);

/* elect.c */
void masters_find(struct qd_state *s, struct qd_actions *out);
void elect_step(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);
void elect_withdraw(struct qd_state *s);	/* drop bid and ack, silently */
bool elect_won_but_held(const struct qd_state *s);	/* a bid that only voting marks hold back */

/* vote.c */

/* Does this node's voting mark make me wait before I become master? */
bool mark_makes_wait(const struct qd_state *s, uint32_t id, uint64_t now_ms);

/* Votes of a set of nodes, the device not counted. */
uint32_t node_votes(const struct qd_params *p, qd_mask nodes);

/* Corosync shows clients a view that is quorate only because of the device. */
bool quorate_by_device(const struct qd_state *s);

/* Clear the mark when corosync confirms that it counts the device no longer. */
void mark_update(struct qd_state *s, struct qd_actions *out);
/* Set it before a first vote: it must have landed when the vote is cast. */
void mark_before_write(struct qd_state *s, uint64_t now_ms);
void vote_step(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);
bool vote_zero_confirmed(const struct qd_state *s);	/* 0 accepted in the present ring */
bool vote_answer_owed(const struct qd_state *s);	/* to the ring change */

/* stop.c */
void stop_begin(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);
void stop_step(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);
uint64_t stop_deadline(const struct qd_state *s);	/* UINT64_MAX: not stopping */

/* putoff.c */

/* With the expected votes that are configured: somebody may have lowered those that
 * corosync goes by. */
uint32_t configured_quorum(const struct qd_params *p);

/* Is the ring quorate by its nodes alone, and shown to be? */
bool ring_suffices(const struct qd_state *s);
void putoff_say(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);
bool putoff_begin(struct qd_state *s, uint64_t now_ms, struct qd_actions *out);	/* at L2; false: fence */
void putoff_judge(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);
void putoff_pet(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);
void putoff_landed(struct qd_state *s, struct qd_actions *out);
uint64_t putoff_deadline(const struct qd_state *s);	/* UINT64_MAX: nothing is put off */

/* evict.c */
void evict_step(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);

/* Dead, and not only to me where its slot cannot be read: that proves nothing by
 * itself, so the node must also be out of my membership and unseen by all that run. */
bool death_is_proven(const struct qd_state *s, uint32_t id);

/* evict_fence.c */
void evict_fence(struct qd_state *s, uint32_t id, const struct qd_input *in, struct qd_actions *out);
void evict_fenced(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);
void evict_wanted(struct qd_state *s, const struct qd_input *in, struct qd_actions *out);

/* A node that was fenced with success has beaten: fence it again. */
void evict_lied(struct qd_state *s, uint32_t id, uint64_t now_ms, struct qd_actions *out);

#endif
