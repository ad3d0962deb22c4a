/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page and its metrics, as a keeper of sessions sees them: a board that it fills, and a process (mayfly-page, page/) that
 * answers over HTTP from it. That one has no key, no line to the loader and no file; it reads the board, accepts at a socket
 * that is opened here, and says which page somebody watches. However it fares, sessions do not wait for it.
 */
#ifndef MAYFLY_CTL_PAGE_H
#define MAYFLY_CTL_PAGE_H

#include <sys/types.h>
#include <uv.h>

#include "ctl/board_fill.h"
#include "ctl/config_listen.h"

enum {
	PAGE_BACKLOG = 64,
	PAGE_AGAIN_MS = 1000,      /* until one that has died is begun again; doubled */
	PAGE_AGAIN_MOST_MS = 60000,
	PAGE_WORDS_A_TURN = 16,    /* of its, that are heard */
};

/* Descriptors of mayfly-page. */
enum page_descriptor { PAGE_BOARD = 3, PAGE_SOCKET = 4, PAGE_LINE = 5 };

struct page {
	uv_loop_t *loop;
	struct board *board;
	struct board_fill fill;
	struct config_listen_names names;
	struct config_listen listen;
	char path[CONFIG_LISTEN_BYTES]; /* of a Unix socket: goes with it, if it is still */
	dev_t device;                   /* the one that was made there */
	ino_t inode;
	int board_fd, socket_fd, line;
	uv_timer_t turn, again;
	uv_process_t process;
	__u32 pause_ms;
	bool open, runs;
	bool away; /* the address is none of this host, which has been said */
};

/*
 * Where the configuration says Listen. 0, or -errno and `why`: then there is none, and everything else goes on; all of these
 * may be called all the same, of a struct that is all zero too.
 */
int page_open(struct page *page, uv_loop_t *loop, const struct config_listen *listen,
	      const struct config_listen_names *names, const struct board_settings *settings, char why[static SAY_BYTES]);

/* Every now and then: a Unix socket that somebody has removed is made again; an address that this host has not is told of. */
void page_mind(struct page *page);

/* Could the page be there, where nobody has it? 0, or -errno and `why`. Nothing is left behind. */
int page_try(const struct config_listen *listen, char why[static SAY_BYTES]);

/* An address of this host; true of a Unix socket. */
bool page_is_here(const struct config_listen *listen);

/* While the loop turns; the struct must live until it has. */
void page_close(struct page *page);

#endif
