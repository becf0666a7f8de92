/* An engine, node 2 of a few, against ports of a world made here: a LUN in memory, a
 * corosync that agrees, a clock that is set. */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include "mind_fixture.h"
#include "qd_ports.h"

enum { SLOT = 4096, ME = 2 };

struct engine_world {
	uint64_t now;
	uint8_t lun[(QD_NODE_MAX + 1) * SLOT];
	struct qd_corosync cs;
	uint32_t score;
	/* I/O */
	bool read_out;
	uint32_t write_out[QD_NODE_MAX + 1];	/* writes under way, by slot */
	uint32_t writes_out;
	unsigned reads, writes, evictions;
	uint64_t read_ms[4096];		/* when each began */
	struct { uint32_t slot; size_t size; uint8_t bytes[SLOT]; } write;	/* newest */
	/* the rest */
	unsigned votes[2], pets, publishes, kills, fences, unregisters, alarms, says;
	bool says_dead;		/* the newest word to the ring */
	unsigned noted[QD_NOTE_COUNT];
	uint64_t random, alarm_ms;
	int self_fence, exit;
	struct { const uint8_t *bytes; uint32_t offset, size; } words;	/* last ones */
	char order[64];		/* what the ports were asked for: R W V P(et) p(ublish) */
	bool hand_stuck;
};

extern struct engine_world w;
extern struct qd_engine engine;
extern struct qd_label label;	/* as the engine was given it; the LUN has a copy */
extern uint64_t beat;		/* the newest of the peers that follow() moves */

/* Nodes 1..nodes in one ring, label and slots on the LUN, the engine started. */
void world(uint32_t nodes, uint32_t sector_size);

/* Setups: three nodes and no tick yet; a follower that casts, counters at 0. */
int three(void **state);
int following(void **state);

/* A peer's block, in my ring; and a block on the LUN. */
struct qd_block peer_block(uint32_t id, enum qd_node_state state, uint64_t its_beat);
void slot_put(uint32_t id, const struct qd_block *block);

/* A new ring; the engine is not told. */
void ring(uint64_t seq, qd_mask members);

/* The read under way ends; all writes under way end. */
void read_ends(enum qd_io io);
void writes_end(enum qd_io io);

/* The time goes on to the next tick, and the engine hears of it. */
void tick(void);

/* A cycle, and what follows it at once. */
void cycle(void);

/* Cycles with a master 1 and a node 3 that beat and show my ring. */
void follow(unsigned cycles);

/* All that falls due from now until the next tick, one ms at a time. */
void until_the_next_tick(void);

/* Every event that there is but the end of an I/O; an interval passes. */
void storm(void);

#endif
