# SPDX-License-Identifier: GPL-2.0-only
# Programs that tests/adversary/run uses, and tests/e2e/adversaries.sh.

$(B)/adversary/information: tests/adversary/information.c
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARN) $< -lm -o $@

$(B)/adversary/liars: $(B)/tests/adversary/liars.o $(dht_sim_obj) $(dht_obj)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(shell $(PKG_CONFIG) --libs libsodium) -o $@

.SECONDARY: $(B)/tests/adversary/liars.o

tests: $(B)/adversary/information $(B)/adversary/liars
