// SPDX-License-Identifier: GPL-2.0-only
/* mayfly-page: begun by mayflyctl serve or up, with what it works on; it ends when that does. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/page.h"
#include "page/confine.h"
#include "page/http.h"

static int usage(void)
{
	fputs("mayfly-page is begun by mayflyctl serve or up, where mayfly.conf says Listen\n", stderr);
	return 2;
}

static bool is_socket(int fd)
{
	int type;
	socklen_t length = sizeof(type);

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length);
}

/* Whatever else was open in who began this is not ours. */
static const struct board *take_descriptors(void)
{
	const struct board *board;

	if (!is_socket(PAGE_SOCKET) || !is_socket(PAGE_LINE))
		return NULL;
	close_range(PAGE_LINE + 1, ~0U, 0);
	board = board_map(PAGE_BOARD);
	close(PAGE_BOARD);
	return board;
}

/* The line has nothing to say; it ends with whoever fills the board. */
static void run(struct http *http)
{
	struct pollfd wait[] = { { .fd = http->epoll_fd, .events = POLLIN }, { .fd = PAGE_LINE, .events = POLLIN } };

	while (!wait[1].revents) {
		if (poll(wait, 2, http_timeout_ms(http)) < 0 && errno != EINTR)
			return;
		http_turn(http);
	}
}

int main(int argc, char **argv)
{
	static struct http http;
	int error;

	http.view.board = take_descriptors();
	if (!http.view.board)
		return usage();
	signal(SIGPIPE, SIG_IGN);
	http.names = (const char *const *)argv + 1;
	http.name_count = argc > 1 ? (unsigned int)argc - 1 : 0;
	http.line = PAGE_LINE;
	error = http_open(&http, PAGE_SOCKET);
	if (!error)
		error = page_confine();
	if (error) {
		fprintf(stderr, "mayfly-page: %s\n", strerror(-error));
		return 1;
	}
	run(&http);
	return 0;
}
