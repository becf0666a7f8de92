/* clusterconf_agent.c: what agents say that they take, and what they are given. The words
 * are those of Debian's fence-agents. */
#include "../../cman-shim/clusterconf_agent.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "<?xml version=\"1.0\" ?>\n<resource-agent name=\"fence_x\" shortdesc=\"X\" >\n" \
	     "<longdesc>X &amp; Y</longdesc>\n<parameters>\n"
#define TAIL "</parameters>\n<actions><action name=\"on\" automatic=\"0\"/></actions>\n</resource-agent>\n"
#define PARAMETER(name, more, option, content) \
	"\t<parameter name=\"" name "\" unique=\"0\" " more ">\n\t\t<getopt mixed=\"" option "\" />\n\t\t" content \
	"\n\t\t<shortdesc lang=\"en\">S</shortdesc>\n\t</parameter>\n"
#define STRING "<content type=\"string\" />"

static const char apc[] =
	HEAD
	PARAMETER("action", "required=\"1\"", "-o, --action=[action]", "<content type=\"string\" default=\"reboot\" />")
	PARAMETER("ip", "required=\"1\" obsoletes=\"ipaddr\"", "-a, --ip=[ip]", STRING)
	PARAMETER("ipaddr", "required=\"1\" deprecated=\"1\"", "-a, --ip=[ip]", STRING)
	PARAMETER("username", "required=\"1\" obsoletes=\"login\"", "-l, --username=[name]", STRING)
	PARAMETER("password", "required=\"0\" obsoletes=\"passwd\"", "-p, --password=[password]", STRING)
	PARAMETER("plug", "required=\"1\" obsoletes=\"port\"", "-n, --plug=[id]", STRING)
	PARAMETER("command_prompt", "required=\"1\"", "-c, --command-prompt=[prompt]",
		  "<content type=\"string\" default=\"[&apos;\\n&gt;&apos;]\" />")
	PARAMETER("snmp_version", "required=\"0\"", "-d, --snmp-version=[v]",
		  "<content type=\"select\"><option value=\"1\" /></content>")
	TAIL;

static struct clusterconf_agent agent;
static char said[1024];

static void on_wrong(void *arg, enum clusterconf_wrong wrong, bool device, const char *attribute, const char *other)
{
	size_t used = strlen(said);

	(void)arg;
	(void)snprintf(said + used, sizeof(said) - used, "%s%s%s%s ",
		       wrong == CLUSTERCONF_MISSING_ATTRIBUTE ? "-" : device ? "device:" : "fencedevice:", attribute,
		       *other ? "/" : "", other);
}

/* What is said of these arguments of an agent with this metadata. */
static const char *judge(const char *xml, const char *args)
{
	said[0] = '\0';
	assert_int_equal(clusterconf_agent(xml, strlen(xml), &agent), 0);
	clusterconf_agent_judge(&agent, args, on_wrong, NULL);
	return said;
}

static void good_arguments_have_nothing_said(void **state)
{
	(void)state;
	assert_string_equal(judge(apc, "plug=7\nnodename=n1\nagent=fence_apc\nip=192.0.2.1\nusername=u\npassword=p\n"), "");
}

static void old_names_are_the_same(void **state)
{
	(void)state;
	assert_string_equal(judge(apc, "port=7\nnodename=n1\nagent=fence_apc\nipaddr=192.0.2.1\nlogin=u\npasswd=p\n"), "");
}

static void what_cman_gave_is_never_unknown(void **state)
{
	(void)state;
	assert_string_equal(judge(apc, "action=off\noption=off\ndelay=5\nport=7\nnodename=n1\nagent=a\nname=x\nip=i\nlogin=u\n"),
			    "");
}

static void unknown_attribute_is_told_with_its_place(void **state)
{
	(void)state;
	assert_string_equal(judge(apc, "plug=7\nprot=8\nnodename=n1\nagent=a\nip=i\nlogin=u\npasswrd=s3cret\n"),
			    "device:prot fencedevice:passwrd ");
}

static void either_sign_between_words_is_taken(void **state)
{
	(void)state;
	assert_string_equal(judge(apc, "plug=7\nsnmp-version=1\nnodename=n1\nagent=a\nip=i\nlogin=u\n"), "");
	assert_string_equal(judge(apc, "plug=7\nsnmp.version=1\nnodename=n1\nagent=a\nip=i\nlogin=u\n"),
			    "device:snmp.version ");
}

static void beginning_of_a_name_is_not_the_name(void **state)
{
	(void)state;
	assert_string_equal(judge(apc, "plug=7\nnodename=n1\nagent=a\nipa=i\nip=i\nlogin=u\nusernames=\n"),
			    "fencedevice:ipa fencedevice:usernames ");
}

