/* What the codecs of both kinds of block share (floor 0, private to format*.c).
 *
 * Numbers, masks and text as they lie on the LUN, the envelope in front of each
 * payload, the seal of the extension behind it. All pure.
 */
#ifndef QD_FORMAT_BYTES_H
#define QD_FORMAT_BYTES_H

#include <endian.h>
#include <string.h>

#include "qd_format.h"

/* Copied, since bytes on the LUN need not lie where a number may: one move and one
 * byte swap each. */
static inline uint16_t qd_get_be16(qd_be16 v)
{
	uint16_t x;

	memcpy(&x, v.b, sizeof(x));
	return be16toh(x);
}
static inline void qd_put_be16(qd_be16 *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p->b, &v, sizeof(v));
}
static inline uint32_t qd_get_be32(qd_be32 v)
{
	uint32_t x;

	memcpy(&x, v.b, sizeof(x));
	return be32toh(x);
}
static inline void qd_put_be32(qd_be32 *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p->b, &v, sizeof(v));
}
static inline uint64_t qd_get_be64(qd_be64 v)
{
	uint64_t x;

	memcpy(&x, v.b, sizeof(x));
	return be64toh(x);
}
static inline void qd_put_be64(qd_be64 *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p->b, &v, sizeof(v));
}
static inline uint32_t qd_get_le32(qd_le32 v)
{
	uint32_t x;

	memcpy(&x, v.b, sizeof(x));
	return le32toh(x);
}
static inline void qd_put_le32(qd_le32 *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p->b, &v, sizeof(v));
}
static inline void qd_put_le64(qd_le64 *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p->b, &v, sizeof(v));
}

/* Masks lie with node n as bit (n-1)%8 of byte (n-1)/8. */
static inline qd_mask qd_get_mask(const uint8_t b[8])
{
	uint64_t x;

	memcpy(&x, b, sizeof(x));
	return le64toh(x);
}
static inline void qd_put_mask(uint8_t b[8], qd_mask v)
{
	v = htole64(v);
	memcpy(b, &v, sizeof(v));
}

/* Does the text end within its `size` bytes? */
static inline bool qd_text_ends(const void *text, size_t size)
{
	return memchr(text, 0, size) != NULL;
}

/* Text from the LUN. Legacy leaves garbage behind the NUL: the rest of `ret`
 * is zero. Cut at size - 1. */
static inline void qd_get_text(char *ret, const uint8_t *text, size_t size)
{
	memset(ret, 0, size);
	memcpy(ret, text, strnlen((const char *)text, size - 1));
}

/* Text to the LUN, every byte defined. Cut at size - 1. */
static inline void qd_put_text(uint8_t *ret, const char *text, size_t size)
{
	memset(ret, 0, size);
	memcpy(ret, text, strnlen(text, size - 1));
}

/* zlib's crc32; `start`: 0, or that of the bytes before. */
uint32_t qd_crc(uint32_t start, const void *bytes, size_t size);

/* Is the envelope good for a payload of exactly `length` bytes? The length is
 * compared before anything is read by it. Rules: qdisk-format(5). */
enum qd_corrupt qd_envelope_form(const struct qd_disk_envelope *e, size_t length);	/* but its crcs */
enum qd_corrupt qd_envelope_check(const struct qd_disk_envelope *e, const void *payload,
				  size_t length);

/* Fill the zeroed envelope of a finished payload. A crc of 0 is invalid in this
 * format: where one computes to 0 (once in four thousand million blocks), a
 * field that no reader looks at is written as 1, for the data `zero`, a field
 * of the payload, for the header the view. One changed bit always changes a
 * crc32. */
void qd_envelope_put(struct qd_disk_envelope *e, const void *payload, size_t length,
		     uint64_t wall_s, qd_be32 *zero);

/* Does an extension record of exactly `length` bytes stand here, and does it
 * belong to this payload? Its crc covers the incarnation (the label: eight
 * zeros) and the data crc, both as they lie, then itself behind the crc. */
bool qd_ext_form(const struct qd_disk_ext_head *head, size_t length);	/* but its crc */
bool qd_ext_holds(const struct qd_disk_ext_head *head, const uint8_t incarnation[8],
		  const struct qd_disk_envelope *e, size_t length);

/* Write the head of a finished record; the envelope must be final. A crc of 0
 * is avoided by head->zero. */
void qd_ext_seal(struct qd_disk_ext_head *head, const uint8_t incarnation[8],
		 const struct qd_disk_envelope *e, size_t length);

#endif
