/* See mind_fixture.h. Every step is checked for what must hold always: S3, one
 * own write at most, valid blocks, votes in the present ring. */
#include "mind_fixture.h"

void mind_forget(struct mind *m)
{
	memset(m->noted, 0, sizeof(m->noted));
	memset(m->note, 0, sizeof(m->note));
	m->votes[0] = m->votes[1] = m->words[0] = m->words[1] = 0;
	m->cast = m->self_fence = m->exit = -1;
	m->evicted = m->killed = m->fenced = 0;
	m->evictions = m->kills = m->fences = m->pets = m->own_writes = m->unregisters = 0;
	m->express = false;
}

static uint32_t quorum_of(const struct qd_params *p)
{
	return (p->node_count + p->votes) / 2 + 1;
}

/* votequorum: what clients are shown. */
static void quorate_update(struct mind *m)
{
	struct qd_corosync *cs = &m->in.cs;
	uint32_t votes = node_votes(&m->s.p, cs->members);

	if (cs->polled_accepted && cs->polled_cast && qd_ring_equal(cs->polled_ring, cs->ring))
		votes += m->s.p.votes;
	if (!m->stays_quorate)
		cs->quorate = votes >= cs->quorum;
	cs->polled_quorate = cs->quorate;
}

void mind_init(struct mind *m, uint32_t me, uint32_t nodes)
{
	struct qd_params p = {
		.node_id = me,
		.nodes = nodes == QD_NODE_MAX ? ~(qd_mask)0 : ((qd_mask)1 << nodes) - 1,
		.node_count = nodes,
		.t = { .interval_ms = I, .tko = K, .tko_up = U, .upgrade_wait = W, .master_wait = M },
		.token_ms = TOKEN, .consensus_ms = CONSENSUS, .v_ms = V, .y_ms = Y,
		.votes = nodes > 1 ? nodes - 1 : 1,
		.allow_kill = true, .fencing = true, .node_name = "me",
	};

	memset(m, 0, sizeof(*m));
	for (uint32_t id = 1; id <= nodes; id++) {
		p.node_votes[id - 1] = 1;
		m->slot[id - 1].block = (struct qd_block){
			.node_id = id, .writer_id = id, .wall_s = 1000, .has_ext = true,
			.incarnation = PEER_LIFE(id), .ext = { .beat = 1, .interval_ms = I, .tko = K },
		};
	}
	for (uint32_t id = nodes + 1; id <= QD_NODE_MAX; id++)
		m->slot[id - 1].result = QD_SLOT_CORRUPT;	/* nobody's: garbage */
	m->tick_ms = 1000000;
	m->in.random = NEXT_LIFE;
	m->in.score = m->in.score_max = 1;
	m->in.cs.connected = m->in.cs.registered = true;
	m->in.cs.quorum = quorum_of(&p);
	qd_state_init(&m->s, &p, LIFE, m->tick_ms);
	mind_ring(m, 1, p.nodes);
	mind_forget(m);
}

/* ---- Peers ---- */

struct qd_block *peer(struct mind *m, uint32_t id)
{
	return &m->slot[id - 1].block;
}

void peers_are(struct mind *m, qd_mask peers, enum qd_node_state state)
{
	for_each_node(id, peers)
		peer(m, id)->state = state;
	m->beating |= peers;
	m->following |= peers;
}

void peer_is_master(struct mind *m, uint32_t id, qd_mask mask)
{
	peers_are(m, qd_bit(id), QD_STATE_MASTER);
	peer(m, id)->master_mask = mask;
}

void peer_is_legacy(struct mind *m, uint32_t id)
{
	struct qd_block *b = peer(m, id);

	b->has_ext = false;
	memset(&b->ext, 0, sizeof(b->ext));
	b->incarnation = LEGACY_LIFE(id);
}

void peer_votes(struct mind *m, uint32_t id, qd_mask view)
{
	peer(m, id)->ext.flags |= QD_EXT_VOTING;
	peer(m, id)->ext.view = view;
}

void peer_ring(struct mind *m, uint32_t id, uint64_t seq, qd_mask members)
{
	m->following &= ~qd_bit(id);
	peer(m, id)->ext.ring = (struct qd_ring){ qd_lowest(members), seq };
	peer(m, id)->ext.members = members;
}

struct qd_block *peer_bids(struct mind *m, uint32_t id, uint16_t sequence)
{
	peer(m, id)->message = sequence ? QD_MSG_BID : QD_MSG_NONE;
	peer(m, id)->sequence = sequence;
	peer(m, id)->argument = sequence ? id : 0;
	return peer(m, id);
}

