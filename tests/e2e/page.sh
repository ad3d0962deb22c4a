#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The page and the metrics of serve and up: what is there, by whom it is had and by whom not, and that it is no way to hurt
# who keeps the sessions.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"
. "$LAB/page.sh"

by_hand() { "$BUILD/mayfly-page" 2>"$RUN/by_hand.log"; echo $?; }
equal "begun by hand it does not run" 2 "$(by_hand)"
check "and says who begins it" grep -q 'begun by mayflyctl serve or up' "$RUN/by_hand.log"

session_hosts "Listen = /run/mayfly/page.sock"
sed -i 's/^Interface = .*/&\nListen = [::1]:9808\nListenName = page.example/' "$RUN/server/eth0.conf"
serve server
check "serve publishes" within 20 published server 1
check "it says where the page is" grep -q 'page and metrics at \[::1\]:9808' "$RUN/serve-server.log"
check "the page is there" within 5 page_says server / "Nobody has a session here"
check "a session" session_up client
start stream server curl -sN --max-time 8 "$PAGE/events"
start slow server python3 "$LAB/hostile.py" ::1 9808 slow 12

say "# the page, without JavaScript"
check "a session as it appears" within 5 page_says server / '<th scope="row">client<small>'
check "that is up" page_says server / '<span class="badge up">up</span>'
check "both ends" within 5 page_says server / "2001:db8:c1:0:</s><b>"
check "the other page of it" grep -q 'There are no more sessions' <(page_get server '/?page=2')
equal "which there is not yet" 404 "$(page_status server '/?page=2')"
check "no program in it but the one that its policy names" python3 - <(page_get server / -D "$RUN/head") "$RUN/head" <<'END'
import base64, hashlib, re, sys
page, head = (open(name, newline="").read() for name in sys.argv[1:])
policy = re.search(r"^Content-Security-Policy: (.*)\r$", head, re.M).group(1)
assert "default-src 'none'" in policy and "unsafe" not in policy, policy
for tag in ("style", "script"):
    for text in re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy, tag
assert not re.search(r"(?:src|href)=\"(?!/|data:)", page), "something from elsewhere"
assert not re.search(r"<[^>]*\s(?:on[a-z]+|style)=", page), "a handler or style in an element"
assert "{{" not in page, "a place that is not filled in"
END

say "# addresses move"
await stream
check "events of the node, one a second" [ "$(grep -c '^event: node' "$RUN/stream.log")" -ge 6 ]
check "both ends move, slot by slot" python3 - "$RUN/stream.log" <<'END'
import json, re, sys
seen, rows = [], False
for line in open(sys.argv[1]):
    if line.startswith("event: "):
        rows = line.strip() == "event: rows"
    elif rows and line.startswith("data: "):
        html = json.loads(line[6:]).get("0")
        if html:
            hop = re.findall(r"<b>([0-9a-f:]+)</b><u> (\d+)</u>", html)
            start = int(re.search(r'data-start="(\d+)"', html).group(1))
            if not seen or seen[-1][0] != start:
                seen.append((start, hop))
assert len(seen) >= 3, seen
assert all(len(hop) == 2 for _, hop in seen), seen
assert len({str(hop) for _, hop in seen}) == len(seen), seen
assert {later[0] - before[0] for before, later in zip(seen, seen[1:])} == {3000}, seen
END
shown() { page_get server / | sed -n 's/.*<code class="here"><s>\([^<]*\)<\/s><b>\([^<]*\)<\/b><u> \([0-9]*\).*/\1\2 \3/p' | grep -q "$1"; }
local_now() {
	on server mayflyctl show --json | python3 -c "
import ipaddress, json, sys
one = [one for one in json.load(sys.stdin)['associations'] if one['role'] == 'session'][0]['local']
groups = ipaddress.IPv6Address(one['address']).exploded.split(':')
print(':'.join('%x' % int(group, 16) for group in groups), one['port'])"
}
as_it_is() { shown "$(local_now)"; }
check "to where mayflyctl show says that they are" within 3 as_it_is

say "# metrics"
page_get server /metrics >"$RUN/metrics"
check "in Prometheus' format" python3 "$LAB/metrics.py" "$RUN/metrics"
if command -v promtool >/dev/null; then
	check "promtool has nothing to say against it" promtool check metrics <"$RUN/metrics"
else
	say "  (promtool is not installed: Debian's package prometheus)"
