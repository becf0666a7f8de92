/* What this process may do (floor 3: a hand). The list, with reasons: qdiskd(8). */
#ifndef QD_PRIVILEGES_H
#define QD_PRIVILEGES_H

/* Give up every capability but those that the daemon needs while it runs, in this thread and
 * those that it starts from now on. What it executes is root's and has all of them again: a
 * fence agent may need any. 0 or negative errno. */
int privileges_drop(void);

/* Give up all but reading, for good, in a child that looks at bytes of a stranger: nothing that
 * it may execute gets them back. Reading, since a device may be another user's. 0 or negative
 * errno. */
int privileges_drop_to_reading(void);

#endif
