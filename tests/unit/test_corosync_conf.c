/* cluster.conf to corosync.conf. What is written for each file of tests/corosync_conf is
 * spelled out beside it: NAME.xml, the text in NAME.conf, what is remarked in NAME.said.
 *
 *	test_corosync_conf --write	write these anew; read what changed before you keep it
 *
 * tests/device/corosync_conf.sh shows them to a real corosync. */

#include <unistd.h>

#include "../../cman-shim/corosync_conf.h"
#include "clusterconf_fixture.h"
#include "qd_laws.h"

#define GOLDEN TESTS "/corosync_conf/"

static struct corosync_conf conf;
static char golden[COROSYNC_CONF_BYTES];

/* `config` to `conf`, judged as qdiskd and cman_tool judge it, without a corosync. */
static bool write_conf(void)
{
	static struct qd_findings findings;
	static struct qd_params params;
	static const struct qd_facts none;

	memset(error, 0, sizeof(error));
	if (config.quorumd_line == 0)
		return corosync_conf_write(&config, NULL, &conf, error, sizeof(error));
	assert_int_equal(qd_config_check(&config, &none, &params, &findings), 0);
	return corosync_conf_write(&config, &params, &conf, error, sizeof(error));
}

/* GOLDEN NAME SUFFIX, opened or NULL. */
static FILE *golden_open(const char *name, const char *suffix, const char *mode)
{
	char path[300];

	(void)snprintf(path, sizeof(path), GOLDEN "%s%s", name, suffix);
	return fopen(path, mode);
}

static void golden_convert(const char *name)
{
	char path[300];

	(void)snprintf(path, sizeof(path), GOLDEN "%s.xml", name);
	if (clusterconf_parse(path, &config, error, sizeof(error)) != 0 || !write_conf())
		fail_msg("%s", error);
}

/* All remarks, a line each, without the folder of the file. */
static const char *said(void)
{
	static char text[sizeof(conf.remark)];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < conf.remark_count; i++) {
		const char *line = conf.remark[i];

		line += strncmp(line, GOLDEN, strlen(GOLDEN)) == 0 ? strlen(GOLDEN) : 0;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", line);
	}
	return text;
}

static void assert_golden(const char *name, const char *suffix, const char *text)
{
	FILE *f = golden_open(name, suffix, "r");
	size_t size = f ? fread(golden, 1, sizeof(golden) - 1, f) : 0;

	assert_non_null(f);
	golden[size] = '\0';
	(void)fclose(f);
	if (strcmp(text, golden) != 0)
		fail_msg("%s%s is:\n%s\nand was:\n%s", name, suffix, text, golden);
}

static void assert_converted(const char *name)
{
	golden_convert(name);
	assert_golden(name, ".conf", conf.text);
	assert_golden(name, ".said", said());
	assert_int_equal(conf.length, strlen(conf.text));
}

static const char *const names[] = { "guide", "two_node", "rings", "udpu", "logging", "gone", "cman" };

static void guide_of_red_hat_is_written_out(void **state)
{
	(void)state;
	assert_converted("guide");
}

static void two_node_without_a_device_is_kept(void **state)
{
	(void)state;
	assert_converted("two_node");
}

static void altnames_become_links_where_every_node_has_them(void **state)
{
	(void)state;
	assert_converted("rings");
	assert_string_equal(conf.keyfile, "/etc/corosync/authkey");
}

static void udpu_has_one_link_and_no_key(void **state)
{
	(void)state;
	assert_converted("udpu");
	assert_string_equal(conf.keyfile, "");
}

static void logging_and_numbers_of_totem_are_carried(void **state)
{
	(void)state;
	assert_converted("logging");
}

static void what_has_no_equivalent_is_said(void **state)
{
	(void)state;
	assert_converted("gone");
}

static void what_libcman_tells_is_kept_for_it(void **state)
{
	(void)state;
	assert_converted("cman");
}

/* ---- Refusals ---- */

#define NODES "<clusternodes><clusternode name=\"a\" nodeid=\"1\"/>" \
	      "<clusternode name=\"b\" nodeid=\"2\"/></clusternodes>"

static void assert_unwritable(const char *inside, const char *text)
{
	assert_int_equal(parse_inside(inside), 0);
	assert_false(write_conf());
	if (!strstr(error, text) || strncmp(error, conf_path, strlen(conf_path)) != 0)
		fail_msg("\"%s\" does not say \"%s\"", error, text);
}

static void no_node_is_refused(void **state)
{
	(void)state;
	assert_unwritable("", "names no node");
}

