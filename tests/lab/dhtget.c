// SPDX-License-Identifier: GPL-2.0-only
/*
 * The DHT engine on real sockets, one operation after the other, for tests. Every source is a socket on a random
 * address of --from (IPv6) or on --from itself (IPv4). One line an operation, as key=value.
 *
 *	dhtget --from PREFIX/64|ADDRESS --node ADDRESS:PORT... [--pairs N] [--fresh] [--gap MS] [--seed N] [--ports N]
 *	       [--only put|get] [--in-turn]
 *
 * Puts N items under keys made from the seed and reads each back (--ports: announces so many ports under one
 * infohash instead, and reads them back). --fresh: an engine that remembers nothing for every operation;
 * --in-turn: all puts, then all gets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/dht/dht.h"

enum { SOCKETS_MOST = 256, NODES_MOST = 32, VALUE_BYTES = 240 };

struct driver {
	struct dht *dht;
	enum dht_family family;
	__u8 from[16];
	struct dht_endpoint nodes[NODES_MOST];
	__u32 node_count, pairs, gap_ms, seed, ports;
	bool fresh, puts, gets, in_turn;
	struct open_socket {
		__u32 source;
		int fd; /* -1: free */
	} sockets[SOCKETS_MOST];
	struct dht_result result;
	struct dht_endpoint *peers;
};

static void die(const char *what)
{
	fprintf(stderr, "dhtget: %s: %s\n", what, strerror(errno));
	exit(1);
}

static __u64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000000 + (__u64)now.tv_nsec / 1000;
}

static __u64 now_ms(void)
{
	return now_us() / 1000;
}

static socklen_t to_sockaddr(struct sockaddr_storage *storage, const struct dht_endpoint *endpoint,
			     enum dht_family family)
{
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)storage;
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)storage;

	memset(storage, 0, sizeof(*storage));
	if (family == DHT_IPV6) {
		ipv6->sin6_family = AF_INET6;
		ipv6->sin6_port = endpoint->port;
		memcpy(&ipv6->sin6_addr, endpoint->address, 16);
		return sizeof(*ipv6);
	}
	ipv4->sin_family = AF_INET;
	ipv4->sin_port = endpoint->port;
	memcpy(&ipv4->sin_addr, endpoint->address + 12, 4);
	return sizeof(*ipv4);
}

static void from_sockaddr(struct dht_endpoint *endpoint, const struct sockaddr_storage *storage)
{
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)storage;
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)storage;

	*endpoint = (struct dht_endpoint){ 0 };
	if (storage->ss_family == AF_INET6) {
		endpoint->port = ipv6->sin6_port;
		memcpy(endpoint->address, &ipv6->sin6_addr, 16);
		return;
	}
	endpoint->port = ipv4->sin_port;
	endpoint->address[10] = endpoint->address[11] = 0xff;
	memcpy(endpoint->address + 12, &ipv4->sin_addr, 4);
}

static void open_source(struct driver *driver, __u32 source)
{
	struct dht_endpoint local = { 0 };
	struct sockaddr_storage address;
	socklen_t length;
	int one = 1, i = 0;

	while (i < SOCKETS_MOST && driver->sockets[i].fd >= 0)
		i++;
	if (i == SOCKETS_MOST)
		die("more sources than sockets");
	memcpy(local.address, driver->from, 16);
	if (driver->family == DHT_IPV6)
		randombytes_buf(local.address + 8, 8);
	length = to_sockaddr(&address, &local, driver->family);
	driver->sockets[i].source = source;
	driver->sockets[i].fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (driver->family == DHT_IPV6)
		setsockopt(driver->sockets[i].fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one));
	if (bind(driver->sockets[i].fd, (struct sockaddr *)&address, length))
		die("bind");
	dht_source_address(driver->dht, source, local.address);
}

static struct open_socket *find_source(struct driver *driver, __u32 source)
{
	for (int i = 0; i < SOCKETS_MOST; i++)
		if (driver->sockets[i].fd >= 0 && driver->sockets[i].source == source)
			return &driver->sockets[i];
	errno = ENOENT;
	die("a source that was never opened");
	return NULL;
}

static void send_one(struct driver *driver, const struct dht_action *action)
{
	struct sockaddr_storage address;
	socklen_t length = to_sockaddr(&address, &action->to, driver->family);

	/* A node that has gone answers with an ICMP error, which counts as silence. */
	sendto(find_source(driver, action->source)->fd, action->bytes, action->length, 0, (struct sockaddr *)&address,
	       length);
}

static void keep_result(struct driver *driver, const struct dht_result *result)
{
	driver->result = *result;
	if (result->peers)
		memcpy(driver->peers, result->peers, result->peer_count * sizeof(*driver->peers));
}

