/* runner.c with real processes. */
#include "../../qdiskd/runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct seen {
	unsigned count;
	struct runner_result last;
	char output[RUNNER_TAIL + 1];
};

static struct runner runner;
static char work_dir[] = "/tmp/qdisk-test-runner.XXXXXX";

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void remember(void *arg, const struct runner_result *result)
{
	struct seen *seen = arg;

	seen->count++;
	seen->last = *result;
	memcpy(seen->output, result->output, result->output_size + 1);
}

static int setup(void **state)
{
	(void)state;
	return runner_open(&runner, "/opt/heuristics");
}

/* Dispatch until `seen` has `count` results, at most `limit_ms`. */
static void turn(const struct seen *seen, unsigned count, unsigned limit_ms)
{
	uint64_t end_ms = now_ms() + limit_ms;
	struct pollfd p = { .fd = runner_fd(&runner), .events = POLLIN };

	while (seen->count < count && now_ms() < end_ms) {
		(void)poll(&p, 1, 20);
		runner_dispatch(&runner, now_ms());
	}
}

static bool all_idle(void)
{
	for (uint32_t i = 0; i < RUNNER_SLOTS; i++)
		if (runner_busy(&runner, i))
			return false;
	return runner.strays_looks == 0;
}

static void turn_until_idle(void)
{
	uint64_t end_ms = now_ms() + 5000;
	struct pollfd p = { .fd = runner_fd(&runner), .events = POLLIN };

	while (!all_idle() && now_ms() < end_ms) {
		(void)poll(&p, 1, 20);
		runner_dispatch(&runner, now_ms());
	}
	assert_true(all_idle());
}

static int teardown(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < RUNNER_SLOTS; i++)
		runner_cancel(&runner, i);
	turn_until_idle();
	runner_close(&runner);
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1;
}

/* Run a shell command to its end, output kept. */
static struct seen shell_run(const char *shell, const char *input, uint32_t deadline_ms)
{
	struct seen seen = { 0 };
	struct runner_command c = { .shell = shell, .input = input, .keep_output = true,
				    .deadline_ms = deadline_ms, .done = remember, .arg = &seen };

	assert_int_equal(runner_start(&runner, 0, &c, now_ms()), 0);
	turn(&seen, 1, deadline_ms + 2000);
	assert_int_equal(seen.count, 1);
	return seen;
}

static void runner_command_exits_status_is_reported(void **state)
{
	struct seen seen;

	(void)state;
	seen = shell_run("exit 0", NULL, 5000);
	assert_int_equal(seen.last.end, RUNNER_EXITED);
	assert_int_equal(seen.last.code, 0);
	seen = shell_run("exit 3", NULL, 5000);
	assert_int_equal(seen.last.code, 3);
	seen = shell_run("if then fi", NULL, 5000);
	assert_int_equal(seen.last.end, RUNNER_EXITED);
	assert_int_equal(seen.last.code, 2);
}

static void runner_command_killed_by_signal_is_reported(void **state)
{
	struct seen seen = shell_run("kill -USR1 $$", NULL, 5000);

	(void)state;
	assert_int_equal(seen.last.end, RUNNER_SIGNALED);
	assert_int_equal(seen.last.code, SIGUSR1);
}

static void runner_program_missing_is_exit_127(void **state)
{
	struct seen seen = { 0 };
	struct runner_command c = { .agent = "fence_of_nobody", .deadline_ms = 5000,
				    .keep_output = true, .done = remember, .arg = &seen };
	int slot = runner_start(&runner, RUNNER_ANY, &c, now_ms());

	(void)state;
	assert_in_range(slot, RUNNER_HEURISTICS, RUNNER_SLOTS - 1);
	turn(&seen, 1, 5000);
	assert_int_equal(seen.last.end, RUNNER_EXITED);
	assert_int_equal(seen.last.code, 127);
	assert_non_null(strstr(seen.output, "fence_of_nobody: not found"));
}

static void runner_program_is_found_through_path_status_is_its_own(void **state)
{
	struct seen seen = { 0 };
	struct runner_command c = { .agent = "id", .deadline_ms = 5000, .keep_output = true,
				    .done = remember, .arg = &seen };

	(void)state;
	assert_true(runner_start(&runner, RUNNER_ANY, &c, now_ms()) >= 0);
	turn(&seen, 1, 5000);
	assert_int_equal(seen.last.end, RUNNER_EXITED);
	assert_int_equal(seen.last.code, 0);
	assert_non_null(strstr(seen.output, "uid="));
}

