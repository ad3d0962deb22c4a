// SPDX-License-Identifier: GPL-2.0-only
/* The board's memory, and its sequence numbers. What stands on it is board_fill.c's. */
#include "ctl/board.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1 */
#endif

enum { TRIES = 1000 /* a part is written in less than a microsecond, the node in some */ };

/* --- memory -------------------------------------------------------------------------- */

int board_open(struct board **board)
{
	int fd = memfd_create("mayfly-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct board *memory;

	if (fd < 0)
		return -errno;
	memory = ftruncate(fd, sizeof(*memory)) ? MAP_FAILED :
		 mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)) {
		int error = -errno;

		if (memory != MAP_FAILED)
			munmap(memory, sizeof(*memory));
		close(fd);
		return error;
	}
	memory->bytes = sizeof(*memory);
	memory->magic = BOARD_MAGIC;
	*board = memory;
	return fd;
}

void board_close(struct board *board, int fd)
{
	if (board)
		munmap(board, sizeof(*board));
	if (fd >= 0)
		close(fd);
}

const struct board *board_map(int fd)
{
	const struct board *board;
	struct stat status;

	if (fstat(fd, &status) || status.st_size != sizeof(*board))
		return NULL;
	board = mmap(NULL, sizeof(*board), PROT_READ, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED)
		return NULL;
	return board->magic == BOARD_MAGIC && board->bytes == sizeof(*board) ? board : NULL;
}

/* --- one writer ---------------------------------------------------------------------- */

static void begin(__u32 *sequence)
{
	__atomic_store_n(sequence, *sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end(__u32 *sequence)
{
	__atomic_store_n(sequence, *sequence + 1, __ATOMIC_RELEASE);
}

bool board_write_row(struct board_row *row, const struct board_row *value)
{
	const size_t from = sizeof(row->sequence);

	if (!memcmp((const char *)row + from, (const char *)value + from, sizeof(*row) - from))
		return false;
	begin(&row->sequence);
	memcpy((char *)row + from, (const char *)value + from, sizeof(*row) - from);
	end(&row->sequence);
	return true;
}

void board_write_node(struct board *board, const struct board_node *value)
{
	begin(&board->sequence);
	memcpy(&board->node, value, sizeof(board->node));
	end(&board->sequence);
}

/* --- any readers --------------------------------------------------------------------- */

static bool copy(const __u32 *sequence, void *to, const void *from, size_t bytes)
{
	for (int i = 0; i < TRIES; i++) {
		__u32 before = __atomic_load_n(sequence, __ATOMIC_ACQUIRE);

		if (before & 1)
			continue;
		memcpy(to, from, bytes);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(sequence, __ATOMIC_RELAXED) == before)
			return true;
	}
	return false;
}

bool board_read_row(const struct board_row *row, struct board_row *value)
{
	return copy(&row->sequence, value, row, sizeof(*row));
}

bool board_read_node(const struct board *board, struct board_node *value)
{
	return copy(&board->sequence, value, &board->node, sizeof(board->node));
}
