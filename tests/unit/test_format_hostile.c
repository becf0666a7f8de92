/* format*.c: what is refused: lengths, ids, magics, any bit flipped. */
#include "format_fixture.h"

/* ---- What is refused ---- */

static void legacy_07_length_from_disk_is_refused(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block block;
	struct qd_label label;

	(void)unused;
	for (uint32_t length = 0; length <= 4096; length++) {
		/* all else is right, the data crc over that length too */
		expect_status(bytes, true);
		put_le32(bytes + 12, length);
		seal_payload(bytes, length <= 4096 - 32 ? length : 4096 - 32);
		assert_int_equal(qd_block_decode(bytes, sizeof(bytes), 2, &block),
				 length == 80 ? QD_FINE : QD_BAD_LENGTH);
		expect_label(bytes, 512, true);
		put_le32(bytes + 12, length);
		seal_payload(bytes, length <= 4096 - 32 ? length : 4096 - 32);
		assert_int_equal(qd_label_decode(bytes, sizeof(bytes), &label),
				 length == 272 ? QD_FINE : QD_BAD_LENGTH);
	}
	expect_status(bytes, true);
	put_le32(bytes + 12, 0xffffffff);
	seal_payload(bytes, 80);
	assert_int_equal(qd_block_decode(bytes, sizeof(bytes), 2, &block), QD_BAD_LENGTH);
}

/* Exactly so many bytes on the heap: a sanitizer sees a read beyond them. */
static void legacy_07_every_buffer_size_is_read_within_its_bounds(void **unused)
{
	uint8_t status[4096], label[4096];

	(void)unused;
	expect_status(status, true);
	expect_label(label, 512, true);
	for (size_t size = 0; size <= 600; size++) {
		uint8_t *p = malloc(size + (size == 0));
		struct qd_block block;
		struct qd_label l;

		assert_non_null(p);
		memcpy(p, status, size);
		assert_int_equal(qd_block_decode(p, size, 2, &block),
				 size < 112 ? QD_BAD_SHORT : QD_FINE);
		if (size >= 112)
			assert_int_equal(block.has_ext, size >= 512);
		memcpy(p, label, size);
		assert_int_equal(qd_label_decode(p, size, &l), size < 304 ? QD_BAD_SHORT : QD_FINE);
		if (size >= 304)
			assert_int_equal(l.has_ext, size >= 512);
		free(p);
	}
}

static void legacy_08_node_id_not_its_slots_is_refused(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block block;

	(void)unused;
	expect_status(bytes, true);
	for (uint32_t id = 0; id <= 100; id++)
		assert_int_equal(qd_block_decode(bytes, 512, id, &block),
				 id == 2 ? QD_FINE : QD_BAD_NODE_ID);
	for (unsigned bit = 0; bit < 32; bit++) {
		uint32_t id = 1u << bit;

		put_be32(bytes + 32 + 16, id);
		seal_payload(bytes, 80);
		assert_int_equal(qd_block_decode(bytes, 512, 2, &block),
				 id == 2 ? QD_FINE : QD_BAD_NODE_ID);
	}
	/* an id that no mask has room for is refused even where it is asked for */
	put_be32(bytes + 32 + 16, 65);
	seal_payload(bytes, 80);
	assert_int_equal(qd_block_decode(bytes, 512, 65, &block), QD_BAD_NODE_ID);
	put_be32(bytes + 32 + 16, 0);
	seal_payload(bytes, 80);
	assert_int_equal(qd_block_decode(bytes, 512, 0, &block), QD_BAD_NODE_ID);
}

static void legacy_08_payload_magic_not_ours_is_refused(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block block;

	(void)unused;
	expect_status(bytes, true);
	put_be32(bytes + 32, 0xEB7A62C2);
	seal_payload(bytes, 80);
	assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_BAD_MAGIC);
}

static void refusal_leaves_the_result_untouched(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block block, before;
	struct qd_label label, label_before;

	(void)unused;
	memset(&block, 0x77, sizeof(block));
	memcpy(&before, &block, sizeof(block));
	expect_status(bytes, true);
	bytes[40] ^= 1;
	assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_BAD_DATA_CRC);
	assert_memory_equal(&block, &before, sizeof(block));
	memset(&label, 0x77, sizeof(label));
	memcpy(&label_before, &label, sizeof(label));
	assert_int_equal(qd_label_decode(bytes, 512, &label), QD_BAD_LENGTH);
	assert_memory_equal(&label, &label_before, sizeof(label));
}

/* ---- Every bit ---- */

static void status_block_with_any_bit_flipped_never_means_something_else(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block expected = make_block(true);
	unsigned refused = 0, lost = 0;

	(void)unused;
	expect_status(bytes, true);
	for (unsigned bit = 0; bit < 512 * 8; bit++) {
		struct qd_block block;

		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (qd_block_decode(bytes, 512, 2, &block) != QD_FINE) {
			refused++;
		} else {
			assert_same_block(&block, &expected);
			assert_false(block.has_ext);
			lost++;
		}
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(refused, 112 * 8);
	assert_int_equal(lost, 400 * 8);
}

static void label_with_any_bit_flipped_never_means_something_else(void **unused)
{
	uint8_t bytes[4096];
	struct qd_label expected = make_label(512, false);
	unsigned refused = 0, lost = 0;

	(void)unused;
	expect_label(bytes, 512, true);
	for (unsigned bit = 0; bit < 512 * 8; bit++) {
		struct qd_label label;

		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (qd_label_decode(bytes, 512, &label) != QD_FINE) {
			refused++;
		} else {
			assert_same_label(&label, &expected);
			lost++;
		}
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(refused, 304 * 8);
	assert_int_equal(lost, 208 * 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(legacy_07_length_from_disk_is_refused),
		cmocka_unit_test(legacy_07_every_buffer_size_is_read_within_its_bounds),
		cmocka_unit_test(legacy_08_node_id_not_its_slots_is_refused),
		cmocka_unit_test(legacy_08_payload_magic_not_ours_is_refused),
		cmocka_unit_test(refusal_leaves_the_result_untouched),
		cmocka_unit_test(status_block_with_any_bit_flipped_never_means_something_else),
		cmocka_unit_test(label_with_any_bit_flipped_never_means_something_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
