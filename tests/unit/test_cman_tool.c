/* cman_tool's command line: what is known, what is refused, in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../cman-shim/cman_tool.h"

/* Parse a line of words; *ret_error is what was said, to be freed. */
static enum cman_tool_parse parse(const char *line, struct cman_tool_options *o, char **ret_error)
{
	static char copy[1024]; /* the options point into it */
	static char *argv[64];
	char *save = NULL;
	size_t size;
	int argc = 0;
	enum cman_tool_parse result;
	FILE *err = open_memstream(ret_error, &size);

	assert_non_null(err);
	assert_true((size_t)snprintf(copy, sizeof(copy), "%s", line) < sizeof(copy));
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	result = cman_tool_parse(argc, argv, err, o);
	assert_int_equal(fclose(err), 0);
	return result;
}

static void options_before_and_after_the_operation_are_equal(void **state)
{
	static const char *const lines[] = { "cman_tool -a -n n1 -F id,name nodes",
					     "cman_tool nodes -a -n n1 -F id,name",
					     "cman_tool -a nodes -nn1 -Fid,name" };
	struct cman_tool_options o;
	char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(lines[i], &o, &error), PARSE_RUN);
		assert_string_equal(error, "");
		assert_int_equal(o.operation, OPERATION_NODES);
		assert_true(o.addresses);
		assert_true(o.formatted);
		assert_int_equal(o.name_count, 1);
		assert_string_equal(o.names[0], "n1");
		assert_int_equal(o.columns.count, 2);
		assert_int_equal(o.columns.list[0], COLUMN_ID);
		assert_int_equal(o.columns.list[1], COLUMN_NAME);
		free(error);
	}
}

static void every_operation_and_option_of_old_is_known(void **state)
{
	static const struct {
		const char *line;
		enum cman_tool_operation operation;
	} table[] = {
		{ "cman_tool status", OPERATION_STATUS },
		{ "cman_tool -t 60 -w join -c NAME -n NODE -C LOADER -DWARN -d -d255 -v 1 -e 3 -2 "
		  "-m 239.192.0.1 -p 5405 -N 1 -k /key -X -A -P -o x",
		  OPERATION_JOIN },
		{ "cman_tool leave remove force -w", OPERATION_LEAVE },
		{ "cman_tool remove leave", OPERATION_LEAVE },
		{ "cman_tool kill -n n1 -n n2", OPERATION_KILL },
		{ "cman_tool expected -e 2", OPERATION_EXPECTED },
		{ "cman_tool votes -v 2", OPERATION_VOTES },
		{ "cman_tool version -r -S", OPERATION_VERSION },
		{ "cman_tool version -r5 -Dnone", OPERATION_VERSION },
		{ "cman_tool -t 20 -q wait", OPERATION_WAIT },
		{ "cman_tool debug -d8", OPERATION_DEBUG },
		{ "cman_tool services", OPERATION_SERVICES },
	};
	struct cman_tool_options o;
	char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(parse(table[i].line, &o, &error), PARSE_RUN);
		assert_string_equal(error, "");
		assert_int_equal(o.operation, table[i].operation);
		free(error);
	}
}

