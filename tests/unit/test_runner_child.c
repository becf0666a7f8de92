/* runner.c with real processes: in what state a command begins, and that none of its
 * processes outlives it. */
#include "runner_fixture.h"

#include <fcntl.h>
#include <sched.h>

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(legacy_29_timed_out_command_is_killed_with_its_group),
		TEST(runner_setsid_child_of_a_timed_out_command_is_killed),
		TEST(runner_command_leaves_processes_they_are_killed),
		TEST(runner_other_child_of_the_daemon_is_no_stray),
		TEST(runner_cancelled_command_dies_unreported),
		TEST(runner_environment_is_clean),
		TEST(runner_descriptors_of_the_daemon_are_not_inherited),
		TEST(runner_signals_are_default_and_unblocked),
		TEST(runner_oom_score_is_normal),
		TEST(runner_scheduling_is_normal_without_reset_on_fork),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, work_dir_make, work_dir_remove);
}
