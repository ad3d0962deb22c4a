# SPDX-License-Identifier: GPL-2.0-only
# The DHT engine on real sockets, for tests/e2e/dht_*.sh; and in a simulated network, for unit tests and figures.

dht_obj := $(patsubst %.c,$(B)/%.o,$(wildcard ctl/dht/*.c))
dht_sim_obj := $(B)/tests/lab/dht_sim.o $(B)/tests/lab/dht_sim_node.o

$(B)/lab/dhtget: $(B)/tests/lab/dhtget.o $(dht_obj)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(shell $(PKG_CONFIG) --libs libsodium) -o $@

$(B)/bench/dhtsim: $(B)/tests/bench/dhtsim.o $(dht_sim_obj) $(dht_obj)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(shell $(PKG_CONFIG) --libs libsodium) -o $@

$(B)/tests/test_dht_network $(B)/tests/test_dht_liars: $(dht_sim_obj:$(B)/%=$(B)/san/%)

.SECONDARY: $(dht_sim_obj) $(B)/tests/lab/dhtget.o $(B)/tests/bench/dhtsim.o

tests: $(B)/lab/dhtget $(B)/bench/dhtsim
