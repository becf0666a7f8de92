/* A LUN that is a loop device over a file, opened for aio. Needs root; else the test
 * that makes one is skipped. */
#ifndef AIO_LUN_H
#define AIO_LUN_H

#include "../../qdiskd/aio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/real.h"

#define SLOT 4096u
#define SLOTS 16u
#define LUN_BYTES ((1 + SLOTS) * SLOT)

struct lun {
	char file[64];
	char device[32];
	int file_fd, fd;
	struct aio *aio;
	struct aio_done last;
	unsigned done_count;
};

/* Of the group: work_dir; mounts made from here on are seen, and undone, by nobody else. */
int own_mounts(void **state);

/* A LUN of `bytes` in `dir`, ready for aio. */
void lun_make(struct lun *lun, const char *dir, unsigned sector_size, off_t bytes);
void lun_drop(struct lun *lun);

/* The newest completion to lun->last; `arg`: the LUN. */
void lun_remember(void *arg, const struct aio_done *done);

/* Wait up to `timeout_ms` for `count` more completions; how many came. */
unsigned lun_wait(struct lun *lun, unsigned count, int timeout_ms);

#endif
