/* What the fuzz targets share. Each target is one file, fuzz_NAME.c, with one function for
 * libFuzzer; it takes an input apart, gives it to what it tests, and says with MUST() what
 * has to hold whatever came. `make fuzz` and tests/fuzz/smoke.sh run them.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold; else the input is kept. */
#define MUST(condition) \
	((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* Every byte has been written by somebody: the memory sanitizer knows. */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define MUST_BE_DEFINED(bytes, size) __msan_check_mem_is_initialized((bytes), (size))
#endif
#endif
#ifndef MUST_BE_DEFINED
#define MUST_BE_DEFINED(bytes, size) ((void)(bytes), (void)(size))
#endif

/* An input that is taken from its front; behind its end there are zeros. */
struct fuzz {
	const uint8_t *at;
	size_t left;
};
uint8_t fuzz_u8(struct fuzz *f);
uint32_t fuzz_u32(struct fuzz *f);
uint64_t fuzz_u64(struct fuzz *f);
/* Up to `size` bytes of what is left; how many there were. */
size_t fuzz_bytes(struct fuzz *f, void *ret, size_t size);
/* The next line of what is left, or all of it, as a text of at most size - 1 bytes. */
void fuzz_line(struct fuzz *f, char *ret, size_t size);

/* All that is left, as exactly so many bytes on the heap: a read beyond them is seen. */
uint8_t *fuzz_rest(struct fuzz *f, size_t *ret_size);
/* The same as a text. */
char *fuzz_text(struct fuzz *f);

/* A fuzzer finds no crc: make those of a block right. What the bits of `how` ask for is
 * done, what else is wrong stays so. */
enum {
	FUZZ_SEAL_MAGIC = 1 << 0,	/* of the payload, and the label's version */
	FUZZ_SEAL = 1 << 1,		/* envelope: magic, length, both crcs */
	FUZZ_SEAL_EXT = 1 << 2,		/* extension: magic, version, length, crc */
};
void fuzz_seal_status(uint8_t *bytes, size_t size, unsigned how, uint32_t node_id);
void fuzz_seal_label(uint8_t *bytes, size_t size, unsigned how);

/* Texts for people: a stream into memory, and whether nothing in it could drive a
 * terminal or forge a line: only whole lines of printing characters. */
struct fuzz_out {
	FILE *stream;
	char *text;
	size_t size;
};
void fuzz_out_open(struct fuzz_out *o);
void fuzz_out_check(struct fuzz_out *o);	/* and close */
/* A line of a log: no control characters. */
bool fuzz_one_line(const char *text);

/* Zeros behind the end of a text of `size` bytes. */
void fuzz_text_tail(uint8_t *text, size_t size);

#endif