/* What has a default, or another name of it was given, is not missing. */
static void missing_attribute_is_told_once_with_its_old_name(void **state)
{
	(void)state;
	assert_string_equal(judge(apc, "nodename=n1\nagent=a\nip=i\n"), "-username/login -plug/port ");
	assert_string_equal(judge(apc, ""), "-ip/ipaddr -username/login -plug/port ");
}

static void node_may_come_as_nodename_where_the_agent_knows_that(void **state)
{
	(void)state;
	assert_string_equal(judge(HEAD PARAMETER("plug", "required=\"1\"", "", STRING)
				  PARAMETER("nodename", "required=\"0\"", "", STRING) TAIL, "nodename=n1\nagent=a\n"), "");
	assert_string_equal(judge(HEAD PARAMETER("plug", "required=\"1\"", "", STRING) TAIL, "nodename=n1\nagent=a\n"),
			    "-plug ");
}

static int refused(const char *xml)
{
	return clusterconf_agent(xml, strlen(xml), &agent);
}

static void what_is_no_metadata_is_refused(void **state)
{
	(void)state;
	assert_int_equal(refused(""), -EBADMSG);
	assert_int_equal(refused("usage: fence_x [options]\n"), -EBADMSG);
	assert_int_equal(refused("<html><parameter name=\"ip\"/></html>"), -EBADMSG);
	assert_int_equal(refused(HEAD PARAMETER("ip", "required=\"1\"", "", STRING)), -EBADMSG);	/* torn */
	assert_int_equal(refused("<resource-agent><parameter name=\"a\" name=\"b\"/></resource-agent>"), -EBADMSG);
	assert_int_equal(clusterconf_agent("<resource-agent>\0</resource-agent>", 34, &agent), -EBADMSG);
}

/* A billion laughs, or somebody else's file. */
static void document_type_is_refused(void **state)
{
	(void)state;
	assert_int_equal(refused("<!DOCTYPE resource-agent [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\n"
				 "<resource-agent><parameter name=\"&a;\"/></resource-agent>"), -EBADMSG);
}

static void depth_and_number_are_bounded(void **state)
{
	static char xml[65536];
	size_t used;

	(void)state;
	used = (size_t)snprintf(xml, sizeof(xml), "<resource-agent>");
	for (int i = 0; i < 100; i++)
		used += (size_t)snprintf(xml + used, sizeof(xml) - used, "<a>");
	for (int i = 0; i < 100; i++)
		used += (size_t)snprintf(xml + used, sizeof(xml) - used, "</a>");
	(void)snprintf(xml + used, sizeof(xml) - used, "</resource-agent>");
	assert_int_equal(refused(xml), -EBADMSG);

	used = (size_t)snprintf(xml, sizeof(xml), "<resource-agent>");
	for (unsigned i = 0; i < CLUSTERCONF_PARAMETERS_MAX; i++)
		used += (size_t)snprintf(xml + used, sizeof(xml) - used, "<parameter name=\"p%u\"/>", i);
	(void)snprintf(xml + used, sizeof(xml) - used, "</resource-agent>");
	assert_int_equal(refused(xml), 0);
	(void)snprintf(xml + used, sizeof(xml) - used, "<parameter name=\"p\"/></resource-agent>");
	assert_int_equal(refused(xml), -E2BIG);
}

static void long_names_are_cut_and_fit_nothing(void **state)
{
	char xml[512];

	(void)state;
	(void)snprintf(xml, sizeof(xml), "<resource-agent><parameter name=\"%0100d\"/></resource-agent>", 1);
	assert_int_equal(refused(xml), 0);
	assert_int_equal(strlen(agent.parameter[0].name), CLUSTERCONF_WORD_LEN - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_arguments_have_nothing_said),
		cmocka_unit_test(old_names_are_the_same),
		cmocka_unit_test(what_cman_gave_is_never_unknown),
		cmocka_unit_test(unknown_attribute_is_told_with_its_place),
		cmocka_unit_test(either_sign_between_words_is_taken),
		cmocka_unit_test(beginning_of_a_name_is_not_the_name),
		cmocka_unit_test(missing_attribute_is_told_once_with_its_old_name),
		cmocka_unit_test(node_may_come_as_nodename_where_the_agent_knows_that),
		cmocka_unit_test(what_is_no_metadata_is_refused),
		cmocka_unit_test(document_type_is_refused),
		cmocka_unit_test(depth_and_number_are_bounded),
		cmocka_unit_test(long_names_are_cut_and_fit_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
