// SPDX-License-Identifier: GPL-2.0-only
/* Requests: who may ask, for what, how long it may take, and what the answer says besides. */
#include "page/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "page/ask.h"

__u64 http_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

/* --- visitors ------------------------------------------------------------------------ */

struct http_visitor *http_visitor_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void greet(struct http *http, struct MHD_Connection *connection, void **context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_visitor *visitor = info ? calloc(1, sizeof(*visitor)) : NULL;

	*context = visitor;
	http->view.connections++;
	if (!visitor)
		return;
	visitor->fd = info->connect_fd;
	visitor->since_ms = http_now_ms();
	visitor->next = http->visitors;
	visitor->at = &http->visitors;
	if (visitor->next)
		visitor->next->at = &visitor->next;
	http->visitors = visitor;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **visitor,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http *http = context;
	struct http_visitor *gone = *visitor;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		greet(http, connection, visitor);
		return;
	}
	http->view.connections--;
	if (!gone)
		return;
	*gone->at = gone->next;
	if (gone->next)
		gone->next->at = gone->at;
	free(gone);
	*visitor = NULL;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
			 enum MHD_RequestTerminationCode code)
{
	struct http_visitor *visitor = http_visitor_of(connection);

	(void)context;
	(void)request;
	(void)code;
	if (!visitor)
		return;
	visitor->since_ms = http_now_ms();
	visitor->asks = visitor->streams = false;
}

