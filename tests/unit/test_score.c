/* score.c: when to run which heuristic, and what its ending means. qdisk(5),
 * "Heuristics". */
#include <stdio.h>

#include "mind_fixture.h"
#include "qd_score.h"

static struct qd_config config;
static struct qd_score score;
static const struct qd_timings tko_10 = { .interval_ms = 1000, .tko = 10 };
#define NEXT UINT64_C(5000000)

static int empty(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	memset(&score, 0xA5, sizeof(score));
	return 0;
}

static void heuristic(uint32_t points, uint32_t interval_ms, uint32_t tko)
{
	struct qd_heuristic *h = &config.heuristic[config.heuristic_count++];

	h->score = points;
	h->interval_ms = interval_ms;
	h->tko = tko;
}

/* Heuristic 0 is run once, at once, and ends like that. */
static enum qd_heuristic_change run(enum qd_heuristic_end end)
{
	uint64_t now = score.heuristic[0].next_ms;

	assert_int_equal(qd_score_due(&score, now), 0);
	return qd_score_ended(&score, 0, end, now + 10);
}

static int one(void **state)
{
	(void)empty(state);
	heuristic(3, 2000, 3);
	qd_score_init(&score, &config, &tko_10, NEXT);
	return 0;
}

static int one_up(void **state)
{
	(void)one(state);
	(void)run(QD_RUN_OK);
	return 0;
}

/* ---- Sum ---- */

static void score_without_heuristics_is_1_of_1(void **state)
{
	uint32_t got, max;

	(void)state;
	qd_score_init(&score, &config, &tko_10, NEXT);
	qd_score_sum(&score, &got, &max);
	assert_int_equal(got, 1);
	assert_int_equal(max, 1);
}

