/* libcman: the connection to corosync's services. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libcman_private.h"
#include "libcman_text.h"

#define AGAIN_PAUSE_MS 100
#define AGAIN_TRIES    50

/* What corosync says about the ring when it is asked. */
struct ring_answer {
	bool known;
	uint64_t seq;
};

bool stack_again(cs_error_t rc, unsigned *tries)
{
	struct timespec pause = { .tv_nsec = AGAIN_PAUSE_MS * 1000000L };

	if (rc != CS_ERR_TRY_AGAIN || *tries >= AGAIN_TRIES)
		return false;
	(*tries)++;
	(void)nanosleep(&pause, NULL); /* a signal only shortens it */
	return true;
}

static void on_quorum(quorum_handle_t handle, uint32_t quorate, struct quorum_ring_id ring,
		      uint32_t member_count, const uint32_t *members)
{
	/* Required by corosync; the answer comes as the node list. */
	(void)handle;
	(void)quorate;
	(void)ring;
	(void)member_count;
	(void)members;
}

static void on_nodelist(quorum_handle_t handle, struct quorum_ring_id ring, uint32_t member_count,
			const uint32_t *members, uint32_t joined_count, const uint32_t *joined,
			uint32_t left_count, const uint32_t *left)
{
	const void *context = NULL;
	struct ring_answer *answer;

	(void)member_count;
	(void)members;
	(void)joined_count;
	(void)joined;
	(void)left_count;
	(void)left;
	if (quorum_context_get(handle, &context) != CS_OK || !context)
		return;
	answer = (struct ring_answer *)(uintptr_t)context; /* corosync's const */
	answer->seq = ring.seq;
	answer->known = true;
}

static int open_quorum(struct cman_stack *s)
{
	quorum_model_v1_data_t callbacks = {
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = on_quorum,
		.nodelist_notify_fn = on_nodelist,
	};
	votequorum_callbacks_t none = { 0 };
	uint32_t type = QUORUM_FREE;
	unsigned tries = 0;
	cs_error_t rc;

	do
		rc = quorum_model_initialize(&s->quorum, QUORUM_MODEL_V1,
					     (quorum_model_data_t *)(void *)&callbacks, &type,
					     NULL);
	while (stack_again(rc, &tries));
	if (rc != CS_OK) {
		s->quorum = 0;
		return -text_errno_connect(rc);
	}
	if (type != QUORUM_SET)
		return -ENOENT;
	do
		rc = votequorum_initialize(&s->votes, &none);
	while (stack_again(rc, &tries));
	if (rc != CS_OK) {
		s->votes = 0;
		return -text_errno_connect(rc);
	}
	return 0;
}

static int open_cfg(struct cman_stack *s)
{
	const corosync_cfg_callbacks_t none = { 0 };
	unsigned id = 0;
	unsigned tries = 0;
	cs_error_t rc;

	do
		rc = corosync_cfg_initialize(&s->cfg, &none);
	while (stack_again(rc, &tries));
	if (rc != CS_OK) {
		s->cfg = 0;
		return -text_errno_connect(rc);
	}
	do
		rc = corosync_cfg_local_get(s->cfg, &id);
	while (stack_again(rc, &tries));
	if (rc != CS_OK)
		return -text_errno_connect(rc);
	s->node_id = id;
	return 0;
}

int stack_open(struct cman_stack *s)
{
	unsigned tries = 0;
	cs_error_t rc;
	int error;

	memset(s, 0, sizeof(*s));
	do
		rc = cmap_initialize(&s->cmap);
	while (stack_again(rc, &tries));
	if (rc != CS_OK) {
		s->cmap = 0;
		return -text_errno_connect(rc);
	}
	error = open_quorum(s);
	if (!error)
		error = open_cfg(s);
	if (error)
		stack_close(s);
	return error;
}

void stack_close(struct cman_stack *s)
{
	/* A handle is never 0; what a dead corosync answers does not matter. */
	if (s->cfg)
		(void)corosync_cfg_finalize(s->cfg);
	if (s->votes)
		(void)votequorum_finalize(s->votes);
	if (s->quorum)
		(void)quorum_finalize(s->quorum);
	if (s->cmap)
		(void)cmap_finalize(s->cmap);
	memset(s, 0, sizeof(*s));
}

/* The number of type `type` in the first bytes of `raw`. */
static int decode_uint(cmap_value_types_t type, const void *raw, uint64_t *ret_value)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	int32_t i32;

	if (type == CMAP_VALUETYPE_UINT64) {
		memcpy(ret_value, raw, sizeof(*ret_value));
	} else if (type == CMAP_VALUETYPE_UINT32) {
		memcpy(&u32, raw, sizeof(u32));
		*ret_value = u32;
	} else if (type == CMAP_VALUETYPE_UINT16) {
		memcpy(&u16, raw, sizeof(u16));
		*ret_value = u16;
	} else if (type == CMAP_VALUETYPE_UINT8) {
		memcpy(&u8, raw, sizeof(u8));
		*ret_value = u8;
	} else if (type == CMAP_VALUETYPE_INT32) {
		memcpy(&i32, raw, sizeof(i32));
		if (i32 < 0)
			return -EINVAL;
		*ret_value = (uint64_t)i32;
	} else {
		return -EINVAL;
	}
	return 0;
}

