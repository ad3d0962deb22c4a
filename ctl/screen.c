// SPDX-License-Identifier: GPL-2.0-only
/* A live view in the terminal with nothing but its own escape sequences. */
#include "ctl/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/say.h"

#define ENTER "\033[?1049h\033[?25l" /* alternate screen, no cursor */
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

enum { PLAIN_COLUMNS = 160, LINE_BYTES = 512 };

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void resized(int signal)
{
	(void)signal; /* ends the wait */
}

static int write_all(const char *bytes, size_t length)
{
	while (length) {
		ssize_t done = write(STDOUT_FILENO, bytes, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		bytes += done;
		length -= (size_t)done;
	}
	return 0;
}

static void catch_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = stop };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaction(ends[i], &action, NULL);
	action.sa_handler = resized;
	sigaction(SIGWINCH, &action, NULL);
}

/* No echo, keys at once, no stopping in the middle of a view (it would leave the terminal as it is). */
static void take_keys(struct screen *screen)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &screen->before))
		return;
	raw = screen->before;
	raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	raw.c_cc[VSUSP] = _POSIX_VDISABLE;
	screen->keys = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

int screen_open(struct screen *screen)
{
	*screen = (struct screen){ .terminal = say_on_screen(STDOUT_FILENO), .room = 4096 };
	screen->text = malloc(screen->room);
	if (!screen->text)
		return -ENOMEM;
	screen->colour = say_in_colour(STDOUT_FILENO);
	catch_signals();
	if (!screen->terminal)
		return 0;
	take_keys(screen);
	return write_all(ENTER, strlen(ENTER));
}

void screen_close(struct screen *screen)
{
	if (screen->terminal)
		write_all(LEAVE, strlen(LEAVE));
	if (screen->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
	free(screen->text);
	*screen = (struct screen){ 0 };
}

/* A view that does not fit in memory is cut short. */
static void append(struct screen *screen, const char *text, size_t length)
{
	if (screen->used + length > screen->room) {
		size_t room = (screen->used + length) * 2;
		char *more = realloc(screen->text, room);

		if (!more)
			return;
		screen->text = more;
		screen->room = room;
	}
	memcpy(screen->text + screen->used, text, length);
	screen->used += length;
}

static void append_text(struct screen *screen, const char *text)
{
	append(screen, text, strlen(text));
}

void screen_begin(struct screen *screen)
{
	struct winsize size;

	screen->rows = ~0U;
	screen->columns = PLAIN_COLUMNS;
	if (screen->terminal) {
		screen->rows = 24;
		screen->columns = 80;
		if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col) {
			screen->rows = size.ws_row;
			screen->columns = size.ws_col;
		}
	}
	screen->row = 0;
	screen->used = 0;
	if (screen->terminal)
		append_text(screen, HOME);
}

unsigned int screen_rows_left(const struct screen *screen)
{
	return screen->rows - screen->row;
}

static const char *style_start(const struct screen *screen, enum screen_style style)
{
	static const char *const starts[] = {
		[SCREEN_PLAIN] = "", [SCREEN_BOLD] = "\033[1m", [SCREEN_DIM] = "\033[2m", [SCREEN_ALARM] = "\033[33m",
	};

	return screen->colour ? starts[style] : "";
}

void screen_line(struct screen *screen, enum screen_style style, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;
	size_t length;

	if (!screen_rows_left(screen))
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	length = strlen(line);
	if (screen->terminal && length > screen->columns)
		length = screen->columns;
	/* the newline goes before: one behind the last row would scroll */
	if (screen->terminal && screen->row)
		append_text(screen, "\r\n");
	/* cleared before it is filled: behind a full line the cursor still stands on its last character */
	if (screen->terminal)
		append_text(screen, CLEAR_LINE);
	append_text(screen, style_start(screen, style));
	append(screen, line, length);
	append_text(screen, screen->colour && style != SCREEN_PLAIN ? "\033[0m" : "");
	if (!screen->terminal)
		append_text(screen, "\n");
	screen->row++;
}

int screen_end(struct screen *screen)
{
	if (screen->terminal && screen_rows_left(screen))
		append_text(screen, "\r\n" CLEAR_BELOW);
	return write_all(screen->text, screen->used);
}

static bool asks_to_stop(void)
{
	char keys[16];
	ssize_t got = read(STDIN_FILENO, keys, sizeof(keys));

	for (ssize_t i = 0; i < got; i++)
		if (keys[i] == 'q' || keys[i] == 'Q')
			return true;
	return !got;
}

bool screen_wait(struct screen *screen, unsigned int ms)
{
	struct pollfd keys = { .fd = screen->keys ? STDIN_FILENO : -1, .events = POLLIN };
	int ready = stopped ? 0 : poll(&keys, 1, (int)ms);

	if (stopped)
		return false;
	return ready <= 0 || !asks_to_stop();
}
