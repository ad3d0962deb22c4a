// SPDX-License-Identifier: GPL-2.0-only
/* Beginning, signals and end of whoever keeps sessions. */
#include "ctl/keeping.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ctl/config_file.h"
#include "ctl/down.h"
#include "ctl/keeper_lock.h"
#include "ctl/state.h"
#include "ctl/up.h"

/* --- sessions ------------------------------------------------------------------------ */

static void on_lost(void *context, __u32 number)
{
	struct keeping *keeping = context;

	connecting_lost(&keeping->connecting, number);
}

static void on_introduced(void *context, __u32 number)
{
	struct keeping *keeping = context;

	connecting_introduced(&keeping->connecting, number);
}

static void on_changed(void *context, __u32 number)
{
	struct keeping *keeping = context;

	keeping_level_follow(keeping, number);
	connecting_changed(&keeping->connecting, number);
	sessions_tell_changed(&keeping->tell, number);
	board_fill_peer(&keeping->page.fill, number);
}

static void on_looked(void *context, const struct mf_assoc_status *status, __u32 number)
{
	struct keeping *keeping = context;

	board_fill_looked(&keeping->page.fill, status, number);
}

static const struct sessions_owner owner = {
	.lost = on_lost, .introduced = on_introduced, .changed = on_changed, .looked = on_looked,
};

static bool is_firewalled(const struct config *config)
{
	bool firewall = config->node.firewall;

	for (size_t i = 0; i < config->meet_count; i++)
		firewall |= config->meets[i].firewall & MF_ASSOC_OPENS;
	return firewall;
}

static int open_sessions(struct keeping *keeping, char why[static SAY_BYTES])
{
	const struct config *config = &keeping->config;
	const struct sessions_settings settings = {
		.loop = &keeping->loop,
		.loader = &keeping->loader,
		.private_key = keeping->private_key,
		.public_key = keeping->public_key,
		.prefix = keeping->prefix,
		.rotation_ms = CONFIG_ROTATION_DEFAULT_MS,
		.period_s = config->node.rendezvous.period_ms / 1000,
		.idle_ms = config->node.idle_ms,
		.firewall = is_firewalled(config),
		.encap = config->node.carriage == MF_CARRIAGE_ENCAP,
		.padding = (__u8)config->node.padding,
		.leaves_others = keeping->served_ms != 0, /* a serve that comes back has clients */
		.owner = &owner,
		.context = keeping,
	};

	return sessions_open(&keeping->sessions, &settings, why);
}

int keeping_open_tell(struct keeping *keeping, char why[static SAY_BYTES])
{
	char path[SESSIONS_TELL_PATH];
	int error;

	sessions_tell_path(path, keeping->loader.path, SESSIONS_UP);
	error = sessions_tell_open(&keeping->tell, &keeping->sessions, &keeping->loop, path, why);
	keeping->tell.level = keeping_level_words;
	keeping->tell.context = keeping;
	return error;
}

static void open_page(struct keeping *keeping)
{
	const struct config_node *node = &keeping->config.node;
	const struct board_settings settings = {
		.sessions = &keeping->sessions, .loader = &keeping->loader,
		.public_key = keeping->private_key ? keeping->public_key : NULL,
		.status = keeping_status, .context = keeping,
	};
	char why[SAY_BYTES];

	if (page_open(&keeping->page, &keeping->loop, &node->listen, &node->listen_names, &settings, why))
		say_note("%s", why);
	keeping->sessions.looks = keeping->page.open;
}

static int open_connecting(struct keeping *keeping, char why[static SAY_BYTES])
{
	const struct config *config = &keeping->config;
	struct connecting_settings settings = {
		.loop = &keeping->loop,
		.sessions = &keeping->sessions,
		.loader = &keeping->loader,
		.rendezvous = &config->node.rendezvous,
		.private_key = keeping->private_key,
		.public_key = keeping->public_key,
		.prefix = keeping->prefix,
		.by_default = true,
		.told = keeping_told,
		.context = keeping,
	};

	if (config->node.rendezvous.store.kind != CONFIG_STORE_REDIS)
		settings.nodes_path = state_path(keeping->nodes, keeping->settings.state, "nodes");
	return connecting_open(&keeping->connecting, &settings, why);
}

static void take_peers(struct keeping *keeping)
{
	char why[SAY_BYTES];

	if (keeping->connecting.lookups && connecting_take(&keeping->connecting, &keeping->config, why))
		say_error("%s", why);
}

/* A node without a key of its own meets nobody, and may have static peers. */
int keeping_open_sessions(struct keeping *keeping, char why[static SAY_BYTES])
{
	int error;

	if (keeping->serves || (!keeping->private_key && !keeping->config.meet_count))
		return 0;
	error = open_sessions(keeping, why);
	if (!error)
		error = open_connecting(keeping, why);
	if (error)
		return error;
	if (keeping_open_tell(keeping, why))
		say_note("mayflyctl sessions does not know of these yet: %s", why);
	open_page(keeping);
	take_peers(keeping);
	if (sessions_adopt(&keeping->sessions, why))
		say_note("sessions of an earlier process stay as they are: %s", why);
	connecting_adopted(&keeping->connecting);
	return 0;
}

