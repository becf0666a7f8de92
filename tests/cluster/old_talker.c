/* A cluster program of old that runs on each node, as a cluster-wide volume manager did:
 * binds a port, waits until all members listen there, meets them at a barrier, sends each
 * a greeting, and ends when it has all of them, its own too, in an order that is the same
 * everywhere.
 *
 *	old_talker PORT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "libcman.h"

#define MAX_NODES 64

struct talk {
	int heard;
	int port;
};

static void data_callback(cman_handle_t h, void *privdata, char *buf, int len, uint8_t port, int nodeid)
{
	struct talk *talk = (struct talk *)privdata;

	(void)h;
	printf("from %d port %d: %.*s\n", nodeid, (int)port, len, buf);
	talk->heard++;
}

/* The number of members, all of which listen; 0 not yet. */
static int all_listen(cman_handle_t h, int port)
{
	cman_node_t nodes[MAX_NODES];
	int count, i, members = 0;

	memset(nodes, 0, sizeof(nodes));
	if (cman_get_nodes(h, MAX_NODES, &count, nodes) < 0)
		return 0;
	for (i = 0; i < count; i++) {
		if (!nodes[i].cn_member)
			continue;
		if (cman_is_listening(h, nodes[i].cn_nodeid, (uint8_t)port) != 1)
			return 0;
		members++;
	}
	return members > 1 ? members : 0;
}

static int meet(cman_handle_t h)
{
	if (cman_barrier_register(h, "talkers", 0, 0) < 0)
		return -1;
	return cman_barrier_wait(h, "talkers");
}

static int greet(cman_handle_t h)
{
	cman_node_t me;
	char text[300];

	memset(&me, 0, sizeof(me));
	if (cman_get_node(h, CMAN_NODEID_US, &me) < 0)
		return -1;
	sprintf(text, "greetings of %s", me.cn_name);
	return cman_send_data(h, text, (int)strlen(text), 0, 0, CMAN_NODEID_ALL) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct talk talk;
	cman_handle_t h = cman_init(&talk);
	int members, tries = 0;

	talk.heard = 0;
	talk.port = argc > 1 ? atoi(argv[1]) : 11;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!h || cman_start_recv_data(h, data_callback, (uint8_t)talk.port) < 0) {
		perror("cman");
		return 1;
	}
	while (!(members = all_listen(h, talk.port)) && tries++ < 150)
		usleep(100000);
	if (!members || meet(h) != 0 || greet(h) < 0) {
		perror("talk");
		return 1;
	}
	while (talk.heard < members) {
		if (cman_dispatch(h, CMAN_DISPATCH_BLOCKING) < 0) {
			perror("cman_dispatch");
			return 1;
		}
	}
	cman_end_recv_data(h);
	return cman_finish(h) == 0 ? 0 : 1;
}
