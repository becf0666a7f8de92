/* One request, one reply; see tool_ask.h. */
#include "tool_ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int ask(int fd, const struct sockaddr_un *address, const char *request, char *ret_reply, size_t size)
{
	ssize_t n;

	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		return -errno;
	n = recv(fd, ret_reply, size - 1, 0);
	if (n < 0)
		return -errno;
	ret_reply[n] = '\0';
	return n == 0 ? -EPIPE : (int)n;
}

int tool_ask(const char *path, const char *request, unsigned timeout_ms, char *ret_reply, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = timeout_ms / 1000,
				       .tv_usec = (timeout_ms % 1000) * 1000 };
	int fd, r, n = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);

	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* connect() obeys the first, while a stopped daemon's queue is full. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		r = -errno;
	else
		r = ask(fd, &address, request, ret_reply, size);
	(void)close(fd);
	return r == -EAGAIN ? -ETIMEDOUT : r;
}

const char *tool_ask_error(int error)
{
	switch (error) {
	case -ENOENT:
	case -ECONNREFUSED:
		return "qdiskd does not run on this node";
	case -ETIMEDOUT:
		return "qdiskd does not answer";
	case -EPIPE:
	case -EBADMSG:
		return "no qdiskd of this version answers there";
	case -EACCES:
		return "permission denied, ask as root or as a member of group haclient";
	default:
		return strerror(-error);	/* NOLINT(concurrency-mt-unsafe): one thread */
	}
}