/* --- reading ------------------------------------------------------------------------- */

static int read_config(struct keeping *keeping, struct config *config, __u8 public_key[static KEY_PUBLIC_BYTES],
		       char why[static SAY_BYTES])
{
	return config_file_read_in(config, public_key, keeping->settings.file, &keeping->prefix, why);
}

static int read_all(struct keeping *keeping, char why[static SAY_BYTES])
{
	int error = read_config(keeping, &keeping->config, keeping->public_key, why);

	if (error || !keeping->config.node.line_of[NODE_PRIVATE_KEY_FILE])
		return error;
	keeping->private_key = key_secret_new(KEY_PRIVATE_BYTES);
	if (!keeping->private_key)
		return say_why(why, -ENOMEM, "no memory for the private key");
	return key_read_private(keeping->config.node.private_key_file, keeping->private_key, why);
}

void keeping_leave_sessions(struct keeping *keeping)
{
	page_close(&keeping->page);
	if (keeping->connecting.lookups && !keeping->leaves) {
		connecting_leave(&keeping->connecting);
		sessions_end_all(&keeping->sessions, SESSION_CLOSED);
	}
	if (keeping->connecting.lookups)
		connecting_close(&keeping->connecting);
	sessions_tell_close(&keeping->tell);
	if (keeping->sessions.open)
		sessions_close(&keeping->sessions);
}

/* The node first, as reload does, unless a serve minds it; then peers and prefix. */
void keeping_reload(struct keeping *keeping)
{
	__u8 public_key[KEY_PUBLIC_BYTES];
	struct client loader = { .fd = -1 };
	struct config config;
	char why[SAY_BYTES];

	keeping_mind_serve(keeping);
	if (read_config(keeping, &config, public_key, why)) {
		say_error("%s; everything stays as it was", why);
		return;
	}
	if (memcmp(public_key, keeping->public_key, sizeof(public_key)))
		say_note("the key in PrivateKeyFile has changed: it takes effect after mayflyctl down and up");
	if (!keeping->serves && !up_bring(keeping->settings.ctl, keeping->settings.file,
					  KEEPING_ROOM * (__u32)config.meet_count, true, &loader))
		client_close(&loader);
	config_close(&keeping->config);
	keeping->config = config;
	if (keeping->sessions.open)
		sessions_settle(&keeping->sessions, config.node.idle_ms, is_firewalled(&config));
	take_peers(keeping);
	keeping_roam_take(keeping);
	if (keeping->connecting.lookups)
		keeping_look_around(keeping);
}

/* --- the node in the loader ---------------------------------------------------------- */

static void on_look(uv_timer_t *timer);
static void end(struct keeping *keeping);

static void look_again(struct keeping *keeping, __u32 pause_ms)
{
	uv_timer_start(&keeping->look, on_look, pause_ms, 0);
}

/* Sessions begin again; what there is of introductions is put anew whenever it is needed. */
static void begin_again(struct keeping *keeping)
{
	say_note("the loader has forgotten the node: it is up again, sessions begin anew");
	if (keeping->connecting.lookups)
		sessions_forgotten(&keeping->sessions);
}

static __u32 look_at_node(struct keeping *keeping)
{
	enum node_news news;
	__u32 pause_ms;

	news = node_watch_look(&keeping->node, &keeping->loader, &pause_ms);
	if (news == NODE_MISSING) {
		keeping_reload(keeping);
		news = node_watch_look(&keeping->node, &keeping->loader, &pause_ms);
	}
	if (news == NODE_MISSING)
		pause_ms = NODE_WATCH_SLOW_MS;
	else if (news == NODE_ANEW)
		begin_again(keeping);
	return pause_ms;
}

/* A serve minds the node. */
static void on_look(uv_timer_t *timer)
{
	struct keeping *keeping = timer->data;

	if (keeping_mind_place(keeping)) {
		end(keeping);
		return;
	}
	if (keeping->rereads) {
		keeping->rereads = false;
		keeping_reload(keeping);
	}
	keeping_mind_serve(keeping);
	look_again(keeping, keeping->serves ? NODE_WATCH_MS : look_at_node(keeping));
}

/* --- beginning and end --------------------------------------------------------------- */

static void end(struct keeping *keeping)
{
	if (keeping->closing)
		return;
	keeping->closing = true;
	mf_notify_send(&keeping->notify, "STOPPING=1");
	keeping_say_ended(keeping);
	keeping_leave_sessions(keeping);
	keeping_roam_close(keeping);
	keeping_events_close(keeping);
	uv_close((uv_handle_t *)&keeping->patience, NULL);
	uv_close((uv_handle_t *)&keeping->look, NULL);
	service_alive_close(&keeping->alive);
	for (int i = 0; i < KEEPING_SIGNALS; i++)
		uv_close((uv_handle_t *)&keeping->signals[i], NULL);
}

