/* The cluster id: 16 bits that the old cluster manager made of a cluster's
 * name, and the multicast group that it made of the id. Pure.
 * The rules and their history: cman_tool(8), "Cluster id". */
#ifndef LIBCMAN_CLUSTERID_H
#define LIBCMAN_CLUSTERID_H

#include <stddef.h>
#include <stdint.h>

enum clusterid_hash {
	CLUSTERID_SUM, /* RHEL 5, Debian and upstream */
	CLUSTERID_FNV, /* RHEL 6, and where nothing is said */
};

/* Which hash cman@hash_cluster_id asks for. `text` is the attribute, NULL
 * when absent. 0; -EINVAL when it is none of yes on 1 (fnv), no off 0 (sum). */
int clusterid_hash_parse(const char *text, enum clusterid_hash *ret_hash);

/* The id of the cluster called `name`. */
uint16_t clusterid_of_name(const char *name, enum clusterid_hash hash);

/* Write the IPv4 multicast group of cluster `id` into `text` (`size` bytes,
 * 16 hold every group). Its last byte is id mod 255, not the low byte.
 * 0; -ENOSPC when it does not fit. */
int clusterid_group_ipv4(uint16_t id, char *text, size_t size);

#endif
