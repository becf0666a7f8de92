/* cluster.conf: bytes to a tree. The only file that knows libxml2.
 *
 * libxml2 is used as a SAX parser into a tree of our own, so that limits are
 * kept while reading: bytes, depth, memory. A document type ends the reading
 * where it begins, so that no entity, no default attribute and no other file
 * can come into it; what remains are the five predefined entities and
 * character references.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "clusterconf_parts.h"

#define DEPTH_MAX 32u
#define TREE_BYTES 16777216u	/* what 1 MiB of the shortest elements needs */

struct build {
	struct clusterconf *cc;
	xmlParserCtxtPtr parser;
	char *tree;			/* TREE_BYTES; taken from the front, never given back */
	size_t tree_used;
	struct clusterconf_element *root, *open;	/* open: innermost that is kept */
	unsigned depth;			/* of open tags */
	unsigned passed_depth;		/* > 0: nothing is kept until depth is below it */
};

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_pointer;
#else
typedef xmlErrorPtr error_pointer;
#endif

/* Line in which the tag that has just been read begins. libxml2 counts to its
 * end; an attribute's value cannot hold a '<'. */
static uint32_t tag_line(const struct build *b)
{
	const xmlParserInput *in = b->parser->input;
	long line = in->line;

	for (const xmlChar *p = in->cur; p > in->base && p[-1] != '<'; p--) {
		if (p[-1] == '\n')
			line--;
	}
	return line > 0 ? (uint32_t)line : 1;
}

static void *take(struct build *b, size_t size)
{
	void *at = b->tree + b->tree_used;

	size = (size + 15) & ~(size_t)15;
	if (size > TREE_BYTES - b->tree_used) {
		(void)clusterconf_refuse(b->cc, tag_line(b),
					 "more elements and attributes than %u bytes hold",
					 TREE_BYTES);
		xmlStopParser(b->parser);
		return NULL;
	}
	b->tree_used += size;
	return at;
}

/* A copy with the prefix in front, if there is one. */
static const char *take_text(struct build *b, const xmlChar *prefix, const xmlChar *text,
			     size_t length)
{
	size_t before = prefix ? strlen((const char *)prefix) + 1 : 0;
	char *copy = take(b, before + length + 1);

	if (!copy)
		return NULL;
	if (prefix) {
		memcpy(copy, prefix, before - 1);
		copy[before - 1] = ':';
	}
	memcpy(copy + before, text, length);
	copy[before + length] = '\0';
	return copy;
}

/* libxml2 gives five pointers for each: name, prefix, URI, value, its end. */
static bool keep_attributes(struct build *b, struct clusterconf_element *e, int count,
			    const xmlChar **from)
{
	struct clusterconf_attribute **tail = &e->attributes;

	for (int i = 0; i < count; i++, from += 5) {
		struct clusterconf_attribute *a = take(b, sizeof(*a));

		if (!a)
			return false;
		memset(a, 0, sizeof(*a));
		a->name = take_text(b, from[1], from[0], strlen((const char *)from[0]));
		a->value = take_text(b, NULL, from[3], (size_t)(from[4] - from[3]));
		if (!a->name || !a->value)
			return false;
		*tail = a;
		tail = &a->next;
	}
	return true;
}

static void keep_element(struct build *b, const xmlChar *prefix, const xmlChar *name, int count,
			 const xmlChar **attributes)
{
	struct clusterconf_element *e = take(b, sizeof(*e));

	if (!e)
		return;
	memset(e, 0, sizeof(*e));
	e->line = tag_line(b);
	e->parent = b->open;
	e->name = take_text(b, prefix, name, strlen((const char *)name));
	if (!e->name || !keep_attributes(b, e, count, attributes))
		return;
	if (!b->open)
		b->root = e;
	else if (b->open->last_child)
		b->open->last_child->next = e;
	else
		b->open->children = e;
	if (b->open)
		b->open->last_child = e;
	b->open = e;
}

/* Other programs' parts of the file are not kept. */
static bool passes_over(struct build *b, const char *name)
{
	enum clusterconf_place place = clusterconf_place(name);

	if (place == CLUSTERCONF_UNKNOWN)
		clusterconf_notice(b->cc, tag_line(b),
				   "<%.64s> inside <cluster> is not known and passed over", name);
	return place != CLUSTERCONF_READ;
}

static void on_start(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		     int namespace_count, const xmlChar **namespaces, int attribute_count,
		     int defaulted_count, const xmlChar **attributes)
{
	struct build *b = data;

	(void)uri;
	(void)namespace_count;
	(void)namespaces;
	(void)defaulted_count;	/* none without a document type */
	if (b->cc->failed)
		return;
	if (++b->depth > DEPTH_MAX) {
		(void)clusterconf_refuse(b->cc, tag_line(b),
					 "<%.64s> is nested deeper than %u elements",
					 (const char *)name, DEPTH_MAX);
		xmlStopParser(b->parser);
		return;
	}
	if (b->depth == 1 && (prefix || strcmp((const char *)name, "cluster") != 0)) {
		(void)clusterconf_refuse(b->cc, tag_line(b),
					 "the outermost element is <%.64s>; allowed: <cluster>",
					 (const char *)name);
		xmlStopParser(b->parser);
		return;
	}
	if (b->passed_depth)
		return;
	if (b->depth == 2 && passes_over(b, (const char *)name)) {
		b->passed_depth = b->depth;
		return;
	}
	keep_element(b, prefix, name, attribute_count, attributes);
}

static void on_end(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct build *b = data;

	(void)name;
	(void)prefix;
	(void)uri;
	if (b->cc->failed)
		return;
	if (!b->passed_depth)
		b->open = b->open->parent;
	else if (b->passed_depth == b->depth)
		b->passed_depth = 0;
	b->depth--;
}

