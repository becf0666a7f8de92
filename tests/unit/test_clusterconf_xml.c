/* Files that are no cluster.conf, or mean harm. */

#include <fcntl.h>
#include <sys/stat.h>

#include "clusterconf_fixture.h"

static char big[CLUSTERCONF_BYTES_MAX + 4096];

/* `head`, then `what` again and again up to `size` bytes, then `tail`. */
static size_t fill(const char *head, const char *what, size_t size, const char *tail)
{
	size_t used = (size_t)snprintf(big, sizeof(big), "%s", head), step = strlen(what);

	for (; used + step + strlen(tail) <= size; used += step)
		memcpy(big + used, what, step);
	memcpy(big + used, tail, strlen(tail));
	return used + strlen(tail);
}

static int open_status(const char *path)
{
	memset(error, 0, sizeof(error));
	return clusterconf_parse(path, &config, error, sizeof(error));
}

static void file_missing_is_told(void **state)
{
	(void)state;
	assert_int_equal(open_status("/nonexistent/cluster.conf"), -ENOENT);
	assert_string_equal(error, "/nonexistent/cluster.conf: cannot read: No such file or directory");
}

static void file_not_regular_is_refused(void **state)
{
	char dir[] = "/tmp/clusterconf-test.XXXXXX", fifo[80];

	(void)state;
	assert_int_equal(open_status("/tmp"), -EINVAL);
	assert_string_equal(error, "/tmp: not a regular file");
	assert_int_equal(open_status("/dev/zero"), -EINVAL);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(open_status(fifo), -EINVAL);
	assert_int_equal(unlink(fifo), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void file_empty_is_refused(void **state)
{
	(void)state;
	assert_refused(parse(""), 0, "the file is empty");
	assert_refused(parse("\n\n"), 3, "not well-formed XML");
}

static void file_not_xml_is_refused_with_line(void **state)
{
	(void)state;
	assert_refused(parse("totem {\n\tversion: 2\n}\n"), 1, "not well-formed XML: Start tag "
		       "expected");
	assert_refused(parse("<cluster name=\"c\" config_version=\"1\">\n<quorumd>\n</cluster>"), 3,
		       "not well-formed XML: Opening and ending tag mismatch: quorumd line 2 and "
		       "cluster");
	assert_refused(parse("<cluster name=\"c\" config_version=\"1\">\n<quorumd"), 2,
		       "not well-formed XML");
	assert_refused(parse("<cluster name=\"c\" config_version=\"1\"/>\n<cluster/>"), 2,
		       "not well-formed XML: Extra content");
}

static void attribute_twice_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_inside("\n<quorumd reboot=\"1\" reboot=\"0\"/>"), 3, "Attribute reboot "
		       "redefined");
}

static void doctype_is_refused_with_line(void **state)
{
	(void)state;
	assert_refused(parse("<?xml version=\"1.0\"?>\n<!DOCTYPE cluster>\n<cluster/>"), 2,
		       "a document type (<!DOCTYPE cluster) is refused");
	assert_refused(parse("<!DOCTYPE cluster SYSTEM \"file:///etc/passwd\">\n<cluster/>"), 1,
		       "a document type");
}

static void entity_bomb_is_refused_at_its_doctype(void **state)
{
	(void)state;
	assert_refused(parse("<?xml version=\"1.0\"?>\n\n<!DOCTYPE c [\n<!ENTITY a \"aaaaaaaaaa\">\n"
			     "<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\n"
			     "<!ENTITY x SYSTEM \"/etc/passwd\">\n]>\n"
			     "<cluster name=\"&b;&x;\" config_version=\"1\"/>"), 3, "a document type");
}

static void entity_undeclared_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_inside("<quorumd label=\"&a;\"/>"), 2, "Entity 'a' not defined");
}

static void nesting_of_33_is_refused(void **state)
{
	char inside[1024] = "<rm>";
	size_t used = strlen(inside);

	(void)state;
	for (unsigned i = 3; i <= 33; i++)
		used += (size_t)snprintf(inside + used, sizeof(inside) - used, "\n<d%u>", i);
	assert_refused(parse_inside(inside), 33, "<d33> is nested deeper than 32 elements");
}

