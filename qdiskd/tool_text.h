/* Text for a terminal (floor 4). */
#ifndef QD_TOOL_TEXT_H
#define QD_TOOL_TEXT_H

#include <stdio.h>

/* A text that came from elsewhere: nothing in it moves the terminal's cursor. */
void tool_text_show(FILE *out, const char *text);

#endif
