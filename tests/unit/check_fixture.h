/* A configuration to judge, as qdisk-tool check gathers it. */
#ifndef CHECK_FIXTURE_H
#define CHECK_FIXTURE_H

#include "clusterconf_fixture.h"
#include "../../qdiskd/tool_check.h"

static struct qd_facts corosync;
static struct qd_params params;
static struct qd_findings laws;
static struct check_facts facts;
static struct check_report report;

#define FENCED(name) "<fence><method name=\"1\"><device name=\"d\" port=\"" name "\"/></method></fence>"
#define NODE(name, id, more) "<clusternode name=\"" name "\" nodeid=\"" id "\" " more ">" FENCED(name) "</clusternode>"
#define NODES(more) "<clusternodes>" NODE("n1", "1", more) NODE("n2", "2", "") "</clusternodes>" \
	"<fencedevices><fencedevice name=\"d\" agent=\"fence_x\"/></fencedevices>"
#define PING "<heuristic program=\"/bin/ping -c1 -w1 192.0.2.1\" interval=\"2\" tko=\"4\"/>"
#define QUORUMD(attributes, inside) \
	"<quorumd label=\"l\" interval=\"1\" tko=\"10\" votes=\"1\" " attributes ">" inside "</quorumd>"

/* A cluster.conf of this inside, judged without a corosync; a good LUN. */
static inline void gather(const char *inside)
{
	assert_int_equal(parse_inside(inside), 0);
	memset(&corosync, 0, sizeof(corosync));
	(void)qd_config_check(&config, &corosync, &params, &laws);
	facts = (struct check_facts){ .config = &config, .corosync = &corosync, .params = &params, .laws = &laws };
	facts.lun.known = true;
	facts.lun.label.has_ext = true;
	facts.lun.label.capacity = 64;
	(void)snprintf(facts.lun.path, sizeof(facts.lun.path), "/dev/mapper/l");
	(void)snprintf(facts.lun.scheduler, sizeof(facts.lun.scheduler), "none");
}

static inline void good(void)
{
	gather("<totem token=\"21000\"/>" NODES("") QUORUMD("watchdog=\"/dev/watchdog\"", PING));
}

#endif