static void nesting_without_end_is_refused(void **state)
{
	size_t size = fill("<cluster name=\"c\" config_version=\"1\">\n", "<rm>",
			   CLUSTERCONF_BYTES_MAX, "");

	(void)state;
	assert_refused(parse_bytes(big, size), 2, "nested deeper than 32");
}

static void size_of_1_MiB_is_read_and_more_is_refused(void **state)
{
	size_t size = fill("<cluster name=\"c\" config_version=\"1\">", "<!-- megabyte -->",
			   CLUSTERCONF_BYTES_MAX, "</cluster>");

	(void)state;
	memset(big + size, '\n', CLUSTERCONF_BYTES_MAX - size);
	assert_int_equal(parse_bytes(big, CLUSTERCONF_BYTES_MAX), 0);
	assert_string_equal(config.cluster, "c");
	big[CLUSTERCONF_BYTES_MAX] = '\n';
	assert_refused(parse_bytes(big, CLUSTERCONF_BYTES_MAX + 1), 0, "the file has 1048577 bytes",
		       "at most 1048576");
}

static void elements_by_the_hundred_thousand_are_bounded(void **state)
{
	size_t size = fill("<cluster name=\"c\" config_version=\"1\"><cman>", "<a/>",
			   CLUSTERCONF_BYTES_MAX, "</cman></cluster>");

	(void)state;
	assert_refused(parse_bytes(big, size), 1, "more elements and attributes than 16777216 bytes");
}

static void passed_elements_by_the_hundred_thousand_are_read(void **state)
{
	size_t size = fill("<cluster name=\"c\" config_version=\"1\"><rm>", "<a/>",
			   CLUSTERCONF_BYTES_MAX, "</rm></cluster>");

	(void)state;
	assert_int_equal(parse_bytes(big, size), 0);
}

static void latin1_that_says_so_is_read(void **state)
{
	(void)state;
	assert_int_equal(parse("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n"
			       "<cluster name=\"k\xf6ln\" config_version=\"1\"/>"), 0);
	assert_string_equal(config.cluster, "k\xc3\xb6ln");
}

static void latin1_that_does_not_say_so_is_refused(void **state)
{
	(void)state;
	assert_refused(parse("<?xml version=\"1.0\"?>\n<cluster name=\"k\xf6ln\" "
			     "config_version=\"1\"/>"), 2, "not proper UTF-8");
}

static void utf8_with_mark_is_read(void **state)
{
	(void)state;
	assert_int_equal(parse("\xef\xbb\xbf<cluster name=\"k\xc3\xb6ln\" config_version=\"1\"/>"), 0);
	assert_string_equal(config.cluster, "k\xc3\xb6ln");
}

static void utf16_is_refused_by_name(void **state)
{
	static const char text[] = "\xff\xfe<\0c\0l\0u\0s\0t\0e\0r\0/\0>\0";

	(void)state;
	assert_refused(parse_bytes(text, sizeof(text) - 1), 1, "UTF-16", "allowed: UTF-8");
}

static void zero_byte_is_refused_with_line(void **state)
{
	static const char text[] = "<cluster name=\"c\" config_version=\"1\"/>\n\0<a>";

	(void)state;
	assert_refused(parse_bytes(text, sizeof(text) - 1), 2, "a zero byte");
}

static void encoding_unknown_is_refused(void **state)
{
	(void)state;
	assert_refused(parse("<?xml version=\"1.0\" encoding=\"klingon\"?>\n<cluster/>"), 1,
		       "not well-formed XML: Unsupported encoding klingon");
}

static void tag_over_lines_is_told_by_its_first(void **state)
{
	(void)state;
	assert_refused(parse_inside("<quorumd\n label=\"a\n\nb\"\n tko=\"x\"\n>\n</quorumd>"), 2,
		       "tko=\"x\"");
	assert_refused(parse_inside("<quorumd\r\n label=\"a\"\r\n\r\n tko=\"x\"/>"), 2, "tko=\"x\"");
}

