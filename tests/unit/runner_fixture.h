/* A runner with real commands, and what they came to. */
#ifndef RUNNER_FIXTURE_H
#define RUNNER_FIXTURE_H

#include "../../qdiskd/runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "real.h"

/* What runs have come to. */
struct seen {
	unsigned count;
	struct runner_result last;
	char output[RUNNER_TAIL + 1];
};

extern struct runner runner;

/* Of each test: the runner opened; all runs dead and reaped, the runner closed. */
int setup(void **state);
int teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Of a command, with a struct seen as its `arg`. */
void remember(void *arg, const struct runner_result *result);

/* Dispatch until `seen` has `count` results, at most `limit_ms`. */
void turn(const struct seen *seen, unsigned count, unsigned limit_ms);

/* Dispatch until nothing runs, and no stray is looked for. */
void turn_until_idle(void);

/* Run a shell command to its end, output kept. */
struct seen shell_run(const char *shell, const char *input, uint32_t deadline_ms);

#endif
