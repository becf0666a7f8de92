/* The hardware watchdog; see watchdog.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "watchdog.h"

#define WATCHDOG_MAJOR	10u	/* of the first one, by its old name /dev/watchdog */
#define WATCHDOG_MINOR	130u
#define SYS_ATTR_MAX	64

/* ---- What the kernel tells without opening it ---- */

/* One attribute of the device in sysfs; false: there is none. */
static bool sys_attr(const struct stat *st, const char *name, char *text, size_t size)
{
	bool first = major(st->st_rdev) == WATCHDOG_MAJOR && minor(st->st_rdev) == WATCHDOG_MINOR;
	char path[128];
	ssize_t n;
	int fd;

	if (first)
		(void)snprintf(path, sizeof(path), "/sys/class/watchdog/watchdog0/%s", name);
	else
		(void)snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/%s", major(st->st_rdev),
			       minor(st->st_rdev), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	(void)close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

static uint32_t sys_number(const struct stat *st, const char *name)
{
	char text[SYS_ATTR_MAX];
	unsigned value = 0;

	if (!sys_attr(st, name, text, sizeof(text)) || sscanf(text, "%u", &value) != 1)
		return 0;
	return value;
}

static int check_sys(const struct stat *st, const char *path, uint32_t timeout_s, char *error,
		     size_t size)
{
	uint32_t least = sys_number(st, "min_timeout"), most = sys_number(st, "max_timeout");
	char state[SYS_ATTR_MAX];

	if (sys_attr(st, "state", state, sizeof(state)) && strcmp(state, "active") == 0) {
		(void)snprintf(error, size, "watchdog %s: already armed by another program; sbd and "
			       "qdiskd cannot share one, give each its own", path);
		return -EBUSY;
	}
	if (timeout_s >= least && (most == 0 || timeout_s <= most))
		return 0;
	(void)snprintf(error, size, "watchdog %s: its driver takes %u to %u s, tko*interval needs %u",
		       path, least, most, timeout_s);
	return -ERANGE;
}

int watchdog_check(const char *path, uint32_t timeout_s, bool plain_file, char *error, size_t size)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		(void)snprintf(error, size, "watchdog %s: %s; load its driver, or softdog", path,
			       strerror(errno));
		return -ENOENT;
	}
	if (plain_file && S_ISREG(st.st_mode))
		return 0;
	if (!S_ISCHR(st.st_mode)) {
		(void)snprintf(error, size, "watchdog %s: not a watchdog device", path);
		return -ENOTTY;
	}
	return check_sys(&st, path, timeout_s, error, size);
}

/* ---- Armed ---- */

static int granted_check(int fd, const char *path, uint32_t timeout_s, char *error, size_t size)
{
	int asked = (int)timeout_s, granted = 0;

	if (ioctl(fd, WDIOC_SETTIMEOUT, &asked) != 0 || ioctl(fd, WDIOC_GETTIMEOUT, &granted) != 0) {
		int rc = -errno;

		(void)snprintf(error, size, "watchdog %s: refuses a timeout of %u s: %s", path, timeout_s,
			       strerror(-rc));
		return rc;
	}
	if (granted == (int)timeout_s)
		return 0;
	(void)snprintf(error, size, "watchdog %s: grants %d s, tko*interval needs %u", path, granted,
		       timeout_s);
	return -ERANGE;
}

int watchdog_arm(const char *path, uint32_t timeout_s, struct watchdog *ret_w, char *error, size_t size)
{
	struct watchdog w = { .fd = open(path, O_WRONLY | O_CLOEXEC), .timeout_s = timeout_s };
	int rc;

	if (w.fd < 0) {
		rc = -errno;
		(void)snprintf(error, size, "watchdog %s: %s%s", path, strerror(-rc),
			       rc == -EBUSY ? "; sbd and qdiskd cannot share one, give each its own" : "");
		return rc;
	}
	rc = granted_check(w.fd, path, timeout_s, error, size);
	if (rc == 0)
		rc = watchdog_pet(&w);
	if (rc == 0)
		*ret_w = w;
	else
		(void)watchdog_disarm(&w);
	return rc;
}

int watchdog_pet(const struct watchdog *w)
{
	int unused;	/* drivers ignore it, yet its number says that it is an int */

	if (w->fd < 0)
		return -EBADF;
	return ioctl(w->fd, WDIOC_KEEPALIVE, &unused) == 0 ? 0 : -errno;
}

bool watchdog_stoppable(const struct watchdog *w)
{
	struct stat st;

	return w->fd < 0 || fstat(w->fd, &st) != 0 || sys_number(&st, "nowayout") != 1;
}

/* Without WDIOF_MAGICCLOSE every close stops it; where the kernel was told
 * "nowayout" nothing does, and sysfs says so. */
int watchdog_disarm(struct watchdog *w)
{
	int rc = 0;

	if (w->fd < 0)
		return 0;
	if (write(w->fd, "V", 1) != 1 || !watchdog_stoppable(w))
		rc = -EPERM;
	(void)close(w->fd);
	w->fd = -1;
	return rc;
}
