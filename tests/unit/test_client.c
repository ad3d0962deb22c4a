// SPDX-License-Identifier: GPL-2.0-only
/* ctl/client.c against a loader that answers rightly, wrongly, late or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ctl/client.h"
#include "ctl/snapshot.h"

/* The client at one end of a pair of sockets, its loader's answers put in at the other beforehand. */
struct pair {
	struct client client;
	int loader;
};

static int set_up(void **state)
{
	static struct pair pair;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends))
		return -1;
	pair.client = (struct client){ .fd = ends[0], .path = "/run/x.sock" };
	pair.loader = ends[1];
	*state = &pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;

	client_close(&pair->client);
	if (pair->loader >= 0)
		close(pair->loader);
	return 0;
}

static void put(const struct pair *pair, const struct mf_message *message, size_t size)
{
	assert_int_equal(send(pair->loader, message, size, 0), (ssize_t)size);
}

static struct mf_message answer(unsigned int type, __u32 sequence, unsigned int refusal)
{
	return (struct mf_message){ .version = MF_CONTROL_VERSION, .type = (__u16)type, .sequence = sequence,
				    .refusal = (__u16)refusal };
}

static void test_accepted(void **state)
{
	struct pair *pair = *state;
	struct mf_message message = answer(MF_NODE_GET, 1, MF_ACCEPTED);

	strcpy(message.node_status.nic, "eth7");
	put(pair, &message, sizeof(message));
	message = (struct mf_message){ .type = MF_NODE_GET };
	assert_int_equal(client_ask(&pair->client, &message), 0);
	assert_string_equal(message.node_status.nic, "eth7");
	assert_int_equal(recv(pair->loader, &message, sizeof(message), 0), sizeof(message));
	assert_int_equal(message.version, MF_CONTROL_VERSION);
	assert_int_equal(message.sequence, 1);
}

/* An answer with `count` descriptors, of something that can be told from others. */
static void put_with(const struct pair *pair, const struct mf_message *message, int count)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	struct iovec bytes = { (void *)message, sizeof(*message) };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room,
				 .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int)) };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
	for (int i = 0; i < count; i++)
		memcpy(CMSG_DATA(rights) + (size_t)i * sizeof(int), &pair->loader, sizeof(int));
	assert_int_equal(sendmsg(pair->loader, &header, 0), sizeof(*message));
}

static int descriptors_open(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_socket(void **state)
{
	struct pair *pair = *state;
	struct mf_message other = answer(MF_EVENT, 0, 0), right = answer(MF_SOCKET_GET, 1, MF_ACCEPTED);
	int before = descriptors_open(), fd;
	char why[SAY_BYTES];

	put_with(pair, &other, 1); /* what comes with anything else is closed */
	put_with(pair, &right, 1);
	fd = client_get_socket(&pair->client, why);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(descriptors_open(), before + 1);
	close(fd);
}

/* None, or more than one: no socket, and none is left open. */
static void test_socket_wrong(void **state)
{
	static const int counts[] = { 0, 2, 3, 4, 5, 8 };
	struct pair *pair = *state;
	int before = descriptors_open();
	char why[SAY_BYTES];

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct mf_message message = answer(MF_SOCKET_GET, (__u32)i + 1, MF_ACCEPTED);

		if (counts[i])
			put_with(pair, &message, counts[i]);
		else
			put(pair, &message, sizeof(message));
		assert_int_equal(client_get_socket(&pair->client, why), -EPROTO);
		assert_int_equal(descriptors_open(), before);
	}
}

static void test_socket_refused(void **state)
{
	struct pair *pair = *state;
	struct mf_message refused = answer(MF_SOCKET_GET, 1, MF_REFUSED_SYSTEM);
	int before = descriptors_open();
	char why[SAY_BYTES];

	refused.error = -EPERM;
	put_with(pair, &refused, 1);
	assert_int_equal(client_get_socket(&pair->client, why), -EREMOTEIO);
	assert_non_null(strstr(why, "session messages"));
	assert_int_equal(descriptors_open(), before);
}

