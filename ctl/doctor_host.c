// SPDX-License-Identifier: GPL-2.0-only
/* doctor on the host itself: kernel, clock, settings. */
#include <linux/magic.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "ctl/format.h"
#include "ctl/parse.h"
#include "ctl/rendezvous.h"

static void check_release(struct doctor *doctor)
{
	unsigned int major = 0, minor = 0;
	struct utsname host;

	uname(&host);
	sscanf(host.release, "%u.%u", &major, &minor);
	if (major * 1000 + minor >= 6006)
		doctor_say(doctor, DOCTOR_OK, NULL, "kernel %s (tcx)", host.release);
	else if (major * 1000 + minor >= 6001)
		doctor_say(doctor, DOCTOR_OK, NULL, "kernel %s (clsact; tcx comes with 6.6)", host.release);
	else
		doctor_say(doctor, DOCTOR_FAIL, "install Linux 6.1 or later", "kernel %s is too old", host.release);
}

static void check_bpf(struct doctor *doctor)
{
	struct statfs mount;

	if (access("/sys/kernel/btf/vmlinux", R_OK))
		doctor_say(doctor, DOCTOR_WARN, "a kernel built with CONFIG_DEBUG_INFO_BTF, as Debian's are",
			   "the kernel has no type information (BTF)");
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "the kernel has type information (BTF)");
	if (doctor->state && doctor->state->node.attached)
		doctor_say(doctor, DOCTOR_OK, NULL, "the loader has a BPF file system to pin its maps in");
	else if (statfs("/sys/fs/bpf", &mount) || (unsigned long)mount.f_type != BPF_FS_MAGIC)
		doctor_say(doctor, DOCTOR_FAIL, "mount -t bpf bpf /sys/fs/bpf", "/sys/fs/bpf is not mounted");
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "/sys/fs/bpf is mounted");
	if (!doctor_read_number("/proc/sys/net/core/bpf_jit_enable", 1))
		doctor_say(doctor, DOCTOR_WARN, "sysctl net.core.bpf_jit_enable=1",
			   "BPF programs are interpreted, which is several times slower");
}

void doctor_check_kernel(struct doctor *doctor)
{
	check_release(doctor);
	check_bpf(doctor);
}

/* The shortest rotation there is, of the file or of the loader; the default if neither knows one. */
static __u32 shortest_rotation_ms(const struct doctor *doctor)
{
	__u32 shortest = MF_ROTATION_MAX_MS;

	for (size_t i = 0; doctor->config && i < doctor->config->peer_count; i++)
		if (doctor->config->peers[i].rotation_ms < shortest)
			shortest = doctor->config->peers[i].rotation_ms;
	for (size_t i = 0; doctor->state && i < doctor->state->count; i++)
		if (doctor->state->associations[i].config.rotation_ms < shortest)
			shortest = doctor->state->associations[i].config.rotation_ms;
	return shortest == MF_ROTATION_MAX_MS ? CONFIG_ROTATION_DEFAULT_MS : shortest;
}

void doctor_check_clock(struct doctor *doctor)
{
	static const char remedy[] = "install chrony (apt install chrony) or enable systemd-timesyncd; both ends must "
				     "agree to within one rotation";
	struct timex timex = { 0 };
	char period[FORMAT_AMOUNT], why[SAY_BYTES];
	int state = adjtimex(&timex);
	__u32 rotation_ms = shortest_rotation_ms(doctor);

	if (rendezvous_check_clock((__u64)time(NULL), why))
		doctor_say(doctor, DOCTOR_FAIL, remedy, "%s", why);
	if (state < 0 || state == TIME_ERROR || timex.status & STA_UNSYNC)
		doctor_say(doctor, DOCTOR_WARN, remedy, "nothing keeps the clock right");
	else if ((__u64)timex.maxerror / 1000 > rotation_ms)
		doctor_say(doctor, DOCTOR_WARN, remedy, "the clock may be %.1f s wrong, more than the rotation of %s",
			   (double)timex.maxerror / 1e6, format_period(period, rotation_ms));
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "the clock is synchronised, to within %.1f ms",
			   (double)timex.maxerror / 1e3);
}

/* A setting of the interface or, by `nic` "all", of the host. */
static long read_setting(const char *family, const char *nic, const char *name, long otherwise)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, nic, name);
	return doctor_read_number(path, otherwise);
}

/* Whether some peer is to reach a whole prefix behind this host. */
static bool is_gateway(const struct config *config, bool v4)
{
	for (size_t i = 0; i < config->peer_count; i++) {
		const struct config_prefixes *list = &config->peers[i].local_addresses;

		for (unsigned int j = 0; j < list->count; j++)
			if (list->prefix[j].length < 128 && prefix_is_v4(&list->prefix[j]) == v4)
				return true;
	}
	return false;
}

static void check_forwarding(struct doctor *doctor)
{
	if (is_gateway(doctor->config, false) && !read_setting("ipv6", "all", "forwarding", 0))
		doctor_say(doctor, DOCTOR_FAIL, "sysctl net.ipv6.conf.all.forwarding=1",
			   "a LocalAddress is a whole prefix, but this host does not forward IPv6");
	if (is_gateway(doctor->config, true) && !read_setting("ipv4", "all", "forwarding", 0))
		doctor_say(doctor, DOCTOR_FAIL, "sysctl net.ipv4.conf.all.forwarding=1",
			   "a LocalAddress is a whole prefix, but this host does not forward IPv4");
}

/* Without a setting there is no IPv6: by the kernel's command line, or by an MTU that is too small, which is told with the MTU. */
static void check_ipv6(struct doctor *doctor)
{
	long disabled = read_setting("ipv6", doctor->nic, "disable_ipv6", -1);
	char remedy[96];

	if (disabled > 0) {
		snprintf(remedy, sizeof(remedy), "sysctl net/ipv6/conf/%s/disable_ipv6=0", doctor->nic);
		doctor_say(doctor, DOCTOR_FAIL, remedy, "%s has no IPv6", doctor->nic);
	} else if (disabled < 0 && access("/proc/net/if_inet6", F_OK)) {
		doctor_say(doctor, DOCTOR_FAIL, "take ipv6.disable=1 off the kernel's command line", "this kernel has no IPv6");
	}
}

void doctor_check_settings(struct doctor *doctor)
{
	char remedy[96];

	if (doctor->config)
		check_forwarding(doctor);
	if (!*doctor->nic || !if_nametoindex(doctor->nic))
		return;
	check_ipv6(doctor);
	if (read_setting("ipv6", doctor->nic, "forwarding", 0) == 1 &&
	    read_setting("ipv6", doctor->nic, "accept_ra", 0) == 1) {
		snprintf(remedy, sizeof(remedy), "sysctl net/ipv6/conf/%s/accept_ra=2, if its route is a learned one",
			 doctor->nic);
		doctor_say(doctor, DOCTOR_WARN, remedy, "%s forwards and so ignores router advertisements",
			   doctor->nic);
	}
}
