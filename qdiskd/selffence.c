/* The one place where a node ends itself (floor 4).
 *
 * With QDISK_REBOOT=deny in the environment (every test outside a rig node) it
 * prints the reason and exits 4 instead; where corosync still counts the device
 * it ends the local corosync, so that nobody is misled. Where a marker
 * /run/qdisk-node exists this is a test node, and the marker must name the pid
 * namespace we are in: an inode number alone proves nothing. */
#include <fcntl.h>
#include <linux/reboot.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>
#include <syslog.h>

#include "daemon.h"

#define LAST_WORDS_MS 100u
#define NODE_MARKER "/run/qdisk-node"

enum marker { MARKER_NONE, MARKER_OURS, MARKER_FOREIGN };

static enum marker marker_read(void)
{
	unsigned long long inode = 0;
	struct stat st;
	FILE *f = fopen(NODE_MARKER, "re");

	if (!f)
		return MARKER_NONE;	/* a real machine */
	if (fscanf(f, "%llu", &inode) != 1)
		inode = 0;
	(void)fclose(f);
	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == inode ? MARKER_OURS : MARKER_FOREIGN;
}

static bool denied_by_environment(void)
{
	const char *how = getenv("QDISK_REBOOT");

	return how && strcmp(how, "deny") == 0;
}

static bool reboot_denied(void)
{
	return denied_by_environment() || marker_read() == MARKER_FOREIGN;
}

bool self_fence_is_test(void)
{
	return denied_by_environment() || marker_read() == MARKER_OURS;
}

/* ---- Last words ---- */

/* Into the kernel's log, which survives this process and often the machine. */
static void words_to_kernel(const char *text)
{
	char line[200];
	int n = snprintf(line, sizeof(line), "<0>qdiskd: %s\n", text);
	int fd = open("/dev/kmsg", O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
	(void)close(fd);
}

static void ignore(void *arg, const struct aio_done *done)
{
	(void)arg;
	(void)done;
}

/* Into the black box, if the LUN answers: nothing of ours may be out, since a write
 * behind one that hangs would hang too; and no longer than LAST_WORDS_MS. */
static void words_to_lun(struct daemon *d, enum qd_self_fence reason)
{
	uint64_t end_ms = daemon_now_ms() + LAST_WORDS_MS, now_ms;
	struct pollfd p = { .fd = aio_fd(d->aio), .events = POLLIN };
	uint32_t offset, size;
	const uint8_t *words;

	if (aio_busy(d->aio))
		return;
	words = qd_engine_last_words(&d->engine, reason, &offset, &size);
	offset += d->params.node_id * d->engine.slot_size;
	if (aio_write_block(d->aio, offset, words, size) != 0)
		return;
	while (aio_busy(d->aio) && (now_ms = daemon_now_ms()) < end_ms) {
		if (poll(&p, 1, (int)(end_ms - now_ms)) > 0)
			(void)aio_reap(d->aio, ignore, NULL);
	}
}

void self_fence_at_start(const char *text)
{
	words_to_kernel(text);
	if (!reboot_denied()) {
		fprintf(stderr, "qdiskd: %s - rebooting\n", text);
		(void)reboot(RB_AUTOBOOT);
		fprintf(stderr, "qdiskd: reboot failed: %m\n");
		return;
	}
	fprintf(stderr, "qdiskd: self-fence denied: %s\n", text);
}

void self_fence_now(struct daemon *d, enum qd_self_fence reason)
{
	const char *text = qd_self_fence_text(reason);

	words_to_kernel(text);
	words_to_lun(d, reason);
	if (!reboot_denied()) {
		log_line(LOG_EMERG, "%s - REBOOTING", text);
		/* no sync(2): what this node holds back must not reach the disks now */
		(void)reboot(RB_AUTOBOOT);
		log_line(LOG_EMERG, "reboot failed: %m");
	}
	log_line(LOG_EMERG, "%s - reboot denied, exiting", text);
	fprintf(stderr, "qdiskd: self-fence denied: %s\n", text);
	if (d->cs && (reason == QD_FENCED_QUORATE || d->snapshot.corosync.quorate))
		(void)cs_end(d->cs);
	_exit(EXIT_DEVICE);
}
