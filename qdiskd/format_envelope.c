/* The envelope in front of each payload and the seal of the record behind it
 * (floor 0, pure).
 */
#include <zlib.h>

#include "format_bytes.h"

#define EXT_VERSION 1u

uint32_t qd_crc(uint32_t start, const void *bytes, size_t size)
{
	return (uint32_t)crc32(start, bytes, (uInt)size);
}

static uint32_t envelope_crc(const struct qd_disk_envelope *e)
{
	struct qd_disk_envelope copy = *e;

	qd_put_le32(&copy.header_crc, 0);
	return qd_crc(0, &copy, sizeof(copy));
}

enum qd_corrupt qd_envelope_form(const struct qd_disk_envelope *e, size_t length)
{
	if (qd_get_le32(e->magic) != QD_MAGIC_ENVELOPE)
		return QD_BAD_ENVELOPE_MAGIC;
	return qd_get_le32(e->length) == length ? QD_FINE : QD_BAD_LENGTH;
}

enum qd_corrupt qd_envelope_check(const struct qd_disk_envelope *e, const void *payload,
				  size_t length)
{
	uint32_t header = qd_get_le32(e->header_crc);
	uint32_t data = qd_get_le32(e->data_crc);
	enum qd_corrupt why = qd_envelope_form(e, length);

	if (why != QD_FINE)
		return why;
	if (header == 0 || header != envelope_crc(e))
		return QD_BAD_HEADER_CRC;
	if (data == 0 || data != qd_crc(0, payload, length))
		return QD_BAD_DATA_CRC;
	return QD_FINE;
}

void qd_envelope_put(struct qd_disk_envelope *e, const void *payload, size_t length,
		     uint64_t wall_s, qd_be32 *zero)
{
	uint32_t header, data = qd_crc(0, payload, length);

	if (data == 0) {
		qd_put_be32(zero, 1);
		data = qd_crc(0, payload, length);
	}
	qd_put_le32(&e->magic, QD_MAGIC_ENVELOPE);
	qd_put_le32(&e->data_crc, data);
	qd_put_le32(&e->length, (uint32_t)length);
	qd_put_le64(&e->wall_s, wall_s);
	header = envelope_crc(e);
	if (header == 0) {
		qd_put_le64(&e->view, 1);
		header = envelope_crc(e);
	}
	qd_put_le32(&e->header_crc, header);
}

/* Put together first: zlib takes many bytes at once of one long piece, and each by itself
 * of short ones and of what is left over. Most of a cycle's instructions are spent here. */
static uint32_t ext_crc(const struct qd_disk_ext_head *head, const uint8_t incarnation[8],
			const struct qd_disk_envelope *e, size_t length)
{
	const size_t skip = offsetof(struct qd_disk_ext_head, version);
	struct {
		uint8_t incarnation[8];
		qd_le32 data_crc;
		uint8_t record[sizeof(struct qd_disk_status_ext)];
	} piece;

	assert(length > skip);
	assert(length <= sizeof(piece.record));
	memcpy(piece.incarnation, incarnation, sizeof(piece.incarnation));
	piece.data_crc = e->data_crc;
	memcpy(piece.record, (const uint8_t *)head + skip, length - skip);
	return qd_crc(0, &piece, offsetof(__typeof__(piece), record) + length - skip);
}

bool qd_ext_form(const struct qd_disk_ext_head *head, size_t length)
{
	return qd_get_be32(head->magic) == QD_MAGIC_EXTENSION &&
	       qd_get_be16(head->version) == EXT_VERSION && qd_get_be16(head->length) == length;
}

bool qd_ext_holds(const struct qd_disk_ext_head *head, const uint8_t incarnation[8],
		  const struct qd_disk_envelope *e, size_t length)
{
	uint32_t v = qd_get_be32(head->crc);

	return qd_ext_form(head, length) && v != 0 && v == ext_crc(head, incarnation, e, length);
}

void qd_ext_seal(struct qd_disk_ext_head *head, const uint8_t incarnation[8],
		 const struct qd_disk_envelope *e, size_t length)
{
	uint32_t v;

	qd_put_be32(&head->magic, QD_MAGIC_EXTENSION);
	qd_put_be16(&head->version, EXT_VERSION);
	qd_put_be16(&head->length, (uint16_t)length);
	v = ext_crc(head, incarnation, e, length);
	if (v == 0) {
		qd_put_be32(&head->zero, 1);
		v = ext_crc(head, incarnation, e, length);
	}
	qd_put_be32(&head->crc, v);
}
