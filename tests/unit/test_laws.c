/* laws.c, laws_corosync.c: defaults, L1 to L6, and what is refused. qdisk(5), "Timings". */
#include <stdio.h>

#include "mind_fixture.h"
#include "../../qdiskd/laws.h"

static struct qd_config config;
static struct qd_facts facts;
static struct qd_params params;
static struct qd_findings findings;

#define FILE_NAME "/etc/cluster/cluster.conf"

static void add_node(uint32_t id, const char *name)
{
	struct qd_config_node *n = &config.node[config.node_count++];

	n->node_id = id;
	n->votes = 1;
	n->line = 10 + id;
	(void)snprintf(n->name, sizeof(n->name), "%s", name);
	facts.node[facts.node_count].node_id = id;
	facts.node[facts.node_count].votes = 1;
	(void)snprintf(facts.node[facts.node_count].name, QD_NODE_NAME_LEN, "%s", name);
	facts.node_count++;
}

/* Nodes 1..n, native defaults, everything in agreement; corosync runs. */
static void cluster(uint32_t nodes)
{
	char name[16];

	memset(&config, 0, sizeof(config));
	memset(&facts, 0, sizeof(facts));
	config.interval_ms = config.tko = config.tko_up = QD_UNSET;
	config.upgrade_wait = config.master_wait = config.votes = QD_UNSET;
	config.min_score = config.reboot = config.allow_kill = config.master_wins = QD_UNSET;
	config.paranoid = config.io_timeout = config.stop_cman = QD_UNSET;
	config.max_error_cycles = config.token_ms = config.expected_votes = QD_UNSET;
	config.two_node = config.quorum_dev_poll_ms = QD_UNSET;
	config.quorumd_line = 7;
	(void)snprintf(config.file, sizeof(config.file), "%s", FILE_NAME);
	(void)snprintf(config.label, sizeof(config.label), "lun");
	(void)snprintf(config.cluster, sizeof(config.cluster), "alpha");
	(void)snprintf(facts.cluster, sizeof(facts.cluster), "alpha");
	(void)snprintf(facts.provider, sizeof(facts.provider), "corosync_votequorum");
	(void)snprintf(facts.model, sizeof(facts.model), "qdisk");
	for (uint32_t id = 1; id <= nodes; id++) {
		(void)snprintf(name, sizeof(name), "n%u", id);
		add_node(id, name);
	}
	facts.known = true;
	facts.node_id = 2;
	facts.token_ms = 3000;
	facts.consensus_ms = 3600;
	facts.device_timeout_ms = 1400;
	facts.device_sync_timeout_ms = 3000;
	facts.device_votes = nodes - 1;
	facts.expected_votes = 2 * nodes - 1;
}

static int three(void **state)
{
	(void)state;
	cluster(3);
	return 0;
}

static int two(void **state)
{
	(void)state;
	cluster(2);
	return 0;
}

static unsigned check(void)
{
	return qd_config_check(&config, &facts, &params, &findings);
}

/* One finding of that severity has all of these texts. */
static bool found(enum qd_severity severity, const char *const *texts)
{
	for (uint32_t i = 0; i < findings.count; i++) {
		bool all = findings.finding[i].severity == severity;

		for (const char *const *t = texts; all && *t; t++)
			all = strstr(findings.finding[i].text, *t) != NULL;
		if (all)
			return true;
	}
	for (uint32_t i = 0; i < findings.count; i++)
		print_message("# said: %s\n", findings.finding[i].text);
	return false;
}

#define assert_said(severity, ...) \
	assert_true(found(severity, (const char *const[]){ __VA_ARGS__, NULL }))

/* Refused, by one line with all of these texts. */
#define assert_refused(...)                            \
	do {                                           \
		assert_int_not_equal(check(), 0);      \
		assert_said(QD_SEV_ERROR, __VA_ARGS__); \
	} while (0)

static void assert_accepted(void)
{
	unsigned errors = check();

	for (uint32_t i = 0; errors && i < findings.count; i++)
		print_message("# said: %s\n", findings.finding[i].text);
	assert_int_equal(errors, 0);
	assert_int_equal(findings.errors, 0);
}

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

