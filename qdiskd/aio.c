/* Reads and writes of the LUN through libaio; see aio.h. */
#include "aio.h"

#include <assert.h>
#include <errno.h>
#include <libaio.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define SLOTS_MAX 1024u
#define REQUESTS_MAX (2u + AIO_EVICT_MAX)
#define RING_MAGIC 0xa10a10a1u

/* The head of the completion ring, as every kernel since 2.5 maps it at the
 * address that io_context_t is. Head is ours to move, tail the kernel's. */
struct ring {
	unsigned id, size, head, tail;
	unsigned magic, compat, incompat, header_bytes;
	struct io_event event[];
};

struct request {
	struct iocb iocb;
	enum aio_kind kind;
	bool out, nowait;
	uint8_t *buffer;
	uint64_t start_us;
};

/* RWF_NOWAIT: reads and writes prove themselves apart, their sizes differ. */
struct nowait {
	bool used, proven;
	uint32_t refused;	/* EAGAINs in a row */
};

struct aio {
	int fd, event_fd;
	io_context_t context;
	size_t mapped_bytes;
	uint32_t read_bytes, sector_bytes;
	struct nowait nowait_read, nowait_write;
	struct request request[REQUESTS_MAX];	/* read, own write, evictions */
};

static_assert(sizeof(struct aio) <= 4 * PAGE, "the buffers start behind it");

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);	/* cannot fail */
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static struct nowait *nowait_of(struct aio *a, enum aio_kind kind)
{
	return kind == AIO_READ ? &a->nowait_read : &a->nowait_write;
}

/* Hand the memory behind `a` out to the requests. */
static void buffers_place(struct aio *a, uint32_t evict_bytes)
{
	uint8_t *p = (uint8_t *)a + 4 * PAGE;

	for (uint32_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *r = &a->request[i];

		r->kind = i == 0 ? AIO_READ : i == 1 ? AIO_WRITE : AIO_EVICT;
		r->buffer = p;
		p += i == 0 ? a->read_bytes : i == 1 ? AIO_WRITE_BYTES : evict_bytes;
	}
}

static int memory_map(uint32_t read_bytes, uint32_t sector_size, struct aio **ret_aio)
{
	size_t bytes = 4 * PAGE + read_bytes + AIO_WRITE_BYTES + AIO_EVICT_MAX * sector_size;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct aio *a = p;

	if (p == MAP_FAILED)
		return -errno;
	if (madvise(p, bytes, MADV_DONTFORK) < 0) {
		int r = -errno;

		(void)munmap(p, bytes);
		return r;
	}
	memset(p, 0, bytes);	/* MAP_POPULATE does not report what it could not */
	a->mapped_bytes = bytes;
	a->read_bytes = read_bytes;
	a->sector_bytes = sector_size;
	a->event_fd = -1;
	buffers_place(a, sector_size);
	*ret_aio = a;
	return 0;
}

int aio_open(int fd, uint32_t slot_count, uint32_t slot_size, uint32_t sector_size,
	     struct aio **ret_aio)
{
	struct aio *a = NULL;
	int r;

	if (sector_size < 512 || sector_size > PAGE || (sector_size & (sector_size - 1)))
		return -EINVAL;
	if (slot_count > SLOTS_MAX || slot_size < sector_size || slot_size % sector_size)
		return -EINVAL;
	if (slot_size > 16 * PAGE)
		return -EINVAL;
	r = memory_map((1 + slot_count) * slot_size, sector_size, &a);
	if (r < 0)
		return r;
	assert(a);
	a->fd = fd;
	a->nowait_read.used = a->nowait_write.used = true;
	a->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (a->event_fd < 0) {
		r = -errno;
		goto out;
	}
	r = io_setup((int)REQUESTS_MAX, &a->context);
	if (r < 0)
		goto out;
	*ret_aio = a;
	return 0;
out:
	(void)aio_close(a);	/* nothing is out */
	return r;
}

void aio_learn_from(struct aio *a, const struct aio *before)
{
	a->nowait_read = before->nowait_read;
	a->nowait_write = before->nowait_write;
}

int aio_close(struct aio *a)
{
	if (!a)
		return 0;
	if (aio_busy(a))
		return -EBUSY;
	if (a->context)
		(void)io_destroy(a->context);	/* an error leaves nothing to do */
	if (a->event_fd >= 0)
		(void)close(a->event_fd);
	return munmap(a, a->mapped_bytes) < 0 ? -errno : 0;
}

int aio_fd(const struct aio *a)
{
	return a->event_fd;
}

/* Submit a prepared iocb; drops RWF_NOWAIT when it is not known here. */
static int submit(struct aio *a, struct request *r)
{
	struct nowait *n = nowait_of(a, r->kind);
	struct iocb *one = &r->iocb;
	int ret;

	r->iocb.data = r;
	io_set_eventfd(&r->iocb, a->event_fd);
	r->nowait = n->used;
	r->iocb.aio_rw_flags = n->used ? RWF_NOWAIT : 0;
	r->start_us = now_us();
	ret = io_submit(a->context, 1, &one);
	if ((ret == -EOPNOTSUPP || ret == -EINVAL) && r->nowait && !n->proven) {
		r->nowait = false;
		r->iocb.aio_rw_flags = 0;
		ret = io_submit(a->context, 1, &one);
		if (ret == 1)
			n->used = false;	/* so the flag was what it did not like */
	}
	if (ret != 1)
		return ret < 0 ? ret : -EAGAIN;
	r->out = true;
	return 0;
}

