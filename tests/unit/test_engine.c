/* engine.c: the order of one cycle; nothing while an I/O is out; the label. */
#include "engine_fixture.h"

/* ---- One cycle ---- */

static void engine_starts_nothing_before_the_first_tick(void **state)
{
	(void)state;
	assert_int_equal(w.reads + w.writes + w.votes[0] + w.votes[1], 0);
}

static void engine_cycle_reads_writes_then_pets_votes_and_publishes(void **state)
{
	(void)state;
	follow(1);
	assert_string_equal(w.order, "RWPVp");
}

static void engine_cycle_is_one_read_and_one_write(void **state)
{
	(void)state;
	follow(100);
	assert_int_equal(w.reads, 100);
	assert_int_equal(w.writes, 100);
	assert_int_equal(w.publishes, 100);
}

static void engine_own_slot_is_written_whole(void **state)
{
	(void)state;
	follow(1);
	assert_int_equal(w.write.slot, ME);
	assert_int_equal(w.write.size, QD_STATUS_BYTES);
}

/* S4: what is written decodes to what was meant. */
static void engine_written_bytes_decode_to_what_was_meant(void **state)
{
	struct qd_block block;

	(void)state;
	follow(1);
	assert_int_equal(qd_block_decode(w.write.bytes, w.write.size, ME, &block), QD_FINE);
	assert_memory_equal(&block, &engine.state.own, sizeof(block));
}

static void engine_latencies_are_in_the_block(void **state)
{
	struct qd_block block;

	(void)state;
	follow(2);
	assert_int_equal(qd_block_decode(w.write.bytes, w.write.size, ME, &block), QD_FINE);
	assert_int_equal(block.ext.read_us, 300);
	assert_int_equal(block.ext.write_us, 400);
	assert_int_equal(block.average_us, 400);
	assert_int_equal(block.last_us, 400);
}

static void engine_armed_watchdog_is_in_the_block(void **state)
{
	struct qd_block block;

	(void)state;
	follow(2);
	assert_int_equal(qd_block_decode(w.write.bytes, w.write.size, ME, &block), QD_FINE);
	assert_true(block.ext.flags & QD_EXT_ARMED);
	assert_int_equal(block.ext.watchdog_ms, 2000);
}

static void engine_failed_read_writes_nothing(void **state)
{
	(void)state;
	tick();
	read_ends(QD_IO_ERROR);
	assert_int_equal(w.writes, 0);
	assert_int_equal(engine.phase, QD_PHASE_IDLE);
	tick();
	assert_int_equal(w.reads, 2);
}

static void engine_corrupt_slot_is_decoded_as_corrupt(void **state)
{
	(void)state;
	w.lun[3 * SLOT + 40] ^= 1;
	cycle();
	assert_int_equal(engine.slots[2].result, QD_SLOT_CORRUPT);
	assert_int_equal(engine.slots[0].result, QD_SLOT_OK);
}

/* An eviction is one sector: the black box behind it stays. */
static void evicts_with(uint32_t sector_size)
{
	world(2, sector_size);
	for (unsigned i = 0; i < 2 * K; i++) {	/* node 1 beats, runs, and answers every bid */
		struct qd_block one = peer_block(1, QD_STATE_INIT, ++beat);

		slot_put(1, &one);
		cycle();
	}
	assert_int_equal(engine.state.role, QD_STATE_MASTER);
	memset(w.lun + SLOT + sector_size, 0x5a, SLOT - sector_size);
	for (unsigned i = 0; i < K + 1; i++) {
		w.write.slot = 0;
		tick();
		read_ends(QD_IO_OK);
		if (w.evictions)
			break;
		writes_end(QD_IO_OK);
	}
	assert_int_equal(w.evictions, 1);
	assert_int_equal(w.kills, 1);
}

static void engine_eviction_is_one_sector_of_512(void **state)
{
	(void)state;
	evicts_with(512);
	for (unsigned i = 512; i < SLOT; i++)
		assert_int_equal(w.lun[SLOT + i], 0x5a);
}

static void engine_eviction_is_one_sector_of_4096(void **state)
{
	struct qd_block block;

	(void)state;
	evicts_with(4096);
	assert_int_equal(qd_block_decode(w.lun + SLOT, SLOT, 1, &block), QD_FINE);
	assert_int_equal(block.state, QD_STATE_EVICTED);
}

