/* fence.c with real agents: shell scripts that speak the agents' protocol. */
#include "fence_fixture.h"

#include <errno.h>
#include <signal.h>

/* Appends its arguments, one line per call, to ./calls; behaves as they say. */
static const char agent_script[] =
	"#!/bin/sh\n"
	"args=$(cat | tr '\\n' ' ')\n"
	"echo \"$args$QDISK_VICTIM/$QDISK_VICTIM_ID\" >>\"${0%/*}/calls\"\n"
	"case $args in\n"
	"*do=fail*) echo talk; echo 'no route to bmc'; exit 1;;\n"
	"*do=tab*) printf 'no\\troute to bmc\\n'; exit 1;;\n"
	"*do=long*) printf 's3cret%0509d\\n' 0; exit 1;;\n"
	"*do=blank*) echo 'no route '; echo; exit 1;;\n"
	"*do=hang*) echo $$ >\"${0%/*}/hanging\"; sleep 60;;\n"
	"*do=die*) kill -9 $$;;\n"
	"*do=flood*) yes | head -c 1000000; exit 0;;\n"
	"esac\n"
	"exit 0\n";

static struct qd_config config2;
static unsigned retries;

static void try_again(uint32_t node_id)
{
	if (retries) {
		retries--;
		assert_int_equal(fence_start(&fence, node_id, FENCE_AS_CONFIGURED, 0), 0);
	}
}

static qd_text text(struct qd_config *c, const char *s)
{
	qd_text at = c->pool_used;

	(void)snprintf(c->pool + at, sizeof(c->pool) - at, "%s", s);
	c->pool_used += (uint32_t)strlen(s) + 1;
	return at;
}

/* Node `id` named n<id>; `plan` is methods separated by '|' of devices separated
 * by ',': each device's args. "-" a method without devices, "!" no such agent. */
static void plan(struct qd_config *c, uint32_t id, const char *methods)
{
	struct qd_config_node *n = &c->node[c->node_count++];
	char copy[256], *m_save = NULL, *d_save = NULL;

	if (!c->pool_used)
		c->pool_used = 1;
	n->node_id = id;
	(void)snprintf(n->name, sizeof(n->name), "n%u", id);
	(void)snprintf(copy, sizeof(copy), "%s", methods);
	for (char *m = strtok_r(copy, "|", &m_save); m; m = strtok_r(NULL, "|", &m_save)) {
		struct qd_fence_method *method = &n->method[n->method_count++];

		for (char *d = strtok_r(m, ",", &d_save); d; d = strtok_r(NULL, ",", &d_save)) {
			struct qd_fence_device *device = &method->device[method->device_count];
			char args[300];

			if (*d == '-')
				break;
			method->device_count++;
			(void)snprintf(args, sizeof(args), "%s\nnodename=%s\n", d, n->name);
			device->args = text(c, args);
			device->agent = *d == '?' ? 0 : text(c, *d == '!' ? "fence_nobody"
									  : "fence_test");
		}
	}
}

static int setup(void **state)
{
	(void)state;
	file("fence_test", 0755, agent_script);
	memset(&config2, 0, sizeof(config2));
	retries = 0;
	if (fence_setup(NULL) < 0)
		return -1;
	config.fence = config2.fence = QD_FENCE_AGENTS;
	on_end = try_again;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return fence_teardown();
}

/* Fence node 2 and wait; its result. */
static enum qd_fence_result fence_2(const char *methods)
{
	plan(&config, 2, methods);
	assert_int_equal(fence_start(&fence, 2, FENCE_AS_CONFIGURED, 0), 0);
	assert_true(fence_busy(&fence, 2));
	assert_int_equal(done_count, 0);
	turn(1, 10000);
	assert_int_equal(done_count, 1);
	assert_int_equal(done_node, 2);
	assert_false(fence_busy(&fence, 2));
	return done_result;
}

static void fence_first_method_works_second_is_not_tried(void **state)
{
	(void)state;
	assert_int_equal(fence_2("a=1|b=1"), QD_FENCE_SUCCESS);
	assert_string_equal(calls(), "a=1 nodename=n2 n2/2\n");
	assert_string_equal(notes, "fencing node n2\n"
				   "fence n2 dev 0.0 agent fence_test result: success\n"
				   "fence n2 success\n");
}

