/* The bytes on the LUN (floor 0: words).
 *
 * The LUN is an array of slots. Slot 0 is the label, slot n the status block
 * of node n. What stands up to the end of each payload is the format of the
 * 2011 quorum disk, byte for byte; behind it stands an extension record that
 * legacy never reads. The tables are in qdisk-format(5).
 *
 * Two kinds of types live here and never mix: `struct qd_disk_*` is how bytes
 * lie on the LUN (made of byte arrays, any alignment), everything else is how
 * the programs think. Only format.c converts between them.
 */
#ifndef QD_FORMAT_H
#define QD_FORMAT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QD_NODE_MAX 64		/* node ids are 1..64: the masks have 64 bits */
#define QD_NODE_LEGACY 16	/* what a legacy label has room for */
#define QD_SLOT_BYTES 4096u	/* no slot is smaller; on 4096-byte sectors a slot is a sector */
#define QD_SECTOR_MAX 4096u
#define QD_STATUS_BYTES 4096u	/* our own slot is written whole on every sector size */

#define QD_HOST_LEN 128
#define QD_LABEL_LEN 120	/* read: at most 119 characters */
#define QD_LABEL_WRITE_MAX 118	/* written: at most 118 characters, as legacy */
#define QD_NAME_LEN 64		/* node and cluster name in the extensions, cut at 63 */
#define QD_UUID_LEN 16

#define QD_MAGIC_ENVELOPE 0x00DEBB1Eu
#define QD_MAGIC_LABEL 0xEB7A62C2u
#define QD_MAGIC_LABEL_RHCM12 0x39119FCDu	/* Red Hat Cluster Manager 1.2: recognised, refused */
#define QD_MAGIC_STATUS 0x47BACEF8u
#define QD_MAGIC_EXTENSION 0x51445831u		/* "QDX1" */
#define QD_LABEL_VERSION 0x389FABC4u

/* ---- How bytes lie on the LUN ---- */

typedef struct { uint8_t b[2]; } qd_be16;
typedef struct { uint8_t b[4]; } qd_be32;
typedef struct { uint8_t b[8]; } qd_be64;
typedef struct { uint8_t b[4]; } qd_le32;
typedef struct { uint8_t b[8]; } qd_le64;

/* 32 bytes in front of every payload; little-endian, unlike what follows. */
struct qd_disk_envelope {
	qd_le32 magic;
	qd_le32 header_crc;	/* of these 32 bytes with this field as 0; 0 is invalid */
	qd_le32 data_crc;	/* of the payload's `length` bytes; 0 is invalid */
	qd_le32 length;		/* bytes of payload; any but the exact one is refused */
	qd_le64 view;
	qd_le64 wall_s;
};
static_assert(sizeof(struct qd_disk_envelope) == 32, "envelope");

struct qd_disk_label {
	qd_be32 magic;
	qd_be32 version;
	qd_be64 created_s;
	uint8_t host[QD_HOST_LEN];
	uint8_t name[QD_LABEL_LEN];
	qd_be32 sector_size;
	qd_be32 zero;
};
static_assert(sizeof(struct qd_disk_label) == 272, "label payload");
static_assert(offsetof(struct qd_disk_label, name) == 144, "label name");
static_assert(offsetof(struct qd_disk_label, sector_size) == 264, "label sector size");

struct qd_disk_status {
	qd_be32 magic;
	qd_be32 writer_id;
	qd_be64 wall_s;
	qd_be32 node_id;
	qd_be32 zero0;
	uint8_t state;
	uint8_t zero1;
	qd_be16 flags;
	qd_be16 score;
	qd_be16 score_max;
	qd_be32 average_s, average_us;	/* average write time */
	qd_be32 last_s, last_us;	/* last write time */
	uint8_t incarnation[8];		/* opaque: compared, never interpreted */
	qd_be16 message;
	qd_be16 sequence;
	qd_be32 argument;
	uint8_t online[8];		/* node n = bit (n-1)%8 of byte (n-1)/8 */
	uint8_t master_mask[8];
};
static_assert(sizeof(struct qd_disk_status) == 80, "status payload");
static_assert(offsetof(struct qd_disk_status, state) == 24, "state");
static_assert(offsetof(struct qd_disk_status, score) == 28, "score");
static_assert(offsetof(struct qd_disk_status, incarnation) == 48, "incarnation");
static_assert(offsetof(struct qd_disk_status, message) == 56, "message");
static_assert(offsetof(struct qd_disk_status, online) == 64, "online mask");

