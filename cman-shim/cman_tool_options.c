/* cman_tool: the command line. */
#include "cman_tool.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* All options of the old program are known, whatever the operation. */
#define OPTIONS "hVd::n:v:e:2m:p:N:c:k:C:XAPo:D::r::Swqt:aF:i:f"

static const struct {
	const char *word;
	enum cman_tool_operation operation;
} operations[] = {
	{ "status", OPERATION_STATUS },	    { "nodes", OPERATION_NODES },
	{ "join", OPERATION_JOIN },	    { "leave", OPERATION_LEAVE },
	{ "kill", OPERATION_KILL },	    { "expected", OPERATION_EXPECTED },
	{ "votes", OPERATION_VOTES },	    { "version", OPERATION_VERSION },
	{ "wait", OPERATION_WAIT },	    { "debug", OPERATION_DEBUG },
	{ "services", OPERATION_SERVICES },
};

static const struct {
	const char *word;
	enum cman_tool_column column;
} column_words[] = {
	{ "id", COLUMN_ID },	   { "name", COLUMN_NAME },   { "type", COLUMN_TYPE },
	{ "addr", COLUMN_ADDR },   { "votes", COLUMN_VOTES }, { "exp", COLUMN_EXP },
	{ "state", COLUMN_STATE },
};

int cman_tool_parse_columns(const char *text, struct cman_tool_columns *ret_columns)
{
	struct cman_tool_columns columns = { .count = 0 };
	unsigned words = 0;

	while (*text) {
		size_t length = strcspn(text, ",");

		if (length && words++ == CMAN_TOOL_COLUMNS_MAX)
			return -E2BIG;
		for (size_t i = 0; i < sizeof(column_words) / sizeof(column_words[0]); i++) {
			if (strlen(column_words[i].word) == length &&
			    memcmp(column_words[i].word, text, length) == 0)
				columns.list[columns.count++] = column_words[i].column;
		}
		text += length;
		if (*text)
			text++;
	}
	*ret_columns = columns;
	return 0;
}

static bool add_name(struct cman_tool_options *o, const char *name, FILE *err)
{
	if (strlen(name) > CMAN_TOOL_NAME_LEN) {
		(void)fprintf(err, "%s: node name %s is longer than %d characters\n", o->program,
			      name, CMAN_TOOL_NAME_LEN);
		return false;
	}
	if (o->name_count == CMAN_TOOL_NAMES_MAX) {
		(void)fprintf(err, "%s: maximum of %d node names allowed\n", o->program,
			      CMAN_TOOL_NAMES_MAX);
		return false;
	}
	o->names[o->name_count++] = name;
	return true;
}

static bool check_number(const struct cman_tool_options *o, int letter, const char *text, FILE *err)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (end == text || *end || errno) {
		(void)fprintf(err, "%s: argument to %c (%s) is not an integer\n", o->program,
			      letter, text);
		return false;
	}
	if (value < 0) {
		(void)fprintf(err, "%s: argument to %c cannot be negative\n", o->program, letter);
		return false;
	}
	return true;
}

static bool set_columns(struct cman_tool_options *o, const char *text, FILE *err)
{
	if (cman_tool_parse_columns(text, &o->columns) != 0) {
		(void)fprintf(err, "%s: maximum of %d columns allowed\n", o->program,
			      CMAN_TOOL_COLUMNS_MAX);
		return false;
	}
	o->formatted = true;
	return true;
}

static enum cman_tool_parse parse_option(struct cman_tool_options *o, int letter, FILE *err)
{
	bool fine = true;

	switch (letter) {
	case 'h':
		return PARSE_HELP;
	case 'V':
		return PARSE_VERSION;
	case 'a':
		o->addresses = true;
		break;
	case 'n':
		fine = add_name(o, optarg, err);
		break;
	case 'F':
		fine = set_columns(o, optarg, err);
		break;
	case 'v':
	case 'e':
	case 'p':
	case 'N':
	case 't':
		fine = check_number(o, letter, optarg, err);
		break;
	case 'i':
	case 'f':
		(void)fprintf(err, "%s: unknown option: %c\n", o->program, letter);
		fine = false;
		break;
	case '?':
		(void)fprintf(err, "Please use '-h' for usage.\n");
		fine = false;
		break;
	default: /* of operations that are refused later */
		break;
	}
	return fine ? PARSE_RUN : PARSE_ERROR;
}

static bool set_operation(struct cman_tool_options *o, const char *word, FILE *err)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(word, operations[i].word) != 0)
			continue;
		if (o->operation != OPERATION_NONE) {
			(void)fprintf(err, "%s: can't specify two operations\n", o->program);
			return false;
		}
		o->operation = operations[i].operation;
		o->word = operations[i].word;
		return true;
	}
	(void)fprintf(err, "%s: unknown option %s\n", o->program, word);
	return false;
}

/* The words that belong to `leave`. */
static bool is_leave_word(const char *word)
{
	return strcmp(word, "remove") == 0 || strcmp(word, "force") == 0;
}

static enum cman_tool_parse parse_words(struct cman_tool_options *o, int argc, char **argv,
					FILE *err)
{
	const char *leave_word = NULL;

	for (int i = optind; i < argc; i++) {
		if (is_leave_word(argv[i]))
			leave_word = argv[i];
		else if (!set_operation(o, argv[i], err))
			return PARSE_ERROR;
	}
	if (leave_word && o->operation != OPERATION_LEAVE) {
		(void)fprintf(err, "%s: unknown option %s\n", o->program, leave_word);
		return PARSE_ERROR;
	}
	if (o->operation == OPERATION_NONE) {
		(void)fprintf(err, "%s: no operation specified\n", o->program);
		return PARSE_ERROR;
	}
	return PARSE_RUN;
}

enum cman_tool_parse cman_tool_parse(int argc, char **argv, FILE *err,
				     struct cman_tool_options *ret_options)
{
	int letter;

	memset(ret_options, 0, sizeof(*ret_options));
	ret_options->program = argc > 0 ? argv[0] : "cman_tool";
	optind = 0; /* from the start, also when called again */
	while ((letter = getopt(argc, argv, OPTIONS)) != -1) {
		enum cman_tool_parse result = parse_option(ret_options, letter, err);

		if (result != PARSE_RUN)
			return result;
	}
	return parse_words(ret_options, argc, argv, err);
}
