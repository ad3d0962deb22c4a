# SPDX-License-Identifier: GPL-2.0-only
# The DHT engine on real sockets, for tests/e2e/dht_*.sh.

dht_obj := $(patsubst %.c,$(B)/%.o,$(wildcard ctl/dht/*.c))

$(B)/lab/%.o: tests/lab/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARN) -MMD -MP -c $< -o $@

$(B)/lab/dhtget: $(B)/lab/dhtget.o $(dht_obj)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(shell $(PKG_CONFIG) --libs libsodium) -o $@

.SECONDARY: $(B)/lab/dhtget.o

tests: $(B)/lab/dhtget
