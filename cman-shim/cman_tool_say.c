/* cman_tool: its words on stderr. */
#include "cman_tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

__attribute__((format(printf, 2, 0)))
static void say(const struct cman_tool_options *o, const char *format, va_list args)
{
	(void)fprintf(stderr, "%s: ", o->program);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
}

int cman_tool_fail(const struct cman_tool_options *o, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(o, format, args);
	va_end(args);
	return EXIT_FAILURE;
}

void cman_tool_debug(const struct cman_tool_options *o, const char *format, ...)
{
	va_list args;

	if (!o->debug)
		return;
	va_start(args, format);
	say(o, format, args);
	va_end(args);
}

int cman_tool_fail_open(const struct cman_tool_options *o, int error)
{
	if (error == EACCES)
		return cman_tool_fail(o, "Cannot open connection to cman, permission denied.");
	(void)cman_tool_fail(o, "Cannot open connection to cman, is it running ?");
	if (error == ENOENT)
		(void)cman_tool_fail(o, "corosync runs without votequorum; its configuration "
					"needs \"provider: corosync_votequorum\" in the quorum "
					"section");
	return EXIT_FAILURE;
}
