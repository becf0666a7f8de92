/* status.c: the socket and its clients, mute, slow and many. */
#include "status_fixture.h"

#include <sys/resource.h>

static void status_mute_clients_the_oldest_makes_room(void **state)
{
	int mute[STATUS_CLIENTS_MAX], fd;

	(void)state;
	for (uint32_t i = 0; i < STATUS_CLIENTS_MAX; i++) {
		mute[i] = client_connect();
		serve();
	}
	fd = client_connect();
	assert_true(client_ask(fd, "status") > 0);
	assert_int_equal(recv(mute[0], reply, sizeof(reply), MSG_DONTWAIT), 0);
	assert_int_equal(recv(mute[1], reply, sizeof(reply), MSG_DONTWAIT), -1);
	assert_true(client_ask(mute[1], "status") > 0);
	(void)close(fd);
	for (uint32_t i = 0; i < STATUS_CLIENTS_MAX; i++)
		(void)close(mute[i]);
	serve();
}

static void status_clients_ask_and_leave_nobody_waits(void **state)
{
	uint64_t start_ms = now_ms();

	(void)state;
	for (int i = 0; i < 500; i++) {
		int fd = client_connect();

		if (i % 2)
			assert_int_equal(send(fd, "status", 6, MSG_NOSIGNAL), 6);
		(void)close(fd);	/* before or instead of the answer */
		serve();
	}
	assert_true(now_ms() - start_ms < 2000);
}

static void status_client_that_never_reads_delays_nobody(void **state)
{
	int slow = client_connect(), fd;
	uint64_t start_ms = now_ms();
	int small = 1;

	(void)state;
	(void)setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(send(slow, "status", 6, MSG_NOSIGNAL), 6);
	fd = client_connect();
	assert_true(client_ask(fd, "status") > 0);
	assert_true(now_ms() - start_ms < 500);
	(void)close(fd);
	(void)close(slow);
}

static void status_descriptors_run_out_newcomers_are_shown_out(void **state)
{
	struct rlimit old, none;
	int fd = client_connect();

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = (rlim_t)fd, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	serve();	/* asserts that nothing is left readable */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(recv(fd, reply, sizeof(reply), MSG_DONTWAIT), 0);
	(void)close(fd);
	fd = client_connect();
	assert_true(client_ask(fd, "status") > 0);
	(void)close(fd);
}

static void status_request_of_blank_lines_is_answered(void **state)
{
	int fd = client_connect();

	(void)state;
	assert_true(client_ask(fd, "\n\n") > 0);
	assert_non_null(strstr(reply, "unknown request"));
	(void)close(fd);
}

static void status_socket_mode_is_0660(void **state)
{
	struct stat st;
	char dir[64];

	(void)state;
	assert_int_equal(stat(socket_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	(void)snprintf(dir, sizeof(dir), "%s/run", work_dir);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
}

static void status_socket_of_a_dead_daemon_is_replaced(void **state)
{
	struct status *second;
	int fd;

	(void)state;
	assert_int_equal(status_open(socket_path, &second), 0);
	status_close(status);	/* takes the name away, as any close does */
	status = NULL;
	assert_int_equal(access(socket_path, F_OK), -1);
	status_close(second);
	assert_int_equal(status_open(socket_path, &status), 0);
	fd = client_connect();
	assert_true(client_ask(fd, "status") > 0);
	(void)close(fd);
}

static void status_path_that_is_no_socket_is_left_alone(void **state)
{
	struct status *s;
	int fd = open(file_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;
	char path[300];

	(void)state;
	(void)close(fd);
	assert_int_equal(status_open(file_path, &s), -EADDRINUSE);
	assert_int_equal(stat(file_path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(status_open(path, &s), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(status_mute_clients_the_oldest_makes_room),
		TEST(status_clients_ask_and_leave_nobody_waits),
		TEST(status_client_that_never_reads_delays_nobody),
		TEST(status_descriptors_run_out_newcomers_are_shown_out),
		TEST(status_request_of_blank_lines_is_answered),
		TEST(status_socket_mode_is_0660),
		TEST(status_socket_of_a_dead_daemon_is_replaced),
		TEST(status_path_that_is_no_socket_is_left_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, work_dir_make, work_dir_remove);
}
