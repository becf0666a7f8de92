/* format_envelope.c: the crcs, and those that would be 0. */
#include "format_fixture.h"

static uint32_t le32_at(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* ---- Known crcs ---- */

static void crc_of_a_known_block_is_the_known_number(void **unused)
{
	/* node 1 of a legacy image: state none, written by its mkqdisk,
	 * with the garbage that it left in the times, message and masks */
	static const struct row rows[] = {
		{ 0, "1ebbde00 7af9cb4d 89b636bf 50000000 0000000000000000 c9f6016b00000000" },
		{ 32, "47bacef8 00000000 000000006b01f6c9 00000001 00000000 00000000 00000000" },
		{ 64, "00000000 00000000 00000000 00007f55 0000000000000000 ba80 0f6f 00007f55" },
		{ 96, "4057520f557f0000 b05d5a0f557f0000" },
	};
	uint8_t bytes[512];
	struct qd_block block;

	(void)unused;
	memset(bytes, 0xee, sizeof(bytes));
	put_rows(bytes, ROWS(rows));
	assert_int_equal(qd_block_decode(bytes, sizeof(bytes), 1, &block), QD_FINE);
	assert_int_equal(block.state, QD_STATE_NONE);
	assert_int_equal(block.message, QD_MSG_NONE);
	assert_int_equal(block.last_us, 0x7f55);
	assert_true(qd_has(block.online, 7));
	assert_false(block.has_ext);
	assert_true(qd_block_valid(&block));
}

/* ---- A crc that would be 0 ---- */

enum zero_crc { ZERO_DATA, ZERO_HEADER, ZERO_EXT };

/* The block without any zero field touched, by its tables, with 64 bits of x. */
static void plain_block(enum zero_crc which, uint64_t x, uint8_t bytes[4096])
{
	expect_status(bytes, true);
	for (unsigned i = 0; i < 8; i++) {
		uint8_t b = (uint8_t)(x >> 8 * i);

		if (which == ZERO_DATA)
			bytes[32 + 64 + i] = b;		/* online mask */
		else if (which == ZERO_HEADER)
			bytes[24 + i] = bytes[32 + 15 - i] = b;	/* both times */
		else
			bytes[112 + 16 + 7 - i] = b;	/* beat */
	}
	seal_payload(bytes, 80);
	seal_ext(bytes, 112, 400);
}

/* One of its crcs. */
static uint32_t plain_crc(enum zero_crc which, uint64_t x)
{
	uint8_t bytes[4096];

	plain_block(which, x, bytes);
	if (which == ZERO_EXT)
		return (uint32_t)bytes[116] << 24 | (uint32_t)bytes[117] << 16 |
		       (uint32_t)bytes[118] << 8 | bytes[119];
	return le32_at(bytes + (which == ZERO_DATA ? 8 : 4));
}

/* crc32 is affine over the bits: solve for 64 free bits that make it 0. */
static uint64_t solve_zero_crc(enum zero_crc which)
{
	uint32_t want = plain_crc(which, 0), row[32] = { 0 };
	uint64_t comb[32] = { 0 }, x = 0;

	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t c = (uint64_t)1 << bit;
		uint32_t v = plain_crc(which, c) ^ plain_crc(which, 0);

		for (unsigned i = 0; i < 32 && v != 0; i++) {
			if (!(v >> i & 1))
				continue;
			if (row[i] == 0) {
				row[i] = v;
				comb[i] = c;
				break;
			}
			v ^= row[i];
			c ^= comb[i];
		}
	}
	for (unsigned i = 0; i < 32; i++) {
		if (want >> i & 1) {
			want ^= row[i];
			x ^= comb[i];
		}
	}
	assert_int_equal(want, 0);
	return x;
}

static void crc_of_zero_is_refused_though_it_matches(void **unused)
{
	uint8_t bytes[4096];
	struct qd_block block;

	(void)unused;
	plain_block(ZERO_HEADER, solve_zero_crc(ZERO_HEADER), bytes);
	assert_int_equal(le32_at(bytes + 4), 0);
	assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_BAD_HEADER_CRC);
	plain_block(ZERO_DATA, solve_zero_crc(ZERO_DATA), bytes);
	assert_int_equal(le32_at(bytes + 8), 0);
	assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_BAD_DATA_CRC);
	plain_block(ZERO_EXT, solve_zero_crc(ZERO_EXT), bytes);
	assert_int_equal(le32_at(bytes + 116), 0);
	assert_int_equal(qd_block_decode(bytes, 512, 2, &block), QD_FINE);
	assert_false(block.has_ext);
}

static void crc_that_would_be_zero_is_avoided_and_reads_the_same(void **unused)
{
	static const enum zero_crc kinds[] = { ZERO_DATA, ZERO_HEADER, ZERO_EXT };

	(void)unused;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t x = solve_zero_crc(kinds[i]);
		struct qd_block block = make_block(true), decoded;
		uint8_t bytes[4096];

		assert_int_equal(plain_crc(kinds[i], x), 0);
		if (kinds[i] == ZERO_DATA)
			block.online = x;
		else if (kinds[i] == ZERO_HEADER)
			block.wall_s = x;
		else
			block.ext.beat = x;
		qd_block_encode(&block, bytes, 512);
		assert_int_equal(bytes[32 + 23], kinds[i] == ZERO_DATA);
		assert_int_equal(bytes[16], kinds[i] == ZERO_HEADER);
		assert_int_equal(bytes[112 + 15], kinds[i] == ZERO_EXT);
		assert_int_equal(qd_block_decode(bytes, 512, 2, &decoded), QD_FINE);
		assert_same_block(&decoded, &block);
		assert_true(decoded.has_ext);
		assert_same_ext(&decoded.ext, &block.ext);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_of_a_known_block_is_the_known_number),
		cmocka_unit_test(crc_of_zero_is_refused_though_it_matches),
		cmocka_unit_test(crc_that_would_be_zero_is_avoided_and_reads_the_same),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
