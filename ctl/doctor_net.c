// SPDX-License-Identifier: GPL-2.0-only
/* doctor on the network: the interface, whose prefix it is, the ways to the peers. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "ctl/format.h"
#include "ctl/parse.h"

enum { WAYS_MOST = 16 }; /* peers whose routes are tried */

/* An interface's own properties, by ioctl(2): none of them needs a privilege. */
static int ask_nic(const char *nic, unsigned long request, struct ifreq *answer)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = fd < 0 ? -errno : 0;

	snprintf(answer->ifr_name, IFNAMSIZ, "%s", nic);
	if (!error && ioctl(fd, request, answer))
		error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

static void find_driver(const char *nic, char driver[static 32])
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq request = { .ifr_data = (char *)&info };

	if (ask_nic(nic, SIOCETHTOOL, &request))
		strcpy(driver, "unknown");
	else
		snprintf(driver, 32, "%.31s", info.driver);
}

/* The loader puts back what somebody takes off; without its programs a device of ours must not send. */
static void say_detached(struct doctor *doctor)
{
	char remedy[256];

	snprintf(remedy, sizeof(remedy), "journalctl -u mayfly-loader@%s says why; the loader tries again by itself. If it stays so: "
		 "mayflyctl down %s and up, or systemctl restart mayfly-loader@%s", doctor->nic, doctor->nic, doctor->nic);
	doctor_say(doctor, DOCTOR_FAIL, remedy, "the node is up, but its programs are not attached to %s: nothing is carried",
		   doctor->nic);
}

static void check_xdp(struct doctor *doctor, unsigned int ifindex)
{
	bool attached = doctor->state && doctor->state->node.attached;
	int program = doctor_xdp_program(ifindex);
	char driver[32], remedy[256];

	find_driver(doctor->nic, driver);
	if (attached && (!program || doctor->state->node.in_xdp == MF_HOOK_NONE)) {
		say_detached(doctor);
	} else if (!attached && program > 0) {
		snprintf(remedy, sizeof(remedy), "see whose it is: bpftool prog show id %d; mf_in was left by a mayfly-loader "
			 "that was killed: start that again, it takes over; another's must go: ip link set dev %s xdp off",
			 program, doctor->nic);
		doctor_say(doctor, DOCTOR_FAIL, remedy, "an XDP program (id %d) is on %s, and no loader that it is of",
			   program, doctor->nic);
	} else if (attached && doctor->state->node.in_xdp == MF_XDP_GENERIC) {
		doctor_say(doctor, DOCTOR_WARN, "a driver with native XDP (virtio_net, ixgbe, i40e, ice, mlx5, ena), "
			   "or a smaller MTU if that is what it objects to",
			   "%s (%s) runs XDP in generic mode, which is slower", doctor->nic, driver);
	} else if (attached) {
		doctor_say(doctor, DOCTOR_OK, NULL, "%s (%s) runs XDP in native mode", doctor->nic, driver);
	} else {
		doctor_say(doctor, DOCTOR_OK, NULL, "%s (%s) has no other XDP program", doctor->nic, driver);
	}
}

static bool is_v6_host_pair(const struct config_peer *peer)
{
	return peer->addresses.count == 1 && peer->addresses.prefix[0].length == 128 &&
	       peer->local_addresses.count == 1 && peer->local_addresses.prefix[0].length == 128 &&
	       !prefix_is_v4(&peer->addresses.prefix[0]);
}

/* Sessions are between two hosts; an end that would do without sealing does not know the other one's mind. */
static int overhead_of_sessions(const struct config *config)
{
	bool any = config->meet_count || *config->node.rendezvous.clients;

	return any ? MF_ENCAP_HOST_BYTES + MF_SEAL_BYTES : 0;
}

/* Bytes over the original packet, the most of all peers. */
static int most_overhead(const struct config *config)
{
	int most;

	if (!config)
		return MF_ENCAP_WHOLE_BYTES + MF_SEAL_BYTES;
	most = overhead_of_sessions(config);
	for (size_t i = 0; i < config->peer_count; i++) {
		const struct config_peer *peer = &config->peers[i];
		int bytes = is_v6_host_pair(peer) ? MF_ENCAP_HOST_BYTES : MF_ENCAP_WHOLE_BYTES;

		if (peer->carriage == MF_CARRIAGE_ENCAP && bytes > most)
			most = bytes;
	}
	return most;
}

