// SPDX-License-Identifier: GPL-2.0-only
/* The page: what foreign words become in it, how many rows a page has, what its figures are of, and who may ask for it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "page/ask.h"
#include "page/render.h"

/* As much of it as there is room for. */
#define PUT(to, words) \
	do { \
		memcpy(to, words, strnlen(words, sizeof(to) - 1)); \
	} while (0)

#define HOSTILE "<script>alert(1)</script>\"'&\x01\xff\n{{nic}}"

static struct board *board;
static int board_fd;
static struct view view;
static struct text text;

static int open_board(void **state)
{
	(void)state;
	board_fd = board_open(&board);
	assert_true(board_fd >= 0);
	memset(&view, 0, sizeof(view));
	view.board = board;
	return 0;
}

static int close_board(void **state)
{
	(void)state;
	board_close(board, board_fd);
	text_close(&text);
	return 0;
}

static void put_node(struct board_node *node)
{
	snprintf(node->state_name[3], BOARD_WORD, "up");
	snprintf(node->level_name[LEVEL_CALM], BOARD_WORD, "calm");
	if (!node->written_ms)
		node->written_ms = 1;
	board_write_node(board, node);
	view_look(&view);
}

static void put_row(__u32 number, const char *name)
{
	struct board_row row = { .kind = BOARD_SESSION, .state = 3, .rotation_ms = 3000, .located = 1, .local_port = 0x3930,
				 .local = { 0x20, 1, 0xd, 0xb8, [15] = 1 } };

	memcpy(row.name, name, strnlen(name, sizeof(row.name)));
	board_write_row(&board->row[number], &row);
}

static const char *page_text(__u32 page)
{
	text_clear(&text);
	render_page(&text, &view, page);
	assert_false(text.lost);
	return text.at;
}

static unsigned int count(const char *words, const char *word)
{
	unsigned int found = 0;

	for (; (words = strstr(words, word)); words += strlen(word))
		found++;
	return found;
}

/* --- the board ----------------------------------------------------------------------- */

static void test_board(void **state)
{
	const struct board *theirs = board_map(board_fd);
	struct board_row row;

	(void)state;
	assert_non_null(theirs);
	put_row(7, "somebody");
	assert_true(board_read_row(&theirs->row[7], &row));
	assert_string_equal(row.name, "somebody");
	assert_int_equal(row.sequence, 2);
	put_row(7, "somebody");
	assert_int_equal(board->row[7].sequence, 2); /* the same again is no change */
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, board_fd, 0), MAP_FAILED);
	assert_int_equal(errno, EPERM);
	assert_int_equal(pwrite(board_fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(board_fd, 0), -1);
	board->row[7].sequence++; /* somebody died while he wrote */
	assert_false(board_read_row(&theirs->row[7], &row));
	assert_null(board_map(STDIN_FILENO));
	munmap((void *)theirs, sizeof(*theirs));
}

/* --- foreign words ------------------------------------------------------------------- */

