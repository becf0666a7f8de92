/* cluster.conf: fence methods, their devices, and what an agent is told. */
#include "clusterconf_fixture.h"

static const char *text_of(qd_text text)
{
	return qd_config_text(&config, text);
}

/* A node with these children, and these fencedevices; the node is line 2. */
static int parse_fencing(const char *in_node, const char *fencedevices)
{
	char inside[20000];
	int n = snprintf(inside, sizeof(inside),
			 "<clusternodes><clusternode name=\"n1\" nodeid=\"1\">%s</clusternode>"
			 "</clusternodes>\n<fencedevices>%s</fencedevices>", in_node, fencedevices);

	assert_in_range(n, 1, (int)sizeof(inside) - 1);
	return parse_inside(inside);
}

#define METHOD(devices) "<fence><method name=\"m\">" devices "</method></fence>"
#define IPMI "<fencedevice name=\"ipmi\" agent=\"fence_ipmilan\" passwd=\"s\" login=\"l\"/>"

static void fence_args_are_device_then_nodename_then_fencedevice(void **state)
{
	(void)state;
	assert_int_equal(parse_fencing(METHOD("<device port=\"3\" name=\"ipmi\" action=\"off\"/>"),
				       IPMI), 0);
	assert_int_equal(config.node[0].method_count, 1);
	assert_string_equal(text_of(config.node[0].method[0].name), "m");
	assert_int_equal(config.node[0].method[0].device_count, 1);
	assert_string_equal(text_of(config.node[0].method[0].device[0].name), "ipmi");
	assert_string_equal(text_of(config.node[0].method[0].device[0].agent), "fence_ipmilan");
	assert_string_equal(text_of(config.node[0].method[0].device[0].args),
			    "port=3\naction=off\nnodename=n1\nagent=fence_ipmilan\npasswd=s\nlogin=l\n");
}

static void fence_args_nodename_of_device_is_not_sent_twice(void **state)
{
	(void)state;
	assert_int_equal(parse_fencing(METHOD("<device name=\"ipmi\" nodename=\"x\"/>"), IPMI), 0);
	assert_string_equal(text_of(config.node[0].method[0].device[0].args),
			    "nodename=x\nagent=fence_ipmilan\npasswd=s\nlogin=l\n");
}

static void fence_args_with_line_break_are_refused_without_the_secret(void **state)
{
	(void)state;
	assert_refused(parse_fencing(METHOD("<device name=\"ipmi\" a=\"S3cret&#10;action=on\"/>"),
				     IPMI), 2, "<device> a= holds a line break", "byte 0x0a");
	assert_null(strstr(error, "S3cret"));
	assert_refused(parse_fencing("", "<fencedevice name=\"x\" agent=\"y\" p=\"1&#xA;\"/>"), 3,
		       "<fencedevice> p= holds a line break");
}

static void fence_methods_and_devices_keep_their_order(void **state)
{
	(void)state;
	assert_int_equal(parse_fencing("<fence><method name=\"2\"><device name=\"b\"/><device "
				       "name=\"a\"/></method><method name=\"1\"><device name=\"a\"/>"
				       "</method></fence>",
				       "<fencedevice name=\"a\" agent=\"fa\"/>"
				       "<fencedevice name=\"b\" agent=\"fb\"/>"), 0);
	assert_int_equal(config.node[0].method_count, 2);
	assert_string_equal(text_of(config.node[0].method[0].name), "2");
	assert_string_equal(text_of(config.node[0].method[0].device[0].agent), "fb");
	assert_string_equal(text_of(config.node[0].method[0].device[1].agent), "fa");
	assert_string_equal(text_of(config.node[0].method[1].name), "1");
	assert_int_equal(config.notice_count, 0);
}

static void unfence_devices_are_taken(void **state)
{
	(void)state;
	assert_int_equal(parse_fencing("<unfence><device name=\"ipmi\" action=\"on\"/></unfence>", IPMI),
			 0);
	assert_int_equal(config.node[0].unfence_count, 1);
	assert_string_equal(text_of(config.node[0].unfence[0].args),
			    "action=on\nnodename=n1\nagent=fence_ipmilan\npasswd=s\nlogin=l\n");
}

static void device_without_fencedevice_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_fencing("\n" METHOD("<device name=\"apc\"/>"), IPMI), 3,
		       "<device> name=\"apc\" is refused", "allowed: ipmi");
	assert_refused(parse_fencing(METHOD("<device name=\"apc\"/>"), ""), 2, "none is there");
	assert_refused(parse_fencing(METHOD("<device port=\"1\"/>"), IPMI), 2,
		       "<device> needs an attribute name=");
	assert_refused(parse_fencing("<unfence><device name=\"apc\"/></unfence>", IPMI), 2,
		       "<device> name=\"apc\" is refused");
}

static void fencedevice_wrong_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_fencing("", "<fencedevice agent=\"x\"/>"), 3,
		       "<fencedevice> needs an attribute name=");
	assert_refused(parse_fencing("", "<fencedevice name=\"x\"/>"), 3,
		       "<fencedevice> needs an attribute agent=");
	assert_refused(parse_fencing("", IPMI "\n" IPMI), 4, "<fencedevice> name=\"ipmi\" is refused: "
		       "line 3 has it too");
}

