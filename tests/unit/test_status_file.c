/* status_file.c: the status file: whole, and never in the daemon's way. */
#include "status_fixture.h"

/* The file's text, once it holds `needle`. */
static const char *file_text(const char *needle)
{
	return file_text_with(file_path, needle);
}

static void status_file_is_written(void **state)
{
	struct status_file f = { 0 };

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	(void)file_text("Node ID: 1\n");
	snapshot.node_id = 7;
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	(void)file_text("Node ID: 7\n");
	status_file_close(&f);
	status_file_close(&f);
	assert_int_equal(access(file_path, F_OK), 0);
}

static void legacy_16_readers_never_see_half_a_file(void **state)
{
	struct status_file f = { 0 };
	uint64_t end_ms = now_ms() + 20000;	/* its writer may wait long for a processor */
	unsigned seen = 0;
	int fd;

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	(void)file_text("\n\n");
	for (int i = 0; i < 3000 || (seen != 3 && now_ms() < end_ms); i++) {
		char text[STATUS_TEXT_MAX];
		ssize_t n;

		snapshot.cycles++;
		snapshot.visible = i % 2 ? 1 : UINT64_MAX;
		(void)status_file_publish(&f, &snapshot);
		fd = open(file_path, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		n = read(fd, text, sizeof(text) - 1);
		assert_true(n > 0);
		text[n] = '\0';
		(void)close(fd);
		assert_memory_equal(text, "Time Stamp: ", 12);
		assert_string_equal(text + n - 2, "\n\n");
		seen |= strstr(text, " 64 }") ? 2 : 1;
	}
	status_file_close(&f);
	assert_int_equal(seen, 3);
}

static void legacy_16_fifo_without_reader_never_blocks(void **state)
{
	struct status_file f = { 0 };
	uint64_t start_ms = now_ms();
	struct stat st;

	(void)state;
	assert_int_equal(mkfifo(file_path, 0600), 0);
	assert_int_equal(status_file_open(file_path, &f), 0);
	for (int i = 0; i < 2000; i++)
		(void)status_file_publish(&f, &snapshot);
	assert_true(now_ms() - start_ms < 1000);
	status_file_close(&f);
	assert_int_equal(lstat(file_path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
}

static void legacy_16_fifo_with_slow_reader_never_blocks(void **state)
{
	struct status_file f = { 0 };
	uint64_t start_ms = now_ms();
	char text[12] = "";
	int fd;

	(void)state;
	assert_int_equal(mkfifo(file_path, 0600), 0);
	fd = open(file_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(status_file_open(file_path, &f), 0);
	for (int i = 0; i < 5000; i++)
		(void)status_file_publish(&f, &snapshot);
	assert_true(now_ms() - start_ms < 1000);
	for (int i = 0; i < 500 && read(fd, text, sizeof(text)) <= 0; i++)
		(void)usleep(10000);
	assert_memory_equal(text, "Time Stamp: ", 12);
	(void)close(fd);
	status_file_close(&f);
}

/* A file system that hangs stops the child as SIGSTOP does. */
static void legacy_16_file_system_hangs_never_blocks(void **state)
{
	struct status_file f = { 0 };
	uint64_t start_ms = now_ms();
	int r = 0;

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(kill(f.pid, SIGSTOP), 0);
	for (int i = 0; i < 20000; i++) {
		snapshot.node_id = (uint32_t)i;
		r = status_file_publish(&f, &snapshot);
		assert_true(r == 0 || r == -EAGAIN);
	}
	assert_int_equal(r, -EAGAIN);
	assert_true(now_ms() - start_ms < 2000);
	assert_int_equal(kill(f.pid, SIGCONT), 0);
	for (int i = 0; i < 500 && r == -EAGAIN; i++) {
		(void)usleep(10000);
		snapshot.node_id = 99999;
		r = status_file_publish(&f, &snapshot);
	}
	(void)file_text("Node ID: 99999\n");
	status_file_close(&f);
}

static void status_file_child_that_hangs_is_killed_at_the_next_close(void **state)
{
	struct status_file f = { 0 };
	pid_t hung;

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	hung = f.pid;
	assert_int_equal(kill(hung, SIGSTOP), 0);
	status_file_close(&f);
	assert_int_equal(status_file_open(file_path, &f), 0);
	status_file_close(&f);
	(void)waitpid(hung, NULL, 0);
	assert_int_equal(kill(hung, 0), -1);
}

static void status_file_child_killed_is_epipe(void **state)
{
	struct status_file f = { 0 };

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(kill(f.pid, SIGKILL), 0);
	assert_int_equal(waitpid(f.pid, NULL, 0), f.pid);
	assert_int_equal(status_file_publish(&f, &snapshot), -EPIPE);
	status_file_close(&f);
}

static void status_file_stop_signals_of_a_service_leave_the_child(void **state)
{
	struct status_file f = { 0 };

	(void)state;
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(kill(f.pid, SIGTERM), 0);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	(void)file_text("Node ID: 1\n");
	status_file_close(&f);
}

static void status_file_that_is_no_file_is_refused(void **state)
{
	struct status_file f = { 0 };
	char path[128];

	(void)state;
	assert_int_equal(status_file_open(work_dir, &f), -EINVAL);
	assert_int_equal(status_file_open("/dev/null", &f), -EINVAL);
	assert_int_equal(status_file_open("", &f), -EINVAL);
	(void)snprintf(path, sizeof(path), "%s/none/status", work_dir);
	assert_int_equal(status_file_open(path, &f), -ENOENT);
	assert_int_equal(symlink("/etc/passwd", file_path), 0);
	assert_int_equal(status_file_open(file_path, &f), -EINVAL);
	assert_int_equal(f.pid, 0);
}

static void status_file_becomes_a_link_is_not_followed(void **state)
{
	struct status_file f = { 0 };
	char victim[128], beside[128];
	struct stat st;

	(void)state;
	(void)snprintf(victim, sizeof(victim), "%s/victim", work_dir);
	(void)snprintf(beside, sizeof(beside), "%s.new", file_path);
	assert_int_equal(status_file_open(file_path, &f), 0);
	assert_int_equal(symlink(victim, beside), 0);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	(void)file_text("Node ID: 1\n");
	assert_int_equal(lstat(file_path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(file_path), 0);
	assert_int_equal(symlink(victim, file_path), 0);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	status_file_close(&f);
	while (waitpid(-1, NULL, 0) > 0)
		;
	assert_int_equal(access(victim, F_OK), -1);
}

static void status_file_dash_is_standard_output(void **state)
{
	struct status_file f = { 0 };
	int ends[2], saved;
	char text[12];

	(void)state;
	(void)fflush(stdout);
	saved = dup(STDOUT_FILENO);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
	assert_int_equal(status_file_open("-", &f), 0);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	(void)close(saved);
	(void)close(ends[1]);
	assert_int_equal(status_file_publish(&f, &snapshot), 0);
	assert_int_equal(read(ends[0], text, sizeof(text)), sizeof(text));
	assert_memory_equal(text, "Time Stamp: ", 12);
	status_file_close(&f);
	(void)close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(status_file_is_written),
		TEST(legacy_16_readers_never_see_half_a_file),
		TEST(legacy_16_fifo_without_reader_never_blocks),
		TEST(legacy_16_fifo_with_slow_reader_never_blocks),
		TEST(legacy_16_file_system_hangs_never_blocks),
		TEST(status_file_child_that_hangs_is_killed_at_the_next_close),
		TEST(status_file_child_killed_is_epipe),
		TEST(status_file_stop_signals_of_a_service_leave_the_child),
		TEST(status_file_that_is_no_file_is_refused),
		TEST(status_file_becomes_a_link_is_not_followed),
		TEST(status_file_dash_is_standard_output),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, work_dir_make, work_dir_remove);
}
