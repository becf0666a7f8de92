/* The LUN, asynchronously (floor 3: a hand). The only user of libaio.
 *
 * One read of the label and all slots, one write of our own slot, and up to 64
 * eviction notices can be out at a time, one of the first two kinds each.
 * Nothing is ever cancelled and nothing here waits: a request is submitted, and
 * aio_fd() becomes readable when one has ended. Deadlines are the caller's.
 * A buffer that is out belongs to the kernel and is not touched until its
 * completion has been reaped, however late that is.
 *
 * io_submit() itself can block when a device's queue is full. RWF_NOWAIT makes
 * it end with -EAGAIN instead. Where the kernel or device does not know the
 * flag it is dropped for good; so it is when AIO_NOWAIT_TRIES requests of a kind
 * (reads, writes) in a row all end with -EAGAIN: a device whose largest request is
 * smaller than ours refuses every one of them, from the start, or since a path or a
 * limit has changed, and a node that is only refused dies of it.
 */
#ifndef QD_AIO_H
#define QD_AIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AIO_EVICT_MAX 64u
#define AIO_WRITE_BYTES 4096u	/* our own slot is written whole */
#define AIO_NOWAIT_TRIES 3u

struct aio;

enum aio_kind { AIO_READ, AIO_WRITE, AIO_EVICT };

/* How one request ended. */
struct aio_done {
	enum aio_kind kind;
	int result;		/* 0: all of it; -EAGAIN: refused, count it as late;
				 * -ENODATA: ended short, see bytes; else negative errno */
	uint32_t bytes;		/* that were moved */
	uint32_t latency_us;	/* from submission until reaped */
	uint64_t offset;	/* as submitted */
};

typedef void (*aio_done_fn)(void *arg, const struct aio_done *done);

/* Prepare for the device behind `fd` (opened with O_DIRECT; stays the caller's,
 * and must stay open as long as this object). Reads span slots 0..slot_count of
 * slot_size bytes; sector_size (512 or 4096) is the unit of writes. All memory
 * is allocated and touched here, none later, and it is kept out of forked
 * children (their copy-on-write would steal pages from under a running read).
 * 0; -EINVAL sizes; -ENOMEM; -EAGAIN too much AIO on this host
 * (fs.aio-max-nr); other negative errno. */
int aio_open(int fd, uint32_t slot_count, uint32_t slot_size, uint32_t sector_size,
	     struct aio **ret_aio);

/* Take over what another object for the same device has learned about RWF_NOWAIT: on
 * some the first write passes with it, and none after that. */
void aio_learn_from(struct aio *a, const struct aio *before);

/* Release everything. 0; -EBUSY when requests are out: nothing is released,
 * since waiting for them may take for ever; a process that must end just exits
 * (the kernel then waits for them). NULL is fine. */
int aio_close(struct aio *a);

/* The descriptor to poll for reading; then call aio_reap(). */
int aio_fd(const struct aio *a);

/* Submit the one read of label and all slots.
 * 0; -EBUSY one is out already; -EAGAIN refused, count it as late; other
 * negative errno: could not be submitted (there will be no completion). */
int aio_read_slots(struct aio *a);

/* What the last read brought, (1 + slot_count) * slot_size bytes, until the next
 * aio_read_slots(). NULL while a read is out. Meaningful only after a read that
 * ended with result 0. */
const uint8_t *aio_slots(const struct aio *a);

/* Copy `size` bytes (whole sectors, at most AIO_WRITE_BYTES) and submit them at
 * `offset` (in whole sectors): our own slot. Errors as aio_read_slots(), and
 * -EINVAL for sizes. */
int aio_write_block(struct aio *a, uint64_t offset, const void *bytes, size_t size);

/* The same for an eviction notice: exactly one sector. Never two at one offset
 * at a time: -EBUSY; -ENOBUFS when AIO_EVICT_MAX are out. */
int aio_evict(struct aio *a, uint64_t offset, const void *bytes, size_t size);

/* Take the completions that are there, call `done` for each, and return how
 * many; negative errno if the kernel refused to tell. Never waits. `done` may
 * submit again. One system call (the eventfd); the completions themselves are
 * taken from the ring that the kernel shares with us. */
int aio_reap(struct aio *a, aio_done_fn done, void *arg);

/* Is a read, a write, any eviction out? As a mask of 1 << enum aio_kind. */
unsigned aio_busy(const struct aio *a);

/* Do requests of this kind carry RWF_NOWAIT? */
bool aio_nowait(const struct aio *a, enum aio_kind kind);

#endif
