// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is nearest to the target (FIND), and what they hold (GET, AGAIN). Kademlia's traversal (BEP 5), frugal: it ends as
 * soon as nodes agree who the nearest are; and discreet: until then the target's low bits are random.
 */
#include <string.h>

#include "ctl/dht/address.h"
#include "ctl/dht/operation.h"
#include "ctl/dht/survey.h"

enum {
	FIND_WIDTH_FIRST = 2,  /* until two nodes have answered */
	FIND_WIDTH = 4,
	GET_WIDTH = 4,         /* of a reader who takes the first good value */
	AGREED = 6,            /* of the NEAREST, named by two nodes */
	UNCHANGED = 2,         /* answers that changed nothing among the NEAREST */
};

static bool ask(struct operation *operation, __u64 now_ms, enum query_purpose purpose, int place)
{
	struct candidate *candidate = &operation->candidates.at[place];

	if (query_start(operation, now_ms, purpose, (__u16)place, OWN_SOURCE) < 0)
		return false;
	candidate->slow = false;
	if (purpose == QUERY_FIND)
		candidate->find = CANDIDATE_ASKED;
	else
		candidate->get = CANDIDATE_ASKED;
	return true;
}

/* --- FIND -------------------------------------------------------------------------------- */

/* A random one of the nodes without id, or -1. */
static int next_bootstrap(struct operation *operation)
{
	int chosen = -1;
	__u32 seen = 0, dice;

	for (int i = 0; i < CANDIDATES_MOST; i++) {
		const struct candidate *candidate = &operation->candidates.at[i];

		if (!candidate->used || candidate->has_id || candidate->find != CANDIDATE_NEW)
			continue;
		operation->dht->settings.random(&dice, sizeof(dice));
		if (dice % ++seen == 0)
			chosen = i;
	}
	return chosen;
}

/*
 * While nobody has answered, configured nodes take turns with remembered ones, so that neither dead nor lying ones
 * keep the lookup to themselves; after that the configured are asked where the others are too few.
 */
static int next_to_find(struct operation *operation, const struct survey *survey)
{
	bool begun = operation->result.nodes > 0;
	bool few = survey->fresh + survey->asked + survey->answered < NEAREST;
	int bootstrap = -1;

	if (begun ? few && survey->next < 0 : operation->finds % 2 || survey->next < 0)
		bootstrap = next_bootstrap(operation);
	return bootstrap >= 0 ? bootstrap : survey->next;
}

static bool is_found(const struct operation *operation, const struct survey *survey)
{
	if (operation->result.nodes >= 2 && survey->agreed >= AGREED)
		return true;
	return operation->unchanged >= UNCHANGED || survey->answered == NEAREST;
}

/* Asks on. false: there is nobody left to ask, and no answer to wait for. */
static bool find_on(struct operation *operation, __u64 now_ms)
{
	unsigned int width = operation->result.nodes < 2 ? FIND_WIDTH_FIRST : FIND_WIDTH;

	while (query_count(operation, QUERY_FIND, QUERY_PROMPT) < width && operation->finds < FIND_QUERIES_MOST) {
		struct survey survey = survey_nearest(operation, QUERY_FIND);
		int place = next_to_find(operation, &survey);

		if (place < 0 || !ask(operation, now_ms, QUERY_FIND, place))
			break;
		operation->finds++;
	}
	if (query_count(operation, QUERY_FIND, QUERY_SLOW))
		return true;
	return !operation->result.nodes && query_count(operation, QUERY_FIND, QUERY_LATE);
}

static void find_step(struct operation *operation, __u64 now_ms)
{
	struct survey survey = survey_nearest(operation, QUERY_FIND);

	if (!is_found(operation, &survey) && now_ms < operation->begun_ms + FIND_MS && find_on(operation, now_ms))
		return;
	if (!operation->candidates.count || !operation->result.nodes)
		operation_finish(operation, operation->finds ? DHT_NO_ANSWER : DHT_NO_BOOTSTRAP, now_ms);
	else {
		query_end_all(operation);
		operation->stage = STAGE_GET;
	}
}

