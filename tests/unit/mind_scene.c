/* See mind_scene.h. */
#include "mind_scene.h"

struct mind m;

int fresh(void **state)
{
	(void)state;
	mind_init(&m, 2, 3);
	return 0;
}

int follower(void **state)
{
	(void)state;
	scene_follower(&m);
	return 0;
}

int master(void **state)
{
	(void)state;
	scene_master(&m);
	return 0;
}

int first_of_3(void **state)
{
	(void)state;
	scene_no_master(&m, 1, 3);
	m.acking = 6;
	return 0;
}

int second_of_3(void **state)
{
	(void)state;
	scene_no_master(&m, 2, 3);
	return 0;
}

struct qd_block *own(void)
{
	return peer(&m, m.s.p.node_id);
}

struct qd_member *see(uint32_t id)
{
	return &m.s.member[id - 1];
}

bool bidding(void)
{
	return written_block(&m)->message == QD_MSG_BID;
}

unsigned requests(void)
{
	return m.votes[0] + m.votes[1];
}

void silent(uint32_t id, unsigned ticks)
{
	m.beating &= ~qd_bit(id);
	mind_cycles(&m, ticks);
}

void writes_again(uint64_t incarnation)
{
	struct qd_block *b = peer(&m, 3);

	b->state = QD_STATE_RUN;
	b->writer_id = 3;
	b->incarnation = incarnation;
	b->ext.flags = 0;
	b->ext.victim_incarnation = 0;
	b->ext.beat++;
}

int bereaved(void **state)
{
	(void)state;
	scene_master(&m);
	silent(3, K + 1);
	assert_int_equal(m.fences, 1);
	return 0;
}

int fenced(void **state)
{
	(void)bereaved(state);
	mind_fenced(&m, 3, PEER_LIFE(3), QD_FENCE_SUCCESS);
	mind_cycles(&m, 2);
	mind_forget(&m);
	return 0;
}

void bids_after_w(void)
{
	for (unsigned i = 0; i < W + 1 && !bidding(); i++)
		mind_cycle(&m);
	assert_true(bidding());
	mind_forget(&m);
}
