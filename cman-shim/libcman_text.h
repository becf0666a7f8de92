/* The texts that corosync's cmap holds, taken apart; and cmap's answers as
 * errno. Pure. */
#ifndef LIBCMAN_TEXT_H
#define LIBCMAN_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <corosync/corotypes.h>

#include "libcman.h"

/* Split a key such as "nodelist.node.3.name" at `prefix` ("nodelist.node."):
 * the number goes to *ret_number, *ret_field points into `key` behind the dot
 * that follows it. false when the key is not of that form. */
bool text_split_key(const char *key, const char *prefix, uint32_t *ret_number,
		    const char **ret_field);

/* Make a node address of a numeric IPv4 or IPv6 text; anything else (a host
 * name) gives an address of length 0. */
struct cman_node_address text_address(const char *text);

/* The first address in a "runtime.members.N.ip" text, which looks like
 * "r(0) ip(192.0.2.1) r(1) ip(198.51.100.1) "; length 0 when there is none. */
struct cman_node_address text_member_address(const char *text);

/* The errno (positive) for an answer of corosync other than CS_OK, of a call
 * on an open handle. */
int text_errno(cs_error_t rc);

/* The same for an answer while connecting: what is not clearly about rights,
 * memory or load means that no corosync is there. */
int text_errno_connect(cs_error_t rc);

/* cman's node state for votequorum's, whose numbers differ. */
int text_node_state(unsigned votequorum_state);

#endif
