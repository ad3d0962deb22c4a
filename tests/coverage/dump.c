// SPDX-License-Identifier: GPL-2.0-only
/*
 * Only in the build of `make coverage`: what a process has run is written down when it ends by _exit() as well, which the
 * compiler's library does not see. The linker puts this in its place (--wrap). Everything else needs no help: the
 * loader's filter of system calls lets files be opened, locked and written, and root's directory is root's.
 */
#include <gcov.h>

void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
