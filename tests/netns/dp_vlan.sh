#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Phones in VLANs over a real link: what they say comes with their tags, and what they hear leaves with those of
# their next hops. The frames are written and read whole, as not every kernel makes VLAN interfaces; for the same
# reason the tags are put into the dataplane's next hops by hand (test_dp_nexthop has how they come there).
#
#   relay0 ══════ phones0    10.99.0.2  one tag:  802.1Q 7
#                            10.99.0.3  two tags: 802.1ad 100, 802.1Q 7; both of priority 5
# shellcheck source=tests/netns/dp_stage.sh
. "$(dirname "$0")/dp_stage.sh"

mac_of() { ip -n "$1" link show "$2" | awk '/link\/ether/ { print $2 }'; }

# tag_hop INDEX BYTES: both hops of a next hop get these bytes, from vlan_proto on (bpf/layout.h: struct xd_hop).
tag_hop() {
	local map key value offset byte
	map=$(echo "$stage"/bpf/xdpark/layout-*/nexthops)
	key=("$(($1 & 255))" "$(($1 >> 8))" 0 0)
	mapfile -t value < <(bpftool -j map lookup pinned "$map" key "${key[@]}" | jq -r '.value[]')
	[ ${#value[@]} = 128 ] || fail "a next hop of ${#value[@]} bytes"
	for offset in $((64 + 16)) $((96 + 16)); do
		for byte in $2; do
			value[offset]=0x$byte
			offset=$((offset + 1))
		done
	done
	bpftool map update pinned "$map" key "${key[@]}" value "${value[@]}"
}
tags_are() { [ "$(drive query '{"get":"nexthops"}' | jq ".nexthops[] | select(.remote == \"$1\").vlan_tags")" = "$2" ]; }

stage_up
dp_start
driver_start
drive hello
drive clip 1200
near=$(drive hold-remote 10.99.0.2 | cut -d' ' -f1)
far=$(drive hold-remote 10.99.0.3 | cut -d' ' -f1)
readonly near far

# Wider than a frame: each packet of the phone that holds carries one.
drive query '{"set":{"early_us":60000,"grace_us":60000}}' >/dev/null
drive hold 4 40004 "$near"
drive hold 5 40006 "$far"
drive forward 4 5 40004 "$near"
drive forward 5 4 40006 "$far"
drive hold 2 40000 "$near"
# When routes or links change, the dataplane finds out that there is no VLAN, and writes the next hops anew.
for attempt in 1 2 3 4 5; do
	tag_hop "$near" "81 00 00 00  a0 07 00 00  01 00 00 00"
	tag_hop "$far" "88 a8 81 00  a0 64 a0 07  02 00 00 00"
	status=0
	"${in_phones[@]}" "$build/tests/netns/dp_tagged" phones0 "$(mac_of "$relay" relay0)" "$(mac_of "$phones" phones0)" \
		>"$stage/tagged" 2>&1 || status=$?
	! { tags_are 10.99.0.2 1 && tags_are 10.99.0.3 2; } || break
	echo "attempt $attempt: the dataplane wrote the next hops anew meanwhile"
	sleep 1
done
cat "$stage/tagged"
[ "$status" = 0 ] || fail "a frame wasn't as it should be"
hold=$(drive stream 2)
[ "$(of hold_ingress "$hold")" -ge 12 ] || fail "the phone's packets should carry its frames: $hold"
[ "$(of hold_pump "$hold")" -ge 1 ] || fail "the pump should have begun: $hold"
echo "RESULT: $(of forwarded "$(drive stream 4)") and $(of forwarded "$(drive stream 5)") packets forwarded," \
	"$(of hold_ingress "$hold") and $(of hold_pump "$hold") hold frames by ingress and pump, all in their VLAN"
