/* The bytes of a cycle (floor 2: cycle, private to engine*.c): what a read has brought,
 * what a write takes out. */
#ifndef ENGINE_BYTES_H
#define ENGINE_BYTES_H

#include "qd_ports.h"

/* Label and slots into e->slots. OK; STRANGER: the label is not the one that we
 * started with, and the slots are as they were. */
enum qd_io engine_decode(struct qd_engine *e, const uint8_t *bytes);

/* A block for this slot, ours or an eviction: the bytes, which belong to the engine.
 * Our own has with it what we have measured and the black box; an eviction keeps both
 * of its victim as they were read. */
const uint8_t *engine_encode(struct qd_engine *e, uint32_t slot, const struct qd_block *block);

#endif
