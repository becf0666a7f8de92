/* The process that the daemon is: in the background, its pid file, its place in the
 * scheduler and in memory (floor 4). */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon.h"

#define PID_FILE "/run/qdiskd.pid"

void process_stdio_close(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3 && fd >= 0; i++)
		(void)dup2(fd, i);
	if (fd > 2)
		(void)close(fd);
}

/* Fork; the parent waits until the child says that it runs, or its exit code. */
void process_background(struct daemon *d)
{
	int pipe_fd[2];
	int status = EXIT_CONFIG;
	char ready;
	pid_t pid;

	if (pipe2(pipe_fd, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
		fprintf(stderr, "qdiskd: cannot daemonize: %m\n");
		exit(EXIT_CONFIG);
	}
	if (pid > 0) {
		(void)close(pipe_fd[1]);
		if (read(pipe_fd[0], &ready, 1) == 1)
			_exit(ready);
		if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
			_exit(WEXITSTATUS(status));
		_exit(EXIT_CONFIG);
	}
	(void)close(pipe_fd[0]);
	d->ready_fd = pipe_fd[1];
	(void)setsid();	/* a fresh child is no group leader: cannot fail */
	if (chdir("/") != 0)
		fprintf(stderr, "qdiskd: chdir /: %m\n");
}

void process_ready(struct daemon *d)
{
	char ok = EXIT_OK;

	if (d->ready_fd < 0)
		return;
	(void)!write(d->ready_fd, &ok, 1);	/* a parent that is gone does not care */
	(void)close(d->ready_fd);
	d->ready_fd = -1;
	process_stdio_close();
}

void process_pid_file(void)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)getpid());
	int fd = open(PID_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0 || write(fd, text, (size_t)n) != n)
		log_line(LOG_WARNING, "%s: cannot be written: %m", PID_FILE);
	if (fd >= 0)
		(void)close(fd);
}

void process_pid_file_remove(void)
{
	(void)unlink(PID_FILE);
}

/* Real-time, in memory, the last one that the kernel kills. Each is best effort:
 * a container may forbid it. The highest priority unless configured otherwise:
 * while corosync waits for our answer it spins at its own, the highest too. */
void process_priority(const struct daemon *d)
{
	uint32_t scheduler = d->config.scheduler == QD_UNSET ? 'r' : d->config.scheduler;
	int policy = scheduler == 'f' ? SCHED_FIFO : scheduler == 'o' ? SCHED_OTHER : SCHED_RR;
	struct sched_param param = { .sched_priority = sched_get_priority_max(policy) };
	int fd;

	if (policy != SCHED_OTHER && d->config.priority != QD_UNSET)
		param.sched_priority = (int)d->config.priority;

	if (sched_setscheduler(0, policy | SCHED_RESET_ON_FORK, &param) != 0)
		log_line(LOG_WARNING, "scheduler %c priority %d: %m", (int)scheduler, param.sched_priority);
	if (policy == SCHED_OTHER && d->config.nice != 0 && setpriority(PRIO_PROCESS, 0, d->config.nice) != 0)
		log_line(LOG_WARNING, "nice %d: %m", d->config.nice);
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
		log_line(LOG_WARNING, "memory cannot be locked: %m");
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "-1000", 5) != 5)
		log_line(LOG_WARNING, "oom_score_adj cannot be set: %m");
	if (fd >= 0)
		(void)close(fd);
}
