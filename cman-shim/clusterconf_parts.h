/* What the parts of the cluster.conf reader share. Nobody else includes this.
 *
 *	clusterconf.c		bytes to a tree; the only file that knows libxml2
 *	clusterconf_value.c	one attribute to one value; refusals and notices
 *	clusterconf_schema.c	which element may stand where, with what attributes
 *	clusterconf_cluster.c	cluster, cman, totem, fence_daemon
 *	clusterconf_totem.c	what of cman and totem is corosync's: network, crypto
 *	clusterconf_log.c	logging, of qdiskd and of corosync
 *	clusterconf_quorumd.c	quorumd and heuristic
 *	clusterconf_fence.c	clusternodes and fencedevices
 *	clusterconf_native.c	corosync.conf's keys to a tree, for the same readers
 *
 * Functions that can refuse return false after clusterconf_refuse(), so that
 * they chain with &&; the first refusal is the one that is told.
 */
#ifndef CLUSTERCONF_PARTS_H
#define CLUSTERCONF_PARTS_H

#include <stdbool.h>

#include "clusterconf.h"

struct clusterconf_attribute {
	const char *name, *value;	/* UTF-8, all references resolved */
	struct clusterconf_attribute *next;
};

/* Attributes and children are in the order of the file. */
struct clusterconf_element {
	const char *name;
	/* of corosync.conf: its cmap keys are BEFORE attribute AFTER; NULL: an element of XML */
	const char *key_before, *key_after;
	uint32_t line;			/* where its tag begins */
	struct clusterconf_attribute *attributes;
	struct clusterconf_element *parent, *children, *last_child, *next;
};

/* A reading in progress. */
struct clusterconf {
	const char *file;		/* for messages */
	struct qd_config *config;
	char *error;
	size_t error_size;
	bool failed;
};

/* ---- clusterconf_value.c ---- */

/* Refuse the file: "FILE:LINE: TEXT" becomes the error, control characters as
 * blanks. Line 0: no line is told. Returns false. */
bool clusterconf_refuse(struct clusterconf *cc, uint32_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What an operator calls the attribute: "<quorumd> tko=", "quorum.device.qdisk.tko: ". */
#define CLUSTERCONF_PLACE_LEN 320
const char *clusterconf_place_of(const struct clusterconf_element *e, const char *name,
				 char text[CLUSTERCONF_PLACE_LEN]);

/* A configuration with nothing given. */
void clusterconf_init(struct qd_config *config, const char *file);

/* Refuse one attribute's value; `allowed` is what would be accepted. */
bool clusterconf_refuse_value(struct clusterconf *cc, const struct clusterconf_element *e,
			      const char *name, const char *allowed);

/* Add a remark; the last one that fits says that there are more. */
void clusterconf_notice(struct clusterconf *cc, uint32_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, of what has no equivalent in corosync.conf: told by who writes that. */
void clusterconf_remark(struct clusterconf *cc, uint32_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Value of an attribute, or NULL. */
const char *clusterconf_get(const struct clusterconf_element *e, const char *name);

/* First child of that name, or NULL; the next of the same name after `e`, or NULL. */
const struct clusterconf_element *clusterconf_child(const struct clusterconf_element *parent,
						    const char *name);
const struct clusterconf_element *clusterconf_next(const struct clusterconf_element *e);

/* A child that counts once: the first; of every further one a notice says that
 * it is passed over, as legacy did. */
const struct clusterconf_element *clusterconf_single(struct clusterconf *cc,
						     const struct clusterconf_element *parent,
						     const char *name);

/* Attribute to value. Absent: *value stays as it is and true is returned.
 * A value that is not allowed refuses the file and returns false. */

/* Whole decimal number, min..max. */
bool clusterconf_u32(struct clusterconf *cc, const struct clusterconf_element *e, const char *name,
		     uint32_t min, uint32_t max, uint32_t *value);

/* Seconds ("1", "0.2", "2s") or milliseconds ("200ms"), both limits in ms. */
bool clusterconf_ms(struct clusterconf *cc, const struct clusterconf_element *e, const char *name,
		    uint32_t min_ms, uint32_t max_ms, uint32_t *value);

/* 0 no off, 1 yes on: becomes 0 or 1. */
bool clusterconf_flag(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *name, uint32_t *value);

/* Text of 1..max bytes; `value` has room for max + 1. */
bool clusterconf_text(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *name, size_t max, char *value);

/* An absolute path of at most QD_PATH_LEN - 1 bytes. */
bool clusterconf_path(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *name, char *value);

/* One word of a list that ends with NULL, in any case; stored as the list spells it. */
bool clusterconf_word(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *name, const char *const *words, char *value, size_t size);

/* Keep a text in the pool of the configuration; `e` is named when it is full. */
bool clusterconf_keep(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *text, qd_text *ret_text);

/* Refuse the element if the attribute is absent; `allowed` says what belongs there. */
bool clusterconf_need(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *name, const char *allowed);

/* ---- clusterconf_schema.c ---- */

enum clusterconf_place {
	CLUSTERCONF_READ,	/* its content concerns us */
	CLUSTERCONF_PASS,	/* known, and no concern of ours */
	CLUSTERCONF_UNKNOWN,
};

/* What a child of <cluster> is to us. */
enum clusterconf_place clusterconf_place(const char *name);

/* Check names of elements and attributes below `root`, and that no attribute
 * holds a line break or another control character. An unknown one is refused
 * in <quorumd> and <heuristic>, elsewhere noticed. */
bool clusterconf_schema(struct clusterconf *cc, const struct clusterconf_element *root);

/* ---- the readers of parts; `root` is <cluster> ---- */

bool clusterconf_cluster(struct clusterconf *cc, const struct clusterconf_element *root);
bool clusterconf_totem(struct clusterconf *cc, const struct clusterconf_element *root);
bool clusterconf_altnames(struct clusterconf *cc, const struct clusterconf_element *clusternode,
			  struct qd_config_node *node);
bool clusterconf_logging(struct clusterconf *cc, const struct clusterconf_element *root);
bool clusterconf_quorumd(struct clusterconf *cc, const struct clusterconf_element *root);
bool clusterconf_nodes(struct clusterconf *cc, const struct clusterconf_element *root);

#endif
