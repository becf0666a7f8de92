/* The node under test, and the scenes that the tests of the mind begin with. */
#ifndef MIND_SCENE_H
#define MIND_SCENE_H

#include "mind_fixture.h"

extern struct mind m;

/* ---- Setups ---- */

/* Node 2 of three that has just started. */
int fresh(void **state);

/* Those of mind_fixture.h. */
int follower(void **state);
int master(void **state);

/* Node 1 of three; 2 and 3 run and answer. */
int first_of_3(void **state);

/* Node 2 of three; 1 and 3 run. */
int second_of_3(void **state);

/* Node 3 has died and been evicted; its fencing is under way. */
int bereaved(void **state);

/* Node 3 died, fenced with success, its eviction says so. */
int fenced(void **state);

/* ---- What is seen ---- */

/* My slot on the LUN. */
struct qd_block *own(void);

/* What I know of a node. */
struct qd_member *see(uint32_t id);

/* I ask for votes. */
bool bidding(void);

/* Vote requests to corosync, of 0 and of 1. */
unsigned requests(void);

/* ---- What happens ---- */

/* A node stops writing, for that many ticks; nobody else does. */
void silent(uint32_t id, unsigned ticks);

/* Node 3 writes once over its eviction, running, in that incarnation. */
void writes_again(uint64_t incarnation);

/* W cycles and what it takes to bid; forgets what led to it. */
void bids_after_w(void);

#endif
