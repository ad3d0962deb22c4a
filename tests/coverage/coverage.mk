# SPDX-License-Identifier: GPL-2.0-only
# Which lines run in the tests. A build of its own, neither optimised nor sanitised; BPF programs are not in it.

coverage_flags := -O1 -g --coverage -fprofile-update=atomic
coverage_dump := build/coverage/tests/coverage/dump.o
coverage_make = $(MAKE) --no-print-directory B=build/coverage CC=gcc HARDEN=-fPIE CFLAGS='$(coverage_flags)' SANITIZE='$(coverage_flags)'

.PHONY: coverage coverage-build coverage-report

coverage: coverage-build ## which lines of loader/, ctl/ and page/ the tests run; fails for files below 85 % (about 15 minutes)
	$(Q)find build/coverage -name '*.gcda' -delete
	$(Q)for object in $(page_obj:$(B)/%.o=%); do install -m 666 /dev/null build/coverage/$$object.gcda; done
	$(Q)status=0; MF_COVERAGE=1 GCOV_ERROR_FILE=/dev/null BUILD='$(CURDIR)/build/coverage' MF_JOBS=$(or $(MF_JOBS),2) \
		tests/run unit packet e2e || status=1; \
	tests/coverage/report.py build/coverage || status=1; exit $$status

coverage-build: deps
	$(Q)$(coverage_make) $(coverage_dump)
	$(Q)$(coverage_make) -j$(JOBS) LDFLAGS='--coverage -Wl,--wrap=_exit,--wrap=seccomp_load $(coverage_dump)' all coverage-tests

$(addprefix build/coverage/,mayfly-loader mayflyctl mayfly-page): private .EXTRA_PREREQS := $(coverage_dump)

coverage-report: ## the table of the last `make coverage` again
	$(Q)tests/coverage/report.py build/coverage

coverage-tests: $(unit_bin) $(packet_bin) $(B)/lab/dhtget $(B)/bench/sessionload $(B)/bench/sealedpair $(B)/pktgen/live
