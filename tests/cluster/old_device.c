/* A quorum device of old: registers, polls while it is told that all is well, and takes
 * itself out again.
 *
 *	old_device NAME VOTES
 *
 * Reads a character at a time: + the device is well, - it is not, . it goes. Polls twice
 * a second between.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>
#include "libcman.h"

static int show(cman_handle_t h)
{
	struct cman_qdev_info info;

	if (cman_get_quorum_device(h, &info) < 0)
		return -1;
	printf("device %s %s votes %d\n", info.qi_name,
	       info.qi_state == CLUSTER_NODESTATE_MEMBER ? "available" : "not available", info.qi_votes);
	return 0;
}

/* 1 a character came, 0 none for half a second, -1 it is the end. */
static int next(char *byte)
{
	struct timeval half = { 0, 500000 };
	fd_set fds;

	FD_ZERO(&fds);
	FD_SET(0, &fds);
	if (select(1, &fds, NULL, NULL, &half) < 1)
		return 0;
	return read(0, byte, 1) == 1 && *byte != '.' ? 1 : -1;
}

int main(int argc, char **argv)
{
	cman_handle_t h = cman_admin_init(NULL);
	char byte = '+';
	int well = 1, got;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 3 || !h || cman_register_quorum_device(h, argv[1], atoi(argv[2])) < 0) {
		perror("cman");
		return 1;
	}
	if (show(h) < 0)
		return 1;
	do {
		if (cman_poll_quorum_device(h, well) < 0) {
			perror("cman_poll_quorum_device");
			return 1;
		}
		got = next(&byte);
		if (got > 0) {
			well = byte == '+';
			if (cman_poll_quorum_device(h, well) < 0 || show(h) < 0)
				return 1;
		}
	} while (got >= 0);
	if (cman_unregister_quorum_device(h) == 0 || errno != EBUSY)
		printf("unregistered while it was available\n");
	if (cman_poll_quorum_device(h, 0) < 0 || cman_unregister_quorum_device(h) < 0)
		perror("cman_unregister_quorum_device");
	if (show(h) < 0 && errno == ENOENT)
		printf("no device\n");
	return cman_finish(h) == 0 ? 0 : 1;
}