/* --- GET --------------------------------------------------------------------------------- */

static bool may_ask(const struct operation *operation)
{
	__u32 most = survey_reads_all(operation) ? GET_HEARD_OF_ALL : GET_HEARD_MOST;

	return operation->gets - operation->gets_in_vain < most && operation->gets < GET_QUERIES_MOST;
}

/* Asks on. false: the nearest have answered, or nobody is left. */
static bool get_on(struct operation *operation, __u64 now_ms)
{
	unsigned int width = survey_takes_first(operation) ? GET_WIDTH : NEAREST;
	unsigned int wanted = survey_width(operation, QUERY_GET);
	struct survey survey = survey_nearest(operation, QUERY_GET);

	while (survey.next >= 0 && survey.asked < width && may_ask(operation)) {
		if (!ask(operation, now_ms, QUERY_GET, survey.next))
			break;
		operation->gets++;
		survey = survey_nearest(operation, QUERY_GET);
	}
	if (survey.asked || survey.slow)
		return true;
	return survey.answered < wanted && query_count(operation, QUERY_GET, QUERY_LATE);
}

static void get_is_over(struct operation *operation, __u64 now_ms)
{
	const struct dht_request *request = &operation->request;
	bool silent = !operation->holders;

	query_end_all(operation);
	if (request->kind == DHT_PUT || request->kind == DHT_ANNOUNCE)
		store_begin(operation, now_ms);
	else if (request->kind == DHT_GET_PEERS && request->read_all && operation->result.peer_count)
		operation->stage = STAGE_AGAIN;
	else if (operation->found || operation->result.peer_count)
		operation_finish(operation, DHT_DONE, now_ms);
	else
		operation_finish(operation, silent ? DHT_NO_ANSWER : DHT_NOTHING, now_ms);
}

static void get_step(struct operation *operation, __u64 now_ms)
{
	if (survey_takes_first(operation) && operation->found) {
		if (now_ms >= operation->wait_until_ms || !query_count(operation, QUERY_GET, QUERY_PROMPT))
			get_is_over(operation, now_ms);
		return;
	}
	if (now_ms >= operation->begun_ms + GET_MS || !get_on(operation, now_ms))
		get_is_over(operation, now_ms);
}

/* --- AGAIN ------------------------------------------------------------------------------- */

/* Everybody who gave peers is asked once more; a round that brought nothing new was the last. */
static void again_step(struct operation *operation, __u64 now_ms)
{
	__u32 before = operation->agains;

	if (query_count(operation, QUERY_AGAIN, QUERY_LATE) && now_ms < operation->begun_ms + OPERATION_MS)
		return;
	if (operation->round_began_with == operation->result.peer_count ||
	    now_ms >= operation->begun_ms + OPERATION_MS || operation->agains >= AGAIN_QUERIES_MOST) {
		operation_finish(operation, DHT_DONE, now_ms);
		return;
	}
	operation->round_began_with = operation->result.peer_count;
	for (__u32 i = 0; i < operation->holders; i++) {
		const struct holder *holder = &operation->holder[i];

		if (!holder->peers || operation->candidates.at[holder->place].late)
			continue;
		if (query_start(operation, now_ms, QUERY_AGAIN, holder->place, OWN_SOURCE) >= 0)
			operation->agains++;
	}
	if (operation->agains == before) /* nobody is left to wait for */
		operation_finish(operation, DHT_DONE, now_ms);
}

void lookup_step(struct operation *operation, __u64 now_ms)
{
	if (operation->stage == STAGE_FIND)
		find_step(operation, now_ms);
	if (operation->stage == STAGE_GET)
		get_step(operation, now_ms);
	if (operation->stage == STAGE_AGAIN)
		again_step(operation, now_ms);
}

/* --- answers ----------------------------------------------------------------------------- */