/* ---- The laws, by the worked timeline of laws.c ---- */

static void law_times_of_the_native_defaults(void **state)
{
	(void)state;
	assert_accepted();
	assert_int_equal(qd_law_withdraw_ms(&params.t), 1400);
	assert_int_equal(qd_law_dead_ms(&params.t), 1600);
	assert_int_equal(qd_law_master_recovery_ms(&params.t), 2600);
	assert_int_equal(qd_law_sync_ms(&params.t), 3000);
	assert_int_equal(qd_law_forget_ms(&params), 1400 + 3000 + 3600 + 3000 + 400);
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

/* ---- Nodes ---- */

static void node_missing_in_the_file_is_refused(void **state)
{
	(void)state;
	config.node_count = 2;
	assert_refused(FILE_NAME, "node 3 (n3)", "clusternodes");
}

static void node_missing_in_corosync_is_refused(void **state)
{
	(void)state;
	facts.node_count = 2;
	facts.device_votes = 2;
	assert_refused(FILE_NAME ":13", "n3", "nodeid 3", "nodelist");
}

static void node_of_another_name_is_refused(void **state)
{
	(void)state;
	(void)snprintf(facts.node[0].name, QD_NODE_NAME_LEN, "other");
	assert_refused(FILE_NAME ":11", "node 1", "n1", "other");
}

static void node_of_other_votes_is_refused(void **state)
{
	(void)state;
	facts.node[0].votes = 3;
	assert_refused(FILE_NAME ":11", "n1", "votes 1", "3 in corosync.conf");
}

static void node_without_a_name_in_corosync_is_accepted(void **state)
{
	(void)state;
	facts.node[0].name[0] = '\0';
	assert_accepted();
}

static void file_without_nodes_takes_corosyncs(void **state)
{
	(void)state;
	config.node_count = 0;
	assert_accepted();
	assert_int_equal(params.nodes, 7);
}

static void own_id_outside_the_nodelist_is_refused(void **state)
{
	(void)state;
	facts.node_id = 9;
	assert_refused("corosync.conf", "nodelist", "9");
}

static void own_name_too_long_is_cut(void **state)
{
	(void)state;
	config.node_count = 0;
	memset(facts.node[1].name, 'n', QD_NODE_NAME_LEN - 1);
	assert_accepted();
	assert_int_equal(strlen(params.node_name), QD_NAME_LEN - 1);
}

static void stop_cman_is_known_and_said(void **state)
{
	(void)state;
	config.stop_cman = 1;
	assert_accepted();
	assert_true(params.stop_cman);
	assert_said(QD_SEV_WARNING, FILE_NAME ":7", "stop_cman");
}

/* Row 20: refused at start, before anything is written. */
static void legacy_20_node_id_above_64_is_refused(void **state)
{
	(void)state;
	config.node_count = 0;
	facts.node[2].node_id = 65;
	assert_refused("corosync.conf", "nodelist", "n3", "65", "1 to 64");
}

static void legacy_20_node_id_0_is_refused(void **state)
{
	(void)state;
	config.node_count = 0;
	facts.node[2].node_id = 0;
	assert_refused("corosync.conf", "nodelist", "n3", "nodeid 0 ", "1 to 64");
}

static void legacy_20_node_id_above_64_in_the_file_names_its_line(void **state)
{
	(void)state;
	facts.known = false;
	config.node[2].node_id = 65;
	assert_refused(FILE_NAME ":13", "n3", "65", "1 to 64");
}

static void cluster_of_another_name_is_refused(void **state)
{
	(void)state;
	(void)snprintf(facts.cluster, sizeof(facts.cluster), "beta");
	assert_refused(FILE_NAME, "<cluster>", "name", "alpha", "beta");
}

static void token_that_corosync_does_not_run_is_refused(void **state)
{
	(void)state;
	config.token_ms = 10000;
	assert_refused(FILE_NAME, "<totem>", "token", "10000", "3000");
}

static void token_of_corosync_is_the_truth(void **state)
{
	(void)state;
	facts.token_ms = 3650;
	facts.consensus_ms = 4380;
	facts.device_timeout_ms = 1680;
	facts.device_sync_timeout_ms = 3600;
	assert_accepted();
	assert_int_equal(params.token_ms, 3650);
	assert_int_equal(params.consensus_ms, 4380);
	assert_int_equal(params.t.interval_ms, 240);
}

/* ---- Votes ---- */

static void votes_absent_are_nodes_less_1(void **state)
{
	(void)state;
	facts.known = false;
	config.token_ms = 3000;
	assert_accepted();
	assert_int_equal(params.votes, 2);
}

static void votes_absent_with_uneven_nodes_are_refused(void **state)
{
	(void)state;
	facts.known = false;
	config.token_ms = 3000;
	config.node[1].votes = 3;
	assert_refused("vote count is 3");
	assert_said(QD_SEV_ERROR, "Set all node vote counts to 1 or specify qdiskd's votes");
	assert_said(QD_SEV_ERROR, "Unable to determine qdiskd votes automatically");
}

static void votes_absent_are_what_corosync_has(void **state)
{
	(void)state;
	facts.device_votes = 1;
	facts.expected_votes = 4;
	assert_accepted();
	assert_int_equal(params.votes, 1);
}

static void votes_0_are_refused(void **state)
{
	(void)state;
	config.votes = 0;
	assert_refused(FILE_NAME ":7", "votes", "value 0", "1 to 255");
}

static void votes_that_differ_from_corosyncs_are_refused(void **state)
{
	(void)state;
	config.votes = 1;
	assert_refused(FILE_NAME ":7", "votes", "1 here", "is 2 in corosync.conf");
}

static void votes_missing_in_corosync_are_refused(void **state)
{
	(void)state;
	facts.device_votes = QD_UNSET;
	assert_refused("corosync.conf", "quorum.device.votes", "votes: 2");
}

/* Without it {n1,n2} without device and {n3+device} were both quorate. */
static void expected_votes_missing_are_refused(void **state)
{
	(void)state;
	facts.expected_votes = QD_UNSET;
	assert_refused("corosync.conf", "quorum.expected_votes", "expected_votes: 5");
}

static void expected_votes_wrong_are_refused(void **state)
{
	(void)state;
	facts.expected_votes = 3;
	assert_refused("corosync.conf", "quorum.expected_votes", "3", "5");
}

static void expected_votes_wrong_in_the_file_are_refused(void **state)
{
	(void)state;
	config.expected_votes = 3;
	assert_refused(FILE_NAME, "<cman>", "expected_votes", "3", "5");
}

static void expected_votes_of_255_are_accepted(void **state)
{
	(void)state;
	config.votes = facts.device_votes = 252;
	facts.expected_votes = 255;
	assert_accepted();
}

static void expected_votes_above_255_are_refused(void **state)
{
	(void)state;
	config.votes = facts.device_votes = 253;
	facts.expected_votes = 256;
	assert_refused("expected votes", "256", "255");
}

/* ---- The device and what stands beside it ---- */

static void device_missing_is_refused(void **state)
{
	(void)state;
	facts.model[0] = '\0';
	assert_refused("corosync.conf", "quorum.device", "missing", "qdiskd -t");
}

static void device_of_another_model_is_refused(void **state)
{
	(void)state;
	(void)snprintf(facts.model, sizeof(facts.model), "net");
	assert_refused("corosync.conf", "quorum.device.model", "'net'", "qdisk");
}

static void provider_of_another_kind_is_refused(void **state)
{
	(void)state;
	facts.provider[0] = '\0';
	assert_refused("corosync.conf", "quorum.provider", "corosync_votequorum");
}

static void device_neighbours_are_refused(void **state)
{
	static const char *const names[] = { "two_node", "last_man_standing", "auto_tie_breaker",
					     "allow_downscale" };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		cluster(3);
		facts.two_node = i == 0;
		facts.last_man_standing = i == 1;
		facts.auto_tie_breaker = i == 2;
		facts.allow_downscale = i == 3;
		assert_refused("corosync.conf", names[i], "1", "remove it");
		assert_int_equal(findings.errors, 1);
	}
}

