/* What corosync.conf says to qdiskd itself, from cmap; see cs.h. */
#include <corosync/cmap.h>
#include <corosync/corotypes.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cs_inner.h"

#define CS_NATIVE_LOOKS 1024u /* keys under one prefix that are looked at; more are not ours */

/* One value as text, whatever its type is. 0, or negative errno and words. */
static int value_read(struct cs_cmap *cmap, const char *key, char *ret_text, size_t text_size,
		      char *error, size_t size)
{
	cmap_value_types_t type = CMAP_VALUETYPE_BINARY;
	union {
		uint8_t number[8];
		char text[QD_PROGRAM_LEN];
	} value = { .text = "" };
	size_t len = sizeof(value) - 1;
	uint32_t number;
	int rc = CS_CALL(cmap->call, cmap_get(cmap->handle, key, &value, &len, &type));

	if (cs_gone(rc)) {
		(void)snprintf(error, size, "corosync went away while its cmap was read");
		return -ENOTCONN;
	}
	if (rc == CS_OK && type == CMAP_VALUETYPE_STRING)
		(void)snprintf(ret_text, text_size, "%s", value.text); /* of the same size */
	else if (rc == CS_OK && cs_number_of((int)type, value.number, &number) == 0)
		(void)snprintf(ret_text, text_size, "%" PRIu32, number);
	else {
		(void)snprintf(error, size, "corosync.conf: %s is refused; allowed: a text below %zu bytes, or a "
			       "whole number", key, sizeof(value));
		return -EIO;
	}
	return 0;
}

static int pair_add(struct cs_cmap *cmap, struct qd_native *n, const char *key, char *error, size_t size)
{
	int rc;

	if (n->count == QD_NATIVE_KEYS_MAX) {
		(void)snprintf(error, size, "corosync.conf: %s is one key too many for the quorum disk; allowed: "
			       "at most %u", key, QD_NATIVE_KEYS_MAX);
		return -E2BIG;
	}
	rc = value_read(cmap, key, n->pair[n->count].value, sizeof(n->pair[0].value), error, size);
	if (rc == 0)
		(void)snprintf(n->pair[n->count++].key, sizeof(n->pair[0].key), "%s", key);
	return rc;
}

/* corosync's other parts log in ways of their own. */
static bool is_ours(const char *key)
{
	return strncmp(key, "logging.logger_subsys.", 22) != 0 ||
	       strncmp(key, "logging.logger_subsys.QDISKD.", 29) == 0;
}

/* All keys that begin with `prefix`; cmap gives them in order. */
static int prefix_read(struct cs_cmap *cmap, const char *prefix, struct qd_native *n, char *error,
		       size_t size)
{
	char key[CMAP_KEYNAME_MAXLEN + 1];
	cmap_value_types_t type;
	cmap_iter_handle_t iter;
	size_t len;
	int rc = CS_CALL(cmap->call, cmap_iter_init(cmap->handle, prefix, &iter)), status = 0;
	bool begun = rc == CS_OK;

	for (unsigned i = 0; rc == CS_OK && status == 0 && i < CS_NATIVE_LOOKS; i++) {
		rc = CS_CALL(cmap->call, cmap_iter_next(cmap->handle, iter, key, &len, &type));
		if (rc == CS_OK && is_ours(key))
			status = pair_add(cmap, n, key, error, size);
	}
	if (cs_gone(rc)) {
		(void)snprintf(error, size, "corosync went away while its cmap was read");
		return -ENOTCONN;
	}
	if (begun)
		(void)CS_CALL(cmap->call, cmap_iter_finalize(cmap->handle, iter)); /* freed anyway */
	return status;
}

int cs_native_read(struct cs_cmap *cmap, struct qd_native *ret_native, char *error, size_t size)
{
	static const char *const prefixes[] = { "quorum.device.votes", "quorum.device.qdisk.",
						"quorum.device.heuristics.", "logging." };
	int rc = 0;

	ret_native->count = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		rc = prefix_read(cmap, prefixes[i], ret_native, error, size);
	return rc;
}
