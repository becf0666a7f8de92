/* Words for what is on the LUN (floor 0, pure). */
#include "qd_format.h"

const char *qd_corrupt_text(enum qd_corrupt why)
{
	switch (why) {
	case QD_FINE:
		return "fine";
	case QD_BAD_ENVELOPE_MAGIC:
		return "no quorum disk block (magic is not 00debb1e)";
	case QD_BAD_LENGTH:
		return "payload length is wrong";
	case QD_BAD_HEADER_CRC:
		return "header crc is wrong";
	case QD_BAD_DATA_CRC:
		return "data crc is wrong";
	case QD_BAD_MAGIC:
		return "payload magic is wrong";
	case QD_BAD_RHCM12:
		return "label of Red Hat Cluster Manager 1.2, which is not supported";
	case QD_BAD_VERSION:
		return "label version is not 389fabc4";
	case QD_BAD_NODE_ID:
		return "node id is not the slot's";
	case QD_BAD_STATE:
		return "state is none of 0, 1, 2, 5, 6";
	case QD_BAD_MESSAGE:
		return "message is none of 0..3";
	case QD_BAD_TEXT:
		return "label or host is not terminated";
	case QD_BAD_SECTOR_SIZE:
		return "recorded sector size is none of 512, 1024, 2048, 4096";
	case QD_BAD_SHORT:
		return "fewer bytes than a block";
	}
	return "unknown";
}

const char *qd_state_text(enum qd_node_state state)
{
	switch (state) {
	case QD_STATE_NONE:
		return "None";
	case QD_STATE_EVICTED:
		return "Evicted";
	case QD_STATE_INIT:
		return "Initializing";
	case QD_STATE_RUN:
		return "Running";
	case QD_STATE_MASTER:
		return "Master";
	}
	return "ILLEGAL";
}
