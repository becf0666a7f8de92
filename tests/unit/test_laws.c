/* laws.c: L1 to L6 and the ranges of each value. qdisk(5), "Timings". */
#include "laws_fixture.h"

/* ---- The laws, by the worked timeline of laws.c ---- */

static void law_times_of_the_native_defaults(void **state)
{
	(void)state;
	assert_accepted();
	assert_int_equal(qd_law_withdraw_ms(&params.t), 1400);
	assert_int_equal(qd_law_dead_ms(&params.t), 1600);
	assert_int_equal(qd_law_master_recovery_ms(&params.t), 2600);
	assert_int_equal(qd_law_sync_ms(&params.t), 3000);
	assert_int_equal(qd_law_forget_ms(&params), (1400 + 3000 + 3600 + 3000) + 688 + 400);	/* drift: 1 in 16 */
}

/* What a LUN says may be anything. */
static void law_watch_takes_two_intervals_within_reason(void **state)
{
	(void)state;
	assert_int_equal(qd_law_watch_ms(0), 3000);
	assert_int_equal(qd_law_watch_ms(1500), 3000);
	assert_int_equal(qd_law_watch_ms(1501), 3002);
	assert_int_equal(qd_law_watch_ms(QD_INTERVAL_MS_MAX), 120000);
	assert_int_equal(qd_law_watch_ms(0x80000000u), 120000);
}

static void native_defaults_break_no_law(void **state)
{
	(void)state;
	assert_accepted();
	assert_int_equal(findings.count, 0);
	assert_int_equal(params.v_ms, 1400);
	assert_int_equal(params.y_ms, 3000);
	assert_int_equal(params.node_id, 2);
	assert_int_equal(params.nodes, 7);
	assert_int_equal(params.votes, 2);
	assert_string_equal(params.node_name, "n2");
}

static void law_3_timeout_above_l1_is_refused(void **state)
{
	(void)state;
	facts.device_timeout_ms = 1401;
	assert_refused("corosync.conf", "quorum.device.timeout", "1401", "1400");
}

/* Corosync's own defaults do break L3. */
static void law_3_corosyncs_default_is_refused(void **state)
{
	(void)state;
	facts.device_timeout_ms = 10000;
	facts.device_sync_timeout_ms = 30000;
	assert_refused("quorum.device.timeout", "10000", "1400");
}

static void law_4_recovery_below_the_token_is_accepted(void **state)
{
	(void)state;
	facts.token_ms = 2601;
	config.interval_ms = 200;
	config.tko = 8;
	config.master_wait = 3;
	assert_accepted();
}

static void law_4_recovery_as_long_as_the_token_is_refused(void **state)
{
	(void)state;
	facts.token_ms = 2600;
	config.interval_ms = 200;
	config.tko = 8;
	config.master_wait = 3;
	assert_refused("Quorum disk timings are too slow for configured token timeout");
	assert_said(QD_SEV_ERROR, " * Totem Token timeout: 2600ms");
	assert_said(QD_SEV_ERROR, " * Min. Master recovery time: 2600ms");
	assert_said(QD_SEV_ERROR, "Please set token timeout to at least 2800ms");
}

static void law_5_sync_timeout_too_short_is_refused(void **state)
{
	(void)state;
	facts.device_sync_timeout_ms = 2999;
	assert_refused("corosync.conf", "quorum.device.sync_timeout", "2999", "3000");
}

static void law_5_sync_timeout_as_long_as_sbds_watchdog_is_accepted(void **state)
{
	(void)state;
	facts.sbd_watchdog_ms = 3000;
	assert_accepted();
}

static void law_5_sync_timeout_above_sbds_watchdog_is_refused(void **state)
{
	(void)state;
	facts.sbd_watchdog_ms = 2999;
	assert_refused("corosync.conf", "quorum.device.sync_timeout", "3000", "2999", "sbd");
}

static void watchdog_takes_whole_seconds_of_l2(void **state)
{
	(void)state;
	(void)strcpy(config.watchdog, "/dev/watchdog");
	assert_accepted();
	assert_true(params.watchdog);
	assert_int_equal(qd_law_watchdog_s(&params.t), 2);	/* K*I is 1.6 s */
	params.t.tko = 5;
	assert_int_equal(qd_law_watchdog_s(&params.t), 1);
}

/* (K-1)*I + 1 s and 1 part in 2K of it, against Z. */
static void watchdog_slower_than_a_mark_is_waited_for_is_refused(void **state)
{
	(void)state;
	(void)strcpy(config.watchdog, "/dev/watchdog");
	facts.token_ms = 160;
	facts.consensus_ms = 200;
	config.interval_ms = 20;
	config.tko = 4;
	config.upgrade_wait = 1;
	config.master_wait = 2;
	facts.device_timeout_ms = 60;
	facts.device_sync_timeout_ms = 500;
	assert_refused("attribute watchdog", "whole seconds", "1 s", "20 ms");
	facts.device_sync_timeout_ms = 610;
	assert_accepted();
}

static void law_6_broken_is_a_warning(void **state)
{
	(void)state;
	facts.device_timeout_ms = 1399;
	assert_accepted();
	assert_said(QD_SEV_WARNING, "master_wait", "1400", "1399");
}

