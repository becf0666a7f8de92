/* qdisk-tool check: what an operator reads of one good and of one bad configuration is
 * spelled out in tests/check.
 *
 *	test_check_shown --write	write these anew; read what changed before you keep it
 */
#include "check_fixture.h"

#define GOLDEN TESTS "/check/"

static char shown[65536], wanted[65536];

static const char bad_inside[] =
	"<cman two_node=\"1\"/><totem token=\"9000\"/>" NODES("")
	"<quorumd label=\"l\" interval=\"1\" tko=\"10\" votes=\"2\" device=\"/dev/md0\" reboot=\"0\">"
	"<heuristic program=\"ping -c1 -t1 192.0.2.1\" interval=\"3\" tko=\"4\"/></quorumd>";

static void gather_bad(void)
{
	gather(bad_inside);
	facts.lun.kind = CHECK_MD;
	facts.pacemaker = facts.stonith_off = true;
}

static void show(bool json)
{
	FILE *f = fmemopen(shown, sizeof(shown), "w");

	assert_non_null(f);
	(void)snprintf(config.file, sizeof(config.file), "/etc/cluster/cluster.conf");
	check_judge(&facts, &report);
	for (unsigned i = 0; i < report.count; i++) {	/* where the test's file lies is nobody's business */
		char *at = strstr(report.finding[i].text, conf_path);

		if (at)
			(void)memmove(at, at + strlen(conf_path), strlen(at + strlen(conf_path)) + 1);
	}
	(json ? tool_check_json : tool_check_show)(&facts, &report, f);
	assert_int_equal(fclose(f), 0);
}

static void golden(const char *name, bool write)
{
	char path[300];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof(path), GOLDEN "%s", name);
	f = fopen(path, write ? "w" : "r");
	assert_non_null(f);
	if (write) {
		assert_true(fputs(shown, f) >= 0);
		assert_int_equal(fclose(f), 0);
		return;
	}
	n = fread(wanted, 1, sizeof(wanted) - 1, f);
	(void)fclose(f);
	wanted[n] = '\0';
	if (strcmp(shown, wanted) != 0)
		fail_msg("%s is:\n%s\nand was:\n%s", name, shown, wanted);
}

static void shown_all(bool write)
{
	good();
	show(false);
	golden("good.txt", write);
	gather_bad();
	show(false);
	golden("bad.txt", write);
	gather_bad();
	show(true);
	golden("bad.json", write);
}

static void what_an_operator_reads_is_spelled_out(void **state)
{
	(void)state;
	shown_all(/* write */ false);
}

static void drawing_fits_for_every_timing(void **state)
{
	static const uint32_t intervals[] = { QD_INTERVAL_MS_MIN, 1000, QD_INTERVAL_MS_MAX };
	static const uint32_t cycles[] = { QD_TKO_MIN, 50, QD_CYCLES_MAX };
	char text[CHECK_DRAWING_BYTES];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k < 3; k++) {
			struct qd_params p = { .t = { .interval_ms = intervals[i], .tko = cycles[k],
						      .master_wait = cycles[k], .tko_up = 2, .upgrade_wait = 2 },
					       .token_ms = 30 };

			check_draw(&p, "# ", text);
			assert_int_equal(strncmp(text, "# worst cases", 13), 0);
			assert_non_null(strstr(text, "# LUN hangs"));
			assert_non_null(strstr(text, "the others see it dead and fence it\n"));
		}
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_operator_reads_is_spelled_out),
		cmocka_unit_test(drawing_fits_for_every_timing),
	};

	if (argc == 2 && strcmp(argv[1], "--write") == 0) {
		if (make_conf_path(NULL) != 0)
			return 1;
		shown_all(/* write */ true);
		return 0;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_conf_path, remove_conf_path);
}
