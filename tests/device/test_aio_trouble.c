/* aio.c over a LUN that is not as it should be: it hangs, fails, is too short, or takes
 * less at once than before. */
#include "aio_lun.h"

#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "../rss.h"

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
	long before = 0, after;

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
	after = rss_bytes();	/* to tell of it takes pages too */
	print_message("# %u failed reads: %ld bytes resident before, %ld after\n", count, before, after);
	assert_true(before > 0);
	assert_int_equal(after, before);	/* 4 KiB each would be 400 MB */
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

/* The device takes at most 16 KiB at once, so it refuses our read with RWF_NOWAIT, a few
 * times or, by a kernel that splits such a read itself, never; then a write. How often. */
static unsigned small_requests(struct lun *lun)
{
	uint8_t block[AIO_WRITE_BYTES] = { 1 };
	unsigned refused = 0, other = 0, tries = 0;
	char path[128];
	int limit;

	(void)snprintf(path, sizeof(path), "/sys/block/%s/queue/max_sectors_kb", lun->device + 5);
	limit = number_exchange(path, 16);
	do {
		other += aio_read_slots(lun->aio) < 0 || lun_wait(lun, 1, 2000) != 1;
		refused += lun->last.result == -EAGAIN;
	} while (lun->last.result != 0 && !other && ++tries < 100);
	other += aio_write_block(lun->aio, SLOT, block, sizeof(block)) < 0;
	other += lun_wait(lun, 1, 2000) != 1 || lun->last.result != 0;
	/* The limit outlives the loop device's file: put it back whatever happened. */
	assert_true(limit > 16);
	assert_int_equal(number_exchange(path, limit), 16);
	assert_int_equal(other, 0);
	print_message("# this kernel refused %u\n", refused);
	assert_true(refused == 0 || refused == AIO_NOWAIT_TRIES);
	return refused;
}

static void aio_device_with_small_requests_reads_after_a_few_refusals(void **state)
{
	struct lun lun;
	unsigned refused;

	(void)state;
	lun_make(&lun, work_dir, 512, LUN_BYTES);
	refused = small_requests(&lun);
	assert_int_equal(aio_nowait(lun.aio, AIO_READ), refused == 0);
	assert_true(aio_nowait(lun.aio, AIO_WRITE));
	lun_drop(&lun);
}

/* It has read with RWF_NOWAIT, and then takes at most 16 KiB at once: a path has come
 * that cannot take more. It must not be refused for ever. */
static void aio_device_whose_requests_become_small_is_read_all_the_same(void **state)
{
	struct lun lun;

	(void)state;
	lun_make(&lun, work_dir, 512, LUN_BYTES);
	assert_int_equal(aio_read_slots(lun.aio), 0);
	assert_int_equal(lun_wait(&lun, 1, 2000), 1);
	assert_int_equal(lun.last.result, 0);
	(void)small_requests(&lun);
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(aio_wrong_sector_size_is_an_error_and_keeps_nowait),
		cmocka_unit_test(legacy_32_write_cut_short_does_not_count),
		cmocka_unit_test(aio_write_to_readonly_descriptor_is_an_error),
		cmocka_unit_test(aio_lun_too_short_read_is_short),
		cmocka_unit_test(legacy_17_failed_reads_leave_memory_to_the_page),
		cmocka_unit_test(aio_device_with_small_requests_reads_after_a_few_refusals),
		cmocka_unit_test(aio_device_whose_requests_become_small_is_read_all_the_same),
		cmocka_unit_test(aio_lun_hangs_write_stays_out_and_lands_late),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, own_mounts, work_dir_remove);
}