/* In front of both extension records, big-endian. */
struct qd_disk_ext_head {
	qd_be32 magic;
	qd_be32 crc;		/* of incarnation (label: 8 zeros), data crc (as it lies), and the record behind this field */
	qd_be16 version;	/* 1 */
	qd_be16 length;		/* of the whole record, exact */
	qd_be32 zero;
};
static_assert(sizeof(struct qd_disk_ext_head) == 16, "extension head");

struct qd_disk_spread {
	qd_be32 median_us, p99_us, max_us;
};

struct qd_disk_status_ext {	/* at offset 112 of the block */
	struct qd_disk_ext_head head;
	qd_be64 beat;
	qd_be32 interval_ms;
	qd_be32 tko;
	qd_be32 ring_node;
	qd_be32 successor;
	qd_be64 ring_seq;
	uint8_t members[8];
	uint8_t view[8];
	uint8_t victim_incarnation[8];
	qd_be32 flags;
	qd_be32 watchdog_ms;
	qd_be32 read_us;
	qd_be32 write_us;
	qd_be32 fence_victim;
	qd_be32 fence_result;
	qd_be64 fence_wall_s;
	uint8_t node_name[QD_NAME_LEN];
	struct qd_disk_spread read, read_ever, write, write_ever;
	qd_be32 wish_digest;		/* struct qd_wish; 0: none */
	qd_be32 wish_zero;
	uint8_t wish_uuid[QD_UUID_LEN];
	uint8_t wish_label[QD_LABEL_LEN];
	uint8_t zero[400 - 360];
};
static_assert(sizeof(struct qd_disk_status_ext) == 400, "status extension");
static_assert(offsetof(struct qd_disk_status_ext, node_name) == 104, "status extension, name");
static_assert(offsetof(struct qd_disk_status_ext, read) == 168, "status extension, latencies");
static_assert(offsetof(struct qd_disk_status_ext, wish_digest) == 216, "status extension, wish");

struct qd_disk_label_ext {	/* at offset 304 of the block */
	struct qd_disk_ext_head head;
	uint8_t uuid[QD_UUID_LEN];
	uint8_t cluster[QD_NAME_LEN];
	qd_be32 capacity;
	qd_be32 interval_ms;
	qd_be32 tko;
	qd_be32 tko_up;
	qd_be32 upgrade_wait;
	qd_be32 master_wait;
	qd_be32 reserved;		/* 1: a move to here has been asked for */
	uint8_t zero[208 - 124];
};
static_assert(sizeof(struct qd_disk_label_ext) == 208, "label extension");

#define QD_STATUS_EXT_OFFSET 112u
#define QD_LABEL_EXT_OFFSET 304u
static_assert(sizeof(struct qd_disk_envelope) + sizeof(struct qd_disk_status) == QD_STATUS_EXT_OFFSET, "status");
static_assert(sizeof(struct qd_disk_envelope) + sizeof(struct qd_disk_label) == QD_LABEL_EXT_OFFSET, "label");
static_assert(QD_STATUS_EXT_OFFSET + sizeof(struct qd_disk_status_ext) == 512, "one 512-byte sector decides");
static_assert(QD_LABEL_EXT_OFFSET + sizeof(struct qd_disk_label_ext) == 512, "one 512-byte sector decides");

/* ---- How the programs think ---- */

typedef uint64_t qd_mask;	/* node n = bit n-1 */

/* Mask of one node; 0 for an id outside 1..64. */
static inline qd_mask qd_bit(uint32_t node_id)
{
	return node_id >= 1 && node_id <= QD_NODE_MAX ? (qd_mask)1 << (node_id - 1) : 0;
}

static inline bool qd_has(qd_mask mask, uint32_t node_id)
{
	return (mask & qd_bit(node_id)) != 0;
}

/* Lowest node id in a mask; 0 for the empty mask. */
static inline uint32_t qd_lowest(qd_mask mask)
{
	return mask ? (uint32_t)__builtin_ctzll(mask) + 1 : 0;
}

enum qd_node_state {
	QD_STATE_NONE = 0,
	QD_STATE_EVICTED = 1,
	QD_STATE_INIT = 2,
	QD_STATE_RUN = 5,
	QD_STATE_MASTER = 6,
};

enum qd_message {
	QD_MSG_NONE = 0,
	QD_MSG_BID = 1,
	QD_MSG_ACK = 2,		/* argument: the bidder's node id; sequence: its bid's */
	QD_MSG_NACK = 3,
};

