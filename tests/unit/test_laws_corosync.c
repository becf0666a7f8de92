/* laws_corosync.c: nodes, votes and device, in the file and in corosync. */
#include "laws_fixture.h"

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

static void stop_cman_is_taken_over(void **state)
{
	(void)state;
	config.stop_cman = 1;
	assert_accepted();
	assert_true(params.stop_cman);
	assert_int_equal(findings.count, 0);
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

static void nodes_named_by_nobody_are_refused(void **state)
{
	(void)state;
	facts.known = false;
	config.token_ms = 3000;
	config.node_count = 0;
	assert_refused("no clusternodes, and corosync does not run");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(three, node_missing_in_the_file_is_refused),
		test_with(three, node_missing_in_corosync_is_refused),
		test_with(three, node_of_another_name_is_refused),
		test_with(three, node_of_other_votes_is_refused),
		test_with(three, node_without_a_name_in_corosync_is_accepted),
		test_with(three, file_without_nodes_takes_corosyncs),
		test_with(three, own_id_outside_the_nodelist_is_refused),
		test_with(three, own_name_too_long_is_cut),
		test_with(three, stop_cman_is_taken_over),
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
		test_with(three, nodes_named_by_nobody_are_refused),
		test_with(three, two_node_in_the_file_is_dropped_with_a_message),
		test_with(three, lun_not_named_is_refused),
		test_with(three, lun_named_twice_is_a_warning),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
