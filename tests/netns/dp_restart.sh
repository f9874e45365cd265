#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The dataplane daemon is killed under two hold streams and starts again: the phone that talks misses nothing,
# the silent one hears on at the same place of the clip, on the old clock, as soon as the pump is back. The
# controller goes and comes back, too.
# shellcheck source=tests/netns/dp_stage.sh
. "$(dirname "$0")/dp_stage.sh"

stage_up
dp_start
driver_start
drive hello
drive clip 1200
near=$(drive hold-remote 10.99.0.2 | cut -d' ' -f1)
far=$(drive hold-remote 10.99.0.3 | cut -d' ' -f1)
readonly near far
phone --talk --ssrc 77 10.99.0.3 40002 10.99.0.1 10006 8 >"$stage/talker" &
talker=$!
phone 10.99.0.2 40000 10.99.0.1 10004 8 >"$stage/silent" &
silent=$!
drive hold 2 40000 "$near"
drive hold 3 40002 "$far"
program_id() { ip -n "$relay" -d link show relay0 | sed -nE 's/.*prog\/xdp id ([0-9]+).*/\1/p'; }
program=$(program_id)
[ -n "$program" ] || fail "no program on relay0"

sleep 1
kill -KILL "$dp_pid"
wait "$dp_pid" 2>/dev/null || true
killed=$EPOCHREALTIME
dp_start
started=$(awk -v a="$killed" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f", (b - a) * 1000 }')
grep -q "event=maps.*adopted=yes" "$stage/dp.log" || fail "maps weren't adopted"
grep -q "event=nexthops-adopted count=2" "$stage/dp.log" || fail "next hops weren't adopted"
[ "$program" = "$(program_id)" ] || fail "a daemon of the same build should take up the running program"

# The controller comes back and asks for one of its two next hops: the index is the same, the other ends after 10 s.
drive hello
same=$(drive hold-remote 10.99.0.2 | cut -d' ' -f1)
[ "$same" = "$near" ] || fail "index was $near, is $same"
same=$(drive hold-remote 10.99.0.3 | cut -d' ' -f1)
[ "$same" = "$far" ] || fail "index was $far, is $same"

sleep 1
kill "$dp_pid"
wait "$dp_pid" || fail "SIGTERM should be a clean end"
# As if of another build: its program is loaded, and the link runs that one from then on. A map that this build's
# program hasn't got is unpinned; a program of the same directory, which no name of ours says anything of, isn't.
layout=$(echo "$stage"/bpf/xdpark/layout-*)
rm "$layout"/program-*
ls "$layout" >"$stage/pinned"
bpftool map create "$layout/former" type array key 4 value 4 entries 1 name former
bpftool prog pin id "$program" "$layout/stranger"
chown "$uid" "$layout"/{former,stranger}
dp_start
[ "$program" != "$(program_id)" ] || fail "the link should run the new program: the pump runs that one"
rm "$layout/stranger" || fail "what isn't a map should stay pinned"
cmp <(ls -I 'program-*' "$layout") "$stage/pinned" || fail "pinned should be this build's maps and the links"
wait "$silent" "$talker"

heard_well "talking phone" "$(cat "$stage/talker")" 380
line=$(cat "$stage/silent")
echo "silent phone: $line"
for key in lost repeated reordered ssrc_changes source_changes off_clock other; do
	[ "$(of $key "$line")" = 0 ] || fail "silent phone: $key"
done
[ "$(of received "$line")" -ge 250 ] || fail "the silent phone heard too little"
# Frames that were skipped move payload and timestamp on, not the number: one jump for each time without a pump.
[ "$(of payload_errors "$line")" -le 2 ] || fail "silent phone: payload"
stream=$(drive stream 2)
[ "$(of hold_skipped "$stream")" -gt 0 ] || fail "frames must have been skipped while nobody pumped"

drive hello
drive hold-remote 10.99.0.2
[ "$(drive query '{"get":"nexthops"}' | jq .reachable)" = 2 ] || fail "both next hops should still be there"
two_ended() { [ "$(drive query '{"get":"nexthops"}' | jq .reachable)" = 1 ]; }
until_true 13 two_ended || fail "what isn't asked for again should end 10 s after the hello"
echo "RESULT: talker missed nothing; the pump was back after $started ms; largest gap of the silent phone" \
	"$(of max_gap_ms "$line") ms"
