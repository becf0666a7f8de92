/* What a script is played with, in the simulator. */
#ifndef MODEL_PLAY_H
#define MODEL_PLAY_H

#include "model.h"

struct client {
	bool lives, repeats;
	bool registering, polling;	/* the call hangs */
	bool cast, stale;		/* of that poll */
	bool asked;			/* and its answer is said in any case */
	struct qd_ring ring, ring_before;
	struct qd_ring said_ring;	/* of the last poll, so that repeats are said once */
	bool said, said_cast;
	uint64_t next;			/* repeated poll */
};

/* What a node's clients have seen. */
struct watch { bool up; uint32_t told, shown; };

struct play {
	struct sim_world *w;
	struct model_record *record;
	struct client client[MODEL_NODES];
	struct watch watch[MODEL_NODES];
};

/* client.c: machine `i` */

/* Its client starts, and knows the ring that is shown. */
void client_start(struct play *p, uint32_t i);
/* A call; it hangs where corosync's would, and goes on when client_go_on() finds that it can. */
void client_poll(struct play *p, uint32_t i);
void client_register(struct play *p, uint32_t i);
/* What hangs or is due. A client does one thing after the other. */
void client_go_on(struct play *p, uint32_t i);
/* A nodelist callback. */
void client_hears(struct play *p, uint32_t i);

#endif
