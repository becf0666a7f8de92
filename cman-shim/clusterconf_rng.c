/* cluster.conf against the schema; see clusterconf_rng.h. */
#include "clusterconf_rng.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/relaxng.h>

/* The file itself: nothing to install, nothing that can be of another version. */
__asm__(".section .rodata\n"
	".global clusterconf_rng_text\nclusterconf_rng_text:\n"
	".incbin \"cman-shim/cluster.rng\"\n"
	".byte 0\n"
	".previous\n");
extern const char clusterconf_rng_text[] __attribute__((visibility("hidden")));

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_pointer;
#else
typedef xmlErrorPtr error_pointer;
#endif

struct teller {
	clusterconf_rng_fn tell;
	void *arg;
};

static void on_error(void *data, error_pointer error)
{
	const struct teller *t = data;
	const xmlNode *node = error->node;
	char text[512];

	(void)snprintf(text, sizeof(text), "%s", error->message ? error->message : "unknown error");
	text[strcspn(text, "\n")] = '\0';
	t->tell(t->arg, error->line > 0 ? (uint32_t)error->line : 1,
		node && node->type == XML_ELEMENT_NODE ? (const char *)node->name : NULL, text);
}

/* What is not well-formed the reader has told. */
static void on_nothing(void *data, error_pointer error)
{
	(void)data;
	(void)error;
}

static xmlRelaxNGPtr schema_parse(void)
{
	int size = (int)strlen(clusterconf_rng_text);
	xmlRelaxNGParserCtxtPtr parser = xmlRelaxNGNewMemParserCtxt(clusterconf_rng_text, size);
	xmlRelaxNGPtr schema = parser ? xmlRelaxNGParse(parser) : NULL;

	xmlRelaxNGFreeParserCtxt(parser);
	return schema;
}

int clusterconf_rng(const char *path, clusterconf_rng_fn tell, void *arg)
{
	struct teller teller = { .tell = tell, .arg = arg };
	xmlRelaxNGValidCtxtPtr validator = NULL;
	xmlRelaxNGPtr schema = NULL;
	int status = -EBADMSG;
	xmlDocPtr doc;

	xmlSetStructuredErrorFunc(NULL, on_nothing);
	doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
	if (!doc)
		return -EBADMSG;
	status = -ENOMEM;
	schema = schema_parse();
	validator = schema ? xmlRelaxNGNewValidCtxt(schema) : NULL;
	if (validator) {
		xmlRelaxNGSetValidStructuredErrors(validator, on_error, &teller);
		status = xmlRelaxNGValidateDoc(validator, doc) == 0 ? 0 : 1;
	}
	xmlRelaxNGFreeValidCtxt(validator);
	xmlRelaxNGFree(schema);
	xmlFreeDoc(doc);
	return status;
}