static void method_wrong_is_refused_or_noticed(void **state)
{
	(void)state;
	assert_refused(parse_fencing("<fence><method><device name=\"ipmi\"/></method></fence>", IPMI),
		       2, "<method> needs an attribute name=");
	assert_int_equal(parse_fencing(METHOD(""), IPMI), 0);
	assert_noticed("<method> of node n1 has no <device> and can never succeed");
	assert_int_equal(parse_fencing("<fence><method name=\"m\"><device name=\"ipmi\"/></method>"
				       "<method name=\"m\"><device name=\"ipmi\"/></method></fence>",
				       IPMI), 0);
	assert_int_equal(config.node[0].method_count, 2);
	assert_noticed("<method> name=\"m\" of node n1 is there twice");
}

/* `count` times `what` into METHOD or fence; the limit is 8. */
static int parse_many(const char *before, const char *what, unsigned count, const char *after)
{
	char text[4096];
	size_t used = (size_t)snprintf(text, sizeof(text), "%s", before);

	for (unsigned i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "\n%s", what);
	(void)snprintf(text + used, sizeof(text) - used, "%s", after);
	return parse_fencing(text, IPMI);
}

static void methods_and_devices_beyond_8_are_refused(void **state)
{
	const char *method = "<method name=\"m\"><device name=\"ipmi\"/></method>";
	const char *device = "<device name=\"ipmi\"/>", *open = "<fence><method name=\"m\">";

	(void)state;
	assert_int_equal(parse_many("<fence>", method, 8, "</fence>"), 0);
	assert_refused(parse_many("<fence>", method, 9, "</fence>"), 11, "<method> number 9 of node n1",
		       "at most 8");
	assert_int_equal(parse_many(open, device, 8, "</method></fence>"), 0);
	assert_refused(parse_many(open, device, 9, "</method></fence>"), 11,
		       "<device> number 9 of one <method>", "at most 8");
	assert_refused(parse_many("<unfence>", device, 9, "</unfence>"), 11,
		       "<device> number 9 of one <unfence>");
}

static void fencedevices_beyond_256_are_refused(void **state)
{
	char text[12000] = "";
	size_t used = 0;

	(void)state;
	for (unsigned i = 0; i < 257; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "\n<fencedevice name=\"d%u\" agent=\"a\"/>", i);
	assert_refused(parse_fencing("", text), 260, "<fencedevice> number 257", "at most 256");
}

static void fence_args_beyond_16_KiB_are_refused(void **state)
{
	static char device[17000];

	(void)state;
	(void)snprintf(device, sizeof(device),
		       "<fencedevice name=\"ipmi\" agent=\"a\" key=\"%016300d\"/>", 0);
	assert_int_equal(parse_fencing(METHOD("<device name=\"ipmi\"/>"), device), 0);
	(void)snprintf(device, sizeof(device),
		       "<fencedevice name=\"ipmi\" agent=\"a\" key=\"%016384d\"/>", 0);
	assert_refused(parse_fencing(METHOD("<device name=\"ipmi\"/>"), device), 3,
		       "<fencedevice> key= is too much", "more than 16383 bytes");
}

static void fence_text_beyond_the_pool_is_refused(void **state)
{
	static char inside[280000];
	size_t used = 0;

	(void)state;
	used += (size_t)snprintf(inside, sizeof(inside), "<fencedevices><fencedevice name=\"d\" "
				 "agent=\"a\" key=\"%016000d\"/></fencedevices><clusternodes>", 0);
	for (unsigned i = 1; i <= 17; i++)
		used += (size_t)snprintf(inside + used, sizeof(inside) - used, "\n<clusternode "
					 "name=\"n%u\" nodeid=\"%u\">" METHOD("<device name=\"d\"/>")
					 "</clusternode>", i, i);
	(void)snprintf(inside + used, sizeof(inside) - used, "</clusternodes>");
	assert_refused(parse_inside(inside), 19, "more than 262144 bytes");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fence_args_are_device_then_nodename_then_fencedevice),
		cmocka_unit_test(fence_args_nodename_of_device_is_not_sent_twice),
		cmocka_unit_test(fence_args_with_line_break_are_refused_without_the_secret),
		cmocka_unit_test(fence_methods_and_devices_keep_their_order),
		cmocka_unit_test(unfence_devices_are_taken),
		cmocka_unit_test(device_without_fencedevice_is_refused),
		cmocka_unit_test(fencedevice_wrong_is_refused),
		cmocka_unit_test(method_wrong_is_refused_or_noticed),
		cmocka_unit_test(methods_and_devices_beyond_8_are_refused),
		cmocka_unit_test(fencedevices_beyond_256_are_refused),
		cmocka_unit_test(fence_args_beyond_16_KiB_are_refused),
		cmocka_unit_test(fence_text_beyond_the_pool_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_conf_path, remove_conf_path) ? 1 : 0;
}
