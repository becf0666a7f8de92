/* zlib's crc32 for the simulator, by libdeflate: two thirds of its time went into zlib's.
 * Same results (sim_self.c); linked in where libdeflate is there. */
#include <libdeflate.h>
#include <zlib.h>

unsigned long crc32(unsigned long crc, const Bytef *bytes, uInt size)
{
	return libdeflate_crc32((unsigned)crc, bytes, size);
}
