/* The black box: encode and decode (floor 0, pure). Table: qdisk-format(5). */
#include <zlib.h>

#include "format_bytes.h"
#include "qd_box.h"

#define BOX_MAGIC 0x51444242u	/* "QDBB" */
#define BOX_RECORD_BYTES 64u
#define SILENCE_MAX_MS 0xFFFFFFu

struct disk_head {
	qd_be32 crc;		/* of what follows it */
	qd_be32 magic;
	qd_be16 version;
	qd_be16 record_size;	/* 64 */
	qd_be32 node_id;
	uint8_t incarnation[8];
	qd_be64 start_s;
	uint8_t zero[32];
};
static_assert(sizeof(struct disk_head) == BOX_RECORD_BYTES, "head of the black box");

struct disk_record {
	qd_be32 crc;		/* of what follows it */
	qd_be32 cycle;
	qd_be64 now_ms;
	qd_be32 wall_s;
	qd_be32 read_us;
	qd_be32 write_us;
	qd_be16 score, score_max;
	uint8_t state, vote, why, flags;
	uint8_t master, ack_to, end, ticks_late;
	uint8_t up[8], members[8];
	qd_be32 ring_seq;
	qd_be32 ring_silence;	/* ring's node id in the first byte, silence in the others */
};
static_assert(sizeof(struct disk_record) == BOX_RECORD_BYTES, "record of the black box");
static_assert(offsetof(struct disk_record, state) == 32, "record, state");
static_assert(offsetof(struct disk_record, ring_seq) == 56, "record, ring");
static_assert((1 + QD_BOX_RECENT + QD_BOX_EARLIER) * BOX_RECORD_BYTES == QD_BOX_BYTES, "black box");

static uint32_t crc(const void *bytes)
{
	return (uint32_t)crc32(0, (const uint8_t *)bytes + 4, BOX_RECORD_BYTES - 4);
}

static const uint8_t *recent_at(const uint8_t *box, uint32_t index)
{
	return box + (size_t)(1 + index) * BOX_RECORD_BYTES;
}

static const uint8_t *earlier_at(const uint8_t *box, uint32_t index)
{
	return recent_at(box, QD_BOX_RECENT + index);
}

/* ---- Write ---- */

void qd_box_begin(uint8_t *box, const struct qd_box_head *head)
{
	struct disk_head d = { 0 };

	qd_put_be32(&d.magic, BOX_MAGIC);
	qd_put_be16(&d.version, QD_BOX_VERSION);
	qd_put_be16(&d.record_size, BOX_RECORD_BYTES);
	qd_put_be32(&d.node_id, head->node_id);
	memcpy(d.incarnation, &head->incarnation, 8);
	qd_put_be64(&d.start_s, head->start_s);
	qd_put_be32(&d.crc, crc(&d));
	memset(box, 0, QD_BOX_BYTES);
	memcpy(box, &d, sizeof(d));
}

void qd_box_put(uint8_t *box, const struct qd_box_record *r)
{
	uint32_t silence = r->silence_ms < SILENCE_MAX_MS ? r->silence_ms : SILENCE_MAX_MS;
	struct disk_record d = {
		.state = r->state, .vote = r->vote, .why = r->why, .flags = r->flags, .master = r->master,
		.ack_to = r->ack_to, .end = r->end, .ticks_late = r->ticks_late,
	};

	qd_put_be32(&d.cycle, r->cycle);
	qd_put_be64(&d.now_ms, r->now_ms);
	qd_put_be32(&d.wall_s, r->wall_s);
	qd_put_be32(&d.read_us, r->read_us);
	qd_put_be32(&d.write_us, r->write_us);
	qd_put_be16(&d.score, r->score);
	qd_put_be16(&d.score_max, r->score_max);
	qd_put_mask(d.up, r->up);
	qd_put_mask(d.members, r->members);
	qd_put_be32(&d.ring_seq, r->ring_seq);
	qd_put_be32(&d.ring_silence, (uint32_t)r->ring_node << 24 | silence);
	qd_put_be32(&d.crc, crc(&d));
	memcpy(box + (1 + (size_t)r->cycle % QD_BOX_RECENT) * BOX_RECORD_BYTES, &d, sizeof(d));
}

/* ---- Read ---- */

