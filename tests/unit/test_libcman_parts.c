/* libcman's parts that need no corosync: the queue of messages, the head of a
 * data message, who has arrived at a barrier, and the limit on waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../cman-shim/libcman_guard.h"
#include "../../cman-shim/libcman_queue.h"
#include "../../cman-shim/libcman_rendezvous.h"
#include "../../cman-shim/libcman_wire.h"

/* ---- The queue ---- */

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void push(struct cman_queue *q, enum cman_message_kind kind, int argument)
{
	struct cman_message *m = queue_push(q, kind, 0);

	assert_non_null(m);
	m->argument = argument;
}

/* Take one; its argument, -1 none. */
static int take(struct cman_queue *q, unsigned ignored)
{
	struct cman_message *m = queue_take(q, ignored);
	int argument = m ? m->argument : -1;

	free(m);
	return argument;
}

static void queue_gives_messages_in_their_order(void **state)
{
	struct cman_queue q;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	for (int i = 1; i <= 3; i++)
		push(&q, MESSAGE_EVENT, i);
	for (int i = 1; i <= 3; i++)
		assert_int_equal(take(&q, 0), i);
	assert_int_equal(take(&q, 0), -1);
	queue_done(&q);
}

static void queue_is_readable_while_it_has_messages(void **state)
{
	struct cman_queue q;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	assert_false(readable(q.fd));
	push(&q, MESSAGE_EVENT, 1);
	push(&q, MESSAGE_DATA, 2);
	assert_true(readable(q.fd));
	assert_int_equal(take(&q, 0), 1);
	assert_true(readable(q.fd));
	assert_int_equal(take(&q, 0), 2);
	assert_false(readable(q.fd));
	queue_done(&q);
}

static void queue_leaves_ignored_kinds_in_place(void **state)
{
	struct cman_queue q;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	push(&q, MESSAGE_DATA, 1);
	push(&q, MESSAGE_EVENT, 2);
	push(&q, MESSAGE_DATA, 3);
	push(&q, MESSAGE_CONFCHG, 4);
	assert_int_equal(take(&q, MESSAGE_DATA), 2);
	assert_int_equal(take(&q, MESSAGE_DATA), 4);
	assert_int_equal(take(&q, MESSAGE_DATA), -1);
	/* The last one was taken from the end: what is new goes behind. */
	push(&q, MESSAGE_DATA, 5);
	assert_int_equal(take(&q, 0), 1);
	assert_int_equal(take(&q, 0), 3);
	assert_int_equal(take(&q, 0), 5);
	queue_done(&q);
}

static void queue_drops_one_kind(void **state)
{
	struct cman_queue q;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	push(&q, MESSAGE_EVENT, 1);
	push(&q, MESSAGE_DATA, 2);
	push(&q, MESSAGE_EVENT, 3);
	queue_drop(&q, MESSAGE_EVENT);
	push(&q, MESSAGE_DATA, 4);
	assert_int_equal(take(&q, 0), 2);
	assert_int_equal(take(&q, 0), 4);
	assert_false(readable(q.fd));
	queue_done(&q);
}

static void queue_is_full_at_its_limit(void **state)
{
	struct cman_queue q;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	for (int i = 0; i < QUEUE_MAX - 1; i++)
		push(&q, MESSAGE_DATA, i);
	assert_false(queue_full(&q));
	push(&q, MESSAGE_DATA, QUEUE_MAX);
	assert_true(queue_full(&q));
	queue_done(&q); /* the sanitizer sees that nothing is left */
}

/* ---- The head of a data message ---- */

static void wire_head_is_twelve_known_bytes(void **state)
{
	static const unsigned char want[WIRE_HEADER_SIZE] = { 'C',  'M',  'D', '1', 0x01, 0x02,
							      0x03, 0x04, 178, 0,   0,	  0 };
	unsigned char raw[WIRE_HEADER_SIZE];
	struct wire_header header;

	(void)state;
	wire_encode((struct wire_header){ .target = 0x01020304, .port = 178 }, raw);
	assert_memory_equal(raw, want, sizeof(want));
	assert_int_equal(wire_decode(raw, sizeof(raw), &header), 0);
	assert_int_equal(header.target, 0x01020304);
	assert_int_equal(header.port, 178);
}

