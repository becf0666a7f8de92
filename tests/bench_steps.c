/* Count the user instructions of a running process, all threads, by single steps.
 *
 *	bench_steps PID CYCLES READ_BYTES
 *
 * Prints "CYCLES INSTRUCTIONS". A cycle is one read of READ_BYTES from a device, as
 * /proc/PID/io counts them. The count runs from one moment in which all threads slept
 * to another, CYCLES or a few more later: it holds whole cycles. Needs no performance
 * counters, which virtual machines often lack; the process runs some 100 times slower.
 * A repeated instruction (rep movsb) counts once, as in hardware.
 * Exit status 0; 1 failed; 77 not possible here (not an x86-64). */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#define THREADS_MAX 16
#define ASLEEP_NS   10000000	/* all threads sleep when none has stepped for so long */
#define LIMIT_S	    120

struct thread {
	pid_t tid;
	unsigned long long at;	/* address of its last instruction */
};

struct steps {
	pid_t pid;
	struct thread thread[THREADS_MAX];
	unsigned thread_count;
	uint64_t instructions;
	/* between two moments of sleep */
	bool begun;
	uint64_t first_instructions, first_bytes;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);	/* cannot fail */
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "bench_steps: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Bytes that the process has read from devices. */
static uint64_t bytes_read(pid_t pid)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	bool found = false;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/io", (int)pid);
	f = fopen(path, "re");
	if (!f)
		fail(path);
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, "read_bytes: %llu", &bytes) == 1;
	(void)fclose(f);	/* only read */
	if (!found)
		fail("no read_bytes in /proc/PID/io");
	return bytes;
}

static void threads_seize(struct steps *s)
{
	char path[64];
	const struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)s->pid);
	dir = opendir(path);
	if (!dir)
		fail(path);
	while ((entry = readdir(dir)) != NULL) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid <= 0)
			continue;
		if (s->thread_count == THREADS_MAX) {
			errno = E2BIG;
			fail("threads");
		}
		if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0 ||
		    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
			fail("ptrace");
		s->thread[s->thread_count++].tid = tid;
	}
	(void)closedir(dir);	/* only read */
}

static struct thread *thread_of(struct steps *s, pid_t tid)
{
	for (unsigned i = 0; i < s->thread_count; i++) {
		if (s->thread[i].tid == tid)
			return &s->thread[i];
	}
	return NULL;
}

/* One thread has stopped: count, and let it make its next step. */
static void thread_step(struct steps *s, struct thread *t, int status)
{
	long signal = WSTOPSIG(status);

	if (signal == SIGTRAP && status >> 16 == 0) {	/* a step, not the first stop */
		unsigned long long at;

		errno = 0;
		at = (unsigned long long)ptrace(PTRACE_PEEKUSER, t->tid,
						offsetof(struct user_regs_struct, rip), NULL);
		if (errno)
			fail("registers");
		if (at != t->at)
			s->instructions++;
		t->at = at;
	}
	if (signal == SIGTRAP || status >> 16)
		signal = 0;
	if (ptrace(PTRACE_SINGLESTEP, t->tid, NULL, signal) < 0)
		fail("step");
}

/* All threads slept until just now. True: enough cycles lie between the first such
 * moment and this one; the result is printed. */
static bool asleep(struct steps *s, uint64_t cycles, uint64_t cycle_bytes)
{
	uint64_t bytes = bytes_read(s->pid);

	if (!s->begun) {
		s->begun = true;
		s->first_instructions = s->instructions;
		s->first_bytes = bytes;
	}
	if (bytes - s->first_bytes < cycles * cycle_bytes)
		return false;
	if ((bytes - s->first_bytes) % cycle_bytes) {
		fprintf(stderr, "bench_steps: it did not only read slots\n");
		exit(1);
	}
	printf("%llu %llu\n", (unsigned long long)((bytes - s->first_bytes) / cycle_bytes),
	       (unsigned long long)(s->instructions - s->first_instructions));
	return true;
}

/* Wait for a stop of this thread for at most 20 ms. */
static bool stopped_soon(pid_t tid, int *ret_status)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (unsigned i = 0; i < 20; i++) {
		if (waitpid(tid, ret_status, __WALL | WNOHANG) == tid)
			return true;
		(void)nanosleep(&pause, NULL);	/* cut short by a signal: no harm */
	}
	return false;
}

static void thread_stop(pid_t tid)
{
	int status;

	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0 || waitpid(tid, &status, __WALL) != tid)
		fail("stop");
}

/* Let all threads go on by themselves; `stopped` is at a step. The others sleep in a
 * system call: being stopped there, they owe the trap of that step, which would kill
 * the process once nobody traces it. So it is let happen first. */
static void threads_release(struct steps *s, const struct thread *stopped)
{
	for (unsigned i = 0; i < s->thread_count; i++) {
		pid_t tid = s->thread[i].tid;
		int status;

		if (&s->thread[i] != stopped) {
			thread_stop(tid);
			if (ptrace(PTRACE_CONT, tid, NULL, NULL) < 0)
				fail("go on");
			if (!stopped_soon(tid, &status))
				thread_stop(tid);
		}
		if (ptrace(PTRACE_DETACH, tid, NULL, NULL) < 0)
			fail("detach");
	}
}

int main(int argc, char **argv)
{
	struct steps s = { .pid = argc == 4 ? (pid_t)strtol(argv[1], NULL, 10) : 0 };
	uint64_t cycles = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
	uint64_t cycle_bytes = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
	uint64_t start = now_ns();

	if (s.pid <= 0 || !cycles || !cycle_bytes) {
		fputs("usage: bench_steps PID CYCLES READ_BYTES\n", stderr);
		return 2;
	}
	threads_seize(&s);
	while (now_ns() - start < LIMIT_S * 1000000000ull) {
		uint64_t before = now_ns();
		struct thread *t;
		int status;
		pid_t tid = waitpid(-1, &status, __WALL);

		if (tid < 0)
			fail("wait");
		t = thread_of(&s, tid);
		if (!t || !WIFSTOPPED(status)) {
			errno = ESRCH;
			fail("a thread ended or came");
		}
		if (now_ns() - before >= ASLEEP_NS && asleep(&s, cycles, cycle_bytes)) {
			threads_release(&s, t);
			return 0;
		}
		thread_step(&s, t, status);
	}
	errno = ETIMEDOUT;
	fail("steps");
}
#else
int main(void)
{
	fputs("bench_steps: written for x86-64\n", stderr);
	return 77;
}
#endif
