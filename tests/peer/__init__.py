# SPDX-License-Identifier: GPL-2.0-only
"""The other end, written from docs/PROTOCOL.md. Section numbers in this package are those of that page."""