static void fence_first_method_fails_second_is_tried(void **state)
{
	(void)state;
	assert_int_equal(fence_2("do=fail|b=1"), QD_FENCE_SUCCESS);
	assert_string_equal(calls(), "do=fail nodename=n2 n2/2\nb=1 nodename=n2 n2/2\n");
	assert_non_null(strstr(notes, "fence n2 dev 0.0 agent fence_test result: error from agent\n"));
	assert_non_null(strstr(notes, ", said: no route to bmc\n"));
	assert_non_null(strstr(notes, "fence n2 dev 1.0 agent fence_test result: success\n"));
}

static void fence_all_methods_fail_is_failed(void **state)
{
	(void)state;
	assert_int_equal(fence_2("do=fail|do=die"), QD_FENCE_FAILED);
	assert_non_null(strstr(notes, "killed by signal 9"));
	assert_non_null(strstr(notes, "\nfence n2 failed\n"));
}

static void fence_two_devices_both_are_run_in_order(void **state)
{
	(void)state;
	assert_int_equal(fence_2("psu=1,psu=2"), QD_FENCE_SUCCESS);
	assert_string_equal(calls(), "psu=1 nodename=n2 n2/2\npsu=2 nodename=n2 n2/2\n");
	assert_non_null(strstr(notes, "fence n2 dev 0.1 agent fence_test result: success\n"));
}

static void fence_second_device_fails_method_fails(void **state)
{
	(void)state;
	assert_int_equal(fence_2("psu=1,do=fail,psu=3"), QD_FENCE_FAILED);
	assert_string_equal(calls(), "psu=1 nodename=n2 n2/2\ndo=fail nodename=n2 n2/2\n");
}

static void fence_no_methods_is_undefined(void **state)
{
	(void)state;
	assert_int_equal(fence_2(""), QD_FENCE_UNDEFINED);
	assert_string_equal(notes, "fencing node n2\n"
				   "fence n2 dev 0.0 agent none result: error no method\n"
				   "fence n2 undefined\n");
}

static void fence_node_not_in_configuration_is_undefined(void **state)
{
	(void)state;
	assert_int_equal(fence_start(&fence, 9, FENCE_AS_CONFIGURED, 0), 0);
	turn(1, 5000);
	assert_int_equal(done_result, QD_FENCE_UNDEFINED);
	assert_non_null(strstr(notes, "fence 9 undefined\n"));
}

static void fence_method_without_devices_fails(void **state)
{
	(void)state;
	assert_int_equal(fence_2("-|b=1"), QD_FENCE_SUCCESS);
	assert_non_null(strstr(notes, "fence n2 dev 0.0 agent none result: error no device\n"));
	assert_non_null(strstr(notes, "fence n2 dev 1.0 agent fence_test result: success\n"));
}

static void fence_agent_missing_fails(void **state)
{
	(void)state;
	assert_int_equal(fence_2("!|?"), QD_FENCE_FAILED);
	assert_non_null(strstr(notes, "fence n2 dev 0.0 agent fence_nobody result: error from agent\n"));
	assert_non_null(strstr(notes, "exit status 127"));
	assert_non_null(strstr(notes, "fence n2 dev 1.0 agent none result: error config agent\n"));
}

static void fence_agent_hangs_is_killed_at_deadline(void **state)
{
	uint64_t start_ms = now_ms();

	(void)state;
	fence_deadline(&fence, 300);
	assert_int_equal(fence_2("do=hang|b=1"), QD_FENCE_SUCCESS);
	assert_true(now_ms() - start_ms < 3000);
	assert_non_null(strstr(notes, "no end within its deadline, killed"));
}

static void fence_agent_floods_its_output_does_not_hang(void **state)
{
	(void)state;
	assert_int_equal(fence_2("do=flood"), QD_FENCE_SUCCESS);
}

static void fence_victim_twice_is_refused(void **state)
{
	(void)state;
	plan(&config, 2, "do=hang");
	assert_int_equal(fence_start(&fence, 2, FENCE_AS_CONFIGURED, 0), 0);
	assert_int_equal(fence_start(&fence, 2, FENCE_AS_CONFIGURED, 0), -EBUSY);
	turn(1, 50);
	assert_int_equal(fence_start(&fence, 2, FENCE_AS_CONFIGURED, 0), -EBUSY);
	assert_int_equal(fence_start(&fence, 0, FENCE_AS_CONFIGURED, 0), -EINVAL);
	assert_int_equal(fence_start(&fence, 65, FENCE_AS_CONFIGURED, 0), -EINVAL);
}

