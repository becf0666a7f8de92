/* What the I/O and the wake-ups of a cycle cost here, without any daemon around them.
 *
 *	bench_floor DEVICE READ_BYTES WRITE_OFFSET INTERVAL_MS CYCLES
 *
 * Makes the system calls that no cycle can do without (12: a timer, one read and one
 * write by libaio with an eventfd, a helper thread that asks another process and waits)
 * at the daemon's pace and priority, and nothing else. Prints the CPU time of a cycle in
 * nanoseconds. It writes 4096 bytes of what it has read to WRITE_OFFSET.
 * CPU time differs between machines and with their load; the daemon's is to be read
 * beside this. */
#include <fcntl.h>
#include <libaio.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define WRITE_BYTES 4096
#define WARM_CYCLES 5

static int bell_fd, question_fd, answer_fd, done_fd, tick_fd, epoll_fd;
static io_context_t context;

static void check(bool fine, const char *what)
{
	if (fine)
		return;
	perror(what);
	exit(1);
}

static void event_wait(int fd)
{
	uint64_t count;

	check(read(fd, &count, sizeof(count)) == sizeof(count), "read");
}

static void event_send(int fd)
{
	const uint64_t one = 1;

	check(write(fd, &one, sizeof(one)) == sizeof(one), "write");
}

/* In corosync's place. */
static void answerer(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		event_wait(question_fd);
		event_send(answer_fd);
	}
}

static void *helper(void *arg)
{
	struct epoll_event bell = { .events = EPOLLIN | EPOLLET }, event;
	int fd = epoll_create1(EPOLL_CLOEXEC);

	(void)arg;
	check(fd >= 0 && epoll_ctl(fd, EPOLL_CTL_ADD, bell_fd, &bell) == 0, "epoll");
	for (;;) {
		if (epoll_wait(fd, &event, 1, -1) != 1)
			continue;
		event_send(question_fd);
		event_wait(answer_fd);
	}
	return NULL;
}

static void io_run(struct iocb *io)
{
	struct epoll_event event;
	/* the head of the ring of completions that is mapped here; as qdiskd takes them */
	struct {
		unsigned id, size, head, tail;
	} *ring = (void *)context;

	io_set_eventfd(io, done_fd);
	check(io_submit(context, 1, &io) == 1, "io_submit");
	check(epoll_wait(epoll_fd, &event, 1, -1) == 1, "epoll_wait");
	event_wait(done_fd);
	check(ring->head != ring->tail, "no completion");
	ring->head = ring->tail;
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	check(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0, "clock_gettime");
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fds_open(long interval_ms)
{
	struct epoll_event tick = { .events = EPOLLIN }, done = { .events = EPOLLIN };
	struct itimerspec every = { .it_interval = { interval_ms / 1000, interval_ms % 1000 * 1000000 },
				    .it_value = { 0, 1 } };

	bell_fd = eventfd(0, EFD_CLOEXEC);
	question_fd = eventfd(0, EFD_CLOEXEC);
	answer_fd = eventfd(0, EFD_CLOEXEC);
	done_fd = eventfd(0, EFD_CLOEXEC);
	tick_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	check(bell_fd >= 0 && question_fd >= 0 && answer_fd >= 0 && done_fd >= 0, "eventfd");
	check(tick_fd >= 0 && timerfd_settime(tick_fd, 0, &every, NULL) == 0, "timerfd");
	check(epoll_fd >= 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, tick_fd, &tick) == 0 &&
		      epoll_ctl(epoll_fd, EPOLL_CTL_ADD, done_fd, &done) == 0, "epoll");
	check(io_setup(2, &context) == 0, "io_setup");
}

/* The daemon's priority, where allowed; after the answerer was born. */
static void helper_start(void)
{
	struct sched_param param = { .sched_priority = sched_get_priority_max(SCHED_RR) };
	pthread_t thread;

	(void)sched_setscheduler(0, SCHED_RR, &param);
	check(pthread_create(&thread, NULL, helper, NULL) == 0, "pthread_create");
}

static void cycles_run(int device, uint8_t *buffer, size_t size, long long offset, long cycles)
{
	struct epoll_event event;
	uint64_t start = 0;

	for (long c = -WARM_CYCLES; c < cycles; c++) {
		struct iocb io;

		if (c == 0)
			start = cpu_ns();
		check(epoll_wait(epoll_fd, &event, 1, -1) == 1, "epoll_wait");
		event_wait(tick_fd);
		io_prep_pread(&io, device, buffer, size, 0);
		io_run(&io);
		io_prep_pwrite(&io, device, buffer, WRITE_BYTES, offset);
		io_run(&io);
		event_send(bell_fd);
	}
	printf("%llu\n", (unsigned long long)(cpu_ns() - start) / (unsigned long long)cycles);
}

int main(int argc, char **argv)
{
	int device = argc == 6 ? open(argv[1], O_RDWR | O_DIRECT | O_CLOEXEC) : -1;
	size_t size = argc == 6 ? (size_t)strtoul(argv[2], NULL, 10) : 0;
	long long offset = argc == 6 ? strtoll(argv[3], NULL, 10) : 0;
	long interval_ms = argc == 6 ? strtol(argv[4], NULL, 10) : 0;
	long cycles = argc == 6 ? strtol(argv[5], NULL, 10) : 0;
	uint8_t *buffer;
	pid_t pid;

	if (device < 0 || size < WRITE_BYTES || offset < (long long)size || interval_ms < 1 || cycles < 1) {
		fputs("usage: bench_floor DEVICE READ_BYTES WRITE_OFFSET INTERVAL_MS CYCLES\n", stderr);
		return 2;
	}
	buffer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	check(buffer != MAP_FAILED, "mmap");
	fds_open(interval_ms);
	pid = fork();
	check(pid >= 0, "fork");
	if (pid == 0)
		answerer();
	helper_start();
	cycles_run(device, buffer, size, offset, cycles);
	(void)kill(pid, SIGKILL);
	return 0;
}
