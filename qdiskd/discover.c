/* Find quorum disks (hand): see discover.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "discover_child.h"
#include "discover_sys.h"

/* One answer; less than PIPE_BUF, so that those of many children do not mix. */
struct answer {
	unsigned index;
	struct discover_probe probe;
};
static_assert(sizeof(struct answer) <= PIPE_BUF, "answers are written at once");

struct candidate {
	char path[DISCOVER_PATH_MAX];
	dev_t rdev;
	bool answered;
};

/* What a child is told. `content`: recognise it even without a label. */
struct question {
	unsigned index;
	const char *path;
	dev_t rdev;	/* 0: any */
	bool content;
};

/* ---- In the child ---- */

static void device_look(const struct question *q, struct discover_probe *p)
{
	struct qd_device device = { .fd = -1 };

	p->error = device_open(q->path, DEVICE_READ, &device);
	p->sector_size = device.sector_size;
	p->size = device.size;
	p->rdev = device.rdev;
	if (p->error == 0 && q->rdev != 0 && q->rdev != device.rdev)
		p->error = -ENXIO;	/* the name is another device's */
	if (p->error == 0)
		p->error = device_read_label(&device, &p->why, &p->label);
	device_close(&device);
	if (p->error != 0 || (!q->content && p->why != QD_FINE))
		return;
	if (device_recognise(q->path, &p->content) < 0) {
		p->content.found = true;
		(void)snprintf(p->content.text, sizeof(p->content.text),
			       "something that libblkid fails to read");	/* it fits */
	}
}

static void probe_child(int fd, const void *arg)
{
	const struct question *q = arg;
	struct answer answer;

	memset(&answer, 0, sizeof(answer));
	answer.index = q->index;
	device_look(q, &answer.probe);
	child_answer(fd, &answer, sizeof(answer));
}

/* ---- Its answer ---- */

static bool is_bool(const bool *b)
{
	uint8_t byte;

	memcpy(&byte, b, sizeof(byte));
	return byte <= 1;
}

static bool is_sector_size(uint32_t size)
{
	return size >= 512 && size <= QD_SECTOR_MAX && (size & (size - 1)) == 0;
}

/* What a child says that a hostile LUN got hold of can be used without looking again. */
static bool probe_sound(const struct discover_probe *p)
{
	return p->error <= 0 && p->error > -4096 && p->why >= QD_FINE && p->why <= QD_BAD_SHORT &&
	       is_bool(&p->label.has_ext) && is_bool(&p->label.reserved) && is_bool(&p->content.found) &&
	       is_bool(&p->content.raid_member) &&
	       memchr(p->content.text, 0, sizeof(p->content.text)) &&
	       (p->error != 0 || is_sector_size(p->sector_size)) &&
	       (p->error != 0 || p->why != QD_FINE || qd_label_valid(&p->label));
}

static void probe_take(const struct answer *a, struct discover_probe *ret_probe)
{
	if (probe_sound(&a->probe))
		*ret_probe = a->probe;
	else
		*ret_probe = (struct discover_probe){ .error = -EBADMSG };
}

/* ---- One device ---- */

int discover_probe(const char *path, struct discover_probe *ret_probe)
{
	struct question q = { .path = path, .content = true };
	struct child_set *set = malloc(sizeof(*set));
	struct answer answer;
	ssize_t n;
	int error;

	if (!set)
		return -ENOMEM;
	error = child_set_open(set);
	if (error == 0)
		error = child_set_ask(set, probe_child, &q);
	if (error == 0)
		error = child_set_start(set, DISCOVER_DEADLINE_MS);
	if (error == 0) {
		n = child_set_read(set, &answer, sizeof(answer));
		if (n == sizeof(answer)) {
			probe_take(&answer, ret_probe);
		} else {
			memset(ret_probe, 0, sizeof(*ret_probe));
			ret_probe->error = n == -ETIMEDOUT ? -ETIMEDOUT : -EIO;
		}
	}
	child_set_close(set);
	free(set);
	return error;
}

struct extent {
	const char *path;
	uint64_t offset;
	size_t size;
};

/* Answers with the error, and with the bytes when that is 0. */
static void read_child(int fd, const void *arg)
{
	const struct extent *x = arg;
	struct qd_device device = { .fd = -1 };
	void *bytes = calloc(1, x->size);
	int error = bytes ? device_open(x->path, DEVICE_READ, &device) : -ENOMEM;

	if (error == 0)
		error = device_read(&device, x->offset, bytes, x->size);
	child_answer(fd, &error, sizeof(error));
	if (error == 0)
		child_answer(fd, bytes, x->size);
	device_close(&device);
	free(bytes);
}

