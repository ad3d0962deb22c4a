/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page over HTTP: GET and HEAD of /, /metrics and /events, for whoever says a Host that is ours. One thread; connections,
 * streams, their memory and their time are all bounded.
 */
#ifndef MAYFLY_PAGE_HTTP_H
#define MAYFLY_PAGE_HTTP_H

#include <microhttpd.h>

#include "page/render.h"

enum {
	HTTP_CONNECTIONS = 64,
	HTTP_STREAMS = 16,
	HTTP_CONNECTIONS_OF_ONE = 24, /* of an address, which leaves room for others; those of a Unix socket have none */
	HTTP_MEMORY = 16384,     /* bytes for the head of a request and of its answer, a connection */
	HTTP_IDLE_S = 10,        /* a connection on which nothing happens, */
	HTTP_REQUEST_MS = 15000, /* and a request that takes longer than this, however steadily, are ended */
	HTTP_TICK_MS = 200,      /* between two looks at the board while somebody follows it, */
	HTTP_SLOW_MS = 1000,     /* and while nobody does; between two events of the node, and two renderings of metrics */
};

enum http_path { HTTP_OTHER, HTTP_PAGE, HTTP_METRICS, HTTP_EVENTS, HTTP_REFUSED, HTTP_PATHS };

struct http;

struct http_visitor {
	int fd;
	bool asks, streams; /* a request is under way; one that goes on */
	__u64 since_ms; /* of the connection, or the end of its last request */
	struct http_visitor *next, **at;
};

struct http_stream {
	struct http *http;
	struct MHD_Connection *connection; /* NULL: free */
	struct http_visitor *visitor;
	__u32 page;
	struct text text;
	size_t sent;      /* of it */
	bool waits;       /* suspended: all is sent */
	__u64 node_ms;    /* when the node was last told of */
	struct render_rows_sent rows;
};

struct http {
	struct view view;
	const char *const *names; /* that a Host may say besides */
	unsigned int name_count;
	int line;                 /* to whom fills the board: pages that are watched */
	struct MHD_Daemon *daemon;
	int epoll_fd;
	struct http_visitor *visitors;
	struct http_stream stream[HTTP_STREAMS];
	struct MHD_Response *metrics; /* of metrics_ms; NULL: none yet */
	__u64 metrics_ms, tick_ms;
};

/* `fd` listens already. 0 or -EIO. */
int http_open(struct http *http, int fd);
int http_timeout_ms(const struct http *http); /* until it wants its turn at the latest */
void http_turn(struct http *http);

/* --- stream.c --- */

/* A stream of this page, or NULL: there are too many. */
struct MHD_Response *http_stream_open(struct http *http, struct MHD_Connection *connection, __u32 page);
void http_streams_tick(struct http *http);
void http_watch(const struct http *http, __u32 page);
__u64 http_now_ms(void); /* monotonic */
struct http_visitor *http_visitor_of(struct MHD_Connection *connection);

#endif
