/* The status block: encode and decode (floor 0, pure).
 *
 * Only format*.c convert between `struct qd_disk_*`, how bytes lie, and the
 * types the programs think in. The tables are in qdisk-format(5).
 */
#include <string.h>

#include "format_bytes.h"

#define TIME_MAX_US ((uint64_t)UINT32_MAX * 1000000u + 999999u)

/* Legacy writes a time as seconds and microseconds; its fresh blocks hold
 * garbage there. What we could not write again is cut to what we can. */
static uint64_t get_time_us(qd_be32 s, qd_be32 us)
{
	uint64_t v = (uint64_t)qd_get_be32(s) * 1000000u + qd_get_be32(us);

	return v < TIME_MAX_US ? v : TIME_MAX_US;
}

static void put_time_us(qd_be32 *s, qd_be32 *us, uint64_t v)
{
	qd_put_be32(s, (uint32_t)(v / 1000000u));
	qd_put_be32(us, (uint32_t)(v % 1000000u));
}

static bool state_known(uint32_t state)
{
	return state <= QD_STATE_INIT || state == QD_STATE_RUN || state == QD_STATE_MASTER;
}

static bool status_ext_valid(const struct qd_status_ext *x)
{
	return x->successor <= QD_NODE_MAX && x->fence_victim <= QD_NODE_MAX &&
	       (uint32_t)x->fence_result <= QD_FENCE_UNDEFINED &&
	       (x->flags & ~(uint32_t)QD_EXT_FLAGS_KNOWN) == 0 &&
	       qd_text_ends(x->node_name, sizeof(x->node_name));
}

bool qd_block_valid(const struct qd_block *block)
{
	return qd_bit(block->node_id) != 0 && state_known((uint32_t)block->state) &&
	       (uint32_t)block->message <= QD_MSG_NACK && block->average_us <= TIME_MAX_US &&
	       block->last_us <= TIME_MAX_US && (!block->has_ext || status_ext_valid(&block->ext));
}

/* A record whose crc holds but whose values we do not know does not count
 * either. Unknown flags are dropped. */
static bool status_ext_get(const struct qd_disk_status_ext *d, struct qd_status_ext *ret)
{
	if (qd_get_be32(d->fence_result) > QD_FENCE_UNDEFINED ||
	    !qd_text_ends(d->node_name, sizeof(d->node_name)))
		return false;
	*ret = (struct qd_status_ext){
		.beat = qd_get_be64(d->beat),
		.interval_ms = qd_get_be32(d->interval_ms),
		.tko = qd_get_be32(d->tko),
		.ring = { .node_id = qd_get_be32(d->ring_node), .seq = qd_get_be64(d->ring_seq) },
		.members = qd_get_mask(d->members),
		.flags = qd_get_be32(d->flags) & QD_EXT_FLAGS_KNOWN,
		.view = qd_get_mask(d->view),
		.successor = qd_get_be32(d->successor),
		.watchdog_ms = qd_get_be32(d->watchdog_ms),
		.read_us = qd_get_be32(d->read_us),
		.write_us = qd_get_be32(d->write_us),
		.fence_victim = qd_get_be32(d->fence_victim),
		.fence_result = (enum qd_fence_result)qd_get_be32(d->fence_result),
		.fence_wall_s = qd_get_be64(d->fence_wall_s),
	};
	memcpy(&ret->victim_incarnation, d->victim_incarnation, 8);
	qd_get_text(ret->node_name, d->node_name, sizeof(ret->node_name));
	return status_ext_valid(ret);
}

static void status_ext_put(struct qd_disk_status_ext *d, const struct qd_status_ext *x)
{
	qd_put_be64(&d->beat, x->beat);
	qd_put_be32(&d->interval_ms, x->interval_ms);
	qd_put_be32(&d->tko, x->tko);
	qd_put_be32(&d->ring_node, x->ring.node_id);
	qd_put_be32(&d->successor, x->successor);
	qd_put_be64(&d->ring_seq, x->ring.seq);
	qd_put_mask(d->members, x->members);
	qd_put_mask(d->view, x->view);
	memcpy(d->victim_incarnation, &x->victim_incarnation, 8);
	qd_put_be32(&d->flags, x->flags);
	qd_put_be32(&d->watchdog_ms, x->watchdog_ms);
	qd_put_be32(&d->read_us, x->read_us);
	qd_put_be32(&d->write_us, x->write_us);
	qd_put_be32(&d->fence_victim, x->fence_victim);
	qd_put_be32(&d->fence_result, (uint32_t)x->fence_result);
	qd_put_be64(&d->fence_wall_s, x->fence_wall_s);
	qd_put_text(d->node_name, x->node_name, sizeof(d->node_name));
}

