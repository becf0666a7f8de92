/* qdisk-readconf from the daemon's side: what it sends, and what it must not
 * be able to do, whatever it sends. The real reader is looked for in
 * $QDISK_LIBEXECDIR, else in the directories above this test. */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../rss.h"
#include "config_fixture.h"

#define LIMIT_MS 2000

static char real_dir[200], fake_dir[40];

/* DIR/qdisk-readconf is there. */
static bool is_reader_dir(const char *dir)
{
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/" CONFIG_READER, dir);
	return access(path, X_OK) == 0;
}

static void find_real_dir(void)
{
	const char *given = getenv("QDISK_LIBEXECDIR");
	ssize_t n = readlink("/proc/self/exe", real_dir, sizeof(real_dir) - 1);
	char *slash;

	if (given) {
		(void)snprintf(real_dir, sizeof(real_dir), "%s", given);
		return;
	}
	real_dir[n > 0 ? n : 0] = '\0';
	while ((slash = strrchr(real_dir, '/')) && slash > real_dir) {
		*slash = '\0';
		if (is_reader_dir(real_dir))
			return;
	}
}

/* A reader that is this shell script. */
static void fake_reader(const char *script)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/" CONFIG_READER, fake_dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fprintf(f, "#!/bin/sh\n%s\n", script) > 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(setenv("QDISK_LIBEXECDIR", fake_dir, 1), 0);
}

static int load(int deadline_ms)
{
	memset(error, 0, sizeof(error));
	memset(&config, 0xA5, sizeof(config));
	return config_load_within(conf_path, deadline_ms, &config, error, sizeof(error));
}

