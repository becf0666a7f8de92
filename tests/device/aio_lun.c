/* See aio_lun.h. */
#include "aio_lun.h"

#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int own_mounts(void **state)
{
	if (geteuid() == 0 && (unshare(CLONE_NEWNS) < 0 ||
			       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return -1;
	return work_dir_make(state);
}

void lun_remember(void *arg, const struct aio_done *done)
{
	struct lun *lun = arg;

	lun->last = *done;
	lun->done_count++;
}

/* Open loop device `number`, also where nobody makes device nodes. */
static int loop_node_open(int number, struct lun *lun)
{
	int fd;

	(void)snprintf(lun->device, sizeof(lun->device), "/dev/loop%d", number);
	fd = open(lun->device, O_RDWR | O_CLOEXEC | O_DIRECT);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mknod(lun->device, S_IFBLK | 0600, makedev(7, (unsigned)number)) < 0)
		return -1;
	return open(lun->device, O_RDWR | O_CLOEXEC | O_DIRECT);
}

/* A loop device over lun->file_fd that goes away with its last descriptor. */
static int loop_attach(struct lun *lun, unsigned sector_size)
{
	struct loop_config config = {
		.fd = (unsigned)lun->file_fd,
		.block_size = sector_size,
		.info = { .lo_flags = LO_FLAGS_DIRECT_IO | LO_FLAGS_AUTOCLEAR },
	};
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), fd = -1;

	if (control < 0)
		return -1;
	for (int tries = 0; tries < 50; tries++) {	/* others take loops too */
		int number = ioctl(control, LOOP_CTL_GET_FREE);

		fd = number < 0 ? -1 : loop_node_open(number, lun);
		if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &config) == 0)
			break;
		if (fd >= 0)
			(void)close(fd);
		fd = -1;
		(void)usleep(10000);
	}
	(void)close(control);
	return fd;
}

void lun_make(struct lun *lun, const char *dir, unsigned sector_size, off_t bytes)
{
	memset(lun, 0, sizeof(*lun));
	if (geteuid() != 0 || access("/dev/loop-control", R_OK | W_OK) < 0)
		skip();
	(void)snprintf(lun->file, sizeof(lun->file), "%.48s/lun", dir);
	lun->file_fd = open(lun->file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(lun->file_fd >= 0);
	assert_int_equal(ftruncate(lun->file_fd, bytes), 0);
	lun->fd = loop_attach(lun, sector_size);
	assert_true(lun->fd >= 0);
	assert_int_equal(aio_open(lun->fd, SLOTS, SLOT, sector_size, &lun->aio), 0);
}

void lun_drop(struct lun *lun)
{
	assert_int_equal(aio_close(lun->aio), 0);
	assert_int_equal(close(lun->fd), 0);
	assert_int_equal(close(lun->file_fd), 0);
	assert_int_equal(unlink(lun->file), 0);
}

unsigned lun_wait(struct lun *lun, unsigned count, int timeout_ms)
{
	unsigned before = lun->done_count;
	struct pollfd p = { .fd = aio_fd(lun->aio), .events = POLLIN };

	while (lun->done_count - before < count) {
		if (poll(&p, 1, timeout_ms) != 1)
			break;
		assert_true(aio_reap(lun->aio, lun_remember, lun) >= 0);
	}
	return lun->done_count - before;
}
