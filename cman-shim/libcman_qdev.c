/* libcman: the quorum device. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "libcman_private.h"
#include "libcman_text.h"

/* Longest name that votequorum takes, in bytes. */
#define NAME_MAX_BYTES (VOTEQUORUM_QDEVICE_MAX_NAME_LEN - 1)

static int get_quorum_device(struct cman_stack *s, struct cman_qdev_info *info)
{
	int error;

	if (!info)
		return -EINVAL;
	error = stack_need_member(s);
	return error ? error : stack_device(s, info);
}

CMAN_PUBLIC int cman_get_quorum_device(cman_handle_t handle, struct cman_qdev_info *info)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, get_quorum_device(&h->stack, info)) : -1;
}

/* Is it the name of a node? */
static int name_is_a_node(struct cman_stack *s, const char *name)
{
	struct cman_table table;
	int answer = table_load(&table, s);

	if (!answer)
		answer = table_by_name(&table, name) != NULL;
	table_done(&table);
	return answer;
}

/* corosync's configuration says how many votes the device has, and it says
 * so on all nodes: a program that means another number is to be told. */
static int check_votes(struct cman_stack *s, int votes)
{
	struct votequorum_info info;
	int error = stack_votes(s, s->node_id, &info);

	if (error || (votes >= 0 && (unsigned)votes == info.qdevice_votes))
		return error;
	syslog(LOG_ERR,
	       "libcman: quorum device registered with %d votes, but quorum.device.votes is %u",
	       votes, info.qdevice_votes);
	return -EINVAL;
}

static int register_device(struct cman_stack *s, const char *name, int votes)
{
	size_t length = name ? strnlen(name, NAME_MAX_BYTES + 1) : 0;
	cs_error_t rc;
	int answer;

	if (!length || length > NAME_MAX_BYTES)
		return -EINVAL;
	answer = stack_need_member(s);
	if (!answer)
		answer = name_is_a_node(s, name);
	if (answer > 0)
		return -EALREADY;
	if (!answer)
		answer = check_votes(s, votes);
	if (answer)
		return answer;
	do
		rc = votequorum_qdevice_register(s->votes.handle, name);
	while (stack_again(s, rc));
	return rc == CS_OK ? 0 : -text_errno(rc);
}

CMAN_PUBLIC int cman_register_quorum_device(cman_handle_t handle, char *name, int votes)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);

	return h ? handle_leave(h, register_device(&h->stack, name, votes)) : -1;
}

/* The device, which must be there. */
static int need_device(struct cman_stack *s, struct cman_qdev_info *ret_device)
{
	int error = stack_device(s, ret_device);

	return error == -ENOENT ? -EINVAL : error;
}

static int unregister_device(struct cman_stack *s)
{
	struct cman_qdev_info device;
	int error = need_device(s, &device);
	cs_error_t rc;

	if (error)
		return error;
	if (device.qi_state == CLUSTER_NODESTATE_MEMBER)
		return -EBUSY;
	do
		rc = votequorum_qdevice_unregister(s->votes.handle, device.qi_name);
	while (stack_again(s, rc));
	return rc == CS_OK ? 0 : -text_errno(rc);
}

CMAN_PUBLIC int cman_unregister_quorum_device(cman_handle_t handle)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);

	return h ? handle_leave(h, unregister_device(&h->stack)) : -1;
}

/* Answer for the ring that corosync is in. It may be in another one before
 * the answer is there (CS_ERR_MESSAGE_ERROR): once more then. */
static int poll_device(struct cman_stack *s, bool available)
{
	struct cman_qdev_info device;
	struct quorum_ring_id ring;
	int error = need_device(s, &device);
	cs_error_t rc = CS_ERR_MESSAGE_ERROR;

	for (int i = 0; i < 2 && !error && rc == CS_ERR_MESSAGE_ERROR; i++) {
		error = stack_ring(s, &ring);
		if (error)
			break;
		do
			rc = votequorum_qdevice_poll(
				s->votes.handle, device.qi_name, available,
				(votequorum_ring_id_t){ .nodeid = ring.nodeid, .seq = ring.seq });
		while (stack_again(s, rc));
	}
	if (error)
		return error;
	if (rc == CS_ERR_MESSAGE_ERROR)
		return -EAGAIN;
	return rc == CS_OK ? 0 : -text_errno(rc);
}

CMAN_PUBLIC int cman_poll_quorum_device(cman_handle_t handle, int isavailable)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);

	return h ? handle_leave(h, poll_device(&h->stack, isavailable != 0)) : -1;
}
