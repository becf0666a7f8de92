/* libcman: handles. */
#include "libcman.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libcman_private.h"

/* A handle is only followed when it stands in this list: so one that was
 * finished is told from a live one without touching freed memory. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cman_handle *live;

int handle_fail(int error)
{
	errno = -error;
	return -1;
}

struct cman_handle *handle_find(cman_handle_t handle)
{
	struct cman_handle *h;

	(void)pthread_mutex_lock(&lock); /* cannot fail: a plain mutex */
	for (h = live; h && h != handle; h = h->next)
		;
	(void)pthread_mutex_unlock(&lock);
	if (!h)
		errno = EINVAL;
	return h;
}

struct cman_handle *handle_search(bool (*wanted)(const struct cman_handle *h, uint64_t argument),
				  uint64_t argument)
{
	struct cman_handle *h;

	(void)pthread_mutex_lock(&lock);
	for (h = live; h && !wanted(h, argument); h = h->next)
		;
	(void)pthread_mutex_unlock(&lock);
	return h;
}

static void handle_link(struct cman_handle *h)
{
	(void)pthread_mutex_lock(&lock);
	h->next = live;
	live = h;
	(void)pthread_mutex_unlock(&lock);
}

static struct cman_handle *handle_unlink(cman_handle_t handle)
{
	struct cman_handle **at;
	struct cman_handle *h;

	(void)pthread_mutex_lock(&lock);
	for (at = &live; *at && *at != handle; at = &(*at)->next)
		;
	h = *at;
	if (h)
		*at = h->next;
	(void)pthread_mutex_unlock(&lock);
	return h;
}

struct cman_handle *handle_enter(cman_handle_t handle, enum handle_kind kind)
{
	struct cman_handle *h = handle_find(handle);

	if (!h)
		return NULL;
	if (kind == HANDLE_ADMIN && !h->admin) {
		errno = EPERM;
		return NULL;
	}
	if (kind == HANDLE_CLIENT && h->admin) {
		errno = EINVAL;
		return NULL;
	}
	if (guard_expired(&h->stack.guard) || (kind != HANDLE_QUEUE && conn_is_dead(&h->stack.votes))) {
		errno = EHOSTDOWN;
		return NULL;
	}
	guard_start(&h->stack.guard, h->stack.guard.limit_ms);
	return h;
}

int handle_leave(struct cman_handle *h, int result)
{
	guard_stop(&h->stack.guard);
	return result < 0 ? handle_fail(result) : result;
}

static int poll_also(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

int handle_listen(struct cman_handle *h, const struct cman_conn *c)
{
	return poll_also(h->sources_fd, c->fd);
}

/* ---- Life and death ---- */

/* The descriptors that gather all others: messages that wait here, and what
 * corosync has for us; votequorum's is always there, and tells of its death. */
static int open_descriptors(struct cman_handle *h)
{
	int error = queue_init(&h->queue);

	if (error)
		return error;
	h->sources_fd = epoll_create1(EPOLL_CLOEXEC);
	if (h->sources_fd < 0)
		return -errno;
	h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (h->epoll_fd < 0)
		return -errno;
	error = poll_also(h->epoll_fd, h->queue.fd);
	if (!error)
		error = poll_also(h->epoll_fd, h->sources_fd);
	return error ? error : handle_listen(h, &h->stack.votes);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		(void)close(fd); /* nothing is stored there */
}

static void handle_free(struct cman_handle *h)
{
	data_close(h);
	notify_close(h);
	stack_close(&h->stack);
	guard_stop(&h->stack.guard);
	guard_done(&h->stack.guard);
	queue_done(&h->queue);
	close_if_open(h->epoll_fd);
	close_if_open(h->sources_fd);
	free(h);
}

static cman_handle_t handle_new(void *privdata, bool admin)
{
	struct cman_handle *h = calloc(1, sizeof(*h));
	int error;

	if (!h)
		return NULL;
	h->privdata = privdata;
	h->admin = admin;
	h->epoll_fd = -1;
	h->sources_fd = -1;
	guard_init(&h->stack.guard);
	guard_start(&h->stack.guard, h->stack.guard.limit_ms);
	error = stack_open(&h->stack);
	if (!error)
		error = open_descriptors(h);
	if (error) {
		handle_free(h);
		errno = -error;
		return NULL;
	}
	notify_open(h);
	guard_stop(&h->stack.guard);
	handle_link(h);
	return h;
}

CMAN_PUBLIC cman_handle_t cman_init(void *privdata)
{
	return handle_new(privdata, /* admin */ false);
}

CMAN_PUBLIC cman_handle_t cman_admin_init(void *privdata)
{
	if (geteuid() != 0) {
		errno = EACCES;
		return NULL;
	}
	return handle_new(privdata, /* admin */ true);
}

CMAN_PUBLIC int cman_finish(cman_handle_t handle)
{
	struct cman_handle *h = handle_unlink(handle);

	if (!h)
		return handle_fail(-EINVAL);
	guard_start(&h->stack.guard, h->stack.guard.limit_ms);
	handle_free(h);
	return 0;
}

CMAN_PUBLIC int cman_setprivdata(cman_handle_t handle, void *privdata)
{
	struct cman_handle *h = handle_find(handle);

	if (!h)
		return -1;
	h->privdata = privdata;
	return 0;
}

CMAN_PUBLIC int cman_getprivdata(cman_handle_t handle, void **privdata)
{
	struct cman_handle *h = handle_find(handle);

	if (!h)
		return -1;
	if (!privdata)
		return handle_fail(-EINVAL);
	*privdata = h->privdata;
	return 0;
}

CMAN_PUBLIC int cman_get_fd(cman_handle_t handle)
{
	struct cman_handle *h = handle_find(handle);

	return h ? h->epoll_fd : -1;
}
