/* laws.c, laws_corosync.c: defaults, with corosync and without. qdisk(5), "Timings". */
#include "laws_fixture.h"

static void assert_timings(uint32_t i, uint32_t k, uint32_t u, uint32_t w, uint32_t mw)
{
	struct qd_timings t = laws_timings(&config, facts.token_ms);

	assert_int_equal(t.interval_ms, i);
	assert_int_equal(t.tko, k);
	assert_int_equal(t.tko_up, u);
	assert_int_equal(t.upgrade_wait, w);
	assert_int_equal(t.master_wait, mw);
}

/* ---- Defaults ---- */

static void defaults_native_at_token_3000(void **state)
{
	(void)state;
	assert_timings(200, 8, 2, 2, 3);
}

static void defaults_native_interval_is_a_fifteenth_in_steps_of_10(void **state)
{
	static const struct { uint32_t token_ms, interval_ms; } rows[] = {
		{ 10000, 660 }, { 3650, 240 }, { 3000, 200 }, { 1650, 110 }, { 1500, 100 },
		{ 1499, 100 }, { 1000, 100 }, { 30000, 2000 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		facts.token_ms = rows[i].token_ms;
		assert_timings(rows[i].interval_ms, 8, 2, 2, 3);
	}
}

/* K = (T - I) / 2I, at least 4. */
static void defaults_with_interval_only(void **state)
{
	static const struct { uint32_t token_ms, interval_ms, tko, tko_up, master_wait; } rows[] = {
		{ 10000, 1000, 4, 2, 3 }, { 21000, 1000, 10, 3, 5 }, { 54000, 2000, 13, 4, 6 },
		{ 3000, 200, 7, 2, 3 }, { 3000, 1000, 4, 2, 3 }, { 1000, 1000, 4, 2, 3 },
		{ 500, 1000, 4, 2, 3 }, { 41000, 1000, 20, 6, 10 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		facts.token_ms = rows[i].token_ms;
		config.interval_ms = rows[i].interval_ms;
		assert_timings(rows[i].interval_ms, rows[i].tko, rows[i].tko_up, 2, rows[i].master_wait);
	}
}

static void defaults_with_tko_only_have_interval_1_s(void **state)
{
	(void)state;
	config.tko = 10;
	assert_timings(1000, 10, 3, 2, 5);
	config.tko = 3;		/* a tko that was asked for is not raised to 4 */
	assert_timings(1000, 3, 2, 2, 3);
}

static void defaults_with_both_keep_both(void **state)
{
	(void)state;
	config.interval_ms = 500;
	config.tko = 12;
	assert_timings(500, 12, 4, 2, 6);
}

static void defaults_mixed_keep_what_was_given(void **state)
{
	(void)state;
	config.interval_ms = 500;
	config.tko = 12;
	config.upgrade_wait = 5;
	config.tko_up = 7;
	assert_timings(500, 12, 7, 5, 8);	/* M at least U + 1 */
	config.master_wait = 2;
	assert_timings(500, 12, 7, 5, 2);
}

static void defaults_native_with_tko_up_given_wait_longer_for_mastership(void **state)
{
	(void)state;
	config.tko_up = 5;
	assert_timings(200, 8, 5, 2, 6);
}

static void defaults_interval_below_100_when_asked_for(void **state)
{
	(void)state;
	config.interval_ms = 50;
	config.tko = 8;
	assert_timings(50, 8, 2, 2, 4);
}

static void defaults_of_policy(void **state)
{
	(void)state;
	assert_accepted();
	assert_true(params.reboot);
	assert_true(params.allow_kill);
	assert_true(params.fencing);
	assert_false(params.io_timeout);
	assert_false(params.paranoid);
	assert_false(params.master_wins);
	assert_int_equal(params.max_error_cycles, 0);
	assert_int_equal(params.min_score, 0);
}

static void defaults_of_policy_can_be_switched(void **state)
{
	(void)state;
	config.reboot = config.allow_kill = 0;
	config.io_timeout = config.paranoid = 1;
	config.max_error_cycles = 9;
	config.fence = QD_FENCE_OFF;
	assert_accepted();
	assert_false(params.reboot);
	assert_false(params.allow_kill);
	assert_false(params.fencing);
	assert_true(params.io_timeout);
	assert_true(params.paranoid);
	assert_int_equal(params.max_error_cycles, 9);
}

static void fence_lun_without_a_watchdog_is_refused(void **state)
{
	(void)state;
	config.fence = QD_FENCE_LUN;
	assert_refused("<quorumd>: attribute fence: lun needs a watchdog", "/dev/watchdog");
	memcpy(config.watchdog, "/dev/watchdog", sizeof("/dev/watchdog"));
	assert_accepted();
	assert_true(params.fencing);
	assert_true(params.fence_lun);
}

static void fence_delays_are_seconds(void **state)
{
	(void)state;
	config.post_fail_delay_s = 3;
	config.post_join_delay_s = 20;
	assert_accepted();
	assert_int_equal(params.post_fail_ms, 3000);
	assert_int_equal(params.post_join_ms, 20000);
}

/* ---- Without corosync ---- */

static void without_corosync_the_lines_to_write_are_in_force(void **state)
{
	(void)state;
	facts.known = false;
	facts.device_timeout_ms = facts.device_sync_timeout_ms = 0;
	facts.node_id = 0;
	config.token_ms = 3000;
	assert_accepted();
	assert_int_equal(params.node_id, 1);	/* somebody's, to show the lines */
	assert_int_equal(params.v_ms, 1400);
	assert_int_equal(params.y_ms, 3000);
	assert_int_equal(params.consensus_ms, 3600);
	assert_int_equal(params.nodes, 7);
}

static void without_corosync_and_token_it_is_legacys_10_s(void **state)
{
	(void)state;
	facts.known = false;
	assert_accepted();
	assert_int_equal(params.token_ms, 10000);
	assert_int_equal(params.t.interval_ms, 660);
}

static void lines_of_corosync_conf_are_spelled_out(void **state)
{
	char text[400];
	size_t size;

	(void)state;
	assert_accepted();
	size = qd_corosync_lines(&params, text, sizeof(text));
	assert_int_equal(size, strlen(text));
	assert_string_equal(text,
			    "quorum {\n"
			    "\tprovider: corosync_votequorum\n"
			    "\texpected_votes: 5\n"
			    "\tdevice {\n"
			    "\t\tmodel: qdisk\n"
			    "\t\tvotes: 2\n"
			    "\t\ttimeout: 1400\n"
			    "\t\tsync_timeout: 3000\n"
			    "\t}\n"
			    "}\n");
}

static void lines_of_corosync_conf_too_long_are_cut(void **state)
{
	char text[64];

	(void)state;
	assert_accepted();
	memset(text, 'x', sizeof(text));
	assert_true(qd_corosync_lines(&params, text, 20) > 20);
	assert_int_equal(strlen(text), 19);
	assert_int_equal(text[20], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(two, defaults_native_at_token_3000),
		test_with(two, defaults_native_interval_is_a_fifteenth_in_steps_of_10),
		test_with(two, defaults_with_interval_only),
		test_with(two, defaults_with_tko_only_have_interval_1_s),
		test_with(two, defaults_with_both_keep_both),
		test_with(two, defaults_mixed_keep_what_was_given),
		test_with(two, defaults_native_with_tko_up_given_wait_longer_for_mastership),
		test_with(two, defaults_interval_below_100_when_asked_for),
		test_with(three, defaults_of_policy),
		test_with(three, defaults_of_policy_can_be_switched),
		test_with(three, fence_lun_without_a_watchdog_is_refused),
		test_with(three, fence_delays_are_seconds),
		test_with(three, without_corosync_the_lines_to_write_are_in_force),
		test_with(three, without_corosync_and_token_it_is_legacys_10_s),
		test_with(three, lines_of_corosync_conf_are_spelled_out),
		test_with(three, lines_of_corosync_conf_too_long_are_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
