/* `qdisk-tool fence-ack`; see tool_fence.h. */
#include "tool_fence.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tool_ask.h"
#include "tool_status.h"
#include "tool_text.h"

#define TIMEOUT_MS 3000u
#define REPLY_MAX 1024
#define NAME_MAX_BYTES 255

/* Is the answer this word? */
static bool answered(const char *question, const char *wanted)
{
	char line[64] = "";

	(void)printf("%s [NO/%s]? ", question, wanted);
	(void)fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		(void)putchar('\n');
	line[strcspn(line, "\n")] = '\0';
	return strcmp(line, wanted) == 0;
}

/* As fence_ack_manual(8) asked, and once more. */
static bool sure(const char *node, unsigned yes)
{
	if (yes < 2)
		(void)printf("Declaring node %s fenced while it runs can destroy all data that it shares with "
			     "others.\nIt must be switched off, or cut from all storage, and stay so.\n", node);
	return (yes >= 1 || answered("Have you switched it off", "yes")) &&
	       (yes >= 2 || answered("Continue", "absolutely"));
}

int tool_fence_ack(const char *socket, const char *node, unsigned yes)
{
	char request[NAME_MAX_BYTES + 32], reply[REPLY_MAX];
	int r;

	if (strlen(node) > NAME_MAX_BYTES) {
		(void)fprintf(stderr, "qdisk-tool: fence-ack: no node has a name that long\n");
		return TOOL_NO;
	}
	if (!sure(node, yes)) {
		(void)printf("Nothing was done.\n");
		return TOOL_NO;
	}
	(void)snprintf(request, sizeof(request), "fence-ack %s", node);
	r = tool_ask(socket, request, TIMEOUT_MS, reply, sizeof(reply));
	if (r < 0) {
		(void)fprintf(stderr, "qdisk-tool: %s: %s\n", socket, tool_ask_error(r));
		return TOOL_COROSYNC;
	}
	if (strncmp(reply, "ok ", 3) == 0) {
		(void)printf("node %s counts as fenced\n", node);
		return TOOL_OK;
	}
	reply[strcspn(reply, "\n")] = '\0';
	(void)fprintf(stderr, "qdisk-tool: fence-ack %s: ", node);
	tool_text_show(stderr, reply);
	(void)fputc('\n', stderr);
	return TOOL_NO;
}
