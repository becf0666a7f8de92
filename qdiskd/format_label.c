/* The label: encode and decode (floor 0, pure). The tables are in qdisk-format(5). */
#include <string.h>

#include "format_bytes.h"

static const uint8_t no_incarnation[8];

static bool sector_size_known(uint32_t size)
{
	return size >= 512 && size <= QD_SECTOR_MAX && (size & (size - 1)) == 0;
}

static bool label_ext_valid(const struct qd_label *label)
{
	return label->capacity >= QD_NODE_LEGACY && label->capacity <= QD_NODE_MAX &&
	       qd_text_ends(label->cluster, sizeof(label->cluster));
}

bool qd_label_valid(const struct qd_label *label)
{
	return qd_text_ends(label->host, sizeof(label->host)) &&
	       qd_text_ends(label->name, sizeof(label->name)) &&
	       sector_size_known(label->sector_size) && (!label->has_ext || label_ext_valid(label));
}

/* A label of Red Hat Cluster Manager 1.2 lies in the same envelope; it is
 * refused anyway, so neither its length nor its crc matters. */
static enum qd_corrupt label_check(const struct qd_disk_envelope *e, const struct qd_disk_label *d)
{
	uint32_t magic = qd_get_be32(d->magic);
	enum qd_corrupt why = qd_envelope_check(e, d, sizeof(*d));

	if (why != QD_BAD_ENVELOPE_MAGIC && magic == QD_MAGIC_LABEL_RHCM12)
		return QD_BAD_RHCM12;
	if (why != QD_FINE)
		return why;
	if (magic != QD_MAGIC_LABEL)
		return QD_BAD_MAGIC;
	if (qd_get_be32(d->version) != QD_LABEL_VERSION)
		return QD_BAD_VERSION;
	if (!qd_text_ends(d->host, sizeof(d->host)) || !qd_text_ends(d->name, sizeof(d->name)))
		return QD_BAD_TEXT;
	if (!sector_size_known(qd_get_be32(d->sector_size)))
		return QD_BAD_SECTOR_SIZE;
	return QD_FINE;
}

/* Only the part of the extension; `ret` is zero there on entry. */
static bool label_ext_get(const struct qd_disk_label_ext *d, struct qd_label *ret)
{
	struct qd_label label = *ret;

	if (!qd_text_ends(d->cluster, sizeof(d->cluster)))
		return false;
	label.has_ext = true;
	memcpy(label.uuid, d->uuid, sizeof(label.uuid));
	qd_get_text(label.cluster, d->cluster, sizeof(label.cluster));
	label.capacity = qd_get_be32(d->capacity);
	label.timings = (struct qd_timings){
		.interval_ms = qd_get_be32(d->interval_ms),
		.tko = qd_get_be32(d->tko),
		.tko_up = qd_get_be32(d->tko_up),
		.upgrade_wait = qd_get_be32(d->upgrade_wait),
		.master_wait = qd_get_be32(d->master_wait),
	};
	label.reserved = qd_get_be32(d->reserved) == 1;
	if (!label_ext_valid(&label))
		return false;
	*ret = label;
	return true;
}

enum qd_corrupt qd_label_decode(const void *bytes, size_t size, struct qd_label *ret_label)
{
	const struct qd_disk_envelope *e = bytes;
	const struct qd_disk_label *d = (const void *)(e + 1);
	const struct qd_disk_label_ext *x = (const void *)(d + 1);
	enum qd_corrupt why;

	if (size < sizeof(*e) + sizeof(*d))
		return QD_BAD_SHORT;
	why = label_check(e, d);
	if (why != QD_FINE)
		return why;
	memset(ret_label, 0, sizeof(*ret_label));
	ret_label->created_s = qd_get_be64(d->created_s);
	qd_get_text(ret_label->host, d->host, sizeof(ret_label->host));
	qd_get_text(ret_label->name, d->name, sizeof(ret_label->name));
	ret_label->sector_size = qd_get_be32(d->sector_size);
	if (size >= QD_LABEL_EXT_OFFSET + sizeof(*x) &&
	    qd_ext_holds(&x->head, no_incarnation, e, sizeof(*x)))
		(void)label_ext_get(x, ret_label); /* it says so in has_ext */
	return QD_FINE;
}

static void label_ext_put(struct qd_disk_label_ext *d, const struct qd_label *label)
{
	memcpy(d->uuid, label->uuid, sizeof(d->uuid));
	qd_put_text(d->cluster, label->cluster, sizeof(d->cluster));
	qd_put_be32(&d->capacity, label->capacity);
	qd_put_be32(&d->interval_ms, label->timings.interval_ms);
	qd_put_be32(&d->tko, label->timings.tko);
	qd_put_be32(&d->tko_up, label->timings.tko_up);
	qd_put_be32(&d->upgrade_wait, label->timings.upgrade_wait);
	qd_put_be32(&d->master_wait, label->timings.master_wait);
	qd_put_be32(&d->reserved, label->reserved);
}

void qd_label_encode(const struct qd_label *label, void *ret_bytes, size_t size)
{
	struct qd_disk_envelope *e = ret_bytes;
	struct qd_disk_label *d = (void *)(e + 1);
	struct qd_disk_label_ext *x = (void *)(d + 1);

	assert(qd_label_valid(label));
	assert(size >= QD_LABEL_EXT_OFFSET + sizeof(*x));
	assert(size <= QD_SLOT_BYTES);
	memset(ret_bytes, 0, size);
	qd_put_be32(&d->magic, QD_MAGIC_LABEL);
	qd_put_be32(&d->version, QD_LABEL_VERSION);
	qd_put_be64(&d->created_s, label->created_s);
	qd_put_text(d->host, label->host, sizeof(d->host));
	qd_put_text(d->name, label->name, sizeof(d->name));
	qd_put_be32(&d->sector_size, label->sector_size);
	qd_envelope_put(e, d, sizeof(*d), label->created_s, &d->zero);
	if (!label->has_ext)
		return;
	label_ext_put(x, label);
	qd_ext_seal(&x->head, no_incarnation, e, sizeof(*x));
}
