#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two pump threads on a link with two queues, and thousands of silent phones: every endpoint has one thread, and
# no stream loses a number or has one twice, not at the borders of shares, nor while phones are unparked and parked.
#
#   xdpark-dp --pump-cpus A,B ── relay0 10.99.0.1, 10.99.1.1 .. .11 ══════ phones0 10.99.0.2
#                                12 x 499 endpoints                        5,987 phones, checked in XDP
# shellcheck source=tests/netns/dp_stage.sh
. "$(dirname "$0")/dp_stage.sh"

# Those that we may run on: the first two.
cpus() { taskset -cp $$ | sed 's/.*: //' | tr , '\n' | awk -F- '{ for (n = $1; n <= ($2 == "" ? $1 : $2); n++) print n }'; }
pair=$(cpus | head -n 2 | paste -sd,)
[[ $pair == *,* ]] || {
	echo "two pump threads want two CPUs"
	exit 77
}

readonly last=11 phone_count=5987
addresses=(--address 10.99.0.1)
stage_up
for n in $(seq $last); do
	ip -n "$relay" address add "10.99.1.$n/32" dev relay0
	addresses+=(--address "10.99.1.$n")
done
"${in_phones[@]}" ip route add 10.99.1.0/24 via 10.99.0.1
# The kernel asks for its neighbours all the time, from any CPU: its packets mustn't get in the way of frames.
for setting in base_reachable_time_ms=40 delay_first_probe_time=0 retrans_time_ms=20; do
	"${in_relay[@]}" sysctl -qw "net.ipv4.neigh.relay0.$setting"
done
# One queue only, for the warning.
ip -n "$relay" link add narrow0 numtxqueues 1 numrxqueues 1 type veth peer name narrow1
ip -n "$relay" link set narrow0 up

dp_start "${places[@]}" --interface relay0 --interface narrow0 "${addresses[@]}" --ports 10000-10997 \
	--audio-memory 1M --socket-group $socket_gid --pump-cpus "$pair"
sed -nE 's/.* event=pump (.*) scheduling.*/\1/p' "$stage/dp.log" | sort -V | tee "$stage/shares"
printf 'cpu=%s share=%s/2 endpoints=%s\n' "${pair%,*}" 1 3008 "${pair#*,}" 2 2980 | cmp - "$stage/shares" ||
	fail "the shares of the two threads"
grep -q 'event=pump-queues interface=narrow0 queues=1 threads=2' "$stage/dp.log" || fail "no word of too few queues"
! grep -q 'event=pump-queues interface=relay0' "$stage/dp.log" || fail "relay0 has queues enough"

status=0
"${in_phones[@]}" "$build/tests/netns/dp_crowd" "$stage/run/dataplane.sock" phones0 10.99.0.1 10.99.0.2 1 $phone_count 6 \
	>"$stage/crowd" &
crowd=$!
# Moved to another CPU, where nothing is for it to do, a thread goes back, and nothing is lost but time.
sleep 4
thread=$(grep -lx xdpark-pump /proc/"$dp_pid"/task/*/comm | head -n 1 | xargs dirname)
home=$(taskset -cp "${thread##*/}" | sed 's/.*: //')
taskset -cp "$(tr , '\n' <<<"$pair" | grep -vx "$home")" "${thread##*/}" >/dev/null
is_home() { [ "$(taskset -cp "${thread##*/}" | sed 's/.*: //')" = "$home" ]; }
until_true 2 is_home || fail "a pump thread that was moved doesn't go back"
grep -q "event=pump-strayed cpu=$home" "$stage/dp.log" || fail "no word of a thread that was moved"
wait $crowd || status=$?
grep -v '^{' "$stage/crowd"
[ $status = 0 ] || fail "dp_crowd found faults"
counters=$(grep '^{' "$stage/crowd")
echo "$counters" | jq -c '{hold_pump, hold_skipped, pump, interfaces}'
total() { echo "$counters" | jq ".endings.$1.packets"; }
# The threads keep to their shares, and to the time: what both look for, one loses to the other; what neither does in
# time is skipped. A thread was moved, and others work on this machine.
heard=$(sed -nE 's/.* heard=([0-9]+) .*/\1/p' "$stage/crowd") skipped=$(sed -nE 's/.* skipped=([0-9]+) .*/\1/p' "$stage/crowd")
[ $((20 * skipped)) -le "$heard" ] || fail "$skipped frames were skipped, $heard sent"
[ $((100 * $(total pump_lost_claim))) -le "$heard" ] || fail "$(total pump_lost_claim) claims were lost, $heard frames sent"
[ "$(total pump_bad_id)" = 0 ] || fail "ids that are nobody's"
echo "$counters" | jq -e '.interfaces[0].traced | .redirect_drops == 0 and .redirect_errors == 0' >/dev/null ||
	fail "something was lost on its way out"
left=$(echo "$counters" | jq '[.interfaces[].traced.redirect_sent] | add')
[ "$left" = "$(total sent_hold_pump)" ] || fail "the program sent $(total sent_hold_pump) packets, $left left"
echo "RESULT: $(grep ^phones= "$stage/crowd"), late $(echo "$counters" | jq .pump.frames_late), lost claims" \
	"$(total pump_lost_claim)"