/* Does all that is to do now. true: the operation has ended. */
static bool act(struct driver *driver)
{
	struct dht_action action;
	struct open_socket *open;

	while (dht_next(driver->dht, now_ms(), &action)) {
		switch (action.kind) {
		case DHT_OPEN:
			open_source(driver, action.source);
			break;
		case DHT_SEND:
			send_one(driver, &action);
			break;
		case DHT_CLOSE:
			open = find_source(driver, action.source);
			close(open->fd);
			open->fd = -1;
			break;
		case DHT_FINISHED:
			keep_result(driver, action.result);
			return true;
		default:
			break;
		}
	}
	return false;
}

static void receive_all(struct driver *driver, const struct open_socket *open)
{
	__u8 bytes[DHT_RECEIVE_MOST];
	struct sockaddr_storage address;
	struct dht_endpoint from;

	for (;;) {
		socklen_t length = sizeof(address);
		ssize_t got = recvfrom(open->fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&address, &length);

		if (got < 0 && errno != EAGAIN)
			continue;
		if (got < 0)
			return;
		from_sockaddr(&from, &address);
		dht_receive(driver->dht, now_ms(), open->source, &from, bytes, (size_t)got);
	}
}

static void wait_a_while(struct driver *driver)
{
	struct pollfd fds[SOCKETS_MOST];
	struct open_socket *opens[SOCKETS_MOST];
	__u64 wake = dht_wake_ms(driver->dht), now = now_ms();
	nfds_t count = 0;

	for (int i = 0; i < SOCKETS_MOST; i++) {
		if (driver->sockets[i].fd < 0)
			continue;
		opens[count] = &driver->sockets[i];
		fds[count++] = (struct pollfd){ .fd = driver->sockets[i].fd, .events = POLLIN };
	}
	poll(fds, count, wake <= now ? 0 : wake - now > 1000 ? 1000 : (int)(wake - now));
	for (nfds_t i = 0; i < count; i++)
		if (fds[i].revents)
			receive_all(driver, opens[i]);
}

static void renew_engine(struct driver *driver)
{
	const struct dht_settings settings = { .allow_private = true };

	if (driver->dht && !driver->fresh)
		return;
	dht_free(driver->dht);
	driver->dht = dht_new(&settings);
	if (!driver->dht)
		die("engine");
	for (__u32 i = 0; i < driver->node_count; i++)
		dht_add_bootstrap(driver->dht, &driver->nodes[i]);
}

static double run(struct driver *driver, const struct dht_request *request)
{
	__u64 began;

	renew_engine(driver);
	began = now_us();
	if (!dht_begin(driver->dht, now_ms(), request))
		die("dht_begin");
	while (!act(driver))
		wait_a_while(driver);
	began = now_us() - began;
	usleep(driver->gap_ms * 1000);
	return (double)began / 1000;
}

static void report(const struct driver *driver, const char *what, __u32 number, double took_ms, bool right)
{
	const struct dht_result *result = &driver->result;

	printf("%s=%u outcome=%d right=%d stored=%u holders=%u nodes=%u silent=%u liars=%u sent=%u received=%u "
	       "peers=%u anywhere=%u code=%d ms=%.1f\n", what, number, result->outcome, right, result->stored,
	       result->holders, result->nodes, result->silent, result->liars, result->sent, result->received,
	       result->peer_count, result->ports_anywhere, result->code, took_ms);
	fflush(stdout);
}

/* Key and value follow from the number, so that another process reads what one has put. */
static void make_item(const struct driver *driver, __u32 number, struct dht_item *item)
{
	__u32 words[8] = { driver->seed, number };
	__u8 seed[32];

	memcpy(seed, words, sizeof(seed));
	item->sequence = 1000 + number;
	item->length = VALUE_BYTES;
	randombytes_buf_deterministic(item->value, VALUE_BYTES, seed);
	if (dht_item_sign(item, seed))
		die("sign");
}

static int put_and_get(struct driver *driver, __u32 number)
{
	struct dht_request request = { .kind = DHT_PUT, .family = driver->family };
	int failed = 0;
	bool right;
	double ms;

	make_item(driver, number, &request.item);
	if (driver->puts) {
		ms = run(driver, &request);
		report(driver, "put", number, ms, driver->result.stored > 0);
		failed += !driver->result.stored;
	}
	if (!driver->gets)
		return failed;
	request.kind = DHT_GET;
	request.source_per_query = driver->family == DHT_IPV6;
	memcpy(request.public_key, request.item.public_key, DHT_PUBLIC_BYTES);
	ms = run(driver, &request);
	right = driver->result.outcome == DHT_DONE && driver->result.item.length == VALUE_BYTES &&
		!memcmp(driver->result.item.value, request.item.value, VALUE_BYTES);
	report(driver, "get", number, ms, right);
	return failed + !right;
}

