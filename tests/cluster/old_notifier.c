/* A daemon of old that follows the cluster: what a lock manager did with libcman.
 *
 *	old_notifier [-n]
 *
 * Waits with select() and prints a line for what has changed: who is a member, whether
 * there is quorum, a new configuration, the end. -n: it is in use, and refuses a shutdown.
 * Callbacks only take notes, as libcman's page of old demanded.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include "libcman.h"

#define MAX_NODES 64

static int changed;
static int new_version;
static int in_use;

static void cluster_callback(cman_handle_t h, void *privdata, int reason, int arg)
{
	(void)privdata;
	switch (reason) {
	case CMAN_REASON_STATECHANGE:
		changed = 1;
		break;
	case CMAN_REASON_CONFIG_UPDATE:
		new_version = arg;
		break;
	case CMAN_REASON_TRY_SHUTDOWN:
		printf("shutdown %s\n", in_use ? "refused" : "agreed");
		cman_replyto_shutdown(h, !in_use);
		break;
	}
}

static int show_members(cman_handle_t h)
{
	static char last[512];
	cman_node_t nodes[MAX_NODES];
	char line[512];
	int count, i, used;

	memset(nodes, 0, sizeof(nodes));
	if (cman_get_nodes(h, MAX_NODES, &count, nodes) < 0)
		return -1;
	used = sprintf(line, "quorate %d members", cman_is_quorate(h));
	for (i = 0; i < count; i++) {
		if (nodes[i].cn_member)
			used += sprintf(line + used, " %d", nodes[i].cn_nodeid);
	}
	if (strcmp(line, last) != 0)
		printf("%s\n", line);
	strcpy(last, line);
	return 0;
}

static int follow(cman_handle_t h)
{
	fd_set fds;
	int fd = cman_get_fd(h);

	for (;;) {
		FD_ZERO(&fds);
		FD_SET(fd, &fds);
		if (select(fd + 1, &fds, NULL, NULL, NULL) < 0 && errno != EINTR)
			return -1;
		if (cman_dispatch(h, CMAN_DISPATCH_ALL) < 0)
			return -1;
		if (changed && show_members(h) < 0)
			return -1;
		if (new_version)
			printf("configuration %d\n", new_version);
		changed = new_version = 0;
	}
}

int main(int argc, char **argv)
{
	cman_handle_t h = cman_init(NULL);

	in_use = argc > 1 && strcmp(argv[1], "-n") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!h || cman_start_notification(h, cluster_callback) < 0 || show_members(h) < 0) {
		perror("cman");
		return 1;
	}
	if (follow(h) < 0)
		printf("the cluster is down: %s\n", errno == EHOSTDOWN ? "EHOSTDOWN" : strerror(errno));
	cman_finish(h);
	return 0;
}
