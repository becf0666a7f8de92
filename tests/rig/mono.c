// SPDX-License-Identifier: BSD-3-Clause
/* mono: print CLOCK_MONOTONIC in nanoseconds, the clock of the samplers. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

int main(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts))
		return 1;
	return printf("%jd%09ld\n", (intmax_t)ts.tv_sec, ts.tv_nsec) < 0;
}
