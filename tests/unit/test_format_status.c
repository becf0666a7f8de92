/* format.c: status blocks, against the tables of qdisk-format(5). */
#include "format_fixture.h"

/* ---- The bytes ---- */

static void status_block_is_written_as_the_table_says(void **unused)
{
	uint8_t expected[4096], bytes[4096];
	struct qd_block block = make_block(true);

	(void)unused;
	expect_status(expected, true);
	qd_block_encode(&block, bytes, sizeof(bytes));
	assert_memory_equal(bytes, expected, 4096);
	memset(bytes, 0x5a, sizeof(bytes));
	qd_block_encode(&block, bytes, 512);
	assert_memory_equal(bytes, expected, 512);
	assert_int_equal(bytes[512], 0x5a);
}

static void status_block_without_extension_is_written_as_legacy(void **unused)
{
	uint8_t expected[4096], bytes[4096];
	struct qd_block block = make_block(false);

	(void)unused;
	expect_status(expected, false);
	qd_block_encode(&block, bytes, sizeof(bytes));
	assert_memory_equal(bytes, expected, 4096);
}

static void status_block_of_the_table_decodes_to_its_values(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block block, expected = make_block(true);

	(void)unused;
	expect_status(bytes, true);
	assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_FINE);
	assert_same_block(&block, &expected);
	assert_true(block.has_ext);
	assert_same_ext(&block.ext, &expected.ext);
	assert_int_equal(qd_block_decode(bytes, 4096, 2, &block), QD_FINE);
	assert_true(block.has_ext);
	assert_int_equal(qd_block_decode(bytes, 511, 2, &block), QD_FINE);
	assert_false(block.has_ext);
}

/* ---- What is refused ---- */

static void status_block_of_unknown_state_is_refused(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block block;

	(void)unused;
	for (unsigned state = 0; state < 256; state++) {
		bool known = state <= 2 || state == 5 || state == 6;

		expect_status(bytes, true);
		bytes[32 + 24] = (uint8_t)state;
		seal_payload(bytes, 80);
		assert_int_equal(qd_block_decode(bytes, 512, 2, &block),
				 known ? QD_FINE : QD_BAD_STATE);
		if (known)
			assert_int_equal(block.state, state);
	}
}

static void status_block_of_unknown_message_is_refused_but_in_state_none(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block block;

	(void)unused;
	for (unsigned message = 0; message < 65536; message += message < 8 ? 1 : 251) {
		expect_status(bytes, false);
		bytes[32 + 56] = (uint8_t)(message >> 8);
		bytes[32 + 57] = (uint8_t)message;
		seal_payload(bytes, 80);
		assert_int_equal(qd_block_decode(bytes, 512, 2, &block),
				 message <= 3 ? QD_FINE : QD_BAD_MESSAGE);
		bytes[32 + 24] = 0;
		seal_payload(bytes, 80);
		assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_FINE);
		assert_int_equal(block.message, message <= 3 ? message : 0);
	}
}

static void sealed_status_block_reads_as_any_and_is_looked_at_but_for_its_crcs(void **unused)
{
	static const struct row wrong[] = {
		{ 0, "00" },		/* envelope magic */
		{ 12, "51" },		/* length */
		{ 32, "00" },		/* payload magic */
		{ 32 + 16, "00000007" },	/* node id */
		{ 32 + 24, "09" },	/* state */
	};
	struct qd_block a, b;
	uint8_t bytes[4096];

	(void)unused;
	for (unsigned ext = 0; ext < 2; ext++) {
		memset(&a, 1, sizeof(a));
		memset(&b, 2, sizeof(b));
		expect_status(bytes, ext);
		assert_int_equal(qd_block_decode(bytes, 512, 2, &a), QD_FINE);
		assert_int_equal(qd_block_decode_sealed(bytes, 512, 2, &b), QD_FINE);
		assert_same_block(&a, &b);
		assert_int_equal(a.has_ext, b.has_ext);
		assert_same_ext(&a.ext, &b.ext);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		expect_status(bytes, true);
		put_rows(bytes, &wrong[i], 1);
		assert_int_not_equal(qd_block_decode_sealed(bytes, 512, 2, &b), QD_FINE);
	}
	memset(bytes, 0, sizeof(bytes));
	assert_int_not_equal(qd_block_decode_sealed(bytes, 512, 2, &b), QD_FINE);
}

/* ---- What is written ---- */