static void runner_command_wrong_is_refused(void **state)
{
	struct seen seen = { 0 };
	char long_text[RUNNER_SHELL_MAX + 10];
	struct runner_command c = { .shell = "true", .deadline_ms = 1000, .done = remember };

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	c.shell = long_text;
	assert_int_equal(runner_start(&runner, 0, &c, now_ms()), -E2BIG);
	c.shell = NULL;
	assert_int_equal(runner_start(&runner, 0, &c, now_ms()), -EINVAL);
	c.agent = "-x";
	assert_int_equal(runner_start(&runner, RUNNER_ANY, &c, now_ms()), -EINVAL);
	c.agent = "";
	assert_int_equal(runner_start(&runner, RUNNER_ANY, &c, now_ms()), -EINVAL);
	c.agent = "true";
	c.shell = "true";
	assert_int_equal(runner_start(&runner, 0, &c, now_ms()), -EINVAL);
	c.agent = NULL;
	assert_int_equal(runner_start(&runner, RUNNER_HEURISTICS, &c, now_ms()), -EINVAL);
	c.deadline_ms = 0;
	assert_int_equal(runner_start(&runner, 0, &c, now_ms()), -EINVAL);
	assert_int_equal(seen.count, 0);
}

/* Wait until the process ids in `name` (one a line, `count`) are all gone. */
static void assert_gone(const char *name, unsigned count)
{
	char path[128];
	unsigned found = 0;
	FILE *f;
	int pid;

	turn_until_idle();
	(void)snprintf(path, sizeof(path), "%s/%s", work_dir, name);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fscanf(f, "%d", &pid) == 1) {
		found++;
		assert_int_equal(kill(pid, 0), -1);
		assert_int_equal(errno, ESRCH);
	}
	(void)fclose(f);
	assert_int_equal(found, count);
	assert_int_equal(unlink(path), 0);
}

static void legacy_29_timed_out_command_is_killed_with_its_group(void **state)
{
	char shell[512];
	struct seen seen;
	uint64_t start_ms = now_ms();

	(void)state;
	(void)snprintf(shell, sizeof(shell),
		       "trap '' TERM INT HUP; cd %s; echo $$ >group; "
		       "for i in 1 2 3; do (trap '' TERM; sh -c 'echo $$ >>group; sleep 60'; :) & done; "
		       "wait", work_dir);
	seen = shell_run(shell, NULL, 400);
	assert_int_equal(seen.last.end, RUNNER_TIMED_OUT);
	assert_in_range(seen.last.took_ms, 400, 1500);
	assert_true(now_ms() - start_ms < 2000);
	assert_gone("group", 4);
}

static void runner_setsid_child_of_a_timed_out_command_is_killed(void **state)
{
	char shell[512];
	struct seen seen;

	(void)state;
	(void)snprintf(shell, sizeof(shell),
		       "cd %s; setsid sh -c 'echo $$ >>away; (setsid sh -c \"echo \\$\\$ >>away; "
		       "sleep 60\") & sleep 60' & sleep 60", work_dir);
	seen = shell_run(shell, NULL, 500);
	assert_int_equal(seen.last.end, RUNNER_TIMED_OUT);
	assert_gone("away", 2);
}

static void runner_command_leaves_processes_they_are_killed(void **state)
{
	char shell[512];
	struct seen seen;

	(void)state;
	(void)snprintf(shell, sizeof(shell),
		       "cd %s; sh -c 'echo $$ >>left; exec sleep 60' & "
		       "setsid -f sh -c 'echo $$ >>left; exec sleep 60'; "
		       "until [ \"$(wc -l <left)\" = 2 ]; do :; done", work_dir);
	seen = shell_run(shell, NULL, 5000);
	assert_int_equal(seen.last.end, RUNNER_EXITED);
	assert_int_equal(seen.last.code, 0);
	assert_gone("left", 2);
}

