// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over what the page takes from others: Host and page number of a request, the words of Listen and ListenName, and a
 * board on which anything may stand.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/config_listen.h"
#include "page/ask.h"
#include "page/render.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

enum { WORDS_MOST = 300 };

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_words(const __u8 *data, size_t size)
{
	static const char *const names[] = { "page.example" };
	struct config_listen_names taken = { 0 };
	struct config_listen listen = { 0 };
	char words[WORDS_MOST + 1] = "";
	__u32 page = 0;

	memcpy(words, data, size < WORDS_MOST ? size : WORDS_MOST);
	if (ask_host_is_ours(words, names, 1))
		demand(!strpbrk(words, " \t\r\n/@<>\"'"));
	if (!ask_page(words, &page))
		demand(page <= ASK_PAGE_MOST);
	if (!config_parse_listen(&listen, words) && listen.kind == CONFIG_LISTEN_TCP)
		demand(listen.port && (config_listen_is_local(listen.address) || strcasestr(words, "anywhere")));
	if (!config_parse_listen_name(&taken, words))
		demand(ask_host_is_ours(words, (const char *const[]){ taken.name[0] }, 1));
}

/* No angle bracket but those of our own elements: as many on a board of nothing but the rows, and its own words. */
static void check_brackets(const struct text *text)
{
	static const char *const own = "abcdefghijklmnopqrstuvwxyz/!";

	for (size_t i = 0; i + 1 < text->length; i++)
		demand(text->at[i] != '<' || strchr(own, text->at[i + 1]));
}

static void check_board(const __u8 *data, size_t size)
{
	static struct board *board;
	static struct view view;
	struct render_rows_sent sent = { { 0 } };
	struct text text = { 0 };
	struct board_node node = { 0 };
	struct board_row row = { 0 };

	if (!board && board_open(&board) < 0)
		abort();
	memcpy(&row, data, size < sizeof(row) ? size : sizeof(row));
	memcpy(&node, data, size < sizeof(node) ? size : sizeof(node));
	/* Who fills the board ends his words. */
	node.nic[MF_DEVICE_BYTES - 1] = node.device[MF_DEVICE_BYTES - 1] = node.inner[FORMAT_ADDRESS - 1] = 0;
	node.version[sizeof(node.version) - 1] = node.lookup.peer[MF_NAME_BYTES - 1] = 0;
	for (int i = 0; i < MF_HOPPING_PREFIXES; i++)
		node.prefixes[i][FORMAT_PREFIX - 1] = 0;
	memset(node.state_name, 0, sizeof(node.state_name));
	memset(node.level_name, 0, sizeof(node.level_name));
	memset(&node.status, 0, sizeof(node.status));
	memcpy(node.status.level_why, data, size < RENDEZVOUS_WORDS ? size : RENDEZVOUS_WORDS - 1);
	node.rows %= 3;
	board_write_row(&board->row[0], &row);
	board_write_row(&board->other[0], &row);
	board_write_node(board, &node);
	view.board = board;
	view_look(&view);
	render_rows(&text, &view, 0);
	render_block(&text, &view, 0, RENDER_NEWS);
	render_block(&text, &view, 0, RENDER_OTHERS);
	render_block(&text, &view, 0, RENDER_PROBES);
	check_brackets(&text);
	text_clear(&text);
	render_node_event(&text, &view, 0);
	render_rows_event(&text, &view, 0, &sent);
	demand(!text.at || !memchr(text.at, '<', text.length));
	text_clear(&text);
	render_page(&text, &view, 0);
	render_metrics(&text, &view);
	text_close(&text);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	check_words(data, size);
	check_board(data, size);
	return 0;
}
