/* own.c, core.c: score too short, corosync gone, I/O errors. */
#include "mind_scene.h"

static void score_short_withdraws_and_goes_none(void **state)
{
	(void)state;
	m.in.score = 0;
	mind_cycle(&m);
	assert_int_equal(m.cast, 0);
	assert_int_equal(written_block(&m)->state, QD_STATE_NONE);
	assert_int_equal(m.self_fence, -1);
}

static void score_short_withdraws_at_once(void **state)
{
	(void)state;
	m.in.score = 0;
	mind_event(&m, QD_EV_TIMER, 50);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.s.why, QD_WHY_SCORE);
}

static void score_short_with_reboot_fences_myself(void **state)
{
	(void)state;
	m.s.p.reboot = true;
	m.in.score = 0;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, QD_FENCED_SCORE);
}

/* Each of these while the read of this cycle hangs. */
static void score_short_with_reboot_fences_myself_while_the_read_hangs(void **state)
{
	(void)state;
	m.s.p.reboot = true;
	m.in.score = 0;
	mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.self_fence, QD_FENCED_SCORE);
}

static void score_short_drops_mastership_while_the_read_hangs(void **state)
{
	(void)state;
	m.in.score = 0;
	mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.s.role, QD_STATE_NONE);
	assert_int_equal(m.cast, 0);
}

static void io_late_beyond_the_limit_exits_while_it_hangs(void **state)
{
	(void)state;
	m.s.p.max_error_cycles = 3;
	for (unsigned i = 0; i < 3; i++)
		mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.exit, -1);
	mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.exit, 4);
}

static void score_short_at_start_with_reboot_fences_nobody(void **state)
{
	(void)state;
	m.s.p.reboot = true;
	m.in.score = 0;
	mind_cycles(&m, 3 * K);
	assert_int_equal(m.self_fence, -1);
}

static void score_regained_runs_again(void **state)
{
	(void)state;
	m.in.score = 0;
	mind_cycles(&m, 2);
	m.in.score = 1;
	mind_cycles(&m, 2);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	assert_int_equal(m.cast, 1);
}

/* Row 26 and 02: corosync dies. */
static void corosync_gone_beats_on_as_none(void **state)
{
	(void)state;
	m.in.cs = (struct qd_corosync){ 0 };
	mind_cycles(&m, 3);
	assert_int_equal(written_block(&m)->state, QD_STATE_NONE);
	assert_int_equal(m.own_writes, 3);
	assert_int_equal(m.exit, -1);
	assert_int_equal(m.noted[QD_NOTE_COROSYNC_GONE], 1);
}

static void corosync_gone_evicts_nobody(void **state)
{
	(void)state;
	m.in.cs = (struct qd_corosync){ 0 };
	for (unsigned i = 0; i < 1000; i++)
		mind_event(&m, QD_EV_RING, 1 + i / 10);
	assert_int_equal(m.evictions + m.kills, 0);
}

static void corosync_stalled_is_as_good_as_gone(void **state)
{
	(void)state;
	m.in.cs.stalled = true;
	mind_cycle(&m);
	assert_int_equal(written_block(&m)->state, QD_STATE_NONE);
	assert_int_equal(m.noted[QD_NOTE_COROSYNC_STALLED], 1);
}

static void corosync_back_runs_again(void **state)
{
	struct qd_corosync before = m.in.cs;

	(void)state;
	m.in.cs = (struct qd_corosync){ 0 };
	mind_cycles(&m, 3);
	m.in.cs = before;
	mind_ring(&m, 9, 7);
	mind_cycles(&m, 3);
	assert_int_equal(m.s.role, QD_STATE_RUN);
	assert_int_equal(m.cast, 1);
	assert_int_equal(m.noted[QD_NOTE_COROSYNC_BACK], 1);
}

static void io_errors_of_writes_count_too(void **state)
{
	(void)state;
	m.s.p.max_error_cycles = 3;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(m.exit, -1);
		mind_tick(&m);
		mind_read(&m, /* tick */ true, 0);
		mind_write_failed(&m, 10);
	}
	assert_int_equal(m.exit, 4);
}

static void exit_is_followed_by_nothing(void **state)
{
	(void)state;
	m.s.p.max_error_cycles = 1;
	mind_read_failed(&m, QD_IO_ERROR);
	mind_read_failed(&m, QD_IO_ERROR);
	assert_int_equal(m.exit, 4);
	mind_forget(&m);
	mind_cycles(&m, 3);
	assert_int_equal(m.own_writes + m.votes[0] + m.votes[1], 0);
}

static void io_errors_beyond_the_limit_exit_4(void **state)
{
	(void)state;
	m.s.p.max_error_cycles = 3;
	for (unsigned i = 0; i < 3; i++)
		mind_read_failed(&m, QD_IO_ERROR);
	assert_int_equal(m.exit, -1);
	mind_read_failed(&m, QD_IO_ERROR);
	assert_int_equal(m.exit, 4);
}

static void io_errors_with_io_timeout_have_no_limit(void **state)
{
	(void)state;
	m.s.p.max_error_cycles = 3;
	m.s.p.io_timeout = true;
	for (unsigned i = 0; i < K - 1; i++)
		mind_read_failed(&m, QD_IO_ERROR);
	assert_int_equal(m.exit, -1);
}

static void io_errors_in_a_row_end_with_a_landing(void **state)
{
	(void)state;
	m.s.p.max_error_cycles = 3;
	for (unsigned i = 0; i < 4; i++) {
		mind_read_failed(&m, QD_IO_ERROR);
		mind_read_failed(&m, QD_IO_ERROR);
		mind_cycle(&m);
	}
	assert_int_equal(m.exit, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, score_short_withdraws_and_goes_none),
		test_with(follower, score_short_withdraws_at_once),
		test_with(follower, score_short_with_reboot_fences_myself),
		test_with(follower, score_short_with_reboot_fences_myself_while_the_read_hangs),
		test_with(master, score_short_drops_mastership_while_the_read_hangs),
		test_with(follower, io_late_beyond_the_limit_exits_while_it_hangs),
		test_with(fresh, score_short_at_start_with_reboot_fences_nobody),
		test_with(follower, score_regained_runs_again),
		test_with(master, corosync_gone_beats_on_as_none),
		test_with(master, corosync_gone_evicts_nobody),
		test_with(master, corosync_stalled_is_as_good_as_gone),
		test_with(follower, corosync_back_runs_again),
		test_with(follower, io_errors_of_writes_count_too),
		test_with(follower, exit_is_followed_by_nothing),
		test_with(follower, io_errors_beyond_the_limit_exit_4),
		test_with(follower, io_errors_with_io_timeout_have_no_limit),
		test_with(follower, io_errors_in_a_row_end_with_a_landing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
