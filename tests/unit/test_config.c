/* qdisk-readconf from the daemon's side: what it sends, and what it must not
 * be able to do, whatever it sends. The real reader is looked for in
 * $QDISK_LIBEXECDIR, else in the directories above this test. */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../../qdiskd/config.h"
#include "../rss.h"
#include "clusterconf_fixture.h"

#define LIMIT_MS 2000

static const char good[] =
	"<cluster name=\"c\" config_version=\"7\">\n<clusternodes><clusternode name=\"a\" nodeid=\"1\">"
	"<altname name=\"a1\"/>"
	"<fence><method name=\"m\"><device name=\"d\" port=\"1\"/></method></fence>"
	"<unfence><device name=\"d\"/></unfence></clusternode>"
	"<clusternode name=\"b\" nodeid=\"2\"/></clusternodes><fencedevices><fencedevice name=\"d\" "
	"agent=\"f\"/></fencedevices><logging><logging_daemon name=\"corosync\" subsys=\"s\"/></logging><quorumd label=\"l\" log_level=\"7\"><heuristic program=\"true\"/>"
	"</quorumd></cluster>";

static char real_dir[200], fake_dir[40];
static struct qd_config parsed;

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

/* ---- config_invalid(): one field at a time ---- */

#define WRONG(field, bytes, what) { offsetof(struct qd_config, field), { bytes }, what }
#define BIG 0xFE, 0xFF, 0xFF, 0xFF

static const struct {
	size_t offset;
	unsigned char bytes[4];
	const char *what;
} fields[] = {
	WRONG(interval_ms, BIG, "interval"),
	WRONG(tko, BIG, "tko"), WRONG(tko_up, BIG, "tko"), WRONG(upgrade_wait, BIG, "tko"),
	WRONG(master_wait, BIG, "tko"), WRONG(votes, BIG, "votes"), WRONG(min_score, BIG, "votes"),
	WRONG(reboot, BIG, "flag"), WRONG(allow_kill, BIG, "flag"), WRONG(master_wins, BIG, "flag"),
	WRONG(paranoid, BIG, "flag"), WRONG(io_timeout, BIG, "flag"), WRONG(stop_cman, BIG, "flag"),
	WRONG(max_error_cycles, BIG, "flag"), WRONG(scheduler, BIG, "scheduler"),
	WRONG(priority, BIG, "priority"), WRONG(nice, 20, "priority"),
	WRONG(fence, BIG, "fence"), WRONG(token_ms, BIG, "token"),
	WRONG(expected_votes, BIG, "token"), WRONG(two_node, BIG, "token"),
	WRONG(quorum_dev_poll_ms, BIG, "token"), WRONG(post_fail_delay_s, BIG, "post_fail_delay"),
	WRONG(post_join_delay_s, BIG, "post_fail_delay"), WRONG(notice_count, BIG, "notice_count"),
	WRONG(heuristic_count, BIG, "heuristic_count"), WRONG(heuristic[0].score, BIG, "heuristic"),
	WRONG(heuristic[0].interval_ms, BIG, "heuristic"), WRONG(heuristic[0].tko, BIG, "heuristic"),
	WRONG(node_count, BIG, "node_count"), WRONG(node[0].node_id, BIG, "node id"),
	WRONG(node[1].node_id, 0x01, "node id that is there twice"),
	WRONG(node[0].votes, BIG, "node votes"), WRONG(node[0].method_count, BIG, "method_count"),
	WRONG(node[0].method[0].name, BIG, "fence method"),
	WRONG(node[0].method[0].device_count, BIG, "fence method"),
	WRONG(node[0].method[0].device[0].name, BIG, "fence method"),
	WRONG(node[0].method[0].device[0].agent, BIG, "fence method"),
	WRONG(node[0].method[0].device[0].args, BIG, "fence method"),
	WRONG(node[0].unfence_count, BIG, "unfence"),
	WRONG(node[0].unfence[0].args, BIG, "unfence"), WRONG(pool_used, BIG, "pool"),
	WRONG(pool[0], 'x', "pool"), WRONG(pool[1], 0x1b, "byte in pool"),
	WRONG(log.to_syslog, 0x02, "logging"), WRONG(log.to_logfile, 0xFF, "logging"),
	WRONG(log.debug, 0x80, "logging"), WRONG(cluster, 0x00, "cluster name"),
	WRONG(notice[0].corosync, 0x02, "notice"),
	WRONG(totem.transport, BIG, "transport"), WRONG(totem.secauth, BIG, "secauth"),
	WRONG(totem.keyfile, 'x', "keyfile"), WRONG(totem.port[7], BIG, "port"),
	WRONG(totem.log.debug, 0x02, "logging of corosync"),
	WRONG(totem.subsys_count, BIG, "logging of corosync"),
	WRONG(totem.subsys[0].name, 0x00, "logging of a part"),
	WRONG(totem.subsys[0].log.to_syslog, 0x02, "logging of a part"),
	WRONG(node[0].altname_count, BIG, "altname_count"), WRONG(node[0].altname[0], BIG, "altname"),
	WRONG(device, 'x', "device"), WRONG(status_file, 'x', "status_file"),
};

