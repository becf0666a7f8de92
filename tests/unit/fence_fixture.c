/* See fence_fixture.h. */
#include "fence_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

struct runner runner;
struct fence fence;
struct qd_config config;
unsigned done_count;
uint32_t done_node;
enum qd_fence_result done_result;
void (*on_end)(uint32_t node_id);
char notes[16384];

static void on_note(void *arg, enum fence_note kind, const char *text)
{
	size_t used = strlen(notes);

	(void)arg, (void)kind;
	(void)snprintf(notes + used, sizeof(notes) - used, "%s\n", text);
}

static void on_done(void *arg, uint32_t node_id, enum qd_fence_result result)
{
	(void)arg;
	done_count++;
	done_node = node_id;
	done_result = result;
	if (on_end)
		on_end(node_id);
}

const char *in_dir(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", work_dir, name);
	return path;
}

void file(const char *name, unsigned mode, const char *bytes)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
	assert_int_equal(close(fd), 0);
}

const char *calls(void)
{
	static char bytes[8192];
	int fd = open(in_dir("calls"), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes) - 1);

	if (fd >= 0)
		(void)close(fd);
	bytes[n > 0 ? n : 0] = '\0';
	return bytes;
}

int fence_setup(const char *path)
{
	memset(&config, 0, sizeof(config));
	done_count = 0;
	on_end = NULL;
	notes[0] = '\0';
	if (runner_open(&runner, work_dir) < 0 || fence_open(&fence, &runner, on_done, on_note, NULL) < 0)
		return -1;
	if (path)
		(void)snprintf(runner.path, sizeof(runner.path), "PATH=%s", path);
	fence_configure(&fence, &config);
	return 0;
}

int fence_teardown(void)
{
	bool busy = true;
	char command[64];

	fence_close(&fence);
	for (int n = 0; busy && n < 500; n++) {
		struct pollfd p = { .fd = runner_fd(&runner), .events = POLLIN };

		(void)poll(&p, 1, 10);
		runner_dispatch(&runner, now_ms());
		busy = runner.strays_looks > 0;
		for (uint32_t i = 0; i < RUNNER_SLOTS; i++)
			busy |= runner_busy(&runner, i);
	}
	runner_close(&runner);
	(void)snprintf(command, sizeof(command), "rm -rf %s/*", work_dir);
	return system(command) || busy ? -1 : 0;	/* NOLINT(cert-env33-c): our own words */
}

void turn_once(int timeout_ms)
{
	struct pollfd p[] = { { .fd = runner_fd(&runner), .events = POLLIN },
			      { .fd = fence_fd(&fence), .events = POLLIN } };

	(void)poll(p, 2, timeout_ms);
	if (p[1].revents)
		fence_dispatch(&fence, now_ms());
	runner_dispatch(&runner, now_ms());
}

void turn(unsigned count, unsigned limit_ms)
{
	uint64_t end_ms = now_ms() + limit_ms;

	while (done_count < count && now_ms() < end_ms)
		turn_once(20);
}

void noted(const char *text)
{
	for (uint64_t end_ms = now_ms() + 10000; !strstr(notes, text) && now_ms() < end_ms;)
		turn_once(20);
	assert_non_null(strstr(notes, text));
}

int fence_tests_run(const char *name, const struct CMUnitTest *tests, size_t count)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return _cmocka_run_group_tests(name, tests, count, work_dir_make, work_dir_remove);
}