int aio_read_slots(struct aio *a)
{
	struct request *r = &a->request[0];

	if (r->out)
		return -EBUSY;
	io_prep_pread(&r->iocb, a->fd, r->buffer, a->read_bytes, 0);
	return submit(a, r);
}

const uint8_t *aio_slots(const struct aio *a)
{
	return a->request[0].out ? NULL : a->request[0].buffer;
}

static bool sectors_whole(const struct aio *a, uint64_t offset, size_t size)
{
	return size && size % a->sector_bytes == 0 && offset % a->sector_bytes == 0 &&
	       offset <= INT64_MAX - AIO_WRITE_BYTES;
}

static int write_submit(struct aio *a, struct request *r, uint64_t offset, const void *bytes,
			size_t size)
{
	assert(!r->out);
	memcpy(r->buffer, bytes, size);
	io_prep_pwrite(&r->iocb, a->fd, r->buffer, size, (long long)offset);
	return submit(a, r);
}

int aio_write_block(struct aio *a, uint64_t offset, const void *bytes, size_t size)
{
	struct request *r = &a->request[1];

	if (!sectors_whole(a, offset, size) || size > AIO_WRITE_BYTES)
		return -EINVAL;
	return r->out ? -EBUSY : write_submit(a, r, offset, bytes, size);
}

int aio_evict(struct aio *a, uint64_t offset, const void *bytes, size_t size)
{
	struct request *idle = NULL;

	if (!sectors_whole(a, offset, size) || size != a->sector_bytes)
		return -EINVAL;
	for (uint32_t i = 2; i < REQUESTS_MAX; i++) {
		struct request *r = &a->request[i];

		if (r->out && (uint64_t)r->iocb.u.c.offset == offset)
			return -EBUSY;
		if (!r->out && !idle)
			idle = r;
	}
	return idle ? write_submit(a, idle, offset, bytes, size) : -ENOBUFS;
}

/* Learn from a completion whether RWF_NOWAIT works for this kind, see aio.h. */
static void nowait_learn(struct nowait *n, const struct request *r, long res)
{
	if (!r->nowait || !n->used)
		return;
	if (res == -EOPNOTSUPP)
		n->used = false;
	else if (res == -EAGAIN)
		n->used = ++n->refused < AIO_NOWAIT_TRIES;
	else if (res >= 0)
		*n = (struct nowait){ .used = true, .proven = true };
}

static void complete(struct aio *a, const struct io_event *e, aio_done_fn done, void *arg)
{
	struct request *r = e->data;
	long res = (long)e->res;
	struct aio_done d = { .kind = r->kind, .offset = (uint64_t)r->iocb.u.c.offset };
	uint64_t took_us = now_us() - r->start_us;

	assert(r >= a->request && r < a->request + REQUESTS_MAX);
	assert(r->out);
	r->out = false;
	nowait_learn(nowait_of(a, r->kind), r, res);
	d.latency_us = took_us < UINT32_MAX ? (uint32_t)took_us : UINT32_MAX;
	d.bytes = res > 0 ? (uint32_t)res : 0;
	if (res < 0)
		d.result = res == -EOPNOTSUPP && r->nowait ? -EAGAIN : (int)res;
	else
		d.result = (unsigned long)res == r->iocb.u.c.nbytes ? 0 : -ENODATA;
	done(arg, &d);
}

/* Take one event from the shared ring. The kernel stores an event before it
 * moves the tail, hence the acquire; we are done with it before head moves. */
static bool ring_take(struct ring *ring, struct io_event *ret_event)
{
	unsigned head = ring->head;

	if (head == __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE))
		return false;
	*ret_event = ring->event[head];
	__atomic_store_n(&ring->head, (head + 1) % ring->size, __ATOMIC_RELEASE);
	return true;
}

/* 1 with an event, 0 none; a ring of another make costs a system call. */
static int event_take(struct aio *a, struct io_event *ret_event)
{
	struct ring *ring = (struct ring *)(void *)a->context;
	struct timespec no_wait = { 0, 0 };

	if (ring->magic == RING_MAGIC && ring->header_bytes == sizeof(*ring) && !ring->incompat)
		return ring_take(ring, ret_event);
	return io_getevents(a->context, 0, 1, ret_event, &no_wait);
}

int aio_reap(struct aio *a, aio_done_fn done, void *arg)
{
	struct io_event event;
	uint64_t count;
	int n = 0, r = 0;

	/* Cleared first: what completes from here on makes it readable again. */
	if (read(a->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	while (n < (int)REQUESTS_MAX && (r = event_take(a, &event)) > 0) {
		complete(a, &event, done, arg);
		n++;
	}
	if (n == (int)REQUESTS_MAX && eventfd_write(a->event_fd, 1) < 0)
		return -errno;	/* there may be more; cannot fail, the counter is small */
	return r < 0 ? r : n;
}

unsigned aio_busy(const struct aio *a)
{
	unsigned busy = 0;

	for (uint32_t i = 0; i < REQUESTS_MAX; i++)
		if (a->request[i].out)
			busy |= 1u << a->request[i].kind;
	return busy;
}

bool aio_nowait(const struct aio *a, enum aio_kind kind)
{
	return kind == AIO_READ ? a->nowait_read.used : a->nowait_write.used;
}
