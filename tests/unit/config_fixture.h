/* A configuration that uses every part of struct qd_config, for the tests of what the
 * daemon makes of one. */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include "../../qdiskd/config.h"
#include "clusterconf_fixture.h"

static const char good[] =
	"<cluster name=\"c\" config_version=\"7\">\n<clusternodes><clusternode name=\"a\" nodeid=\"1\">"
	"<altname name=\"a1\"/>"
	"<fence><method name=\"m\"><device name=\"d\" port=\"1\"/></method></fence>"
	"<unfence><device name=\"d\"/></unfence></clusternode>"
	"<clusternode name=\"b\" nodeid=\"2\"/></clusternodes><fencedevices><fencedevice name=\"d\" "
	"agent=\"f\"/></fencedevices><logging><logging_daemon name=\"corosync\" subsys=\"s\"/></logging><quorumd label=\"l\" log_level=\"7\"><heuristic program=\"true\"/>"
	"</quorumd></cluster>";

static struct qd_config parsed;	/* that, as the parser says it */

/* Its file written, to conf_path, and read. */
static inline int good_parse(void)
{
	write_bytes(good, sizeof(good) - 1);
	return clusterconf_parse(conf_path, &parsed, error, sizeof(error));
}

#endif