static void on_doctype(void *data, const xmlChar *name, const xmlChar *external,
		       const xmlChar *system)
{
	struct build *b = data;

	(void)external;
	(void)system;
	(void)clusterconf_refuse(b->cc, tag_line(b),
				 "a document type (<!DOCTYPE %.64s) is refused; allowed: none",
				 (const char *)name);
	xmlStopParser(b->parser);
}

/* Any error refuses the file, but for an undeclared namespace prefix. The parser
 * is not stopped from here, deep inside it: what it still says is not heard. */
static void on_error(void *data, error_pointer error)
{
	struct build *b = data;

	if (error->level < XML_ERR_ERROR || error->domain == XML_FROM_NAMESPACE)
		return;
	(void)clusterconf_refuse(b->cc, error->line > 0 ? (uint32_t)error->line : 1,
				 "not well-formed XML: %.200s",
				 error->message ? error->message : "unknown error");
}

static bool build_tree(struct build *b, const char *bytes, size_t size)
{
	static const xmlSAXHandler handler = {
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.internalSubset = on_doctype,
		.serror = on_error,
	};

	b->parser = xmlNewParserCtxt();
	if (!b->parser)
		return clusterconf_refuse(b->cc, 0, "no memory for the XML parser");
	*b->parser->sax = handler;
	b->parser->userData = b;
	/* NOENT: &amp; and the like arrive resolved. */
	(void)xmlCtxtReadMemory(b->parser, bytes, (int)size, b->cc->file, NULL,
				XML_PARSE_NONET | XML_PARSE_NOENT);
	if (!b->cc->failed && (!b->parser->wellFormed || !b->root))
		(void)clusterconf_refuse(b->cc, 1, "not well-formed XML");
	xmlFreeParserCtxt(b->parser);
	return !b->cc->failed;
}

/* Encodings in which '<' is not the byte '<' are refused: with them no line
 * could be told, and no cluster.conf was ever written in one. */
static bool check_bytes(struct clusterconf *cc, const char *bytes, size_t size)
{
	uint32_t line = 1;

	if (size == 0)
		return clusterconf_refuse(cc, 0, "the file is empty; allowed: XML with <cluster>");
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\0')
			return clusterconf_refuse(cc, line,
						  "the file holds a zero byte: it is no text, or in "
						  "UTF-16 or UTF-32; allowed: UTF-8, or an encoding "
						  "like ISO-8859-1 that the first line names");
		if (bytes[i] == '\n')
			line++;
	}
	return true;
}

static bool parse_bytes(struct clusterconf *cc, const char *bytes, size_t size)
{
	struct build b = { .cc = cc };
	bool good;

	if (!check_bytes(cc, bytes, size))
		return false;
	b.tree = malloc(TREE_BYTES);
	if (!b.tree)
		return clusterconf_refuse(cc, 0, "no memory for %u bytes", TREE_BYTES);
	good = build_tree(&b, bytes, size) && clusterconf_schema(cc, b.root) &&
	       clusterconf_cluster(cc, b.root) && clusterconf_nodes(cc, b.root) &&
	       clusterconf_quorumd(cc, b.root);
	free(b.tree);
	return good;
}

int clusterconf_open(const char *path, char *error, size_t error_size)
{
	struct clusterconf cc = { .file = path, .error = error, .error_size = error_size };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int status = -EINVAL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		status = -errno;
		(void)clusterconf_refuse(&cc, 0, "cannot read: %s", strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		(void)clusterconf_refuse(&cc, 0, "not a regular file");
	} else if (st.st_size > (off_t)CLUSTERCONF_BYTES_MAX) {
		(void)clusterconf_refuse(&cc, 0, "the file has %lld bytes; allowed: at most %u",
					 (long long)st.st_size, CLUSTERCONF_BYTES_MAX);
	} else {
		return fd;
	}
	if (fd >= 0)
		(void)close(fd);	/* only read from */
	return status;
}

/* The whole file; a count, or negative errno. One byte more than is allowed is
 * asked for, to see a file that has grown since clusterconf_open(). */
static ssize_t read_all(int fd, char *bytes)
{
	size_t used = 0;

	while (used <= CLUSTERCONF_BYTES_MAX) {
		ssize_t n = read(fd, bytes + used, CLUSTERCONF_BYTES_MAX + 1 - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return (ssize_t)used;
		used += (size_t)n;
	}
	return -EFBIG;
}

int clusterconf_read(int fd, const char *path, struct qd_config *ret, char *error,
		     size_t error_size)
{
	struct clusterconf cc = { .file = path, .error = error, .error_size = error_size };
	char *bytes = malloc(CLUSTERCONF_BYTES_MAX + 1);
	int status = -EINVAL;
	ssize_t size;

	cc.config = malloc(sizeof(*cc.config));
	if (!bytes || !cc.config) {
		status = -ENOMEM;
		(void)clusterconf_refuse(&cc, 0, "no memory to read the file");
		goto out;
	}
	size = read_all(fd, bytes);
	if (size < 0) {
		status = (int)size;
		(void)clusterconf_refuse(&cc, 0, "cannot read: %s", strerror(-status));
		goto out;
	}
	clusterconf_init(cc.config, path);
	if (parse_bytes(&cc, bytes, (size_t)size)) {
		*ret = *cc.config;
		status = 0;
	}
out:
	free(bytes);
	free(cc.config);
	return status;
}

int clusterconf_parse(const char *path, struct qd_config *ret, char *error, size_t error_size)
{
	int fd = clusterconf_open(path, error, error_size);
	int status;

	if (fd < 0)
		return fd;
	status = clusterconf_read(fd, path, ret, error, error_size);
	(void)close(fd);	/* only read from */
	return status;
}
