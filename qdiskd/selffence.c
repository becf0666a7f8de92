/* The one place where a node ends itself (floor 4).
 *
 * With QDISK_REBOOT=deny in the environment (every test outside a rig node) it
 * prints the reason and exits 4 instead; where corosync still counts the device
 * it ends the local corosync, so that nobody is misled. Where a marker
 * /run/qdisk-node exists this is a test node, and the marker must name the pid
 * namespace we are in: an inode number alone proves nothing. */
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>
#include <syslog.h>

#include "daemon.h"

#define NODE_MARKER "/run/qdisk-node"

static bool marker_allows(void)
{
	unsigned long long inode = 0;
	struct stat st;
	FILE *f = fopen(NODE_MARKER, "re");

	if (!f)
		return true;	/* a real machine */
	if (fscanf(f, "%llu", &inode) != 1)
		inode = 0;
	(void)fclose(f);
	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == inode;
}

static bool reboot_denied(void)
{
	const char *how = getenv("QDISK_REBOOT");

	return (how && strcmp(how, "deny") == 0) || !marker_allows();
}

void self_fence_now(struct daemon *d, enum qd_self_fence reason)
{
	const char *text = qd_self_fence_text(reason);

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
