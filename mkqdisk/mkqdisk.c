/* mkqdisk: label and list quorum disks (program).
 *
 * What stands on stdout and the exit codes are those of the 2011 mkqdisk, to the
 * byte; what it never said (why something was refused) stands on stderr.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mkqdisk.h"

#ifndef QD_VERSION
#define QD_VERSION "unknown"
#endif

void mk_say(const char *format, ...)
{
	va_list args;

	(void)fflush(stdout);	/* main() looks at the end */
	(void)fputs("mkqdisk: ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
}

void mk_time_text(uint64_t wall_s, char ret_text[MK_TIME_MAX])
{
	time_t t = (time_t)wall_s;
	char text[64];

	if (wall_s > (uint64_t)INT64_MAX || wall_s / 31556952 > 9999 - 1970 ||
	    ctime_r(&t, text) == NULL) {
		(void)snprintf(ret_text, MK_TIME_MAX, "%llu", (unsigned long long)wall_s);
		return;
	}
	text[strcspn(text, "\n")] = 0;
	(void)snprintf(ret_text, MK_TIME_MAX, "%.*s", MK_TIME_MAX - 1, text);
}

void mk_clean(char *text)
{
	for (char *p = text; *p != 0; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
}

/* `--force` and `--help` come as option '-': no abbreviation of --force works. */
static bool option_long(struct mk_options *o, const char *program, const char *name)
{
	if (strcmp(name, "force") == 0) {
		o->force = true;
	} else if (strcmp(name, "help") == 0) {
		o->help = true;
	} else {
		fprintf(stderr, "%s: unrecognized option '--%s'\n", program, name);
		return false;
	}
	return true;
}

/* false: a letter or an argument was wrong; getopt has said which. */
static bool options_parse(int argc, char **argv, struct mk_options *ret)
{
	struct mk_options o = { .level = MK_LEVEL_DEFAULT };
	bool fine = true;
	int letter;

	optind = 0;	/* from the start, each time */
	while ((letter = getopt(argc, argv, "Ldf:c:l:hy-:")) != -1) {
		switch (letter) {
		case 'L':
			o.list = true;
			break;
		case 'd':
			o.level += o.level < MK_LEVEL_MAX;
			break;
		case 'f':
			o.find = optarg;
			break;
		case 'c':
			o.device = optarg;
			break;
		case 'l':
			o.label = optarg;
			break;
		case 'h':
			o.help = true;
			break;
		case 'y':
			o.yes = true;
			break;
		case '-':
			fine = option_long(&o, argv[0], optarg) && fine;
			break;
		default:
			fine = false;
			break;
		}
	}
	*ret = o;
	return fine;
}

static int run(int argc, char **argv)
{
	static const char usage[] = "usage: mkqdisk -L | -f <label> | -c <device> -l <label>";
	struct mk_options o;
	bool fine;

	/* twice, as legacy: it is why a wrong letter is complained about twice */
	(void)options_parse(argc, argv, &o);
	fine = options_parse(argc, argv, &o);
	if (fine && o.help) {
		printf("%s [-d]\n", usage);
		return 0;
	}
	if (!fine || (!o.list && !o.find && !o.device && !o.label)) {
		printf("%s\n", usage);
		return 1;
	}
	for (int i = optind; i < argc; i++)
		mk_say("argument '%s' belongs to no option and is ignored", argv[i]);
	o.roots.partitions = getenv("QDISK_PARTITIONS");
	if (o.list || o.find)
		return mk_list(&o);
	if (!o.device || !o.label) {
		printf("Both a device and a label are required\n");
		return 1;
	}
	return mk_label(&o);
}

int main(int argc, char **argv)
{
	int code;

	printf("mkqdisk v%s\n\n", QD_VERSION);
	(void)fflush(stdout);	/* getopt writes to stderr; the end is checked below */
	code = run(argc, argv);
	if ((fflush(stdout) == EOF || ferror(stdout)) && code == 0) {
		fprintf(stderr, "mkqdisk: cannot write to standard output: %m\n");
		return MK_EXIT_REFUSED;
	}
	return code;
}