static void test_escapes(void **state)
{
	(void)state;
	text_add_html(&text, HOSTILE);
	assert_string_equal(text.at, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;???{{nic}}");
	text_clear(&text);
	text_add_json(&text, HOSTILE);
	assert_string_equal(text.at, "\"\\u003cscript\\u003ealert(1)\\u003c/script\\u003e\\u0022'\\u0026???{{nic}}\"");
	text_clear(&text);
	text_add_label(&text, "a\"b\\c\nd");
	assert_string_equal(text.at, "\"a\\\"b\\\\c?d\"");
}

static void fill_with(struct board_node *node, const char *words)
{
	struct board_row other = { .kind = BOARD_PEER, .located = 1 };

	PUT(node->nic, words);
	PUT(node->device, words);
	PUT(node->version, words);
	PUT(node->inner, words);
	PUT(node->prefixes[0], words);
	PUT(node->status.level_why, words);
	PUT(node->status.level, words);
	PUT(node->status.store, words);
	PUT(node->status.publication.peer, words);
	PUT(node->lookup.peer, words);
	PUT(node->news[0].words, words);
	node->status.publication.at_ms = node->lookup.at_ms = node->news[0].at_ms = 1;
	node->news_count = node->rows = 1;
	memcpy(other.name, words, sizeof(other.name)); /* without an end */
	board_write_row(&board->other[0], &other);
	put_row(0, words);
}

/* Whatever is called so: nothing of it becomes an element, an attribute or a place to fill in. */
static void test_hostile_names(void **state)
{
	struct board_node node = { .serves = 1 };
	struct render_rows_sent sent = { { 0 } };
	static const char hostile[256] = HOSTILE;

	(void)state;
	fill_with(&node, hostile);
	put_node(&node);
	assert_int_equal(count(page_text(0), "<script>"), 1); /* its own */
	assert_int_equal(count(text.at, "alert(1)\""), 0);
	assert_true(count(text.at, "&lt;script&gt;") >= 10);
	text_clear(&text);
	render_node_event(&text, &view, 0);
	render_rows_event(&text, &view, 0, &sent);
	assert_int_equal(count(text.at, "<"), 0);
	assert_int_equal(count(text.at, "\n\n"), 2);
	text_clear(&text);
	render_metrics(&text, &view);
	assert_non_null(strstr(text.at, "interface=\"<script>alert("));
	assert_int_equal(count(text.at, "\n\n"), 0);
}

/* --- pages --------------------------------------------------------------------------- */

static void test_pages(void **state)
{
	struct board_node node = { .rows = 0 };

	(void)state;
	put_node(&node);
	assert_int_equal(view_pages(&view), 1);
	assert_int_equal(count(page_text(0), "<tr id=\"r"), 0);
	assert_non_null(strstr(text.at, "Nobody has a session here"));
	assert_null(strstr(text.at, "aria-current")); /* no pager for one page */
	for (__u32 row = 0; row < 101; row++)
		put_row(row, "somebody");
	node.rows = 101;
	put_node(&node);
	assert_int_equal(view_pages(&view), 3);
	assert_int_equal(count(page_text(0), "<tr id=\"r"), BOARD_PAGE);
	assert_int_equal(count(page_text(2), "<tr id=\"r"), 1);
	assert_non_null(strstr(text.at, "<tr id=\"r100\">"));
	assert_non_null(strstr(text.at, "<strong aria-current=\"page\">3</strong>"));
	assert_non_null(strstr(text.at, "<a href=\"/?page=2\">&larr; before</a>"));
	assert_int_equal(count(page_text(3), "<tr id=\"r"), 0);
	assert_int_equal(count(page_text(ASK_PAGE_MOST), "<tr id=\"r"), 0);
	node.rows = BOARD_ROWS;
	put_node(&node);
	assert_int_equal(view_pages(&view), ASK_PAGE_MOST + 1);
	assert_int_equal(count(page_text(ASK_PAGE_MOST), "<tr id=\"r"), 0);
	assert_non_null(strstr(text.at, "<a href=\"/?page=1\">1</a><span>&hellip;</span>"));
}

/* A stream says what has changed, and no more. */
static void test_rows_event(void **state)
{
	struct board_node node = { .rows = 2 };
	struct render_rows_sent sent = { { 0 } };
	static const struct board_row nothing;

	(void)state;
	put_row(0, "one");
	put_row(1, "two");
	put_node(&node);
	render_rows_event(&text, &view, 0, &sent);
	assert_non_null(strstr(text.at, "event: rows\ndata: {\"0\":\""));
	assert_non_null(strstr(text.at, ",\"1\":\""));
	text_clear(&text);
	render_rows_event(&text, &view, 0, &sent);
	assert_int_equal(text.length, 0);
	put_row(1, "three");
	board_write_row(&board->row[0], &nothing);
	render_rows_event(&text, &view, 0, &sent);
	assert_non_null(strstr(text.at, "data: {\"0\":null,\"1\":\""));
	assert_non_null(strstr(text.at, "three"));
}

/* --- figures ------------------------------------------------------------------------- */

static void test_rates(void **state)
{
	struct board_node node = { .written_ms = 1000 };

	(void)state;
	put_node(&node);
	assert_true(view_rate(&view, BOARD_OUT_PACKETS) == 0);
	for (int second = 1; second <= 3 * VIEW_SAMPLES; second++) {
		node.written_ms += 1000;
		node.verdict[MF_OUT_SENT] += 100;
		node.verdict[MF_OUT_SENT_SLOW] += 11;
		node.verdict[MF_IN_DELIVERED] += 7;
		node.traffic[BOARD_IN_BYTES] += 3000;
		put_node(&node);
		put_node(&node); /* looked at twice, it is one sample */
		assert_true(view_rate(&view, BOARD_OUT_PACKETS) == 111);
		assert_true(view_rate(&view, BOARD_IN_PACKETS) == 7);
		assert_true(view_rate(&view, BOARD_IN_BYTES) == 3000);
	}
	assert_true(view_rate_before(&view, BOARD_IN_PACKETS, VIEW_SAMPLES - 2) == 7);
	assert_true(view_rate_before(&view, BOARD_IN_PACKETS, VIEW_SAMPLES - 1) < 0);
	memset(node.verdict, 0, sizeof(node.verdict)); /* another loader counts from nothing */
	node.written_ms += 1000;
	put_node(&node);
	assert_true(view_rate(&view, BOARD_OUT_PACKETS) == 0);
}

static void test_metrics(void **state)
{
	struct board_node node = { .serves = 1, .states = { [3] = 15000 }, .verdict = { [MF_DROP_DEAD] = 12345678901ULL } };
	size_t before;

	(void)state;
	put_node(&node);
	render_metrics(&text, &view);
	assert_non_null(strstr(text.at, "\nmayfly_sessions{state=\"up\"} 15000\n"));
	assert_non_null(strstr(text.at, "\nmayfly_packets_total{verdict=\"drop_dead\"} 12345678901\n"));
	assert_non_null(strstr(text.at, "\nmayfly_rendezvous_clients 0\n"));
	before = count(text.at, "\n");
	node.rows = 1000;
	for (__u32 row = 0; row < node.rows; row++)
		put_row(row, "somebody");
	put_node(&node);
	text_clear(&text);
	render_metrics(&text, &view);
	assert_int_equal(count(text.at, "\n"), before); /* no more series for more sessions */
	assert_null(strstr(text.at, "somebody"));
}

/* --- who asks ------------------------------------------------------------------------ */

static void test_hosts(void **state)
{
	static const char *const names[] = { "page.example", "wall" };
	static const char *const ours[] = { "localhost", "LOCALHOST:9808", "[::1]", "[::1]:9808", "127.0.0.1", "10.0.0.1:80",
					    "[fd6d::1]:1", "page.example", "Page.Example:65535", "wall:1" };
	static const char *const foreign[] = { "", ":", ":80", "[", "[]", "[::1", "[::1]x", "[::1]:", "[::1]:0", "[::1]:65536",
					       "[localhost]", "[127.0.0.1]", "::1", "localhost:", "localhost:x", "localhost.",
					       "evil.example", "page.example.evil", "xpage.example", "page.exampl", "127.0.0.1.evil",
					       "127.1", "0x7f000001", "localhost evil", "localhost,evil", "user@localhost" };
	char much[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		assert_true(ask_host_is_ours(ours[i], names, 2));
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (ask_host_is_ours(foreign[i], names, 2))
			fail_msg("%s is taken for ours", foreign[i]);
	assert_false(ask_host_is_ours(NULL, names, 2));
	assert_false(ask_host_is_ours("page.example", names, 0));
	memset(much, '[', sizeof(much) - 1);
	much[sizeof(much) - 1] = 0;
	assert_false(ask_host_is_ours(much, names, 2));
}

static void test_page_number(void **state)
{
	__u32 page = 42;

	(void)state;
	assert_int_equal(ask_page("", &page), -EINVAL);
	assert_int_equal(ask_page("0", &page), -ERANGE);
	assert_int_equal(ask_page("20001", &page), -ERANGE);
	assert_int_equal(ask_page("-1", &page), -EINVAL);
	assert_int_equal(ask_page("1 ", &page), -EINVAL);
	assert_int_equal(page, 42);
	assert_int_equal(ask_page("20000", &page), 0);
	assert_int_equal(page, ASK_PAGE_MOST);
	assert_int_equal(ask_page(NULL, &page), 0);
	assert_int_equal(page, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_board, open_board, close_board),
		cmocka_unit_test_setup_teardown(test_escapes, open_board, close_board),
		cmocka_unit_test_setup_teardown(test_hostile_names, open_board, close_board),
		cmocka_unit_test_setup_teardown(test_pages, open_board, close_board),
		cmocka_unit_test_setup_teardown(test_rows_event, open_board, close_board),
		cmocka_unit_test_setup_teardown(test_rates, open_board, close_board),
		cmocka_unit_test_setup_teardown(test_metrics, open_board, close_board),
		cmocka_unit_test(test_hosts), cmocka_unit_test(test_page_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
