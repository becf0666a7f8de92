/* cluster.conf against cluster.rng, the schema (floor 3: a hand).
 *
 * The verdict on a file is that of clusterconf_parse(); this finds all that the schema
 * has to say, where the reader stops at the first. The schema is part of the program.
 */
#ifndef CLUSTERCONF_RNG_H
#define CLUSTERCONF_RNG_H

#include <stdint.h>

/* One thing that does not fit; `element` may be NULL. One line without its end. */
typedef void (*clusterconf_rng_fn)(void *arg, uint32_t line, const char *element, const char *text);

/* 0 valid; 1 invalid, after `tell` was called for each error; -EBADMSG no XML at all,
 * -ENOMEM. No network, no other file, no entity is read. */
int clusterconf_rng(const char *path, clusterconf_rng_fn tell, void *arg);

#endif
