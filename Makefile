# SPDX-License-Identifier: GPL-2.0-only
# Mayfly. `make help` lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config
B := build
JOBS ?= $(shell nproc)
V ?= 0
ifeq ($(V),0)
Q := @
say = @printf '  %-8s %s\n' $(1) $(2)
else
say = @:
endif

VERSION := $(shell dist/version)
WARN := -Wall -Wextra -Wno-missing-field-initializers
CFLAGS ?= -O2 -g
override CPPFLAGS += -I. -I$(B) -D_GNU_SOURCE -DMAYFLY_VERSION='"$(VERSION)"'

# What the compiler at hand can do against bytes that somebody else chose (tests/e2e/hardened.sh looks at the outcome).
takes = $(shell printf '$(hash)include <stdio.h>\nint main(void){return 0;}' | \
	$(CC) -O2 -Werror $(1) -x c -c - -o /dev/null 2>/dev/null && echo '$(1)')
hash := \#
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE
HARDEN := -fPIE -fstack-protector-strong $(call takes,-fstack-clash-protection) \
	$(call takes,-fcf-protection) $(call takes,-mbranch-protection=standard) \
	$(or $(call takes,$(FORTIFY)=3),$(FORTIFY)=2)
HARDEN_LINK := -pie -Wl,-z,relro,-z,now,-z,noexecstack
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -Wno-address-of-packed-member -Werror \
	-I. -I$(B) -I/usr/include/$(subst -pc-,-,$(shell $(CC) -dumpmachine)) -DAEAD_PLAIN=$(if $(filter plain,$(CIPHER)),1,0)

loader_libs = $(shell $(PKG_CONFIG) --libs libbpf libelf libsodium libcap-ng libseccomp)
page_libs = $(shell $(PKG_CONFIG) --libs libmicrohttpd libsodium libcap-ng libseccomp)
ctl_libs = $(shell $(PKG_CONFIG) --libs inih jansson libsodium hiredis libuv)

loader_src := $(wildcard loader/*.c)
ctl_src := $(wildcard ctl/*.c ctl/*/*.c) loader/slot.c loader/refusal.c loader/notify.c loader/due.c loader/table.c \
	loader/netlink.c loader/journal.c
