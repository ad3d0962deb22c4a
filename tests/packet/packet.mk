# SPDX-License-Identifier: GPL-2.0-only
# Packet tests: tables run through BPF_PROG_TEST_RUN. build/packet/test_*, one binary a table.

packet_common := frame frame_control carried world rig rig_look rig_run live table
packet_test := $(patsubst tests/packet/%.c,%,$(wildcard tests/packet/test_*.c))
packet_bin := $(packet_test:%=$(B)/packet/%)
packet_obj := $(packet_common:%=$(B)/packet/%.o) $(B)/loader/slot.o $(B)/loader/live.o $(B)/ctl/verdict.o

$(B)/packet/%.o: tests/packet/%.c $(B)/mayfly.skel.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARN) -MMD -MP -c $< -o $@

$(packet_bin): $(B)/packet/test_%: $(B)/packet/test_%.o $(packet_obj)
	$(call say,TEST,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(shell $(PKG_CONFIG) --libs libbpf libsodium) $(packet_libs) -lcmocka -lm -o $@

$(B)/packet/test_vectors: $(B)/ctl/parse.o
$(B)/packet/test_vectors: packet_libs = $(shell $(PKG_CONFIG) --libs jansson)

.SECONDARY: $(packet_test:%=$(B)/packet/%.o) $(packet_common:%=$(B)/packet/%.o)

tests: $(packet_bin)

# The cipher by itself, in assembly and in plain C.
$(B)/packet/cipher.bpf.o $(B)/packet/cipher_plain.bpf.o: tests/packet/cipher.bpf.c $(wildcard bpf/*.h) tests/packet/cipher.h \
		$(B)/bpf/aead_asm.h
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -UAEAD_PLAIN -DAEAD_PLAIN=$(if $(findstring plain,$@),1,0) -c $< -o $@

$(B)/packet/cipher.skel.h $(B)/packet/cipher_plain.skel.h: $(B)/packet/%.skel.h: $(B)/packet/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(B)/packet/cipher_run.o: $(B)/packet/cipher.skel.h $(B)/packet/cipher_plain.skel.h
$(B)/packet/test_cipher $(B)/packet/test_cipher_live: $(B)/packet/cipher_run.o

# tests/bench/nanoseconds: the same ends, measured.
$(B)/bench/prepare.bpf.o: tests/bench/prepare.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(B)/bench/prepare.skel.h: $(B)/bench/prepare.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name prepare_bpf > $@

$(B)/bench/nanoseconds.o: $(B)/bench/prepare.skel.h
$(B)/bench/nanoseconds.o $(B)/bench/crowd.o: $(B)/mayfly.skel.h

$(B)/bench/nanoseconds: $(B)/bench/nanoseconds.o $(B)/bench/crowd.o $(filter-out $(B)/packet/table.o,$(packet_obj))
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(shell $(PKG_CONFIG) --libs libbpf libsodium) -lcmocka -lm -o $@

tests: $(B)/bench/nanoseconds

# tests/bench/cipher: the cipher by itself, measured.
$(B)/bench/cipher: $(B)/bench/cipher.o $(B)/packet/cipher_run.o $(B)/packet/frame.o $(B)/packet/frame_control.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(shell $(PKG_CONFIG) --libs libbpf) -o $@

tests: $(B)/bench/cipher
