/* `qdisk-tool fence-ack`: an administrator's word that a node is off (floor 4). */
#ifndef QD_TOOL_FENCE_H
#define QD_TOOL_FENCE_H

/* Declare `node` (id or name) fenced, by the daemon that listens at `socket`. Asks twice;
 * each of `yes` answers one question. The exit code: 0; 1 refused, or the answer was no;
 * 5 no daemon. */
int tool_fence_ack(const char *socket, const char *node, unsigned yes);

#endif