page_src := $(wildcard page/*.c)
loader_obj := $(loader_src:%.c=$(B)/%.o)
ctl_obj := $(ctl_src:%.c=$(B)/%.o)
page_obj := $(page_src:%.c=$(B)/%.o) $(patsubst %,$(B)/ctl/%.o,board format parse verdict) $(B)/loader/filter.o
unit_src := $(wildcard tests/unit/test_*.c)
unit_bin := $(unit_src:tests/unit/%.c=$(B)/tests/%)
fuzz_src := $(wildcard tests/fuzz/fuzz_*.c)
fuzz_bin := $(fuzz_src:tests/fuzz/%.c=$(B)/fuzz/%)

# Whatever reads what the network, a user or another process says: no number changes its size or sign unless it is said so.
strict_src := $(wildcard ctl/*.c ctl/dht/*.c page/*.c) $(addprefix loader/,check.c control_socket.c request.c netlink.c route.c link.c \
	neighbour.c feature.c address_set.c options.c notify.c log.c pins.c prefix.c refusal.c due.c table.c slot.c \
	reports.c surroundings.c nic.c target.c watch.c journal.c filter.c)
STRICT := -Werror=conversion -Werror=sign-conversion -Werror=shadow -Werror=format=2
$(strict_src:%.c=$(B)/%.o) $(strict_src:%.c=$(B)/san/%.o) $(strict_src:%.c=$(B)/fuzzobj/%.o): private WARN += $(STRICT)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all help demo analyze check check-unit check-long check-kernels check-page check-package bench bench-adversary fuzz tests deps install installed \
	uninstall dist deb clean

all: $(B)/mayfly-loader $(B)/mayflyctl $(B)/mayfly-page ## build the programs (default)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' Makefile dist/install.mk tests/coverage/coverage.mk

deps: ## install the Debian packages that building and testing need
	$(Q)tests/install-deps

demo: deps ## build, then show two hosts meet and talk while their addresses hop
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)tests/demo.sh

check: deps ## build everything, run the whole test suite
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all tests
	$(Q)tests/run

check-long: all tests ## a million random packets against libsodium, and a million as they stand on the wire against chance
	$(Q)MF_PACKETS=$(or $(MF_PACKETS),1000000) tests/run packet cipher unreadable

check-page: ## look at the page with a browser (Debian's chromium, 400 MB), light and dark; screenshots in build/page-shots
	$(Q)tests/install-deps --browser
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)tests/page/check.sh

tests: $(unit_bin) $(fuzz_bin) ## build the tests only

fuzz: $(fuzz_bin) ## run every fuzz target for FUZZ_SECONDS (default 600) each
	$(Q)tests/fuzz/run $(or $(FUZZ_SECONDS),600)

check-kernels: all tests ## run the kernel-dependent part on every kernel series of Debian's in qemu, and on this one
	$(Q)tests/kernels/run

bench: all tests ## measure everything that docs/benchmarks.md states (about 45 minutes)
	$(Q)tests/bench/run

bench-adversary: deps ## attack Mayfly with others' tools, and tell what each attacker got for it (10 minutes)
	$(Q)tests/install-deps netsniff-ng tcpreplay
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all tests
	$(Q)tests/adversary/run

# The cipher's inner loops as assembly. make CIPHER=plain takes plain C instead; make clean before another choice.
$(B)/bpf/aead_asm.h: bpf/aead_asm.py
	@mkdir -p $(@D)
	$(call say,ASM,$@)
	$(Q)python3 $< > $@

$(B)/mayfly.bpf.o: bpf/mayfly.bpf.c $(wildcard bpf/*.h) $(B)/bpf/aead_asm.h
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(B)/mayfly.skel.h: $(B)/mayfly.bpf.o
	$(call say,SKEL,$@)
	$(Q)echo '#pragma GCC system_header' > $@
	$(Q)$(BPFTOOL) gen skeleton $< name mayfly >> $@

$(loader_obj): $(B)/mayfly.skel.h

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARN) $(HARDEN) -MMD -MP -c $< -o $@

$(B)/mayfly-loader: $(loader_obj)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $(HARDEN_LINK) $^ $(loader_libs) -o $@

$(B)/mayflyctl: $(ctl_obj)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $(HARDEN_LINK) $^ $(ctl_libs) -o $@

# The page with what of mayflyctl it shows; it alone is linked with an HTTP library.
$(B)/page/page_html.h: page/page.html page/embed.py
	@mkdir -p $(@D)
	$(call say,EMBED,$<)
	$(Q)python3 page/embed.py $< > $@

$(B)/page/page.o $(B)/san/page/page.o $(B)/fuzzobj/page/page.o: $(B)/page/page_html.h

$(B)/mayfly-page: $(page_obj)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $(HARDEN_LINK) $^ $(page_libs) -o $@

# Tests link the sanitised objects of all programs, without their main().
san_obj := $(patsubst %.c,$(B)/san/%.o,$(filter-out loader/main.c ctl/main.c page/main.c,$(sort $(loader_src) $(ctl_src) $(page_src))))
fuzz_obj := $(patsubst $(B)/san/%.o,$(B)/fuzzobj/%.o,$(san_obj))

$(B)/san/%.o: %.c $(B)/mayfly.skel.h
	@mkdir -p $(@D)
	$(call say,CC-SAN,$<)
	$(Q)$(CC) -std=gnu11 $(CPPFLAGS) $(SANITIZE) $(WARN) -MMD -MP -c $< -o $@

$(B)/fuzzobj/%.o: %.c $(B)/mayfly.skel.h
	@mkdir -p $(@D)
	$(call say,CC-FUZZ,$<)
	$(Q)$(CLANG) -std=gnu11 $(CPPFLAGS) $(SANITIZE) -fsanitize=fuzzer-no-link $(WARN) -MMD -MP -c $< -o $@

$(B)/libsan.a: $(san_obj)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/libfuzz.a: $(fuzz_obj)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/tests/%: tests/unit/%.c $(B)/libsan.a
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) -std=gnu11 $(CPPFLAGS) $(SANITIZE) $(WARN) -MMD -MP $(filter tests/%.c %.o,$^) $(B)/libsan.a $(loader_libs) $(ctl_libs) -lcmocka -lm -o $@

$(B)/fuzz/%: tests/fuzz/%.c $(B)/libfuzz.a
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) -std=gnu11 $(CPPFLAGS) $(SANITIZE) -fsanitize=fuzzer $(WARN) -MMD -MP $< $(B)/libfuzz.a $(loader_libs) $(ctl_libs) -o $@

# What has threads, once more under ThreadSanitizer.
TSAN := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
tsan_src := $(wildcard ctl/dht/*.c ctl/store*.c) $(addprefix ctl/,lookups.c meet_search.c meeting.c loop_dht.c dht_socket.c \
	dht_nodes.c rendezvous.c rendezvous_box.c rendezvous_plain.c two_stage.c two_stage_key.c stuffing.c client.c \
	config_rendezvous.c file_replace.c format.c hkdf.c key.c parse.c say.c wanted.c wrap.c) loader/slot.c loader/refusal.c \
	loader/journal.c

$(B)/tsan/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC-TSAN,$<)
	$(Q)$(CC) -std=gnu11 $(CPPFLAGS) $(TSAN) $(WARN) -MMD -MP -c $< -o $@

$(B)/tests/test_tsan_threads: $(patsubst %.c,$(B)/tsan/%.o,$(tsan_src) tests/unit/test_threads.c)
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(TSAN) $^ $(ctl_libs) -lcmocka -lm -o $@

tests: $(B)/tests/test_tsan_threads

# One file at a time, all paths through it; then the programs by the other compiler. A warning ends it.
analyze_ok := $(patsubst %.c,$(B)/analyze/%.ok,$(sort $(loader_src) $(ctl_src) $(page_src)))

$(B)/analyze/page/page.ok: $(B)/page/page_html.h

analyze: $(analyze_ok) ## clang's static analyser over all files of the programs, and these built by clang (about 3 minutes)
	$(Q)$(MAKE) --no-print-directory CC=$(CLANG) B=$(B)/clang CFLAGS='$(CFLAGS) -Werror' all

# What bpftool has written into the skeleton is not ours to mend.
$(B)/analyze/loader/object.ok: private ANALYZE := -Xclang -analyzer-disable-checker=unix.Malloc

$(B)/analyze/%.ok: %.c $(B)/mayfly.skel.h
	@mkdir -p $(@D)
	$(call say,ANALYZE,$<)
	$(Q)$(CLANG) --analyze --analyzer-output text -Wno-unused-value -Xclang -analyzer-werror $(ANALYZE) \
		-std=gnu11 $(CPPFLAGS) -MMD -MP -MF $(@:.ok=.d) -MT $@ $<
	$(Q)touch $@

include $(wildcard dist/install.mk)
include tests/packet/packet.mk
include tests/pktgen/pktgen.mk
include tests/bench/bench.mk
include tests/lab/dht.mk
include tests/adversary/adversary.mk
include tests/coverage/coverage.mk

compile_commands.json: ## for editors
	$(Q)bear --output $@ -- $(MAKE) -B all

clean: ## remove what was built
	$(Q)rm -rf $(B) compile_commands.json

# Not in whole systems that stand there: their directories of configuration are called so, too.
-include $(shell find $(B) \( -path $(B)/package -o -path $(B)/deb \) -prune -o -name '*.d' -type f -print 2>/dev/null)
