#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An interface goes and comes back by the same name, as when its driver is reloaded: the daemon attaches the relay to it,
# and who was parked hears on, on the old clock. Once at once, and once after a while.
# shellcheck source=tests/netns/dp_stage.sh
. "$(dirname "$0")/dp_stage.sh"

said() { grep -q -e "$1" "$stage/dp.log"; }
attached() { [ "$(grep -c 'event=attached interface=relay0' "$stage/dp.log")" = "$1" ]; }
pinned() { echo "$stage"/bpf/xdpark/layout-*/link-* | tr ' ' '\n' | sed 's/.*link-//'; }
ifindex() { ip -n "$relay" -j link show relay0 | jq '.[0].ifindex'; }

# hears NAME: a silent phone hears the stream of endpoint 2, in order and on the clock
hears() {
	local line key
	phone 10.99.0.2 40000 10.99.0.1 10004 2 >"$stage/phone" &
	wait $! || fail "the phone"
	line=$(cat "$stage/phone")
	echo "$1: $line"
	[ "$(of received "$line")" -ge 50 ] || fail "$1: the phone heard too little"
	for key in lost repeated reordered ssrc_changes source_changes off_clock other; do
		[ "$(of $key "$line")" = 0 ] || fail "$1: $key"
	done
}

stage_up
dp_start
driver_start
drive hello
drive clip 1200
near=$(drive hold-remote 10.99.0.2 | cut -d' ' -f1)
drive hold 2 40000 "$near"
hears "before"
clock=$(date +%s%N)

for time in 2 3; do
	ip -n "$relay" link del relay0
	until_true 3 said "event=interface-gone interface=relay0 ifindex=.* follows=" || fail "nobody said that relay0 has gone"
	[ "$time" = 2 ] || sleep 1
	link_up
	until_true 5 attached "$time" || fail "the relay isn't attached to the interface that came back"
	until_true 1 test "$(pinned)" = "$(ifindex)" || fail "pinned: $(pinned), not $(ifindex)"
	hears "after the ${time}. time"
done
[ "$(grep -c event=interface-gone "$stage/dp.log")" = 2 ] || fail "it should be said once each time"
[ "$(drive news 10.99.0.2)" = "2 -" ] || fail "the controller should know that the way is there again"

# A restart takes up what is attached now.
kill "$dp_pid"
wait "$dp_pid" || fail "SIGTERM should be a clean end"
dp_start
[[ $(tail -n 40 "$stage/dp.log") == *"event=attached interface=relay0 mode=native adopted=yes"* ]] || fail "the new link wasn't adopted"
hears "after a restart"
# One stream all the time: its numbers say how many frames were sent, and all of them fit its clock.
sent=$(of sent "$(drive stream 2)")
most=$((($(date +%s%N) - clock) / 20000000 + 200))
[ "$sent" -le "$most" ] || fail "$sent frames in the time of $most"
echo "RESULT: $sent frames over three interfaces of the same name"
