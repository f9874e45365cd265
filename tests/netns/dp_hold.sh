#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A silent phone hears the hold stream by the pump, one that talks hears it on its own packets, and two that are
# bridged hear each other; also over IPv6. Nothing is missing, nothing comes twice.
# shellcheck source=tests/netns/dp_stage.sh
. "$(dirname "$0")/dp_stage.sh"

stage_up
dp_start
driver_start
drive hello
drive clip 1200
# A window wider than a frame: that the talker's packets carry its frames doesn't depend on how busy the machine is.
drive query '{"set":{"early_us":15000,"grace_us":10000}}'
near=$(drive hold-remote 10.99.0.2 | cut -d' ' -f1)
far=$(drive hold-remote 10.99.0.3 | cut -d' ' -f1)
six=$(drive hold-remote fd99::2 | cut -d' ' -f1)
readonly near far six six_first=500

# Endpoint 2 is port 10004, and so on. The phones are there before the streams begin.
phone 10.99.0.2 40000 10.99.0.1 10004 4 >"$stage/silent" &
silent=$!
phone --talk --ssrc 77 10.99.0.3 40002 10.99.0.1 10006 4 >"$stage/talker" &
talker=$!
phone --talk --ssrc 88 10.99.0.2 40004 10.99.0.1 10008 4 >"$stage/left" &
left=$!
phone --talk --ssrc 99 10.99.0.3 40006 10.99.0.1 10010 4 >"$stage/right" &
right=$!
phone fd99::2 40008 fd99::1 10002 4 >"$stage/six" &
six_pid=$!
drive mute 3 40002 "$far"
drive hold 2 40000 "$near"
drive hold $((six_first + 1)) 40008 "$six"
drive hold 4 40004 "$near"
drive hold 5 40006 "$far"
drive forward 4 5 40004 "$near"
drive forward 5 4 40006 "$far"
# In phase with the packets that it sends.
sleep 0.1
drive hold 3 40002 "$far"
wait "$silent" "$talker" "$left" "$right" "$six_pid"

heard_well "silent phone" "$(cat "$stage/silent")" 180
heard_well "talking phone" "$(cat "$stage/talker")" 175
heard_well "IPv6 phone" "$(cat "$stage/six")" 180

silent_stream=$(drive stream 2)
talker_stream=$(drive stream 3)
left_stream=$(drive stream 4)
echo "endpoint 2: $silent_stream"
echo "endpoint 3: $talker_stream"
echo "endpoint 4: $left_stream"
[ "$(of hold_ingress "$silent_stream")" = 0 ] || fail "nobody could carry a frame but the pump"
[ "$(of hold_ingress "$talker_stream")" -ge 150 ] || fail "the talker's packets should carry its frames"
[ "$(of forwarded "$left_stream")" -ge 180 ] || fail "the bridge forwarded too little"
for side in left right; do
	line=$(cat "$stage/$side")
	echo "$side: $line"
	[ "$(of lost "$line")$(of repeated "$line")$(of reordered "$line")" = 000 ] || fail "$side: numbers"
	[ "$(of received "$line")" -ge 180 ] || fail "$side heard too little"
done

# What the program says it sent is what left, and the pump was on time.
counters=$(drive query '{"get":"counters"}')
echo "$counters" | jq -c '{hold_ingress, hold_pump, hold_skipped, pump, interfaces}'
echo "$counters" | jq -e '.interfaces[0].traced | .redirect_drops == 0 and .redirect_errors == 0 and .tx_drops == 0 and
	.exceptions == 0 and .redirect_sent > 0' >/dev/null || fail "something was lost on its way out"
echo "$counters" | jq -e '.hold_skipped == 0 and .pump.calls_failed == 0 and .pump.frames_asked > 300' >/dev/null ||
	fail "the pump's counters"
sent=$(echo "$counters" | jq '[.endings[] | select(.verdict == "SENT").packets] | add')
left_wire=$(echo "$counters" | jq '.interfaces[0].traced | .redirect_sent + .tx_sent')
[ "$sent" = "$left_wire" ] || fail "the program sent $sent packets, $left_wire left"
echo "RESULT: 5 phones, $sent packets, gaps up to $(of max_gap_ms "$(cat "$stage/silent")") ms (pump)," \
	"$(of max_gap_ms "$(cat "$stage/talker")") ms (substitution)"
