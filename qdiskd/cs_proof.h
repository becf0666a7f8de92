/* Does the ring carry messages now? Pure; the corosync hand and the simulator run
 * this same code.
 *
 * A poll is bound to its ring, the message that tells the others of a changed vote
 * is not: what was sent while the token was lost is heard in the next ring, after
 * its sync, and counts there (corosync 3.1.7; tests/model/32). So a 1 that would
 * change something waits for an echo, a message of our own that has come back
 * round the ring; and until another one has, the vote's own message may still be on
 * its way: where the ring changes before that, a 1 of the old ring may yet be
 * counted in the new one, and nothing but the end of corosync can prevent it.
 * The other way round a 0 of the old ring, corosync's own when V had run out among them,
 * may take away the 1 that was polled in the new one: until an echo of the new ring has come
 * back, to say the same 1 again may change something too.
 * Within sync no echo is needed (nor possible): what is sent there is heard there.
 */
#ifndef CS_PROOF_H
#define CS_PROOF_H

#include "cs.h"

struct cs_proof {
	uint64_t sent, back;	/* numbers of our echoes; the newest */
	bool want;		/* send one as soon as corosync takes it */
	/* what corosync was last given, and accepted; kept: a 0 while a 1 waits */
	bool one, kept;
	struct qd_ring ring;
	uint64_t polled_ms;
	/* what changed something is heard when this echo is back; 0: all is. With a 1 in it? */
	uint64_t unheard;
	bool unheard_one;
	bool unheard_late;	/* corosync stood still, and carried a 1 out when it went on */
	bool unheard_past;	/* what a daemon before this one polled may be among it */
	/* what was sent in an older ring may be heard in this one, until this echo is back; 0: no */
	uint64_t stale;
	bool stale_one, stale_late, stale_past;
	/* it was heard just now, over what was polled in this ring: poll `last` once more */
	bool again;
	struct cs_vote last;
	/* a 1 that waits for an echo */
	bool waits;
	struct cs_vote vote;
};

/* Connected: nothing is known of what was sent before. `past`: corosync synchronises, and has
 * the device of a daemon before this one: what that has polled may be heard after this sync. */
void cs_proof_begin(struct cs_proof *p, bool past);

/* May something that was polled still be on its way? */
bool cs_proof_unheard(const struct cs_proof *p);
bool cs_proof_unheard_one(const struct cs_proof *p);	/* a 1 of this daemon among it */

/* A vote has been asked for. True: poll it now. False: it waits, see proof->want. `heard`:
 * corosync synchronises, or an echo has come back this moment. `v_ms`: quorum.device.timeout, after which corosync has forgotten a vote; 0 unknown. */
bool cs_proof_vote(struct cs_proof *p, const struct cs_vote *vote, bool heard, uint32_t v_ms,
		   uint64_t now_ms);

/* A vote waits. True: poll 0 now, so that corosync goes on to expect an answer of this
 * device in the next ring; it has a 0 already, or nothing any more. False: it may have the
 * 1 of this ring, which is left alone. */
bool cs_proof_keeps(struct cs_proof *p, uint32_t v_ms, uint64_t now_ms);

/* It was polled with this outcome; the clock from directly before the call and after it:
 * corosync may have stood still meanwhile, and forgotten the vote before. */
void cs_proof_polled(struct cs_proof *p, const struct cs_vote *vote, bool cast, bool accepted,
		     uint32_t v_ms, uint64_t before_ms, uint64_t after_ms);

/* The number for an echo that is about to be sent; sent: it is on its way. */
uint64_t cs_proof_next(const struct cs_proof *p);
void cs_proof_sent(struct cs_proof *p);

/* An echo of ours has come back. True: poll proof->vote now, it no longer waits. */
bool cs_proof_back(struct cs_proof *p, uint64_t number);

/* A new ring; its sync has ended. */
void cs_proof_ring(struct cs_proof *p);
void cs_proof_synced(struct cs_proof *p);

#endif
