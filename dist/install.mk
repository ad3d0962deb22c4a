# SPDX-License-Identifier: GPL-2.0-only
# What `make install` puts where. Units name the programs under /usr; another PREFIX is put into them.

SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/mayfly
SCHEMADIR ?= $(PREFIX)/share/mayfly/schema
UNITDIR ?= /lib/systemd/system
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions

schemas := $(wildcard docs/schema/*.json)
man_pages := $(wildcard docs/man/*.5 docs/man/*.8)
units := $(wildcard dist/systemd/*.service)
documents := README.md CHANGELOG.md LICENSE docs/PROTOCOL.md docs/DESIGN.md docs/benchmarks.md dist/mayfly.conf.example
installed := $(SBINDIR)/mayfly-loader $(BINDIR)/mayflyctl $(COMPLETIONDIR)/mayflyctl \
	$(foreach page,$(man_pages),$(MANDIR)/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page))) \
	$(foreach unit,$(units),$(UNITDIR)/$(notdir $(unit))) \
	$(foreach document,$(documents),$(DOCDIR)/$(notdir $(document))) \
	$(foreach schema,$(schemas),$(SCHEMADIR)/$(notdir $(schema)))

install: all ## install below PREFIX (DESTDIR goes before it)
	install -Dm755 $(B)/mayfly-loader $(DESTDIR)$(SBINDIR)/mayfly-loader
	install -Dm755 $(B)/mayflyctl $(DESTDIR)$(BINDIR)/mayflyctl
	install -Dm644 dist/completions/mayflyctl.bash $(DESTDIR)$(COMPLETIONDIR)/mayflyctl
	for page in $(man_pages); do install -Dm644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; done
	for unit in $(units); do \
		install -d $(DESTDIR)$(UNITDIR) && \
		sed -e 's|/usr/sbin/mayfly-loader|$(SBINDIR)/mayfly-loader|g' -e 's|/usr/bin/mayflyctl|$(BINDIR)/mayflyctl|g' \
			$$unit > $(DESTDIR)$(UNITDIR)/$${unit##*/}; done
	for document in $(documents); do install -Dm644 $$document $(DESTDIR)$(DOCDIR)/$${document##*/}; done
	for schema in $(schemas); do install -Dm644 $$schema $(DESTDIR)$(SCHEMADIR)/$${schema##*/}; done

uninstall: ## take away what install put there
	rm -f $(addprefix $(DESTDIR),$(installed))
	-rmdir $(DESTDIR)$(DOCDIR) $(DESTDIR)$(SCHEMADIR) 2>/dev/null
