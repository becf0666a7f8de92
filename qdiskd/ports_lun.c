/* The LUN behind the engine's ports (floor 4), and words for the errors that it gives. */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "daemon.h"

#define WELL_AFTER 64u	/* I/Os in a row: an error now and then is said once */

static enum qd_io io_of(int result)
{
	return result == 0 ? QD_IO_OK : result == -EAGAIN ? QD_IO_LATE : QD_IO_ERROR;
}

/* ---- Words ---- */

static void failure_say(const struct daemon *d, bool write, int result, uint32_t bytes)
{
	const char *what = write ? "write" : "read";

	if (result == -ENODATA)
		log_line(LOG_ERR, "quorum disk %s fails: %s: ended after %u bytes, it has become smaller",
			 d->lun.path, what, bytes);
	else
		log_line(LOG_ERR, "quorum disk %s fails: %s: %s", d->lun.path, what, strerror(-result));
}

/* The first error is said, and its end; not one in each cycle. A LUN that shrinks gives
 * other errors too, before this kernel has seen its new size. */
static void health(struct daemon *d, bool write, int result, uint32_t bytes)
{
	struct io_health *h = write ? &d->writes_health : &d->reads_health;

	if (io_of(result) == QD_IO_ERROR) {
		if (h->failures++ == 0 || (result == -ENODATA && !h->shrunk))
			failure_say(d, write, result, bytes);
		h->shrunk |= result == -ENODATA;
		h->well = 0;
	} else if (io_of(result) == QD_IO_OK && h->failures && ++h->well == WELL_AFTER) {
		log_line(LOG_NOTICE, "quorum disk %s works again: %s, %u had failed", d->lun.path,
			 write ? "write" : "read", h->failures);
		*h = (struct io_health){ 0 };
	}
}

/* ---- Submitted ---- */

/* What could not even be submitted: it has failed, and the engine is told once
 * it is not in the middle of asking. */
static void failures_tell(void *data)
{
	struct daemon *d = data;
	qd_mask slots = d->write_failed;
	bool read = d->read_failed;

	d->failure_queued = false;
	d->read_failed = false;
	d->write_failed = 0;
	if (read)
		qd_engine_read_done(&d->engine, d->read_io, NULL, 0);
	for (uint32_t id = 1; id <= QD_NODE_MAX; id++) {
		if (qd_has(slots, id))
			qd_engine_write_done(&d->engine, id, d->write_io, 0);
	}
}

static void failure_queue(struct daemon *d, bool write, int result)
{
	health(d, write, result, 0);
	if (!d->failure_queued)
		(void)qb_loop_job_add(d->loop, QB_LOOP_HIGH, d, failures_tell);
	d->failure_queued = true;
}

void ports_read(void *ctx)
{
	struct daemon *d = ctx;
	int rc = aio_read_slots(d->aio);

	if (rc == 0)
		return;
	d->read_failed = true;
	d->read_io = io_of(rc);
	failure_queue(d, /* write */ false, rc);
}

void ports_write(void *ctx, uint32_t slot, const void *bytes, size_t size)
{
	struct daemon *d = ctx;
	uint64_t offset = (uint64_t)slot * d->engine.slot_size;
	int rc = slot == d->params.node_id ? aio_write_block(d->aio, offset, bytes, size) :
					     aio_evict(d->aio, offset, bytes, size);

	if (rc == 0)
		return;
	d->write_failed |= qd_bit(slot);
	d->write_io = io_of(rc);
	failure_queue(d, /* write */ true, rc);
}

/* ---- Ended ---- */

static void on_io(void *arg, const struct aio_done *done)
{
	struct daemon *d = arg;
	enum qd_io io = io_of(done->result);

	health(d, done->kind != AIO_READ, done->result, done->bytes);
	if (done->kind == AIO_READ)
		qd_engine_read_done(&d->engine, io, io == QD_IO_OK ? aio_slots(d->aio) : NULL,
				    done->latency_us);
	else
		qd_engine_write_done(&d->engine, (uint32_t)(done->offset / d->engine.slot_size), io,
				     done->latency_us);
}

int ports_on_aio(int fd, int revents, void *data)
{
	struct daemon *d = data;

	(void)fd;
	(void)revents;
	(void)aio_reap(d->aio, on_io, d);
	return 0;
}
