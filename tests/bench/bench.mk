# SPDX-License-Identifier: GPL-2.0-only
# Programs that tests/bench/run and tests/kernels/run use.

bench_bin := $(addprefix $(B)/bench/,udpblast pingpong memory_at_exit rotation seal sessionload sessionpure assocload sealedpair boardturn)
load_obj := $(patsubst tests/bench/%.c,$(B)/bench/%.o,$(wildcard tests/bench/load_*.c))

$(B)/bench/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARN) -MMD -MP -c $< -o $@

$(B)/bench/udpblast $(B)/bench/pingpong $(B)/bench/memory_at_exit: %: %.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@

# The loader's own keeper: everything of the loader but its main().
$(B)/bench/rotation: $(B)/bench/rotation.o $(filter-out $(B)/loader/main.o,$(loader_obj))
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(loader_libs) -o $@

# All of mayflyctl but its main().
$(B)/bench/seal: $(B)/bench/seal.o $(filter-out $(B)/ctl/main.o,$(ctl_obj))
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(ctl_libs) -o $@

# Of mayflyctl what they need.
$(B)/bench/libctl.a: $(filter-out $(B)/ctl/main.o,$(ctl_obj))
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/bench/sessionload: $(B)/bench/sessionload.o $(load_obj) $(B)/bench/libctl.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(ctl_libs) -o $@

$(B)/bench/sessionpure $(B)/bench/assocload $(B)/bench/sealedpair $(B)/bench/boardturn: %: %.o $(B)/bench/libctl.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(ctl_libs) -o $@

$(B)/kernels/load: tests/kernels/load.c $(B)/mayfly.skel.h
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARN) $< $(loader_libs) -lz -o $@

.SECONDARY: $(bench_bin:%=%.o) $(load_obj)

tests: $(bench_bin) $(B)/kernels/load