static void runner_other_child_of_the_daemon_is_no_stray(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		(void)sleep(30);
		_exit(0);
	}
	(void)shell_run("exit 0", NULL, 5000);
	turn_until_idle();
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static uint64_t own_cpu_ms(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

static void legacy_29_command_floods_its_output_costs_us_little(void **state)
{
	uint64_t before_ms = own_cpu_ms();
	struct seen seen = shell_run("yes 0123456789", NULL, 1000);

	(void)state;
	assert_int_equal(seen.last.end, RUNNER_TIMED_OUT);
	assert_int_equal(seen.last.output_size, RUNNER_TAIL);
	assert_non_null(strstr(seen.output, "\n0123456789\n"));
	assert_true(own_cpu_ms() - before_ms < 200);
}

static void runner_output_tail_is_its_last_512_bytes(void **state)
{
	struct seen seen;

	(void)state;
	seen = shell_run("seq 1 30000; echo end >&2", NULL, 20000);
	assert_int_equal(seen.last.end, RUNNER_EXITED);
	assert_int_equal(seen.last.output_size, RUNNER_TAIL);
	assert_string_equal(seen.output + RUNNER_TAIL - 10, "30000\nend\n");
	seen = shell_run("printf 'one '; printf two >&2", NULL, 5000);
	assert_string_equal(seen.output, "one two");
}

static void runner_output_not_kept_goes_to_dev_null(void **state)
{
	struct seen seen = { 0 };
	struct runner_command c = { .shell = "exec test /dev/fd/1 -ef /dev/null -a "
					     "/dev/fd/2 -ef /dev/null -a /dev/fd/0 -ef /dev/null",
				    .deadline_ms = 5000, .done = remember, .arg = &seen };

	(void)state;
	assert_int_equal(runner_start(&runner, 31, &c, now_ms()), 31);
	turn(&seen, 1, 5000);
	assert_int_equal(seen.last.code, 0);
	assert_int_equal(seen.last.output_size, 0);
}

static void runner_input_arrives_whole_and_ends(void **state)
{
	static char text[200001];
	struct seen seen;

	(void)state;
	memset(text, 'k', sizeof(text) - 1);
	seen = shell_run("wc -c", text, 5000);
	assert_string_equal(seen.output, "200000\n");
	seen = shell_run("cat", "action=off\nport=1\n", 5000);
	assert_string_equal(seen.output, "action=off\nport=1\n");
	seen = shell_run("exit 0", text, 5000);	/* who does not read it blocks nobody */
	assert_int_equal(seen.last.code, 0);
	seen = shell_run("wc -c", NULL, 5000);
	assert_string_equal(seen.output, "0\n");
}

static void runner_environment_is_clean(void **state)
{
	static const char *const env[] = { "QDISK_NODE=3", NULL };
	struct seen seen = { 0 };
	struct runner_command c = { .shell = "env | grep -v -e ^PWD= -e ^_= | sort; pwd",
				    .keep_output = true, .env = env, .deadline_ms = 5000,
				    .done = remember, .arg = &seen };

	(void)state;
	(void)setenv("LD_LIBRARY_PATH", "/nowhere", 1);
	assert_int_equal(runner_start(&runner, 1, &c, now_ms()), 1);
	turn(&seen, 1, 5000);
	(void)unsetenv("LD_LIBRARY_PATH");
	assert_string_equal(seen.output, "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/opt/heuristics\n"
					 "QDISK_NODE=3\n/\n");
}

static void runner_descriptors_of_the_daemon_are_not_inherited(void **state)
{
	int fd = open("/dev/null", O_RDONLY);	/* NOLINT: without O_CLOEXEC on purpose */
	struct seen seen = shell_run("ls /proc/$$/fd; :", NULL, 5000);

	(void)state;
	assert_string_equal(seen.output, "0\n1\n2\n");
	(void)close(fd);
}

static void runner_signals_are_default_and_unblocked(void **state)
{
	unsigned long blocked, ignored;
	sigset_t all, old;
	struct seen seen;

	(void)state;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	(void)signal(SIGPIPE, SIG_IGN);
	seen = shell_run("grep -E 'SigBlk|SigIgn' /proc/self/status", NULL, 5000);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(sscanf(seen.output, "SigBlk: %lx SigIgn: %lx", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	assert_int_equal(ignored & ~0x180000000ul, 0);	/* 32 and 33 are the C library's */
}

static void runner_oom_score_is_normal(void **state)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "r+e");
	struct seen seen;

	(void)state;
	assert_non_null(f);
	(void)fputs("500", f);
	assert_int_equal(fflush(f), 0);
	seen = shell_run("cat /proc/self/oom_score_adj", NULL, 5000);
	rewind(f);
	(void)fputs("0", f);
	(void)fclose(f);
	assert_string_equal(seen.output, "0\n");
}

static void runner_scheduling_is_normal_without_reset_on_fork(void **state)
{
	struct sched_param rr = { .sched_priority = 1 }, other = { .sched_priority = 0 };
	struct seen seen;

	(void)state;
	if (sched_setscheduler(0, SCHED_RR, &rr) < 0)
		skip();
	seen = shell_run("cut -d' ' -f18,19,41 /proc/self/stat", NULL, 5000);
	assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &other), 0);
	assert_string_equal(seen.output, "20 0 0\n");	/* priority, nice, policy */
}

static void legacy_29_heuristics_32_and_agents_64_at_once(void **state)
{
	struct seen seen = { 0 };
	struct runner_command c = { .shell = "sleep 0.2; exit 7", .deadline_ms = 20000,
				    .done = remember, .arg = &seen };

	(void)state;
	for (uint32_t i = 0; i < RUNNER_HEURISTICS; i++)
		assert_int_equal(runner_start(&runner, i, &c, now_ms()), (int)i);
	assert_int_equal(runner_start(&runner, 5, &c, now_ms()), -EBUSY);
	c.shell = "sleep 1; exit 7";
	for (uint32_t i = 0; i < RUNNER_AGENTS; i++)
		assert_true(runner_start(&runner, RUNNER_ANY, &c, now_ms()) >= 0);
	c.shell = "sleep 60";
	if (runner_busy(&runner, RUNNER_HEURISTICS))
		assert_int_equal(runner_start(&runner, RUNNER_ANY, &c, now_ms()), -ENOBUFS);
	turn(&seen, RUNNER_SLOTS, 20000);
	assert_int_equal(seen.count, RUNNER_SLOTS);
	assert_int_equal(seen.last.code, 7);
	turn_until_idle();
}