static void device_beside_wait_for_all_is_accepted_and_said(void **state)
{
	(void)state;
	facts.wait_for_all = true;
	assert_accepted();
	assert_said(QD_SEV_INFO, "wait_for_all");
}

static void two_node_in_the_file_is_dropped_with_a_message(void **state)
{
	(void)state;
	config.two_node = 1;
	assert_accepted();
	assert_said(QD_SEV_WARNING, FILE_NAME, "two_node", "dropped");
}

static void lun_not_named_is_refused(void **state)
{
	(void)state;
	config.label[0] = '\0';
	assert_refused(FILE_NAME ":7", "<quorumd>", "label", "device");
}

static void lun_named_twice_is_a_warning(void **state)
{
	(void)state;
	(void)snprintf(config.device, sizeof(config.device), "/dev/sdx");
	assert_accepted();
	assert_said(QD_SEV_WARNING, FILE_NAME ":7", "label is used");
}

/* ---- Score and master_wins ---- */

static void heuristic(uint32_t score, const char *program)
{
	struct qd_heuristic *h = &config.heuristic[config.heuristic_count++];

	h->score = score;
	h->line = 20 + config.heuristic_count;
	(void)snprintf(h->program, sizeof(h->program), "%s", program);
}

static void score_sum_of_65535_is_accepted(void **state)
{
	(void)state;
	heuristic(65534, "true");
	heuristic(1, "true");
	assert_accepted();
}

