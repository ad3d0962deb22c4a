// SPDX-License-Identifier: GPL-2.0-only
/* doctor on Listen: what is in the way of a page, and who answers where somebody keeps sessions. A child is keeper and page. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/doctor.h"
#include "ctl/keeper_lock.h"
#include "tests/unit/capture.h"

enum { DRIP_US = 100000 };

static char directory[] = "/tmp/mf-doctor-page.XXXXXX";
static struct snapshot state;
static struct config config;
static struct doctor doctor;
static char said[4096];
static pid_t keeper;

static void look(void)
{
	struct capture capture = capture_begin();

	doctor = (struct doctor){ .config = &config, .state = &state, .nic = "eth0" };
	doctor_check_page(&doctor);
	capture_end(&capture, said, sizeof(said));
}

static void says(enum doctor_level level, const char *words)
{
	if (doctor.count[level] != 1 || !strstr(said, words))
		fail_msg("%u times instead of once: %s\n%s", doctor.count[level], words, said);
}

static int open_listener(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, config.node.listen.path);
	assert_int_equal(bind(listener, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 4), 0);
	return listener;
}

/* Says it piece by piece, up to each "|"; goes on and on if `forever`. */
static void answer(int fd, const char *text, bool forever)
{
	while (*text) {
		size_t length = strcspn(text, "|");

		if (send(fd, text, length, MSG_NOSIGNAL) < 0)
			break;
		text += length + (text[length] == '|');
		usleep(DRIP_US);
	}
	while (forever && send(fd, "x", 1, MSG_NOSIGNAL) == 1)
		usleep(DRIP_US);
	close(fd);
}

static void keep(const char *text, bool forever)
{
	char path[KEEPER_PATH_BYTES], why[SAY_BYTES];
	int listener = open_listener(), lock;

	keeper_path(path, state.socket, SESSIONS_UP);
	lock = keeper_lock(path, why);
	assert_true(lock >= 0);
	fflush(stdout);
	keeper = fork();
	if (!keeper) {
		keeper_sign(lock, "/etc/mayfly/eth0.conf");
		for (;;)
			answer(accept(listener, NULL, NULL), text, forever);
	}
	close(listener);
	close(lock);
	while (keeper_pid(path) != keeper)
		usleep(1000);
}

static void end_keeper(void)
{
	char path[KEEPER_PATH_BYTES];

	kill(keeper, SIGKILL);
	waitpid(keeper, NULL, 0);
	keeper_path(path, state.socket, SESSIONS_UP);
	unlink(path);
	unlink(config.node.listen.path);
}

static int set_up(void **unused)
{
	(void)unused;
	if (!mkdtemp(directory))
		return -1;
	state.node.attached = 1;
	snprintf(state.socket, sizeof(state.socket), "%s/eth0.sock", directory);
	config.node.listen.kind = CONFIG_LISTEN_UNIX;
	snprintf(config.node.listen.path, CONFIG_LISTEN_BYTES, "%s/page", directory);
	strcpy(config.node.listen.text, "HERE");
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	return rmdir(directory);
}

static void test_place(void **unused)
{
	int listener;
	FILE *stream;

	(void)unused;
	look();
	assert_string_equal(said, "");
	listener = open_listener();
	look();
	says(DOCTOR_FAIL, "page is somebody's already");
	close(listener); /* left over now, which is replaced */
	look();
	assert_string_equal(said, "");
	assert_int_equal(unlink(config.node.listen.path), 0); /* and has not been touched */
	stream = fopen(config.node.listen.path, "w");
	fclose(stream);
	look();
	says(DOCTOR_FAIL, "is there and no socket");
	unlink(config.node.listen.path);
}

static void test_answer(void **unused)
{
	static const struct {
		const char *text, *words;
		enum doctor_level level;
		bool forever;
	} rows[] = {
		{ "mayfly_build_info{interface=\"eth0\"} 1\n", "the page answers at HERE", DOCTOR_OK, false },
		{ "mayfly_build_info{interf|ace=\"eth|0\"} 1\n", "the page answers at HERE", DOCTOR_OK, false },
		{ "mayfly_build_info{interface=\"eth1\"} 1\n", "somebody else answers at HERE", DOCTOR_FAIL, false },
		{ "", "nothing is said at HERE", DOCTOR_WARN, false },
		{ "HTTP/1.1 200 OK\r\n", "somebody else answers at HERE", DOCTOR_FAIL, true },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		time_t begun = time(NULL);

		keep(rows[i].text, rows[i].forever);
		look();
		end_keeper();
		says(rows[i].level, rows[i].words);
		assert_true(time(NULL) - begun <= 6);
	}
	keep("", false);
	unlink(config.node.listen.path);
	look();
	end_keeper();
	says(DOCTOR_FAIL, "no page at HERE: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_place), cmocka_unit_test(test_answer) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
