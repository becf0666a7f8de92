/* The child that writes the log file, so that a file system can hang it and not
 * the daemon; private to log.c. */
#ifndef QD_LOG_WRITER_H
#define QD_LOG_WRITER_H

#include <sys/types.h>

/* Open `path` for appending (mode 0640, its directory made when missing) and start
 * a cat(1) that copies a socket to it. Blocks as open(2) and exec(2) do: for start
 * and reload only. The socket (to be written with MSG_DONTWAIT; closing it ends
 * the child once it has written all), or negative errno. */
int log_writer_begin(const char *path, pid_t *ret_pid);

#endif
