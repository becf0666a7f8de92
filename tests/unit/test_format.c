/* The bytes on the LUN against the tables of qdisk-format(5).
 *
 * The expected bytes are written here by offset, from the tables, and their
 * crcs by a crc32 of the test's own; nothing of them comes out of the codec.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qd_format.h"

struct row {
	unsigned offset;
	const char *hex;
};

#define ROWS(t) (t), sizeof(t) / sizeof((t)[0])

/* ---- Tools ---- */

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static void put_rows(uint8_t *bytes, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t *p = bytes + rows[i].offset;

		for (const char *h = rows[i].hex; *h != 0; h++) {
			if (*h == ' ')
				continue;
			*p++ = (uint8_t)(hex_digit(h[0]) << 4 | hex_digit(h[1]));
			h++;
		}
	}
}

/* The crc32 of zlib, bit by bit. */
static uint32_t slow_crc(uint32_t start, const uint8_t *b, size_t n)
{
	uint32_t v = ~start;

	while (n-- > 0) {
		v ^= *b++;
		for (int i = 0; i < 8; i++)
			v = v >> 1 ^ ((v & 1) ? 0xEDB88320u : 0);
	}
	return ~v;
}

static void put_le32(uint8_t *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		b[i] = (uint8_t)(v >> 8 * i);
}

static void put_be32(uint8_t *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		b[3 - i] = (uint8_t)(v >> 8 * i);
}