static void namespaces_are_read(void **state)
{
	(void)state;
	assert_int_equal(parse("<cluster xmlns=\"urn:a\" xmlns:x=\"urn:b\" name=\"c\" "
			       "config_version=\"1\"><x:quorumd/><y:z/></cluster>"), 0);
	assert_int_equal(config.quorumd_line, 0);
	assert_int_equal(config.notice_count, 2);
}

static void control_characters_never_reach_the_error(void **state)
{
	(void)state;
	assert_int_equal(parse("<cluster name=\"c\" config_version=\"1\x1b[2J\"/>"), -EINVAL);
	assert_int_equal(parse("<cluster name=\"c\" config_version=\"1&#9;&#10;\"/>"), -EINVAL);
}

static void error_buffer_of_any_size_is_kept(void **state)
{
	char small[32];

	(void)state;
	write_bytes("<cluster/>", 10);
	for (size_t size = 0; size < sizeof(small); size++) {
		memset(small, 'x', sizeof(small));
		assert_int_equal(clusterconf_parse(conf_path, &config, small, size), -EINVAL);
		if (size > 0)
			assert_true(strlen(small) < size);
		for (size_t i = size; i < sizeof(small); i++)
			assert_int_equal(small[i], 'x');
	}
}

/* A small generator, so that the same bytes are changed each time. */
static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void bytes_changed_at_random_are_read_or_refused(void **state)
{
	static const char good[] =
		"<?xml version=\"1.0\"?>\n<cluster name=\"c\" config_version=\"1\"><cman two_node=\"0\"/>"
		"<clusternodes><clusternode name=\"a\" nodeid=\"1\"><fence><method name=\"m\">"
		"<device name=\"d\" port=\"&lt;1\"/></method></fence></clusternode></clusternodes>"
		"<fencedevices><fencedevice name=\"d\" agent=\"f\"/></fencedevices><quorumd label=\"l\" "
		"interval=\"0.2\"><heuristic program=\"true\"/></quorumd></cluster>";
	static const char bytes[] = "<>/=\"'&;! a1\n\xff?-[]";
	char text[sizeof(good)];
	uint32_t seed = 1;
	unsigned refused = 0;

	(void)state;
	for (unsigned run = 0; run < 3000; run++) {
		size_t size = sizeof(good) - 1;

		memcpy(text, good, sizeof(good));
		for (unsigned i = 0; i <= run % 4; i++)
			text[next_random(&seed) % size] =
				bytes[next_random(&seed) % (sizeof(bytes) - 1)];
		if (run % 5 == 0)
			size = next_random(&seed) % size;
		refused += parse_bytes(text, size) < 0;
	}
	assert_in_range(refused, 1000, 2999);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_missing_is_told),
		cmocka_unit_test(file_not_regular_is_refused),
		cmocka_unit_test(file_empty_is_refused),
		cmocka_unit_test(file_not_xml_is_refused_with_line),
		cmocka_unit_test(attribute_twice_is_refused),
		cmocka_unit_test(doctype_is_refused_with_line),
		cmocka_unit_test(entity_bomb_is_refused_at_its_doctype),
		cmocka_unit_test(entity_undeclared_is_refused),
		cmocka_unit_test(nesting_of_33_is_refused),
		cmocka_unit_test(nesting_without_end_is_refused),
		cmocka_unit_test(size_of_1_MiB_is_read_and_more_is_refused),
		cmocka_unit_test(elements_by_the_hundred_thousand_are_bounded),
		cmocka_unit_test(passed_elements_by_the_hundred_thousand_are_read),
		cmocka_unit_test(latin1_that_says_so_is_read),
		cmocka_unit_test(latin1_that_does_not_say_so_is_refused),
		cmocka_unit_test(utf8_with_mark_is_read),
		cmocka_unit_test(utf16_is_refused_by_name),
		cmocka_unit_test(zero_byte_is_refused_with_line),
		cmocka_unit_test(encoding_unknown_is_refused),
		cmocka_unit_test(tag_over_lines_is_told_by_its_first),
		cmocka_unit_test(namespaces_are_read),
		cmocka_unit_test(control_characters_never_reach_the_error),
		cmocka_unit_test(error_buffer_of_any_size_is_kept),
		cmocka_unit_test(bytes_changed_at_random_are_read_or_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_conf_path, remove_conf_path) ? 1 : 0;
}
