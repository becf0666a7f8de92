/* See real.h. */
#include "real.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 5000

char work_dir[32];

int work_dir_make(void **state)
{
	(void)state;
	(void)snprintf(work_dir, sizeof(work_dir), "/tmp/qdisk-test.XXXXXX");
	return mkdtemp(work_dir) ? 0 : -1;
}

int work_dir_remove(void **state)
{
	(void)state;
	return rmdir(work_dir);
}

uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

const char *file_text_with(const char *path, const char *needle)
{
	static char text[1 << 20];
	uint64_t end_ms = now_ms() + PATIENCE_MS;

	do {
		FILE *f = fopen(path, "re");
		size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

		if (f)
			(void)fclose(f);
		text[n] = '\0';
		if (strstr(text, needle))
			return text;
		(void)usleep(1000);
	} while (now_ms() < end_ms);
	fail_msg("%s never said \"%s\"", path, needle);
	return text;
}