static void legacy_12_every_byte_is_defined(void **unused)
{
	static const size_t sizes[] = { 512, 1024, 4096 };
	struct qd_block blocks[2] = { make_block(true), make_block(false) };
	struct qd_label labels[2] = { make_label(512, true), make_label(512, false) };

	(void)unused;
	/* garbage behind the NULs of the caller's strings stays with him */
	memset(blocks[0].ext.node_name + 7, 0xee, QD_NAME_LEN - 8);
	memset(labels[0].host + 6, 0xee, QD_HOST_LEN - 7);
	for (unsigned i = 0; i < 6; i++) {
		size_t size = sizes[i / 2];
		uint8_t *a = malloc(size), *b = malloc(size);

		assert_non_null(a);
		assert_non_null(b);
		memset(a, 0xaa, size);
		memset(b, 0x55, size);
		qd_block_encode(&blocks[i % 2], a, size);
		qd_block_encode(&blocks[i % 2], b, size);
		assert_memory_equal(a, b, size);
		assert_null(memchr(a + 112, 0xee, size - 112));
		memset(a, 0xaa, size);
		memset(b, 0x55, size);
		qd_label_encode(&labels[i % 2], a, size);
		qd_label_encode(&labels[i % 2], b, size);
		assert_memory_equal(a, b, size);
		assert_null(memchr(a + 32, 0xee, 272));
		for (size_t j = 512; j < size; j++)
			assert_int_equal(a[j], 0);
		free(a);
		free(b);
	}
}

static void block_out_of_range_is_not_valid(void **unused)
{
	struct qd_block b;

	(void)unused;
#define BREAKS(field, value)                                                                       \
	do {                                                                                       \
		b = make_block(true);                                                              \
		assert_true(qd_block_valid(&b));                                                   \
		b.field = value;                                                                   \
		assert_false(qd_block_valid(&b));                                                  \
	} while (0)
	BREAKS(node_id, 0);
	BREAKS(node_id, 65);
	BREAKS(state, (enum qd_node_state)3);
	BREAKS(state, (enum qd_node_state)7);
	BREAKS(message, (enum qd_message)4);
	BREAKS(average_us, (uint64_t)UINT32_MAX * 1000000 + 1000000);
	BREAKS(last_us, UINT64_MAX);
	BREAKS(ext.flags, QD_EXT_FLAGS_KNOWN + 1);
	BREAKS(ext.successor, 65);
	BREAKS(ext.fence_victim, 65);
	BREAKS(ext.fence_result, (enum qd_fence_result)4);
#undef BREAKS
	b = make_block(true);
	memset(b.ext.node_name, 'n', QD_NAME_LEN);
	assert_false(qd_block_valid(&b));
	b.has_ext = false;
	assert_true(qd_block_valid(&b));
}

static void times_of_garbage_decode_to_what_can_be_written_again(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block block, again;

	(void)unused;
	expect_status(bytes, false);
	memset(bytes + 32 + 32, 0xff, 16);
	seal_payload(bytes, 80);
	assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_FINE);
	assert_true(qd_block_valid(&block));
	qd_block_encode(&block, bytes, 512);
	assert_int_equal(qd_block_decode(bytes, 512, 2, &again), QD_FINE);
	assert_same_block(&block, &again);
}

static void every_node_id_round_trips_in_ids_and_masks(void **unused)
{
	(void)unused;
	for (uint32_t id = 1; id <= QD_NODE_MAX; id++) {
		uint8_t bytes[512];
		struct qd_block block = make_block(true), decoded;

		block.node_id = id;
		block.online = qd_bit(id);
		qd_block_encode(&block, bytes, sizeof(bytes));
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(bytes[96 + i],
					 i == (id - 1) / 8 ? 1u << (id - 1) % 8 : 0);
		assert_int_equal(qd_block_decode(bytes, sizeof(bytes), id, &decoded), QD_FINE);
		assert_same_block(&decoded, &block);
	}
}

static void words_of_every_state_are_legacys(void **unused)
{
	(void)unused;
	assert_string_equal(qd_state_text(QD_STATE_NONE), "None");
	assert_string_equal(qd_state_text(QD_STATE_EVICTED), "Evicted");
	assert_string_equal(qd_state_text(QD_STATE_INIT), "Initializing");
	assert_string_equal(qd_state_text(QD_STATE_RUN), "Running");
	assert_string_equal(qd_state_text(QD_STATE_MASTER), "Master");
	assert_string_equal(qd_state_text((enum qd_node_state)3), "ILLEGAL");
	for (int why = QD_FINE; why <= QD_BAD_SHORT; why++)
		assert_string_not_equal(qd_corrupt_text((enum qd_corrupt)why), "unknown");
	assert_string_equal(qd_corrupt_text((enum qd_corrupt)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_block_is_written_as_the_table_says),
		cmocka_unit_test(status_block_without_extension_is_written_as_legacy),
		cmocka_unit_test(status_block_of_the_table_decodes_to_its_values),
		cmocka_unit_test(status_block_of_unknown_state_is_refused),
		cmocka_unit_test(status_block_of_unknown_message_is_refused_but_in_state_none),
		cmocka_unit_test(sealed_status_block_reads_as_any_and_is_looked_at_but_for_its_crcs),
		cmocka_unit_test(legacy_12_every_byte_is_defined),
		cmocka_unit_test(block_out_of_range_is_not_valid),
		cmocka_unit_test(times_of_garbage_decode_to_what_can_be_written_again),
		cmocka_unit_test(every_node_id_round_trips_in_ids_and_masks),
		cmocka_unit_test(words_of_every_state_are_legacys),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
