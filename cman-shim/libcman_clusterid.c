/* The cluster id; see libcman_clusterid.h. */
#include "libcman_clusterid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FNV_START 0x811c9dc5u
#define FNV_PRIME 0x01000193u

int clusterid_hash_parse(const char *text, enum clusterid_hash *ret_hash)
{
	static const struct {
		const char *text;
		enum clusterid_hash hash;
	} words[] = {
		{ "yes", CLUSTERID_FNV }, { "on", CLUSTERID_FNV },  { "1", CLUSTERID_FNV },
		{ "no", CLUSTERID_SUM },  { "off", CLUSTERID_SUM }, { "0", CLUSTERID_SUM },
	};

	if (!text) {
		*ret_hash = CLUSTERID_FNV;
		return 0;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i].text) == 0) {
			*ret_hash = words[i].hash;
			return 0;
		}
	}
	return -EINVAL;
}

static uint16_t hash_sum(const char *name)
{
	uint32_t value = 0;

	/* The bytes are signed: a name in UTF-8 counts as corosync counts it. */
	for (; *name; name++) {
		int byte = (signed char)*name;

		value = 2 * value + (uint32_t)byte;
	}
	return (uint16_t)(value & 0xffff);
}

static uint16_t hash_fnv(const char *name)
{
	uint32_t value = FNV_START;

	for (; *name; name++)
		value = (value ^ (uint8_t)*name) * FNV_PRIME;
	return (uint16_t)((value >> 16) ^ (value & 0xffff));
}

uint16_t clusterid_of_name(const char *name, enum clusterid_hash hash)
{
	return hash == CLUSTERID_SUM ? hash_sum(name) : hash_fnv(name);
}

int clusterid_group_ipv4(uint16_t id, char *text, size_t size)
{
	int n = snprintf(text, size, "239.192.%u.%u", (unsigned)id >> 8, (unsigned)id % 255);

	return n < 0 || (size_t)n >= size ? -ENOSPC : 0;
}
