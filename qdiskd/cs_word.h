/* Who says in this ring that its LUN is dead, and as of when? Pure; the corosync hand
 * and the simulator run this same code.
 *
 * A message may wait in corosync for as long as the token is lost, so that its arrival
 * says nothing about when it was true. So every message is a question too: it has a
 * number, and names of each other member the newest number that was heard of it. What
 * answers a question was said after it was asked, and that is a time of one's own clock.
 * Messages of another ring do not count; members without a daemon never answer.
 */
#ifndef CS_WORD_H
#define CS_WORD_H

#include "cs.h"

#define CS_WORD_ASKED 16u /* questions whose time is known; older ones are not answered in time */
#define CS_WORDS_PER_INTERVAL 4u /* while the LUN is dead */
#define CS_WORD_BYTES (40u + 8u * QD_NODE_MAX) /* of the longest message */

struct cs_word {
	uint32_t node_id;	/* mine; 0: I have said nothing yet */
	struct qd_ring ring;	/* the present one */
	uint64_t number;	/* of my newest message; begins by chance */
	uint64_t asked_ms[CS_WORD_ASKED]; /* when it was sent, by number % CS_WORD_ASKED; 0 not */
	struct {
		uint64_t number;   /* of its newest message in this ring; 0 none */
		bool dead;	   /* as that says */
		uint64_t asked_ms; /* the newest question of mine that was answered; 0 none */
	} heard[QD_NODE_MAX];
};

/* Nothing is known. `random`: names this process. */
void cs_word_begin(struct cs_word *word, uint64_t random);

/* A new ring: what was heard in the last one is forgotten. */
void cs_word_ring(struct cs_word *word, struct qd_ring ring);

/* The next message, which is about to be sent. `now_ms`: read before. Its size. */
size_t cs_word_put(struct cs_word *word, uint32_t node_id, bool dead, uint64_t now_ms,
		   uint8_t bytes[CS_WORD_BYTES]);

/* A message has come, from a node as corosync names it. False: it is none of these, or
 * of another version or ring, or of this node itself, and was ignored. */
bool cs_word_take(struct cs_word *word, uint32_t from, const void *bytes, size_t size);

/* Which of these members say that their LUN is dead, in answer to a question of mine,
 * and since when at least all of those do (0: nobody does). */
qd_mask cs_word_dead(const struct cs_word *word, qd_mask members, uint64_t *ret_as_of_ms);

#endif