static struct qd_spread spread_get(const struct qd_disk_spread *d)
{
	return (struct qd_spread){ .median_us = qd_get_be32(d->median_us),
				   .p99_us = qd_get_be32(d->p99_us),
				   .max_us = qd_get_be32(d->max_us) };
}

static void spread_put(struct qd_disk_spread *d, const struct qd_spread *s)
{
	qd_put_be32(&d->median_us, s->median_us);
	qd_put_be32(&d->p99_us, s->p99_us);
	qd_put_be32(&d->max_us, s->max_us);
}

static void latencies_put(struct qd_disk_status_ext *d, const struct qd_latencies *l)
{
	spread_put(&d->read, &l->read);
	spread_put(&d->read_ever, &l->read_ever);
	spread_put(&d->write, &l->write);
	spread_put(&d->write_ever, &l->write_ever);
}

struct qd_latencies qd_block_latencies(const void *bytes)
{
	const struct qd_disk_status_ext *d = (const void *)((const uint8_t *)bytes + QD_STATUS_EXT_OFFSET);

	return (struct qd_latencies){ .read = spread_get(&d->read), .read_ever = spread_get(&d->read_ever),
				      .write = spread_get(&d->write), .write_ever = spread_get(&d->write_ever) };
}

/* ---- The wish ---- */

static void wish_put(struct qd_disk_status_ext *d, const struct qd_wish *w)
{
	qd_put_be32(&d->wish_digest, w->digest);
	memcpy(d->wish_uuid, w->uuid, sizeof(d->wish_uuid));
	qd_put_text(d->wish_label, w->label, sizeof(d->wish_label));
}

struct qd_wish qd_block_wish(const void *bytes)
{
	const struct qd_disk_status_ext *d = (const void *)((const uint8_t *)bytes + QD_STATUS_EXT_OFFSET);
	struct qd_wish w = { .digest = qd_get_be32(d->wish_digest) };

	memcpy(w.uuid, d->wish_uuid, sizeof(w.uuid));
	qd_get_text(w.label, d->wish_label, sizeof(w.label));
	return w;
}

uint32_t qd_block_wish_digest(const void *bytes)
{
	const struct qd_disk_status_ext *d = (const void *)((const uint8_t *)bytes + QD_STATUS_EXT_OFFSET);

	return qd_get_be32(d->wish_digest);
}

/* As they would lie on a LUN: the same on every machine. */
uint32_t qd_wish_digest(const struct qd_timings *t, const uint8_t uuid[QD_UUID_LEN],
			const char *device_name)
{
	struct {
		qd_be32 number[5];
		uint8_t uuid[QD_UUID_LEN];
	} wanted;
	uint32_t crc;

	qd_put_be32(&wanted.number[0], t->interval_ms);
	qd_put_be32(&wanted.number[1], t->tko);
	qd_put_be32(&wanted.number[2], t->tko_up);
	qd_put_be32(&wanted.number[3], t->upgrade_wait);
	qd_put_be32(&wanted.number[4], t->master_wait);
	memcpy(wanted.uuid, uuid, sizeof(wanted.uuid));
	crc = qd_crc(qd_crc(0, &wanted, sizeof(wanted)), device_name, strlen(device_name));
	return crc ? crc : 1;
}

static enum qd_corrupt status_check(const struct qd_disk_status *d, uint32_t node_id)
{
	if (qd_get_be32(d->magic) != QD_MAGIC_STATUS)
		return QD_BAD_MAGIC;
	if (qd_bit(node_id) == 0 || qd_get_be32(d->node_id) != node_id)
		return QD_BAD_NODE_ID;
	if (!state_known(d->state))
		return QD_BAD_STATE;
	if (d->state != QD_STATE_NONE && qd_get_be16(d->message) > QD_MSG_NACK)
		return QD_BAD_MESSAGE;
	return QD_FINE;
}

