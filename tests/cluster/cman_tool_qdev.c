/* A quorum device for tests: registers NAME with votequorum, polls every
 * 0.2 s, and does what single bytes on stdin say: '0' and '1' set the vote,
 * 'u' unregisters and ends, end of file ends without a word to corosync.
 *
 *	cman_tool_qdev NAME
 *
 * Exit 0; 1 when corosync refuses.
 */
#include <corosync/votequorum.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define POLL_MS 200

struct device {
	votequorum_handle_t handle;
	votequorum_ring_id_t ring;
	const char *name;
	unsigned vote;
};

static void on_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
		      uint32_t count, votequorum_node_t nodes[])
{
	(void)handle;
	(void)context;
	(void)quorate;
	(void)count;
	(void)nodes;
}

static void on_expected(votequorum_handle_t handle, uint64_t context, uint32_t votes)
{
	(void)handle;
	(void)context;
	(void)votes;
}

static void on_nodelist(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
			uint32_t count, uint32_t nodes[])
{
	struct device *d = (struct device *)(uintptr_t)context;

	(void)handle;
	(void)count;
	(void)nodes;
	d->ring = ring;
}

static int fail(const char *what, cs_error_t rc)
{
	(void)fprintf(stderr, "cman_tool_qdev: %s: corosync error %d\n", what, (int)rc);
	return EXIT_FAILURE;
}

/* 1 to go on, 0 to end. */
static int obey(struct device *d, char command)
{
	if (command == '0' || command == '1')
		d->vote = command == '1';
	if (command != 'u')
		return 1;
	(void)votequorum_qdevice_unregister(d->handle, d->name);
	return 0;
}

static int run(struct device *d)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
	cs_error_t rc = votequorum_fd_get(d->handle, &fds[0].fd);
	char command;

	while (rc == CS_OK) {
		/* An answer for a ring that just ended is refused: ask again. */
		rc = votequorum_dispatch(d->handle, CS_DISPATCH_ALL);
		if (rc != CS_OK)
			break;
		rc = votequorum_qdevice_poll(d->handle, d->name, d->vote, d->ring);
		if (rc == CS_ERR_MESSAGE_ERROR)
			rc = CS_OK;
		if (poll(fds, 2, POLL_MS) > 0 && fds[1].revents) {
			if (read(STDIN_FILENO, &command, 1) != 1 || !obey(d, command))
				return EXIT_SUCCESS;
		}
	}
	return fail("poll", rc);
}

int main(int argc, char **argv)
{
	votequorum_callbacks_t callbacks = { on_quorum, on_expected, on_nodelist };
	struct device d = { .vote = 1 };
	cs_error_t rc;

	if (argc != 2)
		return fail("usage: cman_tool_qdev NAME", CS_ERR_INVALID_PARAM);
	d.name = argv[1];
	rc = votequorum_initialize(&d.handle, &callbacks);
	if (rc != CS_OK)
		return fail("initialize", rc);
	rc = votequorum_trackstart(d.handle, (uint64_t)(uintptr_t)&d, CS_TRACK_CHANGES);
	if (rc != CS_OK)
		return fail("trackstart", rc);
	rc = votequorum_qdevice_register(d.handle, d.name);
	if (rc != CS_OK)
		return fail("register", rc);
	return run(&d);
}