static void score_sum_above_65535_is_refused(void **state)
{
	(void)state;
	heuristic(65535, "true");
	heuristic(1, "true");
	assert_refused(FILE_NAME ":7", "65536", "65535");
}

static void heuristic_without_a_program_is_refused(void **state)
{
	(void)state;
	heuristic(1, "");
	assert_refused(FILE_NAME ":21", "<heuristic>", "program");
}

static void min_score_out_of_reach_is_a_warning(void **state)
{
	(void)state;
	heuristic(2, "true");
	config.min_score = 2;
	assert_accepted();
	assert_int_equal(findings.count, 0);
	assert_int_equal(params.heuristic_count, 1);
	config.min_score = 3;
	assert_accepted();
	assert_int_equal(params.min_score, 3);
	assert_said(QD_SEV_WARNING, "Minimum score (3) is impossible to achieve (heuristic total = 2)");
}

static void master_wins_for_two_nodes_by_itself(void **state)
{
	(void)state;
	assert_accepted();
	assert_true(params.master_wins);
	assert_said(QD_SEV_INFO, "Enabling master-wins mode for simple two-node cluster");
}

static void master_wins_not_by_itself_with_votes_given(void **state)
{
	(void)state;
	config.votes = 1;
	assert_accepted();
	assert_false(params.master_wins);
}

static void master_wins_not_by_itself_when_switched_off(void **state)
{
	(void)state;
	config.master_wins = 0;
	assert_accepted();
	assert_false(params.master_wins);
}

static void master_wins_not_by_itself_with_heuristics(void **state)
{
	(void)state;
	heuristic(1, "true");
	assert_accepted();
	assert_false(params.master_wins);
}

static void master_wins_asked_for_with_heuristics_is_off_with_a_warning(void **state)
{
	(void)state;
	config.master_wins = 1;
	heuristic(1, "true");
	assert_accepted();
	assert_false(params.master_wins);
	assert_said(QD_SEV_WARNING, "Master-wins mode disabled");
}

static void master_wins_asked_for_by_two_is_on(void **state)
{
	(void)state;
	config.master_wins = 1;
	config.votes = 1;
	assert_accepted();
	assert_true(params.master_wins);
}

