/* A status block and a label, as bytes and as values.
 *
 * The expected bytes are written here by offset, from the tables of qdisk-format(5),
 * and their crcs by a crc32 of the test's own; nothing of them comes out of the codec.
 */
#ifndef FORMAT_FIXTURE_H
#define FORMAT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qd_format.h"

/* Bytes in hexadecimal, blanks allowed, from an offset on. */
struct row {
	unsigned offset;
	const char *hex;
};

#define ROWS(t) (t), sizeof(t) / sizeof((t)[0])

/* The extension record of the status block: magic, version, length and what follows. */
extern const struct row status_ext_rows[];

void put_rows(uint8_t *bytes, const struct row *rows, size_t count);
void put_le32(uint8_t *b, uint32_t v);
void put_be32(uint8_t *b, uint32_t v);

/* Data crc at 8 over the payload, then header crc at 4 over the envelope. */
void seal_payload(uint8_t *bytes, size_t length);

/* Extension crc over incarnation, data crc and the record from offset 8 on. */
void seal_ext(uint8_t *bytes, size_t offset, size_t length);

/* By the tables; rest of the 4096 bytes 0. */
void expect_status(uint8_t bytes[4096], bool ext);
void expect_label(uint8_t bytes[4096], uint32_t sector_size, bool ext);

/* What these bytes mean. */
struct qd_block make_block(bool ext);
struct qd_label make_label(uint32_t sector_size, bool ext);

/* Field by field; assert_same_block() without the extension. */
void assert_same_block(const struct qd_block *a, const struct qd_block *b);
void assert_same_ext(const struct qd_status_ext *a, const struct qd_status_ext *b);
void assert_same_label(const struct qd_label *a, const struct qd_label *b);

#endif
