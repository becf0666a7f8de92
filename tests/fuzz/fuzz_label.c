/* The label: what is accepted can be written again, as the same bytes. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../../qdiskd/format_bytes.h"

static void check_same_bytes(const uint8_t *found, const uint8_t *written, bool ext)
{
	struct qd_disk_label a, b;
	struct qd_disk_label_ext x, y;

	memcpy(&a, found + sizeof(struct qd_disk_envelope), sizeof(a));
	memcpy(&b, written + sizeof(struct qd_disk_envelope), sizeof(b));
	/* legacy leaves garbage behind the ends of its texts */
	fuzz_text_tail(a.host, sizeof(a.host));
	fuzz_text_tail(a.name, sizeof(a.name));
	a.zero = b.zero;
	MUST(memcmp(&a, &b, sizeof(a)) == 0);
	if (!ext)
		return;
	memcpy(&x, found + QD_LABEL_EXT_OFFSET, sizeof(x));
	memcpy(&y, written + QD_LABEL_EXT_OFFSET, sizeof(y));
	fuzz_text_tail(x.cluster, sizeof(x.cluster));
	qd_put_be32(&x.reserved, qd_get_be32(x.reserved) == 1);
	MUST(memcmp((char *)&x + sizeof(x.head), (char *)&y + sizeof(y.head),
		    offsetof(struct qd_disk_label_ext, zero) - sizeof(x.head)) == 0);
}

static void check_accepted(const uint8_t *bytes, size_t size, const struct qd_label *label)
{
	const struct qd_disk_envelope *e = (const void *)bytes;
	static uint8_t written[QD_SLOT_BYTES], again[QD_SLOT_BYTES];
	struct qd_label back;

	MUST(qd_get_le32(e->length) == sizeof(struct qd_disk_label));
	MUST(qd_label_valid(label));
	MUST(qd_label_capacity(label) >= QD_NODE_LEGACY);
	MUST(qd_label_capacity(label) <= QD_NODE_MAX);
	MUST(!label->has_ext || size >= 512);
	MUST(strlen(label->name) < QD_LABEL_LEN);
	memset(written, 0xa5, sizeof(written));
	memset(again, 0x5a, sizeof(again));
	qd_label_encode(label, written, sizeof(written));
	MUST(qd_label_decode(written, sizeof(written), &back) == QD_FINE);
	qd_label_encode(&back, again, sizeof(again));
	MUST_BE_DEFINED(written, sizeof(written));
	MUST(memcmp(written, again, sizeof(written)) == 0);
	check_same_bytes(bytes, written, label->has_ext);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	unsigned how = fuzz_u8(&f);
	uint8_t *bytes = fuzz_rest(&f, &size);
	struct qd_label label, untouched;
	enum qd_corrupt why;

	fuzz_seal_label(bytes, size, how);
	memset(&untouched, 0x77, sizeof(untouched));
	memcpy(&label, &untouched, sizeof(label));
	why = qd_label_decode(bytes, size, &label);
	MUST(qd_corrupt_text(why)[0]);
	if (why == QD_FINE)
		check_accepted(bytes, size, &label);
	else
		MUST(memcmp(&label, &untouched, sizeof(label)) == 0);
	free(bytes);
	return 0;
}
