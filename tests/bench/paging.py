# SPDX-License-Identifier: GPL-2.0-only
"""The page and metrics beside many sessions: how long they take, what they keep, and whether sessions feel it."""
from tabular import table

SCRAPE_LIMIT_MS, PAINT_LIMIT_MS, MEMORY_LIMIT_MB = 50.0, 200.0, 5.0

WORDS = (
    "`tests/bench/page.sh`: `mayflyctl serve` with sessions of `build/bench/sessionload`, each with an echo a second; `serve` and "
    "`mayfly-page` share a core, loader and clients have the other. Requests are curl's, a connection each. Memory: what "
    "`mayfly-page` has of its own, and the whole board when all pages have been asked for; not the libraries that it shares with "
    "others. Handshakes are of 300 more clients, one at a time: alone, and while `ab` asks for metrics and for a page over 24 connections "
    "each, as fast as it can with the lowest priority, and 16 streams follow. First paint: `make check-page`, the first contentful paint of "
    "Debian's Chromium (headless, without a GPU, on the same two cores), median of 11. `build/bench/boardturn 15000` is what the loop that keeps "
    "sessions does for the page, but for its questions to the loader, of which there are 16 a turn at the most.")


def value(samples, name):
    return samples.median(f"page.{name}", "page") if samples.has(f"page.{name}", "page") else None


def judged(kept):
    return "reached" if kept else "**missed**"


def paging(samples, result):
    sessions, scrape = value(samples, "sessions"), value(samples, "scrape_ms_p50")
    if scrape is None:
        return []
    own, board = value(samples, "hammered_own_kb") / 1024, value(samples, "all_pages_board_kb") / 1024
    paint = value(samples, "first_paint_ms")
    rows = [
        [f"scrape with {sessions:,.0f} sessions, {value(samples, 'series'):.0f} series, p50", f"**{scrape:.1f} ms**",
         f"< {SCRAPE_LIMIT_MS:.0f} ms", judged(scrape < SCRAPE_LIMIT_MS)],
        ["the same, the worst of 100", f"{value(samples, 'scrape_ms_worst'):.1f} ms", "-", "stated"],
        ["page of 50 sessions, the first, p50 (worst)",
         f"{value(samples, 'page_ms_p50'):.1f} ms ({value(samples, 'page_ms_worst'):.1f})", "-", "stated"],
        ["the last one", f"{value(samples, 'last_page_ms_p50'):.1f} ms ({value(samples, 'last_page_ms_worst'):.1f})", "-", "stated"],
        ["memory of `mayfly-page`, hammered, and of the board", f"**{own + board:.1f} MiB** ({own:.1f} + {board:.1f})",
         f"< {MEMORY_LIMIT_MB:.0f} MB", judged((own + board) * 1.048576 < MEMORY_LIMIT_MB)],
        ["its resident memory with all libraries", f"{value(samples, 'hammered_rss_kb') / 1024:.1f} MiB", "-", "stated"],
    ]
    turn = value(samples, "turn_p50_us")
    if turn is not None:
        rows.append(["CPU time of the sessions' loop for it, every 100 ms, when all rows have changed, p50 (p99)",
                     f"{turn / 1000:.2f} ms ({value(samples, 'turn_p99_us') / 1000:.2f})", "-", "stated"])
    result["page"] = {"sessions": sessions, "scrape_ms": scrape, "memory_mb": (own + board) * 1.048576, "first_paint_ms": paint}
    if paint is not None:
        rows.append(["first paint", f"**{paint:.0f} ms**", f"< {PAINT_LIMIT_MS:.0f} ms", judged(paint < PAINT_LIMIT_MS)])
    lines = table(["page and metrics", "", "target", "verdict"], rows)
    beside = [[f"{words}", f"{value(samples, name + '_usable_p50_ms'):.2f} ms", f"{value(samples, name + '_usable_p99_ms'):.1f} ms",
               f"{value(samples, name + '_failed'):.0f} of {value(samples, name + '_handshakes'):.0f}"]
              for name, words in (("alone", "alone"),
                                  ("hammered", f"beside {value(samples, 'requests_per_second'):,.0f} requests a second"))]
    return lines + table(["handshakes", "p50", "p99", "failed"], beside)
