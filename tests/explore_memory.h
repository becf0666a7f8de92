/* What the search remembers: bytes behind bytes that grow, states made small, and which
 * states it has been in. Where there is no memory left the program ends. */
#ifndef EXPLORE_MEMORY_H
#define EXPLORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes, one entry behind the other. */
struct arena {
	uint8_t *bytes;
	size_t size, room;
};

/* Room for `size` more bytes; good until the next push. */
uint8_t *arena_push(struct arena *arena, size_t size);
void arena_free(struct arena *arena);

/* A state, `size` bytes in whole words, made small behind the others. */
void words_pack(struct arena *arena, const uint8_t *bytes, uint32_t size);

/* And as it was; how many bytes it took there. */
size_t words_unpack(const uint8_t *at, uint8_t *bytes, uint32_t size);

/* States by 64 bits of a hash, at a place given by 64 others: of n states one is taken
 * for another with a probability below n^2 / 2^65. */
struct seen {
	uint64_t *slot, mask, count;
};

/* In a quarter to a half of `bytes`. */
void seen_init(struct seen *seen, uint64_t bytes);
void seen_free(struct seen *seen);

/* True: it is new, and is remembered. */
bool seen_add(struct seen *seen, const uint8_t *bytes, size_t size);

#endif
