/* What a fence agent takes, and what it is given; see clusterconf_agent.h. */
#include "clusterconf_agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>

#define DEPTH_MAX 16u

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_pointer;
#else
typedef xmlErrorPtr error_pointer;
#endif

/* ---- Its metadata ---- */

struct reading {
	xmlParserCtxtPtr parser;
	struct clusterconf_agent *agent;
	struct clusterconf_parameter *open;	/* inside of which <parameter> */
	unsigned depth;
	bool is_agent;
	int status;
};

static void stop(struct reading *r, int status)
{
	r->status = r->status ? r->status : status;
	xmlStopParser(r->parser);
}

/* libxml2 gives five pointers for each: name, prefix, URI, value, its end. What is longer
 * than a word is cut: no attribute of cluster.conf has such a name. */
static bool attribute(int count, const xmlChar **from, const char *name, char *ret_value, size_t size)
{
	for (int i = 0; i < count; i++, from += 5) {
		if (strcmp((const char *)from[0], name) != 0)
			continue;
		(void)snprintf(ret_value, size, "%.*s", (int)(from[4] - from[3]), (const char *)from[3]);
		return true;
	}
	return false;
}

static bool is_true(int count, const xmlChar **from, const char *name)
{
	char value[CLUSTERCONF_WORD_LEN];

	return attribute(count, from, name, value, sizeof(value)) &&
	       (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

static void on_parameter(struct reading *r, int count, const xmlChar **from)
{
	struct clusterconf_parameter p = { .required = is_true(count, from, "required"),
					   .deprecated = is_true(count, from, "deprecated") };

	if (!attribute(count, from, "name", p.name, sizeof(p.name)))
		return;
	if (r->agent->count == CLUSTERCONF_PARAMETERS_MAX) {
		stop(r, -E2BIG);
		return;
	}
	(void)attribute(count, from, "obsoletes", p.obsoletes, sizeof(p.obsoletes));
	r->open = &r->agent->parameter[r->agent->count++];
	*r->open = p;
}

static void on_start(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		     int namespace_count, const xmlChar **namespaces, int count, int defaulted_count,
		     const xmlChar **from)
{
	struct reading *r = data;
	const char *tag = (const char *)name;
	char unused[CLUSTERCONF_WORD_LEN];

	(void)prefix, (void)uri, (void)namespace_count, (void)namespaces;
	(void)defaulted_count;	/* none without a document type */
	if (++r->depth > DEPTH_MAX)
		stop(r, -EBADMSG);
	else if (r->depth == 1)
		r->is_agent = strcmp(tag, "resource-agent") == 0;
	else if (strcmp(tag, "parameter") == 0)
		on_parameter(r, count, from);
	else if (r->open && strcmp(tag, "getopt") == 0)
		(void)attribute(count, from, "mixed", r->open->option, sizeof(r->open->option));
	else if (r->open && strcmp(tag, "content") == 0)
		r->open->has_default = attribute(count, from, "default", unused, sizeof(unused));
}

static void on_end(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reading *r = data;

	(void)prefix, (void)uri;
	r->depth--;
	if (strcmp((const char *)name, "parameter") == 0)
		r->open = NULL;
}

static void on_doctype(void *data, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name, (void)external, (void)system;
	stop(data, -EBADMSG);
}

static void on_error(void *data, error_pointer error)
{
	struct reading *r = data;

	if (error->level >= XML_ERR_ERROR && error->domain != XML_FROM_NAMESPACE && !r->status)
		r->status = -EBADMSG;
}

int clusterconf_agent(const char *xml, size_t size, struct clusterconf_agent *ret_agent)
{
	static const xmlSAXHandler handler = {
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.internalSubset = on_doctype,
		.serror = on_error,
	};
	struct reading r = { .parser = xmlNewParserCtxt(), .agent = ret_agent };

	ret_agent->count = 0;
	if (!r.parser)
		return -ENOMEM;
	*r.parser->sax = handler;
	r.parser->userData = &r;
	(void)xmlCtxtReadMemory(r.parser, xml, (int)size, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOENT);
	if (!r.status && (!r.parser->wellFormed || !r.is_agent))
		r.status = -EBADMSG;
	xmlFreeParserCtxt(r.parser);
	return r.status;
}

/* ---- What it is given ---- */

/* Of one line key=value. */
static size_t key_size(const char *line)
{
	return strcspn(line, "=\n");
}

static const char *line_next(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static bool is_key(const char *line, const char *name)
{
	size_t size = strlen(name);

	return key_size(line) == size && memcmp(line, name, size) == 0;
}

static bool given(const char *args, const char *name)
{
	for (const char *line = args; *name && *line; line = line_next(line)) {
		if (is_key(line, name))
			return true;
	}
	return false;
}

/* fenced gave these, or they had a meaning for all agents. */
static bool is_of_cman(const char *line)
{
	static const char *const names[] = { "name", "agent", "nodename", "action", "option", "port", "plug",
					     "delay" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_key(line, names[i]))
			return true;
	}
	return false;
}

/* The libraries of agents take a name with either sign. */
static bool same_name(const char *line, const char *name)
{
	size_t size = key_size(line);

	if (size != strlen(name))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (line[i] != name[i] && !(strchr("-_", line[i]) && strchr("-_", name[i])))
			return false;
	}
	return true;
}

static bool takes(const struct clusterconf_agent *agent, const char *line)
{
	for (unsigned i = 0; i < agent->count; i++) {
		if (same_name(line, agent->parameter[i].name) || same_name(line, agent->parameter[i].obsoletes))
			return true;
	}
	return false;
}

static void judge_unknown(const struct clusterconf_agent *agent, const char *args, clusterconf_wrong_fn tell,
			  void *arg)
{
	bool device = true;	/* its attributes stand first, nodename= ends them */
	char name[CLUSTERCONF_WORD_LEN];

	for (const char *line = args; *line; line = line_next(line)) {
		if (is_key(line, "nodename"))
			device = false;
		if (is_of_cman(line) || takes(agent, line))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)key_size(line), line);
		tell(arg, CLUSTERCONF_UNKNOWN_ATTRIBUTE, device, name, "");
	}
}

/* By this name, by the one it had before, or by another one of the same option. */
static bool is_given(const struct clusterconf_agent *agent, const struct clusterconf_parameter *p, const char *args)
{
	if (given(args, p->name) || given(args, p->obsoletes))
		return true;
	for (unsigned i = 0; *p->option && i < agent->count; i++) {
		if (strcmp(agent->parameter[i].option, p->option) == 0 && given(args, agent->parameter[i].name))
			return true;
	}
	return false;
}

/* Which node is meant an agent may take from nodename=, if it says that it knows it. */
static bool is_the_node(const struct clusterconf_agent *agent, const struct clusterconf_parameter *p)
{
	return (strcmp(p->name, "plug") == 0 || strcmp(p->name, "port") == 0) && takes(agent, "nodename");
}

void clusterconf_agent_judge(const struct clusterconf_agent *agent, const char *args,
			     clusterconf_wrong_fn tell, void *arg)
{
	judge_unknown(agent, args, tell, arg);
	for (unsigned i = 0; i < agent->count; i++) {
		const struct clusterconf_parameter *p = &agent->parameter[i];

		/* without an action all agents reboot, or switch off where that is all they can */
		if (p->required && !p->deprecated && !p->has_default && strcmp(p->name, "action") != 0 &&
		    !is_given(agent, p, args) && !is_the_node(agent, p))
			tell(arg, CLUSTERCONF_MISSING_ATTRIBUTE, false, p->name, p->obsoletes);
	}
}
