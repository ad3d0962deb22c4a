// SPDX-License-Identifier: GPL-2.0-only
/* Control socket and dispatch, over a real socket with a target that only counts: sizes, versions, types, back pressure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "loader/control_socket.h"

struct target {
	int sets, gets, deletes, nexts;
	__u32 next_id;
	char name[MF_NAME_BYTES];
	int device;
};

static void node_set(void *context, const struct mf_node_config *config, struct mf_message *answer)
{
	struct target *target = context;

	(void)config;
	target->sets += 1;
	mf_request_refuse_error(answer, -EPERM);
}

static void node_get(void *context, struct mf_message *answer)
{
	struct target *target = context;

	target->gets += 1;
	answer->node_status.attached = 1;
}

static void assoc_delete(void *context, const char *name, struct mf_message *answer)
{
	struct target *target = context;

	target->deletes += 1;
	memcpy(target->name, name, sizeof(target->name));
	mf_request_refuse_error(answer, -ENOENT);
}

static void assoc_next(void *context, __u32 id, struct mf_message *answer)
{
	struct target *target = context;

	target->nexts += 1;
	target->next_id = id;
	mf_request_refuse_error(answer, -ENOSPC);
}

enum { LOOPBACK = 1, NOBODY = 0x7fffffff }; /* numbers of interfaces */

static int device(void *context)
{
	const struct target *target = context;

	return target->device;
}

static const struct mf_request_target counting = {
	.node_set = node_set, .node_get = node_get, .node_clear = node_get, .assoc_delete = assoc_delete,
	.assoc_next = assoc_next, .device = device,
};

struct bench {
	char directory[32];
	struct mf_options options;
	struct mf_control control;
	struct target target;
	int client, place;
};

static int client_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	strcpy(bench->directory, "/tmp/mf-control.XXXXXX");
	assert_non_null(mkdtemp(bench->directory));
	bench->options.user = getuid();
	bench->target.device = LOOPBACK;
	snprintf(bench->options.socket, sizeof(bench->options.socket), "%s/run/x.sock", bench->directory);
	assert_int_equal(mf_control_open(&bench->control, &bench->options, &counting, &bench->target), 0);
	bench->client = client_connect(bench->options.socket);
	bench->place = mf_control_accept(&bench->control);
	assert_true(bench->place >= 0);
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	close(bench->client);
	mf_control_close(&bench->control);
	assert_int_equal(rmdir(bench->directory), 0); /* nothing is left in it */
	free(bench);
	return 0;
}

static struct mf_message ask(struct bench *bench, const void *bytes, size_t count)
{
	struct mf_message answer;

	assert_int_equal(send(bench->client, bytes, count, 0), count);
	mf_control_serve(&bench->control, bench->place);
	assert_int_equal(recv(bench->client, &answer, sizeof(answer), MSG_DONTWAIT), sizeof(answer));
	return answer;
}

static struct mf_message request(__u16 type)
{
	return (struct mf_message){ .version = MF_CONTROL_VERSION, .type = type, .sequence = 0x1234 };
}

static void answered(void **state)
{
	struct mf_message message = request(MF_NODE_GET), answer = ask(*state, &message, sizeof(message));

	assert_int_equal(answer.version, MF_CONTROL_VERSION);
	assert_int_equal(answer.type, MF_NODE_GET);
	assert_int_equal(answer.sequence, 0x1234);
	assert_int_equal(answer.refusal, MF_ACCEPTED);
	assert_int_equal(answer.node_status.attached, 1);
}

static void wrong_sizes(void **state)
{
	struct bench *bench = *state;
	char large[MF_MESSAGE_BYTES + 1] = { 0 };
	size_t sizes[] = { 1, 15, 16, MF_MESSAGE_BYTES - 1, MF_MESSAGE_BYTES + 1 };
	struct mf_message message = request(MF_NODE_GET);

	memcpy(large, &message, sizeof(message));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct mf_message answer = ask(bench, large, sizes[i]);

		assert_int_equal(answer.refusal, MF_REFUSED_SIZE);
	}
	assert_int_equal(bench->target.gets, 0);
}

static void wrong_versions_and_types(void **state)
{
	struct bench *bench = *state;
	struct mf_message message = request(MF_NODE_GET);

	message.version = MF_CONTROL_VERSION + 1;
	assert_int_equal(ask(bench, &message, sizeof(message)).refusal, MF_REFUSED_VERSION);
	message = request(0);
	assert_int_equal(ask(bench, &message, sizeof(message)).refusal, MF_REFUSED_TYPE);
	message = request(MF_EVENT);
	assert_int_equal(ask(bench, &message, sizeof(message)).refusal, MF_REFUSED_TYPE);
	message = request(0xffff);
	assert_int_equal(ask(bench, &message, sizeof(message)).refusal, MF_REFUSED_TYPE);
	assert_int_equal(bench->target.gets, 0);
}

