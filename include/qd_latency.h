/* How long I/O takes (floor 0: words): median, p99 and maximum of the last 64, and of
 * all since the start. Pure; adding one costs no allocation and no sorting.
 *
 * p99 is the time that one in a hundred may exceed, and at least one: of the last 64
 * the second longest. A single slow I/O is the maximum and no trend.
 * Of the last 64 all three are exact. Since the start the maximum is exact; median and
 * p99 come from a histogram, and may be up to a sixteenth too long, never too short.
 */
#ifndef QD_LATENCY_H
#define QD_LATENCY_H

#include "qd_format.h"

#define QD_LATENCY_RECENT 64u
#define QD_LATENCY_BUCKETS 464u	/* 16 for each power of two from 16 us on */

/* Where one of the ranks stands in the histogram. */
struct qd_latency_rank {
	uint32_t bucket;	/* it is in this one */
	uint32_t below;		/* how many are in those before */
};

/* All 0: begun. */
struct qd_latency {
	uint32_t count;		/* since the start; ends at 2^32-1, and with it `ever` */
	uint32_t oldest;	/* place in `recent` that the next one takes */
	uint32_t recent_count;
	uint32_t recent[QD_LATENCY_RECENT];
	uint32_t sorted[QD_LATENCY_RECENT];	/* the same, shortest first */
	uint32_t bucket[QD_LATENCY_BUCKETS];
	struct qd_latency_rank median, p99;
	struct qd_spread last, ever;	/* the results: of the last 64, since the start */
};

/* One more I/O has taken so long. */
void qd_latency_add(struct qd_latency *l, uint32_t us);

#endif
