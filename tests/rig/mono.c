// SPDX-License-Identifier: BSD-3-Clause
/*
 * mono: CLOCK_MONOTONIC in nanoseconds, the clock of the samplers.
 *
 *	mono       print it
 *	mono -l    copy stdin to stdout, each line behind the time at which it came
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool now_print(const char *text)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts))
		return false;
	return printf("%jd%09ld%s", (intmax_t)ts.tv_sec, ts.tv_nsec, text) > 0;
}

/* Each line goes out at once: its writer may lose its power with the next. */
static bool lines_stamp(void)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		if (!now_print(" ") || fputs(line, stdout) < 0 || fflush(stdout) != 0)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "-l") == 0)
		return !lines_stamp();
	return !now_print("\n");
}
