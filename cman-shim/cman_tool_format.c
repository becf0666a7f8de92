/* cman_tool: the output, to the last blank as scripts know it. */
#include "cman_tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define TIME_FORMAT "%Y-%m-%d %H:%M:%S"
#define TIME_SIZE   sizeof("2026-11-21 19:54:50")
#define NO_TIME	    "                   "

const char *cman_tool_error_text(int error)
{
	if (error == ENOTCONN)
		return "Cluster software not started";
	if (error == ENOENT)
		return "Node is not yet a cluster member";
	return strerror(error);
}

/* A socket address as numeric text; "" for one of no family. */
static void address_text(const void *address, char text[INET6_ADDRSTRLEN])
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
	sa_family_t family;

	text[0] = '\0';
	memcpy(&in4, address, sizeof(in4));
	family = in4.sin_family;
	if (family == AF_INET) {
		(void)inet_ntop(AF_INET, &in4.sin_addr, text, INET6_ADDRSTRLEN);
	} else if (family == AF_INET6) {
		memcpy(&in6, address, sizeof(in6));
		(void)inet_ntop(AF_INET6, &in6.sin6_addr, text, INET6_ADDRSTRLEN);
	}
}

/* ---- status ---- */

static void print_membership(FILE *out, int state)
{
	switch (state) {
	case CLUSTER_NODESTATE_JOINING:
		(void)fprintf(out, "Membership state: Joining\n");
		break;
	case CLUSTER_NODESTATE_MEMBER:
		(void)fprintf(out, "Membership state: Cluster-Member\n");
		break;
	case CLUSTER_NODESTATE_DEAD:
		(void)fprintf(out, "Membership state: Not-in-Cluster\n");
		break;
	case CLUSTER_NODESTATE_LEAVING:
		(void)fprintf(out, "Membership state: Leaving\n");
		break;
	default:
		(void)fprintf(out, "Membership state: Unknown: code=%d\n", state);
	}
}

static void print_votes(FILE *out, const struct cman_tool_status *status)
{
	const cman_extra_info_t *info = status->info;

	(void)fprintf(out, "Nodes: %d\n", info->ei_members);
	(void)fprintf(out, "Expected votes: %d\n", info->ei_expected_votes);
	if (status->has_device && status->device.qi_state == CLUSTER_NODESTATE_MEMBER)
		(void)fprintf(out, "Quorum device votes: %d\n", status->device.qi_votes);
	(void)fprintf(out, "Total votes: %d\n", info->ei_total_votes);
	(void)fprintf(out, "Node votes: %d\n", info->ei_node_votes);
	(void)fprintf(out, "Quorum: %d %s\n", info->ei_quorum,
		      status->quorate ? " " : "Activity blocked");
}

static void print_flags(FILE *out, int flags)
{
	static const struct {
		int flag;
		const char *word;
	} words[] = {
		{ CMAN_EXTRA_FLAG_2NODE, "2node" },
		{ CMAN_EXTRA_FLAG_SHUTDOWN, "Shutdown" },
		{ CMAN_EXTRA_FLAG_ERROR, "Error" },
		{ CMAN_EXTRA_FLAG_DISALLOWED, "DisallowedNodes" },
		{ CMAN_EXTRA_FLAG_DISALLOWED_ENABLED, "DisallowedEnabled" },
		{ CMAN_EXTRA_FLAG_DIRTY, "HaveState" },
	};

	(void)fprintf(out, "Flags:");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (flags & words[i].flag)
			(void)fprintf(out, " %s", words[i].word);
	}
	(void)fprintf(out, " \n");
}

static void print_ports(FILE *out, const char ports[32])
{
	(void)fprintf(out, "Ports Bound: ");
	for (unsigned port = 0; port < 256; port++) {
		if ((unsigned char)ports[port / 8] & (1u << (port % 8)))
			(void)fprintf(out, "%u ", port);
	}
	(void)fprintf(out, " \n");
}

/* Print the addresses first..end-1 of those behind the extra information. */
static void print_addresses(FILE *out, const char *title, const cman_extra_info_t *info, int first,
			    int end)
{
	const char *start = (const char *)info + offsetof(cman_extra_info_t, ei_addresses);
	char text[INET6_ADDRSTRLEN];

	(void)fprintf(out, "%s: ", title);
	for (int i = first; i < end; i++) {
		address_text(start + (size_t)i * sizeof(struct sockaddr_storage), text);
		if (text[0])
			(void)fprintf(out, "%s ", text);
	}
	(void)fprintf(out, "\n");
}

