/* The shared LUN of the simulated world, and the writes that are on their way to it. */
#ifndef SIM_LUN_H
#define SIM_LUN_H

#include "sim_node.h"

#define SIM_WRITES 256u		/* in flight on the LUN */
#define SIM_SECTOR 512u		/* of a block that decide, on every sector size */

struct sim_write {
	bool used;
	uint8_t node, events;	/* events that still point here */
	uint8_t stuck;		/* of these: held back, because its path hangs for good */
	bool error, landed, cancelled;
	bool torn;		/* only its beginning lands */
	bool late;		/* its process has ended: it lands some time later */
	uint32_t slot, life;
	uint64_t start;
	uint64_t beat, incarnation;
	uint64_t met;		/* incarnation that stood in the slot when it was sent */
	uint8_t bytes[SIM_SECTOR];
};

struct sim_lun {
	uint64_t bad[SIM_SLOTS];	/* slot is garbage until then; 0 no */
	uint64_t landed[SIM_SLOTS];	/* last readable landing of a new beat */
	uint64_t landed_before[SIM_SLOTS];	/* the one before that */
	uint64_t beat[SIM_SLOTS], incarnation[SIM_SLOTS];	/* that stand there */
	uint64_t gap[SIM_SLOTS];	/* longest time without one, that ended not long ago */
	uint64_t gap_end[SIM_SLOTS];
	uint64_t changed[SIM_SLOTS];	/* when a block landed there last */
	uint8_t before[SIM_SLOTS][SIM_SECTOR];	/* and what stood there until then */
	uint32_t write_next;
	struct sim_write write[SIM_WRITES];
	bool stale_set;
	uint8_t own_of_liar[SIM_SECTOR], stale_of_liar[SIM_SECTOR];	/* what lies show */
	uint8_t image[(QD_NODE_MAX + 1) * QD_SLOT_BYTES] __attribute__((aligned(64)));
};

#endif