enum qd_fence_result {
	QD_FENCE_NONE = 0,
	QD_FENCE_SUCCESS = 1,
	QD_FENCE_FAILED = 2,
	QD_FENCE_UNDEFINED = 3,	/* no means configured: data is not protected */
};

/* The five numbers that decide when a node is dead; the cluster's, not the node's. */
struct qd_timings {
	uint32_t interval_ms;	/* I: one cycle */
	uint32_t tko;		/* K: misses until dead, cycles */
	uint32_t tko_up;	/* U: hits until up, cycles */
	uint32_t upgrade_wait;	/* W: cycles from running to the first bid */
	uint32_t master_wait;	/* M: cycles from the bid to mastership */
};

/* A corosync ring (membership) id. seq 0: no ring. */
struct qd_ring {
	uint32_t node_id;
	uint64_t seq;
};

static inline bool qd_ring_equal(struct qd_ring a, struct qd_ring b)
{
	return a.node_id == b.node_id && a.seq == b.seq;
}

struct qd_label {
	uint64_t created_s;		/* wall clock, for humans */
	char host[QD_HOST_LEN];
	char name[QD_LABEL_LEN];
	uint32_t sector_size;		/* bytes, as recorded */
	bool has_ext;			/* false: written by a legacy mkqdisk; the rest is 0 */
	uint8_t uuid[QD_UUID_LEN];
	char cluster[QD_NAME_LEN];	/* "" until the first node beats */
	uint32_t capacity;		/* slots for nodes, 16..64 */
	struct qd_timings timings;	/* agreed timings; interval_ms 0: none yet */
	bool reserved;			/* nodes that run on another LUN are to move here in step */
};

/* Slots for nodes on this LUN: a legacy label has room for 16. */
static inline uint32_t qd_label_capacity(const struct qd_label *label)
{
	return label->has_ext ? label->capacity : QD_NODE_LEGACY;
}

/* Flags of the status extension. */
enum {
	QD_EXT_VOTING = 1 << 0,		/* voting mark: corosync may count the device here */
	QD_EXT_LEAVING = 1 << 1,	/* clean stop; see successor */
	QD_EXT_HELD_BACK = 1 << 2,	/* the bid waits for another node's voting mark */
	QD_EXT_FENCED = 1 << 3,		/* in an eviction: the victim was fenced with success */
	QD_EXT_ARMED = 1 << 4,		/* a watchdog is armed; see watchdog_ms */
	QD_EXT_FLAGS_KNOWN = (1 << 5) - 1,
};

struct qd_status_ext {
	uint64_t beat;			/* +1 with every write */
	uint32_t interval_ms, tko;	/* in force at the writer */
	struct qd_ring ring;		/* the writer's corosync ring */
	qd_mask members;		/* of that ring */
	uint32_t flags;			/* QD_EXT_* */
	qd_mask view;			/* of the voting mark */
	uint32_t successor;		/* node id, 0 none */
	uint64_t victim_incarnation;	/* in an eviction: who was evicted */
	uint32_t watchdog_ms;
	uint32_t read_us, write_us;	/* last latencies */
	uint32_t fence_victim;		/* last fence: node id, 0 none */
	enum qd_fence_result fence_result;
	uint64_t fence_wall_s;
	char node_name[QD_NAME_LEN];
};

/* How long a number of I/Os took; qd_latency.h. All 0: none yet. */
struct qd_spread {
	uint32_t median_us, p99_us, max_us;
};

/* What a node says in its block of the LUN as it has it: of its last 64 reads and
 * writes, and since it started. For people: no part of struct qd_block, since nobody
 * decides anything by it. */
struct qd_latencies {
	struct qd_spread read, read_ever, write, write_ever;
};

/* The configuration with which a node wants to restart, in step with the others: what
 * it has in force stays until all want the same. In the block of one that has left,
 * the one it left for. Not in struct qd_block: the mind decides nothing by it. */
struct qd_wish {
	uint32_t digest;		/* equal: the same wish; 0: none */
	uint8_t uuid[QD_UUID_LEN];	/* of the LUN to move to; all 0: it stays */
	char label[QD_LABEL_LEN];	/* its label, for people */
};

