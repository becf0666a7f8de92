/* Texts and numbers of corosync as cman's; see libcman_text.h. */
#include "libcman_text.h"

#include <arpa/inet.h>
#include <corosync/votequorum.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

bool text_split_key(const char *key, const char *prefix, uint32_t *ret_number,
		    const char **ret_field)
{
	size_t length = strlen(prefix);
	unsigned long number;
	char *end;

	if (strncmp(key, prefix, length) != 0)
		return false;
	key += length;
	if (*key < '0' || *key > '9')
		return false;
	errno = 0;
	number = strtoul(key, &end, 10);
	if (errno || number > UINT32_MAX || *end != '.')
		return false;
	*ret_number = (uint32_t)number;
	*ret_field = end + 1;
	return true;
}

struct cman_node_address text_address(const char *text)
{
	struct cman_node_address address;
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memset(&address, 0, sizeof(address));
	if (inet_pton(AF_INET, text, &in4.sin_addr) == 1) {
		address.cna_addrlen = sizeof(in4);
		memcpy(address.cna_address, &in4, sizeof(in4));
	} else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
		address.cna_addrlen = sizeof(in6);
		memcpy(address.cna_address, &in6, sizeof(in6));
	}
	return address;
}

struct cman_node_address text_member_address(const char *text)
{
	const char *start = strstr(text, "ip(");
	const char *end = start ? strchr(start, ')') : NULL;
	char one[INET6_ADDRSTRLEN] = "";

	if (end && (size_t)(end - start - 3) < sizeof(one))
		memcpy(one, start + 3, (size_t)(end - start - 3));
	return text_address(one);
}

int text_errno(cs_error_t rc)
{
	static const struct {
		cs_error_t rc;
		int error;
	} table[] = {
		{ CS_ERR_LIBRARY, EHOSTDOWN },	  { CS_ERR_BAD_HANDLE, EHOSTDOWN },
		{ CS_ERR_NOT_EXIST, ENOENT },	  { CS_ERR_NAME_NOT_FOUND, ENOENT },
		{ CS_ERR_INVALID_PARAM, EINVAL }, { CS_ERR_TOO_BIG, EINVAL },
		{ CS_ERR_EXIST, EBUSY },	  { CS_ERR_BUSY, EBUSY },
		{ CS_ERR_TRY_AGAIN, EAGAIN },	  { CS_ERR_NO_MEMORY, ENOMEM },
		{ CS_ERR_ACCESS, EPERM },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].rc == rc)
			return table[i].error;
	}
	return EIO;
}

int text_errno_connect(cs_error_t rc)
{
	if (rc == CS_ERR_ACCESS)
		return EACCES;
	if (rc == CS_ERR_TRY_AGAIN || rc == CS_ERR_NO_MEMORY)
		return text_errno(rc);
	return ECONNREFUSED;
}

int text_node_state(unsigned votequorum_state)
{
	switch (votequorum_state) {
	case VOTEQUORUM_NODESTATE_MEMBER:
		return CLUSTER_NODESTATE_MEMBER;
	case VOTEQUORUM_NODESTATE_LEAVING:
		return CLUSTER_NODESTATE_LEAVING;
	default:
		return CLUSTER_NODESTATE_DEAD;
	}
}