static bool has_gone(const struct http_visitor *visitor)
{
	char byte;

	return !recv(visitor->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
}

/*
 * libmicrohttpd ends what is idle, but not who says a byte now and then; and where the last byte and the end have come at
 * once, it reads the byte and waits for another edge of epoll, which the end has had. It closes what is shut down here.
 */
static void show_out(struct http *http)
{
	__u64 now_ms = http_now_ms();

	for (struct http_visitor *visitor = http->visitors; visitor; visitor = visitor->next)
		if (!visitor->streams && (now_ms - visitor->since_ms > HTTP_REQUEST_MS || (!visitor->asks && has_gone(visitor))))
			shutdown(visitor->fd, SHUT_RDWR);
}

/* --- answers ------------------------------------------------------------------------- */

static void add_heads(struct MHD_Response *response, const char *type)
{
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
	MHD_add_response_header(response, "X-Frame-Options", "DENY");
	MHD_add_response_header(response, "Content-Security-Policy", render_policy());
}

/* Takes the text. NULL: no memory. */
static struct MHD_Response *response_of(struct text *text, const char *type)
{
	struct MHD_Response *response = NULL;
	size_t length;
	char *bytes = text_take(text, &length);

	if (bytes)
		response = MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE);
	if (response)
		add_heads(response, type);
	else
		free(bytes);
	return response;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* Who asks for something else than there is gets a line, and the connection ends. */
static enum MHD_Result refuse(struct http *http, struct MHD_Connection *connection, unsigned int status, const char *why)
{
	struct text text = { 0 };
	struct MHD_Response *response;

	http->view.requests[HTTP_REFUSED]++;
	text_print(&text, "%s\n", why);
	response = response_of(&text, "text/plain; charset=us-ascii");
	if (response && status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (response && status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "10");
	if (response)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return answer(connection, status, response);
}

/* --- what there is ------------------------------------------------------------------- */

static enum MHD_Result give_page(struct http *http, struct MHD_Connection *connection, __u32 page)
{
	struct text text = { 0 };

	http->view.requests[HTTP_PAGE]++;
	http_watch(http, page);
	view_look(&http->view);
	render_page(&text, &http->view, page);
	return answer(connection, page < view_pages(&http->view) ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND,
		      response_of(&text, "text/html; charset=us-ascii"));
}

/* Rendered at most once a second, however often they are asked for. */
static enum MHD_Result give_metrics(struct http *http, struct MHD_Connection *connection)
{
	__u64 now_ms = http_now_ms();
	struct text text = { 0 };

	http->view.requests[HTTP_METRICS]++;
	if (!http->metrics || now_ms - http->metrics_ms >= HTTP_SLOW_MS) {
		if (http->metrics)
			MHD_destroy_response(http->metrics);
		view_look(&http->view);
		render_metrics(&text, &http->view);
		http->metrics = response_of(&text, "text/plain; version=0.0.4; charset=utf-8");
		http->metrics_ms = now_ms;
	}
	return http->metrics ? MHD_queue_response(connection, MHD_HTTP_OK, http->metrics) : MHD_NO;
}

static enum MHD_Result give_events(struct http *http, struct MHD_Connection *connection, __u32 page, bool head)
{
	struct MHD_Response *response;
	struct text text = { 0 };

	http->view.requests[HTTP_EVENTS]++;
	if (head) {
		text_add(&text, "");
		return answer(connection, MHD_HTTP_OK, response_of(&text, "text/event-stream"));
	}
	response = http_stream_open(http, connection, page);
	if (!response)
		return refuse(http, connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many follow this page already");
	add_heads(response, "text/event-stream");
	return answer(connection, MHD_HTTP_OK, response);
}

/* --- requests ------------------------------------------------------------------------ */

static enum MHD_Result count_host(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
	unsigned int *count = context;

	(void)kind;
	(void)value;
	if (!strcasecmp(key, MHD_HTTP_HEADER_HOST))
		++*count;
	return MHD_YES;
}

/* One Host, and ours: else it may be somebody's page whose name has been made to lead here. */
static bool is_for_us(const struct http *http, struct MHD_Connection *connection)
{
	unsigned int hosts = 0;

	MHD_get_connection_values(connection, MHD_HEADER_KIND, count_host, &hosts);
	return hosts == 1 &&
	       ask_host_is_ours(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST), http->names,
				http->name_count);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path, const char *method,
				  const char *version, const char *body, size_t *body_bytes, void **request)
{
	struct http_visitor *visitor = http_visitor_of(connection);
	bool head = !strcmp(method, MHD_HTTP_METHOD_HEAD);
	struct http *http = context;
	__u32 page = 0;

	(void)version;
	(void)body;
	(void)body_bytes;
	(void)request;
	if (visitor)
		visitor->asks = true;
	if (!head && strcmp(method, MHD_HTTP_METHOD_GET))
		return refuse(http, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "this page is only looked at: GET or HEAD");
	if (!is_for_us(http, connection))
		return refuse(http, connection, MHD_HTTP_MISDIRECTED_REQUEST,
			      "ask by address, or by a name in ListenName of mayfly.conf");
	if (!strcmp(path, "/metrics"))
		return give_metrics(http, connection);
	if (strcmp(path, "/") && strcmp(path, "/events")) {
		http->view.requests[HTTP_OTHER]++;
		return refuse(http, connection, MHD_HTTP_NOT_FOUND, "there are /, /metrics and /events");
	}
	if (ask_page(MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "page"), &page))
		return refuse(http, connection, MHD_HTTP_BAD_REQUEST, "page: expected a number from 1 on");
	return path[1] ? give_events(http, connection, page, head) : give_page(http, connection, page);
}

/* What is escaped is nothing that there is, and no number. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

/* --- turns --------------------------------------------------------------------------- */

static void say_nothing(void *context, const char *format, va_list arguments)
{
	(void)context;
	(void)format;
	(void)arguments;
}

int http_open(struct http *http, int fd)
{
	const union MHD_DaemonInfo *info;

	http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, http,
					MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
					MHD_OPTION_LISTEN_SOCKET, fd,
					MHD_OPTION_CONNECTION_LIMIT, (unsigned int)HTTP_CONNECTIONS,
					MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)HTTP_CONNECTIONS_OF_ONE,
					MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)HTTP_IDLE_S,
					MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_MEMORY,
					MHD_OPTION_STRICT_FOR_CLIENT, 1,
					MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
					MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
					MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
					MHD_OPTION_END);
	info = http->daemon ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		return -EIO;
	http->epoll_fd = info->epoll_fd;
	return 0;
}

static __u64 pause_ms(const struct http *http)
{
	return http->view.streams ? HTTP_TICK_MS : HTTP_SLOW_MS;
}

int http_timeout_ms(const struct http *http)
{
	__u64 now_ms = http_now_ms(), tick_ms = http->tick_ms + pause_ms(http);
	__u64 left_ms = tick_ms > now_ms ? tick_ms - now_ms : 0;
	MHD_UNSIGNED_LONG_LONG wanted_ms;

	if (MHD_get_timeout(http->daemon, &wanted_ms) == MHD_YES && wanted_ms < left_ms)
		left_ms = wanted_ms;
	return (int)left_ms;
}

void http_turn(struct http *http)
{
	__u64 now_ms = http_now_ms();

	if (now_ms - http->tick_ms >= pause_ms(http)) {
		http->tick_ms = now_ms;
		view_look(&http->view);
		http_streams_tick(http);
		show_out(http);
	}
	MHD_run(http->daemon);
}
