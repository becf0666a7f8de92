/* Shared by the files of the corosync hand (cs_*.c) and by nobody else. */
#ifndef CS_INNER_H
#define CS_INNER_H

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "cs_proof.h"
#include "cs_state.h"
#include "cs_word.h"

/* A call to corosync that is out; anyone may look, only its thread writes. */
struct cs_call {
	_Atomic uint64_t since_ms; /* CLOCK_BOOTTIME; 0: none is out */
};

/* The helper; `cs` is a struct cs. */
void *cs_thread_main(void *cs);

/* cs_api.c: a thread that hears no signal, with the policy of its caller. 0, or negative errno. */
int cs_thread_begin(void *(*begin)(void *arg), void *arg, pthread_t *ret_thread);
/* Make an eventfd readable. */
void cs_bell_ring(int fd);
/* What an event of the helper's epoll is about. */
enum { CS_EV_BELL, CS_EV_VOTEQUORUM, CS_EV_QUORUM, CS_EV_CMAP, CS_EV_CPG, CS_EV_ENDED, CS_EV_COUNT };

/* CLOCK_BOOTTIME in ms. The hand's only clock. */
uint64_t cs_now_ms(void);
void cs_call_out(struct cs_call *call);
int cs_call_back(struct cs_call *call, int rc);

/* Make a call to corosync and leave a mark while it is out; its cs_error_t as an int. */
#define CS_CALL(call, expression) (cs_call_out(call), cs_call_back((call), (int)(expression)))

/* A connection to cmap. */
struct cs_cmap {
	uint64_t handle; /* 0: not open */
	int fd;
	bool changed; /* a tracked key has changed since the last read */
	struct cs_call *call;
};

/* Connect and track what facts are made of. 0, or negative errno and the error in words. */
int cs_cmap_open(struct cs_cmap *cmap, struct cs_call *call, char *error, size_t size);
void cs_cmap_close(struct cs_cmap *cmap);
/* Take in what has changed, see `changed`. 0; -ENOTCONN corosync is gone. */
int cs_cmap_dispatch(struct cs_cmap *cmap);
/* Read the facts and our own section, all as of one moment: where a key changes
 * meanwhile, again. Errors as cs_facts_read(). */
int cs_cmap_read(struct cs_cmap *cmap, struct qd_facts *ret_facts, struct qd_native *ret_native,
		 char *error, size_t size);
/* As many pairs as there are: the rest has never been touched, and stays so. */
static inline void cs_native_copy(struct qd_native *to, const struct qd_native *from)
{
	to->count = from->count;
	memcpy(to->pair, from->pair, from->count * sizeof(from->pair[0]));
}

/* cs_native.c: the keys that are meant for us. Errors as cs_facts_read(). */
int cs_native_read(struct cs_cmap *cmap, struct qd_native *ret_native, char *error, size_t size);
/* An integer of any type that cmap has, as corosync.conf and cmapctl may set it. 0 or -ERANGE. */
int cs_number_of(int type, const uint8_t bytes[8], uint32_t *ret_value);

struct cs {
	/* constant after start */
	char name[CS_NAME_MAX + 1];
	int event_fd; /* to the caller */
	int bell_fd;  /* to the helper; edge-triggered, never read */
	int exit_fd;  /* the helper has ended */
	int epoll_fd;
	pthread_t thread;

	/* both sides, without the lock */
	_Atomic uint32_t interval_ms;
	struct cs_call call;

	/* both sides, under the lock: held for a copy, or for a call that cannot wait */
	pthread_mutex_t lock;
	struct cs_mail mail;
	struct cs_snapshot shown;
	struct qd_facts facts;
	struct qd_native native;
	int pid_fd; /* of corosync; -1 */

	/* the helper's own */
	struct cs_snapshot now;
	uint64_t votequorum, quorum; /* handles; 0: not open */
	int votequorum_fd, quorum_fd;
	uint64_t cpg; /* handle; 0: not open */
	int cpg_fd;
	bool cpg_joined;
	uint64_t sender; /* random: names this process in its echoes */
	struct cs_proof proof;
	bool vote_proven; /* an echo is back, and proof.vote has waited for it */
	struct cs_word word;
	bool says_dead, word_waits; /* the LUN of this node is; it is to be said now */
	uint32_t node_id;
	uint64_t word_ms; /* when it is to be said again */
	qd_mask kill;	  /* nodes to kill when the echo `kill_after` is back */
	uint64_t kill_after;
	char kill_reason[CS_REASON_LEN];
	struct cs_cmap cmap;
	struct qd_facts facts_new;
	struct qd_native native_new;
	bool lost;	   /* the connection is to be given up */
	bool info_wanted;  /* getinfo is out of date */
	bool unregistered; /* the caller has asked for it: never register again */
	uint64_t retry_ms; /* connect or register not before */
};

/* cs_vote.c. Each sets cs->lost where corosync is gone. */
int cs_quorum_open(struct cs *cs); /* 0, or negative errno and cs->now.error */
void cs_quorum_close(struct cs *cs);
void cs_quorum_dispatch(struct cs *cs);
bool cs_device_known(struct cs *cs); /* has it the device, of a daemon before this one? */
void cs_register(struct cs *cs);
void cs_poll(struct cs *cs, const struct cs_vote *vote);
void cs_keep_alive(struct cs *cs, struct qd_ring ring); /* poll what it has, 0; told to nobody */
void cs_info(struct cs *cs);
void cs_drop_device(struct cs *cs);

/* cs_cpg.c */
int cs_cpg_open(struct cs *cs); /* 0, or negative errno and cs->now.error */
void cs_cpg_close(struct cs *cs);
void cs_cpg_dispatch(struct cs *cs);
void cs_cpg_echo(struct cs *cs); /* send the echo that cs->proof wants */
void cs_cpg_word(struct cs *cs); /* say how the LUN is */

/* cs_cfg.c */
void cs_kill_nodes(struct cs *cs, qd_mask nodes, const char *reason);
void cs_shutdown(struct cs *cs);

/* True where a call's result means that corosync is gone. */
bool cs_gone(int rc);

#endif