static void peers_write(struct mind *m, bool tick)
{
	const struct qd_block *own = &m->slot[m->s.p.node_id - 1].block;

	for_each_node(id, m->beating & ~qd_bit(m->s.p.node_id)) {
		struct qd_block *b = peer(m, id);

		if (tick)
			b->wall_s++;
		if (tick && b->has_ext)
			b->ext.beat++;
		if (qd_has(m->following, id) && b->has_ext) {
			b->ext.ring = m->in.cs.ring;
			b->ext.members = m->in.cs.members;
		}
		if (qd_has(m->acking, id) && b->state == QD_STATE_RUN) {
			bool bid = own->message == QD_MSG_BID;

			b->message = bid ? QD_MSG_ACK : QD_MSG_NONE;
			b->argument = bid ? m->s.p.node_id : 0;
			b->sequence = own->sequence;
		}
	}
}

void mind_ring(struct mind *m, uint64_t seq, qd_mask members)
{
	struct qd_corosync *cs = &m->in.cs;

	cs->ring = (struct qd_ring){ qd_lowest(members), seq };
	cs->members = cs->view = members;
	cs->in_sync = false;
	quorate_update(m);
}

/* ---- Steps ---- */

static void hand_vote(struct mind *m, const struct qd_action *a)
{
	struct qd_corosync *cs = &m->in.cs;

	assert_true(qd_ring_equal(a->vote.ring, cs->ring));
	assert_true(a->vote.seq > m->vote.vote.seq);
	m->vote = *a;
	m->votes[a->vote.cast]++;
	m->cast = a->vote.cast;
	if (m->hand_stuck)
		return;
	cs->polled_seq = a->vote.seq;
	cs->polled_accepted = true;
	cs->polled_cast = a->vote.cast;
	cs->polled_ring = a->vote.ring;
	quorate_update(m);
}

static void eviction_done(struct mind *m, const struct qd_action *a)
{
	assert_int_equal(a->block.state, QD_STATE_EVICTED);
	assert_int_equal(m->s.role, QD_STATE_MASTER);
	assert_true(qd_has(m->s.p.nodes, a->node));
	m->evictions++;
	m->evicted |= qd_bit(a->node);
	m->eviction = a->block;
	if (m->evictions_lost)
		return;
	m->slot[a->node - 1].result = QD_SLOT_OK;
	m->slot[a->node - 1].block = a->block;
}

static void action_done(struct mind *m, const struct qd_action *a)
{
	switch (a->type) {
	case QD_ACT_NOTE:
		assert_in_range(a->note.id, 0, QD_NOTE_COUNT - 1);
		m->noted[a->note.id]++;
		m->note[a->note.id] = a->note;
		break;
	case QD_ACT_WRITE:
		assert_true(qd_block_valid(&a->block));
		assert_int_equal(a->block.node_id, a->node);
		assert_int_equal(a->block.writer_id, m->s.p.node_id);
		if (a->node == m->s.p.node_id)
			m->own_writes++;
		else
			eviction_done(m, a);
		break;
	case QD_ACT_VOTE:
		hand_vote(m, a);
		break;
	case QD_ACT_END_COROSYNC:
		m->ended_corosyncs++;
		break;
	case QD_ACT_UNREGISTER:
		m->unregisters++;
		m->in.cs.registered = m->unregister_stuck;
		break;
	case QD_ACT_KILL:
		m->kills++;
		m->killed |= qd_bit(a->node);
		break;
	case QD_ACT_FENCE:
		m->fences++;
		m->fenced |= qd_bit(a->node);
		m->fenced_incarnation = a->incarnation;
		break;
	case QD_ACT_PET:
		m->pets++;
		break;
	case QD_ACT_SAY:
		m->words[a->lun_dead]++;
		break;
	case QD_ACT_SELF_FENCE:
		m->self_fence = (int)a->reason;
		break;
	case QD_ACT_EXIT:
		m->exit = a->status;
		break;
	}
}

static void step(struct mind *m, enum qd_event event, uint64_t after_ms)
{
	unsigned before = m->own_writes;

	m->in.event = event;
	m->in.now_ms = m->tick_ms + after_ms;
	m->in.wall_s = m->in.now_ms / 1000;
	m->in.slots = m->slot;
	qd_step(&m->s, &m->in, &m->out);
	assert_in_range(m->out.count, 0, QD_ACTIONS_MAX);
	for (uint32_t i = 0; i < m->out.count; i++)
		action_done(m, &m->out.action[i]);
	assert_in_range(m->own_writes - before, 0, event == QD_EV_CYCLE);
	m->express = m->express || m->out.want_express;
}