/*
 * libtorrent takes even a read-only writer for a node and hands it out: our former sources come back to us. On the
 * Internet whatever is in a source's /64 is taken for one.
 */
static bool is_own(const struct operation *operation, const struct dht_endpoint *endpoint)
{
	const struct own_addresses *own = &operation->dht->own;
	const __u8 *address = endpoint->address;
	bool wide = operation->request.family == DHT_IPV6 && !address_is_private(address);

	for (__u32 i = 0; i < OWN_ADDRESSES && i < own->count; i++)
		if (wide ? address_same_link(own->address[i], address) : address_same_host(own->address[i], address))
			return true;
	return false;
}

struct nearest {
	__u8 place[NEAREST];
	unsigned int count;
};

static struct nearest nearest_living(struct operation *operation)
{
	struct candidates *candidates = &operation->candidates;
	struct nearest nearest = { 0 };

	for (unsigned int rank = 0; rank < candidates->count && nearest.count < NEAREST; rank++) {
		const struct candidate *candidate = candidates_nearest(candidates, rank);

		if (candidate->find != CANDIDATE_FAILED && candidate->get != CANDIDATE_FAILED)
			nearest.place[nearest.count++] = candidates->order[rank];
	}
	return nearest;
}

/* One answer speaks once for each node. */
static void take_node(struct operation *operation, const struct krpc_node *node)
{
	struct candidate *candidate;
	int place = is_own(operation, &node->endpoint) ? -1 :
		    candidates_add(&operation->candidates, node->id, &node->endpoint);

	if (place < 0)
		return;
	candidate = &operation->candidates.at[place];
	if (candidate->named_in != (__u16)operation->result.received && candidate->named < 2)
		candidate->named++;
	candidate->named_in = (__u16)operation->result.received;
}

/* Whom the node at `place` names. */
static void take_nodes(struct operation *operation, __u16 place, const struct krpc_reply *reply)
{
	enum dht_family family = operation->request.family;
	struct nearest before = nearest_living(operation), after;
	bool near = memchr(before.place, place, before.count);

	for (__u32 i = 0; i < reply->nodes[family]; i++)
		take_node(operation, &reply->node[family][i]);
	after = nearest_living(operation);
	if (memcmp(&before, &after, sizeof(before)))
		operation->unchanged = 0;
	else if (near)
		operation->unchanged++;
}

struct holder *lookup_holder(struct operation *operation, __u16 place)
{
	for (__u32 i = 0; i < operation->holders; i++)
		if (operation->holder[i].place == place)
			return &operation->holder[i];
	return NULL;
}

/* Kept of all valid items: the highest sequence. */
static void take_item(struct operation *operation, struct holder *holder, const struct krpc_reply *reply, __u64 now_ms)
{
	struct dht_result *result = &operation->result;
	__u32 wait_ms = 2 * operation->slowest_ms;

	if (!reply->has_value)
		return;
	if (!reply->has_item || memcmp(reply->item.public_key, operation->request.public_key, DHT_PUBLIC_BYTES) ||
	    !dht_item_verify(&reply->item)) {
		result->invalid++;
		result->liars++;
		return;
	}
	result->holders++;
	holder->has_sequence = true;
	holder->sequence = reply->item.sequence;
	if (!operation->found || reply->item.sequence > result->item.sequence)
		result->item = reply->item;
	if (!operation->found && survey_takes_first(operation))
		operation->wait_until_ms = now_ms + (wait_ms < 20 ? 20 : wait_ms > 500 ? 500 : wait_ms);
	operation->found = true;
}

static bool has_peer(const struct operation *operation, const struct dht_endpoint *peer)
{
	for (__u32 i = 0; i < operation->result.peer_count; i++)
		if (!memcmp(&operation->peers[i], peer, sizeof(*peer)))
			return true;
	return false;
}

