/* engine.c: alarms, new lives, self-fence, exit, stop. */
#include "engine_fixture.h"

static void alarm_of_l1_withdraws_while_the_read_hangs(void **state)
{
	uint64_t start = engine.state.landed_start_ms;

	(void)state;
	tick();
	assert_true(w.alarm_ms <= start + L1);
	for (w.now++; w.votes[0] == 0 && w.now < start + 2 * L2; w.now++) {
		if (w.now % I == 0)
			qd_engine_tick(&engine, 0);
		if (w.alarm_ms <= w.now)
			qd_engine_alarm(&engine);
	}
	assert_int_equal(w.now - 1, start + L1);
	assert_int_equal(w.reads, 1);
}

static void alarm_of_l2_fences_while_the_read_hangs(void **state)
{
	uint64_t start = engine.state.landed_start_ms;

	(void)state;
	tick();
	for (w.now++; w.self_fence < 0 && w.now < start + 2 * L2; w.now++) {
		if (w.alarm_ms <= w.now)
			qd_engine_alarm(&engine);
	}
	assert_int_equal(w.now - 1, start + L2);
	assert_int_equal(w.self_fence, QD_FENCED_SILENCE);
}

/* It costs a system call to move it. */
static void alarm_is_not_moved_in_each_cycle(void **state)
{
	(void)state;
	follow(K - 3);
	assert_in_range(w.alarms, 0, 1);
}

static void alarm_too_early_does_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		qd_engine_alarm(&engine);
	assert_int_equal(w.reads + w.votes[0] + w.votes[1], 0);
}

static void new_life_has_a_fresh_incarnation_each_time(void **state)
{
	uint64_t first = engine.state.incarnation, second;

	(void)state;
	engine.state.p.watchdog = false;
	w.cs.quorate = false;
	w.now += L2 + I;
	qd_engine_alarm(&engine);
	second = engine.state.incarnation;
	follow(K + 3);
	w.now += L2 + I;
	qd_engine_alarm(&engine);
	assert_int_not_equal(first, second);
	assert_int_not_equal(second, engine.state.incarnation);
	assert_int_not_equal(engine.fresh, engine.state.incarnation);
}

static void self_fence_is_followed_by_nothing(void **state)
{
	struct qd_block own;

	(void)state;
	assert_int_equal(qd_block_decode(w.lun + ME * SLOT, 512, ME, &own), QD_FINE);
	own.state = QD_STATE_EVICTED;
	own.writer_id = 1;
	own.ext.victim_incarnation = own.incarnation;
	slot_put(ME, &own);
	tick();
	read_ends(QD_IO_OK);
	assert_int_equal(w.self_fence, QD_FENCED_EVICTED);
	storm();
	tick();
	assert_int_equal(w.reads, 1);
	assert_int_equal(w.writes + w.votes[0] + w.votes[1] + w.pets, 0);
}

static void exit_is_followed_by_nothing(void **state)
{
	(void)state;
	engine.state.p.max_error_cycles = 1;
	for (unsigned i = 0; i < 2; i++) {
		tick();
		read_ends(QD_IO_ERROR);
	}
	assert_int_equal(w.exit, 4);
	storm();
	tick();
	assert_int_equal(w.reads, 2);
}

static void fencing_that_ended_reaches_the_mind(void **state)
{
	(void)state;
	qd_engine_fenced(&engine, 3, PEER_LIFE(3), QD_FENCE_SUCCESS);
	assert_int_equal(engine.state.fence_victim, 3);
	assert_int_equal(engine.state.fence_result, QD_FENCE_SUCCESS);
	assert_true(engine.state.member[2].fenced);
}

static void reconfig_reaches_the_mind(void **state)
{
	struct qd_params p = engine.state.p;

	(void)state;
	p.reboot = true;
	qd_engine_reconfig(&engine, &p);
	assert_true(engine.state.p.reboot);
}

static void stop_ends_within_two_cycles(void **state)
{
	(void)state;
	qd_engine_stop(&engine);
	qd_engine_ring(&engine);
	for (unsigned i = 0; i < 2 * I && w.exit < 0; i++) {
		w.now++;
		if (w.now % I == 0)
			qd_engine_tick(&engine, 0);
		else if (w.read_out)
			read_ends(QD_IO_OK);
		else if (w.writes_out)
			writes_end(QD_IO_OK);
		if (w.alarm_ms <= w.now)
			qd_engine_alarm(&engine);
	}
	assert_int_equal(w.exit, 0);
	assert_int_equal(w.unregisters, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(following, alarm_of_l1_withdraws_while_the_read_hangs),
		test_with(following, alarm_of_l2_fences_while_the_read_hangs),
		test_with(following, alarm_is_not_moved_in_each_cycle),
		test_with(following, alarm_too_early_does_nothing),
		test_with(following, new_life_has_a_fresh_incarnation_each_time),
		test_with(following, self_fence_is_followed_by_nothing),
		test_with(following, exit_is_followed_by_nothing),
		test_with(following, fencing_that_ended_reaches_the_mind),
		test_with(following, reconfig_reaches_the_mind),
		test_with(following, stop_ends_within_two_cycles),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