static void law_6_is_judged_without_corosync_too(void **state)
{
	(void)state;
	facts.known = false;
	config.interval_ms = 200;
	config.tko = 7;		/* (M+4)*I 1400 > (K-1)*I 1200 */
	config.token_ms = 3000;
	assert_accepted();
	assert_said(QD_SEV_WARNING, "flap", "1400", "1200");
}

/* ---- Ranges ---- */

static void range_rows_are_refused_by_name_value_and_limits(void **state)
{
	static const struct { uint32_t i, k, u, w, mw; const char *name, *value, *limits; } rows[] = {
		{ 19, 8, 2, 2, 3, "interval", "19", "20 to 60000" },
		{ 60001, 8, 2, 2, 3, "interval", "60001", "20 to 60000" },
		{ 200, 2, 2, 2, 3, "tko", "value 2 ", "3 to 1000" },
		{ 200, 1001, 2, 2, 3, "tko", "1001", "3 to 1000" },
		{ 200, 8, 0, 2, 3, "tko_up", "value 0 ", "1 to 1000" },
		{ 200, 8, 1001, 2, 3, "tko_up", "1001", "1 to 1000" },
		{ 200, 8, 2, 0, 3, "upgrade_wait", "value 0 ", "1 to 1000" },
		{ 200, 8, 2, 2, 1, "master_wait", "value 1 ", "2 to 1000" },
		{ 200, 8, 2, 2, 1001, "master_wait", "1001", "2 to 1000" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		config.interval_ms = rows[i].i;
		config.tko = rows[i].k;
		config.tko_up = rows[i].u;
		config.upgrade_wait = rows[i].w;
		config.master_wait = rows[i].mw;
		assert_refused(FILE_NAME, "<quorumd>", rows[i].name, rows[i].value, rows[i].limits);
	}
}

static void range_refusal_names_the_line(void **state)
{
	(void)state;
	config.interval_ms = 19;
	config.tko = 8;
	assert_refused(FILE_NAME ":7:", "interval", "19");
}

static void range_tko_below_4_is_a_warning(void **state)
{
	(void)state;
	config.interval_ms = 200;
	config.tko = 3;
	config.master_wait = 2;
	facts.device_timeout_ms = 400;
	assert_accepted();
	assert_said(QD_SEV_WARNING, "Quorum disk TKO (3) is too low!");
	config.tko = 4;
	assert_accepted();
	for (uint32_t i = 0; i < findings.count; i++)
		assert_null(strstr(findings.finding[i].text, "too low"));
}

static void range_largest_values_do_not_overflow(void **state)
{
	(void)state;
	config.interval_ms = 60000;
	config.tko = config.tko_up = config.upgrade_wait = config.master_wait = 1000;
	facts.token_ms = 3600000;
	assert_refused("Quorum disk timings are too slow");
	assert_said(QD_SEV_ERROR, "180000000ms");
}

/* ---- Bounds ---- */

static void findings_beyond_the_limit_are_counted_and_cut(void **state)
{
	(void)state;
	cluster(64);
	for (uint32_t i = 0; i < 64; i++)
		(void)snprintf(facts.node[i].name, QD_NODE_NAME_LEN, "%0*u", QD_NODE_NAME_LEN - 1, i);
	assert_true(check() >= 64);
	assert_int_equal(findings.count, QD_FINDINGS_MAX);
	for (uint32_t i = 0; i < findings.count; i++)
		assert_in_range(strlen(findings.finding[i].text), 1, QD_FINDING_LEN - 1);
}

static void findings_of_an_earlier_check_are_gone(void **state)
{
	(void)state;
	facts.two_node = true;
	(void)check();
	facts.two_node = false;
	assert_accepted();
	assert_int_equal(findings.count, 0);
}

static void sixty_four_nodes_are_accepted(void **state)
{
	(void)state;
	cluster(64);
	assert_accepted();
	assert_true(params.nodes == ~(qd_mask)0);
	assert_int_equal(params.votes, 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(three, law_times_of_the_native_defaults),
		cmocka_unit_test(law_watch_takes_two_intervals_within_reason),
		test_with(three, native_defaults_break_no_law),
		test_with(three, law_3_timeout_above_l1_is_refused),
		test_with(three, law_3_corosyncs_default_is_refused),
		test_with(three, law_4_recovery_below_the_token_is_accepted),
		test_with(three, law_4_recovery_as_long_as_the_token_is_refused),
		test_with(three, law_5_sync_timeout_too_short_is_refused),
		test_with(three, law_5_sync_timeout_as_long_as_sbds_watchdog_is_accepted),
		test_with(three, law_5_sync_timeout_above_sbds_watchdog_is_refused),
		test_with(three, watchdog_takes_whole_seconds_of_l2),
		test_with(three, watchdog_slower_than_a_mark_is_waited_for_is_refused),
		test_with(three, law_6_broken_is_a_warning),
		test_with(three, law_6_is_judged_without_corosync_too),
		test_with(three, range_rows_are_refused_by_name_value_and_limits),
		test_with(three, range_refusal_names_the_line),
		test_with(three, range_tko_below_4_is_a_warning),
		test_with(three, range_largest_values_do_not_overflow),
		test_with(three, findings_beyond_the_limit_are_counted_and_cut),
		test_with(three, findings_of_an_earlier_check_are_gone),
		test_with(three, sixty_four_nodes_are_accepted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
