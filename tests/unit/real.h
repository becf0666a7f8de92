/* What unit tests share that use real files and processes: a folder, a clock, and
 * patience that ends. */
#ifndef REAL_H
#define REAL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

extern char work_dir[32];

/* Of the group: the folder made; gone, and nothing was left in it. */
int work_dir_make(void **state);
int work_dir_remove(void **state);

/* CLOCK_BOOTTIME. */
uint64_t now_ms(void);

/* The file's text, once it holds `needle`: fails the test after five seconds. */
const char *file_text_with(const char *path, const char *needle);

#endif
