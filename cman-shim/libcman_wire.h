/* What stands before the user's bytes in a data message. Pure. */
#ifndef LIBCMAN_WIRE_H
#define LIBCMAN_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define WIRE_HEADER_SIZE 12   /* bytes, big-endian: magic, target, port, zeros */
#define WIRE_DATA_MAX	 1492 /* of the user's, as cman */

struct wire_header {
	uint32_t target; /* node id, 0 all */
	uint8_t port;	 /* the sender's, 0 none */
};

void wire_encode(struct wire_header header, unsigned char raw[WIRE_HEADER_SIZE]);

/* -EBADMSG: it is none of ours. */
int wire_decode(const void *raw, size_t length, struct wire_header *ret_header);

/* Is it meant for node `node_id`? */
int wire_is_for(struct wire_header header, uint32_t node_id);

#endif