static int all_pairs(struct driver *driver)
{
	bool gets = driver->gets, turns = driver->in_turn;
	int failed = 0;

	driver->gets = gets && !turns;
	for (__u32 i = 0; i < driver->pairs; i++)
		failed += put_and_get(driver, i);
	driver->gets = gets;
	driver->puts = false;
	for (__u32 i = 0; i < driver->pairs && turns; i++)
		failed += put_and_get(driver, i);
	return failed;
}

/* Are all ports that were announced among the peers? */
static bool has_all(const struct driver *driver, const __be16 *ports)
{
	__u32 found = 0;

	for (__u32 i = 0; i < driver->ports; i++)
		for (__u32 j = 0; j < driver->result.peer_count; j++)
			if (driver->peers[j].port == ports[i]) {
				found++;
				break;
			}
	return found == driver->ports;
}

static int announce_and_read(struct driver *driver)
{
	struct dht_request request = { .kind = DHT_ANNOUNCE, .family = driver->family };
	__be16 ports[DHT_PORTS_MOST];
	bool right;
	double ms;

	randombytes_buf(request.infohash, sizeof(request.infohash));
	for (__u32 i = 0; i < driver->ports; i++)
		ports[i] = htons((__u16)(i << 8 | (1 + randombytes_uniform(255))));
	request.ports = ports;
	request.port_count = driver->ports;
	ms = run(driver, &request);
	report(driver, "announce", driver->ports, ms, driver->result.ports_anywhere == driver->ports);
	request.kind = DHT_GET_PEERS;
	request.read_all = true;
	request.source_per_query = driver->family == DHT_IPV6;
	ms = run(driver, &request);
	right = has_all(driver, ports);
	report(driver, "peers", driver->ports, ms, right);
	return !right;
}

static void parse_address(const char *text, enum dht_family family, __u8 address[16])
{
	memset(address, 0, 16);
	if (family == DHT_IPV4)
		address[10] = address[11] = 0xff;
	errno = EINVAL;
	if (inet_pton(family == DHT_IPV4 ? AF_INET : AF_INET6, text, family == DHT_IPV4 ? address + 12 : address) != 1)
		die(text);
}

static void parse_from(struct driver *driver, char *text)
{
	char *slash = strchr(text, '/');

	if (slash)
		*slash = 0;
	driver->family = strchr(text, ':') ? DHT_IPV6 : DHT_IPV4;
	parse_address(text, driver->family, driver->from);
}

static void parse_node(struct driver *driver, char *text)
{
	char *colon = strrchr(text, ':'), *host = text;
	struct dht_endpoint *node = &driver->nodes[driver->node_count % NODES_MOST];

	errno = EINVAL;
	if (!colon)
		die(text);
	*colon = 0;
	if (*host == '[') {
		colon[-1] = 0;
		host++;
	}
	parse_address(host, strchr(host, ':') ? DHT_IPV6 : DHT_IPV4, node->address);
	node->port = htons((__u16)atoi(colon + 1));
	driver->node_count += driver->node_count < NODES_MOST;
}

static void take_option(struct driver *driver, int option)
{
	switch (option) {
	case 'f':
		parse_from(driver, optarg);
		break;
	case 'n':
		parse_node(driver, optarg);
		break;
	case 'p':
		driver->pairs = (__u32)atoi(optarg);
		break;
	case 'r':
		driver->fresh = true;
		break;
	case 'g':
		driver->gap_ms = (__u32)atoi(optarg);
		break;
	case 's':
		driver->seed = (__u32)atoi(optarg);
		break;
	case 't':
		driver->ports = (__u32)atoi(optarg) % (DHT_PORTS_MOST + 1);
		break;
	case 'i':
		driver->in_turn = true;
		break;
	case 'o':
		driver->puts = !strcmp(optarg, "put");
		driver->gets = !strcmp(optarg, "get");
		break;
	default:
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, 'f' }, { "node", required_argument, NULL, 'n' },
		{ "pairs", required_argument, NULL, 'p' }, { "fresh", no_argument, NULL, 'r' },
		{ "gap", required_argument, NULL, 'g' }, { "seed", required_argument, NULL, 's' },
		{ "ports", required_argument, NULL, 't' }, { "only", required_argument, NULL, 'o' },
		{ "in-turn", no_argument, NULL, 'i' }, { 0 },
	};
	static struct driver driver = { .pairs = 1, .seed = 1, .puts = true, .gets = true };
	int option, failed = 0;

	if (sodium_init() < 0)
		die("libsodium");
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_option(&driver, option);
	for (int i = 0; i < SOCKETS_MOST; i++)
		driver.sockets[i].fd = -1;
	driver.peers = calloc(DHT_PEERS_MOST, sizeof(*driver.peers));
	if (driver.ports)
		failed = announce_and_read(&driver);
	else
		failed = all_pairs(&driver);
	dht_free(driver.dht);
	free(driver.peers);
	return failed > 0;
}
