/* fence_pacemaker.c with a stonith_admin that answers as it is told to. Its words are
 * those of Pacemaker 2.1.5. */
#include "../../qdiskd/fence.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

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

static char work_dir[] = "/tmp/qdisk-test-fence-pacemaker.XXXXXX";
static struct runner runner;
static struct fence fence;
static struct qd_config config;
static unsigned done_count;
static enum qd_fence_result done_result;
static char notes[4096];

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void on_note(void *arg, enum fence_note kind, const char *text)
{
	size_t used = strlen(notes);

	(void)arg, (void)kind;
	(void)snprintf(notes + used, sizeof(notes) - used, "%s\n", text);
}

static void on_done(void *arg, uint32_t node_id, enum qd_fence_result result)
{
	(void)arg, (void)node_id;
	done_count++;
	done_result = result;
}

static const char *in_dir(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", work_dir, name);
	return path;
}

static void file(const char *name, mode_t mode, const char *bytes)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
	assert_int_equal(close(fd), 0);
}

static int setup(void **state)
{
	(void)state;
	file("stonith_admin", 0755, stonith_script);
	file("fence_test", 0755, agent_script);
	file("xml", 0644, "<pacemaker-result/>\n");
	file("time", 0644, "0\n");
	file("calls", 0644, "");
	memset(&config, 0, sizeof(config));
	config.fence = QD_FENCE_AUTO;
	config.node_count = 1;
	config.node[0].node_id = 2;
	(void)snprintf(config.node[0].name, sizeof(config.node[0].name), "n2");
	done_count = 0;
	notes[0] = '\0';
	if (runner_open(&runner, work_dir) < 0 || fence_open(&fence, &runner, on_done, on_note, NULL) < 0)
		return -1;
	/* before the one that this machine may have */
	(void)snprintf(runner.path, sizeof(runner.path), "PATH=%s:/usr/bin:/bin", work_dir);
	fence_configure(&fence, &config);
	return 0;
}

static int teardown(void **state)
{
	static const char *const made[] = { "stonith_admin", "fence_test", "xml", "time", "calls", "slow" };

	(void)state;
	fence_close(&fence);
	runner_close(&runner);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		(void)unlink(in_dir(made[i]));
	return 0;
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

static void turn(void)
{
	struct pollfd p[] = { { .fd = runner_fd(&runner), .events = POLLIN },
			      { .fd = fence_fd(&fence), .events = POLLIN } };

	(void)poll(p, 2, 20);
	if (p[1].revents)
		fence_dispatch(&fence, now_ms());
	runner_dispatch(&runner, now_ms());
}

static void begin(uint32_t silent_s)
{
	assert_int_equal(fence_start(&fence, 2, FENCE_AS_CONFIGURED, silent_s), 0);
}

static void end(enum qd_fence_result result)
{
	for (uint64_t end_ms = now_ms() + 10000; !done_count && now_ms() < end_ms;)
		turn();
	assert_int_equal(done_count, 1);
	assert_int_equal(done_result, result);
}

/* Until this is noted. */
static void noted(const char *text)
{
	for (uint64_t end_ms = now_ms() + 10000; !strstr(notes, text) && now_ms() < end_ms;)
		turn();
	assert_non_null(strstr(notes, text));
}

/* What was called, in order. */
static const char *calls(void)
{
	static char bytes[4096];
	int fd = open(in_dir("calls"), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes) - 1);

	if (fd >= 0)
		(void)close(fd);
	bytes[n > 0 ? n : 0] = '\0';
	return bytes;
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
	fence_awaited(&fence, 2, now_ms());
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
	fence_awaited(&fence, 2, now_ms());
	end(QD_FENCE_SUCCESS);
	assert_null(strstr(notes, "waiting for it\n"));
	assert_null(strstr(calls(), "--reboot"));
	assert_non_null(strstr(calls(), "fence_test"));
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
	};
	int r;

	if (!mkdtemp(work_dir))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(work_dir);
	return r;
}
