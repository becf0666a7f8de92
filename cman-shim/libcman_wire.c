/* What stands before the user's bytes in a data message; see libcman_wire.h. */
#include "libcman_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define MAGIC 0x434d4431 /* "CMD1" */

void wire_encode(struct wire_header header, unsigned char raw[WIRE_HEADER_SIZE])
{
	uint32_t magic = htonl(MAGIC);
	uint32_t target = htonl(header.target);

	memset(raw, 0, WIRE_HEADER_SIZE);
	memcpy(raw, &magic, sizeof(magic));
	memcpy(raw + 4, &target, sizeof(target));
	raw[8] = header.port;
}

int wire_decode(const void *raw, size_t length, struct wire_header *ret_header)
{
	const unsigned char *bytes = raw;
	uint32_t magic, target;

	if (length < WIRE_HEADER_SIZE || length > WIRE_HEADER_SIZE + WIRE_DATA_MAX)
		return -EBADMSG;
	memcpy(&magic, bytes, sizeof(magic));
	memcpy(&target, bytes + 4, sizeof(target));
	if (ntohl(magic) != MAGIC)
		return -EBADMSG;
	ret_header->target = ntohl(target);
	ret_header->port = bytes[8];
	return 0;
}

int wire_is_for(struct wire_header header, uint32_t node_id)
{
	return header.target == 0 || header.target == node_id;
}
