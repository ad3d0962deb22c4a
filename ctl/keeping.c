// SPDX-License-Identifier: GPL-2.0-only
/* Beginning, signals and end of whoever keeps sessions; and what a person and systemd hear of them. */
#include "ctl/keeping.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ctl/config_file.h"
#include "ctl/keeper_lock.h"
#include "ctl/rendezvous_status.h"
#include "ctl/state.h"
#include "ctl/up.h"

/* --- what is said -------------------------------------------------------------------- */

static void judge(struct keeping *keeping, enum ctl_exit verdict)
{
	char byte = (char)verdict;

	if (keeping->judged)
		return;
	keeping->judged = true;
	fflush(stdout);
	if (keeping->settings.verdict < 0)
		return;
	if (write(keeping->settings.verdict, &byte, 1) != 1)
		say_note("nobody waits for these sessions");
	close(keeping->settings.verdict);
	keeping->settings.verdict = -1;
}

static void tell_systemd(struct keeping *keeping, size_t kept, size_t standing)
{
	char status[80];

	if (!keeping->ready && kept == standing) {
		keeping->ready = true;
		mf_notify_send(&keeping->notify, "READY=1");
	}
	snprintf(status, sizeof(status), "STATUS=%zu of %zu sessions stand", standing, kept);
	mf_notify_send(&keeping->notify, status);
}

static void look_around(struct keeping *keeping)
{
	size_t kept, standing;

	connecting_count(&keeping->connecting, &kept, &standing);
	tell_systemd(keeping, kept, standing);
	if (kept == standing)
		judge(keeping, CTL_FINE);
}

static void print_news(const struct connecting_news *news)
{
	switch (news->word) {
	case CONNECTING_LOOKING: printf("%s: looking up where it is to be met\n", news->name); break;
	case CONNECTING_FOUND: printf("%s: found in %.1f ms\n", news->name, (double)news->us / 1000); break;
	case CONNECTING_MISSING: printf("%s: not found: %s\n", news->name, news->text); break;
	case CONNECTING_ASKING: printf("%s: asking for a session\n", news->name); break;
	case CONNECTING_STANDING: printf("%s: session stands in %.1f ms\n", news->name, (double)news->us / 1000); break;
	case CONNECTING_SILENT: printf("%s: does not answer\n", news->name); break;
	case CONNECTING_OVER: printf("%s: session ended: %s\n", news->name, news->text); break;
	case CONNECTING_REFUSED: printf("%s: no introduction: %s\n", news->name, news->text); break;
	}
	fflush(stdout);
}

static void on_told(void *context, const struct connecting_news *news)
{
	print_news(news);
	if (news->word == CONNECTING_STANDING || news->word == CONNECTING_OVER || news->word == CONNECTING_SILENT)
		look_around(context);
}

static void on_patience_over(uv_timer_t *timer)
{
	struct keeping *keeping = timer->data;

	for (size_t i = 0; !keeping->judged && i < keeping->connecting.peers; i++) {
		const struct connecting_peer *peer = &keeping->connecting.peer[i];

		if (peer->plan.keep && peer->plan.state != CONNECTING_STANDS)
			say_error("%s has no session yet: %s; it is tried on in the background", peer->name,
				  *peer->why ? peer->why : "no answer so far");
	}
	judge(keeping, CTL_FAILED);
}

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

	connecting_changed(&keeping->connecting, number);
	sessions_tell_changed(&keeping->tell, number);
}

static const struct sessions_owner owner = { .lost = on_lost, .introduced = on_introduced, .changed = on_changed };

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
		.owner = &owner,
		.context = keeping,
	};

	return sessions_open(&keeping->sessions, &settings, why);
}

