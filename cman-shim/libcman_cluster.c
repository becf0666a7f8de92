/* libcman: the cluster as a whole. */
#include "libcman.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libcman_clusterid.h"
#include "libcman_private.h"
#include "libcman_text.h"

#define CLUSTER_NAME_SIZE 256
#define ADDRESSES_OFFSET  offsetof(cman_extra_info_t, ei_addresses)

static int quorate(struct cman_stack *s)
{
	int answer = 0;
	cs_error_t rc;

	do
		rc = quorum_getquorate(s->quorum.handle, &answer);
	while (stack_again(s, rc));
	if (rc != CS_OK)
		return -text_errno(rc);
	return answer != 0;
}

CMAN_PUBLIC int cman_is_quorate(cman_handle_t handle)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, quorate(&h->stack)) : -1;
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

static int get_version(struct cman_stack *s, cman_version_t *version)
{
	uint64_t config = 0;
	int error;

	if (!version)
		return -EINVAL;
	error = stack_get_uint(s, "totem.config_version", &config);
	if (error && error != -ENOENT)
		return error;
	version->cv_major = CMAN_PROTOCOL_MAJOR;
	version->cv_minor = CMAN_PROTOCOL_MINOR;
	version->cv_patch = CMAN_PROTOCOL_PATCH;
	version->cv_config = (unsigned)config;
	return 0;
}

CMAN_PUBLIC int cman_get_version(cman_handle_t handle, cman_version_t *version)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, get_version(&h->stack, version)) : -1;
}

/* The id that is configured, else that of the name. What is configured and makes no sense
 * is passed over: an answer is worth more. */
static int cluster_id(struct cman_stack *s, const char *name, uint16_t *ret_id)
{
	enum clusterid_hash hash;
	char word[8] = "";
	uint64_t id = 0;
	int error = stack_get_number(s, CMAN_KEY_CLUSTER_ID, UINT16_MAX, &id);

	if (!error || error == -ENOENT || error == -EINVAL)
		error = stack_get_text(s, CMAN_KEY_HASH, word, sizeof(word));
	if (error && error != -ENOENT && error != -EINVAL)
		return error;
	if (error || clusterid_hash_parse(word, &hash) != 0)
		hash = CLUSTERID_FNV;
	*ret_id = id ? (uint16_t)id : clusterid_of_name(name, hash);
	return 0;
}

static int get_cluster(struct cman_stack *s, cman_cluster_t *clinfo)
{
	char name[CLUSTER_NAME_SIZE] = "";
	struct quorum_ring_id ring;
	uint16_t id;
	int error;

	if (!clinfo)
		return -EINVAL;
	error = stack_get_text(s, "totem.cluster_name", name, sizeof(name));
	if (!error || error == -ENOENT)
		error = cluster_id(s, name, &id);
	if (!error)
		error = stack_ring(s, &ring);
	if (error)
		return error;
	memset(clinfo, 0, sizeof(*clinfo));
	memcpy(clinfo->ci_name, name, strnlen(name, MAX_CLUSTER_NAME_LEN));
	clinfo->ci_number = id;
	clinfo->ci_generation = (uint32_t)ring.seq;
	return 0;
}

CMAN_PUBLIC int cman_get_cluster(cman_handle_t handle, cman_cluster_t *clinfo)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, get_cluster(&h->stack, clinfo)) : -1;
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
	uint64_t dirty;
	int error = stack_votes(s, s->node_id, &votes);

	if (error)
		return error;
	info->ei_node_state = text_node_state(votes.node_state);
	info->ei_flags = (votes.flags & VOTEQUORUM_INFO_TWONODE) ? CMAN_EXTRA_FLAG_2NODE : 0;
	if (stack_get_uint(s, CMAN_KEY_DIRTY, &dirty) == 0)
		info->ei_flags |= CMAN_EXTRA_FLAG_DIRTY;
	info->ei_node_votes = (int)votes.node_votes;
	info->ei_total_votes = (int)votes.total_votes;
	info->ei_expected_votes = (int)votes.highest_expected;
	info->ei_quorum = (int)votes.quorum;
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

static int get_extra_info(struct cman_stack *s, cman_extra_info_t *info, int maxlen)
{
	int error;

	if (!info || maxlen < (int)sizeof(*info))
		return -EINVAL;
	error = stack_need_member(s);
	if (error)
		return error;
	memset(info, 0, (size_t)maxlen);
	error = extra_votes(s, info);
	if (!error)
		error = data_ports(s, info->ei_ports);
	if (!error)
		error = extra_members(s, info);
	if (!error)
		error = extra_addresses(s, info, (size_t)maxlen);
	return error;
}

CMAN_PUBLIC int cman_get_extra_info(cman_handle_t handle, cman_extra_info_t *info, int maxlen)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, get_extra_info(&h->stack, info, maxlen)) : -1;
}
