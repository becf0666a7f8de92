/* One node with hand-made peers: the LUN as it reads it, corosync as it sees it,
 * and a stepper. For the tests of the mind; no engine, no time but `tick_ms`. */
#ifndef MIND_FIXTURE_H
#define MIND_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../qdiskd/mind.h"

/* The native defaults at a token of 3 s; Z follows. */
enum { I = 200, K = 8, U = 2, W = 2, M = 3, V = 1400, Y = 3000, TOKEN = 3000, CONSENSUS = 3600 };
enum {
	L1 = (K - 1) * I,
	L2 = K * I,
	FORGETS = V + TOKEN + CONSENSUS + Y,	/* by the voter's clock */
	Z = FORGETS + FORGETS / (2 * K) + 1 + 2 * I
};

#define LIFE 0x1111u		/* my first incarnation */
#define NEXT_LIFE 0x2222u	/* what `random` gives for the next */
#define PEER_LIFE(id) (0xA000u + (id))	/* a peer's */

struct mind {
	struct qd_state s;
	struct qd_input in;		/* of the next step; cs is corosync as it is now */
	struct qd_actions out;		/* of the last step */
	struct qd_slot slot[QD_NODE_MAX];	/* the LUN, by node id - 1 */
	uint64_t tick_ms;		/* of the last tick */
	/* knobs */
	qd_mask beating;		/* peers that write in every cycle */
	qd_mask following;		/* peers whose blocks show my ring */
	qd_mask acking;			/* peers that answer my bid in the cycle after it */
	bool hand_stuck;		/* no vote request is answered */
	bool stays_quorate;		/* C1: a vote withdrawn does not count yet */
	bool evictions_lost;		/* an eviction does not land */
	bool unregister_stuck;		/* corosync does not answer to it */
	/* since mind_forget() */
	unsigned noted[QD_NOTE_COUNT];
	struct qd_note note[QD_NOTE_COUNT];	/* the newest of each */
	unsigned votes[2];		/* requests to cast 0 and 1 */
	unsigned words[2];		/* to the ring: my LUN is back, is dead */
	int cast;			/* the newest, -1 none */
	struct qd_action vote;		/* the newest */
	qd_mask evicted, killed, fenced;
	unsigned evictions, kills, fences, pets, own_writes, unregisters, ended_corosyncs;
	struct qd_block eviction;	/* the newest */
	uint64_t fenced_incarnation;	/* of the newest FENCE */
	int self_fence, exit;		/* reason, status; -1 not */
	bool express;			/* another cycle was wanted */
};

/* Node `me` of 1..nodes, one vote each, nodes - 1 for the device, one ring of
 * all. The slots of the peers hold a readable block in state none. */
void mind_init(struct mind *m, uint32_t me, uint32_t nodes);

/* Forget what happened so far. */
void mind_forget(struct mind *m);

/* A peer's block on the LUN. */
struct qd_block *peer(struct mind *m, uint32_t id);

/* These peers are in that state, beat and show my ring from now on. */
void peers_are(struct mind *m, qd_mask peers, enum qd_node_state state);

/* That peer is master with that mask, beats and shows my ring. */
void peer_is_master(struct mind *m, uint32_t id, qd_mask mask);

/* A legacy daemon begins a life there, which writes no extension. */
#define LEGACY_LIFE(id) (0xB000u + (id))
void peer_is_legacy(struct mind *m, uint32_t id);

/* A peer's voting mark. */
void peer_votes(struct mind *m, uint32_t id, qd_mask view);

/* Its corosync ring as its block shows it; it no longer follows mine. */
void peer_ring(struct mind *m, uint32_t id, uint64_t seq, qd_mask members);

/* It bids, or says nothing. Returns the block. */
struct qd_block *peer_bids(struct mind *m, uint32_t id, uint16_t sequence);

/* A new ring, out of sync and shown to clients. The next step sees it. */
void mind_ring(struct mind *m, uint64_t seq, qd_mask members);

/* Steps, each at a given time after the last tick. */
void mind_read(struct mind *m, bool tick, uint64_t after_ms);	/* CYCLE, read OK */
void mind_read_failed(struct mind *m, enum qd_io io);		/* the next tick */
void mind_read_late(struct mind *m, uint64_t after_ms);		/* of a cycle that began at the tick */
void mind_read_slow(struct mind *m, uint64_t after_ms);		/* of this tick, in time for it */
void mind_landed(struct mind *m, uint64_t after_ms);		/* WRITTEN of the newest own block */
void mind_write_failed(struct mind *m, uint64_t after_ms);
void mind_event(struct mind *m, enum qd_event event, uint64_t after_ms);
void mind_fenced(struct mind *m, uint32_t node, uint64_t incarnation, enum qd_fence_result result);

/* The time goes on to the next tick and the peers write; no step. */
void mind_tick(struct mind *m);
/* A whole cycle: tick, read, write lands 10 ms later. Many of them. */
void mind_cycle(struct mind *m);
void mind_cycles(struct mind *m, unsigned count);
/* An express cycle that starts that long after the last tick. */
void mind_express(struct mind *m, uint64_t after_ms);

/* Cycles until state 5. */
void mind_run(struct mind *m);

/* Scenes, quiet and settled, forgotten what led to them: a follower casting for
 * master 1 (me 2 of 3); the master of three (me 1, votes cast); running and no
 * master about (me of `nodes`), peers running and silent about bids. */
void scene_follower(struct mind *m);
void scene_master(struct mind *m);
void scene_no_master(struct mind *m, uint32_t me, uint32_t nodes);

#define test_with(setup, name) cmocka_unit_test_setup(name, setup)

/* The newest block that I wrote. */
static inline const struct qd_block *written_block(const struct mind *m)
{
	return &m->s.own;
}

#endif
