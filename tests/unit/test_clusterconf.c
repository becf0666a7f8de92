/* Every attribute of <quorumd> and <heuristic>: absent, allowed, refused. */

#include "clusterconf_fixture.h"

#define Q(field) offsetof(struct qd_config, field)
#define H(field) offsetof(struct qd_config, heuristic[0].field)

struct row {
	const char *element, *name;
	size_t offset;
	uint32_t absent;
	const char *allowed;		/* what the refusal says */
	struct {
		const char *text;
		uint32_t value;
	} good[8];
	const char *bad[10];
};

#define FLAGS "0, no, off, 1, yes, on"
#define FLAG_ROW(field)                                                                      \
	{ "quorumd", #field, Q(field), QD_UNSET, FLAGS,                                      \
	  { { "0", 0 }, { "1", 1 }, { "no", 0 }, { "yes", 1 }, { "off", 0 }, { "on", 1 },    \
	    { "YES", 1 } }, { "", "2", "-1", "true", "01", " 1", "y" } }
#define CYCLES_ROW(field, min, below)                                                        \
	{ "quorumd", #field, Q(field), QD_UNSET, "a whole number, " #min " .. 1000",         \
	  { { #min, min }, { "10", 10 }, { "1000", 1000 }, { "007", 7 } },                   \
	  { "", #below, "-1", "1001", "4294967301", "18446744073709551621", "3.5", "8x", "+8" } }

static const struct row rows[] = {
	{ "quorumd", "interval", Q(interval_ms), QD_UNSET,
	  "0.02 .. 60 seconds (\"1\", \"0.2\"), or with a unit (\"200ms\", \"2s\")",
	  { { "1", 1000 }, { "0.2", 200 }, { "200ms", 200 }, { "2s", 2000 }, { ".25", 250 },
	    { "0.02", 20 }, { "60", 60000 }, { "0.2500000", 250 } },
	  { "", "0", "-1", "0.0205", "19ms", "60.001", "1 s", "0.2ms", "1,5", "99999999999" } },
	CYCLES_ROW(tko, 3, 2), CYCLES_ROW(tko_up, 1, 0), CYCLES_ROW(upgrade_wait, 1, 0),
	CYCLES_ROW(master_wait, 2, 1),
	{ "quorumd", "votes", Q(votes), QD_UNSET, "a whole number, 1 .. 255",
	  { { "1", 1 }, { "2", 2 }, { "255", 255 } }, { "", "0", "-1", "256", "one" } },
	{ "quorumd", "min_score", Q(min_score), QD_UNSET, "a whole number, 0 .. 65535",
	  { { "0", 0 }, { "3", 3 }, { "65535", 65535 } }, { "", "-1", "65536", "x" } },
	{ "quorumd", "max_error_cycles", Q(max_error_cycles), QD_UNSET,
	  "a whole number, 0 .. 1000000", { { "0", 0 }, { "1000000", 1000000 } },
	  { "", "-1", "1000001", "many" } },
	FLAG_ROW(reboot), FLAG_ROW(allow_kill), FLAG_ROW(master_wins), FLAG_ROW(paranoid),
	FLAG_ROW(io_timeout), FLAG_ROW(stop_cman),
	{ "quorumd", "scheduler", Q(scheduler), QD_UNSET, "rr, fifo, other",
	  { { "rr", 'r' }, { "fifo", 'f' }, { "other", 'o' }, { "r", 'r' }, { "f", 'f' },
	    { "o", 'o' } }, { "", "idle", "RR", "rrr", "1" } },
	{ "quorumd", "priority", Q(priority), QD_UNSET, "a whole number, 1 .. 99",
	  { { "1", 1 }, { "99", 99 } }, { "", "0", "-5", "100", "high" } },
	{ "quorumd", "fence", Q(fence), QD_FENCE_AUTO, "auto, pacemaker, agents, lun, kill, none",
	  { { "auto", QD_FENCE_AUTO }, { "agents", QD_FENCE_AGENTS }, { "kill", QD_FENCE_KILL },
	    { "none", QD_FENCE_OFF } }, { "", "off", "Auto", "stonith", "0" } },
	{ "heuristic", "score", H(score), 1, "a whole number, 1 .. 65535",
	  { { "1", 1 }, { "65535", 65535 } }, { "", "0", "-1", "65536", "x" } },
	{ "heuristic", "interval", H(interval_ms), QD_UNSET,
	  "0.02 .. 3600 seconds (\"1\", \"0.2\"), or with a unit (\"200ms\", \"2s\")",
	  { { "2", 2000 }, { "0.5", 500 }, { "500ms", 500 }, { "3600", 3600000 } },
	  { "", "0", "-1", "3601", "fast" } },
	{ "heuristic", "tko", H(tko), QD_UNSET, "a whole number, 1 .. 1000",
	  { { "1", 1 }, { "1000", 1000 } },
	  { "", "0", "-1", "1001", "x" } },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* A file with one attribute; quorumd is line 3, heuristic line 4. */
static int parse_row(const struct row *r, const char *value)
{
	bool heuristic = strcmp(r->element, "heuristic") == 0;
	char attribute[600] = "", inside[1200];

	if (value)
		(void)snprintf(attribute, sizeof(attribute), "%s=\"%s\"", r->name, value);
	(void)snprintf(inside, sizeof(inside),
		       "\n<quorumd label=\"l\" %s>\n<heuristic program=\"true\" %s/>\n</quorumd>",
		       heuristic ? "" : attribute, heuristic ? attribute : "");
	return parse_inside(inside);
}

static uint32_t value_of(const struct row *r)
{
	uint32_t value;

	memcpy(&value, (const char *)&config + r->offset, sizeof(value));
	return value;
}

static void absent_is_default(void **state)
{
	const struct row *r = *state;

	assert_int_equal(parse_row(r, NULL), 0);
	assert_int_equal(value_of(r), r->absent);
	assert_int_equal(config.notice_count, 0);
}

static void good_is_taken(void **state)
{
	const struct row *r = *state;

	for (size_t i = 0; i < 8 && r->good[i].text; i++) {
		assert_int_equal(parse_row(r, r->good[i].text), 0);
		assert_int_equal(value_of(r), r->good[i].value);
		assert_int_equal(config.notice_count, 0);
	}
}

static void bad_is_refused(void **state)
{
	const struct row *r = *state;
	unsigned line = strcmp(r->element, "heuristic") == 0 ? 4 : 3;
	char what[300], allowed[200];

	for (size_t i = 0; i < 10 && r->bad[i]; i++) {
		(void)snprintf(what, sizeof(what), "<%s> %s=\"%s\" is refused", r->element, r->name,
			       r->bad[i]);
		(void)snprintf(allowed, sizeof(allowed), "; allowed: %s", r->allowed);
		assert_refused(parse_row(r, r->bad[i]), line, what, allowed);
	}
}

/* ---- texts ---- */

struct text_row {
	const char *name;
	size_t offset, max;
	const char *good;
	const char *bad[2];
};

static const struct text_row text_rows[] = {
	{ "device", Q(device), QD_PATH_LEN - 1, "/dev/mapper/quorum", { "", "sdb1" } },
	{ "label", Q(label), QD_LABEL_LEN - 1, "my label", { "" } },
	{ "cman_label", Q(cman_label), QD_DEVICE_NAME_MAX, "qdisk \xc3\xa4", { "" } },
	{ "status_file", Q(status_file), QD_PATH_LEN - 1, "/run/q", { "", "q" } },
	{ "program", H(program), QD_PROGRAM_LEN - 1, "ping -c1 192.0.2.1", { "" } },
};

static int parse_text_row(const struct text_row *r, const char *value)
{
	struct row row = { .element = "quorumd", .name = r->name };
	char inside[1200];

	if (strcmp(r->name, "program") == 0)
		(void)snprintf(inside, sizeof(inside), "\n<quorumd>\n<heuristic program=\"%s\"/>"
			       "</quorumd>", value);
	else if (strcmp(r->name, "label") == 0)
		(void)snprintf(inside, sizeof(inside), "\n<quorumd label=\"%s\"/>", value);
	else
		return parse_row(&row, value);
	return parse_inside(inside);
}

static void text_good_is_taken(void **state)
{
	const struct text_row *r = *state;
	char longest[QD_PROGRAM_LEN + 8];

	assert_int_equal(parse_text_row(r, r->good), 0);
	assert_string_equal((char *)&config + r->offset, r->good);
	memset(longest, '/', r->max);
	longest[r->max] = '\0';
	assert_int_equal(parse_text_row(r, longest), 0);
	assert_string_equal((char *)&config + r->offset, longest);
}

static void text_bad_is_refused(void **state)
{
	const struct text_row *r = *state;
	unsigned line = strcmp(r->name, "program") == 0 ? 4 : 3;
	char what[64], allowed[64], longer[QD_PROGRAM_LEN + 8];

	(void)snprintf(what, sizeof(what), "%s=\"", r->name);
	for (size_t i = 0; i < 2 && r->bad[i]; i++)
		assert_refused(parse_text_row(r, r->bad[i]), line, what, "; allowed: ");
	memset(longer, '/', r->max + 1);
	longer[r->max + 1] = '\0';
	(void)snprintf(allowed, sizeof(allowed), "; allowed: 1 .. %zu bytes", r->max);
	assert_refused(parse_text_row(r, longer), line, what, allowed);
}

static void text_absent_is_empty(void **state)
{
	const struct text_row *r = *state;

	assert_int_equal(parse_inside("<quorumd/>"), 0);
	assert_string_equal((char *)&config + r->offset, "");
}

/* ---- what is not a table ---- */

static void quorumd_absent_is_line_0(void **state)
{
	(void)state;
	assert_int_equal(parse_inside(""), 0);
	assert_int_equal(config.quorumd_line, 0);
	assert_int_equal(parse_inside("\n<quorumd/>"), 0);
	assert_int_equal(config.quorumd_line, 3);
}

static void quorumd_unknown_attribute_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_inside("<quorumd label=\"l\"\n intervall=\"1\"/>"), 2,
		       "<quorumd> intervall=\"1\" is refused", "no such attribute",
		       "allowed: interval tko tko_up upgrade_wait master_wait votes device label");
	assert_refused(parse_inside("<quorumd label=\"l\" tk=\"1\"/>"), 2, "<quorumd> tk=\"1\"");
}

static void heuristic_unknown_attribute_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_inside("<quorumd>\n<heuristic program=\"x\" weight=\"1\"/></quorumd>"),
		       3, "<heuristic> weight=\"1\" is refused",
		       "allowed: program score interval tko");
}

static void quorumd_unknown_element_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_inside("<quorumd>\n<heuristics/></quorumd>"), 3,
		       "<heuristics> is refused inside <quorumd>", "allowed: <heuristic>");
	assert_refused(parse_inside("<quorumd><heuristic program=\"x\">\n<a/></heuristic></quorumd>"),
		       3, "<a> is refused inside <heuristic>", "allowed: no element");
}

