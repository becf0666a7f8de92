/* Corosync's cpg, and what the daemon's hand does with it: what each node says of its
 * LUN. As qdiskd/cs_cpg.c and cs_thread.c, with the same qdiskd/cs_word.c.
 *
 * A message goes the way of votequorum's: in the order in which it was sent, to every
 * member, when the token comes by; refused during sync, and when much is under way. What
 * was sent while the token was lost is heard in the next ring. */
#include "sim.h"

#define UNDER_WAY_MAX (SIM_INFOS / 2)	/* then it is refused: try again */
#define TRY_AGAIN_US 5000

/* ---- Corosync ---- */

static bool cpg_send(struct sim_world *w, struct sim_node *n, const uint8_t *bytes, size_t size)
{
	struct sim_corosync *co = &n->co;
	struct sim_info message = { .kind = SIM_INFO_WORD, .life = n->life };

	if (!co->up || co->frozen || co->in_sync || co->info_count >= UNDER_WAY_MAX)
		return false;
	message.word = (uint8_t)(co->word_next++ % SIM_INFOS);
	assert(size <= SIM_WORD_BYTES);
	memcpy(co->word[message.word].bytes, bytes, size);
	co->word[message.word].size = (uint16_t)size;
	sim_vote_message(w, n, message);
	return true;
}

/* It has come round the ring: each daemon finds it when it looks next. */
void sim_cpg_deliver(struct sim_world *w, struct sim_node *from, const struct sim_info *message)
{
	const struct sim_word *word = &from->co.word[message->word];

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		struct sim_node *n = &w->node[i];
		struct sim_hand *hand = &n->hand;

		if (!(from->co.machines >> i & 1) || !n->running || !hand->cs.connected || n->old)
			continue;
		if (hand->inbox_count == SIM_INBOX)	/* the oldest says nothing that newer ones do not */
			memmove(hand->inbox, hand->inbox + 1, --hand->inbox_count * sizeof(hand->inbox[0]));
		hand->inbox[hand->inbox_count] = *word;
		hand->inbox_from[hand->inbox_count] = from->id;
		hand->inbox_count++;
		sim_hand_ring(w, n);
	}
}

/* ---- The hand ---- */

void sim_cpg_begin(struct sim_node *n)
{
	cs_word_begin(&n->hand.word, (uint64_t)n->life << 32 | (uint64_t)(n->index + 1) << 24);
	cs_word_ring(&n->hand.word, n->hand.cs.ring);
	n->hand.inbox_count = 0;
}

static void word_again(struct sim_world *w, struct sim_node *n, uint64_t after)
{
	if (n->hand.word_out)
		return;
	n->hand.word_out = true;
	sim_push(w, w->now + after, SIM_EV_WORD, n->index, 0, n->life);
}

void sim_cpg_say(struct sim_world *w, struct sim_node *n, bool lun_dead)
{
	sim_say(w, n->id, lun_dead ? "tells the ring that its LUN is dead" : "tells the ring that its LUN is back",
		0, 0, 0);
	n->hand.says_dead = lun_dead;
	n->hand.word_waits = true;
	sim_hand_ring(w, n);
}

/* Time to say it again. */
void sim_cpg_word(struct sim_world *w, struct sim_node *n)
{
	n->hand.word_out = false;
	if (!n->hand.says_dead && !n->hand.word_waits)
		return;
	sim_hand_ring(w, n);
	if (n->hand.hung || !n->hand.cs.connected)
		word_again(w, n, TRY_AGAIN_US);
}

/* What has come is taken in. */
static void inbox_take(struct sim_world *w, struct sim_node *n)
{
	struct sim_hand *hand = &n->hand;
	qd_mask before = hand->cs.lun_dead;

	for (uint32_t i = 0; i < hand->inbox_count; i++)
		(void)cs_word_take(&hand->word, hand->inbox_from[i], hand->inbox[i].bytes, hand->inbox[i].size);
	hand->inbox_count = 0;
	hand->cs.lun_dead = cs_word_dead(&hand->word, hand->cs.members, &hand->cs.lun_dead_ms);
	if (hand->cs.lun_dead != before)
		sim_hand_changed(w, n);
}

static void word_send(struct sim_world *w, struct sim_node *n, uint64_t now_ms)
{
	struct sim_hand *hand = &n->hand;
	uint8_t bytes[CS_WORD_BYTES];
	size_t size = cs_word_put(&hand->word, n->id, hand->says_dead, now_ms, bytes);

	hand->word_ms = now_ms + n->params.t.interval_ms / CS_WORDS_PER_INTERVAL;
	if (cpg_send(w, n, bytes, size))
		hand->word_waits = false;
}

/* The hand has nothing else to do. */
void sim_cpg_work(struct sim_world *w, struct sim_node *n)
{
	struct sim_hand *hand = &n->hand;
	uint64_t now_ms = sim_local(n, w->now) / 1000;

	inbox_take(w, n);
	if (!hand->cs.in_sync && (hand->word_waits || (hand->says_dead && now_ms >= hand->word_ms)))
		word_send(w, n, now_ms);
	if (hand->word_waits)
		word_again(w, n, TRY_AGAIN_US);
	else if (hand->says_dead)
		word_again(w, n, 1000 * (hand->word_ms > now_ms ? hand->word_ms - now_ms : 1));
}
