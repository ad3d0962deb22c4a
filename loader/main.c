// SPDX-License-Identifier: GPL-2.0-only
/*
 * mayfly-loader: the order of things. Privileged descriptors first, then confinement, then all that
 * other people's words can reach.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "loader/confine.h"
#include "loader/control_socket.h"
#include "loader/instance.h"
#include "loader/log.h"
#include "loader/loop.h"
#include "loader/node.h"
#include "loader/notify.h"
#include "loader/standard.h"
#include "loader/target.h"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static int fail(const char *what, int error)
{
	mf_log(MF_LOG_ERROR, "%s: %s", what, strerror(-error));
	return EXIT_FAILED;
}

static int serve(struct mf_instance *instance, struct mf_control *control)
{
	struct mf_notify notify;
	struct mf_loop loop;
	int error;

	mf_notify_open(&notify);
	error = mf_loop_open(&loop, instance, control, &notify);
	if (error)
		return fail("event loop", error);
	if (mf_confine())
		return EXIT_FAILED;
	if (mf_node_adopt(instance) < 0)
		return EXIT_FAILED;
	mf_notify_send(&notify, "READY=1");
	error = mf_loop_run(&loop);
	mf_notify_send(&notify, "STOPPING=1");
	if (error) /* what is pinned goes on, for another loader to take over */
		return fail("event loop", error);
	if (loop.detaches)
		mf_node_clear(instance);
	else
		mf_node_leave(instance);
	mf_loop_close(&loop);
	mf_notify_close(&notify);
	return loop.unheard ? EXIT_FAILED : EXIT_FINE;
}

static int detach(struct mf_instance *instance)
{
	return mf_node_detach(instance) ? EXIT_FAILED : EXIT_FINE;
}

static int run(struct mf_instance *instance, const struct mf_options *options)
{
	struct mf_control control;
	int error, status;

	if (options->detach)
		return detach(instance);
	error = mf_control_open(&control, options, &mf_target, instance);
	if (error == -EADDRINUSE) {
		mf_log(MF_LOG_ERROR, "%s: another mayfly-loader listens there", options->socket);
		return EXIT_FAILED;
	}
	if (error)
		return fail(options->socket, error);
	status = serve(instance, &control);
	mf_control_close(&control);
	return status;
}

int main(int argc, char **argv)
{
	struct mf_instance instance;
	struct mf_options options;
	int rc, error;

	if (mf_standard_hold())
		return fail("/dev/null", -errno);
	rc = mf_options_read(&options, argc, argv);
	if (rc)
		return rc < 0 ? EXIT_USAGE : EXIT_FINE;
	if (sodium_init() < 0)
		return fail("libsodium", -EIO);
	error = mf_loop_hold_signals();
	if (error)
		return fail("signals", error);
	mf_object_talk(options.verbose);
	error = mf_instance_open(&instance, &options);
	if (error)
		return fail("cannot start (root, or the capabilities in mayfly-loader(8), are needed)", error);
	rc = run(&instance, &options);
	mf_instance_close(&instance);
	return rc;
}
