/* What the parts of mkqdisk share (private to mkqdisk/). */
#ifndef MKQDISK_H
#define MKQDISK_H

#include "../qdiskd/discover.h"

#define MK_EXIT_REFUSED 255	/* every refusal, as legacy */
#define MK_TIME_MAX 32

/* Log levels of -d: one and its count. Refusals are told at every level. */
enum mk_level {
	MK_LEVEL_DEFAULT = 1,
	MK_LEVEL_ERROR = 2,
	MK_LEVEL_WARNING = 3,
	MK_LEVEL_STATUS = 5,	/* with -L and -f: status blocks */
	MK_LEVEL_DEBUG = 6,
	MK_LEVEL_MAX = 7,
};

struct mk_options {
	bool list, help, yes, force;
	const char *find;	/* -f */
	const char *device;	/* -c */
	const char *label;	/* -l */
	unsigned level;
	struct discover_roots roots;
};

/* "mkqdisk: ..." on stderr, after what stands on stdout so far. */
__attribute__((format(printf, 1, 2))) void mk_say(const char *format, ...);

/* A time as ctime(3) without its newline; a number where it cannot. */
void mk_time_text(uint64_t wall_s, char ret_text[MK_TIME_MAX]);

/* A text from the LUN, nothing in it that could move a terminal. */
void mk_clean(char *text);

/* -L and -f: the exit code. 255 when nothing was found. */
int mk_list(const struct mk_options *o);

/* -c and -l: the exit code. */
int mk_label(const struct mk_options *o);

#define MK_USE_MAX 512

/* Who on this host uses the device: mounted, swap, held, opened exclusively.
 * false: nobody. */
bool mk_use_local(const struct mk_options *o, const struct discover_probe *probe,
		  char ret_text[MK_USE_MAX]);

/* Who on any host beats on it: two looks at its status blocks, max(3 s, 2 I)
 * apart, or less when a beat is seen. 0: nobody; 1: see ret_text; -errno. */
int mk_use_beating(const struct mk_options *o, const struct discover_probe *probe,
		   char ret_text[MK_USE_MAX]);

/* Write label and status blocks, check all of it. The exit code. */
int mk_write(const struct mk_options *o, const struct discover_probe *probe);

#endif
