/* The status socket and its clients; see status.h. */
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define GROUP "haclient"
#define REQUEST_MAX 320		/* a word and a node's name */
#define REPLIES_PER_DISPATCH 4
#define KEY_LISTEN STATUS_CLIENTS_MAX

struct client {
	int fd;			/* -1: free */
	uint64_t since;		/* the smaller, the longer it waits */
};

struct status {
	int epoll_fd, listen_fd;
	int reserve_fd;		/* given up for a moment when descriptors run out */
	uint64_t accepted;
	struct client client[STATUS_CLIENTS_MAX];
	struct sockaddr_un address;
	status_request_fn on_request;
	void *arg;
	char reply[STATUS_REPLY_MAX];
};

/* ---- Open, close ---- */

/* The group that may ask; root's if there is no such. Read by hand: a name service
 * could ask the network. */
static gid_t group_find(void)
{
	FILE *f = fopen("/etc/group", "re");
	struct group *g = NULL;
	gid_t gid = 0;

	if (!f)
		return 0;
	do
		g = fgetgrent(f);	/* NOLINT(concurrency-mt-unsafe): at start, one thread */
	while (g && strcmp(g->gr_name, GROUP) != 0);
	if (g)
		gid = g->gr_gid;
	(void)fclose(f);
	return gid;
}

/* Make the socket's directory, and take away what a dead daemon left in it. */
static int place_clear(const char *path)
{
	char dir[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct stat st;
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EADDRINUSE;
	return unlink(path) < 0 ? -errno : 0;
}

/* Nobody can connect before listen(), so the mode is right from the first moment. */
static int socket_listen(struct status *s)
{
	s->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listen_fd < 0)
		return -errno;
	if (bind(s->listen_fd, (const struct sockaddr *)&s->address, sizeof(s->address)) < 0)
		return -errno;
	if (chmod(s->address.sun_path, 0660) < 0)
		return -errno;
	if (geteuid() == 0 && chown(s->address.sun_path, 0, group_find()) < 0)
		return -errno;
	return listen(s->listen_fd, STATUS_CLIENTS_MAX) < 0 ? -errno : 0;
}

static int watch(struct status *s, int fd, uint32_t key)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = key };

	return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

int status_open(const char *path, struct status **ret_status)
{
	struct status *s;
	int n, r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->epoll_fd = s->listen_fd = s->reserve_fd = -1;
	for (uint32_t i = 0; i < STATUS_CLIENTS_MAX; i++)
		s->client[i].fd = -1;
	s->address.sun_family = AF_UNIX;
	n = snprintf(s->address.sun_path, sizeof(s->address.sun_path), "%s", path);
	r = n < 0 || (size_t)n >= sizeof(s->address.sun_path) ? -ENAMETOOLONG : place_clear(path);
	if (r == 0)
		r = socket_listen(s);
	if (r == 0) {
		s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		r = s->reserve_fd < 0 ? -errno : 0;
	}
	if (r == 0) {
		s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		r = s->epoll_fd < 0 ? -errno : watch(s, s->listen_fd, KEY_LISTEN);
	}
	if (r < 0) {
		if (s->listen_fd < 0)	/* the name there is not ours */
			s->address.sun_path[0] = '\0';
		status_close(s);
		return r;
	}
	*ret_status = s;
	return 0;
}

void status_on_request(struct status *s, status_request_fn fn, void *arg)
{
	s->on_request = fn;
	s->arg = arg;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void status_close(struct status *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < STATUS_CLIENTS_MAX; i++)
		fd_close(&s->client[i].fd);
	fd_close(&s->listen_fd);
	fd_close(&s->reserve_fd);
	fd_close(&s->epoll_fd);
	if (s->address.sun_path[0])
		(void)unlink(s->address.sun_path);
	free(s);
}

int status_fd(const struct status *s)
{
	return s->epoll_fd;
}

/* ---- Serving ---- */

/* A free place, by dropping whoever waits longest if need be. */
static uint32_t place_find(struct status *s)
{
	uint32_t oldest = 0;

	for (uint32_t i = 0; i < STATUS_CLIENTS_MAX; i++) {
		if (s->client[i].fd < 0)
			return i;
		if (s->client[i].since < s->client[oldest].since)
			oldest = i;
	}
	fd_close(&s->client[oldest].fd);
	return oldest;
}

/* No descriptor is left: take the newcomer with the reserve and show him out, or the
 * loop would spin on him. */
static void refuse_one(struct status *s)
{
	int fd;

	fd_close(&s->reserve_fd);
	fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	fd_close(&fd);
	s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void accept_one(struct status *s)
{
	int size = 2 * STATUS_REPLY_MAX;	/* a reply must fit as one packet */
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	uint32_t i;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			refuse_one(s);
		return;
	}
	/* If it fails the system's default is larger anyway, unless it was lowered. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	i = place_find(s);
	s->client[i] = (struct client){ .fd = fd, .since = ++s->accepted };
	if (watch(s, fd, i) < 0)
		fd_close(&s->client[i].fd);
}

static bool is_root(int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == 0;
}

/* Read the one request, send the one reply; it fits or it is lost. */
static void client_serve(struct status *s, struct client *c,
			 const struct status_snapshot *snapshot, uint64_t now_ms)
{
	static const char unknown[] = "{\"error\": \"unknown request, expected: status\"}\n";
	char request[REQUEST_MAX + 1];
	ssize_t n = recv(c->fd, request, REQUEST_MAX, MSG_DONTWAIT);
	const char *reply = unknown;
	size_t size = sizeof(unknown) - 1, other = 0;
	bool gone = n <= 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	while (n > 0 && (request[n - 1] == '\n' || request[n - 1] == '\0'))
		n--;
	request[n > 0 ? n : 0] = '\0';
	if (strcmp(request, "status") == 0)
		other = status_json(snapshot, now_ms, s->reply, sizeof(s->reply));
	else if (n > 0 && s->on_request)
		other = s->on_request(s->arg, request, is_root(c->fd), s->reply, sizeof(s->reply));
	if (other) {
		size = other;
		reply = s->reply;
	}
	if (!gone)
		(void)send(c->fd, reply, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	fd_close(&c->fd);
}

void status_dispatch(struct status *s, const struct status_snapshot *snapshot, uint64_t now_ms)
{
	struct epoll_event events[REPLIES_PER_DISPATCH];
	int n = epoll_wait(s->epoll_fd, events, REPLIES_PER_DISPATCH, 0);

	/* Whoever is there already comes first: a flood of newcomers may drop them. */
	for (int i = 0; i < n; i++)
		if (events[i].data.u32 != KEY_LISTEN)
			client_serve(s, &s->client[events[i].data.u32], snapshot, now_ms);
	for (int i = 0; i < n; i++)
		if (events[i].data.u32 == KEY_LISTEN)
			accept_one(s);
}