static void end_by(struct keeping *keeping, int number)
{
	if (keeping->closing)
		return;
	keeping->leaves = number == SIGUSR2;
	keeping->clears = keeping->settings.takes_down && !keeping->leaves;
	end(keeping);
}

/* Of all signals that wait the end comes first: a node that was taken down meanwhile is not to be brought up by its file. */
static void on_signal(uv_signal_t *handle, int number)
{
	struct keeping *keeping = handle->data;

	if (number != SIGHUP) {
		end_by(keeping, number);
	} else if (!keeping->closing) {
		keeping->rereads = true;
		look_again(keeping, KEEPING_SIGNALS_MS);
	}
}

static void on_patience_over(uv_timer_t *timer)
{
	keeping_give_up(timer->data);
}

static int open_loop(struct keeping *keeping, char why[static SAY_BYTES])
{
	static const int numbers[KEEPING_SIGNALS] = { SIGHUP, SIGUSR2, SIGINT, SIGTERM };

	if (uv_loop_init(&keeping->loop))
		return say_why(why, -ENOMEM, "no memory for the event loop");
	uv_timer_init(&keeping->loop, &keeping->patience);
	uv_timer_init(&keeping->loop, &keeping->look);
	keeping->patience.data = keeping->look.data = keeping;
	service_alive_open(&keeping->alive, &keeping->loop, &keeping->notify);
	for (int i = 0; i < KEEPING_SIGNALS; i++) {
		uv_signal_init(&keeping->loop, &keeping->signals[i]);
		keeping->signals[i].data = keeping;
		uv_signal_start(&keeping->signals[i], on_signal, numbers[i]);
	}
	service_release_signals();
	keeping->begun = true;
	return 0;
}

static int begin(struct keeping *keeping, char why[static SAY_BYTES])
{
	int error = read_all(keeping, why);

	if (error)
		return error;
	if (ctl_connect(keeping->settings.ctl, keeping->config.node.interface, &keeping->loader))
		return say_why(why, -ENOTCONN, "no loader, no sessions");
	keeper_path(keeping->place.path, keeping->loader.path, SESSIONS_UP);
	client_be_patient(&keeping->loader, KEEPING_PATIENCE_S);
	node_watch_begin(&keeping->node, &keeping->loader);
	keeping->serves = keeper_of(keeping->loader.path, SESSIONS_SERVE) != KEEPER_NOBODY;
	keeping->served_ms = keeping->serves ? sessions_now_ms() : 0;
	keeping->prefix = keeping->config.node.prefixes.template[0];
	error = open_loop(keeping, why);
	if (error)
		return error;
	keeping_events_open(keeping);
	error = keeping_roam_open(keeping);
	if (error)
		return say_why(why, error, "cannot watch for addresses: %s", strerror(-error));
	return keeping_open_sessions(keeping, why);
}

static void wait_for_sessions(struct keeping *keeping)
{
	if (!keeping->settings.wait_ms)
		keeping_judge(keeping, CTL_FINE);
	keeping_look_around(keeping);
	look_again(keeping, NODE_WATCH_MS);
	if (keeping->settings.wait_ms)
		uv_timer_start(&keeping->patience, on_patience_over, keeping->settings.wait_ms, 0);
}

int keeping_run(const struct keeping_settings *settings)
{
	struct keeping keeping = {
		.settings = *settings, .prefix = settings->prefix, .loader.fd = -1, .notify.fd = -1,
		.place = { .lock = settings->lock, .file = settings->file }, .events.loader.fd = -1,
	};
	char why[SAY_BYTES];
	int error;

	mf_notify_open(&keeping.notify);
	signal(SIGHUP, SIG_IGN); /* from a serve or reload that has found the lock, before there is a loop to hear it */
	if (keeper_sign(settings->lock, settings->file))
		say_note("this process cannot be found by its lock, nor told to end by mayflyctl down");
	error = begin(&keeping, why);
	if (error) {
		say_error("%s", why);
		keeping_judge(&keeping, CTL_FAILED);
	}
	if (error && keeping.begun)
		end(&keeping);
	else if (!error)
		wait_for_sessions(&keeping);
	if (keeping.begun) {
		uv_run(&keeping.loop, UV_RUN_DEFAULT);
		uv_loop_close(&keeping.loop);
	}
	if (!error && keeping.clears)
		error = down_clear(&keeping.loader);
	if (keeping.shut_out)
		error = -ENOLCK;
	if (keeping.place.lock != settings->lock)
		close(keeping.place.lock);
	client_close(&keeping.loader);
	mf_notify_close(&keeping.notify);
	key_secret_free(keeping.private_key);
	config_close(&keeping.config);
	return error ? CTL_FAILED : CTL_FINE;
}
