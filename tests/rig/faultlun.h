/* faultlun.h: what the parts of faultlun share. See faultlun.c. */
#ifndef FAULTLUN_H
#define FAULTLUN_H

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PATHS_MAX 16u		/* paths are numbered from 1 */
#define RULES_MAX 16u		/* for each path and direction */
#define PENDING_MAX 8192u	/* requests not yet answered; what comes on top fails */
#define SLOT_BYTES 4096u	/* what slot=N means: of every sector size up to this */
#define REPLY_MAX 8192u

enum op { READ, WRITE, OP_COUNT };
enum mode { OK, HANG, DELAY, TAIL, ERR, DROP, TEAR, TEARERR, STALE, LAG, ZERO, FLIP, NOISE };

/* What happens to the requests of one path and direction that touch some bytes. */
struct rule {
	enum mode mode;
	uint64_t offset, bytes;		/* bytes 0: all, and flushes too */
	uint64_t low, high;		/* delay: ms; err: errno; tear: bytes */
	unsigned every, seen;		/* every: only each so many-th request */
	uint8_t *image;			/* stale: the store as it was; owned */
};

struct counter {
	uint64_t requests, failed, faulty;	/* faulty: a rule other than ok acted */
	unsigned hung;				/* now */
};

struct path {
	struct rule rule[OP_COUNT][RULES_MAX];	/* the newest last */
	unsigned rule_count[OP_COUNT];
	struct counter counter[OP_COUNT];
};

/* A request that has not been answered. */
struct request {
	struct request *next;
	fuse_req_t fuse;
	unsigned path;			/* from 0 */
	enum op op;
	bool flush;			/* a write without bytes */
	bool waited;			/* its delay is over */
	uint64_t offset;
	size_t bytes;
	uint64_t since_ms;
	uint64_t due_ms;		/* delayed until then; 0: it hangs */
	uint8_t data[];
};

struct faultlun {
	int store_fd;
	uint64_t store_bytes;		/* as the paths see it; `size` changes it */
	uint64_t image_bytes;		/* as the store was at the start */
	uint8_t *before;		/* each byte as it was before the last write to it */
	unsigned path_count;
	struct path path[PATHS_MAX];
	struct request *pending;	/* in the order they came */
	unsigned pending_count;
	uint64_t maxhang_ms;
	uint64_t random;		/* state of the generator, not 0 */
};

/* ---- faultlun_serve.c ---- */

uint64_t now_ms(void);
uint64_t random_next(struct faultlun *l);
void random_fill(struct faultlun *l, uint8_t *bytes, size_t size);

/* Take a request over from FUSE: answer it now or keep it. `data` is copied. */
void request_enter(struct faultlun *l, fuse_req_t fuse, const struct request *like,
		   const void *data);

/* Look again at what waits: delays that are over, hangs that have been too long.
 * Returns the ms until that is worth doing again, -1 when nothing waits. */
int pending_look(struct faultlun *l);

/* Look again at all that waits on a path in one direction, under its new rules. */
void pending_retry(struct faultlun *l, unsigned path, enum op op);

/* Fail what waits on a path with EIO, nothing done: its node has lost power. */
void pending_purge(struct faultlun *l, unsigned path);

/* A copy of the whole store; NULL: no memory or unreadable. Ownership passes. */
uint8_t *store_copy(const struct faultlun *l);

/* ---- faultlun_command.c ---- */

/* Carry out one command; `line` is cut into words. The answer starts with "error"
 * when it was refused. `reply` holds REPLY_MAX bytes. */
void command_run(struct faultlun *l, char *line, char *reply);
void rules_clear(struct path *p, enum op op);

/* ---- faultlun_loop.c ---- */

/* A child that, told by a byte on the returned descriptor that `mount` is up,
 * attaches a loop device to each path, writes their names to `list`, one a line,
 * and keeps them open until this process ends. Each is freed by its last close. */
int loops_fork(const char *mount, unsigned path_count, unsigned sector_bytes, const char *list);

#endif
