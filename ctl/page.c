// SPDX-License-Identifier: GPL-2.0-only
/* The socket, the process, and the turns in which the board is kept right. */
#include "ctl/page.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PROGRAM "mayfly-page"

enum { MODE_SOCKET = 0660 };

/* --- the socket ---------------------------------------------------------------------- */

bool page_is_here(const struct config_listen *listen)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
	int fd = listen->kind == CONFIG_LISTEN_TCP ? socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
	bool here;

	if (fd < 0)
		return true;
	memcpy(&address.sin6_addr, listen->address, sizeof(address.sin6_addr));
	here = !bind(fd, (const struct sockaddr *)&address, sizeof(address)) || errno != EADDRNOTAVAIL;
	close(fd);
	return here;
}

/* An address of the node's device is not there yet when it is bound. */
static int bind_tcp(int fd, const struct config_listen *listen)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(listen->port) };
	const int yes = 1, mapped = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)listen->address) ? 0 : 1;

	memcpy(&address.sin6_addr, listen->address, sizeof(address.sin6_addr));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &mapped, sizeof(mapped));
	setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof(yes));
	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
}

/* 0: nobody has the socket at the address. One of another type would be EPROTOTYPE: it is somebody's. */
static int find_nobody(const struct sockaddr_un *address, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = -EADDRINUSE;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address))) {
		if (errno == ECONNREFUSED)
			error = 0;
		else if (errno == EACCES || errno == EPERM)
			error = -errno;
	}
	close(fd);
	return error;
}

/* 0: there is nothing, or a socket that was left over; `left` then. */
static int look_for_room(const struct sockaddr_un *address, bool *left)
{
	struct stat status;
	int error;

	*left = false;
	if (lstat(address->sun_path, &status))
		return 0; /* or bind says what is wrong */
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	error = find_nobody(address, SOCK_STREAM);
	if (!error)
		error = find_nobody(address, SOCK_SEQPACKET);
	*left = !error;
	return error;
}

/* A socket that was left over goes, anything else stays. */
static int make_room(const struct sockaddr_un *address)
{
	bool left;
	int error = look_for_room(address, &left);

	return left && unlink(address->sun_path) ? -errno : error;
}

static int try_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char directory[CONFIG_LISTEN_BYTES];
	struct stat status;
	bool left;

	snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(path, '/') - path + 1), path);
	if (stat(directory, &status))
		return -errno;
	strcpy(address.sun_path, path);
	return look_for_room(&address, &left);
}

static int try_tcp(const struct config_listen *listen)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	error = bind_tcp(fd, listen);
	close(fd);
	return error;
}

