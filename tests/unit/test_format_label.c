/* format_label.c: labels, against the tables of qdisk-format(5). */
#include "format_fixture.h"

/* ---- The bytes ---- */

static void legacy_06_label_of_both_sector_sizes_is_as_the_table_says(void **unused)
{
	static const uint32_t sizes[] = { 512, 4096 };

	(void)unused;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t expected[4096], bytes[4096];
		struct qd_label label = make_label(sizes[i], true), decoded;

		expect_label(expected, sizes[i], true);
		qd_label_encode(&label, bytes, sizeof(bytes));
		assert_memory_equal(bytes, expected, 4096);
		assert_int_equal(qd_label_decode(expected, 512, &decoded), QD_FINE);
		assert_same_label(&decoded, &label);
		assert_int_equal(qd_label_decode(expected, 4096, &decoded), QD_FINE);
		assert_same_label(&decoded, &label);
	}
}

static void legacy_06_slot_is_4096_bytes_on_both_sector_sizes(void **unused)
{
	(void)unused;
	assert_int_equal(qd_slot_size(512), 4096);
	assert_int_equal(qd_slot_size(4096), 4096);
}

static void label_without_extension_is_written_and_read_as_legacy(void **unused)
{
	uint8_t expected[4096], bytes[4096];
	struct qd_label label = make_label(512, false), decoded;

	(void)unused;
	expect_label(expected, 512, false);
	qd_label_encode(&label, bytes, sizeof(bytes));
	assert_memory_equal(bytes, expected, 4096);
	memset(expected + 304, 0xa5, 4096 - 304);
	assert_int_equal(qd_label_decode(expected, 4096, &decoded), QD_FINE);
	assert_same_label(&decoded, &label);
	assert_int_equal(qd_label_capacity(&decoded), 16);
}

static void label_of_a_legacy_image_decodes(void **unused)
{
	/* its first 304 bytes, with the garbage behind the host's NUL */
	static const struct row rows[] = {
		{ 32 + 16, "766d00a6aa550000341a8ca6aa550000ff" },
		{ 32 + 144, "7268656c362d676f6c64656e" },
	};
	uint8_t bytes[4096];
	struct qd_label label;

	(void)unused;
	expect_label(bytes, 512, false);
	put_rows(bytes, ROWS(rows));
	seal_payload(bytes, 272);
	assert_int_equal(qd_label_decode(bytes, 512, &label), QD_FINE);
	assert_string_equal(label.host, "vm");
	assert_string_equal(label.name, "rhel6-golden");
	for (unsigned i = 2; i < QD_HOST_LEN; i++)
		assert_int_equal(label.host[i], 0);
}

static void label_text_is_read_up_to_119_and_127_characters(void **unused)
{
	uint8_t bytes[4096];
	struct qd_label label;

	(void)unused;
	expect_label(bytes, 512, false);
	memset(bytes + 32 + 16, 'h', 127);
	memset(bytes + 32 + 144, 'l', 119);
	seal_payload(bytes, 272);
	assert_int_equal(qd_label_decode(bytes, 512, &label), QD_FINE);
	assert_int_equal(strlen(label.host), 127);
	assert_int_equal(strlen(label.name), 119);
}

static void label_text_without_end_is_refused(void **unused)
{
	uint8_t bytes[4096];
	struct qd_label label;

	(void)unused;
	expect_label(bytes, 512, false);
	memset(bytes + 32 + 144, 'l', 120);
	seal_payload(bytes, 272);
	assert_int_equal(qd_label_decode(bytes, 512, &label), QD_BAD_TEXT);
	expect_label(bytes, 512, false);
	memset(bytes + 32 + 16, 'h', 128);
	seal_payload(bytes, 272);
	assert_int_equal(qd_label_decode(bytes, 512, &label), QD_BAD_TEXT);
}