/* R15: one partition with two opinions. */
static void master_wins_of_three_is_refused(void **state)
{
	(void)state;
	config.master_wins = 1;
	assert_refused(FILE_NAME ":7", "master_wins", "two nodes", "3", "remove it");
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

#define test_with(setup, name) cmocka_unit_test_setup(name, setup)

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
		test_with(three, law_times_of_the_native_defaults),
		test_with(three, native_defaults_break_no_law),
		test_with(three, law_3_timeout_above_l1_is_refused),
		test_with(three, law_3_corosyncs_default_is_refused),
		test_with(three, law_4_recovery_below_the_token_is_accepted),
		test_with(three, law_4_recovery_as_long_as_the_token_is_refused),
		test_with(three, law_5_sync_timeout_too_short_is_refused),
		test_with(three, law_5_sync_timeout_as_long_as_sbds_watchdog_is_accepted),
		test_with(three, law_5_sync_timeout_above_sbds_watchdog_is_refused),
		test_with(three, law_6_broken_is_a_warning),
		test_with(three, law_6_is_judged_without_corosync_too),
		test_with(three, without_corosync_the_lines_to_write_are_in_force),
		test_with(three, without_corosync_and_token_it_is_legacys_10_s),
		test_with(three, lines_of_corosync_conf_are_spelled_out),
		test_with(three, lines_of_corosync_conf_too_long_are_cut),
		test_with(three, range_rows_are_refused_by_name_value_and_limits),
		test_with(three, range_refusal_names_the_line),
		test_with(three, range_tko_below_4_is_a_warning),
		test_with(three, range_largest_values_do_not_overflow),
		test_with(three, node_missing_in_the_file_is_refused),
		test_with(three, node_missing_in_corosync_is_refused),
		test_with(three, node_of_another_name_is_refused),
		test_with(three, node_of_other_votes_is_refused),
		test_with(three, node_without_a_name_in_corosync_is_accepted),
		test_with(three, file_without_nodes_takes_corosyncs),
		test_with(three, own_id_outside_the_nodelist_is_refused),
		test_with(three, own_name_too_long_is_cut),
		test_with(three, stop_cman_is_known_and_said),
		test_with(three, legacy_20_node_id_above_64_is_refused),
		test_with(three, legacy_20_node_id_0_is_refused),
		test_with(three, legacy_20_node_id_above_64_in_the_file_names_its_line),
		test_with(three, cluster_of_another_name_is_refused),
		test_with(three, token_that_corosync_does_not_run_is_refused),
		test_with(three, token_of_corosync_is_the_truth),
		test_with(three, votes_absent_are_nodes_less_1),
		test_with(three, votes_absent_with_uneven_nodes_are_refused),
		test_with(three, votes_absent_are_what_corosync_has),
		test_with(three, votes_0_are_refused),
		test_with(three, votes_that_differ_from_corosyncs_are_refused),
		test_with(three, votes_missing_in_corosync_are_refused),
		test_with(three, expected_votes_missing_are_refused),
		test_with(three, expected_votes_wrong_are_refused),
		test_with(three, expected_votes_wrong_in_the_file_are_refused),
		test_with(three, expected_votes_of_255_are_accepted),
		test_with(three, expected_votes_above_255_are_refused),
		test_with(three, device_missing_is_refused),
		test_with(three, device_of_another_model_is_refused),
		test_with(three, provider_of_another_kind_is_refused),
		test_with(three, device_neighbours_are_refused),
		test_with(three, device_beside_wait_for_all_is_accepted_and_said),
		test_with(three, two_node_in_the_file_is_dropped_with_a_message),
		test_with(three, lun_not_named_is_refused),
		test_with(three, lun_named_twice_is_a_warning),
		test_with(three, score_sum_of_65535_is_accepted),
		test_with(three, score_sum_above_65535_is_refused),
		test_with(three, heuristic_without_a_program_is_refused),
		test_with(three, min_score_out_of_reach_is_a_warning),
		test_with(two, master_wins_for_two_nodes_by_itself),
		test_with(two, master_wins_not_by_itself_with_votes_given),
		test_with(two, master_wins_not_by_itself_when_switched_off),
		test_with(two, master_wins_not_by_itself_with_heuristics),
		test_with(two, master_wins_asked_for_with_heuristics_is_off_with_a_warning),
		test_with(two, master_wins_asked_for_by_two_is_on),
		test_with(three, master_wins_of_three_is_refused),
		test_with(three, findings_beyond_the_limit_are_counted_and_cut),
		test_with(three, findings_of_an_earlier_check_are_gone),
		test_with(three, sixty_four_nodes_are_accepted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