/* One record; false: never written, torn, or another version's. */
static bool record_get(const uint8_t *bytes, struct qd_box_record *ret)
{
	struct disk_record d;

	memcpy(&d, bytes, sizeof(d));
	if (qd_get_be32(d.cycle) == 0 || qd_get_be32(d.crc) != crc(&d))
		return false;
	*ret = (struct qd_box_record){
		.cycle = qd_get_be32(d.cycle),
		.now_ms = qd_get_be64(d.now_ms),
		.wall_s = qd_get_be32(d.wall_s),
		.read_us = qd_get_be32(d.read_us),
		.write_us = qd_get_be32(d.write_us),
		.silence_ms = qd_get_be32(d.ring_silence) & SILENCE_MAX_MS,
		.score = qd_get_be16(d.score),
		.score_max = qd_get_be16(d.score_max),
		.state = d.state, .vote = d.vote, .why = d.why, .flags = d.flags,
		.master = d.master, .ack_to = d.ack_to, .end = d.end, .ticks_late = d.ticks_late,
		.up = qd_get_mask(d.up),
		.members = qd_get_mask(d.members),
		.ring_node = (uint8_t)(qd_get_be32(d.ring_silence) >> 24),
		.ring_seq = qd_get_be32(d.ring_seq),
	};
	return true;
}

static bool head_get(const uint8_t *bytes, struct qd_box_head *ret)
{
	struct disk_head d;

	memcpy(&d, bytes, sizeof(d));
	if (qd_get_be32(d.magic) != BOX_MAGIC || qd_get_be16(d.version) != QD_BOX_VERSION ||
	    qd_get_be16(d.record_size) != BOX_RECORD_BYTES || qd_get_be32(d.crc) != crc(&d))
		return false;
	ret->node_id = qd_get_be32(d.node_id);
	ret->start_s = qd_get_be64(d.start_s);
	memcpy(&ret->incarnation, d.incarnation, 8);
	return true;
}

/* Keep them in order of their cycles. */
static void record_insert(struct qd_box_record *list, uint32_t *count, const struct qd_box_record *r)
{
	uint32_t i = (*count)++;

	for (; i > 0 && (int32_t)(list[i - 1].cycle - r->cycle) > 0; i--)
		list[i] = list[i - 1];
	list[i] = *r;
}

uint32_t qd_box_version(const uint8_t *bytes)
{
	struct disk_head d;

	memcpy(&d, bytes, sizeof(d));
	return qd_get_be32(d.magic) == BOX_MAGIC ? qd_get_be16(d.version) : 0;
}

bool qd_box_read(const uint8_t *bytes, uint32_t node_id, struct qd_box *ret)
{
	struct qd_box_record r;

	ret->recent_count = ret->earlier_count = 0;
	if (!head_get(bytes, &ret->head) || ret->head.node_id != node_id)
		return false;
	for (uint32_t i = 0; i < QD_BOX_RECENT; i++) {
		if (record_get(recent_at(bytes, i), &r))
			record_insert(ret->recent, &ret->recent_count, &r);
	}
	for (uint32_t i = 0; i < QD_BOX_EARLIER; i++) {
		if (record_get(earlier_at(bytes, i), &r))
			record_insert(ret->earlier, &ret->earlier_count, &r);
	}
	return true;
}

/* The newest records of the ring found there, as they lie. */
void qd_box_inherit(uint8_t *box, const uint8_t *found)
{
	struct qd_box_head mine, theirs;
	uint32_t newest = 0;
	struct qd_box_record r;

	if (!head_get(box, &mine) || !head_get(found, &theirs) || mine.node_id != theirs.node_id)
		return;
	for (uint32_t i = 0; i < QD_BOX_RECENT; i++) {
		if (record_get(recent_at(found, i), &r) && (newest == 0 || (int32_t)(r.cycle - newest) > 0))
			newest = r.cycle;
	}
	for (uint32_t i = 0; i < QD_BOX_EARLIER && newest > i; i++) {
		uint32_t index = (newest - i) % QD_BOX_RECENT;

		memcpy(box + (1 + QD_BOX_RECENT + (size_t)i) * BOX_RECORD_BYTES, recent_at(found, index),
		       BOX_RECORD_BYTES);
	}
}