static void label_of_rhcm_12_is_recognised_and_refused(void **unused)
{
	uint8_t bytes[4096];
	struct qd_label label;

	(void)unused;
	expect_label(bytes, 512, false);
	put_be32(bytes + 32, 0x39119FCD);
	seal_payload(bytes, 272);
	assert_int_equal(qd_label_decode(bytes, 512, &label), QD_BAD_RHCM12);
	put_le32(bytes + 12, 144);	/* its own length is not ours */
	assert_int_equal(qd_label_decode(bytes, 512, &label), QD_BAD_RHCM12);
	bytes[0] = 0;
	assert_int_equal(qd_label_decode(bytes, 512, &label), QD_BAD_ENVELOPE_MAGIC);
}

static void label_of_another_magic_version_or_sector_size_is_refused(void **unused)
{
	static const struct {
		unsigned offset;
		uint32_t value;
		enum qd_corrupt why;
	} rows[] = {
		{ 32, 0x47BACEF8, QD_BAD_MAGIC },	{ 32 + 4, 0, QD_BAD_VERSION },
		{ 32 + 264, 0, QD_BAD_SECTOR_SIZE },	{ 32 + 264, 256, QD_BAD_SECTOR_SIZE },
		{ 32 + 264, 513, QD_BAD_SECTOR_SIZE },	{ 32 + 264, 8192, QD_BAD_SECTOR_SIZE },
		{ 32 + 264, 0x80000000, QD_BAD_SECTOR_SIZE },
	};
	uint8_t bytes[4096];
	struct qd_label label;

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_label(bytes, 512, false);
		put_be32(bytes + rows[i].offset, rows[i].value);
		seal_payload(bytes, 272);
		assert_int_equal(qd_label_decode(bytes, 512, &label), rows[i].why);
	}
}

/* ---- The extension record ---- */

static void label_extension_of_unknown_values_does_not_count(void **unused)
{
	static const struct row rows[] = {
		{ 304 + 96, "0000000f" },	/* capacity 15 */
		{ 304 + 96, "00000041" },	/* capacity 65 */
	};
	struct qd_label label, expected = make_label(512, false);
	uint8_t bytes[4096];

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_label(bytes, 512, true);
		put_rows(bytes, &rows[i], 1);
		seal_ext(bytes, 304, 208);
		assert_int_equal(qd_label_decode(bytes, 512, &label), QD_FINE);
		assert_same_label(&label, &expected);
	}
	expect_label(bytes, 512, true);
	memset(bytes + 304 + 32, 'c', 64);
	seal_ext(bytes, 304, 208);
	assert_int_equal(qd_label_decode(bytes, 512, &label), QD_FINE);
	assert_same_label(&label, &expected);
}

/* ---- What is written ---- */

static void label_out_of_range_is_not_valid(void **unused)
{
	struct qd_label l = make_label(512, true);

	(void)unused;
	assert_true(qd_label_valid(&l));
	l.capacity = 65;
	assert_false(qd_label_valid(&l));
	l.capacity = 15;
	assert_false(qd_label_valid(&l));
	l = make_label(1000, true);
	assert_false(qd_label_valid(&l));
	l = make_label(512, true);
	memset(l.name, 'l', QD_LABEL_LEN);
	assert_false(qd_label_valid(&l));
	l = make_label(512, true);
	memset(l.cluster, 'c', QD_NAME_LEN);
	assert_false(qd_label_valid(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(legacy_06_label_of_both_sector_sizes_is_as_the_table_says),
		cmocka_unit_test(legacy_06_slot_is_4096_bytes_on_both_sector_sizes),
		cmocka_unit_test(label_without_extension_is_written_and_read_as_legacy),
		cmocka_unit_test(label_of_a_legacy_image_decodes),
		cmocka_unit_test(label_text_is_read_up_to_119_and_127_characters),
		cmocka_unit_test(label_text_without_end_is_refused),
		cmocka_unit_test(label_of_rhcm_12_is_recognised_and_refused),
		cmocka_unit_test(label_of_another_magic_version_or_sector_size_is_refused),
		cmocka_unit_test(label_extension_of_unknown_values_does_not_count),
		cmocka_unit_test(label_out_of_range_is_not_valid),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
