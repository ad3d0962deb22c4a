// SPDX-License-Identifier: GPL-2.0-only
/* Values to text for people; the JSON and TSV outputs use only the parts without units. */
#include "ctl/format.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ctl/parse.h"

char *format_address(char text[static FORMAT_ADDRESS], const __u8 address[static 16])
{
	const struct mf_prefix host = { .length = 128 };
	struct mf_prefix prefix = host;

	memcpy(prefix.address, address, 16);
	if (prefix_is_v4(&prefix))
		inet_ntop(AF_INET, address + 12, text, FORMAT_ADDRESS);
	else
		inet_ntop(AF_INET6, address, text, FORMAT_ADDRESS);
	return text;
}

char *format_prefix(char text[static FORMAT_PREFIX], const struct mf_prefix *prefix)
{
	char address[FORMAT_ADDRESS];
	unsigned int length = prefix->length;

	if (prefix_is_v4(prefix))
		length -= 96;
	snprintf(text, FORMAT_PREFIX, "%s/%u", format_address(address, prefix->address), length);
	return text;
}

char *format_template(char text[static FORMAT_PREFIX], const struct mf_template *template)
{
	char address[FORMAT_ADDRESS];

	snprintf(text, FORMAT_PREFIX, "%s/%u", format_address(address, template->base), template->prefix_length);
	return text;
}

char *format_endpoint(char text[static FORMAT_ENDPOINT], const __u8 address[static 16], __be16 port)
{
	char host[FORMAT_ADDRESS];

	snprintf(text, FORMAT_ENDPOINT, "[%s]:%u", format_address(host, address), ntohs(port));
	return text;
}

char *format_prefixes(char text[static FORMAT_PREFIXES], const struct mf_prefix *prefixes, unsigned int count)
{
	char one[FORMAT_PREFIX];
	size_t used = 0;

	text[0] = 0;
	for (unsigned int i = 0; i < count && i < MF_ASSOC_PREFIXES; i++) {
		if (prefixes[i].length == 128)
			format_address(one, prefixes[i].address);
		else
			format_prefix(one, &prefixes[i]);
		used += (size_t)snprintf(text + used, FORMAT_PREFIXES - used, "%s%s", i ? ", " : "", one);
	}
	return text;
}

char *format_period(char text[static FORMAT_AMOUNT], __u64 ms)
{
	if (ms && ms % 3600000 == 0)
		snprintf(text, FORMAT_AMOUNT, "%lluh", ms / 3600000);
	else if (ms && ms % 60000 == 0)
		snprintf(text, FORMAT_AMOUNT, "%llum", ms / 60000);
	else if (ms && ms % 1000 == 0)
		snprintf(text, FORMAT_AMOUNT, "%llus", ms / 1000);
	else
		snprintf(text, FORMAT_AMOUNT, "%llums", ms);
	return text;
}

char *format_span(char text[static FORMAT_AMOUNT], __u64 ms)
{
	__u64 seconds = ms / 1000, minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

	if (seconds < 1)
		snprintf(text, FORMAT_AMOUNT, "%llu ms", ms);
	else if (seconds < 10)
		snprintf(text, FORMAT_AMOUNT, "%llu.%llu s", seconds, ms % 1000 / 100);
	else if (minutes < 1)
		snprintf(text, FORMAT_AMOUNT, "%llu s", seconds);
	else if (hours < 1)
		snprintf(text, FORMAT_AMOUNT, "%llu min %llu s", minutes, seconds % 60);
	else if (days < 1)
		snprintf(text, FORMAT_AMOUNT, "%llu h %llu min", hours, minutes % 60);
	else
		snprintf(text, FORMAT_AMOUNT, "%llu d %llu h", days, hours % 24);
	return text;
}

/* Three significant digits and the largest unit that leaves a whole part. */
static char *format_scaled(char text[static FORMAT_AMOUNT], double value, double step, const char *const units[])
{
	unsigned int unit = 0;

	while (value >= step && units[unit + 1]) {
		value /= step;
		unit++;
	}
	snprintf(text, FORMAT_AMOUNT, "%.*f %s", !unit || value >= 100 ? 0 : value >= 10 ? 1 : 2, value, units[unit]);
	return text;
}

char *format_bytes(char text[static FORMAT_AMOUNT], __u64 bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", NULL };

	return format_scaled(text, (double)bytes, 1024, units);
}

char *format_rate(char text[static FORMAT_AMOUNT], double bytes_a_second)
{
	static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", NULL };

	return format_scaled(text, bytes_a_second * 8, 1000, units);
}

char *format_count(char text[static FORMAT_AMOUNT], __u64 count)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%llu", count);
	char *out = text;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = 0;
	return text;
}

const char *format_plural(__u64 count)
{
	return count == 1 ? "" : "s";
}

const char *format_carriage(unsigned int carriage)
{
	switch (carriage) {
	case MF_CARRIAGE_ENCAP: return "encap";
	case MF_CARRIAGE_REWRITE: return "rewrite";
	case MF_CARRIAGE_SEALED: return "sealed";
	default: return "unknown";
	}
}

const char *format_padding(unsigned int padding)
{
	switch (padding) {
	case MF_PADDING_NONE: return "none";
	case MF_PADDING_CLASSES: return "classes";
	case MF_PADDING_FULL: return "full";
	default: return "unknown";
	}
}

const char *format_role(unsigned int flags)
{
	if (flags & MF_ASSOC_LISTENS)
		return "introduction";
	if (flags & MF_ASSOC_ROAMS)
		return "client";
	return flags & MF_ASSOC_CONTROL ? "introduction" : "peer"; /* a static one's */
}

const char *format_mode(unsigned int mode)
{
	switch (mode) {
	case MF_MODE_ROUTED: return "routed";
	case MF_MODE_ON_LINK: return "on-link";
	default: return "unknown";
	}
}

const char *format_clock(unsigned int clock)
{
	switch (clock) {
	case MF_CLOCK_FOLLOWS: return "follows";
	case MF_CLOCK_SLEWS: return "slews";
	case MF_CLOCK_HOLDS: return "holds";
	default: return "unknown";
	}
}

const char *format_hook(unsigned int hook)
{
	switch (hook) {
	case MF_HOOK_NONE: return "none";
	case MF_XDP_NATIVE: return "xdp-native";
	case MF_XDP_GENERIC: return "xdp-generic";
	case MF_TC_TCX: return "tcx";
	case MF_TC_CLSACT: return "clsact";
	default: return "unknown";
	}
}
