/* Names of devices in /dev and /sys: see discover.h and discover_sys.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "discover_sys.h"

#define DEPTH_MAX 6	/* directories below /dev */

static const char *root_dev(const struct discover_roots *roots)
{
	return roots && roots->dev ? roots->dev : "/dev";
}

static const char *root_sys(const struct discover_roots *roots)
{
	return roots && roots->sys ? roots->sys : "/sys";
}

const char *discover_root_partitions(const struct discover_roots *roots)
{
	return roots && roots->partitions ? roots->partitions : "/proc/partitions";
}

/* /sys/dev/block/MAJOR:MINOR/NAME; false: too long. */
static bool sys_path(const struct discover_roots *roots, dev_t rdev, const char *name,
		     char ret_path[DISCOVER_PATH_MAX])
{
	int n = snprintf(ret_path, DISCOVER_PATH_MAX, "%s/dev/block/%u:%u/%s", root_sys(roots),
			 major(rdev), minor(rdev), name);

	return n > 0 && n < DISCOVER_PATH_MAX;
}

bool discover_holder(const struct discover_roots *roots, dev_t rdev, char *ret_name, size_t size)
{
	char path[DISCOVER_PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (!sys_path(roots, rdev, "holders", path))
		return false;
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)) != NULL) {
		found = entry->d_name[0] != '.';
		if (found && snprintf(ret_name, size, "%s", entry->d_name) < 0)
			ret_name[0] = 0;
	}
	(void)closedir(dir);	/* read only */
	return found;
}

/* The device mapper's name of a device; false: it is not the mapper's. */
static bool dm_name(const struct discover_roots *roots, dev_t rdev, char ret_name[128])
{
	char path[DISCOVER_PATH_MAX];
	FILE *f;
	bool found;

	if (!sys_path(roots, rdev, "dm/name", path))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	found = fgets(ret_name, 128, f) != NULL;
	(void)fclose(f);	/* read only */
	if (found)
		ret_name[strcspn(ret_name, "\n")] = 0;
	return found && ret_name[0] != 0;
}

bool discover_device_path(const struct discover_roots *roots, dev_t rdev, const char *name,
			  char ret_path[DISCOVER_PATH_MAX])
{
	char mapper[128];
	struct stat st;
	int n;

	if (dm_name(roots, rdev, mapper)) {
		n = snprintf(ret_path, DISCOVER_PATH_MAX, "%s/mapper/%s", root_dev(roots), mapper);
		if (n > 0 && n < DISCOVER_PATH_MAX && stat(ret_path, &st) == 0)
			return true;
	}
	n = snprintf(ret_path, DISCOVER_PATH_MAX, "%s/%s", root_dev(roots), name);
	return n > 0 && n < DISCOVER_PATH_MAX;
}

/* ---- All names ---- */

struct walk {
	dev_t rdev, filesystem;
	struct discover_paths *ret;
};

/* A link may lead anywhere, to a dead file server too: only those that stay
 * below are followed. */
static bool link_is_local(int dir, const char *name)
{
	char target[DISCOVER_PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = 0;
	return target[0] != '/' || strncmp(target, "/dev/", 5) == 0;
}

static void path_add(const struct walk *w, const char *path)
{
	struct discover_paths *ret = w->ret;

	if (ret->count == DISCOVER_PATHS_MAX)
		return;
	(void)snprintf(ret->path[ret->count], DISCOVER_PATH_MAX, "%s", path);	/* it fits */
	ret->count++;
}

static void walk_dir(const struct walk *w, const char *path, unsigned depth);

static void walk_entry(const struct walk *w, const char *parent, int dir, const char *name,
		       unsigned depth)
{
	char path[DISCOVER_PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", parent, name);

	if (n < 0 || (size_t)n >= sizeof(path) ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISDIR(st.st_mode) && st.st_dev == w->filesystem && depth < DEPTH_MAX)
		walk_dir(w, path, depth + 1);
	if (S_ISLNK(st.st_mode) && (!link_is_local(dir, name) || fstatat(dir, name, &st, 0) < 0))
		return;
	if (S_ISBLK(st.st_mode) && st.st_rdev == w->rdev)
		path_add(w, path);
}

static void walk_dir(const struct walk *w, const char *path, unsigned depth)
{
	const struct dirent *entry;
	DIR *dir = opendir(path);

	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.')
			walk_entry(w, path, dirfd(dir), entry->d_name, depth);
	}
	(void)closedir(dir);	/* read only */
}

static int path_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

void discover_paths(const struct discover_roots *roots, dev_t rdev,
		    struct discover_paths *ret_paths)
{
	struct walk w = { .rdev = rdev, .ret = ret_paths };
	struct stat st;

	ret_paths->count = 0;
	if (stat(root_dev(roots), &st) < 0)
		return;
	w.filesystem = st.st_dev;
	walk_dir(&w, root_dev(roots), 0);
	qsort(ret_paths->path, ret_paths->count, sizeof(ret_paths->path[0]), path_compare);
}
