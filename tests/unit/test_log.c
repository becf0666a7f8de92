/* log.c with a real syslog socket, a real log file and its writer. */
#include "../../qdiskd/log.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <regex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char work_dir[] = "/tmp/qdisk-test-log.XXXXXX";
static char syslog_path[64], file_path[64], dump_path[64];
static int syslogd;	/* the socket that stands for /dev/log */

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static struct qd_log_config config_default(void)
{
	struct qd_log_config c = { .to_syslog = true, .to_logfile = true, .facility = "local4",
				   .priority = "info", .logfile_priority = "info" };

	(void)snprintf(c.logfile, sizeof(c.logfile), "%s", file_path);
	return c;
}

static void init(bool foreground, bool debug)
{
	const struct log_options options = { .foreground = foreground, .debug = debug,
					     .syslog_path = syslog_path };

	assert_int_equal(log_init(&options), 0);
}

static void apply(void)
{
	const struct qd_log_config c = config_default();

	assert_int_equal(log_apply(&c), 0);
}

static int setup(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	(void)state;
	(void)snprintf(syslog_path, sizeof(syslog_path), "%s/devlog", work_dir);
	(void)snprintf(file_path, sizeof(file_path), "%s/log/qdiskd.log", work_dir);
	(void)snprintf(dump_path, sizeof(dump_path), "%s/dump", work_dir);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", syslog_path);
	syslogd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return syslogd < 0 ? -1 : bind(syslogd, (const struct sockaddr *)&a, sizeof(a));
}

static int teardown(void **state)
{
	char dir[64];

	(void)state;
	log_done();
	(void)close(syslogd);
	(void)unlink(syslog_path);
	(void)unlink(file_path);
	(void)unlink(dump_path);
	(void)snprintf(dir, sizeof(dir), "%s/log", work_dir);
	(void)rmdir(dir);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return 0;
}

/* The log file's text, once it holds `needle` (waits up to 5 s). */
static const char *file_text(const char *needle)
{
	static char text[1 << 20];
	uint64_t end_ms = now_ms() + 5000;

	do {
		FILE *f = fopen(file_path, "re");
		size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

		if (f)
			(void)fclose(f);
		text[n] = '\0';
		if (strstr(text, needle))
			return text;
		(void)usleep(2000);
	} while (now_ms() < end_ms);
	fail_msg("the log file never said \"%s\"", needle);
	return text;
}

