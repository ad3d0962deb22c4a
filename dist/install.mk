# SPDX-License-Identifier: GPL-2.0-only
# What `make install` puts where. Units name the programs under /usr; another PREFIX is put into them.

SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/mayfly
EXAMPLEDIR ?= $(DOCDIR)/examples
SCHEMADIR ?= $(PREFIX)/share/mayfly/schema
MONITORINGDIR ?= $(PREFIX)/share/mayfly/monitoring
UNITDIR ?= /lib/systemd/system
SYSUSERSDIR ?= /usr/lib/sysusers.d
TMPFILESDIR ?= /usr/lib/tmpfiles.d
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d

units := $(wildcard dist/systemd/*.service)
# SOURCE:MODE:PLACE of every file.
files := $(B)/mayfly-loader:755:$(SBINDIR)/mayfly-loader $(B)/mayflyctl:755:$(BINDIR)/mayflyctl \
	$(B)/mayfly-page:755:$(BINDIR)/mayfly-page \
	dist/completions/mayflyctl.bash:644:$(BASHDIR)/mayflyctl \
	dist/completions/mayflyctl.zsh:644:$(ZSHDIR)/_mayflyctl \
	dist/completions/mayflyctl.fish:644:$(FISHDIR)/mayflyctl.fish \
	dist/sysusers/mayfly.conf:644:$(SYSUSERSDIR)/mayfly.conf \
	dist/tmpfiles/mayfly.conf:644:$(TMPFILESDIR)/mayfly.conf \
	dist/mayfly.conf.example:644:$(EXAMPLEDIR)/mayfly.conf \
	$(foreach page,$(wildcard docs/man/*.[58]),$(page):644:$(MANDIR)/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page))) \
	$(foreach unit,$(units),$(unit):644:$(UNITDIR)/$(notdir $(unit))) \
	$(foreach schema,$(wildcard docs/schema/*.json),$(schema):644:$(SCHEMADIR)/$(notdir $(schema))) \
	$(foreach document,README.md CHANGELOG.md LICENSE $(wildcard docs/*.md docs/*.json),$(document):644:$(DOCDIR)/$(notdir $(document))) \
	$(foreach file,$(wildcard dist/monitoring/*),$(file):644:$(MONITORINGDIR)/$(notdir $(file)))
installed := $(foreach file,$(files),$(lastword $(subst :, ,$(file))))

install: all ## install below PREFIX (DESTDIR goes before it)
	$(Q)set -e; for file in $(files); do \
		rest=$${file#*:}; install -Dm$${rest%%:*} $${file%%:*} $(DESTDIR)$${rest#*:}; done
	$(Q)sed -i -e 's|/usr/sbin/mayfly-loader|$(SBINDIR)/mayfly-loader|' -e 's|/usr/bin/mayflyctl|$(BINDIR)/mayflyctl|' \
		$(foreach unit,$(units),$(DESTDIR)$(UNITDIR)/$(notdir $(unit)))
	$(Q)[ -n "$(DESTDIR)" ] || echo "for the units: systemd-sysusers; systemd-tmpfiles --create; systemctl daemon-reload"

installed: ## list what install puts there
	@printf '%s\n' $(addprefix $(DESTDIR),$(installed))

uninstall: ## take away what install put there
	$(Q)rm -f $(addprefix $(DESTDIR),$(installed))
	$(Q)rmdir $(DESTDIR)$(EXAMPLEDIR) $(DESTDIR)$(DOCDIR) $(DESTDIR)$(MONITORINGDIR) $(DESTDIR)$(SCHEMADIR) $(DESTDIR)$(dir $(SCHEMADIR)) 2>/dev/null || true

dist: ## pack the source: build/dist/mayfly-VERSION.tar.gz, the same bytes for the same commit
	$(Q)dist/archive $(B)/dist

deb: ## build Debian packages in build/deb, from what is committed
	$(Q)dist/package $(B)/deb

check-package: deb ## install the package in two fresh Debian systems, and what happens to it there (minutes; fetches packages)
	$(Q)tests/package/run
