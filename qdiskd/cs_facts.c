/* What corosync runs with, from cmap; see cs.h. */
#include <corosync/cmap.h>
#include <corosync/corotypes.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cs_inner.h"

#define CS_V_DEFAULT_MS 10000u /* corosync's own, where corosync.conf is silent */
#define CS_Y_DEFAULT_MS 30000u
#define CS_READS_MAX	5
#define CS_KEYS_MAX	(QD_NODE_MAX * 32) /* keys of a nodelist; 8 links a node and more */
#define CS_SBD_BYTES	16384

/* One reading: where from, where to, and the words if it fails. */
struct facts_reader {
	struct cs_cmap *cmap;
	struct qd_facts *f;
	uint32_t position[QD_NODE_MAX]; /* of f->node[i] in the nodelist */
	char *error;
	size_t error_size;
};

static int __attribute__((format(printf, 3, 4)))
facts_error(struct facts_reader *r, int rc, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(r->error, r->error_size, format, args); /* cut: still says it */
	va_end(args);
	return rc;
}

/* ---- Values ---- */

int cs_number_of(int type, const uint8_t bytes[8], uint32_t *ret_value)
{
	union {
		uint8_t b[8];
		int8_t i8;
		uint8_t u8;
		int16_t i16;
		uint16_t u16;
		int32_t i32;
		uint32_t u32;
		int64_t i64;
		uint64_t u64;
	} v;
	int64_t n = -1;

	memcpy(v.b, bytes, sizeof(v.b));
	switch ((cmap_value_types_t)type) {
	case CMAP_VALUETYPE_INT8:
		n = v.i8 < 0 ? -1 : (uint8_t)v.i8;
		break;
	case CMAP_VALUETYPE_UINT8:
		n = v.u8;
		break;
	case CMAP_VALUETYPE_INT16:
		n = v.i16;
		break;
	case CMAP_VALUETYPE_UINT16:
		n = v.u16;
		break;
	case CMAP_VALUETYPE_INT32:
		n = v.i32;
		break;
	case CMAP_VALUETYPE_UINT32:
		n = v.u32;
		break;
	case CMAP_VALUETYPE_INT64:
		n = v.i64;
		break;
	case CMAP_VALUETYPE_UINT64:
		n = v.u64 > INT64_MAX ? -1 : (int64_t)v.u64;
		break;
	case CMAP_VALUETYPE_FLOAT:
	case CMAP_VALUETYPE_DOUBLE:
	case CMAP_VALUETYPE_STRING:
	case CMAP_VALUETYPE_BINARY:
		break;
	}
	if (n < 0 || n > UINT32_MAX)
		return -ERANGE;
	*ret_value = (uint32_t)n;
	return 0;
}

/* 1 read; 0 no such key, `ret_value` untouched; negative errno and words. */
static int number_get(struct facts_reader *r, const char *key, uint32_t *ret_value)
{
	cmap_value_types_t type = CMAP_VALUETYPE_BINARY;
	uint8_t bytes[8] = { 0 };
	size_t len = sizeof(bytes);
	int rc = CS_CALL(r->cmap->call, cmap_get(r->cmap->handle, key, bytes, &len, &type));

	if (rc == CS_ERR_NOT_EXIST)
		return 0;
	if (cs_gone(rc))
		return facts_error(r, -ENOTCONN, "corosync went away while its cmap was read");
	if (rc != CS_OK || cs_number_of((int)type, bytes, ret_value) < 0)
		return facts_error(r, -EIO, "cmap key %s is not a number from 0 to %u", key,
				   UINT32_MAX);
	return 1;
}