static void command_line_that_is_wrong_gets_the_old_words(void **state)
{
	static const struct {
		const char *line, *error;
	} table[] = {
		{ "cman_tool", "cman_tool: no operation specified\n" },
		{ "/usr/sbin/cman_tool -a", "/usr/sbin/cman_tool: no operation specified\n" },
		{ "cman_tool status nodes", "cman_tool: can't specify two operations\n" },
		{ "cman_tool stat", "cman_tool: unknown option stat\n" },
		{ "cman_tool status remove", "cman_tool: unknown option remove\n" },
		{ "cman_tool nodes -i x", "cman_tool: unknown option: i\n" },
		{ "cman_tool nodes -f", "cman_tool: unknown option: f\n" },
		{ "cman_tool nodes -n", "Please use '-h' for usage.\n" },
		{ "cman_tool nodes -Z", "Please use '-h' for usage.\n" },
		{ "cman_tool wait -t soon", "cman_tool: argument to t (soon) is not an integer\n" },
		{ "cman_tool join -v 1x", "cman_tool: argument to v (1x) is not an integer\n" },
		{ "cman_tool join -p 99999999999999999999",
		  "cman_tool: argument to p (99999999999999999999) is not an integer\n" },
		{ "cman_tool expected -e -1", "cman_tool: argument to e cannot be negative\n" },
		{ "cman_tool nodes -n 1 -n 2 -n 3 -n 4 -n 5 -n 6 -n 7 -n 8 -n 9 -n 10 -n 11",
		  "cman_tool: maximum of 10 node names allowed\n" },
		{ "cman_tool nodes -F id,id,id,id,id,id,id,id,id,id,id",
		  "cman_tool: maximum of 10 columns allowed\n" },
	};
	struct cman_tool_options o;
	char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(parse(table[i].line, &o, &error), PARSE_ERROR);
		assert_string_equal(error, table[i].error);
		free(error);
	}
}

static void node_name_of_66_characters_is_refused(void **state)
{
	struct cman_tool_options o;
	char line[128], *error;

	(void)state;
	for (int length = 65; length <= 66; length++) {
		(void)snprintf(line, sizeof(line), "cman_tool nodes -n %0*d", length, 1);
		assert_int_equal(parse(line, &o, &error), length == 65 ? PARSE_RUN : PARSE_ERROR);
		free(error);
	}
}

static void help_and_version_end_the_command_line(void **state)
{
	struct cman_tool_options o;
	char *error;

	(void)state;
	assert_int_equal(parse("cman_tool -h", &o, &error), PARSE_HELP);
	free(error);
	assert_int_equal(parse("cman_tool status -V", &o, &error), PARSE_VERSION);
	free(error);
}

static void column_list_skips_words_that_are_no_columns(void **state)
{
	struct cman_tool_columns c;

	(void)state;
	assert_int_equal(cman_tool_parse_columns("id,type,votes,name", &c), 0);
	assert_int_equal(c.count, 4);
	assert_int_equal(
		cman_tool_parse_columns(",,name,,bogus,Name,nam,names,state,exp,addr,", &c), 0);
	assert_int_equal(c.count, 4);
	assert_int_equal(c.list[0], COLUMN_NAME);
	assert_int_equal(c.list[1], COLUMN_STATE);
	assert_int_equal(c.list[2], COLUMN_EXP);
	assert_int_equal(c.list[3], COLUMN_ADDR);
	assert_int_equal(cman_tool_parse_columns("", &c), 0);
	assert_int_equal(c.count, 0);
	assert_int_equal(cman_tool_parse_columns("a,b,c,d,e,f,g,h,i,id", &c), 0);
	assert_int_equal(c.count, 1);
	assert_int_equal(cman_tool_parse_columns("a,b,c,d,e,f,g,h,i,j,id", &c), -E2BIG);
}

static void error_text_has_cmans_words(void **state)
{
	(void)state;
	assert_string_equal(cman_tool_error_text(ENOTCONN), "Cluster software not started");
	assert_string_equal(cman_tool_error_text(ENOENT), "Node is not yet a cluster member");
	assert_string_equal(cman_tool_error_text(EHOSTDOWN), strerror(EHOSTDOWN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_before_and_after_the_operation_are_equal),
		cmocka_unit_test(every_operation_and_option_of_old_is_known),
		cmocka_unit_test(command_line_that_is_wrong_gets_the_old_words),
		cmocka_unit_test(node_name_of_66_characters_is_refused),
		cmocka_unit_test(help_and_version_end_the_command_line),
		cmocka_unit_test(column_list_skips_words_that_are_no_columns),
		cmocka_unit_test(error_text_has_cmans_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
