/* aio.c against real loop devices made here. Needs root; else skipped. */
#include "../../qdiskd/aio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../rss.h"

#define SLOT 4096u
#define SLOTS 16u
#define LUN_BYTES ((1 + SLOTS) * SLOT)

static char work_dir[] = "/tmp/qdisk-test-aio.XXXXXX";

struct lun {
	char file[64];
	char device[32];
	int file_fd, fd;
	struct aio *aio;
	struct aio_done last;
	unsigned done_count;
};

static void lun_remember(void *arg, const struct aio_done *done)
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

/* A LUN of `bytes` in `dir`, ready for aio; skips the test where it cannot be. */
static void lun_make(struct lun *lun, const char *dir, unsigned sector_size, off_t bytes)
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

static void lun_drop(struct lun *lun)
{
	assert_int_equal(aio_close(lun->aio), 0);
	assert_int_equal(close(lun->fd), 0);
	assert_int_equal(close(lun->file_fd), 0);
	assert_int_equal(unlink(lun->file), 0);
}

/* Wait up to `timeout_ms` for `count` more completions; how many came. */
static unsigned lun_wait(struct lun *lun, unsigned count, int timeout_ms)
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

static void round_trip(unsigned sector_size)
{
	struct lun lun;
	uint8_t block[AIO_WRITE_BYTES];

	lun_make(&lun, work_dir, sector_size, LUN_BYTES);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)(i * 7 + 1);
	assert_int_equal(aio_write_block(lun.aio, 3 * SLOT, block, sizeof(block)), 0);
	assert_int_equal(lun_wait(&lun, 1, 2000), 1);
	assert_int_equal(lun.last.kind, AIO_WRITE);
	assert_int_equal(lun.last.result, 0);
	assert_int_equal(lun.last.bytes, sizeof(block));
	assert_int_equal(lun.last.offset, 3 * SLOT);
	assert_int_equal(aio_read_slots(lun.aio), 0);
	assert_int_equal(lun_wait(&lun, 1, 2000), 1);
	assert_int_equal(lun.last.kind, AIO_READ);
	assert_int_equal(lun.last.result, 0);
	assert_memory_equal(aio_slots(lun.aio) + 3 * SLOT, block, sizeof(block));
	assert_int_equal(aio_slots(lun.aio)[2 * SLOT], 0);
	assert_true(lun.last.latency_us > 0 && lun.last.latency_us < 2000000);
	lun_drop(&lun);
}

static void aio_write_on_512_is_read_back(void **state)
{
	(void)state;
	round_trip(512);
}

static void aio_write_on_4096_is_read_back(void **state)
{
	(void)state;
	round_trip(4096);
}

static void aio_evictions_64_at_once_all_land(void **state)
{
	struct lun lun;
	uint8_t block[512];

	(void)state;
	lun_make(&lun, work_dir, 512, LUN_BYTES);
	for (unsigned i = 0; i < AIO_EVICT_MAX; i++) {
		memset(block, (int)i + 1, sizeof(block));
		assert_int_equal(aio_evict(lun.aio, i * 512, block, sizeof(block)), 0);
	}
	assert_int_equal(aio_busy(lun.aio), 1u << AIO_EVICT);
	assert_int_equal(aio_evict(lun.aio, 5 * 512, block, 512), -EBUSY);
	assert_int_equal(aio_evict(lun.aio, 64 * 512, block, 512), -ENOBUFS);
	assert_int_equal(lun_wait(&lun, AIO_EVICT_MAX, 2000), AIO_EVICT_MAX);
	assert_int_equal(aio_busy(lun.aio), 0);
	assert_int_equal(aio_read_slots(lun.aio), 0);
	assert_int_equal(lun_wait(&lun, 1, 2000), 1);
	for (unsigned i = 0; i < AIO_EVICT_MAX; i++)
		assert_int_equal(aio_slots(lun.aio)[i * 512 + 511], i + 1);
	lun_drop(&lun);
}