static void runner_cancelled_command_dies_unreported(void **state)
{
	struct seen seen = { 0 };
	char shell[128];
	struct runner_command c = { .shell = shell, .deadline_ms = 60000,
				    .done = remember, .arg = &seen };
	char path[128];

	(void)state;
	(void)snprintf(shell, sizeof(shell), "echo $$ >%s/cancelled; sleep 60", work_dir);
	(void)snprintf(path, sizeof(path), "%s/cancelled", work_dir);
	assert_int_equal(runner_start(&runner, 2, &c, now_ms()), 2);
	for (int i = 0; i < 500 && access(path, F_OK) < 0; i++)
		turn(&seen, 1, 10);
	runner_cancel(&runner, 2);
	assert_gone("cancelled", 1);
	assert_int_equal(seen.count, 0);
}

static struct seen chain_seen;

static void chain(void *arg, const struct runner_result *result)
{
	struct runner_command next = { .shell = "echo second", .keep_output = true,
				       .deadline_ms = 5000, .done = remember, .arg = &chain_seen };

	(void)arg;
	assert_int_equal(result->code, 4);
	assert_int_equal(runner_start(&runner, result->slot, &next, now_ms()), (int)result->slot);
}

static void runner_callback_starts_the_next_in_the_same_slot(void **state)
{
	struct runner_command c = { .shell = "exit 4", .deadline_ms = 5000, .done = chain };

	(void)state;
	chain_seen = (struct seen){ 0 };
	assert_int_equal(runner_start(&runner, 9, &c, now_ms()), 9);
	turn(&chain_seen, 1, 5000);
	assert_string_equal(chain_seen.output, "second\n");
}

static unsigned descriptors(void)
{
	unsigned count = 0;
	DIR *d = opendir("/proc/self/fd");

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		count++;
	(void)closedir(d);
	return count;
}

static void runner_many_runs_leak_neither_descriptors_nor_zombies(void **state)
{
	const struct seen none = { 0 };
	unsigned before = descriptors();

	(void)state;
	for (int i = 0; i < 100; i++) {
		(void)shell_run(i % 2 ? "exit 0" : "sleep 9", "text", i % 2 ? 5000 : 5);
		for (int n = 0; runner_busy(&runner, 0) && n < 500; n++)
			turn(&none, 1, 10);
	}
	turn_until_idle();
	assert_int_equal(descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void runner_idle_descriptor_is_quiet(void **state)
{
	struct pollfd p = { .fd = runner_fd(&runner), .events = POLLIN };

	(void)state;
	(void)shell_run("exit 0", NULL, 5000);
	turn_until_idle();
	assert_int_equal(poll(&p, 1, 300), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runner_command_exits_status_is_reported),
		TEST(runner_command_killed_by_signal_is_reported),
		TEST(runner_program_missing_is_exit_127),
		TEST(runner_program_is_found_through_path_status_is_its_own),
		TEST(runner_command_wrong_is_refused),
		TEST(legacy_29_timed_out_command_is_killed_with_its_group),
		TEST(runner_setsid_child_of_a_timed_out_command_is_killed),
		TEST(runner_command_leaves_processes_they_are_killed),
		TEST(runner_other_child_of_the_daemon_is_no_stray),
		TEST(legacy_29_command_floods_its_output_costs_us_little),
		TEST(runner_output_tail_is_its_last_512_bytes),
		TEST(runner_output_not_kept_goes_to_dev_null),
		TEST(runner_input_arrives_whole_and_ends),
		TEST(runner_environment_is_clean),
		TEST(runner_descriptors_of_the_daemon_are_not_inherited),
		TEST(runner_signals_are_default_and_unblocked),
		TEST(runner_oom_score_is_normal),
		TEST(runner_scheduling_is_normal_without_reset_on_fork),
		TEST(legacy_29_heuristics_32_and_agents_64_at_once),
		TEST(runner_cancelled_command_dies_unreported),
		TEST(runner_callback_starts_the_next_in_the_same_slot),
		TEST(runner_many_runs_leak_neither_descriptors_nor_zombies),
		TEST(runner_idle_descriptor_is_quiet),
	};
	int r;

	if (!mkdtemp(work_dir))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(work_dir);
	return r;
}