/* Events and answers to questions that were given up may come before. */
static void test_skips_others(void **state)
{
	struct pair *pair = *state;
	struct mf_message event = answer(MF_EVENT, 0, 0), old = answer(MF_NODE_GET, 1, 0);
	struct mf_message right = answer(MF_COUNTERS_GET, 2, 0), message = { .type = MF_COUNTERS_GET };

	pair->client.sequence = 1;
	right.counters.verdict[3] = 42;
	put(pair, &event, sizeof(event));
	put(pair, &old, sizeof(old));
	put(pair, &right, sizeof(right));
	assert_int_equal(client_ask(&pair->client, &message), 0);
	assert_int_equal(message.counters.verdict[3], 42);
}

static void tell(struct pair *pair, __u32 sequence)
{
	struct mf_message message = { .type = MF_ASSOC_LEAD };

	assert_int_equal(client_tell(&pair->client, &message), 0);
	message = answer(MF_ASSOC_LEAD, sequence, MF_REFUSED_NOT_FOUND);
	put(pair, &message, sizeof(message));
	assert_int_equal(recv(pair->loader, &message, sizeof(message), 0), sizeof(message));
	assert_int_equal(message.sequence, sequence);
}

/* What is only told is answered all the same; so many answers wait unread, then one is waited for. */
static void test_tell(void **state)
{
	struct pair *pair = *state;
	struct mf_message message;
	__u32 sequence = 0;

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 16; i++)
			tell(pair, ++sequence);
		message = answer(MF_ASSOC_LEAD, ++sequence, MF_REFUSED_FULL);
		put(pair, &message, sizeof(message));
		message = (struct mf_message){ .type = MF_ASSOC_LEAD };
		assert_int_equal(client_tell(&pair->client, &message), -EREMOTEIO);
		assert_int_equal(message.refusal, MF_REFUSED_FULL);
		assert_int_equal(recv(pair->loader, &message, sizeof(message), 0), sizeof(message));
	}
}

static void begin(struct pair *pair, struct client_question *question, struct mf_message *message, __u16 type)
{
	*message = (struct mf_message){ .type = type };
	*question = (struct client_question){ .message = message };
	assert_int_equal(client_begin(&pair->client, question), 0);
	assert_int_equal(question->error, -EINPROGRESS);
}

/* Several questions are under way; answers belong to the right ones, whoever waits for which of them. */
static void test_questions(void **state)
{
	struct pair *pair = *state;
	struct client_question one, two, three;
	struct mf_message messages[3], message;

	begin(pair, &one, &messages[0], MF_ASSOC_FIND);
	begin(pair, &two, &messages[1], MF_ASSOC_ADD);
	client_look(&pair->client);
	assert_int_equal(one.error, -EINPROGRESS);
	message = answer(MF_ASSOC_FIND, 1, MF_REFUSED_NOT_FOUND);
	put(pair, &message, sizeof(message));
	client_look(&pair->client);
	assert_int_equal(one.error, -EREMOTEIO);
	assert_int_equal(two.error, -EINPROGRESS);
	begin(pair, &three, &messages[2], MF_ASSOC_ADD);
	for (__u32 sequence = 2; sequence < 5; sequence++) {
		message = answer(sequence == 4 ? MF_NODE_GET : MF_ASSOC_ADD, sequence, MF_ACCEPTED);
		message.assoc_status.id = sequence;
		put(pair, &message, sizeof(message));
	}
	message = (struct mf_message){ .type = MF_NODE_GET };
	assert_int_equal(client_ask(&pair->client, &message), 0); /* answers those before it, too */
	assert_int_equal(client_wait(&pair->client, &three), 0);
	assert_int_equal(client_wait(&pair->client, &two), 0);
	assert_int_equal(messages[1].assoc_status.id, 2);
	assert_int_equal(messages[2].assoc_status.id, 3);
	assert_null(pair->client.questions);
}

/* What has been told before a question is answered before it: there is room to tell more. */
static void test_question_passes_over(void **state)
{
	struct pair *pair = *state;
	struct client_question question;
	struct mf_message message, right;
	__u32 sequence = 0;

	for (int i = 0; i < 16; i++)
		tell(pair, ++sequence);
	begin(pair, &question, &message, MF_ASSOC_ADD);
	right = answer(MF_ASSOC_ADD, ++sequence, MF_ACCEPTED);
	put(pair, &right, sizeof(right));
	assert_int_equal(client_wait(&pair->client, &question), 0);
	assert_int_equal(recv(pair->loader, &message, sizeof(message), 0), sizeof(message));
	tell(pair, ++sequence);
}