static void aio_request_out_second_is_refused(void **state)
{
	struct lun lun;
	uint8_t block[AIO_WRITE_BYTES] = { 1 };

	(void)state;
	lun_make(&lun, work_dir, 512, LUN_BYTES);
	assert_int_equal(aio_read_slots(lun.aio), 0);
	assert_int_equal(aio_read_slots(lun.aio), -EBUSY);
	assert_null(aio_slots(lun.aio));
	assert_int_equal(aio_write_block(lun.aio, SLOT, block, sizeof(block)), 0);
	assert_int_equal(aio_write_block(lun.aio, SLOT, block, sizeof(block)), -EBUSY);
	assert_int_equal(aio_busy(lun.aio), 1u << AIO_READ | 1u << AIO_WRITE);
	assert_int_equal(lun_wait(&lun, 2, 2000), 2);
	assert_non_null(aio_slots(lun.aio));
	lun_drop(&lun);
}

static void aio_sizes_not_in_sectors_are_refused(void **state)
{
	struct lun lun;
	struct aio *none;
	uint8_t block[2 * AIO_WRITE_BYTES] = { 1 };

	(void)state;
	lun_make(&lun, work_dir, 4096, LUN_BYTES);
	assert_int_equal(aio_write_block(lun.aio, SLOT, block, 512), -EINVAL);
	assert_int_equal(aio_write_block(lun.aio, 512, block, 4096), -EINVAL);
	assert_int_equal(aio_write_block(lun.aio, SLOT, block, 8192), -EINVAL);
	assert_int_equal(aio_write_block(lun.aio, SLOT, block, 0), -EINVAL);
	assert_int_equal(aio_evict(lun.aio, SLOT, block, 8192), -EINVAL);
	assert_int_equal(aio_open(lun.fd, SLOTS, SLOT, 1000, &none), -EINVAL);
	assert_int_equal(aio_open(lun.fd, SLOTS, 512, 4096, &none), -EINVAL);
	assert_int_equal(aio_busy(lun.aio), 0);
	lun_drop(&lun);
}

/* Half a sector on a 4096 device: the kernel refuses, and RWF_NOWAIT is not to blame. */
static void aio_wrong_sector_size_is_an_error_and_keeps_nowait(void **state)
{
	struct lun lun;
	struct aio *a;
	uint8_t block[512] = { 1 };
	int r;

	(void)state;
	lun_make(&lun, work_dir, 4096, LUN_BYTES);
	assert_int_equal(aio_open(lun.fd, SLOTS, SLOT, 512, &a), 0);
	r = aio_write_block(a, SLOT, block, sizeof(block));
	if (r == 0) {
		struct pollfd p = { .fd = aio_fd(a), .events = POLLIN };

		assert_int_equal(poll(&p, 1, 2000), 1);
		assert_int_equal(aio_reap(a, lun_remember, &lun), 1);
		r = lun.last.result;
	}
	assert_int_equal(r, -EINVAL);
	assert_true(aio_nowait(a, AIO_WRITE));
	assert_int_equal(aio_close(a), 0);
	lun_drop(&lun);
}

static void legacy_32_write_cut_short_does_not_count(void **state)
{
	struct lun lun;
	uint8_t block[AIO_WRITE_BYTES] = { 1 };

	(void)state;
	lun_make(&lun, work_dir, 512, LUN_BYTES + 512);
	assert_int_equal(aio_write_block(lun.aio, LUN_BYTES, block, sizeof(block)), 0);
	assert_int_equal(lun_wait(&lun, 1, 2000), 1);
	assert_int_equal(lun.last.result, -ENODATA);
	assert_int_equal(lun.last.bytes, 512);
	lun_drop(&lun);
}

