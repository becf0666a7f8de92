/* See format_fixture.h. */
#include "format_fixture.h"

/* ---- Tools ---- */

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

void put_rows(uint8_t *bytes, const struct row *rows, size_t count)
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

void put_le32(uint8_t *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		b[i] = (uint8_t)(v >> 8 * i);
}

void put_be32(uint8_t *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		b[3 - i] = (uint8_t)(v >> 8 * i);
}

void seal_payload(uint8_t *bytes, size_t length)
{
	put_le32(bytes + 8, slow_crc(0, bytes + 32, length));
	put_le32(bytes + 4, 0);
	put_le32(bytes + 4, slow_crc(0, bytes, 32));
}

void seal_ext(uint8_t *bytes, size_t offset, size_t length)
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

const struct row status_ext_rows[] = {
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
	{ 304 + 120, "00000001" },		/* reserved for a move */
};

void expect_status(uint8_t bytes[4096], bool ext)
{
	memset(bytes, 0, 4096);
	put_rows(bytes, ROWS(status_rows));
	seal_payload(bytes, 80);
	if (ext) {
		put_rows(bytes, ROWS(status_ext_rows));
		seal_ext(bytes, 112, 400);
	}
}

void expect_label(uint8_t bytes[4096], uint32_t sector_size, bool ext)
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

struct qd_block make_block(bool ext)
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

struct qd_label make_label(uint32_t sector_size, bool ext)
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
	l.reserved = true;
	l.timings.interval_ms = 200;
	l.timings.tko = 8;
	l.timings.tko_up = 2;
	l.timings.upgrade_wait = 3;
	l.timings.master_wait = 4;
	return l;
}

void assert_same_block(const struct qd_block *a, const struct qd_block *b)
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

void assert_same_ext(const struct qd_status_ext *a, const struct qd_status_ext *b)
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

void assert_same_label(const struct qd_label *a, const struct qd_label *b)
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
	assert_int_equal(a->reserved, b->reserved);
}