/* All of `size` bytes of the only child's answer. */
static int read_whole(struct child_set *set, void *ret_bytes, size_t size)
{
	char *p = ret_bytes;

	while (size > 0) {
		ssize_t n = child_set_read(set, p, size);

		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

int discover_read(const char *path, uint64_t offset, void *ret_bytes, size_t size)
{
	struct extent x = { .path = path, .offset = offset, .size = size };
	struct child_set *set = malloc(sizeof(*set));
	int error, told = 0;

	if (!set)
		return -ENOMEM;
	error = child_set_open(set);
	if (error == 0)
		error = child_set_ask(set, read_child, &x);
	if (error == 0)
		error = child_set_start(set, DISCOVER_DEADLINE_MS);
	if (error == 0)
		error = read_whole(set, &told, sizeof(told));
	if (error == 0)
		error = told;
	if (error == 0)
		error = read_whole(set, ret_bytes, size);
	child_set_close(set);
	free(set);
	return error;
}

/* ---- Candidates ---- */

/* "major minor kilobytes name"; the file's first two lines are none. */
static bool partition_parse(const char *line, dev_t *ret_rdev, char ret_name[64])
{
	unsigned major_id, minor_id;
	unsigned long long kib;

	if (sscanf(line, " %u %u %llu %63s", &major_id, &minor_id, &kib, ret_name) != 4)
		return false;
	*ret_rdev = makedev(major_id, minor_id);
	return kib * 1024 >= device_size_min(512);
}

/* 0, with the number of candidates and of those beyond the limit. */
static int candidates_read(const struct discover_roots *roots, struct candidate *ret,
			   unsigned *ret_count, unsigned *ret_more)
{
	FILE *f = fopen(discover_root_partitions(roots), "re");
	unsigned count = 0, more = 0;
	char line[256], name[64], holder[64];
	dev_t rdev;

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (!partition_parse(line, &rdev, name) ||
		    discover_holder(roots, rdev, holder, sizeof(holder)))
			continue;
		if (count == DISCOVER_CANDIDATES_MAX) {
			more++;
			continue;
		}
		ret[count] = (struct candidate){ .rdev = rdev };
		if (discover_device_path(roots, rdev, name, ret[count].path))
			count++;
	}
	(void)fclose(f);	/* read only */
	*ret_count = count;
	*ret_more = more;
	return 0;
}

/* ---- The scan ---- */

static void skip_add(struct discover_list *list, const char *path, const struct discover_skip *skip)
{
	struct discover_skip *s = &list->skip[list->skip_count];

	if (list->skip_count == DISCOVER_SKIPS_MAX) {
		list->more++;
		return;
	}
	*s = *skip;
	memcpy(s->path, path, sizeof(s->path));
	list->skip_count++;
}

/* What the block layer says of storage that cannot be reached, and not of a drive
 * without a medium or a device that is none of ours. */
static bool path_failed(int error)
{
	return error == -EIO || error == -ETIMEDOUT || error == -ENOLINK || error == -EREMOTEIO ||
	       error == -EBADMSG;	/* a child that has said nonsense of it */
}

/* Keep a quorum disk, note what an administrator may miss, forget the rest. */
static void answer_sort(struct discover_list *list, const char *path,
			const struct discover_probe *p)
{
	struct discover_lun *lun = &list->lun[list->count];
	struct discover_skip skip = { .why = p->why };

	if (path_failed(p->error)) {
		skip.reason = DISCOVER_FAILED;
		skip.error = p->error;
		skip_add(list, path, &skip);
	} else if (p->error != 0 || p->why == QD_BAD_ENVELOPE_MAGIC) {
		return;
	} else if (p->why != QD_FINE) {
		skip.reason = DISCOVER_DAMAGED;
		skip_add(list, path, &skip);
	} else if (p->content.raid_member) {
		skip.reason = DISCOVER_MD;
		skip_add(list, path, &skip);
	} else if (p->label.sector_size != p->sector_size) {
		skip.reason = DISCOVER_SECTOR;
		skip.recorded = p->label.sector_size;
		skip.kernel = p->sector_size;
		skip_add(list, path, &skip);
	} else if (list->count == DISCOVER_LUNS_MAX) {
		list->more++;
	} else {
		memcpy(lun->path, path, sizeof(lun->path));
		lun->probe = *p;
		list->count++;
	}
}

/* Ask them all, then wait for all at once. Answers come in any order: they are
 * kept by index. */
static int candidates_ask(struct child_set *set, struct candidate *candidates, unsigned count,
			  struct discover_probe *ret_probes)
{
	struct answer answer;
	int error = 0;

	for (unsigned i = 0; i < count && error == 0; i++) {
		struct question q = {
			.index = i, .path = candidates[i].path, .rdev = candidates[i].rdev,
		};

		error = child_set_ask(set, probe_child, &q);
	}
	if (error == 0)
		error = child_set_start(set, DISCOVER_DEADLINE_MS);
	while (error == 0) {
		error = read_whole(set, &answer, sizeof(answer));
		if (error == 0 && answer.index < count) {
			probe_take(&answer, &ret_probes[answer.index]);
			candidates[answer.index].answered = true;
		}
	}
	return error == -EIO || error == -ETIMEDOUT ? 0 : error;	/* all done, or time is up */
}

/* What the scan needs but its caller does not. */
struct scan {
	struct child_set set;
	struct candidate candidates[DISCOVER_CANDIDATES_MAX];
	struct discover_probe probes[DISCOVER_CANDIDATES_MAX];
};

int discover_scan(const struct discover_roots *roots, struct discover_list *ret_list)
{
	const struct discover_skip silent = { .reason = DISCOVER_SILENT };
	struct scan *scan = malloc(sizeof(*scan));
	unsigned count = 0;
	int error;

	if (!scan)
		return -ENOMEM;
	memset(ret_list, 0, sizeof(*ret_list));
	error = candidates_read(roots, scan->candidates, &count, &ret_list->more);
	if (error == 0) {
		error = child_set_open(&scan->set);
		if (error == 0)
			error = candidates_ask(&scan->set, scan->candidates, count, scan->probes);
		child_set_close(&scan->set);
	}
	for (unsigned i = 0; i < count && error == 0; i++) {
		const struct candidate *c = &scan->candidates[i];

		if (c->answered)
			answer_sort(ret_list, c->path, &scan->probes[i]);
		else
			skip_add(ret_list, c->path, &silent);
	}
	free(scan);
	return error;
}
