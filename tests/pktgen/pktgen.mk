# SPDX-License-Identifier: GPL-2.0-only
# tests/pktgen/live: hand-made frames at a rate.

$(B)/pktgen/live.bpf.o: tests/pktgen/live.bpf.c tests/pktgen/live.h
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(B)/pktgen/live.skel.h: $(B)/pktgen/live.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name live > $@

$(B)/pktgen/live: tests/pktgen/live.c $(B)/pktgen/live.skel.h
	$(call say,LINK,$@)
	$(Q)$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARN) $< $(shell $(PKG_CONFIG) --libs libbpf) -lpthread -o $@

tests: $(B)/pktgen/live
