/* Resident memory of this process, for tests that it must not grow. */
#ifndef RSS_H
#define RSS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Bytes. Exact, as the pages are counted one by one: statm of a kernel since 6.2 may be
 * wrong by as many pages as there are processors, times 64. */
static inline long rss_bytes(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	char line[200];
	long kib = -1;

	if (!f)
		return -1;
	while (kib < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Rss: %ld kB", &kib) != 1)
			kib = -1;
	}
	(void)fclose(f);
	return kib * 1024;
}

/* A sanitizer keeps what was freed. */
static inline bool rss_blurred(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#endif
#endif
	return false;
}

/* How often: a number in the environment, or so many. */
static inline unsigned times(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

#endif
