/* See explore_memory.h. */
#include "explore_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- Arenas ---- */

uint8_t *arena_push(struct arena *a, size_t size)
{
	while (a->size + size > a->room) {
		a->room = a->room ? 2 * a->room : 1 << 20;
		a->bytes = realloc(a->bytes, a->room);
		if (!a->bytes) {
			perror("explore");
			exit(1);
		}
	}
	a->size += size;
	return a->bytes + a->size - size;
}

void arena_free(struct arena *a)
{
	free(a->bytes);
}

/* ---- States made small ---- */

/* Most words of a state are 0, and most bytes of the others: a bit for each word,
 * then for each that is not 0 a bit for each byte, and those that are not 0. */
static uint8_t *word_pack(uint8_t *at, uint64_t word)
{
	uint8_t *map = at++;

	*map = 0;
	for (unsigned k = 0; k < 8; k++, word >>= 8) {
		if (!(word & 0xFF))
			continue;
		*map |= (uint8_t)(1u << k);
		*at++ = (uint8_t)word;
	}
	return at;
}

void words_pack(struct arena *a, const uint8_t *bytes, uint32_t size)
{
	uint32_t words = size / 8;

	for (uint32_t w = 0; w < words; w += 64) {
		size_t room = 8 + 64 * 9;
		uint8_t *begin = arena_push(a, room), *at = begin + 8;
		uint64_t map = 0, word;

		for (uint32_t k = 0; k < 64 && w + k < words; k++) {
			memcpy(&word, bytes + (size_t)(w + k) * 8, 8);
			if (!word)
				continue;
			map |= (uint64_t)1 << k;
			at = word_pack(at, word);
		}
		memcpy(begin, &map, 8);
		a->size -= room - (size_t)(at - begin);
	}
}

static const uint8_t *word_unpack(const uint8_t *at, uint8_t *word)
{
	for (uint8_t map = *at++; map; map &= (uint8_t)(map - 1))
		word[__builtin_ctz(map)] = *at++;
	return at;
}

size_t words_unpack(const uint8_t *at, uint8_t *bytes, uint32_t size)
{
	const uint8_t *begin = at;

	memset(bytes, 0, size);
	for (uint32_t w = 0; w < size / 8; w += 64) {
		uint64_t map;

		memcpy(&map, at, 8);
		at += 8;
		for (; map; map &= map - 1)
			at = word_unpack(at, bytes + (size_t)(w + (uint32_t)__builtin_ctzll(map)) * 8);
	}
	return (size_t)(at - begin);
}

/* ---- States seen ---- */

void seen_init(struct seen *seen, uint64_t bytes)
{
	void *p;

	*seen = (struct seen){ .mask = 1 };
	while (8 * 4 * (seen->mask + 1) < bytes)
		seen->mask = 2 * seen->mask + 1;
	p = mmap(NULL, 8 * (seen->mask + 1), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) {
		perror("explore");
		exit(1);
	}
	seen->slot = p;
}

void seen_free(struct seen *seen)
{
	(void)munmap(seen->slot, 8 * (seen->mask + 1));
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static void hash(const uint8_t *bytes, size_t size, uint64_t *ret_key, uint64_t *ret_place)
{
	static const uint64_t odd[4] = { 0xa0761d6478bd642full, 0xe7037ed1a0b428dbull,
					 0x8ebc6af09c88c6e3ull, 0x589965cc75374cc3ull };
	uint64_t lane[4] = { size, 1, 2, 3 }, two[2];

	for (size_t at = 0; at + 16 <= size; at += 16) {
		unsigned k = (unsigned)(at / 16 % 4);

		memcpy(two, bytes + at, 16);
		lane[k] = mix(lane[k] ^ two[0] ^ odd[k], two[1] ^ odd[(k + 1) % 4]);
	}
	if (size % 16) {
		memcpy(two, bytes + size - 8, 8);
		lane[0] = mix(lane[0] ^ two[0], odd[1]);
	}
	*ret_key = mix(lane[0] ^ odd[2], lane[1] ^ odd[3]) ^ mix(lane[2] ^ odd[0], lane[3] ^ odd[1]);
	*ret_place = mix(lane[0] ^ odd[1] ^ lane[2], lane[1] ^ lane[3] ^ odd[0]);
}

bool seen_add(struct seen *seen, const uint8_t *bytes, size_t size)
{
	uint64_t key, place;

	hash(bytes, size, &key, &place);
	key += key == 0;
	for (place &= seen->mask; seen->slot[place]; place = (place + 1) & seen->mask) {
		if (seen->slot[place] == key)
			return false;
	}
	seen->slot[place] = key;
	seen->count++;
	return true;
}
