/* laws.c: the sum of the scores, min_score, master_wins. */
#include "laws_fixture.h"

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

static void master_wins_by_itself_without_cluster_conf(void **state)
{
	(void)state;
	config.native = true;
	config.votes = 1;	/* corosync.conf always has them */
	assert_accepted();
	assert_true(params.master_wins);
}

static void values_without_cluster_conf_are_refused_by_their_keys(void **state)
{
	(void)state;
	config.native = true;
	(void)snprintf(config.file, sizeof(config.file), "corosync.conf");
	config.tko = 2;
	assert_refused("corosync.conf: quorum.device.qdisk.tko: value 2 is not allowed");
	config.tko = QD_UNSET;
	config.votes = 3;
	assert_refused("corosync.conf: quorum.device.votes: 3 here");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(three, score_sum_of_65535_is_accepted),
		test_with(three, score_sum_above_65535_is_refused),
		test_with(three, heuristic_without_a_program_is_refused),
		test_with(three, min_score_out_of_reach_is_a_warning),
		test_with(two, master_wins_for_two_nodes_by_itself),
		test_with(two, master_wins_not_by_itself_with_votes_given),
		test_with(two, master_wins_by_itself_without_cluster_conf),
		test_with(two, values_without_cluster_conf_are_refused_by_their_keys),
		test_with(two, master_wins_not_by_itself_when_switched_off),
		test_with(two, master_wins_not_by_itself_with_heuristics),
		test_with(two, master_wins_asked_for_with_heuristics_is_off_with_a_warning),
		test_with(two, master_wins_asked_for_by_two_is_on),
		test_with(three, master_wins_of_three_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
