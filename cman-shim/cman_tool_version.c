/* cman_tool version: show it, or load the configuration again. */
#include "cman_tool_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static bool qdiskd_runs(void)
{
	int fd = cman_tool_service_find(SERVICE_OF_QDISKD);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

/* A quorum disk that was added is started; one that was removed stops by itself. */
static int tell_qdiskd(const struct cman_tool_options *o, bool wanted)
{
	if (wanted && !qdiskd_runs())
		return cman_tool_service_start(o, SERVICE_OF_QDISKD);
	return cman_tool_service_reload(o, SERVICE_OF_QDISKD);
}

/* cluster.conf anew into corosync.conf, where that is ours to write: an
 * administrator who writes corosync.conf himself has done so. */
static int renew(const struct cman_tool_options *o, const cman_version_t *running, bool *ret_device)
{
	static struct cman_tool_conf conf; /* large */

	if (access(cman_tool_cluster_conf(), F_OK) != 0 || cman_tool_conf_foreign()) {
		cman_tool_debug(o, "corosync.conf is not written by cman_tool, it is only read again");
		return EXIT_SUCCESS;
	}
	if (cman_tool_conf_make(o, &conf) != 0)
		return cman_tool_fail(o, "Not reloading, configuration is not valid");
	if (o->check == CHECK_FAIL && conf.config.config_version <= running->cv_config)
		return cman_tool_fail(o, "Not reloading, config version older or equal the running "
					 "config");
	*ret_device = conf.has_device;
	return cman_tool_conf_install(o, &conf) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The daemons read their files again: corosync on all nodes, each its own, and
 * qdiskd on this one. */
static int reload(cman_handle_t handle, const struct cman_tool_options *o,
		  const cman_version_t *running)
{
	cman_version_t wanted = *running;
	bool device = false;

	if (renew(o, running, &device) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	wanted.cv_config = 0;
	if (cman_set_version(handle, &wanted) < 0)
		return cman_tool_fail(o, "can't set version: %s", cman_tool_error_text(errno));
	return tell_qdiskd(o, device) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int cman_tool_version(cman_handle_t handle, const struct cman_tool_options *o, FILE *out)
{
	cman_version_t version;

	if (cman_get_version(handle, &version) < 0)
		return cman_tool_fail(o, "can't get version: %s", cman_tool_error_text(errno));
	if (o->reload)
		return reload(handle, o, &version);
	(void)fprintf(out, "%u.%u.%u config %u\n", version.cv_major, version.cv_minor,
		      version.cv_patch, version.cv_config);
	return EXIT_SUCCESS;
}
