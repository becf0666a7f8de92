// SPDX-License-Identifier: BSD-3-Clause
/*
 * nodereboot: reboot(2) from inside a rig node, to prove that it restarts that node
 * and nothing else.
 *
 *	nodereboot check    exit 0 only inside a rig node
 *	nodereboot restart  as a watchdog or a self-fence does
 *
 * Two independent guards keep it away from the machine itself: the initial pid
 * namespace has a fixed inode number, and a node carries /run/qdisk-node with the
 * inode number of its own pid namespace.
 */
#include <linux/reboot.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#define INIT_PID_NS_INO 0xEFFFFFFCul /* linux/proc_ns.h: PROC_PID_INIT_INO */
#define NODE_MARK	"/run/qdisk-node"

static bool inside_node(void)
{
	struct stat st;
	unsigned long marked = 0;
	FILE *f;

	if (stat("/proc/self/ns/pid", &st))
		return false;
	f = fopen(NODE_MARK, "re");
	if (!f)
		return false;
	if (fscanf(f, "%lu", &marked) != 1)
		marked = 0;
	(void)fclose(f); /* only read */
	return st.st_ino != INIT_PID_NS_INO && marked == st.st_ino;
}

int main(int argc, char **argv)
{
	if (!inside_node()) {
		fprintf(stderr, "nodereboot: not in a rig node: refusing\n");
		return 2;
	}
	if (argc != 2 || strcmp(argv[1], "restart") != 0)
		return 0;
	(void)reboot((int)LINUX_REBOOT_CMD_RESTART); /* returns only when it failed */
	perror("nodereboot: reboot");
	return 1;
}
