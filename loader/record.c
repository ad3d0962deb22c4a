// SPDX-License-Identifier: GPL-2.0-only
/*
 * The map `mf_config`. Its BTF is built here from a table, because no BPF program knows its type.
 */
#include "loader/record.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Types by which the fields below are shown. */
enum kind { U8, U32, TEXT, ADDRESS, TEMPLATES, PREFIXES, ROUTERS, GATEWAYS, NODE, KINDS };

struct field {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define FIELD(type, member, kind) { #member, kind, offsetof(struct type, member) }

static const struct field template_fields[] = {
	FIELD(mf_template, base, ADDRESS),
	FIELD(mf_template, prefix_length, U8),
	FIELD(mf_template, hop_bits, U8),
};

static const struct field prefix_fields[] = {
	FIELD(mf_prefix, address, ADDRESS),
	FIELD(mf_prefix, length, U8),
};

static const struct field gateway_fields[] = {
	FIELD(mf_record_gateway, address, ADDRESS),
	FIELD(mf_record_gateway, made, U8),
};

static const struct field node_fields[] = {
	FIELD(mf_node_config, device, TEXT),
	FIELD(mf_node_config, template, TEMPLATES),
	FIELD(mf_node_config, templates, U8),
	FIELD(mf_node_config, mode, U8),
	FIELD(mf_node_config, dark, U8),
	FIELD(mf_node_config, on_link_peers, U8),
	FIELD(mf_node_config, router_count, U8),
	FIELD(mf_node_config, address_count, U8),
	FIELD(mf_node_config, threaded, U8),
	FIELD(mf_node_config, look_ahead_ms, U32),
	FIELD(mf_node_config, capacity, U32),
	FIELD(mf_node_config, ring_slots, U32),
	FIELD(mf_node_config, router, ROUTERS),
	FIELD(mf_node_config, address, PREFIXES),
};

static const struct field record_fields[] = {
	FIELD(mf_record, version, U32),
	FIELD(mf_record, complete, U32),
	FIELD(mf_record, config, NODE),
	FIELD(mf_record, nic, U32),
	FIELD(mf_record, gro_before, U8),
	FIELD(mf_record, allmulti_before, U8),
	FIELD(mf_record, device_made, U8),
	FIELD(mf_record, threaded_before, U8),
	FIELD(mf_record, gateways, U32),
	FIELD(mf_record, gateway, GATEWAYS),
};

#define COUNT(fields) (sizeof(fields) / sizeof(fields[0]))

static int struct_add(struct btf *btf, const int *kind, const char *name, size_t bytes, const struct field *fields,
		      size_t count)
{
	int id = btf__add_struct(btf, name, bytes);

	for (size_t i = 0; i < count && id > 0; i++) {
		int error = btf__add_field(btf, fields[i].name, kind[fields[i].kind], fields[i].offset * 8, 0);

		if (error)
			return error;
	}
	return id;
}

/* Adds every type; gives the id of struct mf_record, and of its key through `key`. */
static int types_add(struct btf *btf, int *key)
{
	int kind[KINDS], text, template, prefix, gateway;

	kind[U8] = btf__add_int(btf, "__u8", 1, 0);
	kind[U32] = *key = btf__add_int(btf, "__u32", 4, 0);
	text = btf__add_int(btf, "char", 1, BTF_INT_CHAR);
	kind[TEXT] = btf__add_array(btf, kind[U32], text, MF_DEVICE_BYTES);
	kind[ADDRESS] = btf__add_array(btf, kind[U32], kind[U8], 16);
	kind[ROUTERS] = btf__add_array(btf, kind[U32], kind[ADDRESS], MF_ROUTERS);
	template = struct_add(btf, kind, "mf_template", sizeof(struct mf_template), template_fields,
			      COUNT(template_fields));
	kind[TEMPLATES] = btf__add_array(btf, kind[U32], template, MF_HOPPING_PREFIXES);
	prefix = struct_add(btf, kind, "mf_prefix", sizeof(struct mf_prefix), prefix_fields, COUNT(prefix_fields));
	kind[PREFIXES] = btf__add_array(btf, kind[U32], prefix, MF_ASSOC_PREFIXES);
	gateway = struct_add(btf, kind, "mf_record_gateway", sizeof(struct mf_record_gateway), gateway_fields,
			     COUNT(gateway_fields));
	kind[GATEWAYS] = btf__add_array(btf, kind[U32], gateway, MF_RECORD_GATEWAYS);
	kind[NODE] = struct_add(btf, kind, "mf_node_config", sizeof(struct mf_node_config), node_fields,
				COUNT(node_fields));
	return struct_add(btf, kind, "mf_record", sizeof(struct mf_record), record_fields, COUNT(record_fields));
}

static int map_create(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	struct btf *btf = btf__new_empty();
	int key = 0, value, fd;

	if (!btf)
		return -ENOMEM;
	value = types_add(btf, &key);
	if (value > 0 && !btf__load_into_kernel(btf)) {
		options.btf_fd = btf__fd(btf);
		options.btf_key_type_id = key;
		options.btf_value_type_id = value;
	}
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "mf_config", sizeof(__u32), sizeof(struct mf_record), 1, &options);
	btf__free(btf);
	return fd;
}

int mf_record_create(const char *path)
{
	int error, fd = map_create();

	if (fd < 0)
		return fd;
	error = bpf_obj_pin(fd, path);
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

static int record_read(int fd, struct mf_record *record)
{
	struct bpf_map_info info = { 0 };
	__u32 bytes = sizeof(info), zero = 0;
	int error = bpf_obj_get_info_by_fd(fd, &info, &bytes);

	if (error)
		return error;
	if (info.value_size != sizeof(*record))
		return -EPROTO;
	error = bpf_map_lookup_elem(fd, &zero, record);
	if (!error && record->version != MF_RECORD_VERSION)
		return -EPROTO;
	return error;
}

int mf_record_open(const char *path, struct mf_record *record)
{
	int error, fd = bpf_obj_get(path);

	if (fd < 0)
		return fd;
	error = record_read(fd, record);
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

int mf_record_write(int fd, const struct mf_record *record)
{
	__u32 zero = 0;

	return bpf_map_update_elem(fd, &zero, record, BPF_ANY);
}
