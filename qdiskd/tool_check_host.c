/* What this machine is, for `qdisk-tool check`; see tool_check.h. */
#include "tool_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "discover.h"

#define TEXT_MAX 65536u
#define MULTIPATH_CONF "/etc/multipath.conf"
#define CIB "/var/lib/pacemaker/cib/cib.xml"
#define POLLING_S 5u	/* multipathd's default polling_interval */

/* The beginning of a file as a text; false: it cannot be read. Never blocks on a fifo. */
static bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		(void)close(fd);	/* only read from */
	text[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

/* A file of /sys about one block device, without its line end. */
static bool read_sys(dev_t rdev, const char *name, char *text, size_t size)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(rdev), minor(rdev), name);
	if (!read_text(path, text, size))
		return false;
	text[strcspn(text, "\n")] = '\0';
	return true;
}

static bool sys_exists(dev_t rdev, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(rdev), minor(rdev), name);
	return access(path, F_OK) == 0;
}

/* ---- What kind of device ---- */

/* A mirror of LVM lies on hidden volumes with these names. */
static bool is_mirror(dev_t rdev)
{
	char path[128], name[256], file[300];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/slaves", major(rdev), minor(rdev));
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		(void)snprintf(file, sizeof(file), "/sys/block/%.64s/dm/name", entry->d_name);
		found = read_text(file, name, sizeof(name)) &&
			(strstr(name, "_mimage_") || strstr(name, "_rimage_"));
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

static bool on_network(const char *file)
{
	static const unsigned long magic[] = { 0x6969 /* nfs */, 0xff534d42 /* cifs */, 0xfe534d42 /* smb2 */,
					       0x00c36400 /* ceph */, 0x01021997 /* 9p */ };
	struct statfs fs;

	if (statfs(file, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++) {
		if ((unsigned long)fs.f_type == magic[i])
			return true;
	}
	return false;
}

static enum check_kind kind_of(dev_t rdev)
{
	char text[QD_PATH_LEN] = "";

	if (sys_exists(rdev, "md/level"))
		return CHECK_MD;
	if (major(rdev) == 147)	/* DRBD's */
		return CHECK_DRBD;
	if (is_mirror(rdev))
		return CHECK_MIRROR;
	if (read_sys(rdev, "loop/backing_file", text, sizeof(text)) && on_network(text))
		return CHECK_NETWORK_FILE;
	return CHECK_DISK;
}

/* "none [mq-deadline] kyber": the one in brackets. A partition has that of its disk. */
static void read_scheduler(dev_t rdev, char *ret_name, size_t size)
{
	char text[256], *begin, *end;

	if (!read_sys(rdev, "queue/scheduler", text, sizeof(text)) &&
	    !read_sys(rdev, "../queue/scheduler", text, sizeof(text)))
		return;
	begin = strchr(text, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (end)
		(void)snprintf(ret_name, size, "%.*s", (int)(end - begin - 1), begin + 1);
}

/* ---- Multipath ---- */

/* So many looks for a path, so many seconds apart. */
static uint32_t retries_ms(unsigned long tries, unsigned long polling_s)
{
	return tries > UINT32_MAX / 1000 / polling_s ? UINT32_MAX : (uint32_t)(tries * polling_s * 1000);
}

/* The last value of a word in multipath.conf, as the sections stand above `defaults`. */
static bool last_value(const char *text, const char *word, char *ret_value, size_t size)
{
	bool found = false;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += strspn(line, "\n \t");
		if (strncmp(line, word, strlen(word)) != 0 || !strchr(" \t\"", line[strlen(word)]))
			continue;
		line += strlen(word);
		line += strspn(line, " \t\"");
		(void)snprintf(ret_value, size, "%.*s", (int)strcspn(line, " \t\"\n#"), line);
		found = true;
	}
	return found;
}

static void read_multipath(dev_t rdev, struct check_lun *lun)
{
	char uuid[256] = "", value[32] = "";
	unsigned long polling_s = POLLING_S;
	char *text;

	if (!read_sys(rdev, "dm/uuid", uuid, sizeof(uuid)) || strncmp(uuid, "mpath-", 6) != 0)
		return;
	text = malloc(TEXT_MAX);
	if (text && read_text(MULTIPATH_CONF, text, TEXT_MAX)) {
		if (last_value(text, "polling_interval", value, sizeof(value)) && strtoul(value, NULL, 10))
			polling_s = strtoul(value, NULL, 10);
		if (last_value(text, "no_path_retry", value, sizeof(value))) {
			unsigned long tries = strtoul(value, NULL, 10);

			lun->queue = strcmp(value, "queue") == 0 ? CHECK_QUEUE_FOR_EVER :
				     tries ? CHECK_QUEUE_FOR : CHECK_QUEUE_NO;
			lun->queue_ms = retries_ms(tries, polling_s);
		} else if (strstr(text, "queue_if_no_path")) {
			lun->queue = CHECK_QUEUE_FOR_EVER;
		}
	}
	free(text);
}

/* ---- All of the LUN ---- */

void tool_check_lun(const struct qd_config *config, struct check_lun *ret_lun)
{
	struct discover_list *list = calloc(1, sizeof(*list));
	struct discover_probe *probe = calloc(1, sizeof(*probe));
	int rc = -ENOMEM;

	if (!list || !probe)
		goto out;
	(void)snprintf(ret_lun->path, sizeof(ret_lun->path), "%s", config->device);
	if (config->label[0]) {
		rc = discover_by_label(NULL, config->label, list);
		if (rc != 0) {
			discover_explain(rc, config->label, list, ret_lun->error, sizeof(ret_lun->error));
			goto out;
		}
		(void)snprintf(ret_lun->path, sizeof(ret_lun->path), "%s", list->lun[0].path);
	}
	rc = discover_probe(ret_lun->path, probe);
	if (rc == 0)
		rc = probe->error;
	if (rc != 0 || probe->why != QD_FINE) {
		(void)snprintf(ret_lun->error, sizeof(ret_lun->error), "%.150s: %.80s", ret_lun->path,
			       rc ? strerror(-rc) : qd_corrupt_text(probe->why));
		goto out;
	}
	ret_lun->known = true;
	ret_lun->label = probe->label;
	ret_lun->kind = kind_of(probe->rdev);
	read_scheduler(probe->rdev, ret_lun->scheduler, sizeof(ret_lun->scheduler));
	read_multipath(probe->rdev, ret_lun);
out:
	free(list);
	free(probe);
}

/* ---- Pacemaker ---- */

/* Does an <nvpair> of that name have this value? The file is Pacemaker's own writing. */
static bool cib_says(const char *text, const char *name, const char *value)
{
	char name_is[64], value_is[64];

	(void)snprintf(name_is, sizeof(name_is), "name=\"%s\"", name);
	(void)snprintf(value_is, sizeof(value_is), "value=\"%s\"", value);
	for (const char *at = text; (at = strstr(at, "<nvpair ")); at++) {
		const char *end = strchr(at, '>'), *n = strstr(at, name_is), *v = strstr(at, value_is);

		if (end && n && v && n < end && v < end)
			return true;
	}
	return false;
}

void tool_check_pacemaker(struct check_facts *facts)
{
	char *text = malloc(TEXT_MAX);

	facts->pacemaker = text && read_text(CIB, text, TEXT_MAX);
	if (facts->pacemaker) {
		facts->stonith_off = cib_says(text, "stonith-enabled", "false");
		facts->quorum_ignored = cib_says(text, "no-quorum-policy", "ignore");
		facts->fence_qdisk = (strstr(text, "type=\"fence_qdisk\"") || strstr(text, "type='fence_qdisk'")) &&
				     !cib_says(text, "method", "lun");
	}
	free(text);
}

bool tool_check_fifo(const char *path)
{
	struct stat st;

	return path[0] == '/' && stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}
