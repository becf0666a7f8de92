/* runner.c with real processes: how a command ends, what it is told and what it says. */
#include "runner_fixture.h"

#include <dirent.h>
#include <sys/resource.h>

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(runner_command_exits_status_is_reported),
		TEST(runner_command_killed_by_signal_is_reported),
		TEST(runner_program_missing_is_exit_127),
		TEST(runner_program_is_found_through_path_status_is_its_own),
		TEST(runner_command_wrong_is_refused),
		TEST(legacy_29_command_floods_its_output_costs_us_little),
		TEST(runner_output_tail_is_its_last_512_bytes),
		TEST(runner_output_not_kept_goes_to_dev_null),
		TEST(runner_input_arrives_whole_and_ends),
		TEST(legacy_29_heuristics_32_and_agents_64_at_once),
		TEST(runner_callback_starts_the_next_in_the_same_slot),
		TEST(runner_many_runs_leak_neither_descriptors_nor_zombies),
		TEST(runner_idle_descriptor_is_quiet),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, work_dir_make, work_dir_remove);
}
