/* One form for all states that differ only in names or in what no rule looks at.
 *
 * - "now" becomes XP_BASE, every other time keeps its distance; a time that is
 *   older than any rule asks for becomes as old as it asks for;
 * - incarnations, rings, beats, bids and vote requests are numbered anew, in the
 *   order in which they stand (incarnations, rings: compared for equality only)
 *   or by rank (beats, bids, requests: compared by order);
 * - counters stop where no rule tells more from less;
 * - what only informs is 0.
 * The state is rewritten in place and goes on from there, so the search enters
 * nothing but states in this form. renumbering_changes_nothing (explore.c) runs
 * worlds with and without it side by side.
 */
#include "explore.h"

#define NAMES 48u

/* ---- Blocks: every copy of a block of one slot ---- */

typedef void block_visit(struct qd_block *block, void *arg);

static void blocks_of(struct xp_run *r, uint32_t slot, block_visit *visit, void *arg)
{
	visit(&r->w.slot[slot], arg);
	for (uint32_t k = 0; k < r->w.writes; k++) {
		if (r->w.write[k].slot == slot)
			visit(&r->w.write[k].block, arg);
	}
	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		struct qd_state *s = &r->engine[j].state;

		if (r->w.node[j].looked)
			visit(&r->w.node[j].look[slot], arg);
		if (!r->w.node[j].running)
			continue;
		visit(j == slot ? &s->own : &s->member[slot].block, arg);
	}
}

/* Bytes between two fields, which a copy of the struct carries along. */
#define HOLE(object, after, before, size)                                                       \
	do {                                                                                    \
		static_assert(offsetof(__typeof__(*(object)), before) -                         \
			      offsetof(__typeof__(*(object)), after) -                          \
			      sizeof((object)->after) == (size), "a field has come in between"); \
		memset((uint8_t *)&(object)->after + sizeof((object)->after), 0, size);         \
	} while (0)

static void block_clean(struct qd_block *b, void *arg)
{
	(void)arg;
	HOLE(b, score_max, average_us, 6);
	HOLE(b, sequence, argument, 2);
	HOLE(b, has_ext, ext, 7);
	HOLE(&b->ext, flags, view, 4);
	HOLE(&b->ext, successor, victim_incarnation, 4);
	HOLE(&b->ext, fence_result, fence_wall_s, 4);
}

static void proof_clean(struct cs_proof *p)
{
	HOLE(p, kept, ring, 5);
	HOLE(p, unheard_past, stale, 5);
	HOLE(p, again, last, 4);
	HOLE(p, waits, vote, 7);
	HOLE(&p->last, cast, good_until_ms, 7);
	HOLE(&p->vote, cast, good_until_ms, 7);
}

/* ---- Names: equality is all that counts ---- */

struct names {
	uint32_t count;
	uint64_t old[NAMES];
};

static void name(struct names *names, uint64_t *value)
{
	uint32_t k = 0;

	if (*value == 0)
		return;
	while (k < names->count && names->old[k] != *value)
		k++;
	if (k == names->count) {
		assert(k < NAMES);
		names->old[names->count++] = *value;
	}
	*value = k + 1;
}

static void name_block(struct qd_block *b, void *arg)
{
	name(arg, &b->incarnation);
	name(arg, &b->ext.victim_incarnation);
}

static void incarnations(struct xp_run *r, uint32_t i)
{
	struct names names = { 0 };
	struct xp_node *n = &r->w.node[i];
	struct qd_engine *e = &r->engine[i];

	if (n->running) {
		name(&names, &e->state.incarnation);
		name(&names, &e->state.past_incarnation);
		name(&names, &e->state.foreign_incarnation);
		name(&names, &e->fresh);
	}
	blocks_of(r, i, name_block, &names);
	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		struct qd_member *m = &r->engine[j].state.member[i];

		if (!r->w.node[j].running)
			continue;
		name(&names, &m->tick_incarnation);
		name(&names, &m->evicted_incarnation);
		name(&names, &m->fenced_incarnation);
	}
	name(&names, &n->evicted);
	name(&names, &n->call.incarnation);
	name(&names, &n->waiting_incarnation);
	name(&names, &n->last_incarnation);
	if (r->w.random < names.count)
		r->w.random = names.count;
}

static void name_ring(struct names *names, struct qd_ring *ring)
{
	HOLE(ring, node_id, seq, 4);
	name(names, &ring->seq);
}

static void name_block_ring(struct qd_block *b, void *arg)
{
	name_ring(arg, &b->ext.ring);
}

