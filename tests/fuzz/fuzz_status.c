/* The status socket: any request, and names of any bytes in the snapshot. One reply, one
 * packet, one JSON object of valid UTF-8 that qdisk-tool can show. */
#include "fuzz.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../qdiskd/status.h"
#include "../../qdiskd/tool_status.h"

static struct status_snapshot snapshot;
static struct status *server;
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static void server_close(void)
{
	status_close(server);
}

/* In the working directory, which the one who runs us clears. */
static void server_open(void)
{
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "fuzz.sock.%d", (int)getpid());
	MUST(status_open(address.sun_path, &server) == 0);
	MUST(atexit(server_close) == 0);
}

static int server_connect(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	MUST(fd >= 0);
	MUST(connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

static bool utf8(const char *text)
{
	const unsigned char *s = (const void *)text;

	while (*s) {
		unsigned more = *s < 0x80 ? 0 : *s >= 0xc2 && *s < 0xe0 ? 1 : *s >= 0xe0 && *s < 0xf0 ? 2 :
				*s >= 0xf0 && *s < 0xf5 ? 3 : 9;

		if (more == 9 || (*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] >= 0xa0) ||
		    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] >= 0x90))
			return false;
		for (unsigned i = 1; i <= more; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return false;
		}
		s += 1 + more;
	}
	return true;
}

static void snapshot_fill(struct fuzz *f)
{
	memset(&snapshot, 0, sizeof(snapshot));
	fuzz_line(f, snapshot.cluster, sizeof(snapshot.cluster));
	fuzz_line(f, snapshot.node_name, sizeof(snapshot.node_name));
	fuzz_line(f, snapshot.device, sizeof(snapshot.device));
	fuzz_line(f, snapshot.label, sizeof(snapshot.label));
	snapshot.node_count = fuzz_u8(f) % (QD_NODE_MAX + 1);
	snapshot.heuristic_count = fuzz_u8(f) % (QD_HEURISTICS_MAX + 1);
	snapshot.corosync.connected = fuzz_u8(f) & 1;
	snapshot.node_id = fuzz_u32(f);
	snapshot.visible = fuzz_u64(f);
	snapshot.fence_ms = fuzz_u64(f);
	snapshot.read_us = fuzz_u32(f);
	for (uint32_t i = 0; i < snapshot.node_count; i++) {
		snapshot.node[i].id = i + 1;
		fuzz_line(f, snapshot.node[i].name, sizeof(snapshot.node[i].name));
	}
	for (uint32_t i = 0; i < snapshot.heuristic_count; i++)
		fuzz_line(f, snapshot.heuristic[i].program, sizeof(snapshot.heuristic[i].program));
}

static void check_json(char *reply, ssize_t n)
{
	json_object *o;

	MUST(n > 0 && n < (ssize_t)STATUS_REPLY_MAX);
	reply[n] = '\0';
	MUST(strlen(reply) == (size_t)n);
	MUST(utf8(reply));
	o = json_tokener_parse(reply);
	MUST(o && json_object_is_type(o, json_type_object));
	json_object_put(o);
}

/* One client with one request of any length: one reply of one packet, then the end. */
static void ask(const uint8_t *request, size_t size)
{
	static char reply[STATUS_REPLY_MAX + 1];
	int fd = server_connect();

	MUST(send(fd, request, size, MSG_NOSIGNAL) == (ssize_t)size);
	status_dispatch(server, &snapshot, 7);
	status_dispatch(server, &snapshot, 7);
	if (size > 0)
		check_json(reply, recv(fd, reply, STATUS_REPLY_MAX, 0));
	MUST(recv(fd, reply, STATUS_REPLY_MAX, 0) == 0);
	(void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char json[STATUS_REPLY_MAX + 1], text[STATUS_TEXT_MAX];
	struct fuzz f = { data, size };
	uint8_t request[100];
	size_t asked;

	if (!server)
		server_open();
	asked = fuzz_bytes(&f, request, fuzz_u8(&f) % sizeof(request));
	snapshot_fill(&f);
	check_json(json, (ssize_t)status_json(&snapshot, 7, json, STATUS_REPLY_MAX));
	MUST(tool_status_show(json, NULL) >= 0);
	MUST(status_text(&snapshot, text, sizeof(text)) < sizeof(text));
	ask(request, asked);
	return 0;
}
