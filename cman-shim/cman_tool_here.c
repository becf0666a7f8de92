/* cman_tool: which of the configured nodes is this one? */
#include "cman_tool_conf.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

/* A host name cut at its first dot. */
static size_t short_length(const char *name)
{
	return strcspn(name, ".");
}

static int find(const struct qd_config *config, const char *name, size_t length)
{
	for (uint32_t i = 0; i < config->node_count; i++) {
		if (strlen(config->node[i].name) == length &&
		    memcmp(config->node[i].name, name, length) == 0)
			return (int)i;
	}
	return -1;
}

int cman_tool_node_by_host(const struct qd_config *config, const char *host)
{
	const size_t length = short_length(host);
	int node = find(config, host, strlen(host));

	if (node < 0)
		node = find(config, host, length);
	for (uint32_t i = 0; node < 0 && i < config->node_count; i++) {
		if (short_length(config->node[i].name) == length &&
		    memcmp(config->node[i].name, host, length) == 0)
			node = (int)i;
	}
	return node;
}

static bool is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET) {
		const struct sockaddr_in *in4 = (const void *)a;

		return ntohl(in4->sin_addr.s_addr) >> 24 == 127;
	}
	return a->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

static socklen_t address_length(const struct sockaddr *a)
{
	return a->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* By the name that an address of ours has, that name cut at its dot, or its text. */
static int node_by_address(const struct qd_config *config, const struct sockaddr *a)
{
	char text[NI_MAXHOST];
	int node = -1;

	if (getnameinfo(a, address_length(a), text, sizeof(text), NULL, 0, NI_NAMEREQD) == 0) {
		node = find(config, text, strlen(text));
		if (node < 0)
			node = find(config, text, short_length(text));
	}
	if (node < 0 && getnameinfo(a, address_length(a), text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0)
		node = find(config, text, strlen(text));
	return node;
}

static int node_by_addresses(const struct qd_config *config)
{
	struct ifaddrs *all;
	int node = -1;

	if (getifaddrs(&all) != 0)
		return -1;
	for (const struct ifaddrs *i = all; i && node < 0; i = i->ifa_next) {
		const struct sockaddr *a = i->ifa_addr;

		if (a && (a->sa_family == AF_INET || a->sa_family == AF_INET6) && !is_loopback(a))
			node = node_by_address(config, a);
	}
	freeifaddrs(all);
	return node;
}

int cman_tool_node_here(const struct cman_tool_options *o, const struct qd_config *config,
			char *error, size_t error_size)
{
	struct utsname host;
	int node;

	if (o->name_count) {
		node = find(config, o->names[0], strlen(o->names[0]));
		if (node < 0)
			(void)snprintf(error, error_size, "Overridden node name is not in CCS");
		return node;
	}
	node = uname(&host) == 0 ? cman_tool_node_by_host(config, host.nodename) : -1;
	if (node < 0)
		node = node_by_addresses(config);
	if (node < 0)
		(void)snprintf(error, error_size, "Cannot find node name in cluster.conf");
	return node;
}

bool cman_tool_node_reachable(const char *name, char *error, size_t error_size)
{
	const struct addrinfo wanted = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found;
	bool local;

	if (getaddrinfo(name, NULL, &wanted, &found) != 0) {
		(void)snprintf(error, error_size, "Can't determine address family of nodename");
		return false;
	}
	local = is_loopback(found->ai_addr);
	freeaddrinfo(found);
	if (local)
		(void)snprintf(error, error_size, "Node name resolves to localhost, please check /etc/hosts "
						  "and assign this node a network IP address");
	return !local;
}
