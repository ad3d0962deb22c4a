# SPDX-License-Identifier: GPL-2.0-only
#
# Sourced at the end of a lab when coverage is measured: programs that the end of the lab would kill are told to end first, so
# that they write down what they ran. Only what this lab's process namespace holds can be seen here.

left() { pgrep -x mayflyctl; pgrep -x mayfly-loader; pgrep -x mayfly-page; }
none_left() { [ -z "$(left)" ]; }

none_left || kill -TERM $(left) 2>/dev/null
within 5 none_left
