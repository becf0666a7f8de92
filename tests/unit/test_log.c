/* log.c with a real syslog socket, a real log file and its writer: what stands in a line,
 * and where it goes. */
#include "log_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
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
		TEST(log_long_line_is_cut),
		TEST(log_recorder_keeps_debug_lines),
		TEST(log_crash_leaves_the_recorder_and_dies_of_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, work_dir_make, work_dir_remove);
}
