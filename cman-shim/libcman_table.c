/* libcman: the table of all nodes, configured or seen, out of cmap. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcman_private.h"
#include "libcman_text.h"

#define NODELIST "nodelist.node."
#define MEMBERS	 "runtime.members."

static struct table_node *table_add(struct cman_table *t)
{
	struct table_node *node;

	if (t->count == t->size) {
		unsigned size = t->size ? 2 * t->size : 16;
		struct table_node *nodes;

		if (size > CMAN_TABLE_MAX)
			return NULL;
		nodes = realloc(t->nodes, size * sizeof(*nodes));
		if (!nodes)
			return NULL;
		t->nodes = nodes;
		t->size = size;
	}
	node = &t->nodes[t->count++];
	memset(node, 0, sizeof(*node));
	return node;
}

/* The entry for position `position` of the nodelist, made when it is new. */
static struct table_node *table_at_position(struct cman_table *t, uint32_t position)
{
	struct table_node *node;

	for (unsigned i = 0; i < t->count; i++) {
		if (t->nodes[i].position == position)
			return &t->nodes[i];
	}
	node = table_add(t);
	if (node) {
		node->position = position;
		node->votes = 1;
	}
	return node;
}

/* The entry for node `id`, made when it is new: a node that is not
 * configured has a name that says so. */
static struct table_node *table_at_id(struct cman_table *t, uint32_t id)
{
	struct table_node *node;

	for (unsigned i = 0; i < t->count; i++) {
		if (t->nodes[i].id == id)
			return &t->nodes[i];
	}
	node = table_add(t);
	if (node) {
		node->id = id;
		(void)snprintf(node->name, sizeof(node->name), "Node%u", id);
	}
	return node;
}

/* Take one key of the nodelist over. */
static int nodelist_key(struct cman_table *t, struct cman_stack *s, const char *key)
{
	struct table_node *node;
	const char *field;
	uint32_t position;
	uint64_t number;
	int error = 0;

	if (!text_split_key(key, NODELIST, &position, &field))
		return 0;
	node = table_at_position(t, position);
	if (!node)
		return -ENOMEM;
	if (strcmp(field, "name") == 0) {
		error = stack_get_text(s, key, node->name, sizeof(node->name));
		node->named = !error;
	} else if (strcmp(field, "ring0_addr") == 0 && !node->named) {
		error = stack_get_text(s, key, node->name, sizeof(node->name));
	} else if (strcmp(field, "nodeid") == 0) {
		error = stack_get_uint(s, key, &number);
		if (!error)
			node->id = (uint32_t)number;
	} else if (strcmp(field, "quorum_votes") == 0) {
		error = stack_get_uint(s, key, &number);
		if (!error)
			node->votes = (uint32_t)number;
	}
	return error;
}

/* Take one key of the members over. */
static int members_key(struct cman_table *t, struct cman_stack *s, const char *key)
{
	struct table_node *node;
	char text[512];
	const char *field;
	uint32_t id;
	int error = 0;

	if (!text_split_key(key, MEMBERS, &id, &field) || !id)
		return 0;
	node = table_at_id(t, id);
	if (!node)
		return -ENOMEM;
	if (strcmp(field, "status") == 0) {
		error = stack_get_text(s, key, text, sizeof(text));
		if (!error)
			node->member = strcmp(text, "joined") == 0;
	} else if (strcmp(field, "ip") == 0) {
		error = stack_get_text(s, key, text, sizeof(text));
		if (!error)
			node->address = text_member_address(text);
	}
	return error;
}

typedef int key_fn(struct cman_table *t, struct cman_stack *s, const char *key);

/* Give every key below `prefix` to `take`. */
static int each_key(struct cman_table *t, struct cman_stack *s, const char *prefix, key_fn *take)
{
	char key[CMAP_KEYNAME_MAXLEN + 1];
	cmap_iter_handle_t iter;
	cmap_value_types_t type;
	size_t length;
	cs_error_t rc;
	int error = 0;

	do
		rc = cmap_iter_init(s->cmap.handle, prefix, &iter);
	while (stack_again(s, rc));
	if (rc != CS_OK)
		return -text_errno(rc);
	while (!error) {
		do
			rc = cmap_iter_next(s->cmap.handle, iter, key, &length, &type);
		while (stack_again(s, rc));
		if (rc != CS_OK)
			break;
		error = take(t, s, key);
		/* A key can vanish in between, or be of a type nobody foresaw. */
		if (error == -ENOENT || error == -EINVAL)
			error = 0;
	}
	if (!error && rc != CS_ERR_NO_SECTIONS)
		error = -text_errno(rc);
	(void)cmap_iter_finalize(s->cmap.handle, iter); /* nothing to do about it */
	return error;
}

/* Give the entry of this node its id when the nodelist has none, and drop
 * the others without one: corosync alone knows which they are. */
static void table_settle_ids(struct cman_table *t, struct cman_stack *s)
{
	uint64_t own_position = UINT64_MAX;
	unsigned kept = 0;

	if (stack_get_uint(s, "nodelist.local_node_pos", &own_position) != 0)
		own_position = UINT64_MAX;
	for (unsigned i = 0; i < t->count; i++) {
		if (!t->nodes[i].id && t->nodes[i].position == own_position)
			t->nodes[i].id = s->node_id;
		if (t->nodes[i].id)
			t->nodes[kept++] = t->nodes[i];
	}
	t->count = kept;
}

static int compare_ids(const void *a, const void *b)
{
	const struct table_node *x = a;
	const struct table_node *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

int table_load(struct cman_table *t, struct cman_stack *s)
{
	int error;

	memset(t, 0, sizeof(*t));
	error = each_key(t, s, NODELIST, nodelist_key);
	if (error)
		return error;
	table_settle_ids(t, s);
	error = each_key(t, s, MEMBERS, members_key);
	if (error)
		return error;
	if (t->count)
		qsort(t->nodes, t->count, sizeof(t->nodes[0]), compare_ids);
	return 0;
}

void table_done(struct cman_table *t)
{
	free(t->nodes);
	memset(t, 0, sizeof(*t));
}

const struct table_node *table_by_id(const struct cman_table *t, uint32_t id)
{
	for (unsigned i = 0; i < t->count; i++) {
		if (t->nodes[i].id == id)
			return &t->nodes[i];
	}
	return NULL;
}

const struct table_node *table_by_name(const struct cman_table *t, const char *name)
{
	for (unsigned i = 0; i < t->count; i++) {
		if (strcmp(t->nodes[i].name, name) == 0)
			return &t->nodes[i];
	}
	return NULL;
}

unsigned table_member_count(const struct cman_table *t)
{
	unsigned count = 0;

	for (unsigned i = 0; i < t->count; i++)
		count += t->nodes[i].member;
	return count;
}

int table_ask_member(struct cman_stack *s, uint32_t id)
{
	struct cman_table table;
	int answer = table_load(&table, s);

	if (!answer) {
		const struct table_node *node = table_by_id(&table, id);

		answer = node ? node->member : -ENOENT;
	}
	table_done(&table);
	return answer;
}
