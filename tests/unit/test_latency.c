/* latency.c: median, p99 and maximum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qd_latency.h"

enum { MANY = 20000 };

static struct qd_latency l;
static uint32_t all[MANY];

static int begin(void **state)
{
	(void)state;
	memset(&l, 0, sizeof(l));
	return 0;
}

static void assert_spread(const struct qd_spread *s, uint32_t median, uint32_t p99, uint32_t max)
{
	assert_int_equal(s->median_us, median);
	assert_int_equal(s->p99_us, p99);
	assert_int_equal(s->max_us, max);
}

static void latency_of_one_is_all_three(void **state)
{
	(void)state;
	assert_spread(&l.last, 0, 0, 0);
	qd_latency_add(&l, 777);
	assert_spread(&l.last, 777, 777, 777);
	assert_spread(&l.ever, 777, 777, 777);
}

/* One that is slow is the maximum; two are a trend. */
static void latency_p99_of_64_is_the_second_longest(void **state)
{
	(void)state;
	for (uint32_t us = 1; us <= 64; us++)
		qd_latency_add(&l, us);
	assert_spread(&l.last, 32, 63, 64);
	qd_latency_add(&l, 90000);	/* 1 is forgotten */
	assert_spread(&l.last, 33, 64, 90000);
	qd_latency_add(&l, 80000);
	assert_spread(&l.last, 34, 80000, 90000);
}

static void latency_older_than_64_counts_since_the_start_only(void **state)
{
	(void)state;
	qd_latency_add(&l, 5000000);
	for (unsigned i = 0; i < 64; i++)
		qd_latency_add(&l, 10);
	assert_spread(&l.last, 10, 10, 10);
	assert_spread(&l.ever, 10, 10, 5000000);
}

static void latency_of_every_size_is_defined(void **state)
{
	(void)state;
	for (unsigned power = 0; power < 32; power++) {
		const uint32_t around = (uint32_t)1 << power;

		for (int d = -1; d <= 1; d++) {
			memset(&l, 0, sizeof(l));
			qd_latency_add(&l, around + (uint32_t)d);
			qd_latency_add(&l, around + (uint32_t)d);
			assert_int_equal(l.ever.median_us, around + (uint32_t)d);
		}
	}
	qd_latency_add(&l, 0);
	qd_latency_add(&l, UINT32_MAX);
	assert_int_equal(l.ever.max_us, UINT32_MAX);
	assert_int_equal(l.last.max_us, UINT32_MAX);
}

static void latency_count_at_its_end_keeps_the_last_64_going(void **state)
{
	struct qd_spread ever;

	(void)state;
	qd_latency_add(&l, 5);
	l.count = UINT32_MAX;
	ever = l.ever;
	for (unsigned i = 0; i < 100; i++)
		qd_latency_add(&l, 1000);
	assert_spread(&l.last, 1000, 1000, 1000);
	assert_memory_equal(&l.ever, &ever, sizeof(ever));
}

/* ---- Against a plain sort ---- */

static int shorter(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Mostly near one time, which drifts; now and then a tail of any length. */
static uint32_t draw(uint32_t *seed, uint32_t i)
{
	*seed = *seed * 1664525u + 1013904223u;
	if ((*seed >> 24) < 4)
		return *seed >> (*seed & 31);
	return 300 + i / 10 + (*seed >> 22);
}

static uint32_t sorted_rank(const uint32_t *from, uint32_t count, uint64_t percent)
{
	static uint32_t copy[MANY];
	uint32_t rank = percent == 50 ? (count + 1) / 2 : (uint32_t)(count * percent / 100);

	memcpy(copy, from, count * sizeof(copy[0]));
	qsort(copy, count, sizeof(copy[0]), shorter);
	return copy[(rank ? rank : 1) - 1];
}

static void latency_of_the_last_64_is_what_a_sort_says(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t count = i < 63 ? i + 1 : 64;
		const uint32_t *last = &all[i + 1 - count];

		all[i] = draw(&seed, i);
		qd_latency_add(&l, all[i]);
		assert_spread(&l.last, sorted_rank(last, count, 50), sorted_rank(last, count, 99),
			      sorted_rank(last, count, 100));
	}
}

static void assert_a_sixteenth(uint32_t us, uint32_t exact)
{
	assert_in_range(us, exact, (uint64_t)exact + exact / 16);
}

static void latency_since_the_start_is_a_sixteenth_too_long_at_most(void **state)
{
	uint32_t seed = 2;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		all[i] = draw(&seed, i);
		qd_latency_add(&l, all[i]);
		if (i % 97 && i > 200)
			continue;
		assert_a_sixteenth(l.ever.median_us, sorted_rank(all, i + 1, 50));
		assert_a_sixteenth(l.ever.p99_us, sorted_rank(all, i + 1, 99));
		assert_int_equal(l.ever.max_us, sorted_rank(all, i + 1, 100));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(latency_of_one_is_all_three, begin),
		cmocka_unit_test_setup(latency_p99_of_64_is_the_second_longest, begin),
		cmocka_unit_test_setup(latency_older_than_64_counts_since_the_start_only, begin),
		cmocka_unit_test_setup(latency_of_every_size_is_defined, begin),
		cmocka_unit_test_setup(latency_count_at_its_end_keeps_the_last_64_going, begin),
		cmocka_unit_test_setup(latency_of_the_last_64_is_what_a_sort_says, begin),
		cmocka_unit_test_setup(latency_since_the_start_is_a_sixteenth_too_long_at_most, begin),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
