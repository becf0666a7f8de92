/* See runner_fixture.h. */
#include "runner_fixture.h"

struct runner runner;

void remember(void *arg, const struct runner_result *result)
{
	struct seen *seen = arg;

	seen->count++;
	seen->last = *result;
	memcpy(seen->output, result->output, result->output_size + 1);
}

int setup(void **state)
{
	(void)state;
	return runner_open(&runner, "/opt/heuristics");
}

void turn(const struct seen *seen, unsigned count, unsigned limit_ms)
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

void turn_until_idle(void)
{
	uint64_t end_ms = now_ms() + 5000;
	struct pollfd p = { .fd = runner_fd(&runner), .events = POLLIN };

	while (!all_idle() && now_ms() < end_ms) {
		(void)poll(&p, 1, 20);
		runner_dispatch(&runner, now_ms());
	}
	assert_true(all_idle());
}

int teardown(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < RUNNER_SLOTS; i++)
		runner_cancel(&runner, i);
	turn_until_idle();
	runner_close(&runner);
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1;
}

struct seen shell_run(const char *shell, const char *input, uint32_t deadline_ms)
{
	struct seen seen = { 0 };
	struct runner_command c = { .shell = shell, .input = input, .keep_output = true,
				    .deadline_ms = deadline_ms, .done = remember, .arg = &seen };

	assert_int_equal(runner_start(&runner, 0, &c, now_ms()), 0);
	turn(&seen, 1, deadline_ms + 2000);
	assert_int_equal(seen.count, 1);
	return seen;
}
