/* The watchdog hand, against a file that answers the ioctls of a driver. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../qdiskd/watchdog.h"

extern char **environ;

static char folder[] = "/tmp/qdisk-watchdog-XXXXXX";
static char path[64], events[64], said[4096], error[WATCHDOG_ERROR_LEN];
static pid_t dog;

/* What has happened so far, without the times: "ready;armed;pet;" */
static const char *happened(void)
{
	FILE *f = fopen(events, "re");
	char line[100];

	said[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		const char *words = strchr(line, ' ');

		line[strcspn(line, "\n")] = '\0';
		(void)snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s;", words ? words + 1 : "?");
	}
	if (f)
		(void)fclose(f);
	return said;
}

/* Wait until it has happened; a deadline of 5 s. */
static void await(const char *words)
{
	for (int i = 0; i < 500 && strcmp(happened(), words) != 0; i++)
		(void)usleep(10000);
	assert_string_equal(happened(), words);
}

static void dog_start(const char *option, const char *value)
{
	char *argv[] = { getenv("FAKEDOG"), folder, (char *)(uintptr_t)option, (char *)(uintptr_t)value, NULL };
	posix_spawn_file_actions_t actions;

	assert_non_null(argv[0]);
	(void)unlink(events);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, 1, events, 0x241 /* O_WRONLY|O_CREAT|O_TRUNC */, 0600);
	assert_int_equal(posix_spawn(&dog, argv[0], &actions, NULL, argv, environ), 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	await("ready;");
}

static int dog_end(void **state)
{
	(void)state;
	if (dog > 0) {
		(void)kill(dog, SIGTERM);
		(void)waitpid(dog, NULL, 0);
	}
	dog = 0;
	return 0;
}

static int arm(uint32_t timeout_s, struct watchdog *w)
{
	return watchdog_arm(path, timeout_s, w, error, sizeof(error));
}

static void watchdog_armed_has_the_timeout_and_is_petted(void **state)
{
	struct watchdog w;

	(void)state;
	dog_start(NULL, NULL);
	assert_int_equal(arm(2, &w), 0);
	assert_int_equal(w.timeout_s, 2);
	assert_int_equal(watchdog_pet(&w), 0);
	await("ready;armed;timeout 2;pet;pet;");
	assert_int_equal(watchdog_disarm(&w), 0);
	await("ready;armed;timeout 2;pet;pet;disarmed;");
}

static void watchdog_not_petted_expires(void **state)
{
	struct watchdog w;

	(void)state;
	dog_start(NULL, NULL);
	assert_int_equal(arm(1, &w), 0);
	await("ready;armed;timeout 1;pet;expired;");
	(void)watchdog_disarm(&w);
}

static void watchdog_closed_without_disarming_expires(void **state)
{
	struct watchdog w;

	(void)state;
	dog_start(NULL, NULL);
	assert_int_equal(arm(1, &w), 0);
	(void)close(w.fd);
	await("ready;armed;timeout 1;pet;left armed;expired;");
}

static void watchdog_that_grants_a_longer_timeout_is_refused_and_stopped(void **state)
{
	struct watchdog w = { .fd = -1 };

	(void)state;
	dog_start("--min", "10");
	assert_int_equal(arm(2, &w), -ERANGE);
	assert_non_null(strstr(error, "grants 10 s, tko*interval needs 2"));
	assert_int_equal(w.fd, -1);
	await("ready;armed;timeout 10;disarmed;");
}

static void watchdog_that_grants_a_shorter_timeout_is_refused(void **state)
{
	struct watchdog w;

	(void)state;
	dog_start("--max", "5");
	assert_int_equal(arm(20, &w), -ERANGE);
	assert_non_null(strstr(error, "grants 5 s, tko*interval needs 20"));
}

static void watchdog_of_another_program_is_busy(void **state)
{
	struct watchdog first, second;

	(void)state;
	dog_start(NULL, NULL);
	assert_int_equal(arm(60, &first), 0);
	assert_int_equal(arm(60, &second), -EBUSY);
	assert_non_null(strstr(error, path));
	assert_non_null(strstr(error, "sbd"));
	(void)watchdog_disarm(&first);
}

static void watchdog_that_is_missing_is_named(void **state)
{
	(void)state;
	assert_int_equal(watchdog_check("/dev/no-such-watchdog", 2, false, error, sizeof(error)), -ENOENT);
	assert_non_null(strstr(error, "/dev/no-such-watchdog"));
}

static void plain_file_is_no_watchdog_but_in_tests(void **state)
{
	(void)state;
	dog_start(NULL, NULL);
	assert_int_equal(watchdog_check(path, 2, false, error, sizeof(error)), -ENOTTY);
	assert_non_null(strstr(error, "not a watchdog device"));
	assert_int_equal(watchdog_check(path, 2, true, error, sizeof(error)), 0);
	assert_int_equal(watchdog_check("/dev", 2, true, error, sizeof(error)), -ENOTTY);
}

static void watchdog_not_armed_is_neither_petted_nor_disarmed(void **state)
{
	struct watchdog w = { .fd = -1 };

	(void)state;
	assert_int_equal(watchdog_pet(&w), -EBADF);
	assert_int_equal(watchdog_disarm(&w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(watchdog_armed_has_the_timeout_and_is_petted, dog_end),
		cmocka_unit_test_teardown(watchdog_not_petted_expires, dog_end),
		cmocka_unit_test_teardown(watchdog_closed_without_disarming_expires, dog_end),
		cmocka_unit_test_teardown(watchdog_that_grants_a_longer_timeout_is_refused_and_stopped, dog_end),
		cmocka_unit_test_teardown(watchdog_that_grants_a_shorter_timeout_is_refused, dog_end),
		cmocka_unit_test_teardown(watchdog_of_another_program_is_busy, dog_end),
		cmocka_unit_test(watchdog_that_is_missing_is_named),
		cmocka_unit_test_teardown(plain_file_is_no_watchdog_but_in_tests, dog_end),
		cmocka_unit_test(watchdog_not_armed_is_neither_petted_nor_disarmed),
	};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (geteuid() != 0 || access("/dev/fuse", R_OK | W_OK) != 0) {
		puts("1..0 # SKIP needs root and /dev/fuse");
		return 0;
	}
	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/watchdog", folder);
	(void)snprintf(events, sizeof(events), "%s.events", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(events);
	(void)rmdir(folder);
	return failed;
}
