#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What happens to next hops while a phone hears its hold stream: the neighbour's MAC changes, the kernel forgets
# the neighbour, the link goes down and up, the route moves to a gateway, to a VLAN. And remotes that can't be served.
# shellcheck source=tests/netns/dp_stage.sh
. "$(dirname "$0")/dp_stage.sh"

hop_of() { drive query '{"get":"nexthops"}' | jq -r --arg remote "$1" ".nexthops[] | select(.remote == \$remote) | .$2"; }
hop_is() { [ "$(hop_of "$1" "$2")" = "$3" ]; }
hears_more() { [ "$(of hold_pump "$(drive stream 2)")" -gt $((sent + 20)) ]; }
still_hears() {
	sent=$(of hold_pump "$(drive stream 2)")
	until_true 5 hears_more || fail "$1: the stream doesn't go on"
	echo "ok: $1"
}

stage_up
dp_start
driver_start
drive hello
drive clip 1200
near=$(drive hold-remote 10.99.0.2 | cut -d' ' -f1)
readonly near
phone 10.99.0.2 40000 10.99.0.1 10004 4 >"$stage/silent" &
silent=$!
drive hold 2 40000 "$near"

# Another MAC, announced as fail-over does: what is sent to the old one would be lost. The kernel believes no
# announcement within a second of the last.
"${in_phones[@]}" sysctl -qw net.ipv4.conf.phones0.arp_notify=1
sleep 1.5
ip -n "$phones" link set phones0 address 02:00:00:00:00:77
until_true 5 hop_is 10.99.0.2 mac 02:00:00:00:00:77 || fail "the new MAC wasn't taken"
still_hears "new MAC of the neighbour"

# Forgotten by the kernel: asked for again, and the known MAC serves meanwhile.
ip -n "$relay" neighbour flush dev relay0
still_hears "neighbour flushed"
until_true 5 sh -c "ip -n $relay neighbour show 10.99.0.2 | grep -q 02:00:00:00:00:77" || fail "not asked for again"
wait "$silent"
line=$(cat "$stage/silent")
echo "silent phone: $line"
# A frame may be lost in the instant in which the phone's side changes its MAC; none is repeated.
[ "$(of received "$line")" -ge 180 ] || fail "the silent phone heard too little"
[ "$(of lost "$line")" -le 2 ] || fail "the silent phone lost frames"
[ "$(of repeated "$line")" = 0 ] || fail "the silent phone heard a frame twice"

# Link down: nothing to send to, and the controller is told; up again: it goes on.
ip -n "$relay" link set relay0 down
until_true 5 hop_is 10.99.0.2 state unreachable || fail "link down wasn't seen"
[[ $(drive news 10.99.0.2) == "3 "* ]] || fail "the controller wasn't told"
ip -n "$relay" link set relay0 up
until_true 8 hop_is 10.99.0.2 state reachable || fail "link up wasn't seen"
[[ $(drive news 10.99.0.2) == "2 -" ]] || fail "the controller wasn't told that it is back"
still_hears "link down and up"

# A remote behind a gateway, then behind another.
ip -n "$phones" address add 10.98.0.1/32 dev lo
ip -n "$relay" route add 10.98.0.0/24 via 10.99.0.2
drive hold-remote 10.98.0.1
hop_is 10.98.0.1 mac 02:00:00:00:00:77 || fail "gateway's MAC"
ip -n "$relay" neighbour replace 10.99.0.3 lladdr 02:00:00:00:00:33 dev relay0 nud permanent
ip -n "$relay" route replace 10.98.0.0/24 via 10.99.0.3
until_true 5 hop_is 10.98.0.1 mac 02:00:00:00:00:33 || fail "route change wasn't seen"
ip -n "$relay" route del 10.98.0.0/24
until_true 5 hop_is 10.98.0.1 state unreachable || fail "deleted route wasn't seen"
echo "ok: route via a gateway, via another, deleted"

# A VLAN on top of the attached interface becomes a tag.
if ip -n "$relay" link add link relay0 name relay0.7 type vlan id 7 2>/dev/null; then
	ip -n "$relay" address add 10.97.0.1/24 dev relay0.7
	ip -n "$relay" link set relay0.7 up
	ip -n "$relay" neighbour replace 10.97.0.2 lladdr 02:00:00:00:00:97 dev relay0.7 nud permanent
	drive hold-remote 10.97.0.2
	hop_is 10.97.0.2 vlan_tags 1 || fail "no VLAN tag"
	hop_is 10.97.0.2 ifindex "$(hop_of 10.99.0.2 ifindex)" || fail "a VLAN's packets leave by the interface below"
	echo "ok: VLAN"
else
	echo "left out: this kernel makes no VLAN interfaces (test_dp_nexthop has the decision)"
fi

# What can't be served, and why.
drive_refused "Address already in use" hold-remote 10.99.0.1
drive_refused "No route to host" hold-remote 203.0.113.5
drive_refused "No route to host" hold-remote 10.99.0.200
hop_is 10.99.0.200 state unreachable || fail "a neighbour that doesn't answer"
ip -n "$phones" address add 10.99.0.200/24 dev phones0
until_true 8 hop_is 10.99.0.200 state reachable || fail "a neighbour that came later"

# Holds are counted: the second release ends the entry.
drive hold-remote 10.99.0.2 >/dev/null
drive release-remote 10.99.0.2
hop_is 10.99.0.2 holds 1 || fail "holds"
drive idle 2
drive release-remote 10.99.0.2
[ -z "$(hop_of 10.99.0.2 state)" ] || fail "the last release should end the entry"
drive release-remote 10.99.0.2
drive hold-remote 10.99.0.2
echo "RESULT: MAC, flush, link, gateway; the stream lost $(of lost "$line") frames"
