/* The connection to cmap: open, follow, close; and the reading with a deadline. */
#include <corosync/cmap.h>
#include <corosync/corotypes.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "cs_inner.h"

#define CS_STARTING_MS 100 /* between two tries while corosync starts */

static void on_change(cmap_handle_t handle, cmap_track_handle_t track, int32_t event,
		      const char *key, struct cmap_notify_value value, struct cmap_notify_value old,
		      void *cmap)
{
	(void)handle, (void)track, (void)event, (void)key, (void)value, (void)old;
	((struct cs_cmap *)cmap)->changed = true;
}

static int cmap_failed(struct cs_cmap *cmap, int rc, char *error, size_t size)
{
	const char *why = cs_strerror((cs_error_t)rc);

	cs_cmap_close(cmap);
	/* A message that is cut still says it. */
	if (cs_gone(rc))
		(void)snprintf(error, size, "corosync is not running on this node (cmap: %s)", why);
	else
		(void)snprintf(error, size, "no connection to corosync's cmap: %s", why);
	return rc == CS_ERR_TRY_AGAIN ? -EAGAIN : rc == CS_ERR_ACCESS ? -EACCES : -ENOTCONN;
}

int cs_cmap_open(struct cs_cmap *cmap, struct cs_call *call, char *error, size_t size)
{
	static const struct {
		const char *key;
		int32_t more;
	} tracked[] = {
		{ "quorum.", CMAP_TRACK_PREFIX },
		{ "logging.", CMAP_TRACK_PREFIX },
		{ "nodelist.", CMAP_TRACK_PREFIX },
		{ "totem.cluster_name", 0 },
		{ "runtime.config.totem.token", 0 },
		{ "runtime.config.totem.consensus", 0 },
	};
	const int32_t any = CMAP_TRACK_ADD | CMAP_TRACK_DELETE | CMAP_TRACK_MODIFY;
	cmap_track_handle_t track;
	cmap_handle_t handle;
	int rc;

	*cmap = (struct cs_cmap){ .fd = -1, .call = call };
	rc = CS_CALL(call, cmap_initialize(&handle));
	if (rc != CS_OK)
		return cmap_failed(cmap, rc, error, size);
	cmap->handle = handle;
	for (size_t i = 0; rc == CS_OK && i < sizeof(tracked) / sizeof(tracked[0]); i++)
		rc = CS_CALL(call, cmap_track_add(handle, tracked[i].key, any | tracked[i].more,
						  on_change, cmap, &track));
	if (rc == CS_OK)
		rc = (int)cmap_fd_get(handle, &cmap->fd);
	return rc == CS_OK ? 0 : cmap_failed(cmap, rc, error, size);
}

void cs_cmap_close(struct cs_cmap *cmap)
{
	if (cmap->handle)
		(void)CS_CALL(cmap->call, cmap_finalize(cmap->handle)); /* gone either way */
	cmap->handle = 0;
	cmap->fd = -1;
}

int cs_cmap_dispatch(struct cs_cmap *cmap)
{
	int rc = CS_CALL(cmap->call, cmap_dispatch(cmap->handle, CS_DISPATCH_ALL));

	return rc == CS_OK || rc == CS_ERR_TRY_AGAIN ? 0 : -ENOTCONN;
}

/* ---- Reading once, with a deadline ---- */

/* Shared with a thread that may hang for ever: whoever leaves it last frees it. */
struct facts_job {
	atomic_bool left; /* by one of the two */
	struct qd_facts facts;
	struct qd_native native;
	char error[CS_ERROR_LEN];
	int rc;
	int done_fd;
	uint64_t deadline_ms;
	struct cs_call call;
};

static void facts_job_free(struct facts_job *job)
{
	if (job->done_fd >= 0)
		(void)close(job->done_fd); /* nothing to lose */
	free(job);
}

static void facts_job_leave(struct facts_job *job)
{
	if (atomic_exchange(&job->left, true))
		facts_job_free(job);
}

static void *facts_main(void *arg)
{
	const struct timespec pause = { .tv_nsec = CS_STARTING_MS * 1000000L };
	struct facts_job *job = arg;
	struct cs_cmap cmap;

	for (;;) {
		job->rc = cs_cmap_open(&cmap, &job->call, job->error, sizeof(job->error));
		if (job->rc != -EAGAIN || cs_now_ms() + CS_STARTING_MS >= job->deadline_ms)
			break;
		(void)nanosleep(&pause, NULL); /* no signal comes: all are blocked */
	}
	if (job->rc == 0) {
		job->rc = cs_cmap_read(&cmap, &job->facts, &job->native, job->error, sizeof(job->error));
		cs_cmap_close(&cmap);
	}
	cs_bell_ring(job->done_fd);
	facts_job_leave(job);
	return NULL;
}

/* Wait for the job's end. False: the deadline has come first. */
static bool facts_wait(const struct facts_job *job)
{
	struct pollfd done = { .fd = job->done_fd, .events = POLLIN };
	uint64_t now_ms;

	while ((now_ms = cs_now_ms()) < job->deadline_ms) {
		int rc = poll(&done, 1, (int)(job->deadline_ms - now_ms));

		if (rc > 0)
			return true;
	}
	return false;
}

int cs_facts_read(uint32_t deadline_ms, struct qd_facts *ret_facts, struct qd_native *ret_native,
		  char *error, size_t size)
{
	struct facts_job *job = calloc(1, sizeof(*job));
	pthread_t thread = 0;
	int rc = -ENOMEM;

	if (!job)
		goto out;
	job->deadline_ms = cs_now_ms() + (deadline_ms > INT32_MAX ? INT32_MAX : deadline_ms);
	job->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = job->done_fd < 0 ? -errno : cs_thread_begin(facts_main, job, &thread);
	if (rc < 0) {
		facts_job_free(job);
		goto out;
	}
	if (!facts_wait(job)) {
		(void)pthread_detach(thread); /* it is ours and has not been joined */
		facts_job_leave(job);
		// NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the thread frees it
		(void)snprintf(error, size, "corosync does not answer (within %u ms)", deadline_ms);
		return -ETIMEDOUT;
	}
	(void)pthread_join(thread, NULL);
	rc = job->rc;
	if (rc == 0)
		*ret_facts = job->facts;
	if (rc == 0 && ret_native)
		cs_native_copy(ret_native, &job->native);
	if (rc != 0)
		(void)snprintf(error, size, "%s", job->error); /* cut: still says it */
	facts_job_free(job);
	return rc;
out:
	(void)snprintf(error, size, "corosync's cmap: %s", strerror(-rc));
	return rc;
}