static void score_is_the_sum_of_those_up(void **state)
{
	uint32_t got, max;

	(void)state;
	heuristic(1, 2000, 3);
	heuristic(2, 2000, 3);
	heuristic(4, 2000, 3);
	qd_score_init(&score, &config, &tko_10, NEXT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(qd_score_due(&score, NEXT), i);
	(void)qd_score_ended(&score, 0, QD_RUN_OK, NEXT + 1);
	(void)qd_score_ended(&score, 1, QD_RUN_FAILED, NEXT + 1);
	(void)qd_score_ended(&score, 2, QD_RUN_OK, NEXT + 1);
	qd_score_sum(&score, &got, &max);
	assert_int_equal(got, 5);
	assert_int_equal(max, 7);
}

static void score_before_the_first_run_is_0(void **state)
{
	uint32_t got, max;

	(void)state;
	qd_score_sum(&score, &got, &max);
	assert_int_equal(got, 0);
	assert_int_equal(max, 3);
}

static void score_required_rows(void **state)
{
	static const struct { uint32_t min, max, required; } rows[] = {
		{ 0, 1, 1 }, { 0, 2, 2 }, { 0, 3, 2 }, { 0, 4, 3 }, { 0, 10, 6 },
		{ 1, 10, 1 }, { 10, 10, 10 }, { 11, 10, 11 }, { 0, 65535, 32768 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(qd_score_required(rows[i].min, rows[i].max), rows[i].required);
}

/* ---- Defaults ---- */

/* T = (K-1)*I: up to 4 s 1, 22 s 2, 39 s 3, 50 s 4, more 5; the tko is T / interval. */
static void heuristic_defaults_follow_the_law(void **state)
{
	static const struct { uint32_t interval_ms, tko, want_ms, want_tko; } rows[] = {
		{ 1000, 2, 1000, 1 }, { 1000, 4, 1000, 3 }, { 1000, 5, 1000, 4 },
		{ 1000, 6, 2000, 2 }, { 1000, 10, 2000, 4 }, { 1000, 23, 2000, 11 },
		{ 1000, 24, 3000, 7 }, { 1000, 40, 3000, 13 }, { 1000, 41, 4000, 10 },
		{ 1000, 51, 4000, 12 }, { 1000, 52, 5000, 10 }, { 2000, 27, 5000, 10 },
		{ 200, 8, 1000, 1 }, { 20, 4, 1000, 1 },
	};

	(void)state;
	heuristic(1, QD_UNSET, QD_UNSET);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct qd_timings t = { .interval_ms = rows[i].interval_ms, .tko = rows[i].tko };

		qd_score_init(&score, &config, &t, NEXT);
		assert_int_equal(score.heuristic[0].interval_ms, rows[i].want_ms);
		assert_int_equal(score.heuristic[0].tko, rows[i].want_tko);
	}
}

static void heuristic_values_given_are_kept(void **state)
{
	(void)state;
	assert_int_equal(score.heuristic[0].interval_ms, 2000);
	assert_int_equal(score.heuristic[0].tko, 3);
	assert_int_equal(score.heuristic[0].score, 3);
}

static void heuristic_run_is_overdue_after_k_less_1_intervals(void **state)
{
	(void)state;
	assert_int_equal(score.heuristic[0].timeout_ms, 9000);
}

/* Row 29: ten were all. */
static void legacy_29_thirty_two_heuristics_all_run(void **state)
{
	(void)state;
	for (unsigned i = 0; i < QD_HEURISTICS_MAX; i++)
		heuristic(1, 2000, 1);
	qd_score_init(&score, &config, &tko_10, NEXT);
	for (int i = 0; i < QD_HEURISTICS_MAX; i++)
		assert_int_equal(qd_score_due(&score, NEXT), i);
	assert_int_equal(qd_score_due(&score, NEXT), -1);
}

static void legacy_29_limits_are_defined_for_every_timing(void **state)
{
	(void)state;
	heuristic(1, QD_UNSET, QD_UNSET);
	for (uint32_t i_ms = 20; i_ms <= 60000; i_ms = i_ms * 3 / 2) {
		for (uint32_t tko = 3; tko <= 1000; tko++) {
			struct qd_timings t = { .interval_ms = i_ms, .tko = tko };

			qd_score_init(&score, &config, &t, NEXT);
			assert_in_range(score.heuristic[0].interval_ms, 1000, 5000);
			assert_in_range(score.heuristic[0].tko, 1, 1000 * 60);
			assert_in_range(score.heuristic[0].timeout_ms, 1, 1000 * 60000);
		}
	}
}

/* ---- Up and down ---- */

static void heuristic_one_success_is_up(void **state)
{
	(void)state;
	assert_int_equal(run(QD_RUN_OK), QD_HEUR_UP);
	assert_true(score.heuristic[0].up);
	assert_int_equal(run(QD_RUN_OK), QD_HEUR_SAME);
}

static void heuristic_fewer_failures_than_tko_is_still_up(void **state)
{
	(void)state;
	assert_int_equal(run(QD_RUN_FAILED), QD_HEUR_MISSED);
	assert_int_equal(run(QD_RUN_FAILED), QD_HEUR_MISSED);
	assert_true(score.heuristic[0].up);
}

static void heuristic_tko_failures_in_a_row_is_down(void **state)
{
	(void)state;
	(void)run(QD_RUN_FAILED);
	(void)run(QD_RUN_FAILED);
	assert_int_equal(run(QD_RUN_FAILED), QD_HEUR_DOWN);
	assert_false(score.heuristic[0].up);
	assert_int_equal(run(QD_RUN_FAILED), QD_HEUR_SAME);
}

static void heuristic_success_between_failures_starts_the_count_anew(void **state)
{
	(void)state;
	(void)run(QD_RUN_FAILED);
	(void)run(QD_RUN_FAILED);
	(void)run(QD_RUN_OK);
	(void)run(QD_RUN_FAILED);
	(void)run(QD_RUN_FAILED);
	assert_true(score.heuristic[0].up);
}

static void heuristic_overdue_once_is_down(void **state)
{
	(void)state;
	assert_int_equal(run(QD_RUN_OVERDUE), QD_HEUR_DOWN);
}

static void heuristic_down_then_one_success_is_up(void **state)
{
	(void)state;
	(void)run(QD_RUN_OVERDUE);
	assert_int_equal(run(QD_RUN_OK), QD_HEUR_UP);
}

/* ---- When ---- */

static void heuristic_is_due_at_once(void **state)
{
	(void)state;
	assert_int_equal(qd_score_due(&score, NEXT), 0);
}

static void heuristic_running_is_not_started_twice(void **state)
{
	(void)state;
	assert_int_equal(qd_score_due(&score, NEXT), 0);
	assert_int_equal(qd_score_due(&score, NEXT + 100000), -1);
}

static void heuristic_is_due_one_interval_after_its_start(void **state)
{
	(void)state;
	assert_int_equal(qd_score_due(&score, NEXT), 0);
	(void)qd_score_ended(&score, 0, QD_RUN_OK, NEXT + 500);
	assert_int_equal(qd_score_due(&score, NEXT + 1999), -1);
	assert_int_equal(qd_score_due(&score, NEXT + 2000), 0);
}

static void heuristic_that_ran_longer_is_due_when_it_ends(void **state)
{
	(void)state;
	assert_int_equal(qd_score_due(&score, NEXT), 0);
	(void)qd_score_ended(&score, 0, QD_RUN_OK, NEXT + 8000);
	assert_int_equal(qd_score_due(&score, NEXT + 8000), 0);
}

/* Row 13: never later than its interval and one tick, for 10,000 hours; the runs
 * take from nothing to nearly their interval. */
static void legacy_13_in_10000_hours_never_later_than_interval_and_a_tick(void **state)
{
	const uint64_t tick = 1000, end = NEXT + UINT64_C(10000) * 3600 * 1000;
	uint64_t started[2] = { NEXT, NEXT }, ends[2] = { 0, 0 }, runs = 0, random = 1;

	(void)state;
	heuristic(1, 2500, 3);
	heuristic(1, 7000, 1);
	qd_score_init(&score, &config, &tko_10, NEXT);
	for (uint64_t now = NEXT; now < end; now += tick) {
		for (unsigned i = 0; i < 2; i++) {
			if (ends[i] && ends[i] <= now) {
				(void)qd_score_ended(&score, i, QD_RUN_FAILED, ends[i]);
				ends[i] = 0;
			}
		}
		for (int i; (i = qd_score_due(&score, now)) >= 0; runs++) {
			assert_true(now - started[i] <= config.heuristic[i].interval_ms + tick);
			started[i] = now;
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
			ends[i] = now + (random >> 33) % 1500;
		}
	}
	assert_true(runs > 2 * (end - NEXT) / 7000);
}

static void heuristic_timeout_ends_a_run_earlier_never_later(void **state)
{
	static const struct { uint32_t timeout_ms, want_ms; } rows[] = {
		{ 500, 500 }, { 9000, 9000 }, { 9001, 9000 }, { QD_UNSET, 9000 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		config.heuristic[0].timeout_ms = rows[i].timeout_ms;
		qd_score_init(&score, &config, &tko_10, NEXT);
		assert_int_equal(score.heuristic[0].timeout_ms, rows[i].want_ms);
	}
}

/* ---- Other heuristics, by a reload ---- */

static void program(struct qd_heuristic *h, const char *text)
{
	(void)snprintf(h->program, sizeof(h->program), "%s", text);
}

/* "a" up with a failure, "b" down after three, in a node that was fit or not; then "b",
 * "new" and "a" with other values, in this order. */
static void change(bool was_fit)
{
	struct qd_config next;

	heuristic(1, 2000, 3);
	heuristic(1, 2000, 3);
	program(&config.heuristic[0], "a");
	program(&config.heuristic[1], "b");
	qd_score_init(&score, &config, &tko_10, NEXT);
	score.heuristic[0].up = true;
	score.heuristic[0].misses = 1;
	score.heuristic[0].phase = QD_HEUR_RUNNING;
	score.heuristic[1].misses = 3;
	next = config;
	next.heuristic_count = 3;
	program(&next.heuristic[0], "b");
	program(&next.heuristic[1], "new");
	next.heuristic[1].score = 5;
	next.heuristic[1].interval_ms = 4000;
	program(&next.heuristic[2], "a");
	next.heuristic[2].score = 7;
	next.heuristic[2].interval_ms = 1000;
	qd_score_change(&score, &config, &next, &tko_10, was_fit, NEXT + 100);
}

static void reload_keeps_what_a_program_has_shown(void **state)
{
	(void)state;
	change(/* was_fit */ true);
	assert_int_equal(score.count, 3);
	assert_false(score.heuristic[0].up);
	assert_int_equal(score.heuristic[0].misses, 3);
	assert_true(score.heuristic[2].up);
	assert_int_equal(score.heuristic[2].misses, 1);
	assert_int_equal(score.heuristic[2].score, 7);
	assert_int_equal(score.heuristic[2].phase, QD_HEUR_IDLE);
}

static void reload_takes_a_new_heuristic_as_fit_as_the_node_was(void **state)
{
	(void)state;
	change(/* was_fit */ true);
	assert_true(score.heuristic[1].up);
	assert_int_equal(score.heuristic[1].misses, 0);
	(void)empty(NULL);
	change(/* was_fit */ false);
	assert_false(score.heuristic[1].up);
}

static void reload_runs_each_one_interval_later(void **state)
{
	(void)state;
	change(/* was_fit */ true);
	assert_int_equal(qd_score_due(&score, NEXT + 1099), -1);
	assert_int_equal(qd_score_due(&score, NEXT + 1100), 2);
	assert_int_equal(qd_score_due(&score, NEXT + 2100), 0);
	assert_int_equal(qd_score_due(&score, NEXT + 4100), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(empty, score_without_heuristics_is_1_of_1),
		test_with(empty, score_is_the_sum_of_those_up),
		test_with(one, score_before_the_first_run_is_0),
		cmocka_unit_test(score_required_rows),
		test_with(empty, heuristic_defaults_follow_the_law),
		test_with(one, heuristic_values_given_are_kept),
		test_with(one, heuristic_run_is_overdue_after_k_less_1_intervals),
		test_with(one, heuristic_timeout_ends_a_run_earlier_never_later),
		test_with(empty, reload_keeps_what_a_program_has_shown),
		test_with(empty, reload_takes_a_new_heuristic_as_fit_as_the_node_was),
		test_with(empty, reload_runs_each_one_interval_later),
		test_with(empty, legacy_29_thirty_two_heuristics_all_run),
		test_with(empty, legacy_29_limits_are_defined_for_every_timing),
		test_with(one, heuristic_one_success_is_up),
		test_with(one_up, heuristic_fewer_failures_than_tko_is_still_up),
		test_with(one_up, heuristic_tko_failures_in_a_row_is_down),
		test_with(one_up, heuristic_success_between_failures_starts_the_count_anew),
		test_with(one_up, heuristic_overdue_once_is_down),
		test_with(one_up, heuristic_down_then_one_success_is_up),
		test_with(one, heuristic_is_due_at_once),
		test_with(one, heuristic_running_is_not_started_twice),
		test_with(one, heuristic_is_due_one_interval_after_its_start),
		test_with(one, heuristic_that_ran_longer_is_due_when_it_ends),
		test_with(empty, legacy_13_in_10000_hours_never_later_than_interval_and_a_tick),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
