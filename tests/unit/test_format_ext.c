/* format.c: the extension record of a status block: when it counts. */
#include "format_fixture.h"

static bool ext_seen(const uint8_t *bytes)
{
	static const struct qd_status_ext nothing;
	struct qd_block block, expected = make_block(true);

	memset(&block, 0x77, sizeof(block));
	assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_FINE);
	assert_same_block(&block, &expected);
	if (!block.has_ext)
		assert_memory_equal(&block.ext, &nothing, sizeof(nothing));
	return block.has_ext;
}

static void extension_torn_away_leaves_a_legacy_block(void **unused)
{
	uint8_t bytes[4096];

	(void)unused;
	for (unsigned from = 112; from < 216; from++) {
		expect_status(bytes, true);
		memset(bytes + from, 0xcc, 512 - from);
		assert_false(ext_seen(bytes));
	}
}

static void extension_of_garbage_leaves_a_legacy_block(void **unused)
{
	uint8_t bytes[4096];
	uint32_t seed = 1;

	(void)unused;
	for (unsigned round = 0; round < 1000; round++) {
		expect_status(bytes, false);
		for (unsigned i = 112; i < 512; i++) {
			seed = seed * 1664525u + 1013904223u;
			bytes[i] = (uint8_t)(seed >> 24);
		}
		if (round & 1)
			put_rows(bytes, status_ext_rows, 3);	/* magic, version, length */
		assert_false(ext_seen(bytes));
	}
}

/* The good record with one of these in it, and sealed again: no record. */
static void assert_none_counts(uint8_t bytes[4096], const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		expect_status(bytes, true);
		put_rows(bytes, &rows[i], 1);
		seal_ext(bytes, 112, 400);
		assert_false(ext_seen(bytes));
	}
}

static void extension_of_another_version_or_length_does_not_count(void **unused)
{
	static const struct row rows[] = {
		{ 112 + 8, "0000" }, { 112 + 8, "0002" },  { 112 + 10, "018c" },
		{ 112 + 10, "ffff" }, { 112 + 10, "0000" }, { 112, "51445832" },
	};
	uint8_t bytes[4096];

	(void)unused;
	assert_none_counts(bytes, rows, sizeof(rows) / sizeof(rows[0]));
	expect_status(bytes, true);
	assert_true(ext_seen(bytes));
}

/* A record left over from an earlier life, or from before this write. */
static void extension_of_another_incarnation_or_payload_does_not_count(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block block;

	(void)unused;
	expect_status(bytes, true);
	bytes[80] ^= 1;		/* incarnation */
	seal_payload(bytes, 80);
	assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_FINE);
	assert_false(block.has_ext);
	expect_status(bytes, true);
	bytes[47] ^= 1;		/* the time alone: a legacy daemon wrote over ours */
	seal_payload(bytes, 80);
	assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_FINE);
	assert_false(block.has_ext);
}

static void extension_of_unknown_values_does_not_count(void **unused)
{
	static const struct row rows[] = {
		{ 112 + 92, "00000004" },	/* fence result */
		{ 112 + 88, "00000041" },	/* fence victim 65 */
		{ 112 + 36, "00000041" },	/* successor 65 */
	};
	uint8_t bytes[4096];

	(void)unused;
	assert_none_counts(bytes, rows, sizeof(rows) / sizeof(rows[0]));
	expect_status(bytes, true);
	memset(bytes + 112 + 104, 'n', 64);	/* a name without end */
	seal_ext(bytes, 112, 400);
	assert_false(ext_seen(bytes));
}

static void extension_with_unknown_flags_keeps_the_known_ones(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block block;

	(void)unused;
	expect_status(bytes, true);
	put_be32(bytes + 112 + 72, 0xffffffe1);
	seal_ext(bytes, 112, 400);
	assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_FINE);
	assert_true(block.has_ext);
	assert_int_equal(block.ext.flags, QD_EXT_VOTING);
	assert_true(qd_block_valid(&block));
}

/* ---- What grew into the bytes that were 0 ---- */

static const struct row latency_rows[] = {
	{ 112 + 168, "00000065 00000066 00000067" },	/* reads: median, p99, longest of the last 64 */
	{ 112 + 180, "000000c9 000000ca 000000cb" },	/* since the start */
	{ 112 + 192, "0000012d 0000012e fffffffe" },	/* writes */
	{ 112 + 204, "00000191 00000192 ffffffff" },
};
static const struct qd_latencies latencies = {
	.read = { 101, 102, 103 }, .read_ever = { 201, 202, 203 },
	.write = { 301, 302, 0xfffffffe }, .write_ever = { 401, 402, 0xffffffff },
};

