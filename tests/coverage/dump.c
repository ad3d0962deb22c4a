// SPDX-License-Identifier: GPL-2.0-only
/*
 * Only in the build of `make coverage`: what a process has run is written down when it ends by _exit() or by a signal as
 * well, which the compiler's library does not see. The linker puts this in the place of _exit() (--wrap). The loader's filter of
 * system calls needs no hole for it: files may be opened, locked and written, and root's directory is root's. The page's needs
 * one, as the page opens no file; its files stand there before it runs, open to everybody (coverage.mk).
 */
#include <errno.h>
#include <gcov.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

static void end(int number)
{
	__gcov_dump();
	signal(number, SIG_DFL);
	raise(number);
}

/* Of programs that do not mind these signals; the others put their own in place of this. */
static void __attribute__((constructor)) catch_ends(void)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGPIPE, SIGABRT };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (signal(ends[i], end) == SIG_IGN)
			signal(ends[i], SIG_IGN);
}

/* Both are the library's where a program is linked with it. */
extern int __real_seccomp_load(const scmp_filter_ctx filter) __attribute__((weak));
extern int seccomp_rule_add(scmp_filter_ctx filter, uint32_t action, int call, unsigned int arguments, ...) __attribute__((weak));
int __wrap_seccomp_load(const scmp_filter_ctx filter);

int __wrap_seccomp_load(const scmp_filter_ctx filter)
{
	static const int of_files[] = { SCMP_SYS(openat), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(ftruncate) };

	if (!strcmp(program_invocation_short_name, "mayfly-page"))
		for (size_t i = 0; i < sizeof(of_files) / sizeof(*of_files); i++)
			if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, of_files[i], 0))
				return -EINVAL;
	return __real_seccomp_load(filter);
}
