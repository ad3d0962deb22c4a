/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The line to mayfly-loader: connect, ask, answer; and a refusal in words with what to do.
 */
#ifndef MAYFLY_CTL_CLIENT_H
#define MAYFLY_CTL_CLIENT_H

#include "ctl/say.h"
#include "loader/control.h"

enum { CLIENT_PATH_BYTES = 108 }; /* of sun_path */

/* One of several on their way at a time: its answer is waited for later. */
struct client_question {
	struct mf_message *message; /* what is asked (type and body filled in), then the answer */
	int error;                  /* of client_ask(); -EINPROGRESS: it is under way */
	__u32 sequence, told;       /* its own, and how much had been told before it */
	__u16 type;
	struct client_question *next; /* asked after it */
};

struct client {
	int fd; /* -1: not connected */
	__u32 sequence;
	__u32 patience_s; /* 0: as long as a loader may take at its slowest */
	__u32 told, heard; /* messages whose answers nobody waits for, and how many of these have been passed over */
	__u32 connections; /* made anew so far */
	struct client_question *questions; /* under way, the oldest first */
	char path[CLIENT_PATH_BYTES];
};

/*
 * Where the loader of NIC listens: `given` (a socket, or a directory of them), else
 * /run/mayfly/NIC.sock; without a NIC the only socket there is. 0, or -errno and `why`.
 */
int client_find(char path[static CLIENT_PATH_BYTES], const char *given, const char *nic, char why[static SAY_BYTES]);

int client_open(struct client *client, const char *path, char why[static SAY_BYTES]);
void client_close(struct client *client);

/* How long to wait for an answer from now on, also after connecting anew. For who has a loop to keep turning. */
void client_be_patient(struct client *client, __u32 seconds);

/*
 * Sends `message` (its type and body filled in) and puts the answer in its place. 0 if it was
 * accepted; -EREMOTEIO if it was refused, then the answer says why; another -errno if no answer came.
 */
int client_ask(struct client *client, struct mf_message *message);

/* Of an error: there is nobody at the other end of the line any more. */
bool client_is_lost(int error);

/* The same; a loader that has gone meanwhile and come back is connected to anew, once. For who keeps a line for long. */
int client_ask_again(struct client *client, struct mf_message *message);

/*
 * Sends `message` without waiting for the answer, which the next question passes over. 0, or what client_ask_again() says
 * where that would be one too many.
 */
int client_tell(struct client *client, struct mf_message *message);

/*
 * Sends a question, which stands where it is until it is answered. Answers come in the order of the questions, so
 * client_ask() answers all that were begun before. 0; -errno: it was not sent.
 */
int client_begin(struct client *client, struct client_question *question);

/* Waits for its answer: as client_ask() does. */
int client_wait(struct client *client, struct client_question *question);

/* Takes answers that have come, without waiting. */
void client_look(struct client *client);

/* A raw socket of session messages, IPv6 next header MF_NEXT_CONTROL, non-blocking, close-on-exec; or -errno and `why`. */
int client_get_socket(struct client *client, char why[static SAY_BYTES]);

/* Waits for the next event of a subscribed connection. 0; -EINTR; -ECONNRESET if the loader has gone. */
int client_next_event(struct client *client, struct mf_event *event);

/* The next one if there is one: else -EAGAIN. For who has a loop and is told when there is something to read. */
int client_take_event(struct client *client, struct mf_event *event);

/* Words for what client_ask() gave for a request of this type; returns `error`. */
int client_why(const struct client *client, int error, unsigned int type, const struct mf_message *answer,
	       char why[static SAY_BYTES]);

#endif
