/* Events in order of time, then of age; and the random numbers. */
#include "sim.h"

/* ---- Random numbers: splitmix64 to seed, xoshiro256** to draw ---- */

void sim_rng_seed(struct sim_rng *rng, uint64_t seed)
{
	rng->middle = false;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t z;

		seed += 0x9E3779B97F4A7C15u;
		z = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9u;
		z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
		rng->s[i] = z ^ (z >> 31);
	}
}

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

uint64_t sim_rng_next(struct sim_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

uint64_t sim_rng_range(struct sim_rng *rng, uint64_t low, uint64_t high)
{
	uint64_t span = high - low + 1;

	assert(low <= high);
	if (rng->middle)
		return low + (high - low) / 2;
	assert(span != 0);
	return low + (uint64_t)(((unsigned __int128)sim_rng_next(rng) * span) >> 64);
}

bool sim_rng_chance(struct sim_rng *rng, uint32_t per_mille)
{
	return per_mille && sim_rng_range(rng, 0, 999) < per_mille;
}

/* ---- The queue: a binary heap ---- */

static bool earlier(const struct sim_event *a, const struct sim_event *b)
{
	return a->at < b->at || (a->at == b->at && a->seq < b->seq);
}

void sim_queue_push(struct sim_queue *q, struct sim_event event)
{
	uint32_t i = q->count++;

	assert(q->count <= SIM_EVENTS);
	event.seq = q->seq++;
	while (i) {
		uint32_t up = (i - 1) / 2;

		if (!earlier(&event, &q->heap[up]))
			break;
		q->heap[i] = q->heap[up];
		i = up;
	}
	q->heap[i] = event;
}

bool sim_queue_pop(struct sim_queue *q, struct sim_event *ret_event)
{
	const struct sim_event *last;
	uint32_t i = 0, count;

	if (q->count == 0)
		return false;
	*ret_event = q->heap[0];
	count = --q->count;
	last = &q->heap[count];
	for (;;) {
		uint32_t down = 2 * i + 1;

		if (down >= count)
			break;
		if (down + 1 < count && earlier(&q->heap[down + 1], &q->heap[down]))
			down++;
		if (!earlier(&q->heap[down], last))
			break;
		q->heap[i] = q->heap[down];
		i = down;
	}
	q->heap[i] = *last;
	return true;
}