static int bind_unix(struct page *page, int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat status;
	mode_t before;
	int error;

	strcpy(address.sun_path, path);
	error = make_room(&address);
	if (error)
		return error;
	before = umask(0777 & ~MODE_SOCKET);
	error = bind(fd, (const struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	umask(before);
	if (error || lstat(path, &status))
		return error;
	if (path != page->path)
		strcpy(page->path, path);
	page->device = status.st_dev;
	page->inode = status.st_ino;
	return 0;
}

static bool is_there(const struct page *page)
{
	struct stat status;

	return !lstat(page->path, &status) && status.st_dev == page->device && status.st_ino == page->inode;
}

/* What somebody has put in its place since stays. */
static void unlink_own(struct page *page)
{
	if (*page->path && is_there(page))
		unlink(page->path);
	*page->path = 0;
}

static int open_socket(struct page *page, const struct config_listen *to)
{
	bool local = to->kind == CONFIG_LISTEN_UNIX;
	int fd = socket(local ? AF_UNIX : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	if (fd < 0)
		return -errno;
	error = local ? bind_unix(page, fd, to->path) : bind_tcp(fd, to);
	if (!error && listen(fd, PAGE_BACKLOG))
		error = -errno;
	if (error) {
		unlink_own(page);
		close(fd);
		return error;
	}
	page->socket_fd = fd;
	return 0;
}

static int why_not_listening(const struct config_listen *to, int error, char why[static SAY_BYTES])
{
	if (to->kind == CONFIG_LISTEN_UNIX && error == -EADDRINUSE)
		return say_why(why, error, "no page: the socket %s is somebody's already: give Listen a path of its own", to->path);
	if (to->kind == CONFIG_LISTEN_UNIX && error == -EEXIST)
		return say_why(why, error, "no page: %s is there and no socket: give Listen a path of its own", to->path);
	return say_why(why, error, "no page: cannot listen at %s: %s", to->text, strerror(-error));
}

int page_try(const struct config_listen *to, char why[static SAY_BYTES])
{
	int error = to->kind == CONFIG_LISTEN_UNIX ? try_unix(to->path) : to->kind == CONFIG_LISTEN_TCP ? try_tcp(to) : 0;

	return error ? why_not_listening(to, error, why) : 0;
}

/* --- the process --------------------------------------------------------------------- */

/* Beside mayflyctl, wherever that is. */
static int program_path(char *path, size_t bytes)
{
	ssize_t length = readlink("/proc/self/exe", path, bytes - 1);
	char *slash;

	if (length < 0)
		return -errno;
	path[length] = 0;
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + 1 - path) + sizeof(PROGRAM) > bytes)
		return -ENAMETOOLONG;
	strcpy(slash + 1, PROGRAM);
	return access(path, X_OK) ? -errno : 0;
}

static void on_process_closed(uv_handle_t *handle)
{
	struct page *page = handle->data;

	page->runs = false;
}

static int begin(struct page *page);

static void on_again(uv_timer_t *timer);

static void begin_again(struct page *page)
{
	uv_timer_start(&page->again, on_again, page->pause_ms, 0);
	page->pause_ms = page->pause_ms * 2 < PAGE_AGAIN_MOST_MS ? page->pause_ms * 2 : PAGE_AGAIN_MOST_MS;
}

static void on_again(uv_timer_t *timer)
{
	struct page *page = timer->data;

	if (begin(page))
		begin_again(page);
}

static void hang_up(struct page *page)
{
	if (page->line >= 0)
		close(page->line);
	page->line = -1;
}

static void on_exit(uv_process_t *process, int64_t status, int signal)
{
	struct page *page = process->data;

	hang_up(page);
	uv_close((uv_handle_t *)process, on_process_closed);
	if (!page->open)
		return;
	if (signal)
		say_note("%s was ended by signal %d; it comes back", PROGRAM, signal);
	else
		say_note("%s has ended (%d); it comes back", PROGRAM, (int)status);
	begin_again(page);
}

/* No more than it needs of the environment: nothing of systemd's. */
static int spawn(struct page *page, char *path, int line)
{
	char *arguments[CONFIG_LISTEN_NAMES + 2] = { path }, *environment[] = { "LC_ALL=C", NULL };
	uv_stdio_container_t given[] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
		{ .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
		[PAGE_BOARD] = { .flags = UV_INHERIT_FD, .data.fd = page->board_fd },
		[PAGE_SOCKET] = { .flags = UV_INHERIT_FD, .data.fd = page->socket_fd },
		[PAGE_LINE] = { .flags = UV_INHERIT_FD, .data.fd = line },
	};
	uv_process_options_t options = {
		.exit_cb = on_exit, .file = path, .args = arguments, .env = environment, .cwd = "/",
		.stdio = given, .stdio_count = sizeof(given) / sizeof(*given),
	};

	for (unsigned int i = 0; i < page->names.count; i++)
		arguments[i + 1] = page->names.name[i];
	page->process.data = page;
	return uv_spawn(page->loop, &page->process, &options);
}

static int begin(struct page *page)
{
	char path[4096];
	int line[2], error;

	if (page->runs) { /* the handle is still on its way out */
		begin_again(page);
		return 0;
	}
	error = program_path(path, sizeof(path));
	if (error)
		return error;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, line))
		return -errno;
	error = spawn(page, path, line[1]);
	page->runs = true;
	close(line[1]);
	page->line = line[0];
	if (error) {
		hang_up(page);
		uv_close((uv_handle_t *)&page->process, on_process_closed);
	}
	return error;
}

