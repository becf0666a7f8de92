/* libcman: the cluster as a whole, and the quorum device. */
#include "libcman.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libcman_clusterid.h"
#include "libcman_private.h"
#include "libcman_text.h"

/* The protocol version of the last cman; scripts print it. */
#define CMAN_MAJOR 6
#define CMAN_MINOR 2
#define CMAN_PATCH 0

#define CLUSTER_NAME_SIZE 256
#define ADDRESSES_OFFSET  offsetof(cman_extra_info_t, ei_addresses)

static int quorate(struct cman_stack *s)
{
	unsigned tries = 0;
	int answer = 0;
	cs_error_t rc;

	do
		rc = quorum_getquorate(s->quorum, &answer);
	while (stack_again(rc, &tries));
	if (rc != CS_OK)
		return -text_errno(rc);
	return answer != 0;
}

CMAN_PUBLIC int cman_is_quorate(cman_handle_t handle)
{
	struct cman_stack *s = handle_stack(handle);
	int answer;

	if (!s)
		return -1;
	answer = quorate(s);
	return answer < 0 ? handle_fail(answer) : answer;
}

CMAN_PUBLIC int cman_is_active(cman_handle_t handle)
{
	/* Whatever the answer: that there is one shows that the stack is up. */
	return cman_is_quorate(handle) < 0 ? -1 : 1;
}

CMAN_PUBLIC int cman_get_subsys_count(cman_handle_t handle)
{
	return cman_is_active(handle);
}

CMAN_PUBLIC int cman_get_version(cman_handle_t handle, cman_version_t *version)
{
	struct cman_stack *s = handle_stack(handle);
	uint64_t config = 0;
	int error;

	if (!s)
		return -1;
	if (!version)
		return handle_fail(-EINVAL);
	error = stack_get_uint(s, "totem.config_version", &config);
	if (error && error != -ENOENT)
		return handle_fail(error);
	version->cv_major = CMAN_MAJOR;
	version->cv_minor = CMAN_MINOR;
	version->cv_patch = CMAN_PATCH;
	version->cv_config = (unsigned)config;
	return 0;
}

CMAN_PUBLIC int cman_get_cluster(cman_handle_t handle, cman_cluster_t *clinfo)
{
	struct cman_stack *s = handle_stack(handle);
	char name[CLUSTER_NAME_SIZE] = "";
	uint64_t ring_seq;
	int error;

	if (!s)
		return -1;
	if (!clinfo)
		return handle_fail(-EINVAL);
	error = stack_get_text(s, "totem.cluster_name", name, sizeof(name));
	if (!error || error == -ENOENT)
		error = stack_ring_seq(s, &ring_seq);
	if (error)
		return handle_fail(error);
	memset(clinfo, 0, sizeof(*clinfo));
	memcpy(clinfo->ci_name, name, strnlen(name, MAX_CLUSTER_NAME_LEN));
	clinfo->ci_number = clusterid_of_name(name, CLUSTERID_FNV);
	clinfo->ci_generation = (uint32_t)ring_seq;
	return 0;
}

CMAN_PUBLIC int cman_get_quorum_device(cman_handle_t handle, struct cman_qdev_info *info)
{
	struct cman_stack *s = handle_stack(handle);
	int error;

	if (!s)
		return -1;
	if (!info)
		return handle_fail(-EINVAL);
	error = stack_need_member(s);
	if (!error)
		error = stack_device(s, info);
	return error ? handle_fail(error) : 0;
}

/* Multicast address of interface `i`; length 0 where the transport has none
 * (all but udp, which writes what it uses into cmap). */
static struct cman_node_address multicast_address(struct cman_stack *s, int i)
{
	char key[64], text[64] = "";

	if (stack_get_text(s, "totem.transport", text, sizeof(text)) != 0 ||
	    strcmp(text, "udp") != 0)
		return text_address("");
	(void)snprintf(key, sizeof(key), "totem.interface.%d.broadcast", i);
	if (stack_get_text(s, key, text, sizeof(text)) == 0 && strcmp(text, "yes") == 0)
		return text_address("255.255.255.255");
	(void)snprintf(key, sizeof(key), "totem.interface.%d.mcastaddr", i);
	if (stack_get_text(s, key, text, sizeof(text)) != 0)
		return text_address("");
	return text_address(text);
}

/* Put address number `i` behind the fixed part. */
static void store_address(cman_extra_info_t *info, int i, struct cman_node_address address)
{
	struct sockaddr_storage storage;

	memset(&storage, 0, sizeof(storage));
	memcpy(&storage, address.cna_address, (size_t)address.cna_addrlen);
	memcpy((char *)info + ADDRESSES_OFFSET + (size_t)i * sizeof(storage), &storage,
	       sizeof(storage));
}

/* Put in as many interfaces as fit, both addresses of each. */
static int extra_addresses(struct cman_stack *s, cman_extra_info_t *info, size_t maxlen)
{
	const size_t fit = (maxlen - ADDRESSES_OFFSET) / (2 * sizeof(struct sockaddr_storage));
	struct cman_node_address own[CMAN_LINKS_MAX];
	int count = stack_addresses(s, s->node_id, own);

	if (count < 0)
		return count;
	if ((size_t)count > fit)
		count = (int)fit;
	for (int i = 0; i < count; i++) {
		store_address(info, i, multicast_address(s, i));
		store_address(info, count + i, own[i]);
	}
	info->ei_num_addresses = count;
	return 0;
}

static int extra_votes(struct cman_stack *s, cman_extra_info_t *info)
{
	struct votequorum_info votes;
	int error = stack_votes(s, s->node_id, &votes);

	if (error)
		return error;
	info->ei_node_state = text_node_state(votes.node_state);
	info->ei_flags = (votes.flags & VOTEQUORUM_INFO_TWONODE) ? CMAN_EXTRA_FLAG_2NODE : 0;
	info->ei_node_votes = (int)votes.node_votes;
	info->ei_total_votes = (int)votes.total_votes;
	info->ei_expected_votes = (int)votes.highest_expected;
	info->ei_quorum = (int)votes.quorum;
	info->ei_ports[0] = 1; /* port 0 is always bound */
	return 0;
}

static int extra_members(struct cman_stack *s, cman_extra_info_t *info)
{
	struct cman_table table;
	int error = table_load(&table, s);

	info->ei_members = (int)table_member_count(&table);
	table_done(&table);
	return error;
}

CMAN_PUBLIC int cman_get_extra_info(cman_handle_t handle, cman_extra_info_t *info, int maxlen)
{
	struct cman_stack *s = handle_stack(handle);
	int error;

	if (!s)
		return -1;
	if (!info || maxlen < (int)sizeof(*info))
		return handle_fail(-EINVAL);
	error = stack_need_member(s);
	if (error)
		return handle_fail(error);
	memset(info, 0, (size_t)maxlen);
	error = extra_votes(s, info);
	if (!error)
		error = extra_members(s, info);
	if (!error)
		error = extra_addresses(s, info, (size_t)maxlen);
	return error ? handle_fail(error) : 0;
}
