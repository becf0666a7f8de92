/* The black box (floor 0: words): what a node saw in its last cycles, behind its
 * block in its own slot, for those who ask afterwards why it was fenced.
 *
 * 3584 bytes at offset 512 of the slot: a head and 55 records of 64 bytes, each
 * with a crc of its own, so that a record costs one small crc and a torn write one
 * record. The first 47 are a ring of the last cycles; the other 8 are the last
 * ones of the daemon before this one. Never needed for a decision.
 * The table is in qdisk-format(5).
 */
#ifndef QD_BOX_H
#define QD_BOX_H

#include "qd_format.h"

#define QD_BOX_OFFSET 512u	/* in the slot */
#define QD_BOX_BYTES (QD_SLOT_BYTES - QD_BOX_OFFSET)
#define QD_BOX_RECENT 47u
#define QD_BOX_EARLIER 8u

enum {
	QD_BOX_TICK = 1 << 0,		/* a regular cycle, not an express one */
	QD_BOX_READ = 1 << 1,		/* its read landed */
	QD_BOX_WROTE = 1 << 2,		/* its write landed */
	QD_BOX_CONNECTED = 1 << 3,	/* corosync answers */
	QD_BOX_SYNC = 1 << 4,		/* corosync synchronises a new ring */
	QD_BOX_QUORATE = 1 << 5,	/* what corosync showed */
	QD_BOX_VOTING = 1 << 6,		/* the voting mark was set */
	QD_BOX_BIDS = 1 << 7,
};

/* One cycle, as it had ended. */
struct qd_box_record {
	uint32_t cycle;			/* counts on; 0: no record */
	uint64_t now_ms;		/* CLOCK_BOOTTIME of that node */
	uint32_t wall_s;		/* the same, for humans */
	uint32_t read_us, write_us;	/* latencies; of this cycle where they landed */
	uint32_t silence_ms;		/* since the start of the last landed write; at most 2^24-1 */
	uint16_t score, score_max;
	uint8_t state, vote, why;	/* enum qd_node_state, qd_vote, qd_why */
	uint8_t flags;			/* QD_BOX_* */
	uint8_t master;			/* node id, 0 none */
	uint8_t ack_to;			/* whose bid was acknowledged, 0 nobody's */
	uint8_t end;			/* 0: it went on; else 1 + enum qd_self_fence */
	uint8_t ticks_late;		/* ticks missed before this cycle, at most 255 */
	qd_mask up;			/* on the LUN */
	qd_mask members;		/* of the corosync ring */
	uint8_t ring_node;
	uint32_t ring_seq;		/* low 32 bits */
};

struct qd_box_head {
	uint32_t node_id;
	uint64_t incarnation;		/* at the start of the daemon */
	uint64_t start_s;		/* wall clock of that start */
};

/* Begin an empty box in `box` (QD_BOX_BYTES). */
void qd_box_begin(uint8_t *box, const struct qd_box_head *head);

/* Keep the last records of the daemon before, found in the slot, as the earlier
 * ones; without a good head there nothing. Once, after qd_box_begin(). */
void qd_box_inherit(uint8_t *box, const uint8_t *found);

/* Put one record into the ring; record->cycle decides where. */
void qd_box_put(uint8_t *box, const struct qd_box_record *record);

/* What can be read: records whose crc holds, oldest first, at most QD_BOX_RECENT
 * into `recent` and QD_BOX_EARLIER into `earlier`. False: no box of this node is
 * here. */
struct qd_box {
	struct qd_box_head head;
	uint32_t recent_count, earlier_count;
	struct qd_box_record recent[QD_BOX_RECENT], earlier[QD_BOX_EARLIER];
};
bool qd_box_read(const uint8_t *bytes, uint32_t node_id, struct qd_box *ret);

/* The version that a box says it has, for words about one that qd_box_read() does not
 * take; 0: this is no box. */
#define QD_BOX_VERSION 1u
uint32_t qd_box_version(const uint8_t *bytes);

#endif
