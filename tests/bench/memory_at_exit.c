// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much memory a program had, as the kernel counts it when the program is about to end.
 *
 *	memory_at_exit FILE COMMAND...         exits as the command does; FILE: anonymous_kb=N peak_kb=N
 *
 * anonymous_kb: pages of no file then (/proc/PID/smaps_rollup, proc(5)): heap, stacks, and what the program and its
 * libraries wrote into their data. peak_kb: that, and by how much all resident memory was larger at its largest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_BYTES = 256, EXEC_FAILED = 127 };
enum { OPTIONS = PTRACE_O_TRACEEXIT | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL };

static void give_up(const char *what)
{
	fprintf(stderr, "memory_at_exit: %s: %s\n", what, strerror(errno));
	exit(EXEC_FAILED);
}

/* The value in kB of a line "KEY: N kB" of /proc/PID/NAME. */
static long kilobytes(pid_t pid, const char *name, const char *key)
{
	char path[64], line[LINE_BYTES];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "re");
	if (!file)
		give_up(path);
	while (value < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = strtol(line + strlen(key), NULL, 10);
	fclose(file);
	errno = ENODATA;
	if (value < 0)
		give_up(key);
	return value;
}

static void write_down(pid_t pid, const char *path)
{
	long anonymous = kilobytes(pid, "smaps_rollup", "Anonymous:");
	long above = kilobytes(pid, "status", "VmHWM:") - kilobytes(pid, "status", "VmRSS:");
	FILE *file = fopen(path, "we");

	if (!file)
		give_up(path);
	fprintf(file, "anonymous_kb=%ld peak_kb=%ld\n", anonymous, anonymous + (above > 0 ? above : 0));
	if (fclose(file))
		give_up(path);
}

/* A stop that a signal made is ended with it; one that only tells of something (exec, the end to come) with nothing. */
static int watch(pid_t pid, const char *path)
{
	int status, event;

	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		event = status >> 16;
		if (event == PTRACE_EVENT_EXIT)
			write_down(pid, path);
		if (ptrace(PTRACE_CONT, pid, 0, event ? 0 : WSTOPSIG(status)))
			give_up("ptrace");
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXEC_FAILED;
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 3)
		return fprintf(stderr, "usage: memory_at_exit FILE COMMAND...\n"), 2;
	pid = fork();
	if (!pid) {
		if (!ptrace(PTRACE_TRACEME, 0, 0, 0))
			execvp(argv[2], argv + 2);
		give_up(argv[2]);
	}
	/* The first stop is that of exec. */
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, OPTIONS) || ptrace(PTRACE_CONT, pid, 0, 0))
		give_up("cannot watch the program");
	return watch(pid, argv[1]);
}
