/* mkqdisk -L and -f: which quorum disks there are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mkqdisk.h"

static void lun_print(const struct mk_options *o, const struct discover_lun *lun,
		      struct discover_paths *paths)
{
	struct qd_label label = lun->probe.label;
	char created[MK_TIME_MAX];

	mk_time_text(label.created_s, created);
	mk_clean(label.name);
	mk_clean(label.host);
	discover_paths(&o->roots, lun->probe.rdev, paths);
	for (unsigned i = 0; i < paths->count; i++)
		printf("%s:\n", paths->path[i]);
	if (paths->count == 0)
		printf("%s:\n", lun->path);
	printf("\tMagic:                %08x\n", QD_MAGIC_LABEL);
	printf("\tLabel:                %s\n", label.name);
	printf("\tCreated:              %s\n", created);
	printf("\tHost:                 %s\n", label.host);
	printf("\tKernel Sector Size:   %u\n", lun->probe.sector_size);
	printf("\tRecorded Sector Size: %u\n\n", label.sector_size);
}

static void block_print(const struct qd_block *b)
{
	char when[MK_TIME_MAX];
	uint8_t incarnation[8];

	mk_time_text(b->wall_s, when);
	memcpy(incarnation, &b->incarnation, 8);
	fprintf(stderr, "Status block for node %u\n", b->node_id);
	fprintf(stderr, "\tLast updated by node %u\n", b->writer_id);
	fprintf(stderr, "\tLast updated on %s\n", when);
	fprintf(stderr, "\tState: %s\n", qd_state_text(b->state));
	fprintf(stderr, "\tFlags: %04x\n", b->flags);
	fprintf(stderr, "\tScore: %u/%u\n", b->score, b->score_max);
	fprintf(stderr, "\tAverage Cycle speed: %llu.%06llu seconds\n",
		(unsigned long long)b->average_us / 1000000,
		(unsigned long long)b->average_us % 1000000);
	fprintf(stderr, "\tLast Cycle speed: %llu.%06llu seconds\n",
		(unsigned long long)b->last_us / 1000000,
		(unsigned long long)b->last_us % 1000000);
	fprintf(stderr, "\tIncarnation: ");
	for (unsigned i = 0; i < 8; i++)
		fprintf(stderr, "%02x", incarnation[i]);
	fputc('\n', stderr);
}

/* Blocks not in state none; a block that cannot be read is an error of its own
 * node only. */
static void blocks_print(const struct discover_lun *lun)
{
	uint32_t slot = qd_slot_size(lun->probe.sector_size);
	uint32_t capacity = qd_label_capacity(&lun->probe.label);
	size_t size = (size_t)slot * (capacity + 1);
	uint8_t *bytes = NULL;
	int error = -ENOSPC;

	if (size <= lun->probe.size) {
		bytes = malloc(size);
		error = bytes ? discover_read(lun->path, 0, bytes, size) : -ENOMEM;
	}
	if (error < 0)
		mk_say("%s: status blocks cannot be read: %s", lun->path, strerror(-error));
	for (uint32_t id = 1; error == 0 && id <= capacity; id++) {
		struct qd_block block;
		enum qd_corrupt why = qd_block_decode(bytes + (size_t)slot * id, slot, id, &block);

		if (why != QD_FINE)
			mk_say("%s: status block of node %u: %s", lun->path, id,
			       qd_corrupt_text(why));
		else if (block.state != QD_STATE_NONE)
			block_print(&block);
	}
	free(bytes);
}

static void skips_print(const struct discover_list *list)
{
	char text[DISCOVER_PATH_MAX + 128];

	for (unsigned i = 0; i < list->skip_count; i++) {
		discover_skip_text(&list->skip[i], text, sizeof(text));
		mk_say("%s; not listed", text);
	}
}

/* Not exactly one: an answer, unlike a scan that failed. */
static bool answer_not_one(int error)
{
	return error == -ENODEV || error == -ENOTUNIQ || error == -EMLINK;
}

static int list_print(const struct mk_options *o, struct discover_list *list,
		      struct discover_paths *paths)
{
	int error = o->find ? discover_by_label(&o->roots, o->find, list)
			    : discover_scan(&o->roots, list);
	char why[DISCOVER_WHY_MAX];

	if (error < 0 && !(o->find && answer_not_one(error))) {
		mk_say("devices cannot be listed from %s: %s",
		       o->roots.partitions ? o->roots.partitions : "/proc/partitions",
		       strerror(-error));
		return MK_EXIT_REFUSED;
	}
	for (unsigned i = 0; i < list->count; i++) {
		lun_print(o, &list->lun[i], paths);
		(void)fflush(stdout);	/* main() looks at the end */
		if (o->level >= MK_LEVEL_STATUS)
			blocks_print(&list->lun[i]);
	}
	skips_print(list);
	if (error < 0) {
		discover_explain(error, o->find, list, why, sizeof(why));
		mk_say("%s", why);
	}
	if (!o->find && list->count == 0)
		mk_say("no quorum disk found");
	if (list->more > 0)
		mk_say("%u more devices than can be listed", list->more);
	return list->count > 0 ? 0 : MK_EXIT_REFUSED;
}

int mk_list(const struct mk_options *o)
{
	struct discover_list *list = calloc(1, sizeof(*list));
	struct discover_paths *paths = calloc(1, sizeof(*paths));
	int code = MK_EXIT_REFUSED;

	if (list && paths)
		code = list_print(o, list, paths);
	else
		mk_say("no memory");
	free(list);
	free(paths);
	return code;
}
