/* Does the ring carry messages now? See cs_proof.h. */
#include "cs_proof.h"

/* corosync starts V at the poll itself: a little earlier is a little safer. */
#define V_MARGIN_MS 10u

/* A poll takes a ms; one that took longer met a corosync that stood still. */
#define POLL_LATE_MS 100u

/* Would this 1 change what corosync has? Then it sends a message. */
static bool changes(const struct cs_proof *p, struct qd_ring ring, uint32_t v_ms, uint64_t now_ms)
{
	return !p->one || !qd_ring_equal(p->ring, ring) || now_ms - p->polled_ms + V_MARGIN_MS >= v_ms;
}

/* A message of an older ring may have taken a 1 away that was polled in this one. */
static bool undone(const struct cs_proof *p)
{
	return p->one && (p->stale || p->again);
}

void cs_proof_begin(struct cs_proof *p, bool past)
{
	*p = (struct cs_proof){ .unheard = 1, .unheard_past = true, .want = true };
	if (past)
		cs_proof_ring(p);
}

bool cs_proof_unheard(const struct cs_proof *p)
{
	return p->unheard || p->stale;
}

bool cs_proof_unheard_one(const struct cs_proof *p)
{
	return p->unheard_one || p->stale_one;
}

bool cs_proof_vote(struct cs_proof *p, const struct cs_vote *vote, bool heard, uint32_t v_ms,
		   uint64_t now_ms)
{
	bool waited = p->waits;

	p->waits = vote->cast && !heard && (undone(p) || changes(p, vote->ring, v_ms, now_ms));
	if (!p->waits)
		return true;
	p->vote = *vote;
	p->want = p->want || (!waited && p->sent == p->back);
	return false;
}

bool cs_proof_keeps(struct cs_proof *p, uint32_t v_ms, uint64_t now_ms)
{
	bool same = qd_ring_equal(p->ring, p->vote.ring) && now_ms - p->polled_ms + V_MARGIN_MS < v_ms;

	if (!p->waits || (p->one && same))
		return false;
	if (!p->kept || !same) {
		p->unheard = p->sent + 1;
		p->want = true;
	}
	p->kept = true;
	p->one = p->again = false;
	p->ring = p->vote.ring;
	p->polled_ms = now_ms;
	return true;
}

void cs_proof_polled(struct cs_proof *p, const struct cs_vote *vote, bool cast, bool accepted,
		     uint32_t v_ms, uint64_t before_ms, uint64_t after_ms)
{
	bool news = cast ? undone(p) || changes(p, vote->ring, v_ms, after_ms) : p->one;

	p->again = false;
	if (!accepted)
		return;
	p->kept = false;
	if (news) {
		p->unheard = p->sent + 1;
		p->unheard_one = p->unheard_one || cast;
		p->unheard_late = p->unheard_late || (cast && after_ms - before_ms > POLL_LATE_MS);
		p->want = true;
	}
	p->one = cast;
	p->ring = vote->ring;
	p->last = *vote;
	p->polled_ms = before_ms;
}

uint64_t cs_proof_next(const struct cs_proof *p)
{
	return p->sent + 1;
}

void cs_proof_sent(struct cs_proof *p)
{
	p->sent++;
	p->want = false;
}

bool cs_proof_back(struct cs_proof *p, uint64_t number)
{
	bool waited = p->waits;

	if (number <= p->back || number > p->sent)
		return false;
	p->back = number;
	if (p->unheard && number >= p->unheard) {
		p->unheard = 0;
		p->unheard_one = p->unheard_late = p->unheard_past = false;
	}
	if (p->stale && number >= p->stale) {
		p->stale = 0;
		p->stale_one = p->stale_late = p->stale_past = false;
		p->again = p->one;
	}
	p->waits = false;
	return waited;
}

/* An echo that is out comes back in the new ring, behind all that was sent before it. The
 * newest message may be corosync's own, sent when V ran out: only an echo sent from now on
 * is behind that. */
void cs_proof_ring(struct cs_proof *p)
{
	p->waits = p->again = false;
	p->stale = p->sent + 1;
	p->stale_one = p->stale_one || p->unheard_one;
	p->stale_late = p->stale_late || p->unheard_late;
	p->stale_past = p->stale_past || p->unheard_past;
	p->unheard = 0;
	p->unheard_one = p->unheard_late = p->unheard_past = false;
	p->want = true;
}

void cs_proof_synced(struct cs_proof *p)
{
	p->want = p->want || (p->stale && p->sent < p->stale);
}