static void quorumd_watchdog_is_a_path(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<quorumd watchdog=\"/dev/watchdog\"/>"), 0);
	assert_string_equal(config.watchdog, "/dev/watchdog");
	assert_refused(parse_inside("<quorumd watchdog=\"1\"/>"), 2,
		       "<quorumd> watchdog=\"1\" is refused", "an absolute path");
}

static void quorumd_fence_modes_are_taken(void **state)
{
	static const char *const words[] = { "auto", "pacemaker", "agents", "lun", "kill", "none" };
	char text[64];

	(void)state;
	for (unsigned mode = 0; mode <= QD_FENCE_OFF; mode++) {
		(void)snprintf(text, sizeof(text), "<quorumd fence=\"%s\"/>", words[mode]);
		assert_int_equal(parse_inside(text), 0);
		assert_int_equal(config.fence, mode);
	}
}

static void quorumd_deprecated_attributes_are_noticed(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<quorumd log_level=\"7\" log_facility=\"local1\" "
				      "use_uptime=\"0\"/>"), 0);
	assert_int_equal(config.notice_count, 3);
	assert_noticed(":2: <quorumd> log_level=\"7\" is deprecated and not acted on");
	assert_noticed("<quorumd> log_facility=\"local1\" is deprecated and not acted on");
	assert_noticed("<quorumd> use_uptime=\"0\" is deprecated and not acted on");
}