static void fence_cancelled_agent_dies_unreported(void **state)
{
	FILE *f;
	int pid = 0;

	(void)state;
	plan(&config, 2, "do=hang");
	assert_int_equal(fence_start(&fence, 2, FENCE_AS_CONFIGURED, 0), 0);
	for (int i = 0; i < 500 && !pid; i++) {
		turn(1, 10);
		f = fopen(in_dir("hanging"), "re");
		if (f && fscanf(f, "%d", &pid) != 1)
			pid = 0;
		if (f)
			(void)fclose(f);
	}
	assert_true(pid > 0);
	fence_cancel(&fence, 2);
	assert_false(fence_busy(&fence, 2));
	for (int i = 0; i < 500 && kill(pid, 0) == 0; i++)
		turn(1, 10);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(done_count, 0);
}

static void fence_all_64_at_once_all_end(void **state)
{
	(void)state;
	for (uint32_t id = 1; id <= QD_NODE_MAX; id++)
		plan(&config, id, "a=1");
	for (uint32_t id = 1; id <= QD_NODE_MAX; id++)
		assert_int_equal(fence_start(&fence, id, FENCE_AS_CONFIGURED, 0), 0);
	turn(QD_NODE_MAX, 20000);
	assert_int_equal(done_count, QD_NODE_MAX);
	assert_int_equal(done_result, QD_FENCE_SUCCESS);
}

static void fence_callback_may_try_again(void **state)
{
	(void)state;
	plan(&config, 2, "do=fail");
	retries = 2;
	assert_int_equal(fence_start(&fence, 2, FENCE_AS_CONFIGURED, 0), 0);
	turn(3, 10000);
	assert_int_equal(done_count, 3);
	assert_false(fence_busy(&fence, 2));
}

/* Reloaded while the first of two agents runs: begun anew, nothing mixed. */
static void fence_reload_meanwhile_new_configuration_is_begun_anew(void **state)
{
	(void)state;
	plan(&config, 2, "old=1,old=2");
	plan(&config2, 2, "new=1,new=2");
	assert_int_equal(fence_start(&fence, 2, FENCE_AS_CONFIGURED, 0), 0);
	fence_dispatch(&fence, now_ms());
	fence_configure(&fence, &config2);
	turn(1, 10000);
	assert_int_equal(done_result, QD_FENCE_SUCCESS);
	assert_string_equal(calls(), "old=1 nodename=n2 n2/2\nnew=1 nodename=n2 n2/2\n"
				     "new=2 nodename=n2 n2/2\n");
}

static void fence_reload_meanwhile_finished_method_counts(void **state)
{
	(void)state;
	plan(&config, 2, "old=1");
	plan(&config2, 3, "new=1");
	assert_int_equal(fence_start(&fence, 2, FENCE_AS_CONFIGURED, 0), 0);
	fence_dispatch(&fence, now_ms());
	fence_configure(&fence, &config2);
	turn(1, 10000);
	assert_int_equal(done_result, QD_FENCE_SUCCESS);
	assert_string_equal(calls(), "old=1 nodename=n2 n2/2\n");
}

/* Unfencing node 2; `devices` as of one method of plan(). */
static enum qd_fence_result unfence_2(const char *devices)
{
	struct qd_config_node *n = &config.node[0];

	plan(&config, 2, devices);
	n->unfence_count = n->method[0].device_count;
	memcpy(n->unfence, n->method[0].device, sizeof(n->unfence));
	n->method_count = 0;
	assert_int_equal(fence_start(&fence, 2, FENCE_UNFENCE, 0), 0);
	turn(1, 10000);
	assert_int_equal(done_count, 1);
	return done_result;
}

static void unfence_tries_all_devices_and_fails_if_one_does(void **state)
{
	(void)state;
	assert_int_equal(unfence_2("do=fail,b=1"), QD_FENCE_FAILED);
	assert_string_equal(calls(), "do=fail nodename=n2 n2/2\nb=1 nodename=n2 n2/2\n");
	assert_non_null(strstr(notes, "unfence n2 dev 0.0 agent fence_test result: error from agent\n"));
	assert_non_null(strstr(notes, "unfence n2 failed\n"));
}

static void unfence_all_succeed_is_success(void **state)
{
	(void)state;
	assert_int_equal(unfence_2("a=1,b=1"), QD_FENCE_SUCCESS);
	assert_non_null(strstr(notes, "unfence n2 success\n"));
}