/* The next datagram; "" none. */
static const char *syslog_text(void)
{
	static char text[2048];
	ssize_t n = recv(syslogd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void assert_like(const char *text, const char *pattern)
{
	regex_t r;

	assert_int_equal(regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&r, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" is not like %s", text, pattern);
	regfree(&r);
}

static void log_file_line_looks_like_legacy(void **state)
{
	struct stat st;

	(void)state;
	init(false, false);
	apply();
	log_line(LOG_NOTICE, "Node %d evicted", 2);
	assert_like(file_text("evicted"),
		    "^[A-Z][a-z]{2} [0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} qdiskd Node 2 evicted\n$");
	assert_int_equal(stat(file_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void log_syslog_line_has_facility_ident_and_pid(void **state)
{
	char pattern[128];

	(void)state;
	init(false, false);
	log_line(LOG_INFO, "before the configuration is known");
	(void)snprintf(pattern, sizeof(pattern),
		       "^<166>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} qdiskd\\[%d\\]: before the",
		       (int)getpid());
	assert_like(syslog_text(), pattern);
}

static void log_configured_facility_and_priority_are_used(void **state)
{
	struct qd_log_config c = config_default();

	(void)state;
	(void)snprintf(c.facility, sizeof(c.facility), "daemon");
	(void)snprintf(c.priority, sizeof(c.priority), "warning");
	init(false, false);
	assert_int_equal(log_apply(&c), 0);
	log_line(LOG_NOTICE, "too quiet for syslog");
	log_line(LOG_WARNING, "loud enough");
	assert_like(syslog_text(), "^<28>.*loud enough$");
	assert_string_equal(syslog_text(), "");
	assert_non_null(strstr(file_text("loud"), "too quiet"));
}

static void log_sinks_off_get_nothing(void **state)
{
	struct qd_log_config c = config_default();

	(void)state;
	c.to_syslog = c.to_logfile = false;
	init(false, false);
	assert_int_equal(log_apply(&c), 0);
	log_line(LOG_EMERG, "nobody hears");
	assert_string_equal(syslog_text(), "");
	assert_int_equal(access(file_path, F_OK), -1);
	apply();
	log_line(LOG_INFO, "heard again");
	assert_non_null(strstr(syslog_text(), "heard again"));
	(void)file_text("heard again");
}

static void log_unknown_words_are_refused_and_change_nothing(void **state)
{
	struct qd_log_config c = config_default();

	(void)state;
	init(false, false);
	apply();
	(void)snprintf(c.facility, sizeof(c.facility), "local8");
	assert_int_equal(log_apply(&c), -EINVAL);
	c = config_default();
	(void)snprintf(c.priority, sizeof(c.priority), "loud");
	assert_int_equal(log_apply(&c), -EINVAL);
	log_line(LOG_INFO, "still here");
	assert_like(syslog_text(), "^<166>");
	(void)file_text("still here");
	assert_int_equal(log_priority("warn"), LOG_WARNING);
	assert_int_equal(log_facility("local0"), LOG_LOCAL0);
}

static void log_file_impossible_syslog_goes_on(void **state)
{
	struct qd_log_config c = config_default();

	(void)state;
	(void)snprintf(c.logfile, sizeof(c.logfile), "%s/no/such/dir/x.log", work_dir);
	init(false, false);
	assert_int_equal(log_apply(&c), -ENOENT);
	log_line(LOG_INFO, "still said");
	assert_non_null(strstr(syslog_text(), "still said"));
}

static void legacy_14_debug_is_switched_over_and_back(void **state)
{
	(void)state;
	init(false, false);
	apply();
	log_line(LOG_DEBUG, "one");
	assert_true(log_debug_toggle());
	log_line(LOG_DEBUG, "two");
	assert_false(log_debug_toggle());
	log_line(LOG_DEBUG, "three");
	log_line(LOG_INFO, "end");
	assert_like(file_text("end"), "^[^\n]* two\n[^\n]* end\n$");
}

static void legacy_15_debug_option_lasts_over_configurations(void **state)
{
	(void)state;
	init(false, true);
	apply();
	apply();
	log_line(LOG_DEBUG, "lasting");
	(void)file_text("lasting");
}

static void log_debug_without_a_file_goes_to_syslog(void **state)
{
	(void)state;
	init(false, true);
	log_line(LOG_DEBUG, "no file yet");
	assert_non_null(strstr(syslog_text(), "no file yet"));
	apply();
	log_line(LOG_DEBUG, "now there is one");
	(void)file_text("now there is one");
	assert_string_equal(syslog_text(), "");
}

static void log_file_rotated_is_opened_anew_by_reload(void **state)
{
	char old[80];

	(void)state;
	init(false, false);
	apply();
	log_line(LOG_INFO, "first");
	(void)file_text("first");
	(void)snprintf(old, sizeof(old), "%s.1", file_path);
	assert_int_equal(rename(file_path, old), 0);
	apply();
	log_line(LOG_INFO, "second");
	assert_null(strstr(file_text("second"), "first"));
	assert_int_equal(unlink(old), 0);
}

static void log_syslog_stopped_never_blocks_and_losses_are_told(void **state)
{
	uint64_t start_ms = now_ms();
	unsigned received = 0;

	(void)state;
	init(false, false);
	for (int i = 0; i < 20000; i++)
		log_line(LOG_INFO, "line %d", i);
	assert_true(now_ms() - start_ms < 2000);
	while (*syslog_text())
		received++;
	assert_in_range(received, 1, 19999);
	log_line(LOG_INFO, "daemon is back");
	assert_like(syslog_text(), "\\([0-9]+ lines lost\\) daemon is back$");
	log_line(LOG_INFO, "all is well");
	assert_like(syslog_text(), "\\]: all is well$");
}

static void log_syslog_restarted_is_found_again(void **state)
{
	void *none = NULL;

	init(false, false);
	(void)close(syslogd);
	(void)unlink(syslog_path);
	log_line(LOG_INFO, "nobody there");
	assert_int_equal(setup(&none), 0);
	(void)state;
	log_line(LOG_INFO, "welcome back");
	assert_like(syslog_text(), "\\(1 lines lost\\) welcome back$");
}

/* The only child of this process: the log file's writer. */
static pid_t writer_pid(void)
{
	char path[64];
	int pid = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	(void)fclose(f);
	return pid;
}

/* A file system that hangs stops the writer as SIGSTOP does: inside write(2). */
static void log_file_system_hangs_never_blocks_and_losses_are_told(void **state)
{
	uint64_t start_ms;
	pid_t writer;

	(void)state;
	init(false, false);
	apply();
	writer = writer_pid();
	assert_int_equal(kill(writer, SIGSTOP), 0);
	start_ms = now_ms();
	for (int i = 0; i < 20000; i++)
		log_line(LOG_INFO, "line %d", i);
	assert_true(now_ms() - start_ms < 2000);
	assert_int_equal(kill(writer, SIGCONT), 0);
	(void)file_text("line 0\n");
	while (*syslog_text())
		;
	for (int i = 0; i < 500; i++) {	/* until the writer has made room */
		log_line(LOG_INFO, "moving again");
		(void)usleep(1000);
	}
	assert_like(file_text("moving again"), "lines lost\\) moving again\n");
}

static void log_writer_killed_costs_lines_only(void **state)
{
	(void)state;
	init(false, false);
	apply();
	assert_int_equal(kill(writer_pid(), SIGKILL), 0);
	assert_true(waitpid(-1, NULL, 0) > 0);
	log_line(LOG_INFO, "lost in the file");	/* and no SIGPIPE */
	assert_non_null(strstr(syslog_text(), "lost in the file"));
	apply();
	log_line(LOG_INFO, "writer is back");
	(void)file_text("writer is back");
}

static void log_writer_ends_with_us(void **state)
{
	pid_t writer;

	(void)state;
	init(false, false);
	apply();
	writer = writer_pid();
	assert_int_equal(kill(writer, SIGTERM), 0);	/* systemd signals all of a service */
	log_line(LOG_INFO, "last words");
	log_done();
	(void)waitpid(writer, NULL, 0);
	assert_int_equal(kill(writer, 0), -1);
	(void)file_text("last words");
	init(false, false);	/* for the teardown */
}

static void log_stderr_full_pipe_never_blocks(void **state)
{
	int ends[2], saved = dup(STDERR_FILENO);
	uint64_t start_ms = now_ms();
	char text[4096];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	init(true, false);
	for (int i = 0; i < 5000; i++)
		log_line(LOG_INFO, "line %d", i);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_true(now_ms() - start_ms < 2000);
	n = read(ends[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	assert_like(text, "^[A-Z][a-z]{2} [0-9]{2} [0-9:]{8} qdiskd line 0\n");
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)close(saved);
}

static void log_long_line_is_cut(void **state)
{
	char text[4000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	init(false, false);
	log_line(LOG_INFO, "%s", text);
	assert_in_range(strlen(syslog_text()), 500, 600);
}

static bool file_has(const char *path, const char *needle)
{
	static char bytes[1 << 20];
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return false;
	n = fread(bytes, 1, sizeof(bytes), f);
	(void)fclose(f);
	return memmem(bytes, n, needle, strlen(needle)) != NULL;
}

static void log_recorder_keeps_debug_lines(void **state)
{
	(void)state;
	init(false, false);
	apply();
	log_line(LOG_DEBUG, "only in the recorder");
	log_line(LOG_INFO, "end");
	assert_null(strstr(file_text("end"), "recorder"));
	assert_int_equal(log_dump(dump_path), 0);
	assert_true(file_has(dump_path, "only in the recorder"));
	assert_true(log_dump("/no/such/dir/x") < 0);
}

static void log_crash_leaves_the_recorder_and_dies_of_it(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	init(false, false);
	pid = fork();
	if (pid == 0) {
		(void)log_dump_on_crash(dump_path);
		log_line(LOG_DEBUG, "about to crash");
		(void)raise(SIGFPE);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGFPE);
	assert_true(file_has(dump_path, "about to crash"));
}

static void log_lines_allocate_nothing(void **state)
{
	size_t before;

	(void)state;
	init(false, true);
	apply();
	log_line(LOG_INFO, "warm up");
	log_line(LOG_DEBUG, "warm up");
	before = mallinfo2().uordblks;
	for (int i = 0; i < 1000; i++)
		log_line(i % 2 ? LOG_DEBUG : LOG_INFO, "line %d", i);
	assert_int_equal(mallinfo2().uordblks, before);
}

static void legacy_33_reloads_keep_memory_flat(void **state)
{
	struct qd_log_config c = config_default();
	size_t before = 0;

	(void)state;
	c.to_logfile = false;
	init(false, false);
	for (int i = 0; i < 10000; i++) {
		if (i == 10)
			before = mallinfo2().uordblks;
		assert_int_equal(log_apply(&c), 0);
		(void)log_debug_toggle();
	}
	assert_true(mallinfo2().uordblks <= before + 1024);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(log_file_line_looks_like_legacy),
		TEST(log_syslog_line_has_facility_ident_and_pid),
		TEST(log_configured_facility_and_priority_are_used),
		TEST(log_sinks_off_get_nothing),
		TEST(log_unknown_words_are_refused_and_change_nothing),
		TEST(log_file_impossible_syslog_goes_on),
		TEST(legacy_14_debug_is_switched_over_and_back),
		TEST(legacy_15_debug_option_lasts_over_configurations),
		TEST(log_debug_without_a_file_goes_to_syslog),
		TEST(log_file_rotated_is_opened_anew_by_reload),
		TEST(log_syslog_stopped_never_blocks_and_losses_are_told),
		TEST(log_syslog_restarted_is_found_again),
		TEST(log_file_system_hangs_never_blocks_and_losses_are_told),
		TEST(log_writer_killed_costs_lines_only),
		TEST(log_writer_ends_with_us),
		TEST(log_stderr_full_pipe_never_blocks),
		TEST(log_long_line_is_cut),
		TEST(log_recorder_keeps_debug_lines),
		TEST(log_crash_leaves_the_recorder_and_dies_of_it),
		TEST(log_lines_allocate_nothing),
		TEST(legacy_33_reloads_keep_memory_flat),
	};
	int r;

	if (!mkdtemp(work_dir))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(work_dir);
	return r;
}
