/* The black box of a dead node, and `qdisk-tool history` of it: read by people, on a LUN
 * that a stranger may have written. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../../qdiskd/tool_history.h"
#include "../../qdiskd/tool_status.h"
#include "qd_box.h"

#define RECORD 64u

/* Each part has its crc in front of it, big-endian, of the rest of its 64 bytes. */
static void seal_part(uint8_t *at)
{
	uint32_t crc = (uint32_t)crc32(0, at + 4, RECORD - 4);

	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(crc >> (24 - 8 * i));
}

static void seal(uint8_t *box, uint32_t node_id)
{
	static const uint8_t head[] = { 0x51, 0x44, 0x42, 0x42, 0, 1, 0, RECORD, 0, 0, 0 };

	memcpy(box + 4, head, sizeof(head));
	box[4 + sizeof(head)] = (uint8_t)node_id;
	for (unsigned i = 0; i < 1 + QD_BOX_RECENT + QD_BOX_EARLIER; i++)
		seal_part(box + (size_t)i * RECORD);
}

static void check_order(const struct qd_box_record *list, uint32_t count, uint32_t most)
{
	MUST(count <= most);
	for (uint32_t i = 0; i < count; i++)
		MUST(list[i].cycle != 0);
}

/* A new life takes over the newest records of the one before, and can be read. */
static void check_inherit(const uint8_t *found, uint32_t node_id)
{
	static uint8_t mine[QD_BOX_BYTES];
	static struct qd_box box;
	struct qd_box_record r = { .cycle = 1, .now_ms = 5, .silence_ms = UINT32_MAX, .ring_node = 200 };

	qd_box_begin(mine, &(struct qd_box_head){ .node_id = node_id, .incarnation = 9 });
	qd_box_inherit(mine, found);
	MUST(qd_box_read(mine, node_id, &box));
	MUST(box.recent_count == 0);
	MUST(box.head.incarnation == 9);
	qd_box_put(mine, &r);
	MUST(qd_box_read(mine, node_id, &box));
	MUST(box.recent_count == 1);
	MUST(box.recent[0].cycle == 1);
	MUST(box.recent[0].ring_node == 200);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct qd_box box;
	struct fuzz f = { data, size };
	unsigned how = fuzz_u8(&f);
	uint32_t node_id = 1 + fuzz_u8(&f) % QD_NODE_MAX;
	uint8_t *slot = calloc(1, QD_SLOT_BYTES);
	struct fuzz_out out;
	int code;

	MUST(slot);
	(void)fuzz_bytes(&f, slot + QD_BOX_OFFSET, QD_BOX_BYTES);
	(void)fuzz_bytes(&f, slot, QD_BOX_OFFSET);
	fuzz_seal_status(slot, QD_SLOT_BYTES, how, node_id);
	if (how & 1 << 7)
		seal(slot + QD_BOX_OFFSET, node_id);
	if (qd_box_read(slot + QD_BOX_OFFSET, node_id, &box)) {
		MUST(box.head.node_id == node_id);
		check_order(box.recent, box.recent_count, QD_BOX_RECENT);
		check_order(box.earlier, box.earlier_count, QD_BOX_EARLIER);
	}
	check_inherit(slot + QD_BOX_OFFSET, node_id);
	fuzz_out_open(&out);
	code = tool_history_show(node_id, slot, QD_SLOT_BYTES, out.stream);
	MUST(code == TOOL_OK || code == TOOL_NO);
	fuzz_out_check(&out);
	free(slot);
	return 0;
}