static void test_questions_end(void **state)
{
	struct pair *pair = *state;
	struct client_question one, two;
	struct mf_message messages[2];

	begin(pair, &one, &messages[0], MF_ASSOC_ADD);
	begin(pair, &two, &messages[1], MF_ASSOC_ADD);
	close(pair->loader);
	pair->loader = -1;
	assert_int_equal(client_wait(&pair->client, &two), -ECONNRESET);
	assert_int_equal(one.error, -ECONNRESET);
	assert_null(pair->client.questions);
	assert_int_not_equal(client_begin(&pair->client, &one), 0);
	assert_null(pair->client.questions);
}

static void test_refused(void **state)
{
	struct pair *pair = *state;
	struct mf_message message = answer(MF_ASSOC_ADD, 1, MF_REFUSED_VALUE);
	char why[SAY_BYTES];

	message.field = offsetof(struct mf_message, assoc_config.rotation_ms);
	put(pair, &message, sizeof(message));
	message = (struct mf_message){ .type = MF_ASSOC_ADD };
	assert_int_equal(client_ask(&pair->client, &message), -EREMOTEIO);
	assert_int_equal(client_why(&pair->client, -EREMOTEIO, MF_ASSOC_ADD, &message, why), -EREMOTEIO);
	assert_non_null(strstr(why, "Rotation"));
	message.refusal = MF_REFUSED_SYSTEM;
	message.error = -EBUSY;
	client_why(&pair->client, -EREMOTEIO, MF_NODE_SET, &message, why);
	assert_non_null(strstr(why, strerror(EBUSY)));
	for (message.refusal = 1; message.refusal < 40; message.refusal++) {
		client_why(&pair->client, -EREMOTEIO, MF_NODE_SET, &message, why);
		assert_true(strlen(why) > 20);
	}
}

static void test_wrong_answers(void **state)
{
	struct pair *pair = *state;
	struct mf_message message = answer(MF_NODE_GET, 1, 0), ask = { .type = MF_NODE_GET };

	put(pair, &message, sizeof(message) - 1);
	assert_int_equal(client_ask(&pair->client, &ask), -EPROTO);
	message = answer(MF_NODE_GET, 2, 0);
	message.version = 99;
	put(pair, &message, sizeof(message));
	ask = (struct mf_message){ .type = MF_NODE_GET };
	assert_int_equal(client_ask(&pair->client, &ask), -EPROTO);
	message = answer(MF_NODE_SET, 3, 0);
	put(pair, &message, sizeof(message));
	ask = (struct mf_message){ .type = MF_NODE_GET };
	assert_int_equal(client_ask(&pair->client, &ask), -EPROTO);
}

static void test_loader_goes(void **state)
{
	struct pair *pair = *state;
	struct mf_message message = { .type = MF_NODE_GET };
	struct mf_event event;
	int error;

	close(pair->loader);
	pair->loader = -1;
	error = client_ask(&pair->client, &message);
	assert_true(error == -EPIPE || error == -ECONNRESET);
	assert_int_equal(client_next_event(&pair->client, &event), -ECONNRESET);
}

/* Without waiting: events as they are there, other messages aside. */
static void test_take_event(void **state)
{
	struct pair *pair = *state;
	struct mf_message event = answer(MF_EVENT, 0, 0), other = answer(MF_NODE_GET, 7, 0);
	struct mf_event found;

	assert_int_equal(client_take_event(&pair->client, &found), -EAGAIN);
	event.event.kind = MF_EVENT_PROBE_EXPIRED;
	event.event.association = 3;
	put(pair, &other, sizeof(other));
	put(pair, &event, sizeof(event));
	assert_int_equal(client_take_event(&pair->client, &found), 0);
	assert_int_equal(found.kind, MF_EVENT_PROBE_EXPIRED);
	assert_int_equal(found.association, 3);
	assert_int_equal(client_take_event(&pair->client, &found), -EAGAIN);
	put(pair, &event, sizeof(event) - 1);
	assert_int_equal(client_take_event(&pair->client, &found), -EPROTO);
	close(pair->loader);
	pair->loader = -1;
	assert_int_equal(client_take_event(&pair->client, &found), -ECONNRESET);
}