static void wrong_values_go_no_further(void **state)
{
	struct bench *bench = *state;
	struct mf_message message = request(MF_NODE_SET), answer = ask(bench, &message, sizeof(message));

	assert_int_equal(answer.refusal, MF_REFUSED_VALUE);
	assert_int_equal(answer.field, offsetof(struct mf_message, node_config.device));
	message = request(MF_ASSOC_DELETE);
	answer = ask(bench, &message, sizeof(message));
	assert_int_equal(answer.refusal, MF_REFUSED_VALUE);
	assert_int_equal(bench->target.sets + bench->target.deletes, 0);
}

static void errors_have_names(void **state)
{
	struct bench *bench = *state;
	struct mf_message message = request(MF_ASSOC_DELETE);

	strcpy(message.assoc_config.name, "nobody");
	assert_int_equal(ask(bench, &message, sizeof(message)).refusal, MF_REFUSED_NOT_FOUND);
	assert_string_equal(bench->target.name, "nobody");
	message = request(MF_ASSOC_NEXT);
	message.assoc_status.id = 77;
	assert_int_equal(ask(bench, &message, sizeof(message)).refusal, MF_REFUSED_FULL);
	assert_int_equal(bench->target.next_id, 77);
	for (unsigned int refusal = 0; refusal < 100; refusal++)
		assert_true(*mf_refusal_name(refusal) != 0);
}

static void send_more(struct bench *bench, int *sent, int most)
{
	struct mf_message message = request(MF_NODE_GET);

	for (; *sent < most; *sent += 1) {
		message.sequence = *sent;
		if (send(bench->client, &message, sizeof(message), MSG_DONTWAIT) < 0)
			break;
	}
}

/* Who does not read is not read: nothing is lost, nothing piles up. */
static void back_pressure(void **state)
{
	enum { REQUESTS = 3000 };
	struct bench *bench = *state;
	struct mf_message answer;
	int sent = 0, got = 0;

	for (int i = 0; i < 100 && !mf_control_waits(&bench->control, bench->place); i++) {
		send_more(bench, &sent, REQUESTS);
		mf_control_serve(&bench->control, bench->place);
	}
	assert_true(mf_control_waits(&bench->control, bench->place));
	assert_true(bench->target.gets < REQUESTS);
	while (got < REQUESTS) {
		while (recv(bench->client, &answer, sizeof(answer), MSG_DONTWAIT) > 0)
			assert_int_equal(answer.sequence, got++);
		send_more(bench, &sent, REQUESTS);
		mf_control_serve(&bench->control, bench->place);
	}
	assert_int_equal(bench->target.gets, REQUESTS);
}

/* A message as it comes, and what came with it; -1: nothing. */
static int receive_with(int fd, struct mf_message *message)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(4 * sizeof(int))];
	struct iovec bytes = { message, sizeof(*message) };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *right;
	int descriptor;

	if (recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != sizeof(*message))
		return -2;
	right = CMSG_FIRSTHDR(&header);
	if (!right)
		return -1;
	assert_int_equal(right->cmsg_type, SCM_RIGHTS);
	assert_int_equal(right->cmsg_len, CMSG_LEN(sizeof(descriptor)));
	assert_null(CMSG_NXTHDR(&header, right));
	memcpy(&descriptor, CMSG_DATA(right), sizeof(descriptor));
	return descriptor;
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t bytes = sizeof(value);

	getsockopt(fd, SOL_SOCKET, name, &value, &bytes);
	return value;
}

