/* A status block: whatever bytes lie in a slot, what is accepted is this node's, in range,
 * and the very bytes that we would write for it. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../../qdiskd/format_bytes.h"

#define US_MAX 1000000u

/* What decoding drops on purpose, dropped: fields that no reader looks at, the message of a
 * fresh legacy block, and times that are not seconds and microseconds. */
static void payload_normalise(struct qd_disk_status *d, const struct qd_disk_status *written)
{
	memset(&d->zero0, 0, sizeof(d->zero0));
	d->zero1 = 0;
	if (d->state == QD_STATE_NONE && qd_get_be16(d->message) > QD_MSG_NACK)
		qd_put_be16(&d->message, QD_MSG_NONE);
	if (qd_get_be32(d->average_us) >= US_MAX)
		d->average_s = written->average_s, d->average_us = written->average_us;
	if (qd_get_be32(d->last_us) >= US_MAX)
		d->last_s = written->last_s, d->last_us = written->last_us;
}

static void ext_normalise(struct qd_disk_status_ext *x)
{
	memset(&x->head, 0, sizeof(x->head));
	qd_put_be32(&x->flags, qd_get_be32(x->flags) & QD_EXT_FLAGS_KNOWN);
	fuzz_text_tail(x->node_name, sizeof(x->node_name));
	memset(&x->wish_zero, 0, sizeof(x->wish_zero));
	x->wish_label[sizeof(x->wish_label) - 1] = 0;
	fuzz_text_tail(x->wish_label, sizeof(x->wish_label));
	memset(x->zero, 0, sizeof(x->zero));
}

static void check_same_bytes(const uint8_t *found, const uint8_t *written, bool ext)
{
	struct qd_disk_status a, b;
	struct qd_disk_status_ext x, y;

	memcpy(&a, found + sizeof(struct qd_disk_envelope), sizeof(a));
	memcpy(&b, written + sizeof(struct qd_disk_envelope), sizeof(b));
	payload_normalise(&a, &b);
	payload_normalise(&b, &b);
	MUST(memcmp(&a, &b, sizeof(a)) == 0);
	if (!ext)
		return;
	memcpy(&x, found + QD_STATUS_EXT_OFFSET, sizeof(x));
	memcpy(&y, written + QD_STATUS_EXT_OFFSET, sizeof(y));
	ext_normalise(&x);
	ext_normalise(&y);
	MUST(memcmp(&x, &y, sizeof(x)) == 0);
}

static void check_accepted(const uint8_t *bytes, size_t size, uint32_t node_id, const struct qd_block *block)
{
	const struct qd_disk_envelope *e = (const void *)bytes;
	static uint8_t written[QD_STATUS_BYTES], again[QD_STATUS_BYTES];
	struct qd_latencies latencies = { .read.p99_us = 0 };
	struct qd_wish wish = { .digest = 0 };
	struct qd_block back;

	if (block->has_ext) {
		latencies = qd_block_latencies(bytes);
		wish = qd_block_wish(bytes);
	}
	MUST(block->node_id == node_id);
	MUST(qd_bit(node_id) != 0);
	MUST(qd_get_le32(e->length) == sizeof(struct qd_disk_status));
	MUST(qd_block_valid(block));
	MUST(!block->has_ext || size >= 512);
	/* the very first byte to the last is defined, whatever was there */
	memset(written, 0xa5, sizeof(written));
	memset(again, 0x5a, sizeof(again));
	qd_block_encode_with(block, &latencies, &wish, written, sizeof(written));
	MUST(qd_block_decode(written, sizeof(written), node_id, &back) == QD_FINE);
	MUST(back.has_ext == block->has_ext);
	qd_block_encode_with(&back, &latencies, &wish, again, sizeof(again));
	MUST_BE_DEFINED(written, sizeof(written));
	MUST(memcmp(written, again, sizeof(written)) == 0);
	check_same_bytes(bytes, written, block->has_ext);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	unsigned how = fuzz_u8(&f);
	uint32_t node_id = fuzz_u8(&f) % (QD_NODE_MAX + 2);
	uint8_t *bytes = fuzz_rest(&f, &size);
	struct qd_block block, untouched;
	enum qd_corrupt why;

	fuzz_seal_status(bytes, size, how, node_id);
	memset(&untouched, 0x77, sizeof(untouched));
	memcpy(&block, &untouched, sizeof(block));
	why = qd_block_decode(bytes, size, node_id, &block);
	MUST(qd_corrupt_text(why)[0]);
	if (why == QD_FINE)
		check_accepted(bytes, size, node_id, &block);
	else
		MUST(memcmp(&block, &untouched, sizeof(block)) == 0);
	free(bytes);
	return 0;
}