fi
check "alerts and dashboard ask for what there is" python3 - "$RUN/metrics" "$TOP"/dist/monitoring/* <<'END'
import json, re, sys
there = set(re.findall(r"^(mayfly_\w+)", open(sys.argv[1]).read(), re.M))
for name in sys.argv[2:]:
    text = open(name).read()
    if name.endswith(".json"):
        json.loads(text)
    asked = set(re.findall(r"\bmayfly_\w+", text))
    assert asked and asked <= there, (name, asked - there)
END
if command -v promtool >/dev/null; then
	check "nor does it against the alerts" promtool check rules "$TOP/dist/monitoring/mayfly.rules.yml"
fi
equal "sessions" 1 "$(page_metric server 'mayfly_sessions{state="up"}')"
equal "this end's role" 1 "$(page_metric server 'mayfly_sessions_by_role{role="responder"}')"
equal "publications" 1 "$(page_metric server 'mayfly_rendezvous_published{period="current"}')"
equal "the level" 1 "$(page_metric server 'mayfly_level{level="calm"}')"
refute "no peer is named" grep -q '"client"' "$RUN/metrics"
refute "nor any key" grep -qF "$(key_of client)" "$RUN/metrics"
before=$(page_metric server 'mayfly_traffic_packets_total{direction="in"}')
counted() {
	on client ping -q -c 10 -i 0.02 -W 1 "$(stable_of server)" >/dev/null
	[ "$(page_metric server 'mayfly_traffic_packets_total{direction="in"}')" -ge $((before + 20)) ]
}
check "traffic is counted" within 5 counted
on stranger ping -c 3 -i 0.05 -W 1 "$(hopping server 1 2 3 4)" >/dev/null
probed() { [ "$(page_metric server 'mayfly_probes_total{kind="random"}')" -ge 1 ]; }
check "and so are guesses" within 5 probed
check "whose network the page names" within 3 page_says server / "<code>2001:db8:5::/48</code>"
check "the client's keeper has a page, too" within 5 grep -q '<th scope="row">server<small>' \
	<(on client curl -s --unix-socket /run/mayfly/page.sock http://localhost/)
equal "which only its own user and group may ask" 660 "$(on client stat -c %a /run/mayfly/page.sock)"
for command in show sessions; do
	check "$command takes it for no loader's" quiet on client mayflyctl "$command"
done
check "a crowd there has no address that would shut it out" on client python3 - <<'END'
import socket
kept = []
for _ in range(31):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(5)
    one.connect("/run/mayfly/page.sock")
    kept.append(one)
kept[-1].sendall(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
assert kept[-1].recv(100).startswith(b"HTTP/1.1 200"), "no answer"
END

say "# who may ask, and for what"
page_pid() { pgrep -x -P "${PID[serve-server]}" mayfly-page; }
answering=$(page_pid)
equal "a name in ListenName" 200 "$(page_status server / -H 'Host: page.example:9808')"
equal "a name that somebody made lead here" 421 "$(page_status server / -H 'Host: rebind.example:9808')"
raw() { on server python3 "$LAB/hostile.py" ::1 9808 raw "$1"; }
equal "two Hosts" 421 "$(raw 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n')"
equal "none" 400 "$(raw 'GET / HTTP/1.1\r\n\r\n')"
equal "none, as of old" 421 "$(raw 'GET / HTTP/1.0\r\n\r\n')"
equal "HEAD" 200 "$(page_status server / -I)"
for method in POST PUT DELETE OPTIONS TRACE PATCH FLY; do
	equal "$method" 405 "$(page_status server / -X "$method")"
done
equal "a body" 405 "$(page_status server / --data-binary @<(head -c 100000 /dev/zero))"
for path in /etc/passwd /../../etc/passwd /%2e%2e/%2e%2e/etc/passwd //metrics /metrics/ '/metrics%00' /key; do
	equal "$path" 404 "$(page_status server "$path" --path-as-is)"
done
for page in 0 -1 x 1x '1%20' 99999999999999999999999 '%3Cb%3E' ''; do
	equal "?page=$page" 400 "$(page_status server "/?page=$page")"
done
equal "a head of 100 kB" 431 "$(page_status server / -H "X-Much: $(head -c 100000 /dev/zero | tr '\0' x)")"
python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 40)' >"$RUN/junk"
on server python3 "$LAB/hostile.py" ::1 9808 junk "$RUN/junk"
equal "after junk" 200 "$(page_status server /)"
start many server python3 "$LAB/hostile.py" ::1 9808 many 10000
check "sessions go on beside ten thousand connections" quiet on client ping -c 20 -i 0.1 -W 1 "$(stable_of server)"
await many
say "  $(log_of many)"
check "who is slow is shown out" await slow
still_answers() { [ "$(page_status server /)" = 200 ]; }
check "and it answers again" within 15 still_answers
start crowd server python3 "$LAB/hostile.py" ::1 9808 slow 129
shut_out() { [ "$(page_status server /)" != 200 ]; }
check "a crowd shuts out its own address" within 5 shut_out
equal "and no other" 200 "$(page_status server / --interface "$(stable_of server)")"
stop crowd
check "and its own no longer than it lasts" within 5 still_answers
on server python3 "$LAB/hostile.py" ::1 9808 brief 20 "$answering"
check "who goes with the last byte takes no place any more" within 8 page_is server mayfly_page_connections 1
for i in $(seq 16); do start "stream$i" server curl -sN --max-time 20 "$PAGE/events"; done
check "sixteen follow" within 10 page_is server mayfly_page_streams 16
equal "one stream too many" 503 "$(page_status server /events)"
for i in $(seq 16); do stop "stream$i"; done
there_is_room() { [ "$(page_status server /events -I)$(page_status server /events --max-time 1)" = 200200 ]; }
check "and when some have gone there is room" within 5 there_is_room
equal "all of it by one process" "$answering" "$(page_pid)"

say "# what that process may do"
status_of() { on server sh -c "awk '/^$1:/ { print \$2 }' /proc/$answering/status"; }
equal "its user" 65534 "$(status_of Uid)"
equal "its capabilities" 0000000000000000 "$(status_of CapEff)"
equal "its system calls are filtered" 2 "$(status_of Seccomp)"
refute "the board is not to be written by it" on server grep -q 'rw.s.*mayfly-board' "/proc/$answering/maps"
equal "its descriptors are sockets and what waits for them" "" \
	"$(on server sh -c "ls -l /proc/$answering/fd" | sed -n 's/.*-> //p' | grep -Ev '^(socket:|anon_inode:|/dev/null|.*/serve-server.log)')"