static int descriptors_open(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static int is_root(void)
{
	if (geteuid())
		print_message("not root: makes no raw sockets\n");
	return !geteuid();
}

static void socket_comes_with_its_answer(void **state)
{
	struct bench *bench = *state;
	struct mf_message message = request(MF_SOCKET_GET), answer;
	int before = descriptors_open(), given;

	if (!is_root())
		skip();
	send(bench->client, &message, sizeof(message), 0);
	mf_control_serve(&bench->control, bench->place);
	given = receive_with(bench->client, &answer);
	assert_true(given >= 0);
	assert_int_equal(answer.refusal, MF_ACCEPTED);
	assert_int_equal(answer.type, MF_SOCKET_GET);
	assert_int_equal(option(given, SO_DOMAIN), AF_INET6);
	assert_int_equal(option(given, SO_TYPE), SOCK_RAW);
	assert_int_equal(option(given, SO_PROTOCOL), MF_NEXT_CONTROL);
	assert_true(option(given, SO_RCVBUF) >= 4 << 20 && option(given, SO_SNDBUF) >= 4 << 20);
	assert_true(fcntl(given, F_GETFL) & O_NONBLOCK);
	assert_int_equal(option(given, SO_BINDTOIFINDEX), LOOPBACK);
	assert_int_equal(descriptors_open(), before + 1); /* the loader has kept none */
	close(given);
	message = request(MF_NODE_GET);
	send(bench->client, &message, sizeof(message), 0);
	mf_control_serve(&bench->control, bench->place);
	assert_int_equal(receive_with(bench->client, &answer), -1); /* and none with the next */
}

/* To oneself; and again with options before it. What the given socket hears of the two. */
static void socket_hears_plain_messages(void **state)
{
	struct sockaddr_in6 loopback = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	static const char options[8] = { 0, 0, 1, 4 };
	struct bench *bench = *state;
	struct mf_message message = request(MF_SOCKET_GET);
	char heard[16];
	int given, sender;

	if (!is_root() || unshare(CLONE_NEWNET) || system("ip link set lo up"))
		skip();
	send(bench->client, &message, sizeof(message), 0);
	mf_control_serve(&bench->control, bench->place);
	given = receive_with(bench->client, &message);
	sender = socket(AF_INET6, SOCK_RAW, MF_NEXT_CONTROL);
	assert_true(given >= 0 && sender >= 0);
	assert_int_equal(sendto(sender, "plain", 5, 0, (struct sockaddr *)&loopback, sizeof(loopback)), 5);
	assert_int_equal(setsockopt(sender, IPPROTO_IPV6, IPV6_DSTOPTS, options, sizeof(options)), 0);
	assert_int_equal(sendto(sender, "behind", 6, 0, (struct sockaddr *)&loopback, sizeof(loopback)), 6);
	assert_int_equal(recv(given, heard, sizeof(heard), 0), 5);
	assert_int_equal(recv(given, heard, sizeof(heard), 0), -1);
	assert_int_equal(recv(sender, heard, sizeof(heard), MSG_DONTWAIT), 5);
	assert_int_equal(recv(sender, heard, sizeof(heard), MSG_DONTWAIT), 6); /* it was sent */
	close(given);
	close(sender);
}

/* There is a way to the address, but not by the device. */
static void socket_sends_by_the_device_alone(void **state)
{
	struct sockaddr_in6 loopback = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct bench *bench = *state;
	struct mf_message message = request(MF_SOCKET_GET);
	int given;

	if (!is_root() || unshare(CLONE_NEWNET) || system("ip link set lo up"))
		skip();
	bench->target.device = NOBODY;
	send(bench->client, &message, sizeof(message), 0);
	mf_control_serve(&bench->control, bench->place);
	given = receive_with(bench->client, &message);
	assert_true(given >= 0);
	assert_int_equal(sendto(given, "plain", 5, 0, (struct sockaddr *)&loopback, sizeof(loopback)), -1);
	close(given);
}

static void no_device_no_socket(void **state)
{
	struct bench *bench = *state;
	struct mf_message message = request(MF_SOCKET_GET), answer;

	bench->target.device = 0;
	send(bench->client, &message, sizeof(message), 0);
	mf_control_serve(&bench->control, bench->place);
	assert_int_equal(receive_with(bench->client, &answer), -1);
	assert_int_equal(answer.refusal, MF_REFUSED_NO_NODE);
}

/* Requests for sockets until an answer has to wait. How many were asked for. */
static int ask_until_waiting(struct bench *bench)
{
	struct mf_message message = request(MF_SOCKET_GET);
	int asked = 0;

	while (!mf_control_waits(&bench->control, bench->place)) {
		assert_true(asked < 3000);
		message.sequence = asked++;
		assert_int_equal(send(bench->client, &message, sizeof(message), MSG_DONTWAIT), sizeof(message));
		mf_control_serve(&bench->control, bench->place);
	}
	return asked;
}

static void socket_waits_with_its_answer(void **state)
{
	struct bench *bench = *state;
	struct mf_message answer;
	int before = descriptors_open(), asked, got = 0, given;

	if (!is_root())
		skip();
	asked = ask_until_waiting(bench);
	assert_int_equal(descriptors_open(), before + 1); /* the one that waits */
	while ((given = receive_with(bench->client, &answer)) != -2) {
		assert_true(given >= 0);
		assert_int_equal(answer.sequence, got++);
		close(given);
		if (mf_control_waits(&bench->control, bench->place))
			mf_control_serve(&bench->control, bench->place);
	}
	assert_int_equal(got, asked);
	assert_int_equal(descriptors_open(), before);
}

static void socket_goes_with_its_connection(void **state)
{
	struct bench *bench = *state;
	int before = descriptors_open();

	if (!is_root())
		skip();
	ask_until_waiting(bench);
	close(bench->client);
	mf_control_serve(&bench->control, bench->place);
	assert_int_equal(descriptors_open(), before - 2); /* both ends of the connection are gone too */
	bench->client = -1;
}

static void events_go_to_subscribers(void **state)
{
	struct bench *bench = *state;
	struct mf_message message = request(MF_SUBSCRIBE), event;
	struct mf_event probe = { .kind = MF_EVENT_PROBE_RANDOM, .value = 9 };

	mf_control_tell(&bench->control, &probe);
	assert_int_equal(recv(bench->client, &event, sizeof(event), MSG_DONTWAIT), -1);
	assert_int_equal(ask(bench, &message, sizeof(message)).refusal, MF_ACCEPTED);
	mf_control_tell(&bench->control, &probe);
	assert_int_equal(recv(bench->client, &event, sizeof(event), MSG_DONTWAIT), sizeof(event));
	assert_int_equal(event.type, MF_EVENT);
	assert_int_equal(event.event.value, 9);
	for (int i = 0; i < 5000; i++) /* one who does not listen harms nobody */
		mf_control_tell(&bench->control, &probe);
}

static void others_are_refused(void **state)
{
	struct bench *bench = *state;
	struct mf_message message = request(MF_NODE_GET), answer;

	bench->control.connection[bench->place].refused = 1;
	answer = ask(bench, &message, sizeof(message));
	assert_int_equal(answer.refusal, MF_REFUSED_PEER);
	assert_int_equal(bench->target.gets, 0);
	assert_int_equal(recv(bench->client, &answer, sizeof(answer), 0), 0); /* and closed */
}

static void places_and_paths(void **state)
{
	struct bench *bench = *state;
	struct mf_control second;
	struct stat status;
	int fd[MF_CONNECTIONS];

	assert_int_equal(stat(bench->options.socket, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(mf_control_open(&second, &bench->options, &counting, &bench->target), -EADDRINUSE);
	for (int i = 0; i < MF_CONNECTIONS; i++) {
		fd[i] = client_connect(bench->options.socket);
		mf_control_accept(&bench->control);
	}
	assert_int_equal(mf_control_accept(&bench->control), -EMFILE);
	for (int i = 0; i < MF_CONNECTIONS; i++)
		close(fd[i]);
}

/* Somebody has removed it, and its directory: who is connected stays so, others connect to the new one. */
static void removed_is_made_again(void **state)
{
	struct bench *bench = *state;
	struct mf_message message = request(MF_NODE_GET);
	char directory[64];
	struct mf_control other;
	int client;

	assert_true(mf_control_stands(&bench->control));
	snprintf(directory, sizeof(directory), "%s/run", bench->directory);
	assert_int_equal(unlink(bench->options.socket), 0);
	assert_false(mf_control_stands(&bench->control));
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(mf_control_renew(&bench->control), 0);
	assert_true(mf_control_stands(&bench->control));
	assert_int_equal(ask(bench, &message, sizeof(message)).refusal, MF_ACCEPTED);
	client = client_connect(bench->options.socket);
	assert_true(mf_control_accept(&bench->control) > bench->place);
	close(client);
	assert_int_equal(unlink(bench->options.socket), 0);
	assert_int_equal(mf_control_open(&other, &bench->options, &counting, &bench->target), 0);
	assert_false(mf_control_stands(&bench->control));
	assert_int_equal(mf_control_renew(&bench->control), -EADDRINUSE);
	mf_control_close(&other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(answered), TEST(wrong_sizes), TEST(wrong_versions_and_types), TEST(wrong_values_go_no_further),
		TEST(errors_have_names), TEST(back_pressure), TEST(socket_comes_with_its_answer),
		TEST(socket_hears_plain_messages), TEST(socket_sends_by_the_device_alone), TEST(no_device_no_socket),
		TEST(socket_waits_with_its_answer), TEST(socket_goes_with_its_connection), TEST(events_go_to_subscribers),
		TEST(others_are_refused),
		TEST(places_and_paths), TEST(removed_is_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
