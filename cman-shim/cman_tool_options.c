/* cman_tool: the command line. */
#include "cman_tool.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DEBUG_ALL 255
#define VOTES_MAX 255	/* of all together: more overflow corosync's quorum */
#define PORT_MAX 65535
#define NODE_ID_MAX 4096

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

static bool set_number(const struct cman_tool_options *o, int letter, int max, FILE *err,
		       int *ret_value)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(optarg, &end, 10);
	if (end == optarg || *end || errno) {
		(void)fprintf(err, "%s: argument to %c (%s) is not an integer\n", o->program,
			      letter, optarg);
		return false;
	}
	if (value < 0) {
		(void)fprintf(err, "%s: argument to %c cannot be negative\n", o->program, letter);
		return false;
	}
	if (value > max) {
		(void)fprintf(err, "%s: argument to %c (%ld) is more than %d\n", o->program,
			      letter, value, max);
		return false;
	}
	*ret_value = (int)value;
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

/* -d: a mask, or everything. Legacy's own debug flags, -d1 for example, have
 * no meaning of their own here but to say what is done. */
static bool set_debug(struct cman_tool_options *o, FILE *err)
{
	o->debug = DEBUG_ALL;
	return !optarg || set_number(o, 'd', INT_MAX, err, &o->debug);
}

/* -D: a word by its first letter. */
static bool set_check(struct cman_tool_options *o, FILE *err)
{
	switch (optarg ? tolower((unsigned char)optarg[0]) : 'n') {
	case 'f':
		o->check = CHECK_FAIL;
		return true;
	case 'w':
		o->check = CHECK_WARN;
		return true;
	case 'n':
		o->check = CHECK_NONE;
		return true;
	default:
		(void)fprintf(err, "%s: argument to D (%s) is not fail, warn or none\n",
			      o->program, optarg);
		return false;
	}
}

static bool set_cluster(struct cman_tool_options *o, FILE *err)
{
	o->cluster = optarg;
	if (strlen(optarg) <= MAX_CLUSTER_NAME_LEN)
		return true;
	(void)fprintf(err, "%s: cluster name %s is longer than %d characters\n", o->program, optarg,
		      MAX_CLUSTER_NAME_LEN);
	return false;
}

/* -r: a number is of no use, the file has one. */
static bool set_reload(struct cman_tool_options *o, FILE *err)
{
	o->reload = true;
	if (optarg)
		(void)fprintf(err, "%s: the version number of -r is ignored, that of the "
				   "configuration counts\n", o->program);
	return true;
}

/* Options that take a value; PARSE_ERROR has been told. */
static bool set_value(struct cman_tool_options *o, int letter, FILE *err)
{
	switch (letter) {
	case 'n': return add_name(o, optarg, err);
	case 'F': return set_columns(o, optarg, err);
	case 'd': return set_debug(o, err);
	case 'D': return set_check(o, err);
	case 'c': return set_cluster(o, err);
	case 'r': return set_reload(o, err);
	case 'v': return set_number(o, letter, VOTES_MAX, err, &o->votes);
	case 'e': return set_number(o, letter, VOTES_MAX, err, &o->expected);
	case 'p': return set_number(o, letter, PORT_MAX, err, &o->port);
	case 'N': return set_number(o, letter, NODE_ID_MAX, err, &o->node_id);
	case 't': return set_number(o, letter, INT_MAX / 1000, err, &o->timeout_s);
	case 'm': o->multicast = optarg; return true;
	case 'k': o->keyfile = optarg; return true;
	case 'C': o->loader = optarg; return true;
	default: return true; /* -o of join: accepted, never used */
	}
}

static enum cman_tool_parse parse_option(struct cman_tool_options *o, int letter, FILE *err)
{
	switch (letter) {
	case 'h': return PARSE_HELP;
	case 'V': return PARSE_VERSION;
	case 'a': o->addresses = true; break;
	case '2': o->two_node = true; break;
	case 'X': o->no_config = true; break;
	case 'P': o->no_realtime = true; break;
	case 'w': o->wait = true; break;
	case 'q': o->wait_quorate = true; break;
	case 'A': /* without openais; there is none */
	case 'S': /* without ccs_sync; there is none */
		break;
	case 'i':
	case 'f':
		(void)fprintf(err, "%s: unknown option: %c\n", o->program, letter);
		return PARSE_ERROR;
	case '?':
		(void)fprintf(err, "Please use '-h' for usage.\n");
		return PARSE_ERROR;
	default:
		return set_value(o, letter, err) ? PARSE_RUN : PARSE_ERROR;
	}
	return PARSE_RUN;
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
static bool set_leave_word(struct cman_tool_options *o, const char *word)
{
	bool removed = strcmp(word, "remove") == 0, forced = strcmp(word, "force") == 0;

	o->leave_removed |= removed;
	o->leave_forced |= forced;
	return removed || forced;
}

static bool parse_words(struct cman_tool_options *o, int argc, char **argv, FILE *err)
{
	const char *leave_word = NULL;

	for (int i = optind; i < argc; i++) {
		if (set_leave_word(o, argv[i]))
			leave_word = argv[i];
		else if (!set_operation(o, argv[i], err))
			return false;
	}
	if (leave_word && o->operation != OPERATION_LEAVE) {
		(void)fprintf(err, "%s: unknown option %s\n", o->program, leave_word);
		return false;
	}
	if (o->operation == OPERATION_NONE) {
		(void)fprintf(err, "%s: no operation specified\n", o->program);
		return false;
	}
	return true;
}

/* Options that do not go together. */
static bool check_together(const struct cman_tool_options *o, FILE *err)
{
	const char *wrong = NULL;

	if (o->operation == OPERATION_KILL && o->name_count == 0)
		wrong = "No node name specified";
	else if (o->operation == OPERATION_JOIN && o->timeout_s >= 0 && !o->wait && !o->wait_quorate)
		wrong = "timeout is only appropriate with wait";
	else if (o->two_node && o->expected >= 0 && o->expected != 1)
		wrong = "expected votes can only be 1 with -2";
	else if (o->port == 0)
		wrong = "argument to p (0) is not a port, 1 to 65535";
	if (wrong)
		(void)fprintf(err, "%s: %s\n", o->program, wrong);
	return !wrong;
}

enum cman_tool_parse cman_tool_parse(int argc, char **argv, FILE *err,
				     struct cman_tool_options *ret_options)
{
	int letter;

	*ret_options = (struct cman_tool_options){
		.program = argc > 0 ? argv[0] : "cman_tool",
		.votes = -1, .expected = -1, .port = -1, .node_id = -1, .timeout_s = -1,
	};
	optind = 0; /* from the start, also when called again */
	while ((letter = getopt(argc, argv, OPTIONS)) != -1) {
		enum cman_tool_parse result = parse_option(ret_options, letter, err);

		if (result != PARSE_RUN)
			return result;
	}
	return parse_words(ret_options, argc, argv, err) && check_together(ret_options, err) ?
		       PARSE_RUN : PARSE_ERROR;
}
