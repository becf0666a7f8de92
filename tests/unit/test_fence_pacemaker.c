/* fence_pacemaker.c with a stonith_admin that answers as it is told to. Its words are
 * those of Pacemaker 2.1.5. */
#include "fence_fixture.h"

#include <time.h>

/* Appends its arguments to ./calls; the history is in the files ./xml and ./time. A
 * reboot lasts as long as the file ./slow is there. */
static const char stonith_script[] =
	"#!/bin/sh\n"
	"cd \"${0%/*}\" || exit 9\n"
	"echo \"$*\" >>calls\n"
	"case $* in\n"
	"*--output-as=xml*) cat xml;;\n"
	"*--quiet*) cat time;;\n"
	"*--reboot*) while [ -e slow ]; do sleep 0.05; done;;\n"
	"esac\n";

static const char agent_script[] = "#!/bin/sh\n"
				   "echo fence_test >>\"${0%/*}/calls\"\n";

#define EVENT "<fence_event action=\"reboot\" target=\"n2\" client=\"pacemaker-controld.91\" origin=\"n1\" "
#define PENDING EVENT "status=\"pending\" extended-status=\"1\"/>\n"

static int setup(void **state)
{
	char path[256];

	(void)state;
	file("stonith_admin", 0755, stonith_script);
	file("fence_test", 0755, agent_script);
	file("xml", 0644, "<pacemaker-result/>\n");
	file("time", 0644, "0\n");
	/* before the one that this machine may have */
	(void)snprintf(path, sizeof(path), "%s:/usr/bin:/bin", in_dir(""));
	if (fence_setup(path) < 0)
		return -1;
	config.fence = QD_FENCE_AUTO;
	config.node_count = 1;
	config.node[0].node_id = 2;
	(void)snprintf(config.node[0].name, sizeof(config.node[0].name), "n2");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return fence_teardown();
}

/* One fence method, fence_test. */
static void with_a_method(void)
{
	struct qd_fence_method *m = &config.node[0].method[0];

	config.node[0].method_count = 1;
	m->device_count = 1;
	(void)snprintf(config.pool + 1, sizeof(config.pool) - 1, "fence_test");
	m->device[0].agent = 1;
	m->device[0].args = 1 + sizeof("fence_test");
	config.pool_used = 2 + sizeof("fence_test");
}

static void begin(uint32_t silent_s)
{
	assert_int_equal(fence_start(&fence, 2, FENCE_AS_CONFIGURED, silent_s), 0);
}

static void end(enum qd_fence_result result)
{
	turn(1, 10000);
	assert_int_equal(done_count, 1);
	assert_int_equal(done_result, result);
}

/* How many seconds old a fencing may be that the ask takes for its own. */
static unsigned tolerance(void)
{
	const char *at = strstr(calls(), "--reboot n2 --timeout 60 --tolerance ");
	unsigned s = 0;

	assert_non_null(at);
	assert_int_equal(sscanf(at, "--reboot n2 --timeout 60 --tolerance %us\n", &s), 1);
	return s;
}

static void done_ago(unsigned s)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lld\n", (long long)time(NULL) - s);
	file("time", 0644, text);
}

static void fencing_that_runs_is_joined(void **state)
{
	(void)state;
	with_a_method();
	file("xml", 0644, PENDING);
	begin(3);
	end(QD_FENCE_SUCCESS);
	assert_non_null(strstr(notes, "Pacemaker fences this node already, waiting for it\n"));
	assert_true(tolerance() >= 4);
	assert_null(strstr(calls(), "fence_test"));
}

static void fencing_since_the_last_beat_counts(void **state)
{
	(void)state;
	with_a_method();
	done_ago(3);
	begin(3);
	end(QD_FENCE_SUCCESS);
	assert_null(strstr(calls(), "--reboot"));
	assert_null(strstr(calls(), "fence_test"));
}

static void fencing_before_the_last_beat_does_not_count(void **state)
{
	(void)state;
	with_a_method();
	done_ago(20);
	begin(3);
	end(QD_FENCE_SUCCESS);
	assert_non_null(strstr(calls(), "fence_test"));
	assert_null(strstr(calls(), "--reboot"));
}

/* It may be done between the look and the ask: Pacemaker is told how old it may be. */
static void ask_tolerates_what_was_done_since_the_last_beat(void **state)
{
	(void)state;
	begin(7);
	end(QD_FENCE_SUCCESS);
	assert_in_range(tolerance(), 8, 12);
}

static void ask_alone_tolerates_it_too(void **state)
{
	(void)state;
	config.fence = QD_FENCE_PACEMAKER;
	begin(7);
	end(QD_FENCE_SUCCESS);
	assert_in_range(tolerance(), 8, 12);
}

/* Pacemaker's device is fence_qdisk: it waits for this fencing, which must not wait for it. */
static void join_of_itself_is_left(void **state)
{
	(void)state;
	with_a_method();
	file("xml", 0644, PENDING);
	file("slow", 0644, "");
	begin(3);
	noted("waiting for it\n");
	assert_true(fence_awaited(&fence, 2, now_ms()));
	end(QD_FENCE_SUCCESS);
	assert_non_null(strstr(notes, "Pacemaker itself waits for this fencing, going on without it\n"));
	assert_non_null(strstr(calls(), "fence_test"));
}

static void join_of_itself_is_not_begun(void **state)
{
	(void)state;
	with_a_method();
	file("xml", 0644, PENDING);
	begin(3);
	assert_true(fence_awaited(&fence, 2, now_ms()));
	end(QD_FENCE_SUCCESS);
	assert_null(strstr(notes, "waiting for it\n"));
	assert_null(strstr(calls(), "--reboot"));
	assert_non_null(strstr(calls(), "fence_test"));
}

/* Nothing but Pacemaker can do it, it was asked, and asks back: whoever waits is told. */
static void ask_that_comes_back_is_told_so(void **state)
{
	struct fence_now now;

	(void)state;
	file("slow", 0644, "");
	begin(3);
	for (uint64_t end_ms = now_ms() + 10000; !strstr(calls(), "--reboot") && now_ms() < end_ms;)
		turn_once(20);
	assert_true(fence_now(&fence, 2, &now));
	assert_int_equal(now.stage, FENCE_STAGE_ASK);
	assert_false(fence_awaited(&fence, 2, now_ms()));
	assert_int_equal(done_count, 0);
	assert_int_equal(unlink(in_dir("slow")), 0);
	end(QD_FENCE_SUCCESS);	/* of which the asker does not hear */
	assert_false(fence_now(&fence, 2, &now));
}

/* Pacemaker waits for it before it was asked. */
static void ask_of_who_waits_is_not_begun(void **state)
{
	(void)state;
	begin(3);
	assert_true(fence_awaited(&fence, 2, now_ms()));
	end(QD_FENCE_UNDEFINED);
	assert_null(strstr(calls(), "--reboot"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fencing_that_runs_is_joined),
		TEST(fencing_since_the_last_beat_counts),
		TEST(fencing_before_the_last_beat_does_not_count),
		TEST(ask_tolerates_what_was_done_since_the_last_beat),
		TEST(ask_alone_tolerates_it_too),
		TEST(join_of_itself_is_left),
		TEST(join_of_itself_is_not_begun),
		TEST(ask_that_comes_back_is_told_so),
		TEST(ask_of_who_waits_is_not_begun),
	};

	return fence_tests_run("fence_pacemaker", tests, sizeof(tests) / sizeof(tests[0]));
}