static void rings(struct xp_run *r)
{
	struct names names = { 0 };

	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		struct xp_node *n = &r->w.node[i];
		struct qd_state *s = &r->engine[i].state;
		struct qd_ring *of_node[] = { &n->co.ring, &n->co.cast_ring,
			&n->co.shown_ring, &n->co.told_ring, &n->cs.ring, &n->cs.polled_ring, &n->call.ring,
			&n->proof.ring, &n->proof.vote.ring, &n->proof.last.ring };
		struct qd_ring *of_state[] = { &s->cycle_ring, &s->cs.ring, &s->cs.polled_ring,
			&s->last_master_ring, &s->vote_ring, &s->end_ring };

		for (unsigned k = 0; k < sizeof(of_node) / sizeof(of_node[0]); k++)
			name_ring(&names, of_node[k]);
		for (unsigned k = 0; k < sizeof(of_state) / sizeof(of_state[0]) && n->running; k++)
			name_ring(&names, of_state[k]);
		blocks_of(r, i, name_block_ring, &names);
	}
	r->w.ring_next = names.count + 1;
}

/* ---- Ranks: order counts ---- */

/* Every place where such a number stands, and the life that it belongs to: those of
 * two lives are never compared. Replaced by its rank within the life; 0 stays. */
struct ranks {
	uint32_t count;
	struct rank {
		uint64_t *at;
		uint64_t life;
	} rank[NAMES];
};

static void rank_add(struct ranks *ranks, uint64_t *at, uint64_t life)
{
	if (*at == 0)
		return;
	assert(ranks->count < NAMES);
	ranks->rank[ranks->count++] = (struct rank){ at, life };
}

static bool rank_before(const struct rank *a, const struct rank *b)
{
	return a->life != b->life ? a->life < b->life : *a->at < *b->at;
}

static void ranks_apply(struct ranks *ranks)
{
	uint64_t life = 0, value = 0, number = 0;

	for (uint32_t k = 1; k < ranks->count; k++) {
		struct rank rank = ranks->rank[k];
		uint32_t m = k;

		for (; m > 0 && rank_before(&rank, &ranks->rank[m - 1]); m--)
			ranks->rank[m] = ranks->rank[m - 1];
		ranks->rank[m] = rank;
	}
	for (uint32_t k = 0; k < ranks->count; k++) {
		const struct rank *rank = &ranks->rank[k];

		if (k == 0 || rank->life != life)
			number = 1;
		else
			number += *rank->at != value;
		life = rank->life;
		value = *rank->at;
		*rank->at = number;
	}
}

static void rank_block_beat(struct qd_block *b, void *arg)
{
	rank_add(arg, &b->ext.beat, b->incarnation);
}

static void beats(struct xp_run *r, uint32_t i)
{
	struct ranks ranks = { 0 };
	struct qd_state *s = &r->engine[i].state;

	if (r->w.node[i].running) {
		if (!s->landed)
			s->landed_beat = 0;
		rank_add(&ranks, &s->beat, s->incarnation);
		rank_add(&ranks, &s->landed_beat, s->incarnation);
		rank_add(&ranks, &s->foreign_beat, s->foreign_incarnation);
	}
	blocks_of(r, i, rank_block_beat, &ranks);
	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		struct qd_member *m = &r->engine[j].state.member[i];

		if (r->w.node[j].running)
			rank_add(&ranks, &m->tick_beat, m->tick_incarnation);
	}
	ranks_apply(&ranks);
}

static void requests(struct xp_run *r, uint32_t i)
{
	struct ranks ranks = { 0 };
	struct xp_node *n = &r->w.node[i];

	if (!n->running)
		return;
	rank_add(&ranks, &r->engine[i].state.vote_seq, 0);
	rank_add(&ranks, &r->engine[i].state.cs.polled_seq, 0);
	rank_add(&ranks, &n->cs.polled_seq, 0);
	rank_add(&ranks, &n->call.seq, 0);
	rank_add(&ranks, &n->proof.vote.seq, 0);
	rank_add(&ranks, &n->proof.last.seq, 0);
	ranks_apply(&ranks);
}

/* Echoes are numbered from the one that came back last. */
static void echoes(struct xp_node *n)
{
	struct cs_proof *p = &n->proof;
	uint64_t back = p->back;

	n->echo_back = n->echo_back > back ? n->echo_back - back : 0;
	p->sent -= back;
	p->unheard -= p->unheard ? back : 0;
	p->stale -= p->stale ? back : 0;
	p->back = 0;
	for (uint64_t k = 0; k < n->co.info_count; k++) {
		if (n->co.info[k] & XP_ECHO)
			n->co.info[k] -= back * 2 * XP_ECHO;
	}
}

