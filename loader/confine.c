// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capabilities: NET_ADMIN for links, routes and hooks, BPF and PERFMON to load programs when a node is set up, NET_RAW
 * for the raw sockets of session messages, which mayflyctl asks for whenever it starts. The one packet socket is open
 * already; the filter below lets no more of them be opened, nor raw ones of any other protocol.
 * Memory: keys pass through it, so it is neither swapped nor dumped nor traced.
 * System calls: what libc, libbpf and this program use; another one fails with EPERM.
 */
#include "loader/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "bpf/abi.h"
#include "loader/filter.h"
#include "loader/log.h"

static int say(const char *what, int error)
{
	mf_log(MF_LOG_ERROR, "confinement: %s: %s", what, strerror(-error));
	return error;
}

static int drop_capabilities(void)
{
	int may_bound;

	if (capng_get_caps_process())
		return -EPERM;
	/* The bounding set can be cut only with CAP_SETPCAP; no_new_privs keeps anybody from making use of it. */
	may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF,
			  CAP_PERFMON, -1))
		return -EINVAL;
	return capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) ? -EPERM : 0;
}

/* Without the right to lock memory this is left out: it is a second line. */
static void lock_memory(void)
{
	const struct rlimit none = { 0, 0 }, all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (setrlimit(RLIMIT_MEMLOCK, &all) || mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		mf_log(MF_LOG_NOTICE, "memory cannot be locked (%s): keys may be swapped out; CAP_SYS_RESOURCE or "
		       "LimitMEMLOCK=infinity would help", strerror(errno));
}

static const int allowed_calls[] = {
	/* files: pins, /proc/sys, the object's bytes */
	SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(close), SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(fstat), SCMP_SYS(stat),
	SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access),
	SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
	SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat),
	SCMP_SYS(flock), SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(getcwd),
	SCMP_SYS(memfd_create), SCMP_SYS(ftruncate), SCMP_SYS(umask),
	/* the kernel's network and BPF */
	SCMP_SYS(bpf), SCMP_SYS(ioctl), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(connect), SCMP_SYS(accept4),
	SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg), SCMP_SYS(getsockname),
	SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(shutdown), SCMP_SYS(perf_event_open),
	/* the loop */
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
	SCMP_SYS(time), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	/* memory and the process itself */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
	SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock), SCMP_SYS(futex), SCMP_SYS(getrandom),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(uname),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(prlimit64), SCMP_SYS(getrlimit),
	SCMP_SYS(setrlimit), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(rseq), SCMP_SYS(set_robust_list), SCMP_SYS(sysinfo),
};

/* Of its own kinds: netlink, a Unix one; and those that it gives away. */
static int allow_sockets(scmp_filter_ctx filter)
{
	int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_NETLINK));

	if (!error)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	if (!error)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
					 SCMP_A0(SCMP_CMP_EQ, AF_INET6),
					 SCMP_A1(SCMP_CMP_EQ, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK),
					 SCMP_A2(SCMP_CMP_EQ, MF_NEXT_CONTROL));
	return error;
}

int mf_confine(void)
{
	int error;

	lock_memory();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return say("no new privileges", -errno);
	error = drop_capabilities();
	if (error)
		return say("capabilities", error);
	error = mf_filter_calls(allowed_calls, sizeof(allowed_calls) / sizeof(allowed_calls[0]), allow_sockets);
	return error ? say("system calls", error) : 0;
}
