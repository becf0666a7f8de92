/* libcman: handles. */
#include "libcman.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "libcman_private.h"

struct cman_handle {
	struct cman_handle *next;
	void *privdata;
	struct cman_stack stack;
};

/* A handle is only followed when it stands in this list: so one that was
 * finished is told from a live one without touching freed memory. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cman_handle *live;

int handle_fail(int error)
{
	errno = -error;
	return -1;
}

static struct cman_handle *handle_find(cman_handle_t handle)
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

struct cman_stack *handle_stack(cman_handle_t handle)
{
	struct cman_handle *h = handle_find(handle);

	return h ? &h->stack : NULL;
}

CMAN_PUBLIC cman_handle_t cman_init(void *privdata)
{
	struct cman_handle *h = calloc(1, sizeof(*h));
	int error;

	if (!h)
		return NULL;
	error = stack_open(&h->stack);
	if (error) {
		free(h);
		errno = -error;
		return NULL;
	}
	h->privdata = privdata;
	(void)pthread_mutex_lock(&lock);
	h->next = live;
	live = h;
	(void)pthread_mutex_unlock(&lock);
	return h;
}

CMAN_PUBLIC cman_handle_t cman_admin_init(void *privdata)
{
	if (geteuid() != 0) {
		errno = EACCES;
		return NULL;
	}
	return cman_init(privdata);
}

CMAN_PUBLIC int cman_finish(cman_handle_t handle)
{
	struct cman_handle *h = handle_unlink(handle);

	if (!h)
		return handle_fail(-EINVAL);
	stack_close(&h->stack);
	free(h);
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