/* Bids are the bidder's: an ack carries the number of a bid that is not its own. */
struct bids {
	uint32_t bidder;	/* id */
	uint32_t slot;		/* that is looked at: id */
	bool renumbers;
	uint32_t count;
	uint16_t old[NAMES];	/* ascending */
};

static void bid(struct bids *bids, uint16_t *value)
{
	uint32_t k = 0;

	while (k < bids->count && bids->old[k] < *value)
		k++;
	if (*value && bids->renumbers) {
		*value = (uint16_t)(k + 1);
	} else if (*value && (k == bids->count || bids->old[k] != *value)) {
		assert(bids->count < NAMES);
		memmove(&bids->old[k + 1], &bids->old[k], (bids->count++ - k) * sizeof(bids->old[0]));
		bids->old[k] = *value;
	}
}

static void bid_block(struct qd_block *b, void *arg)
{
	struct bids *bids = arg;

	if (b->message == QD_MSG_NONE)
		b->sequence = 0;
	else if ((b->message == QD_MSG_ACK ? b->argument : bids->slot) == bids->bidder)
		bid(bids, &b->sequence);
}

static void bids_pass(struct xp_run *r, struct bids *bids)
{
	uint32_t i = bids->bidder - 1;

	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		struct qd_state *s = &r->engine[j].state;

		bids->slot = xp_id(j);
		blocks_of(r, j, bid_block, bids);
		if (!r->w.node[j].running)
			continue;
		if (j == i)
			bid(bids, &s->bid_sequence);
		bid(bids, &s->member[i].bid_sequence);
		if (s->ack_to == 0)
			s->ack_sequence = 0;
		else if (s->ack_to == bids->bidder)
			bid(bids, &s->ack_sequence);
	}
}

static void bids(struct xp_run *r, uint32_t i)
{
	struct bids bids = { .bidder = xp_id(i) };

	bids_pass(r, &bids);
	bids.renumbers = true;
	bids_pass(r, &bids);
}

/* ---- Counters, and what only informs ---- */

static void at_most(uint32_t *counter, uint32_t most)
{
	if (*counter > most)
		*counter = most;
}

static void counters(struct xp_run *r, uint32_t i)
{
	struct qd_engine *e = &r->engine[i];
	struct qd_state *s = &e->state;
	const struct qd_timings *t = &s->p.t;

	at_most(&s->role_ticks, t->tko + t->upgrade_wait + 1);
	at_most(&s->ring_ticks, 3);
	at_most(&s->quiet_ticks, 2 * t->master_wait);
	at_most(&s->bid_ticks, 2 * t->master_wait + 1);
	s->answered_ms = XP_BASE;	/* nobody hears what is said of it */
	s->lun_dead = false;
	s->io_errors = 0;	/* max_error_cycles is off */
	s->why = QD_WHY_MASTER;	/* words */
	s->master_noted = 0;
	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		struct qd_member *m = &s->member[j];

		at_most(&m->missed, t->tko + 1);
		at_most(&m->seen, t->tko_up + 1);
		at_most(&m->bid_ticks, 2 * t->master_wait + 1);
	}
	e->read_us = e->write_us = 0;
	e->write_us_sum = e->write_count = 0;
	e->cycles = e->express_cycles = e->late_ticks = 0;
}

static void groups(struct xp_run *r)
{
	uint64_t group[XP_NODES];
	struct names names = { 0 };

	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		group[i] = r->w.node[i].group + 1u;
		name(&names, &group[i]);
		r->w.node[i].group = (uint8_t)(group[i] - 1);
	}
}

/* Writes on their way, in one order. */
static bool write_before(const struct xp_write *a, const struct xp_write *b)
{
	if (a->node != b->node)
		return a->node < b->node;
	return a->slot != b->slot ? a->slot < b->slot : a->block.ext.beat < b->block.ext.beat;
}

static void writes_sort(struct xp_world *w)
{
	for (uint32_t k = 1; k < w->writes; k++) {
		for (uint32_t m = k; m > 0 && write_before(&w->write[m], &w->write[m - 1]); m--) {
			struct xp_write other = w->write[m];

			w->write[m] = w->write[m - 1];
			w->write[m - 1] = other;
		}
	}
}

void xp_canon(struct xp_run *r)
{
	writes_sort(&r->w);	/* always: an event names its write by its place */
	if (r->raw)
		return;
	xp_canon_times(r);
	groups(r);
	r->w.random = 0;
	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		blocks_of(r, i, block_clean, NULL);
		incarnations(r, i);
		beats(r, i);
		bids(r, i);
		requests(r, i);
		echoes(&r->w.node[i]);
		proof_clean(&r->w.node[i].proof);
		if (r->w.node[i].running)
			counters(r, i);
	}
	rings(r);
}