static void extension_latencies_are_as_the_table_says(void **unused)
{
	uint8_t expected[4096], bytes[4096];
	struct qd_block block = make_block(true);
	struct qd_latencies l;

	(void)unused;
	expect_status(expected, true);
	put_rows(expected, ROWS(latency_rows));
	seal_ext(expected, 112, 400);
	qd_block_encode_with(&block, &latencies, NULL, bytes, sizeof(bytes));
	assert_memory_equal(bytes, expected, sizeof(bytes));
	assert_true(ext_seen(bytes));
	l = qd_block_latencies(bytes);
	assert_memory_equal(&l, &latencies, sizeof(l));
}

/* By a daemon from before there were any. */
static void extension_without_latencies_counts_and_has_none(void **unused)
{
	static const struct qd_latencies none;
	uint8_t bytes[4096];
	struct qd_latencies l;

	(void)unused;
	expect_status(bytes, true);
	assert_true(ext_seen(bytes));
	l = qd_block_latencies(bytes);
	assert_memory_equal(&l, &none, sizeof(l));
}

static const struct row wish_rows[] = {
	{ 112 + 216, "0a0b0c0d 00000000" },			/* digest */
	{ 112 + 224, "00112233445566778899aabbccddeeff" },	/* UUID of the LUN to move to */
	{ 112 + 240, "73616e2d32" },				/* its label, "san-2" */
};

static void extension_wish_is_as_the_table_says(void **unused)
{
	struct qd_wish wish = { .digest = 0x0a0b0c0d, .label = "san-2" }, back;
	uint8_t expected[4096], bytes[4096];
	struct qd_block block = make_block(true);

	(void)unused;
	for (unsigned i = 0; i < QD_UUID_LEN; i++)
		wish.uuid[i] = (uint8_t)(i * 0x11);
	expect_status(expected, true);
	put_rows(expected, ROWS(latency_rows));
	put_rows(expected, ROWS(wish_rows));
	seal_ext(expected, 112, 400);
	qd_block_encode_with(&block, &latencies, &wish, bytes, sizeof(bytes));
	assert_memory_equal(bytes, expected, sizeof(bytes));
	assert_true(ext_seen(bytes));
	back = qd_block_wish(bytes);
	assert_memory_equal(&back, &wish, sizeof(back));
	assert_int_equal(qd_block_wish_digest(bytes), 0x0a0b0c0d);
}

/* A label without end is cut: it is for people. */
static void extension_wish_text_without_end_is_cut(void **unused)
{
	uint8_t bytes[4096];

	(void)unused;
	expect_status(bytes, true);
	memset(bytes + 112 + 240, 'w', QD_LABEL_LEN);
	seal_ext(bytes, 112, 400);
	assert_true(ext_seen(bytes));
	assert_int_equal(strlen(qd_block_wish(bytes).label), QD_LABEL_LEN - 1);
}

/* Whatever differs, the digest does; it is the same on every machine. */
static void wish_digest_covers_timings_lun_and_name(void **unused)
{
	const struct qd_timings t = { 200, 8, 2, 2, 3 }, other[] = {
		{ 201, 8, 2, 2, 3 }, { 200, 9, 2, 2, 3 }, { 200, 8, 3, 2, 3 }, { 200, 8, 2, 3, 3 },
		{ 200, 8, 2, 2, 4 },
	};
	uint8_t uuid[QD_UUID_LEN] = { 1, 2, 3 };
	uint32_t digest = qd_wish_digest(&t, uuid, "rig");

	(void)unused;
	assert_int_equal(digest, 0x83a7acc7);
	for (unsigned i = 0; i < 5; i++)
		assert_int_not_equal(qd_wish_digest(&other[i], uuid, "rig"), digest);
	assert_int_not_equal(qd_wish_digest(&t, uuid, "rig2"), digest);
	uuid[15] = 1;
	assert_int_not_equal(qd_wish_digest(&t, uuid, "rig"), digest);
}

/* By a daemon that has found more to say: version and length stay while old readers
 * may go on without it. */
static void extension_with_more_behind_it_counts(void **unused)
{
	uint8_t bytes[4096];

	(void)unused;
	expect_status(bytes, true);
	memset(bytes + 112 + 360, 0xff, 400 - 360);
	seal_ext(bytes, 112, 400);
	assert_true(ext_seen(bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extension_torn_away_leaves_a_legacy_block),
		cmocka_unit_test(extension_of_garbage_leaves_a_legacy_block),
		cmocka_unit_test(extension_of_another_version_or_length_does_not_count),
		cmocka_unit_test(extension_of_another_incarnation_or_payload_does_not_count),
		cmocka_unit_test(extension_of_unknown_values_does_not_count),
		cmocka_unit_test(extension_with_unknown_flags_keeps_the_known_ones),
		cmocka_unit_test(extension_latencies_are_as_the_table_says),
		cmocka_unit_test(extension_without_latencies_counts_and_has_none),
		cmocka_unit_test(extension_wish_is_as_the_table_says),
		cmocka_unit_test(extension_wish_text_without_end_is_cut),
		cmocka_unit_test(wish_digest_covers_timings_lun_and_name),
		cmocka_unit_test(extension_with_more_behind_it_counts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