static void wire_head_of_somebody_else_is_refused(void **state)
{
	static unsigned char raw[WIRE_HEADER_SIZE + WIRE_DATA_MAX + 1];
	struct wire_header header;

	(void)state;
	wire_encode((struct wire_header){ .target = 1 }, raw);
	assert_int_equal(wire_decode(raw, WIRE_HEADER_SIZE - 1, &header), -EBADMSG);
	assert_int_equal(wire_decode(raw, sizeof(raw) - 1, &header), 0);
	assert_int_equal(wire_decode(raw, sizeof(raw), &header), -EBADMSG);
	raw[0] = 'X';
	assert_int_equal(wire_decode(raw, WIRE_HEADER_SIZE, &header), -EBADMSG);
}

static void wire_target_is_one_node_or_all(void **state)
{
	(void)state;
	assert_true(wire_is_for((struct wire_header){ .target = 2 }, 2));
	assert_false(wire_is_for((struct wire_header){ .target = 2 }, 1));
	assert_true(wire_is_for((struct wire_header){ .target = 0 }, 1));
}

/* ---- A barrier ---- */

static void barrier_for_two_is_met_by_two_nodes(void **state)
{
	struct rendezvous r = { .wanted = 2 };

	(void)state;
	rendezvous_arrive(&r, 1);
	rendezvous_arrive(&r, 1);
	assert_int_equal(rendezvous_judge(&r), RENDEZVOUS_WAIT);
	rendezvous_arrive(&r, 2);
	assert_int_equal(rendezvous_judge(&r), RENDEZVOUS_MET);
	rendezvous_leave(&r, 1);
	assert_int_equal(rendezvous_judge(&r), RENDEZVOUS_WAIT);
}

static void barrier_for_all_is_met_by_the_whole_ring(void **state)
{
	struct rendezvous r = { .wanted = 0 };

	(void)state;
	rendezvous_arrive(&r, 1);
	assert_int_equal(rendezvous_judge(&r), RENDEZVOUS_WAIT); /* of whom is not known yet */
	rendezvous_ring(&r, (const uint32_t[]){ 1, 2, 3 }, 3);
	rendezvous_arrive(&r, 3);
	assert_int_equal(rendezvous_judge(&r), RENDEZVOUS_WAIT);
	rendezvous_arrive(&r, 2);
	assert_int_equal(rendezvous_judge(&r), RENDEZVOUS_MET);
}

static void barrier_ends_when_a_node_leaves_the_ring(void **state)
{
	struct rendezvous r = { .wanted = 3 };

	(void)state;
	rendezvous_ring(&r, (const uint32_t[]){ 1, 2 }, 2);
	rendezvous_ring(&r, (const uint32_t[]){ 2, 3, 1 }, 3);
	assert_int_equal(rendezvous_judge(&r), RENDEZVOUS_WAIT);
	rendezvous_ring(&r, (const uint32_t[]){ 3, 1 }, 2);
	assert_int_equal(rendezvous_judge(&r), RENDEZVOUS_NODE_LEFT);
}

/* ---- The limit on waits ---- */