static void engine_cycle_ends_when_all_its_writes_have(void **state)
{
	(void)state;
	evicts_with(512);
	assert_int_equal(w.writes_out, 2);
	w.write_out[1] = 0;
	w.writes_out--;
	qd_engine_write_done(&engine, 1, QD_IO_OK, 400);
	assert_int_equal(engine.phase, QD_PHASE_WRITING);
	writes_end(QD_IO_OK);
	assert_int_equal(engine.phase, QD_PHASE_IDLE);
}

/* ---- Nothing while one is out ---- */

static void engine_read_out_nothing_is_submitted(void **state)
{
	(void)state;
	tick();
	storm();
	assert_int_equal(w.reads, 1);
	assert_int_equal(w.writes, 0);
}

static void engine_write_out_nothing_is_submitted(void **state)
{
	(void)state;
	tick();
	read_ends(QD_IO_OK);
	storm();
	assert_int_equal(w.reads, 1);
	assert_int_equal(w.writes, 1);
}

/* Row 01 and 30: what happens outside costs no vote and no I/O. */
static void legacy_01_a_thousand_events_in_a_second_cost_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		follow(1);
		for (unsigned j = 0; j < 200; j++) {
			qd_engine_ring(&engine);
			qd_engine_alarm(&engine);
		}
	}
	assert_int_equal(w.reads, 5);
	assert_int_equal(w.evictions, 0);
	assert_int_equal(w.votes[0], 0);
	assert_int_equal(w.votes[1], 5);
}

/* ---- Label ---- */

static void label_replaced_nothing_is_written(void **state)
{
	(void)state;
	label.uuid[0] ^= 1;
	qd_label_encode(&label, w.lun, 512);
	follow(3);
	assert_int_equal(w.writes, 0);
	assert_int_equal(w.noted[QD_NOTE_STRANGER], 1);
}

static void label_garbage_nothing_is_written(void **state)
{
	(void)state;
	memset(w.lun, 0, 512);
	follow(3);
	assert_int_equal(w.writes, 0);
}

static void label_of_other_timings_nothing_is_written(void **state)
{
	(void)state;
	label.timings.tko++;
	qd_label_encode(&label, w.lun, 512);
	follow(3);
	assert_int_equal(w.writes, 0);
}

static void label_back_it_is_written_again(void **state)
{
	uint8_t bytes[512];

	(void)state;
	memcpy(bytes, w.lun, sizeof(bytes));
	memset(w.lun, 0, 512);
	follow(2);
	memcpy(w.lun, bytes, sizeof(bytes));
	follow(2);
	assert_int_equal(w.writes, 2);
}

static void label_replaced_before_the_first_read_nothing_is_written(void **state)
{
	(void)state;
	label.created_s++;
	qd_label_encode(&label, w.lun, 512);
	cycle();
	assert_int_equal(w.writes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(three, engine_starts_nothing_before_the_first_tick),
		test_with(following, engine_cycle_reads_writes_then_pets_votes_and_publishes),
		test_with(following, engine_cycle_is_one_read_and_one_write),
		test_with(following, engine_own_slot_is_written_whole),
		test_with(following, engine_written_bytes_decode_to_what_was_meant),
		test_with(following, engine_latencies_are_in_the_block),
		test_with(following, engine_armed_watchdog_is_in_the_block),
		test_with(following, engine_failed_read_writes_nothing),
		test_with(following, engine_corrupt_slot_is_decoded_as_corrupt),
		cmocka_unit_test(engine_eviction_is_one_sector_of_512),
		cmocka_unit_test(engine_eviction_is_one_sector_of_4096),
		cmocka_unit_test(engine_cycle_ends_when_all_its_writes_have),
		test_with(following, engine_read_out_nothing_is_submitted),
		test_with(following, engine_write_out_nothing_is_submitted),
		test_with(following, legacy_01_a_thousand_events_in_a_second_cost_nothing),
		test_with(following, label_replaced_nothing_is_written),
		test_with(following, label_garbage_nothing_is_written),
		test_with(following, label_of_other_timings_nothing_is_written),
		test_with(following, label_back_it_is_written_again),
		test_with(three, label_replaced_before_the_first_read_nothing_is_written),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