static void aio_write_to_readonly_descriptor_is_an_error(void **state)
{
	struct lun lun;
	struct aio *a;
	uint8_t block[AIO_WRITE_BYTES] = { 1 };
	int fd;

	(void)state;
	lun_make(&lun, work_dir, 512, LUN_BYTES);
	fd = open(lun.device, O_RDONLY | O_DIRECT | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(aio_open(fd, SLOTS, SLOT, 512, &a), 0);
	assert_int_equal(aio_write_block(a, SLOT, block, sizeof(block)), -EBADF);
	assert_int_equal(aio_busy(a), 0);
	assert_int_equal(aio_close(a), 0);
	assert_int_equal(close(fd), 0);
	lun_drop(&lun);
}

static void aio_lun_too_short_read_is_short(void **state)
{
	struct lun lun;

	(void)state;
	lun_make(&lun, work_dir, 512, 5 * SLOT);
	assert_int_equal(aio_read_slots(lun.aio), 0);
	assert_int_equal(lun_wait(&lun, 1, 2000), 1);
	assert_int_equal(lun.last.result, -ENODATA);
	assert_int_equal(lun.last.bytes, 5 * SLOT);
	lun_drop(&lun);
}

/* The medium behind the loop device is cut off: real EIO, QDISK_TEST_READS times. */
static void legacy_17_failed_reads_leave_memory_to_the_page(void **state)
{
	const unsigned warm = 1000, count = times("QDISK_TEST_READS", 100000);
	struct lun lun;
	long before = 0;

	(void)state;
	if (rss_blurred())
		skip();
	lun_make(&lun, work_dir, 512, LUN_BYTES);
	assert_int_equal(ftruncate(lun.file_fd, 0), 0);
	(void)rss_bytes();	/* what it needs itself */
	for (unsigned i = 0; i < warm + count; i++) {
		if (i == warm)
			before = rss_bytes();
		assert_int_equal(aio_read_slots(lun.aio), 0);
		assert_int_equal(lun_wait(&lun, 1, 5000), 1);
		assert_int_equal(lun.last.result, -EIO);
	}
	print_message("# %u failed reads: %ld bytes resident before, %ld after\n", count, before, rss_bytes());
	assert_true(before > 0);
	assert_int_equal(rss_bytes(), before);	/* 4 KiB each would be 400 MB */
	lun_drop(&lun);
}

static void legacy_30_io_has_no_thread(void **state)
{
	struct lun lun;
	unsigned threads = 0;
	DIR *d;

	(void)state;
	lun_make(&lun, work_dir, 512, LUN_BYTES);
	assert_int_equal(aio_read_slots(lun.aio), 0);
	assert_int_equal(lun_wait(&lun, 1, 2000), 1);
	d = opendir("/proc/self/task");
	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		threads += e->d_name[0] != '.';
	(void)closedir(d);
	assert_int_equal(threads, 1);
	lun_drop(&lun);
}

static int number_exchange(const char *path, int number)
{
	FILE *f = fopen(path, "r+e");
	int old = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%d", &old) == 1) {
		rewind(f);
		(void)fprintf(f, "%d", number);
	}
	return fclose(f) == 0 ? old : -1;
}

/* The device takes at most 16 KiB at once, so it refuses our read with RWF_NOWAIT. */
static void aio_device_with_small_requests_reads_after_a_few_refusals(void **state)
{
	struct lun lun;
	uint8_t block[AIO_WRITE_BYTES] = { 1 };
	unsigned refused = 0, other = 0, tries = 0;
	char path[128];
	int limit;

	(void)state;
	lun_make(&lun, work_dir, 512, LUN_BYTES);
	(void)snprintf(path, sizeof(path), "/sys/block/%s/queue/max_sectors_kb", lun.device + 5);
	limit = number_exchange(path, 16);
	do {
		other += aio_read_slots(lun.aio) < 0 || lun_wait(&lun, 1, 2000) != 1;
		refused += lun.last.result == -EAGAIN;
	} while (lun.last.result != 0 && !other && ++tries < 100);
	other += aio_write_block(lun.aio, SLOT, block, sizeof(block)) < 0;
	other += lun_wait(&lun, 1, 2000) != 1 || lun.last.result != 0;
	/* The limit outlives the loop device's file: put it back whatever happened. */
	assert_true(limit > 16);
	assert_int_equal(number_exchange(path, limit), 16);
	assert_int_equal(other, 0);
	/* A kernel that splits such a read by itself refuses none. */
	print_message("# this kernel refused %u\n", refused);
	assert_true(refused == 0 || refused == AIO_NOWAIT_TRIES);
	assert_int_equal(aio_nowait(lun.aio, AIO_READ), refused == 0);
	assert_true(aio_nowait(lun.aio, AIO_WRITE));
	lun_drop(&lun);
}