/* Refused with that, `ret` untouched, no child left, the file named. */
static void assert_load_fails(int deadline_ms, int status, const char *text)
{
	const unsigned char *bytes = (const unsigned char *)&config;

	assert_int_equal(load(deadline_ms), status);
	if (!strstr(error, text))
		fail_msg("\"%s\" does not say \"%s\"", error, text);
	assert_int_equal(bytes[0], 0xA5);
	assert_int_equal(memcmp(bytes, bytes + 1, sizeof(config) - 1), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* A head, then zeros, through the shell's printf. */
static void fake_answer(const struct config_wire *head, const char *rest)
{
	char script[600] = "printf '";
	const unsigned char *bytes = (const unsigned char *)head;
	size_t used = strlen(script);

	for (size_t i = 0; i < sizeof(*head); i++)
		used += (size_t)snprintf(script + used, sizeof(script) - used, "\\%03o", bytes[i]);
	(void)snprintf(script + used, sizeof(script) - used, "'; %s", rest);
	fake_reader(script);
}

static const struct config_wire good_head = {
	.magic = CONFIG_WIRE_MAGIC,
	.config_size = (uint32_t)sizeof(struct qd_config),
	.status = 0,
	.length = (uint32_t)sizeof(struct qd_config),
};

/* ---- the real reader ---- */

static void reader_sends_what_the_parser_says(void **state)
{
	(void)state;
	assert_int_equal(setenv("QDISK_LIBEXECDIR", real_dir, 1), 0);
	assert_int_equal(config_load(conf_path, &config, error, sizeof(error)), 0);
	assert_int_equal(clusterconf_parse(conf_path, &parsed, error, sizeof(error)), 0);
	assert_memory_equal(&config, &parsed, sizeof(config));
	assert_int_equal(config.config_version, 7);
}

static void reader_missing_file_is_told(void **state)
{
	(void)state;
	assert_int_equal(setenv("QDISK_LIBEXECDIR", real_dir, 1), 0);
	assert_int_equal(config_load("/nonexistent.conf", &config, error, sizeof(error)), -ENOENT);
	assert_string_equal(error, "/nonexistent.conf: cannot read: No such file or directory");
}

static void reader_refusal_arrives_with_its_words(void **state)
{
	char expected[CLUSTERCONF_ERROR_LEN];

	(void)state;
	assert_int_equal(setenv("QDISK_LIBEXECDIR", real_dir, 1), 0);
	write_bytes("<cluster/>", 10);
	assert_int_equal(clusterconf_parse(conf_path, &parsed, expected, sizeof(expected)), -EINVAL);
	assert_load_fails(LIMIT_MS, -EINVAL, expected);
	write_bytes(good, sizeof(good) - 1);
}

static void reader_relative_path_is_made_absolute(void **state)
{
	char here[256];

	(void)state;
	assert_int_equal(setenv("QDISK_LIBEXECDIR", real_dir, 1), 0);
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(fake_dir), 0);
	assert_int_equal(config_load(strrchr(conf_path, '/') + 1, &config, error, sizeof(error)), 0);
	assert_string_equal(config.file, conf_path);
	assert_int_equal(chdir(here), 0);
}

static void reader_path_too_long_is_refused(void **state)
{
	char path[400];

	(void)state;
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(config_load(path, &config, error, sizeof(error)), -ENAMETOOLONG);
	assert_non_null(strstr(error, "allowed: at most 255 bytes"));
}

/* As the daemon does on SIGHUP: started, then only looked at when readable. */
static void reader_started_and_received_without_waiting(void **state)
{
	static struct config_reader reader;
	int status;

	(void)state;
	assert_int_equal(setenv("QDISK_LIBEXECDIR", real_dir, 1), 0);
	assert_int_equal(config_start(&reader, conf_path, error, sizeof(error)), 0);
	while ((status = config_receive(&reader, &config, error, sizeof(error))) == -EAGAIN) {
		struct pollfd p = { .fd = config_fd(&reader), .events = POLLIN };

		assert_int_equal(poll(&p, 1, LIMIT_MS), 1);
	}
	assert_int_equal(status, 0);
	config_stop(&reader);
	config_stop(&reader);
	assert_int_equal(reader.pid, 0);
	/* Killed for certain; under a sanitizer its death may take longer than it waits. */
	assert_true(waitpid(-1, NULL, 0) == -1 || waitpid(-1, NULL, 0) == -1);
}

/* ---- readers that are none ---- */

static void reader_absent_is_told_with_its_path(void **state)
{
	(void)state;
	assert_int_equal(setenv("QDISK_LIBEXECDIR", "/nonexistent", 1), 0);
	assert_load_fails(LIMIT_MS, -ENOENT, "cannot run /nonexistent/qdisk-readconf");
}

static void reader_that_hangs_is_killed_at_the_deadline(void **state)
{
	(void)state;
	fake_reader("exec sleep 1000");
	assert_load_fails(100, -ETIMEDOUT, "has not answered within 100 ms");
}

static void reader_that_hangs_in_the_middle_is_killed_at_the_deadline(void **state)
{
	(void)state;
	fake_answer(&good_head, "exec sleep 1000");
	assert_load_fails(100, -ETIMEDOUT, "has not answered");
}

static void reader_that_dies_is_told(void **state)
{
	(void)state;
	fake_reader("kill -SEGV $$");
	assert_load_fails(LIMIT_MS, -EPROTO, "ended without an answer");
	fake_reader("exit 0");
	assert_load_fails(LIMIT_MS, -EPROTO, "ended without an answer");
	fake_answer(&good_head, "head -c 1000 /dev/zero");
	assert_load_fails(LIMIT_MS, -EPROTO, "ended without an answer");
}

static void reader_of_another_build_is_refused(void **state)
{
	struct config_wire head = good_head;

	(void)state;
	fake_reader("exec head -c 1000000 /dev/urandom");
	assert_load_fails(LIMIT_MS, -EPROTO, "another build");
	head.config_size++;
	fake_answer(&head, "exec cat /dev/zero");
	assert_load_fails(LIMIT_MS, -EPROTO, "another build");
}

static void reader_with_a_wrong_length_or_status_is_refused(void **state)
{
	static const struct {
		int32_t status;
		uint32_t length;
	} wrong[] = { { 0, 0 }, { 0, sizeof(struct qd_config) - 1 },
		      { 0, sizeof(struct qd_config) + 1 }, { 0, UINT32_MAX }, { 1, 10 },
		      { -EINVAL, 0 }, { -EINVAL, CONFIG_ERROR_LEN }, { -EINVAL, UINT32_MAX },
		      { -EAGAIN, 10 }, { -5000, 10 }, { INT32_MIN, 10 } };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct config_wire head = good_head;

		head.status = wrong[i].status;
		head.length = wrong[i].length;
		fake_answer(&head, "exec cat /dev/zero");
		assert_load_fails(LIMIT_MS, -EPROTO, "another build");
	}
}

static void reader_that_sends_zeros_is_refused(void **state)
{
	(void)state;
	fake_answer(&good_head, "exec cat /dev/zero");
	assert_load_fails(LIMIT_MS, -EPROTO, "sent an invalid interval");
}

static void reader_that_sends_noise_is_refused(void **state)
{
	(void)state;
	fake_answer(&good_head, "exec cat /dev/urandom");
	assert_load_fails(LIMIT_MS, -EPROTO, "sent an invalid");
}