static void unfence_without_devices_is_undefined(void **state)
{
	(void)state;
	assert_int_equal(unfence_2("-"), QD_FENCE_UNDEFINED);
}

/* What runs completes its method; the next one is not begun. */
static void fence_of_a_victim_that_came_back_goes_no_further(void **state)
{
	(void)state;
	plan(&config, 2, "do=fail|b=1");
	assert_int_equal(fence_start(&fence, 2, FENCE_AS_CONFIGURED, 0), 0);
	fence_dispatch(&fence, now_ms());
	fence_drop(&fence, 2);
	turn(1, 10000);
	assert_int_equal(done_result, QD_FENCE_FAILED);
	assert_string_equal(calls(), "do=fail nodename=n2 n2/2\n");
}

static void fence_mode_lun_does_not_keep_fence_node_from_the_methods(void **state)
{
	(void)state;
	config.fence = QD_FENCE_LUN;
	plan(&config, 2, "a=1");
	assert_int_equal(fence_start(&fence, 2, FENCE_METHODS, 0), 0);
	turn(1, 10000);
	assert_int_equal(done_result, QD_FENCE_SUCCESS);
}

static void password_that_the_agent_says_is_masked(void **state)
{
	(void)state;
	assert_int_equal(fence_2("do=fail passwd=x\npasswd=no route"), QD_FENCE_FAILED);
	assert_non_null(strstr(notes, ", said: *** to bmc\n"));
}

static void password_with_a_tab_in_it_is_masked(void **state)
{
	(void)state;
	assert_int_equal(fence_2("do=tab passwd=x\npasswd=no\troute"), QD_FENCE_FAILED);
	assert_non_null(strstr(notes, ", said: *** to bmc\n"));
}

static void password_with_a_blank_at_its_end_is_masked(void **state)
{
	(void)state;
	assert_int_equal(fence_2("do=blank\npasswd=route "), QD_FENCE_FAILED);
	assert_non_null(strstr(notes, ", said: no ***\n"));
}

/* Of a long line its end is kept, which begins in the middle of the password. */
static void password_that_was_cut_with_the_line_is_not_told(void **state)
{
	(void)state;
	assert_int_equal(fence_2("do=long\npasswd=s3cret"), QD_FENCE_FAILED);
	assert_non_null(strstr(notes, ", said: 0"));
}

static void password_among_shown_arguments_is_masked(void **state)
{
	(void)state;
	fence.want_args = true;
	assert_int_equal(fence_2("login=root\npasswd=s3cret\nsnmp_priv_passwd=other"), QD_FENCE_SUCCESS);
	assert_non_null(strstr(notes, "agent args: login=root passwd=*** snmp_priv_passwd=*** nodename=n2 \n"));
	assert_null(strstr(notes, "s3cret"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fence_first_method_works_second_is_not_tried),
		TEST(fence_first_method_fails_second_is_tried),
		TEST(fence_all_methods_fail_is_failed),
		TEST(fence_two_devices_both_are_run_in_order),
		TEST(fence_second_device_fails_method_fails),
		TEST(fence_no_methods_is_undefined),
		TEST(fence_node_not_in_configuration_is_undefined),
		TEST(fence_method_without_devices_fails),
		TEST(fence_agent_missing_fails),
		TEST(fence_agent_hangs_is_killed_at_deadline),
		TEST(fence_agent_floods_its_output_does_not_hang),
		TEST(fence_victim_twice_is_refused),
		TEST(fence_cancelled_agent_dies_unreported),
		TEST(fence_all_64_at_once_all_end),
		TEST(fence_callback_may_try_again),
		TEST(fence_reload_meanwhile_new_configuration_is_begun_anew),
		TEST(fence_reload_meanwhile_finished_method_counts),
		TEST(unfence_tries_all_devices_and_fails_if_one_does),
		TEST(unfence_all_succeed_is_success),
		TEST(unfence_without_devices_is_undefined),
		TEST(fence_of_a_victim_that_came_back_goes_no_further),
		TEST(fence_mode_lun_does_not_keep_fence_node_from_the_methods),
		TEST(password_that_the_agent_says_is_masked),
		TEST(password_with_a_tab_in_it_is_masked),
		TEST(password_with_a_blank_at_its_end_is_masked),
		TEST(password_that_was_cut_with_the_line_is_not_told),
		TEST(password_among_shown_arguments_is_masked),
	};

	return fence_tests_run("fence", tests, sizeof(tests) / sizeof(tests[0]));
}