/* It has read with RWF_NOWAIT, and then takes at most 16 KiB at once: a path has come
 * that cannot take more. It must not be refused for ever. */
static void aio_device_whose_requests_become_small_is_read_all_the_same(void **state)
{
	struct lun lun;
	unsigned refused = 0, other = 0, tries = 0;
	char path[128];
	int limit;

	(void)state;
	lun_make(&lun, work_dir, 512, LUN_BYTES);
	(void)snprintf(path, sizeof(path), "/sys/block/%s/queue/max_sectors_kb", lun.device + 5);
	other += aio_read_slots(lun.aio) < 0 || lun_wait(&lun, 1, 2000) != 1 || lun.last.result != 0;
	limit = number_exchange(path, 16);
	do {
		other += aio_read_slots(lun.aio) < 0 || lun_wait(&lun, 1, 2000) != 1;
		refused += lun.last.result == -EAGAIN;
	} while (lun.last.result != 0 && !other && ++tries < 100);
	assert_true(limit > 16);
	assert_int_equal(number_exchange(path, limit), 16);
	assert_int_equal(other, 0);
	print_message("# this kernel refused %u\n", refused);
	assert_true(refused == 0 || refused == AIO_NOWAIT_TRIES);
	lun_drop(&lun);
}

static void aio_forked_child_does_not_get_the_buffers(void **state)
{
	struct lun lun;
	const uint8_t *slots;
	int status, ends[2];
	pid_t pid;

	(void)state;
	lun_make(&lun, work_dir, 512, LUN_BYTES);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	slots = aio_slots(lun.aio);
	pid = fork();
	if (pid == 0)
		_exit(write(ends[1], slots, 1) < 0 && errno == EFAULT ? 0 : 1);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
	lun_drop(&lun);
}