static void check_mtu(struct doctor *doctor)
{
	int needed = MF_INNER_MTU_MIN + most_overhead(doctor->config);
	struct ifreq request = { 0 };
	char remedy[96];

	if (ask_nic(doctor->nic, SIOCGIFMTU, &request))
		return;
	if (request.ifr_mtu >= needed) {
		doctor_say(doctor, DOCTOR_OK, NULL, "%s carries packets of %d bytes (%d are needed)", doctor->nic,
			   request.ifr_mtu, needed);
		return;
	}
	snprintf(remedy, sizeof(remedy), "ip link set dev %s mtu %d, if its network can", doctor->nic, needed);
	doctor_say(doctor, DOCTOR_FAIL, remedy, "%s carries packets of %d bytes only, %d are needed%s", doctor->nic,
		   request.ifr_mtu, needed, request.ifr_mtu < MF_INNER_MTU_MIN ? "; below 1280 it has no IPv6 at all" : "");
}

static void check_fitness(struct doctor *doctor, unsigned int ifindex)
{
	int unfit = doctor_link_unfit(ifindex);

	if (unfit == MF_UNFIT_PORT)
		doctor_say(doctor, DOCTOR_FAIL, "set Interface to the bridge, bond or team itself, or take the port out "
			   "of it", "%s is a port, on which no macvlan can stand", doctor->nic);
	else if (unfit == MF_UNFIT_MACVLAN)
		doctor_say(doctor, DOCTOR_FAIL, "set Interface to the interface below it, or to a veth",
			   "%s is a macvlan, on which no other can stand", doctor->nic);
	else if (unfit == MF_UNFIT_NO_ETHERNET)
		doctor_say(doctor, DOCTOR_FAIL, "set Interface to the one that its packets leave by, or to a veth",
			   "%s has no Ethernet, without which no macvlan can stand on it", doctor->nic);
}

/* The loader switches it on; somebody who switches it off for all interfaces takes the addresses with it. */
static void check_device_ipv6(struct doctor *doctor, const char *device)
{
	char path[96], remedy[160];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", device);
	if (doctor_read_number(path, 0) != 1)
		return;
	snprintf(remedy, sizeof(remedy), "sysctl net.ipv6.conf.%s.disable_ipv6=0, then mayflyctl down %s and up", device, doctor->nic);
	doctor_say(doctor, DOCTOR_FAIL, remedy, "IPv6 was switched off on %s: it has lost its addresses", device);
}

static void check_device(struct doctor *doctor)
{
	const struct mf_node_config *node = doctor->state ? &doctor->state->node.config : NULL;
	char device[MF_DEVICE_BYTES], remedy[128];

	if (!node || !doctor->state->node.attached)
		return;
	snprintf(device, sizeof(device), "%.*s", MF_DEVICE_BYTES - 1, node->device);
	if (if_nametoindex(device)) {
		check_device_ipv6(doctor, device);
		return;
	}
	snprintf(remedy, sizeof(remedy), "journalctl -u mayfly-loader@%s says why; the loader tries again every 10 s", doctor->nic);
	doctor_say(doctor, DOCTOR_FAIL, remedy, "the node is up, but its device %s is not there: nothing is sent", device);
}

void doctor_check_nic(struct doctor *doctor)
{
	unsigned int ifindex = *doctor->nic ? if_nametoindex(doctor->nic) : 0;
	struct ifreq request = { 0 };
	char remedy[64];

	if (!*doctor->nic)
		return;
	if (!ifindex) {
		doctor_say(doctor, DOCTOR_FAIL, "ip link lists the interfaces: set Interface to one of them",
			   "there is no interface %s", doctor->nic);
		return;
	}
	if (!ask_nic(doctor->nic, SIOCGIFFLAGS, &request) && !(request.ifr_flags & IFF_UP)) {
		snprintf(remedy, sizeof(remedy), "ip link set dev %s up", doctor->nic);
		doctor_say(doctor, DOCTOR_FAIL, remedy, "%s is down", doctor->nic);
	}
	check_fitness(doctor, ifindex);
	check_xdp(doctor, ifindex);
	check_device(doctor);
	check_mtu(doctor);
}

/* Whether the interface has an address in the prefix; it is put into `address`. */
static bool find_address(const char *nic, const struct mf_template *prefix, __u8 address[static 16])
{
	FILE *stream = fopen("/proc/net/if_inet6", "re");
	char digits[33], name[32];
	bool found = false;

	while (stream && !found && fscanf(stream, "%32s %*x %*x %*x %*x %31s", digits, name) == 2) {
		__u8 bytes[16];

		found = !strcmp(name, nic) && !parse_hex(digits, bytes, 16) &&
			prefix_covers(prefix->base, prefix->prefix_length, bytes);
		if (found)
			memcpy(address, bytes, 16);
	}
	if (stream)
		fclose(stream);
	return found;
}