int stack_get_uint(struct cman_stack *s, const char *key, uint64_t *ret_value)
{
	cmap_value_types_t type = CMAP_VALUETYPE_BINARY;
	unsigned char raw[sizeof(uint64_t)];
	size_t length;
	unsigned tries = 0;
	cs_error_t rc;

	do {
		length = sizeof(raw);
		rc = cmap_get(s->cmap, key, raw, &length, &type);
	} while (stack_again(rc, &tries));
	if (rc != CS_OK)
		return -text_errno(rc);
	return decode_uint(type, raw, ret_value);
}

int stack_get_text(struct cman_stack *s, const char *key, char *text, size_t size)
{
	char *value = NULL;
	unsigned tries = 0;
	cs_error_t rc;

	do
		rc = cmap_get_string(s->cmap, key, &value);
	while (stack_again(rc, &tries));
	if (rc != CS_OK)
		return -text_errno(rc);
	(void)snprintf(text, size, "%s", value); /* cut, as announced */
	free(value);
	return 0;
}

int stack_ring_seq(struct cman_stack *s, uint64_t *ret_seq)
{
	struct ring_answer answer = { .known = false };
	unsigned tries = 0;
	cs_error_t rc;

	rc = quorum_context_set(s->quorum, &answer);
	if (rc != CS_OK)
		return -text_errno(rc);
	do {
		/* The present state is queued before the call returns. */
		rc = quorum_trackstart(s->quorum, CS_TRACK_CURRENT);
		if (rc == CS_OK)
			rc = quorum_dispatch(s->quorum, CS_DISPATCH_ALL);
		if (rc == CS_OK && !answer.known)
			rc = CS_ERR_TRY_AGAIN;
	} while (stack_again(rc, &tries));
	(void)quorum_context_set(s->quorum, NULL); /* the answer goes away */
	if (rc != CS_OK)
		return -text_errno(rc);
	*ret_seq = answer.seq;
	return 0;
}

int stack_votes(struct cman_stack *s, uint32_t node_id, struct votequorum_info *ret_info)
{
	struct votequorum_info info; /* corosync leaves garbage on failure */
	unsigned tries = 0;
	cs_error_t rc;

	do
		rc = votequorum_getinfo(s->votes, node_id, &info);
	while (stack_again(rc, &tries));
	if (rc != CS_OK)
		return -text_errno(rc);
	*ret_info = info;
	return 0;
}

/* A socket address of corosync as ours: port 0, nothing behind it; length 0
 * when it is of a family that nobody knows. */
static struct cman_node_address plain_address(const char raw[sizeof(struct sockaddr_in6)])
{
	struct cman_node_address address;
	struct sockaddr_in6 in6;

	memset(&address, 0, sizeof(address));
	memcpy(&in6, raw, sizeof(in6));
	in6.sin6_port = 0; /* where sin_port is, too */
	if (in6.sin6_family == AF_INET6)
		address.cna_addrlen = sizeof(struct sockaddr_in6);
	else if (in6.sin6_family == AF_INET)
		address.cna_addrlen = sizeof(struct sockaddr_in);
	memcpy(address.cna_address, &in6, (size_t)address.cna_addrlen);
	return address;
}

int stack_addresses(struct cman_stack *s, uint32_t node_id,
		    struct cman_node_address addresses[CMAN_LINKS_MAX])
{
	corosync_cfg_node_address_t raw[CMAN_LINKS_MAX];
	unsigned tries = 0;
	int count = 0;
	cs_error_t rc;

	memset(raw, 0, sizeof(raw));
	do
		rc = corosync_cfg_get_node_addrs(s->cfg, node_id, CMAN_LINKS_MAX, &count, raw);
	while (stack_again(rc, &tries));
	if (rc != CS_OK)
		return -text_errno(rc);
	if (count < 0 || count > CMAN_LINKS_MAX)
		return -EIO;
	for (int i = 0; i < count; i++)
		addresses[i] = plain_address(raw[i].address);
	return count;
}

int stack_need_member(struct cman_stack *s)
{
	char key[64], status[16] = "";
	int error;

	(void)snprintf(key, sizeof(key), "runtime.members.%u.status", s->node_id);
	error = stack_get_text(s, key, status, sizeof(status));
	if (error)
		return error;
	return strcmp(status, "joined") == 0 ? 0 : -ENOENT;
}

int stack_device(struct cman_stack *s, struct cman_qdev_info *ret_info)
{
	const unsigned available =
		VOTEQUORUM_INFO_QDEVICE_ALIVE | VOTEQUORUM_INFO_QDEVICE_CAST_VOTE;
	struct votequorum_info info = { 0 };
	int error = stack_votes(s, s->node_id, &info);

	if (error)
		return error;
	if (!(info.flags & VOTEQUORUM_INFO_QDEVICE_REGISTERED))
		return -ENOENT;
	memset(ret_info, 0, sizeof(*ret_info));
	memcpy(ret_info->qi_name, info.qdevice_name,
	       strnlen(info.qdevice_name, sizeof(info.qdevice_name)));
	ret_info->qi_votes = (int)info.qdevice_votes;
	ret_info->qi_state = (info.flags & available) == available ? CLUSTER_NODESTATE_MEMBER
								   : CLUSTER_NODESTATE_DEAD;
	return 0;
}
