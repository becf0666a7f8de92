/* Is the device in use? By this host, or, beating, by any. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mkqdisk.h"
#include "qd_laws.h"

#define WATCH_STEP_MS 250u

static void use_text(char ret_text[MK_USE_MAX], const char *what, const char *where)
{
	(void)snprintf(ret_text, MK_USE_MAX, "%s%s", what, where);	/* cut where too long */
}

/* "ID PARENT MAJOR:MINOR ROOT WHERE ..." */
static bool use_mounted(dev_t rdev, char ret_text[MK_USE_MAX])
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], where[256];
	unsigned major_id, minor_id;
	bool found = false;

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		found = sscanf(line, "%*u %*u %u:%u %*s %255s", &major_id, &minor_id, where) == 3 &&
			makedev(major_id, minor_id) == rdev;
	}
	(void)fclose(f);	/* read only */
	if (found)
		use_text(ret_text, "it is mounted on ", where);
	return found;
}

static bool use_swap(dev_t rdev, char ret_text[MK_USE_MAX])
{
	FILE *f = fopen("/proc/swaps", "re");
	char line[512], path[256];
	struct stat st;
	bool found = false;

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		found = sscanf(line, "%255s", path) == 1 && path[0] == '/' &&
			stat(path, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == rdev;
	}
	(void)fclose(f);	/* read only */
	if (found)
		use_text(ret_text, "it is swap space, as ", path);
	return found;
}

bool mk_use_local(const struct mk_options *o, const struct discover_probe *probe,
		  char ret_text[MK_USE_MAX])
{
	char holder[128];
	int fd;

	if (use_mounted(probe->rdev, ret_text) || use_swap(probe->rdev, ret_text))
		return true;
	if (discover_holder(&o->roots, probe->rdev, holder, sizeof(holder))) {
		use_text(ret_text, "it is held by ", holder);
		return true;
	}
	fd = open(o->device, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd >= 0) {
		(void)close(fd);	/* read only */
		return false;
	}
	if (errno != EBUSY)
		return false;	/* opening it for writing will tell */
	use_text(ret_text, "it is opened exclusively: mounted in another mount namespace, ",
		 "a partition of it in use, or another program at work on it");
	return true;
}

/* ---- Beating ---- */

struct watch {
	const char *path;
	uint32_t slot_size, capacity;
	size_t size;		/* bytes of label and all slots */
	uint8_t *before, *after;
	bool written[QD_NODE_MAX + 1];	/* a node once wrote this slot */
	uint32_t interval_ms;	/* the longest that is told */
	bool any;
};

/* A block that no node has written since mkqdisk did cannot beat. */
static void watch_note(struct watch *w, const uint8_t *bytes)
{
	for (uint32_t id = 1; id <= w->capacity; id++) {
		struct qd_block block;

		if (qd_block_decode(bytes + (size_t)w->slot_size * id, w->slot_size, id, &block) !=
			    QD_FINE ||
		    block.writer_id == 0)
			continue;
		w->written[id] = true;
		w->any = true;
		if (block.has_ext && block.ext.interval_ms > w->interval_ms)
			w->interval_ms = block.ext.interval_ms;
	}
}

/* The node whose block is another now; 0: none. */
static uint32_t watch_compare(struct watch *w)
{
	watch_note(w, w->after);
	for (uint32_t id = 1; id <= w->capacity; id++) {
		size_t offset = (size_t)w->slot_size * id;

		if (w->written[id] && memcmp(w->before + offset, w->after + offset, 512) != 0)
			return id;
	}
	return 0;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);	/* cannot fail */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Look again until a beat is seen or the time is over. 0, node id or -errno. */
static int watch_wait(struct watch *w)
{
	const struct timespec step = { .tv_nsec = (long)WATCH_STEP_MS * 1000000 };
	uint32_t wait_ms = qd_law_watch_ms(w->interval_ms), node_id = 0;
	uint64_t start_ms = now_ms();
	bool last = false;

	mk_say("%s: nodes have written here; watching for beats for %u.%u s", w->path,
	       wait_ms / 1000, wait_ms % 1000 / 100);
	while (node_id == 0 && !last) {
		int error;

		(void)nanosleep(&step, NULL);	/* a signal only shortens a step */
		last = now_ms() - start_ms >= wait_ms;
		error = discover_read(w->path, 0, w->after, w->size);
		if (error < 0)
			return error;
		node_id = watch_compare(w);
	}
	return (int)node_id;
}

static void beat_text(const struct watch *w, uint32_t node_id, char ret_text[MK_USE_MAX])
{
	struct qd_block block;
	size_t offset = (size_t)w->slot_size * node_id;

	if (qd_block_decode(w->after + offset, w->slot_size, node_id, &block) != QD_FINE) {
		(void)snprintf(ret_text, MK_USE_MAX, "node %u beats on it", node_id);
		return;
	}
	mk_clean(block.ext.node_name);
	(void)snprintf(ret_text, MK_USE_MAX, "node %u%s%s beats on it (%s)", node_id,
		       block.ext.node_name[0] ? " " : "", block.ext.node_name,
		       qd_state_text(block.state));
}

static int watch_run(struct watch *w, char ret_text[MK_USE_MAX])
{
	int result = discover_read(w->path, 0, w->before, w->size);

	if (result < 0)
		return result;
	watch_note(w, w->before);
	if (!w->any)
		return 0;
	result = watch_wait(w);
	if (result <= 0)
		return result;
	beat_text(w, (uint32_t)result, ret_text);
	return 1;
}

int mk_use_beating(const struct mk_options *o, const struct discover_probe *probe,
		   char ret_text[MK_USE_MAX])
{
	struct qd_device extent = {
		.fd = -1,
		.sector_size = probe->sector_size,
		.slot_size = qd_slot_size(probe->sector_size),
		.size = probe->size,
	};
	struct watch w = {
		.path = o->device,
		.slot_size = extent.slot_size,
		.capacity = device_capacity(&extent),
		.interval_ms = probe->why == QD_FINE ? probe->label.timings.interval_ms : 0,
	};
	int result = -ENOMEM;

	w.size = (size_t)w.slot_size * (w.capacity + 1);
	w.before = malloc(w.size);
	w.after = malloc(w.size);
	if (w.before && w.after)
		result = watch_run(&w, ret_text);
	free(w.before);
	free(w.after);
	return result;
}
