/* aio.c over a LUN that is well: what is asked for, what comes, and what is refused. */
#include "aio_lun.h"

#include <dirent.h>

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(aio_write_on_512_is_read_back),
		cmocka_unit_test(aio_write_on_4096_is_read_back),
		cmocka_unit_test(aio_evictions_64_at_once_all_land),
		cmocka_unit_test(aio_request_out_second_is_refused),
		cmocka_unit_test(aio_sizes_not_in_sectors_are_refused),
		cmocka_unit_test(legacy_30_io_has_no_thread),
		cmocka_unit_test(aio_forked_child_does_not_get_the_buffers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, own_mounts, work_dir_remove);
}