static void quorumd_label_and_device_are_both_taken(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<quorumd label=\"l\" device=\"/dev/sdb\"/>"), 0);
	assert_string_equal(config.label, "l");
	assert_string_equal(config.device, "/dev/sdb");
}

static void quorumd_status_file_dash_is_taken(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<quorumd status_file=\"-\"/>"), 0);
	assert_string_equal(config.status_file, "-");
}

static void quorumd_scheduler_other_priority_is_nice(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<quorumd scheduler=\"other\" priority=\"-20\"/>"), 0);
	assert_int_equal(config.nice, -20);
	assert_int_equal(config.priority, QD_UNSET);
	assert_int_equal(parse_inside("<quorumd priority=\"19\" scheduler=\"other\"/>"), 0);
	assert_int_equal(config.nice, 19);
	assert_refused(parse_inside("<quorumd scheduler=\"other\" priority=\"50\"/>"), 2,
		       "priority=\"50\" is refused", "a nice value, -20 .. 19");
	assert_refused(parse_inside("<quorumd scheduler=\"other\" priority=\"1-\"/>"), 2,
		       "priority=\"1-\" is refused");
	assert_refused(parse_inside("<quorumd scheduler=\"other\" priority=\"\"/>"), 2,
		       "priority=\"\" is refused");
}

static void quorumd_twice_first_wins_with_notice(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<quorumd tko=\"5\"/>\n<quorumd tko=\"6\"/>"), 0);
	assert_int_equal(config.tko, 5);
	assert_noticed(":3: <quorumd> is there twice; only the first, in line 2, counts");
}

static void heuristic_without_program_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_inside("<quorumd>\n\n<heuristic score=\"1\"/></quorumd>"), 4,
		       "<heuristic> needs an attribute program=", "allowed: a command");
}