static uint32_t le32_at(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Data crc at 8 over the payload, then header crc at 4 over the envelope. */
static void seal_payload(uint8_t *bytes, size_t length)
{
	put_le32(bytes + 8, slow_crc(0, bytes + 32, length));
	put_le32(bytes + 4, 0);
	put_le32(bytes + 4, slow_crc(0, bytes, 32));
}

/* Extension crc over incarnation, data crc and the record from offset 8 on. */
static void seal_ext(uint8_t *bytes, size_t offset, size_t length)
{
	static const uint8_t zeros[8];
	uint32_t v = slow_crc(0, offset == 112 ? bytes + 80 : zeros, 8);

	v = slow_crc(v, bytes + 8, 4);
	v = slow_crc(v, bytes + offset + 8, length - 8);
	put_be32(bytes + offset + 4, v);
}

/* ---- A status block and a label, both as tables and as values ---- */

static const struct row status_rows[] = {
	{ 0, "1ebbde00" },			/* envelope magic, little-endian */
	{ 12, "50000000" },			/* length 80 */
	{ 16, "00000000 00000000" },		/* view */
	{ 24, "4df7016b 00000000" },		/* wall-clock seconds 0x6b01f74d */
	{ 32 + 0, "47bacef8" },			/* status magic, big-endian from here */
	{ 32 + 4, "00000003" },			/* last writer */
	{ 32 + 8, "00000000 6b01f74d" },	/* time */
	{ 32 + 16, "00000002" },		/* node id */
	{ 32 + 20, "00000000" },
	{ 32 + 24, "05" },			/* state running */
	{ 32 + 25, "00" },
	{ 32 + 26, "8001" },			/* flags */
	{ 32 + 28, "0102" },			/* score 258 */
	{ 32 + 30, "0304" },			/* max score 772 */
	{ 32 + 32, "00000001 000001f4" },	/* average write 1 s 500 us */
	{ 32 + 40, "00000000 0001e240" },	/* last write 0 s 123456 us */
	{ 32 + 48, "a1a2a3a4a5a6a7a8" },	/* incarnation, opaque */
	{ 32 + 56, "0002" },			/* message ack */
	{ 32 + 58, "1234" },			/* sequence */
	{ 32 + 60, "00000001" },		/* argument */
	{ 32 + 64, "0701000000000080" },	/* online 1 2 3 9 64 */
	{ 32 + 72, "0300000000000000" },	/* master's mask 1 2 */
};

static const struct row status_ext_rows[] = {
	{ 112 + 0, "51445831" },		/* "QDX1" */
	{ 112 + 8, "0001" },			/* version */
	{ 112 + 10, "0190" },			/* length 400 */
	{ 112 + 12, "00000000" },
	{ 112 + 16, "0102030405060708" },	/* beat */
	{ 112 + 24, "000000c8" },		/* interval 200 ms */
	{ 112 + 28, "00000008" },		/* tko */
	{ 112 + 32, "00000001" },		/* ring: node */
	{ 112 + 36, "00000003" },		/* successor */
	{ 112 + 40, "00000000000001a4" },	/* ring: seq 420 */
	{ 112 + 48, "0700000000000000" },	/* members 1 2 3 */
	{ 112 + 56, "0500000000000000" },	/* view 1 3 */
	{ 112 + 64, "b1b2b3b4b5b6b7b8" },	/* victim's incarnation, opaque */
	{ 112 + 72, "00000011" },		/* voting, armed */
	{ 112 + 76, "00001388" },		/* watchdog 5000 ms */
	{ 112 + 80, "0000012c" },		/* read 300 us */
	{ 112 + 84, "00000190" },		/* write 400 us */
	{ 112 + 88, "00000004" },		/* last fence: node 4 */
	{ 112 + 92, "00000002" },		/* failed */
	{ 112 + 96, "000000006b01f700" },	/* when */
	{ 112 + 104, "6e6f64652d32" },		/* "node-2" */
};

static const struct row label_rows[] = {
	{ 0, "1ebbde00" },
	{ 12, "10010000" },			/* length 272 */
	{ 24, "c9f6016b 00000000" },
	{ 32 + 0, "eb7a62c2" },
	{ 32 + 4, "389fabc4" },
	{ 32 + 8, "00000000 6b01f6c9" },
	{ 32 + 16, "616c706861" },		/* host "alpha" */
	{ 32 + 144, "73616e2d31" },		/* label "san-1" */
	{ 32 + 264, "00000200" },		/* sector size 512 */
	{ 32 + 268, "00000000" },
};

static const struct row label_ext_rows[] = {
	{ 304 + 0, "51445831" },
	{ 304 + 8, "0001" },
	{ 304 + 10, "00d0" },			/* length 208 */
	{ 304 + 16, "00112233445566778899aabbccddeeff" },	/* UUID */
	{ 304 + 32, "70726f64" },		/* cluster "prod" */
	{ 304 + 96, "00000040" },		/* capacity 64 */
	{ 304 + 100, "000000c8" },		/* I 200 ms */
	{ 304 + 104, "00000008" },		/* K */
	{ 304 + 108, "00000002" },		/* U */
	{ 304 + 112, "00000003" },		/* W */
	{ 304 + 116, "00000004" },		/* M */
};

static void expect_status(uint8_t bytes[4096], bool ext)
{
	memset(bytes, 0, 4096);
	put_rows(bytes, ROWS(status_rows));
	seal_payload(bytes, 80);
	if (ext) {
		put_rows(bytes, ROWS(status_ext_rows));
		seal_ext(bytes, 112, 400);
	}
}

static void expect_label(uint8_t bytes[4096], uint32_t sector_size, bool ext)
{
	memset(bytes, 0, 4096);
	put_rows(bytes, ROWS(label_rows));
	put_be32(bytes + 32 + 264, sector_size);
	seal_payload(bytes, 272);
	if (ext) {
		put_rows(bytes, ROWS(label_ext_rows));
		seal_ext(bytes, 304, 208);
	}
}

static struct qd_block make_block(bool ext)
{
	struct qd_block b;

	memset(&b, 0, sizeof(b));
	b.node_id = 2;
	b.writer_id = 3;
	b.wall_s = 0x6b01f74d;
	b.state = QD_STATE_RUN;
	b.flags = 0x8001;
	b.score = 258;
	b.score_max = 772;
	b.average_us = 1000500;
	b.last_us = 123456;
	memcpy(&b.incarnation, "\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8", 8);
	b.message = QD_MSG_ACK;
	b.sequence = 0x1234;
	b.argument = 1;
	b.online = qd_bit(1) | qd_bit(2) | qd_bit(3) | qd_bit(9) | qd_bit(64);
	b.master_mask = qd_bit(1) | qd_bit(2);
	b.has_ext = ext;
	if (!ext)
		return b;
	b.ext.beat = 0x0102030405060708;
	b.ext.interval_ms = 200;
	b.ext.tko = 8;
	b.ext.ring.node_id = 1;
	b.ext.ring.seq = 420;
	b.ext.members = qd_bit(1) | qd_bit(2) | qd_bit(3);
	b.ext.flags = QD_EXT_VOTING | QD_EXT_ARMED;
	b.ext.view = qd_bit(1) | qd_bit(3);
	b.ext.successor = 3;
	memcpy(&b.ext.victim_incarnation, "\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8", 8);
	b.ext.watchdog_ms = 5000;
	b.ext.read_us = 300;
	b.ext.write_us = 400;
	b.ext.fence_victim = 4;
	b.ext.fence_result = QD_FENCE_FAILED;
	b.ext.fence_wall_s = 0x6b01f700;
	memcpy(b.ext.node_name, "node-2", 6);
	return b;
}

static struct qd_label make_label(uint32_t sector_size, bool ext)
{
	struct qd_label l;

	memset(&l, 0, sizeof(l));
	l.created_s = 0x6b01f6c9;
	memcpy(l.host, "alpha", 5);
	memcpy(l.name, "san-1", 5);
	l.sector_size = sector_size;
	l.has_ext = ext;
	if (!ext)
		return l;
	for (unsigned i = 0; i < 16; i++)
		l.uuid[i] = (uint8_t)(i * 0x11);
	memcpy(l.cluster, "prod", 4);
	l.capacity = 64;
	l.timings.interval_ms = 200;
	l.timings.tko = 8;
	l.timings.tko_up = 2;
	l.timings.upgrade_wait = 3;
	l.timings.master_wait = 4;
	return l;
}

static void assert_same_block(const struct qd_block *a, const struct qd_block *b)
{
	assert_int_equal(a->node_id, b->node_id);
	assert_int_equal(a->writer_id, b->writer_id);
	assert_int_equal(a->wall_s, b->wall_s);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->score, b->score);
	assert_int_equal(a->score_max, b->score_max);
	assert_int_equal(a->average_us, b->average_us);
	assert_int_equal(a->last_us, b->last_us);
	assert_true(a->incarnation == b->incarnation);
	assert_int_equal(a->message, b->message);
	assert_int_equal(a->sequence, b->sequence);
	assert_int_equal(a->argument, b->argument);
	assert_true(a->online == b->online);
	assert_true(a->master_mask == b->master_mask);
}

