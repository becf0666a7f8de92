/* How long I/O takes; see qd_latency.h. */
#include <assert.h>
#include <string.h>

#include "qd_latency.h"

static_assert(QD_LATENCY_BUCKETS == (31 - 3) * 16 + 16, "up to 2^32-1 us");

/* Which of `count`, counted from 1, shortest first. */
static uint32_t rank_median(uint32_t count)
{
	return count / 2 + count % 2;
}

static uint32_t rank_p99(uint32_t count)
{
	uint32_t rank = (uint32_t)((uint64_t)count * 99 / 100);

	return rank ? rank : 1;
}

/* ---- The last 64 ---- */

/* The first place whose time is not shorter. */
static uint32_t sorted_place(const struct qd_latency *l, uint32_t us)
{
	uint32_t from = 0, to = l->recent_count;

	while (from < to) {
		uint32_t middle = (from + to) / 2;

		if (l->sorted[middle] < us)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void sorted_remove(struct qd_latency *l, uint32_t us)
{
	uint32_t i = sorted_place(l, us);

	l->recent_count--;
	memmove(&l->sorted[i], &l->sorted[i + 1], (l->recent_count - i) * sizeof(us));
}

static void sorted_insert(struct qd_latency *l, uint32_t us)
{
	uint32_t i = sorted_place(l, us);

	memmove(&l->sorted[i + 1], &l->sorted[i], (l->recent_count - i) * sizeof(us));
	l->recent_count++;
	l->sorted[i] = us;
}

static void recent_add(struct qd_latency *l, uint32_t us)
{
	if (l->recent_count == QD_LATENCY_RECENT)
		sorted_remove(l, l->recent[l->oldest]);
	l->recent[l->oldest] = us;
	l->oldest = (l->oldest + 1) % QD_LATENCY_RECENT;
	sorted_insert(l, us);
	l->last = (struct qd_spread){
		.median_us = l->sorted[rank_median(l->recent_count) - 1],
		.p99_us = l->sorted[rank_p99(l->recent_count) - 1],
		.max_us = l->sorted[l->recent_count - 1],
	};
}

/* ---- Since the start ---- */

static uint32_t bucket_of(uint32_t us)
{
	uint32_t power = us < 16 ? 0 : 31 - (uint32_t)__builtin_clz(us);

	return us < 16 ? us : (power - 3) * 16 + (us >> (power - 4)) % 16;
}

/* The longest time that falls into a bucket. */
static uint32_t bucket_longest(uint32_t bucket)
{
	uint32_t shift = bucket < 32 ? 0 : bucket / 16 - 1;

	return bucket < 32 ? bucket : (uint32_t)(((uint64_t)(16 + bucket % 16 + 1) << shift) - 1);
}

/* Follow a rank to where it stands now: a bucket or two on, or none. */
static uint32_t rank_follow(const struct qd_latency *l, struct qd_latency_rank *r, uint32_t rank)
{
	uint32_t us;

	while (r->below + l->bucket[r->bucket] < rank)
		r->below += l->bucket[r->bucket++];
	while (r->below >= rank)
		r->below -= l->bucket[--r->bucket];
	us = bucket_longest(r->bucket);
	return us < l->ever.max_us ? us : l->ever.max_us;
}

static void ever_add(struct qd_latency *l, uint32_t us)
{
	uint32_t b = bucket_of(us);

	l->count++;
	l->bucket[b]++;
	l->median.below += b < l->median.bucket;
	l->p99.below += b < l->p99.bucket;
	if (us > l->ever.max_us)
		l->ever.max_us = us;
	l->ever.median_us = rank_follow(l, &l->median, rank_median(l->count));
	l->ever.p99_us = rank_follow(l, &l->p99, rank_p99(l->count));
}

void qd_latency_add(struct qd_latency *l, uint32_t us)
{
	recent_add(l, us);
	if (l->count < UINT32_MAX)
		ever_add(l, us);
}