static void text_that_corosync_reads_otherwise_is_refused(void **state)
{
	(void)state;
	assert_unwritable("<clusternodes><clusternode name=\"a{\" nodeid=\"1\"/></clusternodes>",
			  ":2: <clusternode> name \"a{\" cannot stand in corosync.conf");
	assert_unwritable("<clusternodes><clusternode name=\" a\" nodeid=\"1\"/></clusternodes>",
			  "<clusternode> name \" a\"");
	assert_unwritable("<logging logfile=\"/a{b\"/>" NODES, "logfile \"/a{b\"");
	assert_unwritable("<totem keyfile=\"/a \"/>" NODES, "keyfile \"/a \"");
	assert_unwritable("<clusternodes><clusternode name=\"a\" nodeid=\"1\"><altname name=\"{\"/>"
			  "</clusternode></clusternodes>", "<altname> name \"{\"");
}

static void two_node_with_one_node_or_other_votes_is_refused(void **state)
{
	(void)state;
	assert_unwritable("<cman two_node=\"1\"/><clusternodes><clusternode name=\"a\" nodeid=\"1\"/>"
			  "</clusternodes>", "two_node=\"1\" is refused");
	assert_unwritable("<cman two_node=\"1\"/><clusternodes><clusternode name=\"a\" nodeid=\"1\"/>"
			  "<clusternode name=\"b\" nodeid=\"2\" votes=\"2\"/></clusternodes>",
			  "two nodes of one vote each");
}

/* ---- Limits ---- */

/* 64 nodes, each with 8 names of 255 bytes: all of it is there. */
static void largest_cluster_fits(void **state)
{
	char *inside = malloc(300000);
	size_t used = 0;
	uint32_t rings = 0;

	(void)state;
	assert_non_null(inside);
	used += (size_t)snprintf(inside, 300000, "<clusternodes>");
	for (int n = 1; n <= 64; n++) {
		used += (size_t)snprintf(inside + used, 300000 - used, "<clusternode name=\"%0255d\" nodeid=\"%d\">",
					 n, n);
		for (int i = 0; i < 7; i++)
			used += (size_t)snprintf(inside + used, 300000 - used, "<altname name=\"%0255d\"/>",
						 1000 * n + i);
		used += (size_t)snprintf(inside + used, 300000 - used, "</clusternode>");
	}
	(void)snprintf(inside + used, 300000 - used, "</clusternodes>");
	assert_int_equal(parse_inside(inside), 0);
	free(inside);
	assert_true(write_conf());
	for (const char *at = conf.text; (at = strstr(at, "_addr: ")); at++)
		rings++;
	assert_int_equal(rings, 64 * 8);
	assert_non_null(strstr(conf.text, "expected_votes: 64\n}\n"));
}

/* The values of the device are those of the laws; the token is what they were made of. */
static void times_are_those_of_the_laws(void **state)
{
	struct qd_params params = { .token_ms = 4321, .votes = 1, .nodes = 3, .node_count = 2,
				    .node_votes = { 1, 1 }, .t = { .interval_ms = 100, .tko = 8,
				    .tko_up = 2, .upgrade_wait = 2, .master_wait = 3 } };

	(void)state;
	assert_int_equal(parse_inside("<totem token=\"9999\"/>" NODES "<quorumd label=\"l\"/>"), 0);
	assert_true(corosync_conf_write(&config, &params, &conf, error, sizeof(error)));
	assert_non_null(strstr(conf.text, "\ttoken: 4321\n"));
	assert_non_null(strstr(conf.text, "\ttimeout: 700\n"));
	assert_non_null(strstr(conf.text, "\tsync_timeout: 1500\n"));
	assert_non_null(strstr(conf.text, "\texpected_votes: 3\n"));
	assert_null(strstr(conf.text, "two_node"));
}

static int golden_write(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		FILE *text = golden_open(names[i], ".conf", "w"), *remarks = golden_open(names[i], ".said", "w");

		golden_convert(names[i]);
		if (!text || !remarks || fputs(conf.text, text) < 0 || fputs(said(), remarks) < 0 ||
		    fclose(text) != 0 || fclose(remarks) != 0)
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guide_of_red_hat_is_written_out),
		cmocka_unit_test(two_node_without_a_device_is_kept),
		cmocka_unit_test(altnames_become_links_where_every_node_has_them),
		cmocka_unit_test(udpu_has_one_link_and_no_key),
		cmocka_unit_test(logging_and_numbers_of_totem_are_carried),
		cmocka_unit_test(what_has_no_equivalent_is_said),
		cmocka_unit_test(what_libcman_tells_is_kept_for_it),
		cmocka_unit_test(no_node_is_refused),
		cmocka_unit_test(text_that_corosync_reads_otherwise_is_refused),
		cmocka_unit_test(two_node_with_one_node_or_other_votes_is_refused),
		cmocka_unit_test(largest_cluster_fits),
		cmocka_unit_test(times_are_those_of_the_laws),
	};

	if (argc == 2 && strcmp(argv[1], "--write") == 0)
		return golden_write();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_conf_path, remove_conf_path);
}
