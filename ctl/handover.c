// SPDX-License-Identifier: GPL-2.0-only
/* Names of peers, a line each. */
#include "ctl/handover.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ctl/keeper_lock.h"

/* Of one that was found in the loader it is not known who began it. */
static bool is_begun_here(const struct session *session)
{
	return session && session->present.association.letter && session->present.initiator && !session->present.deaf;
}

static void write_name(int lock, const char *name)
{
	char line[MF_NAME_BYTES + 2];
	off_t end = lseek(lock, 0, SEEK_END);
	int length = snprintf(line, sizeof(line), "%s\n", name);

	if (end < 0 || pwrite(lock, line, (size_t)length, end) != length)
		say_note("%s: a serve is not told of its session", name);
}

void handover_write(int lock, const struct config *config, const struct sessions *sessions)
{
	for (size_t i = 0; i < config->meet_count; i++) {
		const struct config_peer *from = &config->meets[i];
		int number = connecting_wants(from, false) ? SESSIONS_NONE : sessions_find(sessions, from->public_key);

		if (number >= 0 && is_begun_here(sessions->peer[number].session))
			write_name(lock, from->name);
	}
}

static void take_name(struct config *config, const char *name)
{
	for (size_t i = 0; i < config->meet_count; i++)
		if (config->meets[i].connect == CONNECT_DEFAULT && !strcmp(config->meets[i].name, name))
			config->meets[i].connect = CONNECT_YES;
}

void handover_take(const char *socket, struct config *config)
{
	char path[KEEPER_PATH_BYTES], line[MF_NAME_BYTES + 2];
	FILE *stream;
	int fd;

	if (!*socket || keeper_of(socket, SESSIONS_UP) == KEEPER_NOBODY)
		return;
	keeper_path(path, socket, SESSIONS_UP);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	stream = fd < 0 ? NULL : fdopen(fd, "r");
	if (!stream) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (!feof(stream) && getc(stream) != '\n') /* the keeper's number and file */
		;
	while (fgets(line, sizeof(line), stream)) {
		line[strcspn(line, "\n")] = 0;
		take_name(config, line);
	}
	fclose(stream);
}
