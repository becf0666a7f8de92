/* Watch the states on a LUN.
 *
 *	bench_lun IMAGE NODES
 *
 * Prints one line per change, "TIME nN STATE": nanoseconds of CLOCK_MONOTONIC, and the
 * state byte of the node's block (1 evicted, 2 initialising, 5 running, 6 master).
 * IMAGE is the file behind the rig's loop device. Looks every 2 ms; ends with its
 * reader, or by a signal. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NODES_MAX    64
#define SLOT_BYTES   4096
#define STATE_OFFSET (32 + 24)	/* envelope, then its place in the status payload */

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	int fd = argc == 3 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	long nodes = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	uint8_t last[NODES_MAX + 1] = { 0 };

	if (fd < 0 || nodes < 1 || nodes > NODES_MAX) {
		fputs("usage: bench_lun IMAGE NODES\n", stderr);
		return 2;
	}
	for (;;) {
		struct timespec t;

		(void)clock_gettime(CLOCK_MONOTONIC, &t);	/* cannot fail */
		for (long n = 1; n <= nodes; n++) {
			uint8_t state;

			if (pread(fd, &state, 1, n * SLOT_BYTES + STATE_OFFSET) != 1) {
				perror(argv[1]);
				return 1;
			}
			if (state == last[n])
				continue;
			last[n] = state;
			if (printf("%lld%09ld n%ld %u\n", (long long)t.tv_sec, t.tv_nsec, n, state) < 0 ||
			    fflush(stdout) != 0)
				return 1;
		}
		(void)nanosleep(&pause, NULL);	/* cut short by a signal: no harm */
	}
}
