// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams of events. What a stream has to say is written when it has said all that it had before: who reads slowly hears
 * less often, and never of anything but the present.
 */
#include <sys/socket.h>

#include "page/http.h"

/* Nobody's loss if the other end does not take it now: it is said again. */
void http_watch(const struct http *http, __u32 page)
{
	if (send(http->line, &page, sizeof(page), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

static ssize_t read_stream(void *context, uint64_t position, char *to, size_t most)
{
	struct http_stream *stream = context;
	size_t left = stream->text.length - stream->sent;

	(void)position;
	if (!left) {
		text_close(&stream->text); /* the first event is long, what follows is not */
		stream->sent = 0;
		stream->waits = true;
		MHD_suspend_connection(stream->connection);
		return 0;
	}
	if (left > most)
		left = most;
	memcpy(to, stream->text.at + stream->sent, left);
	stream->sent += left;
	return (ssize_t)left;
}

static void close_stream(void *context)
{
	struct http_stream *stream = context;

	stream->http->view.streams--;
	text_close(&stream->text);
	*stream = (struct http_stream){ 0 };
}

static void write_stream(struct http_stream *stream, __u64 now_ms)
{
	struct text *text = &stream->text;

	text_clear(text);
	stream->sent = 0;
	if (!stream->node_ms)
		text_add(text, "retry: 2000\n\n");
	if (!stream->node_ms || now_ms - stream->node_ms >= HTTP_SLOW_MS) {
		stream->node_ms = now_ms;
		http_watch(stream->http, stream->page);
		render_node_event(text, &stream->http->view, stream->page);
	}
	render_rows_event(text, &stream->http->view, stream->page, &stream->rows);
	if (text->lost) /* half an event is worse than none */
		text_close(text);
}

static struct http_stream *free_stream(struct http *http)
{
	for (int i = 0; i < HTTP_STREAMS; i++)
		if (!http->stream[i].connection)
			return &http->stream[i];
	return NULL;
}

struct MHD_Response *http_stream_open(struct http *http, struct MHD_Connection *connection, __u32 page)
{
	struct http_stream *stream = free_stream(http);
	struct MHD_Response *response;

	if (!stream)
		return NULL;
	*stream = (struct http_stream){ .http = http, .connection = connection, .page = page,
					.visitor = http_visitor_of(connection) };
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTP_MEMORY / 4, read_stream, stream, close_stream);
	if (!response) {
		stream->connection = NULL;
		return NULL;
	}
	http->view.streams++;
	if (stream->visitor)
		stream->visitor->streams = true;
	write_stream(stream, http_now_ms());
	return response;
}

void http_streams_tick(struct http *http)
{
	__u64 now_ms = http_now_ms();

	for (int i = 0; i < HTTP_STREAMS; i++) {
		struct http_stream *stream = &http->stream[i];

		if (!stream->connection || !stream->waits)
			continue;
		write_stream(stream, now_ms);
		if (!stream->text.length)
			continue;
		stream->waits = false;
		MHD_resume_connection(stream->connection);
	}
}
