/* log.c where nobody takes the lines: it never waits for syslog, file or terminal, tells
 * what was lost, and allocates nothing. */
#include "log_fixture.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(log_syslog_stopped_never_blocks_and_losses_are_told),
		TEST(log_syslog_restarted_is_found_again),
		TEST(log_file_system_hangs_never_blocks_and_losses_are_told),
		TEST(log_writer_killed_costs_lines_only),
		TEST(log_writer_ends_with_us),
		TEST(log_stderr_full_pipe_never_blocks),
		TEST(log_lines_allocate_nothing),
		TEST(legacy_33_reloads_keep_memory_flat),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, work_dir_make, work_dir_remove);
}