static void reader_error_text_arrives_without_control_characters(void **state)
{
	struct config_wire head = good_head;

	(void)state;
	head.status = -EACCES;
	head.length = 8;
	fake_answer(&head, "printf 'a\\nb\\033[2Jcdefghi'");
	assert_load_fails(LIMIT_MS, -EACCES, "a b [2Jc");
	assert_string_equal(error, "a b [2Jc");
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void reader_leaves_no_descriptor_open(void **state)
{
	unsigned before = open_descriptors();

	(void)state;
	fake_reader("exec sleep 1000");
	assert_load_fails(10, -ETIMEDOUT, "has not answered");
	assert_int_equal(setenv("QDISK_LIBEXECDIR", "/nonexistent", 1), 0);
	assert_load_fails(LIMIT_MS, -ENOENT, "cannot run");
	assert_int_equal(setenv("QDISK_LIBEXECDIR", real_dir, 1), 0);
	assert_int_equal(config_load(conf_path, &config, error, sizeof(error)), 0);
	assert_int_equal(open_descriptors(), before);
}

static int set_up(void **state)
{
	(void)state;
	find_real_dir();
	if (!is_reader_dir(real_dir)) {
		print_error("no " CONFIG_READER " in $QDISK_LIBEXECDIR or above this test\n");
		return -1;
	}
	(void)snprintf(fake_dir, sizeof(fake_dir), "/tmp/config-test.XXXXXX");
	if (!mkdtemp(fake_dir))
		return -1;
	(void)snprintf(conf_path, sizeof(conf_path), "%s/cluster.conf", fake_dir);
	return good_parse();
}

static int tear_down(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/" CONFIG_READER, fake_dir);
	(void)unlink(path);
	(void)unlink(conf_path);
	return rmdir(fake_dir);
}

/* As a reload does it, QDISK_TEST_RELOADS times: a good file, one that is refused, and a
 * reader that is stopped in the middle. */
static void reload(unsigned i)
{
	static const char refused[] = "<cluster name=\"c\"><quorumd tko=\"x\"/></cluster>";
	static struct config_reader reader;	/* large */
	struct pollfd p = { .events = POLLIN };
	int rc = -EAGAIN;

	write_bytes(i % 2 ? good : refused, strlen(i % 2 ? good : refused));
	assert_int_equal(config_start(&reader, conf_path, error, sizeof(error)), 0);
	p.fd = config_fd(&reader);
	while (i % 8 && rc == -EAGAIN) {
		assert_int_equal(poll(&p, 1, 20 * LIMIT_MS), 1);
		rc = config_receive(&reader, &config, error, sizeof(error));
	}
	assert_int_equal(rc, i % 8 == 0 ? -EAGAIN : i % 2 ? 0 : -EINVAL);
	config_stop(&reader);
}

/* What is touched for the first time late, a path that only a busy machine takes, adds a
 * page once; what leaks does so in every round. */
static void legacy_33_reloads_leave_memory_to_the_page(void **state)
{
	const unsigned rounds = 3, count = times("QDISK_TEST_RELOADS", 500);
	long before = 0, after = 1;
	unsigned i = 0;

	(void)state;
	if (rss_blurred())
		skip();
	assert_int_equal(setenv("QDISK_LIBEXECDIR", real_dir, 1), 0);
	(void)rss_bytes();	/* what it needs itself */
	while (i < 16)
		reload(i++);
	for (unsigned round = 0; round < rounds && after != before; round++) {
		before = rss_bytes();
		for (unsigned end = i + count; i < end; i++)
			reload(i);
		after = rss_bytes();
		print_message("# %u reloads: %ld bytes resident before, %ld after\n", count, before, after);
	}
	assert_true(before > 0);
	assert_int_equal(after, before);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_sends_what_the_parser_says),
		cmocka_unit_test(reader_missing_file_is_told),
		cmocka_unit_test(reader_refusal_arrives_with_its_words),
		cmocka_unit_test(reader_relative_path_is_made_absolute),
		cmocka_unit_test(reader_path_too_long_is_refused),
		cmocka_unit_test(reader_started_and_received_without_waiting),
		cmocka_unit_test(reader_absent_is_told_with_its_path),
		cmocka_unit_test(reader_that_hangs_is_killed_at_the_deadline),
		cmocka_unit_test(reader_that_hangs_in_the_middle_is_killed_at_the_deadline),
		cmocka_unit_test(reader_that_dies_is_told),
		cmocka_unit_test(reader_of_another_build_is_refused),
		cmocka_unit_test(reader_with_a_wrong_length_or_status_is_refused),
		cmocka_unit_test(reader_that_sends_zeros_is_refused),
		cmocka_unit_test(reader_that_sends_noise_is_refused),
		cmocka_unit_test(reader_error_text_arrives_without_control_characters),
		cmocka_unit_test(reader_leaves_no_descriptor_open),
		cmocka_unit_test(legacy_33_reloads_leave_memory_to_the_page),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down) ? 1 : 0;
}