say "# it dies, it is stopped"
on server kill -ABRT "$answering"
check "it comes back" within 5 page_says server / '<th scope="row">client<small>'
answering=$(page_pid)
on server kill -STOP "$answering"
check "one that is stopped stops nobody" quiet on client ping -c 10 -i 0.1 -W 1 "$(stable_of server)"
on server kill -CONT "$answering"
check "a session goes" on client mayflyctl down eth0
check "the page tells" within 5 page_says server / "client: session ended: closed"
check "and has it no more" within 5 page_is server 'mayfly_sessions{state="up"}' 0
refute "the keeper's socket has gone" on client test -e /run/mayfly/page.sock

say "# a path that is somebody's"
listen_at() { sed -i "s|^Listen = .*|Listen = $1|" "$RUN/client/eth0.conf"; }
bound() { on client python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$1"; }
listen_at /run/mayfly/eth0.sock
check "a session whose page is to be where the loader is" session_up client
check "there is none, and why" grep -q "no page: the socket /run/mayfly/eth0.sock is somebody's already" "$RUN/up-client.log"
check "the loader answers" quiet on client mayflyctl down
check "still" quiet on client mayflyctl --socket /run/mayfly/eth0.sock show
bound /run/mayfly/page
listen_at /run/mayfly/page
check "a session whose page is to be where nobody is any more" session_up client
page_there() { on client curl -s --max-time 5 --unix-socket /run/mayfly/page http://localhost/ | grep -q 'class="badge'; }
check "there it is" within 5 page_there
on client rm /run/mayfly/page
bound /run/mayfly/page
check "the session goes" quiet on client mayflyctl down
check "what has come in its place stays" on client test -S /run/mayfly/page
node_of client "Listen = /run/mayfly/page.sock"
peer_of client server
check "a node without sessions" session_up client
check "has no page, and says so" grep -q "Listen is for who keeps sessions" "$RUN/up-client.log"

say "# it ends"
answering=$(page_pid)
stop serve-server
gone() { negate kill -0 "$answering" 2>/dev/null; }
check "with serve goes its page" within 3 gone
finish
