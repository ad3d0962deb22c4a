# SPDX-License-Identifier: GPL-2.0-only
# Packet tests: tables run through BPF_PROG_TEST_RUN. build/packet/test_*, one binary a table.

packet_common := frame frame_control carried world rig rig_look rig_run table
packet_test := $(patsubst tests/packet/%.c,%,$(wildcard tests/packet/test_*.c))
packet_bin := $(packet_test:%=$(B)/packet/%)
packet_obj := $(packet_common:%=$(B)/packet/%.o) $(B)/loader/slot.o $(B)/loader/keeper.o $(B)/ctl/verdict.o

$(B)/packet/%.o: tests/packet/%.c $(B)/mayfly.skel.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARN) -MMD -MP -c $< -o $@

$(packet_bin): $(B)/packet/test_%: $(B)/packet/test_%.o $(packet_obj)
	$(call say,TEST,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(shell $(PKG_CONFIG) --libs libbpf libsodium) -lcmocka -o $@

.SECONDARY: $(packet_test:%=$(B)/packet/%.o) $(packet_common:%=$(B)/packet/%.o)

tests: $(packet_bin)