static void assert_same_ext(const struct qd_status_ext *a, const struct qd_status_ext *b)
{
	assert_true(a->beat == b->beat);
	assert_int_equal(a->interval_ms, b->interval_ms);
	assert_int_equal(a->tko, b->tko);
	assert_true(qd_ring_equal(a->ring, b->ring));
	assert_true(a->members == b->members);
	assert_int_equal(a->flags, b->flags);
	assert_true(a->view == b->view);
	assert_int_equal(a->successor, b->successor);
	assert_true(a->victim_incarnation == b->victim_incarnation);
	assert_int_equal(a->watchdog_ms, b->watchdog_ms);
	assert_int_equal(a->read_us, b->read_us);
	assert_int_equal(a->write_us, b->write_us);
	assert_int_equal(a->fence_victim, b->fence_victim);
	assert_int_equal(a->fence_result, b->fence_result);
	assert_true(a->fence_wall_s == b->fence_wall_s);
	assert_memory_equal(a->node_name, b->node_name, QD_NAME_LEN);
}

static void assert_same_label(const struct qd_label *a, const struct qd_label *b)
{
	assert_true(a->created_s == b->created_s);
	assert_string_equal(a->host, b->host);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->sector_size, b->sector_size);
	assert_int_equal(a->has_ext, b->has_ext);
	assert_memory_equal(a->uuid, b->uuid, QD_UUID_LEN);
	assert_string_equal(a->cluster, b->cluster);
	assert_int_equal(a->capacity, b->capacity);
	assert_memory_equal(&a->timings, &b->timings, sizeof(a->timings));
}

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