static void config_with_one_wrong_field_is_invalid(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t size = fields[i].bytes[3] ? 4 : 1;
		const char *wrong;

		config = parsed;
		memcpy((char *)&config + fields[i].offset, fields[i].bytes, size);
		wrong = config_invalid(&config);
		if (!wrong || !strstr(wrong, fields[i].what))
			fail_msg("field %zu (%s): %s", i, fields[i].what, wrong ? wrong : "valid");
	}
}

static void config_text_without_end_is_invalid(void **state)
{
	static const struct {
		size_t offset, size;
	} texts[] = {
#define TEXT(field) { offsetof(struct qd_config, field), sizeof(parsed.field) }
		TEXT(file), TEXT(cluster), TEXT(device), TEXT(label), TEXT(cman_label),
		TEXT(status_file), TEXT(log.facility), TEXT(log.priority),
		TEXT(log.logfile_priority), TEXT(log.logfile), TEXT(notice[0].text),
		TEXT(heuristic[0].program), TEXT(node[0].name), TEXT(node[1].name),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		config = parsed;
		memset((char *)&config + texts[i].offset, '/', texts[i].size);
		assert_non_null(config_invalid(&config));
		((char *)&config)[texts[i].offset + texts[i].size - 1] = '\0';
		((char *)&config)[texts[i].offset + 1] = '\n';
		assert_non_null(config_invalid(&config));
	}
	config = parsed;
	config.pool[config.pool_used - 1] = 'x';
	assert_string_equal(config_invalid(&config), "pool");
}

static void config_limits_are_valid(void **state)
{
	(void)state;
	assert_null(config_invalid(&parsed));
	config = parsed;
	config.interval_ms = QD_INTERVAL_MS_MAX;
	config.tko = config.tko_up = config.master_wait = QD_CYCLES_MAX;
	config.nice = -20;
	config.node[0].node_id = QD_NODE_MAX;
	assert_null(config_invalid(&config));
	config.interval_ms = QD_INTERVAL_MS_MIN - 1;
	assert_string_equal(config_invalid(&config), "interval");
}

static void config_without_quorumd_or_device_is_told(void **state)
{
	(void)state;
	assert_int_equal(config_names_device(&parsed, error, sizeof(error)), 0);
	config = parsed;
	config.label[0] = '\0';
	assert_int_equal(config_names_device(&config, error, sizeof(error)), -ENODEV);
	assert_non_null(strstr(error, ":2: <quorumd> needs label= or device="));
	config.quorumd_line = 0;
	assert_int_equal(config_names_device(&config, error, sizeof(error)), -ENOENT);
	assert_non_null(strstr(error, "there is no <quorumd> element"));
}

static void config_timings_set_for_the_laws_are_open_again_afterwards(void **state)
{
	const struct qd_timings t = { .interval_ms = 200, .tko = 8, .tko_up = 2, .upgrade_wait = 2,
				      .master_wait = 3 };

	(void)state;
	config = parsed;
	config_timings_unset(&config);
	assert_true(config_timings_open(&config));
	config_timings_set(&config, &t);
	assert_false(config_timings_open(&config));
	assert_int_equal(config.interval_ms, 200);
	assert_int_equal(config.master_wait, 3);
	config_timings_unset(&config);
	assert_true(config_timings_open(&config));
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
	write_bytes(good, sizeof(good) - 1);
	return clusterconf_parse(conf_path, &parsed, error, sizeof(error));
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
		cmocka_unit_test(config_with_one_wrong_field_is_invalid),
		cmocka_unit_test(config_text_without_end_is_invalid),
		cmocka_unit_test(config_limits_are_valid),
		cmocka_unit_test(config_without_quorumd_or_device_is_told),
		cmocka_unit_test(config_timings_set_for_the_laws_are_open_again_afterwards),
		cmocka_unit_test(legacy_33_reloads_leave_memory_to_the_page),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down) ? 1 : 0;
}