static void status_get(const struct qd_disk_status *d, struct qd_block *ret)
{
	uint16_t message = qd_get_be16(d->message);

	/* Legacy's mkqdisk leaves garbage in the message of a fresh block,
	 * whose state is none: taken as no message. */
	*ret = (struct qd_block){
		.node_id = qd_get_be32(d->node_id),
		.writer_id = qd_get_be32(d->writer_id),
		.wall_s = qd_get_be64(d->wall_s),
		.state = (enum qd_node_state)d->state,
		.flags = qd_get_be16(d->flags),
		.score = qd_get_be16(d->score),
		.score_max = qd_get_be16(d->score_max),
		.average_us = get_time_us(d->average_s, d->average_us),
		.last_us = get_time_us(d->last_s, d->last_us),
		.message = message <= QD_MSG_NACK ? (enum qd_message)message : QD_MSG_NONE,
		.sequence = qd_get_be16(d->sequence),
		.argument = qd_get_be32(d->argument),
		.online = qd_get_mask(d->online),
		.master_mask = qd_get_mask(d->master_mask),
	};
	memcpy(&ret->incarnation, d->incarnation, 8);
}

static enum qd_corrupt block_decode(const void *bytes, size_t size, uint32_t node_id, bool sealed,
				    struct qd_block *ret_block)
{
	const struct qd_disk_envelope *e = bytes;
	const struct qd_disk_status *d = (const void *)(e + 1);
	const struct qd_disk_status_ext *x = (const void *)(d + 1);
	enum qd_corrupt why;

	if (size < sizeof(*e) + sizeof(*d))
		return QD_BAD_SHORT;
	why = sealed ? qd_envelope_form(e, sizeof(*d)) : qd_envelope_check(e, d, sizeof(*d));
	if (why == QD_FINE)
		why = status_check(d, node_id);
	if (why != QD_FINE)
		return why;
	status_get(d, ret_block);
	ret_block->has_ext = size >= QD_STATUS_EXT_OFFSET + sizeof(*x) &&
			     (sealed ? qd_ext_form(&x->head, sizeof(*x)) :
				       qd_ext_holds(&x->head, d->incarnation, e, sizeof(*x))) &&
			     status_ext_get(x, &ret_block->ext);
	if (!ret_block->has_ext)
		memset(&ret_block->ext, 0, sizeof(ret_block->ext));
	return QD_FINE;
}

enum qd_corrupt qd_block_decode(const void *bytes, size_t size, uint32_t node_id,
				struct qd_block *ret_block)
{
	return block_decode(bytes, size, node_id, /* sealed */ false, ret_block);
}

enum qd_corrupt qd_block_decode_sealed(const void *bytes, size_t size, uint32_t node_id,
				       struct qd_block *ret_block)
{
	return block_decode(bytes, size, node_id, /* sealed */ true, ret_block);
}

static void status_put(struct qd_disk_status *d, const struct qd_block *block)
{
	qd_put_be32(&d->magic, QD_MAGIC_STATUS);
	qd_put_be32(&d->writer_id, block->writer_id);
	qd_put_be64(&d->wall_s, block->wall_s);
	qd_put_be32(&d->node_id, block->node_id);
	d->state = (uint8_t)block->state;
	qd_put_be16(&d->flags, block->flags);
	qd_put_be16(&d->score, block->score);
	qd_put_be16(&d->score_max, block->score_max);
	put_time_us(&d->average_s, &d->average_us, block->average_us);
	put_time_us(&d->last_s, &d->last_us, block->last_us);
	memcpy(d->incarnation, &block->incarnation, 8);
	qd_put_be16(&d->message, (uint16_t)block->message);
	qd_put_be16(&d->sequence, block->sequence);
	qd_put_be32(&d->argument, block->argument);
	qd_put_mask(d->online, block->online);
	qd_put_mask(d->master_mask, block->master_mask);
}

void qd_block_encode_with(const struct qd_block *block, const struct qd_latencies *latencies,
			  const struct qd_wish *wish, void *ret_bytes, size_t size)
{
	struct qd_disk_envelope *e = ret_bytes;
	struct qd_disk_status *d = (void *)(e + 1);
	struct qd_disk_status_ext *x = (void *)(d + 1);

	assert(qd_block_valid(block));
	assert(size >= QD_STATUS_EXT_OFFSET + sizeof(*x));
	assert(size <= QD_STATUS_BYTES);
	memset(ret_bytes, 0, size);
	status_put(d, block);
	qd_envelope_put(e, d, sizeof(*d), block->wall_s, &d->zero0);
	if (!block->has_ext)
		return;
	status_ext_put(x, &block->ext);
	latencies_put(x, latencies);
	if (wish)
		wish_put(x, wish);
	qd_ext_seal(&x->head, d->incarnation, e, sizeof(*x));
}

void qd_block_encode(const struct qd_block *block, void *ret_bytes, size_t size)
{
	static const struct qd_latencies none;

	qd_block_encode_with(block, &none, NULL, ret_bytes, size);
}