/* It goes into log lines. */
static bool one_line(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

/* As number_get(); a text that does not fit is refused. */
static int text_get(struct facts_reader *r, const char *key, char *ret_text, size_t size)
{
	cmap_value_types_t type = CMAP_VALUETYPE_BINARY;
	char text[QD_NODE_NAME_LEN + 1] = "";
	size_t len = sizeof(text) - 1;
	int rc = CS_CALL(r->cmap->call, cmap_get(r->cmap->handle, key, text, &len, &type));

	if (rc == CS_ERR_NOT_EXIST)
		return 0;
	if (cs_gone(rc))
		return facts_error(r, -ENOTCONN, "corosync went away while its cmap was read");
	if (rc != CS_OK || type != CMAP_VALUETYPE_STRING || strlen(text) >= size || !one_line(text))
		return facts_error(r, -EIO, "cmap key %s is not a text of one line, below %zu bytes", key, size);
	memcpy(ret_text, text, strlen(text) + 1);
	return 1;
}

/* 0, or negative errno. */
static int flag_get(struct facts_reader *r, const char *key, bool *ret_flag)
{
	uint32_t value = 0;
	int rc = number_get(r, key, &value);

	*ret_flag = value != 0;
	return rc < 0 ? rc : 0;
}

/* 0, or negative errno; absent is an error. */
static int number_need(struct facts_reader *r, const char *key, uint32_t *ret_value)
{
	int rc = number_get(r, key, ret_value);

	if (rc == 0)
		return facts_error(r, -ENODATA, "corosync has no cmap key %s", key);
	return rc < 0 ? rc : 0;
}

/* ---- Groups of values ---- */

/* Note the position of a node that is named by `key` for the first time. */
static int node_note(struct facts_reader *r, const char *key)
{
	uint32_t position;

	if (cs_node_position(key, &position) < 0)
		return 0;
	for (uint32_t i = 0; i < r->f->node_count; i++) {
		if (r->position[i] == position)
			return 0;
	}
	if (r->f->node_count == QD_NODE_MAX)
		return facts_error(
			r, -E2BIG,
			"corosync's nodelist has more than %d nodes, which is the most that "
			"a quorum disk has room for",
			QD_NODE_MAX);
	r->position[r->f->node_count++] = position;
	return 0;
}

static int nodes_find(struct facts_reader *r)
{
	char key[CMAP_KEYNAME_MAXLEN + 1];
	cmap_iter_handle_t iter;
	cmap_value_types_t type;
	size_t len;
	int rc, found = 0;

	rc = CS_CALL(r->cmap->call, cmap_iter_init(r->cmap->handle, "nodelist.node.", &iter));
	for (unsigned i = 0; rc == CS_OK && found == 0 && i < CS_KEYS_MAX; i++) {
		rc = CS_CALL(r->cmap->call,
			     cmap_iter_next(r->cmap->handle, iter, key, &len, &type));
		if (rc == CS_OK)
			found = node_note(r, key);
	}
	if (cs_gone(rc))
		return facts_error(r, -ENOTCONN, "corosync went away while its nodelist was read");
	(void)CS_CALL(r->cmap->call, cmap_iter_finalize(r->cmap->handle, iter)); /* freed anyway */
	return found;
}

/* votes 1 and name ring0_addr where corosync.conf is silent, as corosync has it; an
 * id it does not give stays 0, which the laws refuse. */
static int node_read(struct facts_reader *r, uint32_t i)
{
	static const char *const fields[] = { "nodeid", "quorum_votes", "name", "ring0_addr" };
	char key[4][64];
	int rc;

	for (unsigned k = 0; k < 4; k++)
		(void)snprintf(key[k], sizeof(key[k]), "nodelist.node.%u.%s", r->position[i],
			       fields[k]); /* fits: at most 37 bytes */
	r->f->node[i].votes = 1;
	rc = number_get(r, key[0], &r->f->node[i].node_id);
	if (rc >= 0)
		rc = number_get(r, key[1], &r->f->node[i].votes);
	if (rc >= 0)
		rc = text_get(r, key[2], r->f->node[i].name, sizeof(r->f->node[i].name));
	if (rc == 0)
		rc = text_get(r, key[3], r->f->node[i].name, sizeof(r->f->node[i].name));
	return rc < 0 ? rc : 0;
}

static int nodes_read(struct facts_reader *r)
{
	int rc = nodes_find(r);

	for (uint32_t i = 0; rc == 0 && i < r->f->node_count; i++)
		rc = node_read(r, i);
	return rc;
}

/* votequorum says who we are; where it does not run, the nodelist does. */
static int self_read(struct facts_reader *r)
{
	uint32_t position = 0;
	int rc = number_get(r, "runtime.votequorum.this_node_id", &r->f->node_id);

	if (rc)
		return rc < 0 ? rc : 0;
	rc = number_need(r, "nodelist.local_node_pos", &position);
	for (uint32_t i = 0; rc == 0 && i < r->f->node_count; i++) {
		if (r->position[i] == position)
			r->f->node_id = r->f->node[i].node_id;
	}
	return rc;
}

static int totem_read(struct facts_reader *r)
{
	int rc = number_need(r, "runtime.config.totem.token", &r->f->token_ms);

	if (rc == 0)
		rc = number_need(r, "runtime.config.totem.consensus", &r->f->consensus_ms);
	if (rc == 0)
		rc = text_get(r, "totem.cluster_name", r->f->cluster, sizeof(r->f->cluster));
	return rc < 0 ? rc : 0;
}

static int device_read(struct facts_reader *r)
{
	struct qd_facts *f = r->f;
	int rc;

	f->device_votes = QD_UNSET;
	f->device_timeout_ms = CS_V_DEFAULT_MS;
	f->device_sync_timeout_ms = CS_Y_DEFAULT_MS;
	rc = text_get(r, "quorum.device.model", f->model, sizeof(f->model));
	if (rc >= 0)
		rc = number_get(r, "quorum.device.votes", &f->device_votes);
	if (rc >= 0)
		rc = number_get(r, "quorum.device.timeout", &f->device_timeout_ms);
	if (rc >= 0)
		rc = number_get(r, "quorum.device.sync_timeout", &f->device_sync_timeout_ms);
	return rc < 0 ? rc : 0;
}

static int quorum_read(struct facts_reader *r)
{
	struct qd_facts *f = r->f;
	int rc;

	f->expected_votes = QD_UNSET;
	rc = text_get(r, "quorum.provider", f->provider, sizeof(f->provider));
	if (rc >= 0)
		rc = number_get(r, "quorum.expected_votes", &f->expected_votes);
	if (rc >= 0)
		rc = flag_get(r, "quorum.two_node", &f->two_node);
	if (rc >= 0)
		rc = flag_get(r, "quorum.last_man_standing", &f->last_man_standing);
	if (rc >= 0)
		rc = flag_get(r, "quorum.auto_tie_breaker", &f->auto_tie_breaker);
	if (rc >= 0)
		rc = flag_get(r, "quorum.allow_downscale", &f->allow_downscale);
	if (rc >= 0)
		rc = flag_get(r, "quorum.wait_for_all", &f->wait_for_all);
	return rc < 0 ? rc : 0;
}

static int facts_read_once(struct facts_reader *r)
{
	int rc;

	memset(r->f, 0, sizeof(*r->f));
	rc = nodes_read(r);
	if (rc == 0)
		rc = self_read(r);
	if (rc == 0)
		rc = totem_read(r);
	if (rc == 0)
		rc = device_read(r);
	if (rc == 0)
		rc = quorum_read(r);
	r->f->sbd_watchdog_ms = cs_sbd_read();
	return rc;
}

/* A reload changes keys one by one within one turn of corosync, so a reading that
 * met one is told of it before it ends. */
int cs_cmap_read(struct cs_cmap *cmap, struct qd_facts *ret_facts, struct qd_native *ret_native,
		 char *error, size_t size)
{
	struct facts_reader r = {
		.cmap = cmap, .f = ret_facts, .error = error, .error_size = size
	};
	int rc = 0;

	for (unsigned i = 0; i < CS_READS_MAX; i++) {
		cmap->changed = false;
		rc = facts_read_once(&r);
		if (rc == 0)
			rc = cs_native_read(cmap, ret_native, error, size);
		if (rc == -ENOTCONN)
			return rc;
		if (cs_cmap_dispatch(cmap) < 0)
			return facts_error(&r, -ENOTCONN,
					   "corosync went away while its cmap was read");
		if (!cmap->changed)
			break;
	}
	ret_facts->known = rc == 0;
	return rc;
}

/* ---- sbd ---- */

static uint32_t sbd_file_read(const char *path)
{
	char text[CS_SBD_BYTES];
	ssize_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	(void)close(fd); /* read only */
	if (len < 0)
		return 0;
	text[len] = '\0';
	return cs_sbd_timeout(text);
}

uint32_t cs_sbd_read(void)
{
	uint32_t ms;

	if (access("/run/sbd.pid", F_OK) < 0)
		return 0;
	ms = sbd_file_read("/etc/default/sbd");
	if (!ms)
		ms = sbd_file_read("/etc/sysconfig/sbd");
	return ms ? ms : cs_sbd_timeout("");
}