/* --- turns --------------------------------------------------------------------------- */

/* Which pages somebody watches: all that it can say. */
static void hear(struct page *page)
{
	__u32 number;

	for (int i = 0; i < PAGE_WORDS_A_TURN && page->line >= 0; i++) {
		if (recv(page->line, &number, sizeof(number), MSG_DONTWAIT) != sizeof(number))
			return;
		page->pause_ms = PAGE_AGAIN_MS;
		board_fill_watch(&page->fill, number);
	}
}

static void on_turn(uv_timer_t *timer)
{
	struct page *page = timer->data;

	hear(page);
	board_fill_turn(&page->fill);
}

/* --- beginning and end --------------------------------------------------------------- */

static void close_memory(struct page *page)
{
	board_fill_close(&page->fill);
	board_close(page->board, page->board_fd);
	if (page->socket_fd >= 0)
		close(page->socket_fd);
	unlink_own(page);
	page->board = NULL;
	page->board_fd = page->socket_fd = -1;
}

static void begin_turns(struct page *page)
{
	uv_timer_init(page->loop, &page->turn);
	uv_timer_init(page->loop, &page->again);
	page->turn.data = page->again.data = page;
	page->open = true;
	uv_timer_start(&page->turn, on_turn, 0, BOARD_TURN_MS);
}

/* It may come, and is bound all the same. Said once each time. */
static void mind_address(struct page *page)
{
	bool away = !page_is_here(&page->listen);

	if (away && !page->away)
		say_note("Listen = %s is no address of this host: nobody reaches the page while it is not", page->listen.text);
	else if (!away && page->away)
		say_note("Listen = %s is an address of this host now: the page can be reached", page->listen.text);
	page->away = away;
}

int page_open(struct page *page, uv_loop_t *loop, const struct config_listen *listen,
	      const struct config_listen_names *names, const struct board_settings *settings, char why[static SAY_BYTES])
{
	int error;

	if (listen->kind == CONFIG_LISTEN_NOWHERE)
		return 0;
	*page = (struct page){ .loop = loop, .listen = *listen, .names = *names, .board_fd = -1, .socket_fd = -1, .line = -1,
			       .pause_ms = PAGE_AGAIN_MS };
	error = open_socket(page, listen);
	if (error)
		return why_not_listening(listen, error, why);
	page->board_fd = board_open(&page->board);
	if (page->board_fd < 0) {
		error = page->board_fd;
		close_memory(page);
		return say_why(why, error, "no page: no memory for it: %s", strerror(-error));
	}
	board_fill_open(&page->fill, page->board, settings);
	begin_turns(page);
	mind_address(page);
	error = begin(page);
	if (!error)
		return 0;
	page_close(page);
	return say_why(why, error, "no page: cannot begin %s, which belongs beside mayflyctl: %s", PROGRAM,
		       strerror(-error));
}

/* Its process has the old one, and comes back with the new one. */
static void mind_socket(struct page *page)
{
	int fd;

	if (!*page->path || is_there(page))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (bind_unix(page, fd, page->path) || listen(fd, PAGE_BACKLOG)) {
		close(fd);
		return;
	}
	close(page->socket_fd);
	page->socket_fd = fd;
	say_note("%s: somebody removed the socket of the page; made again", page->path);
	if (page->runs && !uv_is_closing((uv_handle_t *)&page->process))
		uv_process_kill(&page->process, SIGTERM);
}

void page_mind(struct page *page)
{
	if (!page->open)
		return;
	mind_address(page);
	mind_socket(page);
}

void page_close(struct page *page)
{
	if (!page->open)
		return;
	page->open = false;
	if (page->runs && !uv_is_closing((uv_handle_t *)&page->process)) {
		uv_process_kill(&page->process, SIGTERM);
		uv_close((uv_handle_t *)&page->process, on_process_closed);
	}
	hang_up(page);
	uv_close((uv_handle_t *)&page->turn, NULL);
	uv_close((uv_handle_t *)&page->again, NULL);
	close_memory(page);
}