/* That nobody can be told of them is no reason not to have sessions. */
static void open_tell(struct keeping *keeping)
{
	char path[SESSIONS_TELL_PATH], why[SAY_BYTES];

	sessions_tell_path(path, keeping->loader.path, SESSIONS_UP);
	if (sessions_tell_open(&keeping->tell, &keeping->sessions, &keeping->loop, path, why))
		say_note("mayflyctl sessions will not know of these: %s", why);
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
		.firewall = config->node.firewall,
		.told = on_told,
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

/* A node without a key of its own meets nobody. */
static int open_all(struct keeping *keeping, char why[static SAY_BYTES])
{
	int error;

	if (keeping->serves || !keeping->config.node.line_of[NODE_PRIVATE_KEY_FILE])
		return 0;
	error = open_sessions(keeping, why);
	if (!error)
		error = open_connecting(keeping, why);
	if (error)
		return error;
	open_tell(keeping);
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
	return config_file_read(config, public_key, keeping->settings.file, why);
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

static void leave_sessions(struct keeping *keeping)
{
	if (keeping->connecting.lookups) {
		connecting_leave(&keeping->connecting);
		sessions_end_all(&keeping->sessions, SESSION_CLOSED);
		connecting_close(&keeping->connecting);
	}
	sessions_tell_close(&keeping->tell);
	if (keeping->sessions.open)
		sessions_close(&keeping->sessions);
}

static bool is_served(const struct client *loader)
{
	struct rendezvous_status status;
	char path[RENDEZVOUS_STATUS_PATH], why[SAY_BYTES];

	rendezvous_status_path(path, loader->path, RENDEZVOUS_SERVE);
	return !rendezvous_status_read(path, &status, why) && rendezvous_status_is_live(&status);
}

/* A serve that has begun meanwhile takes over, and minds the node as well. */
static void mind_serve(struct keeping *keeping)
{
	if (keeping->serves || !is_served(&keeping->loader))
		return;
	keeping->serves = true;
	leave_sessions(keeping);
	uv_timer_stop(&keeping->look);
	look_around(keeping);
}

/* The node first, as reload does; then peers and prefix. */
void keeping_reload(struct keeping *keeping)
{
	__u8 public_key[KEY_PUBLIC_BYTES];
	struct client loader = { .fd = -1 };
	struct config config;
	char why[SAY_BYTES];

	mind_serve(keeping);
	if (read_config(keeping, &config, public_key, why)) {
		say_error("%s; everything stays as it was", why);
		return;
	}
	if (memcmp(public_key, keeping->public_key, sizeof(public_key)))
		say_note("the key in PrivateKeyFile has changed: it takes effect after mayflyctl down and up");
	if (!up_bring(keeping->settings.ctl, keeping->settings.file, KEEPING_ROOM * (__u32)config.meet_count, true, &loader))
		client_close(&loader);
	config_close(&keeping->config);
	keeping->config = config;
	take_peers(keeping);
	keeping_demand_take(keeping);
	keeping_roam_take(keeping);
	if (keeping->connecting.lookups)
		look_around(keeping);
}

/* --- the node in the loader ---------------------------------------------------------- */

static void on_look(uv_timer_t *timer);

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

static void on_look(uv_timer_t *timer)
{
	struct keeping *keeping = timer->data;
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
	if (!keeping->serves)
		look_again(keeping, pause_ms);
}

/* --- beginning and end --------------------------------------------------------------- */

static void end(struct keeping *keeping)
{
	if (keeping->closing)
		return;
	keeping->closing = true;
	mf_notify_send(&keeping->notify, "STOPPING=1");
	leave_sessions(keeping);
	keeping_roam_close(keeping);
	keeping_demand_close(keeping);
	uv_close((uv_handle_t *)&keeping->patience, NULL);
	uv_close((uv_handle_t *)&keeping->look, NULL);
	for (int i = 0; i < 3; i++)
		uv_close((uv_handle_t *)&keeping->signals[i], NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct keeping *keeping = handle->data;

	if (number == SIGHUP)
		keeping_reload(keeping);
	else
		end(keeping);
}

static int open_loop(struct keeping *keeping, char why[static SAY_BYTES])
{
	static const int numbers[3] = { SIGHUP, SIGINT, SIGTERM };

	if (uv_loop_init(&keeping->loop))
		return say_why(why, -ENOMEM, "no memory for the event loop");
	uv_timer_init(&keeping->loop, &keeping->patience);
	uv_timer_init(&keeping->loop, &keeping->look);
	keeping->patience.data = keeping->look.data = keeping;
	for (int i = 0; i < 3; i++) {
		uv_signal_init(&keeping->loop, &keeping->signals[i]);
		keeping->signals[i].data = keeping;
		uv_signal_start(&keeping->signals[i], on_signal, numbers[i]);
	}
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
	client_be_patient(&keeping->loader, KEEPING_PATIENCE_S);
	node_watch_begin(&keeping->node, &keeping->loader);
	keeping->serves = is_served(&keeping->loader);
	keeping->prefix = keeping->config.node.prefixes.template[0];
	error = open_loop(keeping, why);
	if (error)
		return error;
	keeping_demand_open(keeping);
	error = keeping_roam_open(keeping);
	if (error)
		return say_why(why, error, "cannot watch for addresses: %s", strerror(-error));
	return open_all(keeping, why);
}

static void wait_for_sessions(struct keeping *keeping)
{
	look_around(keeping);
	if (!keeping->serves)
		look_again(keeping, NODE_WATCH_MS);
	if (!keeping->settings.wait_ms)
		judge(keeping, CTL_FINE);
	else if (keeping->settings.wait_ms != ~(__u32)0)
		uv_timer_start(&keeping->patience, on_patience_over, keeping->settings.wait_ms, 0);
}

int keeping_run(const struct keeping_settings *settings)
{
	struct keeping keeping = {
		.settings = *settings, .loader.fd = -1, .notify.fd = -1, .roam.netlink.fd = -1, .demand.loader.fd = -1,
	};
	char why[SAY_BYTES];
	int error;

	mf_notify_open(&keeping.notify);
	keeper_sign(settings->lock);
	error = begin(&keeping, why);
	if (error) {
		say_error("%s", why);
		judge(&keeping, CTL_FAILED);
	}
	if (error && keeping.begun)
		end(&keeping);
	else if (!error)
		wait_for_sessions(&keeping);
	if (keeping.begun) {
		uv_run(&keeping.loop, UV_RUN_DEFAULT);
		uv_loop_close(&keeping.loop);
	}
	client_close(&keeping.loader);
	mf_notify_close(&keeping.notify);
	key_secret_free(keeping.private_key);
	config_close(&keeping.config);
	return error ? CTL_FAILED : CTL_FINE;
}