/* Whether a route says that the prefix, or one around it, is on the link of the interface. */
static bool is_on_link(const char *nic, const struct mf_template *prefix)
{
	FILE *stream = fopen("/proc/net/ipv6_route", "re");
	char digits[33], gateway[33], name[32];
	unsigned int length;
	bool found = false;

	while (stream && !found &&
	       fscanf(stream, "%32s %x %*s %*x %32s %*x %*x %*x %*x %31s", digits, &length, gateway, name) == 4) {
		__u8 bytes[16];

		found = !strcmp(name, nic) && length > 0 && length <= prefix->prefix_length &&
			strspn(gateway, "0") == 32 && !parse_hex(digits, bytes, 16) &&
			prefix_covers(bytes, length, prefix->base);
	}
	if (stream)
		fclose(stream);
	return found;
}

static void check_routed_prefix(struct doctor *doctor, const struct mf_template *prefix)
{
	static const char remedy[] = "ask for a prefix routed to this host, or set Mode = on-link";
	char text[FORMAT_PREFIX], own[FORMAT_ADDRESS];
	__u8 address[16];

	format_template(text, prefix);
	if (find_address(doctor->nic, prefix, address))
		doctor_say(doctor, DOCTOR_WARN, remedy, "%s looks on-link, not routed: %s has %s in it", text,
			   doctor->nic, format_address(own, address));
	else if (is_on_link(doctor->nic, prefix))
		doctor_say(doctor, DOCTOR_WARN, remedy, "%s looks on-link, not routed: there is a route for it on %s",
			   text, doctor->nic);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "%s is not on the link, as it should be; that the router sends it "
			   "here shows when a peer is heard", text);
}

static void check_on_link_prefix(struct doctor *doctor, const struct mf_template *prefix)
{
	char text[FORMAT_PREFIX];

	format_template(text, prefix);
	if (is_on_link(doctor->nic, prefix))
		doctor_say(doctor, DOCTOR_OK, NULL, "%s is on the link of %s", text, doctor->nic);
	else
		doctor_say(doctor, DOCTOR_WARN, "is it really on this link? if it is routed to this host: Mode = routed",
			   "%s is on-link by the configuration, but %s has no such route", text, doctor->nic);
}

void doctor_check_prefixes(struct doctor *doctor)
{
	const struct config_node *node;

	if (!doctor->config || !if_nametoindex(doctor->nic))
		return;
	node = &doctor->config->node;
	for (unsigned int i = 0; i < node->prefixes.count; i++) {
		if (node->mode == MF_MODE_ROUTED)
			check_routed_prefix(doctor, &node->prefixes.template[i]);
		else
			check_on_link_prefix(doctor, &node->prefixes.template[i]);
	}
}

/* Connecting a datagram socket looks the route up and sends nothing. */
static int try_route(const char *nic, const struct mf_template *prefix)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = fd < 0 ? -errno : 0;

	memcpy(&to.sin6_addr, prefix->base, 16);
	to.sin6_addr.s6_addr[15] |= 1;
	if (!error && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, nic, (socklen_t)strlen(nic)))
		error = -errno;
	if (!error && connect(fd, (struct sockaddr *)&to, sizeof(to)))
		error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

void doctor_check_routes(struct doctor *doctor)
{
	unsigned int wrong = doctor->count[DOCTOR_FAIL];
	char prefix[FORMAT_PREFIX], remedy[128];

	if (!doctor->config || !doctor->config->peer_count || !if_nametoindex(doctor->nic))
		return;
	for (size_t i = 0; i < doctor->config->peer_count && i < WAYS_MOST; i++) {
		const struct config_peer *peer = &doctor->config->peers[i];

		if (!try_route(doctor->nic, &peer->prefix))
			continue;
		format_template(prefix, &peer->prefix);
		snprintf(remedy, sizeof(remedy), "ip -6 route add %s via GATEWAY dev %s (or a default route)", prefix,
			 doctor->nic);
		doctor_say(doctor, DOCTOR_FAIL, remedy, "no route to %s of %s through %s", prefix, peer->name,
			   doctor->nic);
	}
	if (doctor->count[DOCTOR_FAIL] == wrong)
		doctor_say(doctor, DOCTOR_OK, NULL, "there are routes to the peers' prefixes through %s", doctor->nic);
}
