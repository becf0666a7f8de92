/* `qdisk-tool history`: what a node saw in its last cycles, read from its slot (floor 4). */
#ifndef QD_TOOL_HISTORY_H
#define QD_TOOL_HISTORY_H

#include <stdio.h>

#include "qd_box.h"

/* Print it. `where`: path of a device, or a label; `node`: id, or name as its block
 * says. Returns an exit code: 0; 1 nothing is recorded there; 2 no such node; 4 the
 * device, told on stderr. */
int tool_history(const char *where, const char *node, FILE *out);

/* The same from bytes: one slot, of `size` bytes (4096). 0, or 1 as above. */
int tool_history_show(uint32_t node_id, const uint8_t *slot, size_t size, FILE *out);

#endif
