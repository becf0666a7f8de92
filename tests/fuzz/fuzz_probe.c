/* The pipe from a child that looks at one device: libblkid reads whatever is on a LUN, and a
 * child that a hostile one got hold of may send any answer. What its parent takes over can be
 * used without looking again.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* The taking is the hand's own: from within. */
#include "../../qdiskd/discover.c"

enum { PATCHES_MAX = 16 };

/* As a healthy child answers. */
static void answer_fill(struct answer *a)
{
	memset(a, 0, sizeof(*a));
	a->probe = (struct discover_probe){ .sector_size = 512, .size = 1 << 20, .rdev = 0x700 };
	a->probe.label = (struct qd_label){ .sector_size = 512, .has_ext = true, .capacity = 64 };
	memcpy(a->probe.label.name, "rig", 4);
	memcpy(a->probe.label.cluster, "alpha", 6);
	memcpy(a->probe.content.text, "ext4", 5);
}

/* Where, how much and what: in one of its parts. */
static void answer_patch(struct fuzz *f, struct answer *a)
{
	void *const part[] = { a, &a->probe.why, &a->probe.label, a->probe.label.name, a->probe.label.cluster,
			       &a->probe.label.has_ext, &a->probe.content, a->probe.content.text };
	uint8_t *at = part[fuzz_u8(f) % (sizeof(part) / sizeof(part[0]))], *end = (uint8_t *)(a + 1);

	at += fuzz_u8(f) % (end - at);
	(void)fuzz_bytes(f, at, fuzz_u8(f) % (size_t)(end - at + 1));
}

/* As a scan and mkqdisk go through it: labels into a text, a label back into bytes. */
static void check_usable(const struct discover_probe *p)
{
	static struct discover_list list;	/* large */
	static uint8_t bytes[QD_SLOT_BYTES];
	char path[DISCOVER_PATH_MAX] = "/dev/sda", text[DISCOVER_WHY_MAX];

	list.count = list.skip_count = 0;
	answer_sort(&list, path, p);
	MUST(list.count + list.skip_count <= 1);
	for (unsigned i = 0; i < list.skip_count; i++)
		discover_skip_text(&list.skip[i], text, sizeof(text));
	discover_explain(list.count ? -ENOTUNIQ : -ENODEV, "rig", &list, text, sizeof(text));
	MUST(strnlen(text, sizeof(text)) < sizeof(text));
	MUST(strnlen(p->content.text, sizeof(p->content.text)) < sizeof(p->content.text));
	if (p->error == 0) {
		MUST(qd_slot_size(p->sector_size) == QD_SLOT_BYTES);
		if (p->why == QD_FINE)
			qd_label_encode(&p->label, bytes, sizeof(bytes));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	struct discover_probe probe;
	struct answer answer;

	answer_fill(&answer);
	for (unsigned i = 0; f.left && i < PATCHES_MAX; i++)
		answer_patch(&f, &answer);
	probe_take(&answer, &probe);
	MUST(size || probe.error == 0);
	check_usable(&probe);
	return 0;
}