static void take_peers(struct operation *operation, struct holder *holder, const struct krpc_reply *reply)
{
	for (__u32 i = 0; operation->peers && i < reply->peers && holder->peers < PEERS_PER_NODE; i++) {
		holder->peers++;
		if (operation->result.peer_count < DHT_PEERS_MOST && !has_peer(operation, &reply->peer[i]))
			operation->peers[operation->result.peer_count++] = reply->peer[i];
	}
}

static void take_holding(struct operation *operation, const struct query *query, const struct krpc_reply *reply,
			 __u64 now_ms)
{
	struct holder *holder = lookup_holder(operation, query->place);

	if (!holder && operation->holders < GET_HEARD_OF_ALL)
		holder = &operation->holder[operation->holders++];
	if (!holder)
		return;
	holder->place = query->place;
	if (reply->has_token) {
		holder->token = reply->token;
		holder->token_ms = now_ms;
	}
	if (operation->request.kind == DHT_GET || operation->request.kind == DHT_PUT)
		take_item(operation, holder, reply, now_ms);
	else
		take_peers(operation, holder, reply);
}

/* Is it the node that we asked? One that goes by another id now may be asked anew under that. */
static bool is_who_we_asked(struct operation *operation, const struct query *query, const struct krpc_reply *reply)
{
	struct candidates *candidates = &operation->candidates;
	struct candidate *candidate = &candidates->at[query->place];

	if (!candidate->has_id)
		return candidates_identify(candidates, query->place, reply->id) == query->place;
	if (!memcmp(candidate->id, reply->id, DHT_ID_BYTES))
		return true;
	operation->result.liars++;
	candidates_drop(candidates, query->place);
	candidates_add(candidates, reply->id, &candidate->endpoint);
	return false;
}

void lookup_answer(struct operation *operation, const struct query *query, const struct krpc_reply *reply,
		   __u64 now_ms)
{
	struct candidate *candidate = &operation->candidates.at[query->place];
	__u8 *state = query->purpose == QUERY_FIND ? &candidate->find : &candidate->get;

	candidate->slow = candidate->late = false;
	if (reply->is_error) {
		*state = CANDIDATE_FAILED;
		return;
	}
	if (!is_who_we_asked(operation, query, reply))
		return;
	if (candidate->find != CANDIDATE_ANSWERED && candidate->get != CANDIDATE_ANSWERED) {
		operation->result.nodes++;
		if (candidate->named < 2)
			candidate->named++;
	}
	*state = CANDIDATE_ANSWERED;
	if (query->sent == 1 && now_ms - query->first_ms > operation->slowest_ms)
		operation->slowest_ms = (__u32)(now_ms - query->first_ms);
	take_nodes(operation, query->place, reply);
	if (query->purpose != QUERY_FIND)
		take_holding(operation, query, reply, now_ms);
	nodes_heard(&operation->dht->nodes[operation->request.family], &candidate->endpoint, candidate->id, now_ms);
}

void lookup_silent(struct operation *operation, const struct query *query)
{
	struct candidate *candidate = &operation->candidates.at[query->place];

	if (query->purpose == QUERY_FIND)
		candidate->find = CANDIDATE_FAILED;
	else if (query->purpose == QUERY_GET)
		candidate->get = CANDIDATE_FAILED;
	operation->gets_in_vain += query->purpose == QUERY_GET && candidate->find != CANDIDATE_ANSWERED;
	operation->result.silent++;
	if (query->purpose == QUERY_FIND)
		nodes_silent(&operation->dht->nodes[operation->request.family], &candidate->endpoint);
}

void lookup_begin(struct operation *operation)
{
	const struct nodes *nodes = &operation->dht->nodes[operation->request.family];

	for (unsigned int i = 0; i < DHT_GOOD_NODES; i++)
		if (nodes->good[i].heard_ms)
			candidates_add(&operation->candidates, nodes->good[i].id, &nodes->good[i].endpoint);
	for (__u32 i = 0; i < nodes_bootstrap_count(nodes); i++)
		candidates_add(&operation->candidates, NULL, &nodes->bootstrap[i]);
	source_new(operation);
}