static void guard_that_runs_out_shuts_the_socket_down(void **state)
{
	struct cman_guard g;
	int pair[2], duplicate;
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	guard_init(&g);
	duplicate = guard_add(&g, pair[0]);
	assert_true(duplicate >= 0);
	assert_true(fcntl(duplicate, F_GETFD) & FD_CLOEXEC);
	guard_start(&g, 1);
	assert_int_equal(read(pair[0], &byte, 1), 0); /* would wait for ever */
	assert_true(guard_expired(&g));
	guard_stop(&g);
	assert_true(guard_expired(&g)); /* for good */
	guard_drop(&g, duplicate);
	guard_done(&g);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* A guard that was stopped within its limit, however slow this machine is. */
static void guard_stopped_in_time(struct cman_guard *g)
{
	guard_init(g);
	guard_start(g, 20);
	guard_stop(g);
	while (guard_expired(g)) {
		guard_done(g);
		guard_init(g);
		guard_start(g, 20);
		guard_stop(g);
	}
}

static void guard_that_was_stopped_does_not_run_out(void **state)
{
	struct cman_guard quick, slow;
	int pair[2], duplicate;
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	guard_stopped_in_time(&quick);
	guard_init(&slow);
	duplicate = guard_add(&slow, pair[0]);
	guard_start(&slow, 25);
	assert_int_equal(read(pair[0], &byte, 1), 0); /* later than quick's limit */
	assert_false(guard_expired(&quick));
	guard_drop(&slow, duplicate);
	guard_done(&quick);
	guard_done(&slow);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void guard_works_in_a_child_too(void **state)
{
	struct cman_guard g;
	int pair[2], duplicate, status = -1;
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	guard_init(&g);
	duplicate = guard_add(&g, pair[0]);
	guard_start(&g, 60000); /* the parent's watcher is on its way */
	guard_stop(&g);
	pid = fork();
	if (pid == 0) {
		guard_start(&g, 1);
		_exit(read(pair[0], &byte, 1) == 0 && guard_expired(&g) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	guard_drop(&g, duplicate);
	guard_done(&g);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void guard_limit_is_longer_than_a_long_token(void **state)
{
	(void)state;
	assert_int_equal(guard_limit_ms(0), 7500);
	assert_int_equal(guard_limit_ms(3000), 7500);
	assert_int_equal(guard_limit_ms(5500), 7500);
	assert_int_equal(guard_limit_ms(5501), 7501);
	assert_int_equal(guard_limit_ms(10000), 12000);
}

/* A job that waits until the test lets it go. */
struct test_job {
	struct guard_job job;
	int wait_fd;
	int tell_fd;
	int ran;
};

static void job_run(struct guard_job *job)
{
	struct test_job *t = (struct test_job *)job;
	char byte;

	t->ran = t->wait_fd < 0 || read(t->wait_fd, &byte, 1) == 1;
}

static void job_discard(struct guard_job *job)
{
	struct test_job *t = (struct test_job *)job;
	int fd = t->tell_fd;
	char ran = t->ran ? 'y' : 'n';

	free(t);
	assert_int_equal(write(fd, &ran, 1), 1);
}

static struct test_job *job_new(int wait_fd, int tell_fd)
{
	struct test_job *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->job.run = job_run;
	t->job.discard = job_discard;
	t->wait_fd = wait_fd;
	t->tell_fd = tell_fd;
	return t;
}

static void job_in_time_is_the_callers_again(void **state)
{
	struct test_job *t = job_new(-1, -1);

	(void)state;
	assert_int_equal(guard_run(&t->job, guard_now_ms() + 60000), 0);
	assert_true(t->ran);
	free(t);
}

static void job_out_of_time_cleans_up_when_it_comes_back(void **state)
{
	int go[2], told[2];
	char byte = 0;

	(void)state;
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(told), 0);
	assert_int_equal(guard_run(&job_new(go[0], told[1])->job, guard_now_ms() + 1), -ETIMEDOUT);
	assert_int_equal(write(go[1], "x", 1), 1);
	assert_int_equal(read(told[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	for (int i = 0; i < 2; i++) {
		(void)close(go[i]);
		(void)close(told[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_gives_messages_in_their_order),
		cmocka_unit_test(queue_is_readable_while_it_has_messages),
		cmocka_unit_test(queue_leaves_ignored_kinds_in_place),
		cmocka_unit_test(queue_drops_one_kind),
		cmocka_unit_test(queue_is_full_at_its_limit),
		cmocka_unit_test(wire_head_is_twelve_known_bytes),
		cmocka_unit_test(wire_head_of_somebody_else_is_refused),
		cmocka_unit_test(wire_target_is_one_node_or_all),
		cmocka_unit_test(barrier_for_two_is_met_by_two_nodes),
		cmocka_unit_test(barrier_for_all_is_met_by_the_whole_ring),
		cmocka_unit_test(barrier_ends_when_a_node_leaves_the_ring),
		cmocka_unit_test(guard_that_runs_out_shuts_the_socket_down),
		cmocka_unit_test(guard_that_was_stopped_does_not_run_out),
		cmocka_unit_test(guard_works_in_a_child_too),
		cmocka_unit_test(guard_limit_is_longer_than_a_long_token),
		cmocka_unit_test(job_in_time_is_the_callers_again),
		cmocka_unit_test(job_out_of_time_cleans_up_when_it_comes_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