void mind_read(struct mind *m, bool tick, uint64_t after_ms)
{
	m->in.read = QD_IO_OK;
	m->in.tick = tick;
	m->in.cycle_start_ms = m->tick_ms + after_ms;
	step(m, QD_EV_CYCLE, after_ms);
}

void mind_read_failed(struct mind *m, enum qd_io io)
{
	mind_tick(m);
	m->in.read = io;
	m->in.tick = true;
	if (io != QD_IO_LATE)
		m->in.cycle_start_ms = m->tick_ms;
	step(m, QD_EV_CYCLE, 0);
}

static void read_that_began_at_the_tick(struct mind *m, bool tick, uint64_t after_ms)
{
	m->in.read = QD_IO_OK;
	m->in.tick = tick;
	m->in.cycle_start_ms = m->tick_ms;
	step(m, QD_EV_CYCLE, after_ms);
}

void mind_read_late(struct mind *m, uint64_t after_ms)
{
	read_that_began_at_the_tick(m, /* tick */ false, after_ms);
}

void mind_read_slow(struct mind *m, uint64_t after_ms)
{
	read_that_began_at_the_tick(m, /* tick */ true, after_ms);
}

/* The write of the newest CYCLE step, which began with it. */
static void written_is(struct mind *m, enum qd_io io, uint64_t after_ms)
{
	m->in.wrote = io;
	m->in.write_start_ms = m->in.cycle_start_ms;
	if (io == QD_IO_OK)
		m->slot[m->s.p.node_id - 1] = (struct qd_slot){ QD_SLOT_OK, m->s.own };
	step(m, QD_EV_WRITTEN, after_ms);
}

void mind_landed(struct mind *m, uint64_t after_ms)
{
	written_is(m, QD_IO_OK, after_ms);
}

void mind_write_failed(struct mind *m, uint64_t after_ms)
{
	written_is(m, QD_IO_ERROR, after_ms);
}

void mind_event(struct mind *m, enum qd_event event, uint64_t after_ms)
{
	step(m, event, after_ms);
}

void mind_fenced(struct mind *m, uint32_t node, uint64_t incarnation, enum qd_fence_result result)
{
	m->in.fenced_node = node;
	m->in.fenced_incarnation = incarnation;
	m->in.fenced = result;
	step(m, QD_EV_FENCED, 50);
}

void mind_tick(struct mind *m)
{
	m->tick_ms += I;
	peers_write(m, /* tick */ true);
}

static void rest_of_cycle(struct mind *m, bool tick, uint64_t after_ms)
{
	unsigned before = m->own_writes;

	mind_read(m, tick, after_ms);
	if (m->own_writes > before && !m->s.finished)
		mind_landed(m, after_ms + 10);
}

void mind_cycle(struct mind *m)
{
	mind_tick(m);
	rest_of_cycle(m, /* tick */ true, 0);
}

void mind_cycles(struct mind *m, unsigned count)
{
	while (count--)
		mind_cycle(m);
}

void mind_express(struct mind *m, uint64_t after_ms)
{
	peers_write(m, /* tick */ false);
	rest_of_cycle(m, /* tick */ false, after_ms);
}

/* ---- Scenes ---- */

void mind_run(struct mind *m)
{
	for (unsigned i = 0; i < 2 * K && m->s.role != QD_STATE_RUN; i++)
		mind_cycle(m);
	assert_int_equal(m->s.role, QD_STATE_RUN);
}

void scene_follower(struct mind *m)
{
	mind_init(m, 2, 3);
	peer_is_master(m, 1, 7);
	peers_are(m, qd_bit(3), QD_STATE_RUN);
	mind_run(m);
	mind_cycles(m, 3);
	assert_int_equal(m->s.vote, QD_VOTE_CASTS);
	assert_int_equal(m->cast, 1);
	mind_forget(m);
}

void scene_master(struct mind *m)
{
	mind_init(m, 1, 3);
	peers_are(m, 6, QD_STATE_RUN);
	m->acking = 6;
	mind_run(m);
	for (unsigned i = 0; i < 20 && m->s.role != QD_STATE_MASTER; i++)
		mind_cycle(m);
	assert_int_equal(m->s.role, QD_STATE_MASTER);
	mind_cycles(m, 3);
	assert_int_equal(m->s.vote, QD_VOTE_CASTS);
	mind_forget(m);
}

void scene_no_master(struct mind *m, uint32_t me, uint32_t nodes)
{
	mind_init(m, me, nodes);
	peers_are(m, m->s.p.nodes & ~qd_bit(me), QD_STATE_RUN);
	mind_run(m);
	mind_forget(m);
}