static int parse_heuristics(unsigned count, unsigned score)
{
	char inside[8000] = "<quorumd>";
	size_t used = strlen(inside);

	for (unsigned i = 1; i <= count; i++)
		used += (size_t)snprintf(inside + used, sizeof(inside) - used,
					 "\n<heuristic program=\"test %u\" score=\"%u\"/>", i, score);
	(void)snprintf(inside + used, sizeof(inside) - used, "</quorumd>");
	return parse_inside(inside);
}

static void heuristics_32_are_taken_33_are_refused(void **state)
{
	(void)state;
	assert_int_equal(parse_heuristics(32, 1), 0);
	assert_int_equal(config.heuristic_count, 32);
	assert_string_equal(config.heuristic[31].program, "test 32");
	assert_int_equal(config.heuristic[31].line, 34);
	assert_refused(parse_heuristics(33, 1), 35, "<heuristic> number 33 is refused",
		       "at most 32");
}

static void heuristics_sum_of_scores_beyond_the_block_is_refused(void **state)
{
	(void)state;
	assert_int_equal(parse_heuristics(3, 21845), 0);
	assert_refused(parse_heuristics(3, 21846), 5, "score=\"21846\"", "the sum of all scores is "
		       "65538", "at most 65535");
}

static void heuristic_program_is_taken_with_its_references_resolved(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<quorumd><heuristic program=\"test &lt;a -a &quot;b&quot; "
				      "&amp;&amp; c &#x3e; 'd'\"/></quorumd>"), 0);
	assert_string_equal(config.heuristic[0].program, "test <a -a \"b\" && c > 'd'");
}

static void attribute_with_line_break_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_inside("<quorumd>\n<heuristic program=\"a&#10;b\"/></quorumd>"), 3,
		       "<heuristic> program= holds a line break", "byte 0x0a",
		       "allowed: text in one line");
	assert_refused(parse_inside("<quorumd label=\"a&#13;b\"/>"), 2, "byte 0x0d");
}

static const struct CMUnitTest single[] = {
	cmocka_unit_test(quorumd_absent_is_line_0),
	cmocka_unit_test(quorumd_unknown_attribute_is_refused),
	cmocka_unit_test(heuristic_unknown_attribute_is_refused),
	cmocka_unit_test(quorumd_unknown_element_is_refused),
	cmocka_unit_test(quorumd_watchdog_is_a_path),
	cmocka_unit_test(quorumd_fence_modes_are_taken),
	cmocka_unit_test(quorumd_deprecated_attributes_are_noticed),
	cmocka_unit_test(quorumd_label_and_device_are_both_taken),
	cmocka_unit_test(quorumd_status_file_dash_is_taken),
	cmocka_unit_test(quorumd_scheduler_other_priority_is_nice),
	cmocka_unit_test(quorumd_twice_first_wins_with_notice),
	cmocka_unit_test(heuristic_without_program_is_refused),
	cmocka_unit_test(heuristics_32_are_taken_33_are_refused),
	cmocka_unit_test(heuristics_sum_of_scores_beyond_the_block_is_refused),
	cmocka_unit_test(heuristic_program_is_taken_with_its_references_resolved),
	cmocka_unit_test(attribute_with_line_break_is_refused),
};

#define SINGLE (sizeof(single) / sizeof(single[0]))
#define TEXT_ROWS (sizeof(text_rows) / sizeof(text_rows[0]))
#define TABLES (3 * (ROWS + TEXT_ROWS))

static struct CMUnitTest tests[TABLES + SINGLE];
static char names[TABLES][80];

/* A test of one row, with a name of its own. */
static void add(size_t index, const char *element, const char *name, const char *what,
		CMUnitTestFunction function, const void *row)
{
	(void)snprintf(names[index], sizeof(names[index]), "%s_%s_%s", element, name, what);
	tests[index] = (struct CMUnitTest){
		.name = names[index],
		.test_func = function,
		.initial_state = (void *)(uintptr_t)row,
	};
}

int main(void)
{
	size_t count = 0;

	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];

		add(count++, r->element, r->name, "absent_is_default", absent_is_default, r);
		add(count++, r->element, r->name, "allowed_is_taken", good_is_taken, r);
		add(count++, r->element, r->name, "other_is_refused", bad_is_refused, r);
	}
	for (size_t i = 0; i < TEXT_ROWS; i++) {
		const struct text_row *r = &text_rows[i];

		add(count++, "text", r->name, "absent_is_empty", text_absent_is_empty, r);
		add(count++, "text", r->name, "allowed_is_taken", text_good_is_taken, r);
		add(count++, "text", r->name, "other_is_refused", text_bad_is_refused, r);
	}
	memcpy(&tests[count], single, sizeof(single));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_conf_path, remove_conf_path) ? 1 : 0;
}
