/* See fuzz.h. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../../qdiskd/format_bytes.h"

void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/* ---- The input ---- */

size_t fuzz_bytes(struct fuzz *f, void *ret, size_t size)
{
	size_t n = f->left < size ? f->left : size;

	memset(ret, 0, size);
	if (n)
		memcpy(ret, f->at, n);
	f->at += n;
	f->left -= n;
	return n;
}

uint8_t fuzz_u8(struct fuzz *f)
{
	uint8_t v;

	(void)fuzz_bytes(f, &v, sizeof(v));
	return v;
}

uint32_t fuzz_u32(struct fuzz *f)
{
	uint32_t v;

	(void)fuzz_bytes(f, &v, sizeof(v));
	return v;
}

uint64_t fuzz_u64(struct fuzz *f)
{
	uint64_t v;

	(void)fuzz_bytes(f, &v, sizeof(v));
	return v;
}

void fuzz_line(struct fuzz *f, char *ret, size_t size)
{
	const uint8_t *end = f->left ? memchr(f->at, '\n', f->left) : NULL;
	size_t n = end ? (size_t)(end - f->at) : f->left;
	struct fuzz line = { .at = f->at, .left = n };

	(void)fuzz_bytes(&line, ret, size - 1);
	ret[size - 1] = '\0';
	n += end != NULL;
	f->at += n;
	f->left -= n;
}

uint8_t *fuzz_rest(struct fuzz *f, size_t *ret_size)
{
	size_t size = f->left;
	uint8_t *bytes = malloc(size ? size : 1);

	MUST(bytes);
	*ret_size = fuzz_bytes(f, bytes, size);
	return bytes;
}

char *fuzz_text(struct fuzz *f)
{
	size_t size = f->left;
	char *text = malloc(size + 1);

	MUST(text);
	(void)fuzz_bytes(f, text, size);
	text[size] = '\0';
	return text;
}

/* ---- Seals ---- */

struct block_kind {
	size_t payload;		/* bytes */
	size_t ext;		/* bytes of the record behind it */
	size_t incarnation;	/* where it is in the payload, for the record's crc; 0 eight zeros */
};

static void seal(uint8_t *bytes, size_t size, unsigned how, struct block_kind k)
{
	static const uint8_t none[8];
	struct qd_disk_envelope *e = (void *)bytes;
	uint8_t *payload = bytes + sizeof(*e);
	qd_be32 unused;

	if ((how & FUZZ_SEAL) && size >= sizeof(*e) + k.payload) {
		memset(&e->header_crc, 0, sizeof(e->header_crc));
		qd_envelope_put(e, payload, k.payload, 0, &unused);
	}
	if ((how & FUZZ_SEAL_EXT) && size >= sizeof(*e) + k.payload + k.ext)
		qd_ext_seal((void *)(payload + k.payload), k.incarnation ? payload + k.incarnation : none, e,
			    k.ext);
}

void fuzz_seal_status(uint8_t *bytes, size_t size, unsigned how, uint32_t node_id)
{
	struct qd_disk_status *d = (void *)(bytes + sizeof(struct qd_disk_envelope));

	if ((how & FUZZ_SEAL_MAGIC) && size >= QD_STATUS_EXT_OFFSET) {
		qd_put_be32(&d->magic, QD_MAGIC_STATUS);
		qd_put_be32(&d->node_id, node_id);
	}
	seal(bytes, size, how, (struct block_kind){ sizeof(*d), sizeof(struct qd_disk_status_ext),
						    offsetof(struct qd_disk_status, incarnation) });
}

void fuzz_seal_label(uint8_t *bytes, size_t size, unsigned how)
{
	struct qd_disk_label *d = (void *)(bytes + sizeof(struct qd_disk_envelope));

	if ((how & FUZZ_SEAL_MAGIC) && size >= QD_LABEL_EXT_OFFSET) {
		qd_put_be32(&d->magic, QD_MAGIC_LABEL);
		qd_put_be32(&d->version, QD_LABEL_VERSION);
	}
	seal(bytes, size, how, (struct block_kind){ sizeof(*d), sizeof(struct qd_disk_label_ext), 0 });
}

/* ---- Texts ---- */

void fuzz_text_tail(uint8_t *text, size_t size)
{
	size_t length = strnlen((const char *)text, size);

	memset(text + length, 0, size - length);
}

void fuzz_out_open(struct fuzz_out *o)
{
	*o = (struct fuzz_out){ .stream = NULL };
	o->stream = open_memstream(&o->text, &o->size);
	MUST(o->stream);
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

bool fuzz_one_line(const char *text)
{
	for (; *text; text++) {
		if (is_control(*text))
			return false;
	}
	return true;
}

void fuzz_out_check(struct fuzz_out *o)
{
	MUST(fclose(o->stream) == 0);
	MUST(strlen(o->text) == o->size);
	MUST(o->size == 0 || o->text[o->size - 1] == '\n');
	for (const char *s = o->text; *s; s++) {
		MUST(*s == '\n' || !is_control(*s));
		MUST(*s != '\xc2' || (unsigned char)s[1] < 0x80 || (unsigned char)s[1] >= 0xa0);	/* C1 */
	}
	free(o->text);
}
