/* Who has arrived at a barrier, and whether that is enough. Pure.
 *
 * Whoever waits is a member of the barrier's CPG group and says so with a
 * message, again each time somebody joins: who comes last has not seen what
 * was said before. All messages come in one order, so nobody who waits leaves
 * before everybody who is to be let through has seen enough; and a member
 * that was let through, but has not left yet, says nothing, and so does not
 * count for the next round.
 */
#ifndef LIBCMAN_RENDEZVOUS_H
#define LIBCMAN_RENDEZVOUS_H

#include <stdbool.h>
#include <stdint.h>

#define RENDEZVOUS_MAX 128 /* nodes, as CPG */

struct rendezvous_set {
	uint32_t ids[RENDEZVOUS_MAX];
	unsigned count;
};

struct rendezvous {
	unsigned wanted;	    /* nodes, 0: all of the ring */
	struct rendezvous_set ring; /* empty: not known yet */
	struct rendezvous_set arrived;
	bool node_left; /* the ring, while we waited */
};

enum rendezvous_verdict { RENDEZVOUS_WAIT, RENDEZVOUS_MET, RENDEZVOUS_NODE_LEFT };

/* The ring has these nodes. */
void rendezvous_ring(struct rendezvous *r, const uint32_t *ids, unsigned count);

/* A node said that it waits; none of its processes is in the group any more. */
void rendezvous_arrive(struct rendezvous *r, uint32_t id);
void rendezvous_leave(struct rendezvous *r, uint32_t id);

enum rendezvous_verdict rendezvous_judge(const struct rendezvous *r);

#endif
