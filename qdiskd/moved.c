/* A quorum disk that is not to be begun on (floor 4): it was left for another one, or
 * nodes that still run on another one are to move here. Either way a node that comes
 * late would be master of a quorum disk that the others do not look at. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon.h"
#include "discover.h"

/* Has the node of this slot left for another LUN than this one? */
static bool left_for_another(const struct qd_label *label, const struct qd_block *b,
			     const struct qd_wish *wish)
{
	static const uint8_t none[QD_UUID_LEN];

	return b->has_ext && (b->ext.flags & QD_EXT_LEAVING) && wish->digest &&
	       memcmp(wish->uuid, none, QD_UUID_LEN) != 0 &&
	       memcmp(wish->uuid, label->uuid, QD_UUID_LEN) != 0;
}

static int refuse_left(const struct daemon *d, const struct qd_block *b, const struct qd_wish *wish)
{
	time_t then = (time_t)b->wall_s;
	char when[32] = "?";
	struct tm tm;

	if (localtime_r(&then, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(stderr, "qdiskd: %s: node %u (%s) has moved from this quorum disk to the one labelled '%s', at "
		"%s; use that one, or label this one anew with mkqdisk -c\n", d->lun.path, b->node_id,
		b->ext.node_name, wish->label, when);
	return EXIT_CONFIG;
}

static int slots_judge(const struct daemon *d, const uint8_t *bytes, uint32_t count)
{
	const struct qd_device *dev = &d->lun.device;

	for (uint32_t id = 1; id <= count; id++) {
		const uint8_t *at = bytes + (size_t)(id - 1) * dev->slot_size;
		struct qd_block block;
		struct qd_wish wish;

		if (qd_block_decode(at, dev->sector_size, id, &block) != QD_FINE || !block.has_ext)
			continue;
		wish = qd_block_wish(at);
		if (left_for_another(&d->lun.label, &block, &wish))
			return refuse_left(d, &block, &wish);
	}
	return EXIT_OK;
}

int start_moved(const struct daemon *d)
{
	const struct qd_label *label = &d->lun.label;
	const uint32_t count = qd_label_capacity(label);
	const size_t size = (size_t)count * d->lun.device.slot_size;
	uint8_t *bytes;
	int rc;

	if (label->reserved && !d->past.known) {
		fprintf(stderr, "qdiskd: %s: nodes that run on another quorum disk are to move to this one, and have "
			"not yet; have them read their configuration again (qdisk-tool status tells for whom "
			"they wait), or, if none runs, label this one anew with mkqdisk -c\n", d->lun.path);
		return EXIT_CONFIG;
	}
	bytes = malloc(size);
	rc = bytes ? discover_read(d->lun.path, d->lun.device.slot_size, bytes, size) : -ENOMEM;
	if (rc == 0)
		rc = slots_judge(d, bytes, count);
	else
		fprintf(stderr, "qdiskd: %s: cannot read the slots: %s\n", d->lun.path, strerror(-rc));
	free(bytes);
	return rc < 0 ? EXIT_DEVICE : rc;
}
