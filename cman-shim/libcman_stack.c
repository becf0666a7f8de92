/* libcman: the connection to corosync's services. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcman_private.h"
#include "libcman_text.h"

/* What corosync says about the ring when it is asked. */
struct ring_answer {
	bool known;
	struct quorum_ring_id ring;
};

bool stack_again(const struct cman_stack *s, cs_error_t rc)
{
	return conn_again(&s->guard, rc);
}

static int learn_node_id(struct cman_stack *s)
{
	unsigned id = 0;
	cs_error_t rc;

	do
		rc = corosync_cfg_local_get(s->cfg.handle, &id);
	while (stack_again(s, rc));
	if (rc != CS_OK)
		return -text_errno_connect(rc);
	s->node_id = id;
	return 0;
}

/* The token in force; without one nothing changes. */
static int learn_limit(struct cman_stack *s)
{
	uint64_t token_ms = 0;
	int error = stack_get_uint(s, "runtime.config.totem.token", &token_ms);

	if (!error)
		s->guard.limit_ms = guard_limit_ms(token_ms);
	return error == -ENOENT ? 0 : error;
}

int stack_open(struct cman_stack *s)
{
	struct cman_guard *g = &s->guard;
	int error = conn_open(&s->cmap, g, SERVICE_CMAP);

	if (!error)
		error = conn_open(&s->quorum, g, SERVICE_QUORUM);
	if (!error)
		error = conn_open(&s->votes, g, SERVICE_VOTES);
	if (!error)
		error = conn_open(&s->cfg, g, SERVICE_CFG);
	if (!error)
		error = learn_node_id(s);
	if (!error)
		error = learn_limit(s);
	if (error)
		stack_close(s);
	return error;
}

void stack_close(struct cman_stack *s)
{
	conn_close(&s->cfg, &s->guard);
	conn_close(&s->votes, &s->guard);
	conn_close(&s->quorum, &s->guard);
	conn_close(&s->cmap, &s->guard);
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
	cs_error_t rc;

	do {
		length = sizeof(raw);
		rc = cmap_get(s->cmap.handle, key, raw, &length, &type);
	} while (stack_again(s, rc));
	if (rc != CS_OK)
		return -text_errno(rc);
	return decode_uint(type, raw, ret_value);
}

int stack_get_text(struct cman_stack *s, const char *key, char *text, size_t size)
{
	char *value = NULL;
	cs_error_t rc;

	do
		rc = cmap_get_string(s->cmap.handle, key, &value);
	while (stack_again(s, rc));
	if (rc != CS_OK)
		return -text_errno(rc);
	(void)snprintf(text, size, "%s", value); /* cut, as announced */
	free(value);
	return 0;
}

int stack_get_number(struct cman_stack *s, const char *key, uint64_t max, uint64_t *ret_value)
{
	char text[24], *end;
	uint64_t value = 0;
	int error = stack_get_uint(s, key, &value);

	if (error == -EINVAL)
		error = stack_get_text(s, key, text, sizeof(text));
	else if (!error)
		(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	if (error)
		return error;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value > max)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int stack_set_uint(struct cman_stack *s, const char *key, uint64_t value)
{
	cs_error_t rc;

	do
		rc = cmap_set_uint64(s->cmap.handle, key, value);
	while (stack_again(s, rc));
	return rc == CS_OK ? 0 : -text_errno(rc);
}

int stack_set_u32(struct cman_stack *s, const char *key, uint32_t value)
{
	cs_error_t rc;

	do
		rc = cmap_set_uint32(s->cmap.handle, key, value);
	while (stack_again(s, rc));
	return rc == CS_OK ? 0 : -text_errno(rc);
}

int stack_set_text(struct cman_stack *s, const char *key, const char *text)
{
	cs_error_t rc;

	do
		rc = cmap_set_string(s->cmap.handle, key, text);
	while (stack_again(s, rc));
	return rc == CS_OK ? 0 : -text_errno(rc);
}

static void on_ring(void *to, struct quorum_ring_id ring, struct conn_nodes members,
		    struct conn_nodes left, struct conn_nodes joined)
{
	struct ring_answer *answer = to;

	(void)members;
	(void)left;
	(void)joined;
	answer->ring = ring;
	answer->known = true;
}

int stack_ring(struct cman_stack *s, struct quorum_ring_id *ret_ring)
{
	static const struct conn_events events = { .nodelist = on_ring };
	struct ring_answer answer = { .known = false };
	cs_error_t rc;

	s->quorum.events = &events;
	s->quorum.to = &answer;
	do {
		/* The present state is queued before the call returns. */
		rc = quorum_trackstart(s->quorum.handle, CS_TRACK_CURRENT);
		if (rc == CS_OK)
			rc = conn_take_all(&s->quorum) == 0 ? CS_OK : CS_ERR_LIBRARY;
		if (rc == CS_OK && !answer.known)
			rc = CS_ERR_TRY_AGAIN;
	} while (stack_again(s, rc));
	s->quorum.events = NULL; /* the answer goes away */
	if (rc != CS_OK)
		return -text_errno(rc);
	*ret_ring = answer.ring;
	return 0;
}

int stack_votes(struct cman_stack *s, uint32_t node_id, struct votequorum_info *ret_info)
{
	struct votequorum_info info; /* corosync leaves garbage on failure */
	cs_error_t rc;

	do
		rc = votequorum_getinfo(s->votes.handle, node_id, &info);
	while (stack_again(s, rc));
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
	int count = 0;
	cs_error_t rc;

	memset(raw, 0, sizeof(raw));
	do
		rc = corosync_cfg_get_node_addrs(s->cfg.handle, node_id, CMAN_LINKS_MAX, &count,
						 raw);
	while (stack_again(s, rc));
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
