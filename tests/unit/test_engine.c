/* engine.c: the order of one cycle; nothing while an I/O is out; the label. */
#include "engine_fixture.h"
#include "qd_box.h"

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

static void engine_cycle_is_in_the_box_of_the_next_write(void **state)
{
	static struct qd_box box;

	(void)state;
	follow(3);
	assert_true(qd_box_read(w.write.bytes + QD_BOX_OFFSET, ME, &box));
	assert_true(box.recent_count >= 2);
	assert_int_equal(box.recent[box.recent_count - 1].cycle, engine.box_cycle - 1);
	assert_int_equal(box.recent[box.recent_count - 1].master, 1);
	assert_int_equal(box.recent[box.recent_count - 1].vote, QD_VOTE_CASTS);
	assert_int_equal(box.recent[box.recent_count - 1].flags & 7, QD_BOX_TICK | QD_BOX_READ | QD_BOX_WROTE);
}

static void engine_last_words_are_the_last_record(void **state)
{
	static struct qd_box box;
	const uint8_t *words;
	uint32_t offset, size;

	(void)state;
	follow(3);
	words = qd_engine_last_words(&engine, QD_FENCED_EVICTED, &offset, &size);
	assert_int_equal(offset, QD_BOX_OFFSET);
	assert_int_equal(size, QD_BOX_BYTES);
	assert_true(qd_box_read(words, ME, &box));
	assert_int_equal(box.recent[box.recent_count - 1].end, 1 + QD_FENCED_EVICTED);
	assert_int_equal(box.recent[box.recent_count - 2].end, 0);
}

/* The sector holds both: the eviction in front of the box stays. */
static void engine_last_words_of_4096_keep_the_eviction(void **state)
{
	static struct qd_box box;
	struct qd_block block;

	(void)state;
	world(2, 4096);
	follow(3);
	assert_int_equal(qd_block_decode(w.lun + ME * SLOT, SLOT, ME, &block), QD_FINE);
	block.state = QD_STATE_EVICTED;
	block.writer_id = 1;
	block.ext.victim_incarnation = block.incarnation;
	qd_block_encode(&block, w.lun + ME * SLOT, 512);
	tick();
	read_ends(QD_IO_OK);
	assert_int_equal(w.self_fence, QD_FENCED_EVICTED);
	assert_int_equal(w.words.offset, 0);
	assert_int_equal(w.words.size, SLOT);
	assert_int_equal(qd_block_decode(w.words.bytes, SLOT, ME, &block), QD_FINE);
	assert_int_equal(block.state, QD_STATE_EVICTED);
	assert_true(qd_box_read(w.words.bytes + QD_BOX_OFFSET, ME, &box));
	assert_int_equal(box.recent[box.recent_count - 1].end, 1 + QD_FENCED_EVICTED);
}

static void engine_started_anew_keeps_the_end_of_the_box_before(void **state)
{
	const struct qd_ports *ports = engine.ports;
	const struct qd_params params = engine.state.p;
	static struct qd_box before, now;

	(void)state;
	follow(12);
	assert_true(qd_box_read(w.write.bytes + QD_BOX_OFFSET, ME, &before));
	qd_engine_init(&engine, ports, &params, &label, 512, 3);
	follow(2);
	assert_true(qd_box_read(w.write.bytes + QD_BOX_OFFSET, ME, &now));
	assert_int_equal(now.earlier_count, QD_BOX_EARLIER);
	assert_int_equal(now.earlier[QD_BOX_EARLIER - 1].cycle, before.recent[before.recent_count - 1].cycle);
	assert_true(now.recent_count < before.recent_count);
}

static void engine_late_ticks_are_in_the_box(void **state)
{
	static struct qd_box box;

	(void)state;
	follow(2);
	tick();
	tick();	/* the read of the one before is still out */
	assert_true(qd_box_read(engine.own + QD_BOX_OFFSET, ME, &box));
	assert_int_equal(box.recent[box.recent_count - 1].flags & (QD_BOX_READ | QD_BOX_WROTE), 0);
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
/* Node 1 is evicted. Behind its block, which may share the sector, stands its black
 * box: 0x5a here. */
static void evicts_with(uint32_t sector_size)
{
	world(2, sector_size);
	for (unsigned i = 0; i < 2 * K; i++) {	/* node 1 beats, runs, and answers every bid */
		struct qd_block one = peer_block(1, QD_STATE_INIT, ++beat);

		slot_put(1, &one);
		cycle();
	}
	assert_int_equal(engine.state.role, QD_STATE_MASTER);
	memset(w.lun + SLOT + QD_BOX_OFFSET, 0x5a, QD_BOX_BYTES);
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
	assert_int_equal(w.lun[SLOT + QD_BOX_OFFSET], 0x5a);
	assert_int_equal(w.lun[2 * SLOT - 1], 0x5a);
}

static void engine_eviction_is_one_sector_of_4096(void **state)
{
	struct qd_block block;

	(void)state;
	evicts_with(4096);
	assert_int_equal(qd_block_decode(w.lun + SLOT, SLOT, 1, &block), QD_FINE);
	assert_int_equal(block.state, QD_STATE_EVICTED);
	for (unsigned i = QD_BOX_OFFSET; i < SLOT; i++)
		assert_int_equal(w.lun[SLOT + i], 0x5a);
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
		test_with(following, engine_cycle_is_in_the_box_of_the_next_write),
		test_with(following, engine_last_words_are_the_last_record),
		cmocka_unit_test(engine_last_words_of_4096_keep_the_eviction),
		test_with(following, engine_started_anew_keeps_the_end_of_the_box_before),
		test_with(following, engine_late_ticks_are_in_the_box),
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
