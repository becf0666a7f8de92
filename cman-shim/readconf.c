/* qdisk-readconf: read cluster.conf for qdiskd, in a process of its own.
 *
 *	qdisk-readconf FILE
 *
 * Writes struct config_wire and then struct qd_config, or one line of refusal,
 * to stdout (a pipe; qdiskd/config.c is at its other end). The file is opened
 * first; then this process gives up what it does not need: root, files, memory,
 * time. Exit 0 when an answer was written, whatever it says; 2 usage; 5 no
 * answer could be written.
 */

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../qdiskd/config.h"
#include "clusterconf.h"

#define NOBODY 65534u

/* The sanitizers reserve terabytes and look at the process from a thread. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static int limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
	const struct rlimit limits = { .rlim_cur = soft, .rlim_max = hard };

	return setrlimit(resource, &limits) < 0 ? -errno : 0;
}

/* Root's rights are given up where there is another user to be; in a user
 * namespace without one there is not, and little to give up. */
static int drop_root(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return errno == EINVAL || errno == EPERM ? 0 : -errno;
	return limit(RLIMIT_NPROC, 0, 0);
}

/* Bounds for whatever the parser can be made to do. 0 or negative errno. */
static int confine(void)
{
	int status;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	status = limit(RLIMIT_CORE, 0, 0);
	if (status == 0)
		status = limit(RLIMIT_FSIZE, 0, 0);
	if (status == 0)
		status = limit(RLIMIT_CPU, 2, 3);
	if (status == 0)
		status = limit(RLIMIT_NOFILE, 16, 16);
	if (SANITIZED || status < 0)
		return status;
	status = limit(RLIMIT_AS, 256u << 20, 256u << 20);
	return status < 0 ? status : drop_root();
}

static int write_all(const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Head, then `size` bytes of payload. */
static int answer(int status, const void *payload, size_t size)
{
	const struct config_wire head = {
		.magic = CONFIG_WIRE_MAGIC,
		.config_size = (uint32_t)sizeof(struct qd_config),
		.status = status,
		.length = (uint32_t)size,
	};

	return write_all(&head, sizeof(head)) == 0 && write_all(payload, size) == 0 ? 0 : 5;
}

static int run(int argc, char **argv)
{
	char error[CLUSTERCONF_ERROR_LEN] = "";
	struct qd_config *config;
	int fd, status;

	if (argc != 2 || argv[1][0] != '/') {
		(void)fprintf(stderr, "usage: qdisk-readconf FILE, an absolute path; run by qdiskd, "
				      "writes binary data to a pipe\n");
		return 2;
	}
	(void)alarm(CONFIG_DEADLINE_MS / 1000);	/* ends this process, whoever waits for it or not */
	fd = clusterconf_open(argv[1], error, sizeof(error));
	if (fd < 0)
		return answer(fd, error, strlen(error));
	status = confine();
	config = malloc(sizeof(*config));
	if (status < 0 || !config) {
		(void)snprintf(error, sizeof(error), "%s: cannot confine the reader: %s", argv[1],
			       strerror(status < 0 ? -status : ENOMEM));
		status = answer(status < 0 ? status : -ENOMEM, error, strlen(error));
		goto out;
	}
	status = clusterconf_read(fd, argv[1], config, error, sizeof(error));
	if (status < 0)
		status = answer(status, error, strlen(error));
	else
		status = answer(0, config, sizeof(*config));
out:
	free(config);
	(void)close(fd);	/* only read from */
	return status;
}

/* Without the exit handlers of the libraries: there is nothing to save. */
int main(int argc, char **argv)
{
	_exit(run(argc, argv));
}
