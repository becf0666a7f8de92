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
		{ "cman_tool -t 60 -w join -c NAME -n NODE -C LOADER -DWARN -d -d255 -v 1 -e 1 -2 "
		  "-m 239.192.0.1 -p 5405 -N 1 -k /key -X -A -P -o x",
		  OPERATION_JOIN },
		{ "cman_tool leave remove force -w", OPERATION_LEAVE },
		{ "cman_tool remove leave", OPERATION_LEAVE },
		{ "cman_tool kill -n n1 -n n2", OPERATION_KILL },
		{ "cman_tool expected -e 2", OPERATION_EXPECTED },
		{ "cman_tool votes -v 2", OPERATION_VOTES },
		{ "cman_tool version -r -S", OPERATION_VERSION },
		{ "cman_tool version -r -Dnone", OPERATION_VERSION },
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
		{ "cman_tool kill", "cman_tool: No node name specified\n" },
		{ "cman_tool join -t 5", "cman_tool: timeout is only appropriate with wait\n" },
		{ "cman_tool join -2 -e 2", "cman_tool: expected votes can only be 1 with -2\n" },
		{ "cman_tool join -p 0", "cman_tool: argument to p (0) is not a port, 1 to 65535\n" },
		{ "cman_tool join -p 65536", "cman_tool: argument to p (65536) is more than 65535\n" },
		{ "cman_tool join -N 4097", "cman_tool: argument to N (4097) is more than 4096\n" },
		{ "cman_tool join -c 12345678901234567",
		  "cman_tool: cluster name 12345678901234567 is longer than 16 characters\n" },
		{ "cman_tool votes -v 256", "cman_tool: argument to v (256) is more than 255\n" },
		{ "cman_tool version -r -Dmaybe",
		  "cman_tool: argument to D (maybe) is not fail, warn or none\n" },
		{ "cman_tool debug -dx", "cman_tool: argument to d (x) is not an integer\n" },
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

static void join_takes_what_its_options_say(void **state)
{
	struct cman_tool_options o;
	char *error;

	(void)state;
	assert_int_equal(parse("cman_tool -t 60 -w join -c alpha -n n1 -v 2 -e 3 -m 239.1.2.3 -p 6809 "
			       "-N 4096 -k /key -C xmlconfig -X -P -o x -q -d2", &o, &error),
			 PARSE_RUN);
	assert_int_equal(o.timeout_s, 60);
	assert_true(o.wait);
	assert_true(o.wait_quorate);
	assert_string_equal(o.cluster, "alpha");
	assert_string_equal(o.names[0], "n1");
	assert_int_equal(o.votes, 2);
	assert_int_equal(o.expected, 3);
	assert_string_equal(o.multicast, "239.1.2.3");
	assert_int_equal(o.port, 6809);
	assert_int_equal(o.node_id, 4096);
	assert_string_equal(o.keyfile, "/key");
	assert_string_equal(o.loader, "xmlconfig");
	assert_true(o.no_config);
	assert_true(o.no_realtime);
	assert_false(o.two_node);
	assert_int_equal(o.debug, 2);
	free(error);
}

static void options_that_are_not_given_are_told_from_zeros(void **state)
{
	struct cman_tool_options o;
	char *error;

	(void)state;
	assert_int_equal(parse("cman_tool join", &o, &error), PARSE_RUN);
	assert_int_equal(o.votes, -1);
	assert_int_equal(o.expected, -1);
	assert_int_equal(o.port, -1);
	assert_int_equal(o.node_id, -1);
	assert_int_equal(o.timeout_s, -1);
	assert_int_equal(o.debug, 0);
	assert_int_equal(o.check, CHECK_FAIL);
	assert_false(o.wait);
	assert_null(o.cluster);
	free(error);
}

static void check_option_goes_by_its_first_letter(void **state)
{
	static const struct {
		const char *line;
		enum cman_tool_check check;
	} table[] = {
		{ "cman_tool join", CHECK_FAIL },	{ "cman_tool join -D", CHECK_NONE },
		{ "cman_tool join -DWARN", CHECK_WARN }, { "cman_tool join -Dwhatever", CHECK_WARN },
		{ "cman_tool join -DFail", CHECK_FAIL }, { "cman_tool join -DN", CHECK_NONE },
	};
	struct cman_tool_options o;
	char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(parse(table[i].line, &o, &error), PARSE_RUN);
		assert_int_equal(o.check, table[i].check);
		free(error);
	}
}

static void leave_takes_its_words_in_any_order(void **state)
{
	struct cman_tool_options o;
	char *error;

	(void)state;
	assert_int_equal(parse("cman_tool remove leave -w", &o, &error), PARSE_RUN);
	assert_true(o.leave_removed);
	assert_false(o.leave_forced);
	free(error);
	assert_int_equal(parse("cman_tool leave force", &o, &error), PARSE_RUN);
	assert_false(o.leave_removed);
	assert_true(o.leave_forced);
	free(error);
}

static void version_number_of_a_reload_is_ignored_with_a_warning(void **state)
{
	struct cman_tool_options o;
	char *error;

	(void)state;
	assert_int_equal(parse("cman_tool version -r5", &o, &error), PARSE_RUN);
	assert_true(o.reload);
	assert_string_equal(error, "cman_tool: the version number of -r is ignored, that of the "
				   "configuration counts\n");
	free(error);
}

static void bare_debug_option_is_everything(void **state)
{
	struct cman_tool_options o;
	char *error;

	(void)state;
	assert_int_equal(parse("cman_tool debug -d", &o, &error), PARSE_RUN);
	assert_int_equal(o.debug, 255);
	free(error);
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
		cmocka_unit_test(join_takes_what_its_options_say),
		cmocka_unit_test(options_that_are_not_given_are_told_from_zeros),
		cmocka_unit_test(check_option_goes_by_its_first_letter),
		cmocka_unit_test(leave_takes_its_words_in_any_order),
		cmocka_unit_test(version_number_of_a_reload_is_ignored_with_a_warning),
		cmocka_unit_test(bare_debug_option_is_everything),
		cmocka_unit_test(node_name_of_66_characters_is_refused),
		cmocka_unit_test(help_and_version_end_the_command_line),
		cmocka_unit_test(column_list_skips_words_that_are_no_columns),
		cmocka_unit_test(error_text_has_cmans_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
