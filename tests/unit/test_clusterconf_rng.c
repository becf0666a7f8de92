/* The schema against the reader, over the files of tests/clusterconf, whose names tell the
 * verdict: good, bad (both refuse it), worse (no schema can say why: the reader refuses),
 * torn (no XML). */

#include <dirent.h>

#include "../../cman-shim/clusterconf_rng.h"
#include "clusterconf_fixture.h"

#define CORPUS TESTS "/clusterconf/"

static unsigned told;

static void count(void *arg, uint32_t line, const char *element, const char *text)
{
	(void)arg;
	(void)element;
	assert_in_range(line, 1, 100);
	assert_true(text[0] != '\0');
	assert_null(strchr(text, '\n'));
	told++;
}

/* Every file whose name begins so: this verdict of reader and schema. How many. */
static unsigned judge(const char *kind, int reader, int schema)
{
	DIR *dir = opendir(CORPUS);
	struct dirent *entry;
	char path[sizeof(CORPUS) + 300];
	unsigned files = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		int got;

		if (strncmp(entry->d_name, kind, strlen(kind)) != 0)
			continue;
		files++;
		(void)snprintf(path, sizeof(path), CORPUS "%s", entry->d_name);
		got = clusterconf_parse(path, &config, error, sizeof(error));
		if (got != reader)
			fail_msg("%s: the reader says %d: %s", entry->d_name, got, got ? error : "valid");
		if (got && strncmp(error, path, strlen(path)) != 0)
			fail_msg("%s: the refusal does not name the file: %s", entry->d_name, error);
		told = 0;
		got = clusterconf_rng(path, count, NULL);
		if (got != schema || (got == 1) != (told > 0))
			fail_msg("%s: the schema says %d, with %u errors", entry->d_name, got, told);
	}
	(void)closedir(dir);
	return files;
}

static void good_files_are_good_to_both(void **state)
{
	(void)state;
	assert_in_range(judge("good-", 0, 0), 8, 1000);
}

static void bad_files_are_bad_to_both(void **state)
{
	(void)state;
	assert_in_range(judge("bad-", -EINVAL, 1), 30, 1000);
}

static void what_no_schema_can_say_the_reader_refuses(void **state)
{
	(void)state;
	assert_in_range(judge("worse-", -EINVAL, 0), 12, 1000);
}

static void torn_files_are_no_xml_to_both(void **state)
{
	(void)state;
	assert_in_range(judge("torn-", -EINVAL, -EBADMSG), 4, 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files_are_good_to_both),
		cmocka_unit_test(bad_files_are_bad_to_both),
		cmocka_unit_test(what_no_schema_can_say_the_reader_refuses),
		cmocka_unit_test(torn_files_are_no_xml_to_both),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