void cman_tool_print_status(FILE *out, const struct cman_tool_status *status)
{
	const cman_extra_info_t *info = status->info;
	const cman_version_t *version = &status->version;
	const int interfaces = info->ei_num_addresses;

	(void)fprintf(out, "Version: %u.%u.%u\n", version->cv_major, version->cv_minor,
		      version->cv_patch);
	(void)fprintf(out, "Config Version: %d\n", (int)version->cv_config);
	(void)fprintf(out, "Cluster Name: %s\n", status->cluster.ci_name);
	(void)fprintf(out, "Cluster Id: %d\n", status->cluster.ci_number);
	(void)fprintf(out, "Cluster Member: Yes\n");
	(void)fprintf(out, "Cluster Generation: %d\n", (int)status->cluster.ci_generation);
	print_membership(out, info->ei_node_state);
	print_votes(out, status);
	(void)fprintf(out, "Active subsystems: %d\n", status->subsystems);
	print_flags(out, info->ei_flags);
	print_ports(out, info->ei_ports);
	(void)fprintf(out, "Node name: %s\n", status->node.cn_name);
	(void)fprintf(out, "Node ID: %u\n", (unsigned)status->node.cn_nodeid);
	print_addresses(out, "Multicast addresses", info, 0, interfaces);
	print_addresses(out, "Node addresses", info, interfaces, 2 * interfaces);
}

/* ---- nodes ---- */

static char state_letter(int member)
{
	if (member == 1)
		return 'M';
	return member == 0 ? 'X' : '?';
}

static const char *state_word(int state)
{
	switch (state) {
	case CLUSTER_NODESTATE_JOINING:
		return "Joining";
	case CLUSTER_NODESTATE_MEMBER:
		return "Member";
	case CLUSTER_NODESTATE_DEAD:
		return "Dead";
	case CLUSTER_NODESTATE_LEAVING:
		return "Leaving";
	case CLUSTER_NODESTATE_DISALLOWED:
		return "Disallowed";
	default:
		return "Unknown";
	}
}

/* When the node joined; blanks for one that is out or whose time is unknown. */
static void join_time_text(const cman_node_t *node, char text[TIME_SIZE])
{
	struct tm tm;

	if (node->cn_member == 0 || node->cn_jointime.tv_sec == 0 ||
	    !localtime_r(&node->cn_jointime.tv_sec, &tm) ||
	    strftime(text, TIME_SIZE, TIME_FORMAT, &tm) == 0)
		memcpy(text, NO_TIME, TIME_SIZE);
}

void cman_tool_print_header(FILE *out)
{
	(void)fprintf(out, "Node  Sts   Inc   Joined               Name\n");
}

void cman_tool_print_row(FILE *out, const struct cman_tool_row *row, bool addresses)
{
	const cman_node_t *node = &row->node;
	char text[INET6_ADDRSTRLEN];
	char joined[TIME_SIZE];

	join_time_text(node, joined);
	(void)fprintf(out, "%4u   %c  %5d   %s  %s\n", (unsigned)node->cn_nodeid,
		      state_letter(node->cn_member), node->cn_incarnation, joined, node->cn_name);
	if (!addresses || row->address_count == 0)
		return;
	(void)fprintf(out, "       Addresses: ");
	for (int i = 0; i < row->address_count; i++) {
		address_text(row->addresses[i].cna_address, text);
		(void)fprintf(out, "%s ", text);
	}
	(void)fprintf(out, "\n");
}

static void print_column(FILE *out, const struct cman_tool_row *row, enum cman_tool_column column)
{
	char text[INET6_ADDRSTRLEN];

	switch (column) {
	case COLUMN_ID:
		(void)fprintf(out, "%u ", (unsigned)row->node.cn_nodeid);
		break;
	case COLUMN_NAME:
		(void)fprintf(out, "%s ", row->node.cn_name);
		break;
	case COLUMN_TYPE:
		(void)fprintf(out, "%c ", state_letter(row->node.cn_member));
		break;
	case COLUMN_ADDR:
		for (int i = 0; i < row->address_count; i++) {
			address_text(row->addresses[i].cna_address, text);
			(void)fprintf(out, "%s%s", i ? "," : "", text);
		}
		(void)fprintf(out, " ");
		break;
	case COLUMN_VOTES:
		(void)fprintf(out, "%d ", row->extra.cnx_votes);
		break;
	case COLUMN_EXP:
		(void)fprintf(out, "%d ", row->extra.cnx_expected_votes);
		break;
	case COLUMN_STATE:
		(void)fprintf(out, "%s ", state_word(row->extra.cnx_state));
		break;
	}
}

void cman_tool_print_columns(FILE *out, const struct cman_tool_row *row,
			     const struct cman_tool_columns *columns)
{
	for (unsigned i = 0; i < columns->count; i++)
		print_column(out, row, columns->list[i]);
	(void)fprintf(out, "\n");
}

bool cman_tool_is_placeholder(const cman_node_t *node)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "Node%u", (unsigned)node->cn_nodeid);
	return strcmp(node->cn_name, name) == 0;
}