/* ---- The extension record ---- */

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

static void extension_of_another_version_or_length_does_not_count(void **unused)
{
	static const struct row rows[] = {
		{ 112 + 8, "0000" }, { 112 + 8, "0002" },  { 112 + 10, "018c" },
		{ 112 + 10, "ffff" }, { 112 + 10, "0000" }, { 112, "51445832" },
	};
	uint8_t bytes[4096];

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_status(bytes, true);
		put_rows(bytes, &rows[i], 1);
		seal_ext(bytes, 112, 400);
		assert_false(ext_seen(bytes));
	}
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
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_status(bytes, true);
		put_rows(bytes, &rows[i], 1);
		seal_ext(bytes, 112, 400);
		assert_false(ext_seen(bytes));
	}
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
		cmocka_unit_test(crc_of_a_known_block_is_the_known_number),
		cmocka_unit_test(legacy_06_label_of_both_sector_sizes_is_as_the_table_says),
		cmocka_unit_test(legacy_06_slot_is_4096_bytes_on_both_sector_sizes),
		cmocka_unit_test(label_without_extension_is_written_and_read_as_legacy),
		cmocka_unit_test(label_of_a_legacy_image_decodes),
		cmocka_unit_test(label_text_is_read_up_to_119_and_127_characters),
		cmocka_unit_test(label_text_without_end_is_refused),
		cmocka_unit_test(label_of_rhcm_12_is_recognised_and_refused),
		cmocka_unit_test(label_of_another_magic_version_or_sector_size_is_refused),
		cmocka_unit_test(legacy_07_length_from_disk_is_refused),
		cmocka_unit_test(legacy_07_every_buffer_size_is_read_within_its_bounds),
		cmocka_unit_test(legacy_08_node_id_not_its_slots_is_refused),
		cmocka_unit_test(legacy_08_payload_magic_not_ours_is_refused),
		cmocka_unit_test(status_block_of_unknown_state_is_refused),
		cmocka_unit_test(status_block_of_unknown_message_is_refused_but_in_state_none),
		cmocka_unit_test(refusal_leaves_the_result_untouched),
		cmocka_unit_test(crc_of_zero_is_refused_though_it_matches),
		cmocka_unit_test(crc_that_would_be_zero_is_avoided_and_reads_the_same),
		cmocka_unit_test(status_block_with_any_bit_flipped_never_means_something_else),
		cmocka_unit_test(label_with_any_bit_flipped_never_means_something_else),
		cmocka_unit_test(extension_torn_away_leaves_a_legacy_block),
		cmocka_unit_test(extension_of_garbage_leaves_a_legacy_block),
		cmocka_unit_test(extension_of_another_version_or_length_does_not_count),
		cmocka_unit_test(extension_of_another_incarnation_or_payload_does_not_count),
		cmocka_unit_test(extension_of_unknown_values_does_not_count),
		cmocka_unit_test(extension_with_unknown_flags_keeps_the_known_ones),
		cmocka_unit_test(label_extension_of_unknown_values_does_not_count),
		cmocka_unit_test(legacy_12_every_byte_is_defined),
		cmocka_unit_test(block_out_of_range_is_not_valid),
		cmocka_unit_test(label_out_of_range_is_not_valid),
		cmocka_unit_test(times_of_garbage_decode_to_what_can_be_written_again),
		cmocka_unit_test(every_node_id_round_trips_in_ids_and_masks),
		cmocka_unit_test(words_of_every_state_are_legacys),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
