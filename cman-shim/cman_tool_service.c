/* cman_tool: corosync and qdiskd as services of this node. */
#include "cman_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSTEMD_RUNS "/run/systemd/system"
#define SEARCH_ALSO ":/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"

/* qdiskd may look twice, two intervals of up to 60 s apart, whether others beat
 * with other timings; corosync takes a second. */
#define START_LIMIT_MS 150000u
/* A clean stop of qdiskd takes at most 5 s; after 10 it hangs in the kernel, on
 * a LUN that does not answer, and has given up its vote long before. */
#define STOP_LIMIT_MS 10000u

static const struct {
	const char *program, *pid_file;
} services[] = {
	[SERVICE_OF_COROSYNC] = { "corosync", "/run/corosync.pid" },
	[SERVICE_OF_QDISKD] = { "qdiskd", "/run/qdiskd.pid" },
};

/* ---- The process ---- */

/* The beginning of a small file as a text without its last newline. */
static bool read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, line, size - 1);
	(void)close(fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

/* A number may belong to another process by now: its name must fit, and is asked
 * for when the descriptor is there, which no other process can take over. */
int cman_tool_service_find(enum cman_tool_service service)
{
	char text[32], path[32];
	int fd, pid;

	if (!read_line(services[service].pid_file, text, sizeof(text)))
		return -ESRCH;
	pid = (int)strtol(text, NULL, 10);
	fd = pid > 0 ? pidfd_open(pid, 0) : -1;
	if (fd < 0)
		return -ESRCH;
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (read_line(path, text, sizeof(text)) && strcmp(text, services[service].program) == 0)
		return fd;
	(void)close(fd);
	return -ESRCH;
}

int cman_tool_service_await_end(int pidfd, uint64_t limit_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	const uint64_t end_ms = cman_tool_now_ms() + limit_ms;
	uint64_t now_ms;
	int ended;

	do {
		now_ms = cman_tool_now_ms();
		ended = poll(&p, 1, now_ms >= end_ms ? 0 :
				    end_ms - now_ms > INT_MAX ? INT_MAX : (int)(end_ms - now_ms));
	} while (ended <= 0 && now_ms < end_ms);
	return ended > 0 ? 0 : -ETIMEDOUT;
}

/* ---- Programs ---- */

/* Beside this program, where a build tree and an installation have it, else in
 * the path; and in the directories of an administrator, whoever calls. */
static int search_here_first(void)
{
	const char *path = getenv("PATH");
	char self[PATH_MAX], all[2 * PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return -errno;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	n = snprintf(all, sizeof(all), "%s:%s" SEARCH_ALSO, self, path ? path : "");
	if (n < 0 || (size_t)n >= sizeof(all))
		return -ENAMETOOLONG;
	return setenv("PATH", all, 1) == 0 ? 0 : -errno;
}

/* Run a program to its end; its words are for who called us. -ECANCELED: it has
 * failed and said why; -ETIMEDOUT: it is left to itself. */
static int run_program(const struct cman_tool_options *o, const char *const argv[],
		       uint64_t limit_ms)
{
	pid_t pid;
	int fd, status, error;

	cman_tool_debug(o, "running %s %s", argv[0], argv[1] ? argv[1] : "");
	(void)fflush(stdout); /* what was said before it speaks */
	error = -posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ);
	if (error)
		return error;
	fd = pidfd_open(pid, 0);
	error = fd < 0 ? -errno : cman_tool_service_await_end(fd, limit_ms);
	if (fd >= 0)
		(void)close(fd);
	if (error)
		return error;
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECANCELED;
}

static bool systemd_runs(void)
{
	return access(SYSTEMD_RUNS, F_OK) == 0;
}

static int run_systemctl(const struct cman_tool_options *o, const char *verb,
			 enum cman_tool_service service)
{
	const char *const argv[] = { "systemctl", verb, services[service].program, NULL };

	return run_program(o, argv, START_LIMIT_MS);
}

static int report(const struct cman_tool_options *o, const char *what,
		  enum cman_tool_service service, int error)
{
	if (error)
		(void)cman_tool_fail(o, "cannot %s %s: %s", what, services[service].program,
				     error == -ECANCELED ? "it has said why" : strerror(-error));
	return error;
}

int cman_tool_service_start(const struct cman_tool_options *o, enum cman_tool_service service)
{
	const char *const argv[] = { services[service].program, NULL };
	int error = search_here_first();

	if (!error)
		error = systemd_runs() ? run_systemctl(o, "start", service) :
					 run_program(o, argv, START_LIMIT_MS);
	return report(o, "start", service, error);
}

/* By its number, for one that no unit has started, too. */
static int signal_process(const struct cman_tool_options *o, enum cman_tool_service service,
			  int number, uint64_t limit_ms)
{
	int fd = cman_tool_service_find(service), error = 0;

	if (fd < 0)
		return fd == -ESRCH ? 0 : fd;
	cman_tool_debug(o, "sending signal %d to %s", number, services[service].program);
	if (pidfd_send_signal(fd, number, NULL, 0) != 0 && errno != ESRCH)
		error = -errno;
	if (!error && limit_ms)
		error = cman_tool_service_await_end(fd, limit_ms);
	(void)close(fd);
	return error;
}

int cman_tool_service_stop(const struct cman_tool_options *o, enum cman_tool_service service)
{
	int error = search_here_first();

	if (!error && systemd_runs())
		error = run_systemctl(o, "stop", service);
	if (!error)
		error = signal_process(o, service, SIGTERM, STOP_LIMIT_MS);
	return report(o, "stop", service, error);
}

int cman_tool_service_reload(const struct cman_tool_options *o, enum cman_tool_service service)
{
	return report(o, "reload", service, signal_process(o, service, SIGHUP, 0));
}
