/* Text for a terminal; see tool_text.h. */
#include <stdbool.h>

#include "tool_text.h"

void tool_text_show(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	for (; *s; s++) {
		bool c1 = s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0;

		(void)fputc(*s < ' ' || *s == 0x7f || c1 ? '?' : *s, out);
		s += c1;
	}
}
