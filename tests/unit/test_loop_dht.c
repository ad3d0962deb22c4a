// SPDX-License-Identifier: GPL-2.0-only
/* The DHT engine on real sockets: bootstrap nodes by name, and remembered ones without any. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/loop_dht.h"

static struct config_rendezvous rendezvous;

/* Somebody who listens and never answers, on 127.0.0.1; his port. */
static __be16 listen_there(int *fd)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);

	*fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(*fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&address, &length), 0);
	return address.sin_port;
}

static void on_done(void *owner, const struct dht_result *result)
{
	enum dht_outcome *outcome = owner;

	*outcome = result->outcome;
}

/* Takes all that came: whether somebody was asked for. */
static bool was_asked(int fd)
{
	char bytes[1500];
	bool asked = false;
	ssize_t length;

	while ((length = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		asked |= memmem(bytes, (size_t)length, "9:find_node", 11) != NULL;
	return asked;
}

/* One lookup, to its end: what it came to, and whether `fd` was asked who is near. */
static enum dht_outcome look(const char *nodes_path, int fd, bool *asked)
{
	const struct loop_dht_settings settings = { .rendezvous = &rendezvous, .nodes_path = nodes_path };
	const struct dht_request request = { .kind = DHT_GET, .family = DHT_IPV4, .public_key = "a key" };
	enum dht_outcome outcome = DHT_CANCELLED;
	struct loop_dht *dht;
	uv_loop_t loop;

	assert_int_equal(uv_loop_init(&loop), 0);
	dht = loop_dht_new(&loop, &settings);
	assert_non_null(dht);
	assert_int_equal(loop_dht_begin(dht, &request, on_done, &outcome), 0);
	while (outcome == DHT_CANCELLED)
		uv_run(&loop, UV_RUN_ONCE);
	loop_dht_close(dht);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	*asked = was_asked(fd);
	return outcome;
}

static void begin(const char *host, __be16 port)
{
	memset(&rendezvous, 0, sizeof(rendezvous));
	rendezvous.family = CONFIG_DHT_IPV4;
	rendezvous.private_network = true;
	if (!host)
		return;
	rendezvous.bootstrap.count = 1;
	snprintf(rendezvous.bootstrap.node[0].host, sizeof(rendezvous.bootstrap.node[0].host), "%s", host);
	rendezvous.bootstrap.node[0].port = ntohs(port);
}

static void test_by_name(void **state)
{
	static const char *const hosts[] = { "localhost", "127.0.0.1" };
	bool asked;
	int fd;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(hosts[i], listen_there(&fd));
		assert_int_equal(look(NULL, fd, &asked), DHT_NO_ANSWER);
		assert_true(asked);
		close(fd);
	}
}

static void test_remembered(void **state)
{
	char path[] = "/tmp/mayfly-nodes-XXXXXX";
	bool asked;
	FILE *file;
	int fd;

	(void)state;
	begin(NULL, 0);
	file = fdopen(mkstemp(path), "w");
	assert_non_null(file);
	fprintf(file, "# nodes\n127.0.0.1:%u\n", ntohs(listen_there(&fd)));
	fclose(file);
	assert_int_equal(look(path, fd, &asked), DHT_NO_ANSWER);
	assert_true(asked);
	unlink(path);
	assert_int_equal(look(NULL, fd, &asked), DHT_NO_BOOTSTRAP);
	assert_false(asked);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_by_name), cmocka_unit_test(test_remembered) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
