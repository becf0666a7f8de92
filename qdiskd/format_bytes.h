/* What the codecs of both kinds of block share (floor 0, private to format*.c).
 *
 * Numbers, masks and text as they lie on the LUN, the envelope in front of each
 * payload, the seal of the extension behind it. All pure.
 */
#ifndef QD_FORMAT_BYTES_H
#define QD_FORMAT_BYTES_H

#include <string.h>

#include "qd_format.h"

static inline uint64_t get_be(const uint8_t *b, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 8 | b[i];
	return v;
}

static inline void put_be(uint8_t *b, unsigned n, uint64_t v)
{
	for (unsigned i = n; i-- > 0; v >>= 8)
		b[i] = (uint8_t)(v & 0xff);
}

static inline uint64_t get_le(const uint8_t *b, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = n; i-- > 0;)
		v = v << 8 | b[i];
	return v;
}

static inline void put_le(uint8_t *b, unsigned n, uint64_t v)
{
	for (unsigned i = 0; i < n; i++, v >>= 8)
		b[i] = (uint8_t)(v & 0xff);
}

static inline uint16_t qd_get_be16(qd_be16 v)
{
	return (uint16_t)get_be(v.b, 2);
}
static inline uint32_t qd_get_be32(qd_be32 v)
{
	return (uint32_t)get_be(v.b, 4);
}
static inline uint64_t qd_get_be64(qd_be64 v)
{
	return get_be(v.b, 8);
}
static inline uint32_t qd_get_le32(qd_le32 v)
{
	return (uint32_t)get_le(v.b, 4);
}
static inline void qd_put_be16(qd_be16 *p, uint16_t v)
{
	put_be(p->b, 2, v);
}
static inline void qd_put_be32(qd_be32 *p, uint32_t v)
{
	put_be(p->b, 4, v);
}
static inline void qd_put_be64(qd_be64 *p, uint64_t v)
{
	put_be(p->b, 8, v);
}
static inline void qd_put_le32(qd_le32 *p, uint32_t v)
{
	put_le(p->b, 4, v);
}
static inline void qd_put_le64(qd_le64 *p, uint64_t v)
{
	put_le(p->b, 8, v);
}

/* Masks lie with node n as bit (n-1)%8 of byte (n-1)/8. */
static inline qd_mask qd_get_mask(const uint8_t b[8])
{
	return get_le(b, 8);
}
static inline void qd_put_mask(uint8_t b[8], qd_mask v)
{
	put_le(b, 8, v);
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
	for (size_t i = 0; i + 1 < size && text[i] != 0; i++)
		ret[i] = (char)text[i];
}

/* Text to the LUN, every byte defined. Cut at size - 1. */
static inline void qd_put_text(uint8_t *ret, const char *text, size_t size)
{
	memset(ret, 0, size);
	for (size_t i = 0; i + 1 < size && text[i] != 0; i++)
		ret[i] = (uint8_t)text[i];
}

/* Is the envelope good for a payload of exactly `length` bytes? The length is
 * compared before anything is read by it. Rules: qdisk-format(5). */
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
bool qd_ext_holds(const struct qd_disk_ext_head *head, const uint8_t incarnation[8],
		  const struct qd_disk_envelope *e, size_t length);

/* Write the head of a finished record; the envelope must be final. A crc of 0
 * is avoided by head->zero. */
void qd_ext_seal(struct qd_disk_ext_head *head, const uint8_t incarnation[8],
		 const struct qd_disk_envelope *e, size_t length);

#endif