/* A node's status block, decoded. */
struct qd_block {
	uint32_t node_id;
	uint32_t writer_id;
	uint64_t wall_s;		/* for humans and as the beat of a legacy node; never a time */
	enum qd_node_state state;
	uint16_t flags;
	uint16_t score, score_max;
	uint64_t average_us, last_us;	/* write times */
	uint64_t incarnation;		/* the 8 bytes as they lie; compare only */
	enum qd_message message;
	uint16_t sequence;
	uint32_t argument;
	qd_mask online;
	qd_mask master_mask;
	bool has_ext;			/* false: a legacy daemon wrote it; ext is all 0 */
	struct qd_status_ext ext;
};

/* What reading one slot gave. */
enum qd_slot_result {
	QD_SLOT_OK,
	QD_SLOT_CORRUPT,	/* see the qd_corrupt reason for words */
};

struct qd_slot {
	enum qd_slot_result result;
	struct qd_block block;	/* meaningful only with QD_SLOT_OK */
};

/* Why bytes were refused; 0 is fine. qd_corrupt_text() gives words. */
enum qd_corrupt {
	QD_FINE = 0,
	QD_BAD_ENVELOPE_MAGIC,
	QD_BAD_LENGTH,
	QD_BAD_HEADER_CRC,
	QD_BAD_DATA_CRC,
	QD_BAD_MAGIC,
	QD_BAD_RHCM12,		/* a label of Red Hat Cluster Manager 1.2 */
	QD_BAD_VERSION,
	QD_BAD_NODE_ID,
	QD_BAD_STATE,
	QD_BAD_MESSAGE,
	QD_BAD_TEXT,		/* label or host not terminated */
	QD_BAD_SECTOR_SIZE,
	QD_BAD_SHORT,		/* fewer bytes than a block */
};

/* Bytes of a slot for a logical sector size: max(4096, sector). */
static inline uint32_t qd_slot_size(uint32_t sector_size)
{
	return sector_size > QD_SLOT_BYTES ? sector_size : QD_SLOT_BYTES;
}

/* Decode the status block of node `node_id` from the first bytes of its slot.
 * `size` is how many bytes there are to look at (at least 112, 512 to see the
 * extension). A record behind the payload counts only if its own magic,
 * version, length and crc hold; otherwise has_ext is false.
 * Returns why it was refused, or QD_FINE; *ret_block is untouched on refusal.
 * Pure. Rules: qdisk-format(5). */
enum qd_corrupt qd_block_decode(const void *bytes, size_t size, uint32_t node_id,
				struct qd_block *ret_block);

/* The same of bytes whose crcs are known to hold, since this program has made them. */
enum qd_corrupt qd_block_decode_sealed(const void *bytes, size_t size, uint32_t node_id,
				       struct qd_block *ret_block);

/* Encode a status block into `size` bytes (512..4096), all of them defined:
 * everything not part of the block is zero. The extension is written when
 * block->has_ext. The block must satisfy qd_block_valid(). */
void qd_block_encode(const struct qd_block *block, void *ret_bytes, size_t size);

/* The same with what the writer has measured, and what it wishes (NULL: nothing). */
void qd_block_encode_with(const struct qd_block *block, const struct qd_latencies *latencies,
			  const struct qd_wish *wish, void *ret_bytes, size_t size);

/* What the writer of a good block with extension had measured; all 0 where it has not
 * said so. `bytes`: the first 512 of the slot. */
struct qd_latencies qd_block_latencies(const void *bytes);

/* The wish in a good block with extension, and its digest alone. `bytes`: the first 512. */
struct qd_wish qd_block_wish(const void *bytes);
uint32_t qd_block_wish_digest(const void *bytes);

/* What nodes compare, to know that they want the same: not 0. `device_name`: the name
 * under which corosync is to know the quorum device. Pure. */
uint32_t qd_wish_digest(const struct qd_timings *t, const uint8_t uuid[QD_UUID_LEN],
			const char *device_name);

/* May this block be written? The predicate behind "assert before writing,
 * refuse after reading": node id, state, message and names in range. */
bool qd_block_valid(const struct qd_block *block);

/* The same for the label. `size` at least 304, 512 to see the extension. */
enum qd_corrupt qd_label_decode(const void *bytes, size_t size, struct qd_label *ret_label);
void qd_label_encode(const struct qd_label *label, void *ret_bytes, size_t size);
bool qd_label_valid(const struct qd_label *label);

/* Words for a refusal, e.g. "data crc is wrong". Never NULL. */
const char *qd_corrupt_text(enum qd_corrupt why);

/* Names as an administrator reads them: "Running", "Master". As legacy's. */
const char *qd_state_text(enum qd_node_state state);

#endif