static int run(const char *command)
{
	int status = system(command);	/* NOLINT(cert-env33-c): our own words, a test */

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A file system that can be frozen, below a second loop device: a LUN that hangs. */
struct freezer {
	char image[64], mount[64], command[512];
	int fd;
	pid_t guard;	/* thaws after 20 s whatever happens to us */
};

static void freezer_make(struct freezer *f)
{
	if (geteuid() != 0 || access("/dev/loop-control", R_OK | W_OK) < 0)
		skip();
	(void)snprintf(f->image, sizeof(f->image), "%s/image", work_dir);
	(void)snprintf(f->mount, sizeof(f->mount), "%s/mount", work_dir);
	assert_int_equal(mkdir(f->mount, 0700), 0);
	(void)snprintf(f->command, sizeof(f->command),
		       "truncate -s 32M %s && mkfs.ext4 -q %s && mount -o loop %s %s", f->image,
		       f->image, f->image, f->mount);
	if (run(f->command) != 0)
		skip();
	f->fd = open(f->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->fd >= 0);
	f->guard = fork();
	if (f->guard == 0) {
		(void)sleep(20);
		(void)ioctl(f->fd, FITHAW, 0);
		_exit(0);
	}
}

static void freezer_drop(struct freezer *f)
{
	(void)kill(f->guard, SIGKILL);
	(void)waitpid(f->guard, NULL, 0);
	(void)close(f->fd);
	/* The loop device lets go of its file a moment after its last close. */
	(void)snprintf(f->command, sizeof(f->command),
		       "n=0; until umount %s 2>/dev/null || [ $n = 100 ]; do sleep 0.05; "
		       "n=$((n+1)); done", f->mount);
	assert_int_equal(run(f->command), 0);
	assert_int_equal(rmdir(f->mount), 0);
	assert_int_equal(unlink(f->image), 0);
}

static void aio_lun_hangs_write_stays_out_and_lands_late(void **state)
{
	struct freezer f = { .fd = -1 };
	struct lun lun;
	uint8_t first[AIO_WRITE_BYTES], second[AIO_WRITE_BYTES];

	(void)state;
	memset(first, 1, sizeof(first));
	memset(second, 2, sizeof(second));
	freezer_make(&f);
	lun_make(&lun, f.mount, 512, LUN_BYTES);
	assert_int_equal(ioctl(f.fd, FIFREEZE, 0), 0);
	assert_int_equal(aio_write_block(lun.aio, SLOT, first, sizeof(first)), 0);
	assert_int_equal(lun_wait(&lun, 1, 300), 0);
	assert_int_equal(aio_write_block(lun.aio, SLOT, second, sizeof(second)), -EBUSY);
	assert_int_equal(aio_close(lun.aio), -EBUSY);
	assert_int_equal(ioctl(f.fd, FITHAW, 0), 0);
	assert_int_equal(lun_wait(&lun, 1, 5000), 1);
	assert_int_equal(lun.last.result, 0);
	assert_true(lun.last.latency_us >= 300000);
	assert_int_equal(aio_read_slots(lun.aio), 0);
	assert_int_equal(lun_wait(&lun, 1, 5000), 1);
	assert_memory_equal(aio_slots(lun.aio) + SLOT, first, sizeof(first));
	lun_drop(&lun);
	freezer_drop(&f);
}

/* `test_aio --cycles N FILE`: N cycles of one read and one write, for strace. */
static int cycles(int count, const char *path)
{
	struct lun lun = { .fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC) };
	uint8_t block[AIO_WRITE_BYTES] = { 1 };
	int r = lun.fd < 0 ? -errno : aio_open(lun.fd, SLOTS, SLOT, 512, &lun.aio);

	for (int i = 0; i < count && r == 0; i++) {
		r = aio_read_slots(lun.aio);
		if (r == 0 && lun_wait(&lun, 1, 5000) == 1)
			r = aio_write_block(lun.aio, SLOT, block, sizeof(block));
		if (r == 0 && lun_wait(&lun, 1, 5000) != 1)
			r = -ETIMEDOUT;
	}
	return r == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aio_write_on_512_is_read_back),
		cmocka_unit_test(aio_write_on_4096_is_read_back),
		cmocka_unit_test(aio_evictions_64_at_once_all_land),
		cmocka_unit_test(aio_request_out_second_is_refused),
		cmocka_unit_test(aio_sizes_not_in_sectors_are_refused),
		cmocka_unit_test(aio_wrong_sector_size_is_an_error_and_keeps_nowait),
		cmocka_unit_test(legacy_32_write_cut_short_does_not_count),
		cmocka_unit_test(aio_write_to_readonly_descriptor_is_an_error),
		cmocka_unit_test(aio_lun_too_short_read_is_short),
		cmocka_unit_test(legacy_17_failed_reads_leave_memory_to_the_page),
		cmocka_unit_test(legacy_30_io_has_no_thread),
		cmocka_unit_test(aio_device_with_small_requests_reads_after_a_few_refusals),
		cmocka_unit_test(aio_device_whose_requests_become_small_is_read_all_the_same),
		cmocka_unit_test(aio_forked_child_does_not_get_the_buffers),
		cmocka_unit_test(aio_lun_hangs_write_stays_out_and_lands_late),
	};
	int r;

	if (argc == 4 && strcmp(argv[1], "--cycles") == 0)
		return cycles((int)strtol(argv[2], NULL, 10), argv[3]);
	/* Mounts made here are seen, and undone, by nobody else. */
	if (geteuid() == 0 && (unshare(CLONE_NEWNS) < 0 ||
			       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return 1;
	if (!mkdtemp(work_dir))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(work_dir);
	return r;
}
