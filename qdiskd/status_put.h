/* Text made piece by piece, for the two renderings of the status (floor 3, private).
 * What is rendered is bounded, and so is its text: running out of room is a bug. */
#ifndef STATUS_PUT_H
#define STATUS_PUT_H

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

struct out {
	char *text;
	size_t used, size;
};

__attribute__((format(printf, 2, 3)))
static inline void put(struct out *o, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(o->text + o->used, o->size - o->used, format, ap);
	va_end(ap);
	assert(n >= 0);
	assert((size_t)n < o->size - o->used);
	o->used += (size_t)n;
}

#endif
