/* Text to cluster.conf to struct qd_config, for the tests of the reader. */
#ifndef CLUSTERCONF_FIXTURE_H
#define CLUSTERCONF_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../cman-shim/clusterconf.h"

static struct qd_config config;
static char error[CLUSTERCONF_ERROR_LEN];
static char conf_path[64];

/* A file of these bytes; conf_path is its name. */
static inline void write_bytes(const char *bytes, size_t size)
{
	FILE *f = fopen(conf_path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

/* Parse these bytes into `config`, which is all 0xA5 before. A failure must
 * leave it so, and say one clean line that begins with the file's name. */
static inline int parse_bytes(const char *bytes, size_t size)
{
	const unsigned char *bytes_of = (const unsigned char *)&config;
	int status;

	write_bytes(bytes, size);
	memset(&config, 0xA5, sizeof(config));
	memset(error, 0, sizeof(error));
	status = clusterconf_parse(conf_path, &config, error, sizeof(error));
	if (status < 0) {
		assert_int_equal(bytes_of[0], 0xA5);
		assert_int_equal(memcmp(bytes_of, bytes_of + 1, sizeof(config) - 1), 0);
		assert_int_equal(strncmp(error, conf_path, strlen(conf_path)), 0);
		for (const char *c = error; *c; c++)
			assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
	}
	return status;
}

/* A whole file. */
static inline int parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

/* These lines inside <cluster>; the first of them is line 2 of the file. */
static inline int parse_inside(const char *inside)
{
	static char text[300000];
	int n = snprintf(text, sizeof(text),
			 "<cluster name=\"c\" config_version=\"1\">\n%s\n</cluster>\n", inside);

	assert_in_range(n, 1, (int)sizeof(text) - 1);
	return parse(text);
}

/* Refused in that line (0: no line), with all of these texts in the error. */
#define assert_refused(status, line, ...)                                      \
	check_refused(status, line, (const char *const[]){ __VA_ARGS__, NULL })

static inline void check_refused(int status, unsigned line, const char *const *texts)
{
	char place[96];

	assert_int_equal(status, -EINVAL);
	(void)snprintf(place, sizeof(place), line ? "%s:%u: " : "%s: ", conf_path, line);
	if (strncmp(error, place, strlen(place)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", error, place);
	for (; *texts; texts++) {
		if (!strstr(error, *texts))
			fail_msg("\"%s\" does not say \"%s\"", error, *texts);
	}
}

/* Some notice says this. */
static inline void assert_noticed(const char *text)
{
	for (uint32_t i = 0; i < config.notice_count; i++) {
		if (strstr(config.notice[i].text, text) &&
		    strncmp(config.notice[i].text, conf_path, strlen(conf_path)) == 0)
			return;
	}
	fail_msg("no notice says \"%s\"", text);
}

static int conf_fd;

/* A file in memory: nothing here waits for a disk. */
static inline int make_conf_path(void **state)
{
	(void)state;
	conf_fd = memfd_create("cluster.conf", MFD_CLOEXEC);
	(void)snprintf(conf_path, sizeof(conf_path), "/proc/self/fd/%d", conf_fd);
	return conf_fd < 0 ? -1 : 0;
}

static inline int remove_conf_path(void **state)
{
	(void)state;
	return close(conf_fd);
}

#endif
