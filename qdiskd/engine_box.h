/* The black box as the engine keeps it (floor 2, private): one record a cycle, in the
 * buffer of the own slot, so that it is written with the block. */
#ifndef ENGINE_BOX_H
#define ENGINE_BOX_H

#include "qd_box.h"
#include "qd_ports.h"

/* An empty box; at the start of the engine. */
void engine_box_begin(struct qd_engine *e, uint64_t wall_s);

/* Keep what the daemon before left in our slot; at the first read that landed. */
void engine_box_inherit(struct qd_engine *e, const uint8_t *slot);

/* What this cycle, or this late tick, has come to. */
void engine_box_record(struct qd_engine *e, uint64_t now_ms, uint64_t wall_s);

#endif