/* A loader that lists for ever must not be listened to for ever. */
static void test_endless_list(void **state)
{
	struct pair *pair = *state;
	struct mf_message node = answer(MF_NODE_GET, 1, 0);
	struct mf_message first = answer(MF_ASSOC_NEXT, 2, 0), second = answer(MF_ASSOC_NEXT, 3, 0);
	struct snapshot snapshot;
	char why[SAY_BYTES];

	node.node_status.attached = 1;
	first.assoc_status.id = 5;
	second.assoc_status.id = 5;
	put(pair, &node, sizeof(node));
	put(pair, &first, sizeof(first));
	put(pair, &second, sizeof(second));
	assert_int_equal(snapshot_take(&snapshot, &pair->client, why), -EPROTO);
}

static void test_snapshot(void **state)
{
	struct pair *pair = *state;
	struct mf_message node = answer(MF_NODE_GET, 1, 0), one = answer(MF_ASSOC_NEXT, 2, 0);
	struct mf_message two = answer(MF_ASSOC_NEXT, 3, 0), end = answer(MF_ASSOC_NEXT, 4, MF_REFUSED_NOT_FOUND);
	struct mf_message counters = answer(MF_COUNTERS_GET, 5, 0);
	struct snapshot snapshot;
	char why[SAY_BYTES];

	node.node_status.attached = 1;
	strcpy(one.assoc_status.config.name, "one");
	memset(two.assoc_status.config.name, 'x', MF_NAME_BYTES); /* no zero at its end */
	two.assoc_status.id = 9;
	counters.counters.verdict[MF_DROP_DEAD] = 3;
	counters.counters.verdict[MF_OUT_SENT] = 100;
	put(pair, &node, sizeof(node));
	put(pair, &one, sizeof(one));
	put(pair, &two, sizeof(two));
	put(pair, &end, sizeof(end));
	put(pair, &counters, sizeof(counters));
	assert_int_equal(snapshot_take(&snapshot, &pair->client, why), 0);
	assert_int_equal(snapshot.count, 2);
	assert_non_null(snapshot_find(&snapshot, "one"));
	assert_null(snapshot_find(&snapshot, "two"));
	assert_int_equal(snapshot_drops(&snapshot), 3);
	snapshot_close(&snapshot);
}

static void touch_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void test_find(void **state)
{
	char directory[] = "/tmp/mayfly-test-client-XXXXXX", one[64], two[64], path[CLIENT_PATH_BYTES], why[SAY_BYTES];
	struct client client;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(one, sizeof(one), "%s/eth0.sock", directory);
	snprintf(two, sizeof(two), "%s/eth1.sock", directory);
	assert_int_equal(client_find(path, directory, NULL, why), -ENOENT);
	touch_socket(one);
	assert_int_equal(client_find(path, directory, NULL, why), 0);
	assert_string_equal(path, one);
	touch_socket(two);
	assert_int_equal(client_find(path, directory, NULL, why), -ENOTUNIQ);
	assert_non_null(strstr(why, two));
	assert_int_equal(client_find(path, directory, "eth1", why), 0);
	assert_string_equal(path, two);
	assert_int_equal(client_find(path, one, "eth1", why), 0);
	assert_string_equal(path, one);
	assert_int_equal(client_find(path, NULL, "eth9", why), 0);
	assert_string_equal(path, "/run/mayfly/eth9.sock");
	assert_int_equal(client_open(&client, one, why), -ECONNREFUSED); /* nobody listens */
	assert_non_null(strstr(why, "mayfly-loader"));
	unlink(one);
	unlink(two);
	assert_int_equal(rmdir(directory), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_accepted),    TEST(test_skips_others), TEST(test_refused),  TEST(test_wrong_answers),
		TEST(test_loader_goes), TEST(test_take_event), TEST(test_endless_list), TEST(test_snapshot), cmocka_unit_test(test_find),
		TEST(test_socket), TEST(test_socket_wrong), TEST(test_socket_refused), TEST(test_tell),
		TEST(test_questions), TEST(test_question_passes_over), TEST(test_questions_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
