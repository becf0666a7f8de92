/* A LUN that is dead for everybody: self-fencing is put off. Rules and their
 * argument: qdisk(5), "Self-fence"; qdisk-safety(7).
 *
 * A node whose LUN does not answer says so to the ring. Where every other member
 * says it too, and the ring is quorate by its nodes alone, nobody is left whom the
 * death of this node would protect: no disjoint side can be quorate, with the device
 * or without. What the others say stands in for a beat: L2 counts from the time as
 * of which all of them are known to be without the LUN. */
#include "mind.h"

#define NOTE_EVERY_MS 60000u

/* Half of L1: the beats of two nodes are up to I apart, so the last one to notice must
 * have said so before the first one falls due. A beat and a half is no death of a LUN. */
static uint64_t quiet_limit_ms(const struct qd_state *s)
{
	uint64_t half = qd_law_withdraw_ms(&s->p.t) / 2, least = 3 * (uint64_t)s->p.t.interval_ms / 2;

	return half > least ? half : least;
}

/* Whoever heard that my LUN is dead may have petted its watchdog for it until now,
 * without a beat. */
static void pets_forget(struct qd_state *s, uint64_t now_ms)
{
	for_each_node(id, peers(s))
		member_of(s, id)->may_beat_ms = now_ms;
}

void putoff_say(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	bool dead = in->now_ms - s->answered_ms >= quiet_limit_ms(s);

	if (dead == s->lun_dead)
		return;
	s->lun_dead = dead;
	action_add(out, QD_ACT_SAY)->lun_dead = dead;
	if (!dead)
		pets_forget(s, in->now_ms);
}

uint32_t configured_quorum(const struct qd_params *p)
{
	return (node_votes(p, p->nodes) + p->votes) / 2 + 1;
}

bool ring_suffices(const struct qd_state *s)
{
	const struct qd_corosync *cs = &s->cs;
	uint32_t votes = node_votes(&s->p, cs->members);

	return cs->connected && !cs->in_sync && cs->quorate && cs->view == cs->members &&
	       qd_has(cs->members, s->p.node_id) && votes >= cs->quorum &&
	       votes >= configured_quorum(&s->p);
}

/* Has every member said within the last I that its LUN is dead? `ret_as_of_ms`: it was
 * so then at the earliest. */
static bool all_dead(const struct qd_state *s, uint64_t now_ms, uint64_t *ret_as_of_ms)
{
	qd_mask others = s->cs.members & ~qd_bit(s->p.node_id);
	uint64_t as_of_ms = others ? s->cs.lun_dead_ms : now_ms;

	if (!s->lun_dead || s->cs.stalled || !ring_suffices(s) || (others & ~s->cs.lun_dead) ||
	    as_of_ms > now_ms || now_ms - as_of_ms > s->p.t.interval_ms)
		return false;
	*ret_as_of_ms = as_of_ms;
	return true;
}

static void putoff_note(struct qd_state *s, uint64_t now_ms, struct qd_actions *out)
{
	s->put_off_noted_ms = now_ms;
	note_add(out, QD_NOTE_PUT_OFF, s->p.node_id, (now_ms - s->put_off_ms) / 1000,
		 configured_quorum(&s->p));
}

bool putoff_begin(struct qd_state *s, uint64_t now_ms, struct qd_actions *out)
{
	uint64_t as_of_ms;

	if (!all_dead(s, now_ms, &as_of_ms))
		return false;
	s->put_off = true;
	s->put_off_ring = s->cs.ring;
	s->put_off_ms = now_ms;
	s->put_off_as_of_ms = as_of_ms;
	s->put_off_back = 0;
	putoff_note(s, now_ms, out);
	return true;
}

/* Who has the LUN again, told once. */
static void backs_note(struct qd_state *s, uint64_t now_ms, struct qd_actions *out)
{
	uint64_t due_ms = s->put_off_as_of_ms + qd_law_dead_ms(&s->p.t);

	for_each_node(id, s->cs.members & peers(s) & ~s->cs.lun_dead & ~s->put_off_back) {
		s->put_off_back |= qd_bit(id);
		note_add(out, QD_NOTE_LUN_BACK, id, due_ms - now_ms, 0);
	}
}

/* At once where the ring is another one, or needs the device; else K*I after it was
 * last known that nobody has the LUN: whoever is silent may have it. */
void putoff_judge(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	if (!s->put_off || s->finished)
		return;
	if (!self_fence_configured(s)) {
		s->put_off = false;
		return;
	}
	if (all_dead(s, in->now_ms, &s->put_off_as_of_ms))
		s->put_off_back = 0;
	if (!ring_suffices(s) || !qd_ring_equal(s->cs.ring, s->put_off_ring)) {
		note_add(out, QD_NOTE_PUT_OFF_RING, s->p.node_id, 0, 0);
		self_fence(s, out, QD_FENCED_SILENCE);
	} else if (in->now_ms - s->put_off_as_of_ms >= qd_law_dead_ms(&s->p.t)) {
		note_add(out, QD_NOTE_PUT_OFF_LATE, s->p.node_id, in->now_ms - s->put_off_as_of_ms, 0);
		self_fence(s, out, QD_FENCED_SILENCE);
	} else {
		backs_note(s, in->now_ms, out);
		if (in->now_ms - s->put_off_noted_ms >= NOTE_EVERY_MS)
			putoff_note(s, in->now_ms, out);
	}
}

/* L1 has ended the petting; that all are without the LUN lets it go on, from before L2,
 * for the watchdog may be no longer than that. Never the first pet, which arms it. */
void putoff_pet(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	uint64_t as_of_ms;

	if (s->p.watchdog && s->woke && in->watchdog_ms && in->event == QD_EV_CYCLE &&
	    all_dead(s, in->now_ms, &as_of_ms))
		action_add(out, QD_ACT_PET);
}

/* A write of the life that has begun meanwhile has landed: nothing is due any more. */
void putoff_landed(struct qd_state *s, struct qd_actions *out)
{
	if (s->put_off)
		note_add(out, QD_NOTE_PUT_OFF_OVER, s->p.node_id, 0, 0);
	s->put_off = false;
}

uint64_t putoff_deadline(const struct qd_state *s)
{
	uint64_t due_ms = s->put_off_as_of_ms + qd_law_dead_ms(&s->p.t);
	uint64_t note_ms = s->put_off_noted_ms + NOTE_EVERY_MS;

	if (!s->put_off)
		return UINT64_MAX;
	return due_ms < note_ms ? due_ms : note_ms;
}
