#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may do what: the daemon's capabilities, who may connect, one controller at a time, and everything that
# xdpark-dp refuses, with the reason that it gives.
# Some that the daemon has to give up; with setpcap it can cut the bounding set.
readonly more_caps=,+net_raw,+setpcap
# shellcheck source=tests/netns/dp_stage.sh
. "$(dirname "$0")/dp_stage.sh"

# natively: the relay is attached so
natively() { [[ $(ip -n "$relay" -d link show relay0) == *prog/xdp* ]]; }

# in_table ROW: of what --check said
in_table() { grep -q -e "$1" "$stage/table" || fail "--check should say: $1; $(cat "$stage/table")"; }

stage_up
[ "$(stat -c '%a %u %g' "$stage/bpf/xdpark")" = "700 $uid $uid" ] || fail "others get at what is pinned"
[[ $(stat -c %a "$stage/bpf") = *711 ]] || fail "nobody gets to what is pinned"
# Nothing is hidden below a bpffs. In a mount namespace, lest it is after all.
mkdir "$stage/full"
touch "$stage/full/something"
! unshare -m "$build/xdpark-dp" --prepare --user "$uid" --pins "$stage/full/xdpark" --socket "$stage/run/dataplane.sock" \
	2>"$stage/refused.log" || fail "--prepare mounted bpffs over something"
grep -q "path=$stage/full error=.*not empty" "$stage/refused.log" || fail "--prepare: $(cat "$stage/refused.log")"
[ ! -e "$stage/full/xdpark" ] || fail "--prepare made a directory that isn't on bpffs"

dp_refused 2 "127.0.0.1' is no address of one host" "${places[@]}" --interface relay0 --address 127.0.0.1
dp_refused 2 "at least one --interface" "${places[@]}" --address 10.99.0.1
dp_refused 1 "doesn't have it" "${options[@]}" --address 10.99.0.77
dp_refused 1 "no such interface" "${options[@]}" --interface nowhere0
dp_refused 1 "prepare --user" "${options[@]}" --pins "$stage/run"
"${in_relay[@]}" "$build/tests/netns/dp_phone" 0.0.0.0 10500 10.99.0.2 9 30 >/dev/null &
squatter=$!
until_true 5 "${in_relay[@]}" sh -c "grep -q :2904 /proc/net/udp" || fail "the test's own socket"
dp_refused 1 "port 10500" "${options[@]}"
kill "$squatter"
wait "$squatter" 2>/dev/null || true

status=0
"${in_relay[@]}" setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps -all,+net_admin --ambient-caps \
	-all,+net_admin -- "$build/xdpark-dp" "${options[@]}" 2>"$stage/refused.log" || status=$?
[ $status = 1 ] || fail "started without capabilities"
grep -q 'missing="CAP_BPF, CAP_PERFMON"' "$stage/refused.log" || fail "the missing capabilities aren't named"

# The table, and nothing stays attached.
"${as_dp[@]}" "$build/xdpark-dp" --check --interface relay0 "${places[@]}" >"$stage/table" 2>>"$stage/dp.log" ||
	fail "--check"
for row in "native XDP on relay0" "live frames" "ndo_xdp_xmit on relay0" BTF JIT "cost of one pump call"; do
	grep -q "^$row " "$stage/table" || fail "--check says nothing of $row"
done
in_table '^cost of one pump call  *[0-9.]* us '
! natively || fail "--check left a program attached"

dp_start
natively || fail "not attached natively"
# On a running system: the relay is recognised and left alone, also when it isn't of the same --pins.
"${as_dp[@]}" "$build/xdpark-dp" --check --interface relay0 "${places[@]}" >"$stage/table" 2>>"$stage/dp.log" ||
	fail "--check of a running system"
in_table '^native XDP on relay0  *yes: the relay is attached  *full speed'
in_table '^cost of one pump call  *not timed: the relay is attached '
"${as_dp[@]}" "$build/xdpark-dp" --check --interface relay0 >"$stage/table" 2>>"$stage/dp.log" || fail "--check without --pins"
in_table '^native XDP on relay0  *not tried.*xdpark-dp --detach with its --pins'
natively || fail "--check took the relay off"
grep -q 10000-10999 <("${in_relay[@]}" cat /proc/sys/net/ipv4/ip_local_reserved_ports) || fail "ports not reserved"

# Exactly CAP_NET_ADMIN (12), CAP_SYS_NICE (23), CAP_PERFMON (38), CAP_BPF (39), in all threads.
for status in "/proc/$dp_pid/task"/*/status; do
	for set in "CapInh 0000000000000000" "CapPrm 000000c000801000" "CapEff 000000c000801000" \
		"CapBnd 000000c000801000" "CapAmb 0000000000000000" "NoNewPrivs 1" "Uid $uid"; do
		grep -qP "^${set% *}:\s+${set#* }" "$status" || fail "${set% *} in $status: $(grep "${set% *}" "$status")"
	done
done
threads=("/proc/$dp_pid/task"/*)
[ ${#threads[@]} = $((1 + $(nproc))) ] || fail "${#threads[@]} threads, not the daemon and one pump a CPU"

# Only its group connects.
status=$(stat -c '%a %u %g' "$stage/run/dataplane.sock")
[ "$status" = "660 $uid $socket_gid" ] || fail "socket is $status"
echo hello | setpriv --reuid 47113 --regid 47113 --clear-groups --inh-caps -all --bounding-set -all \
	"$build/tests/netns/handover_driver" "$stage/run/dataplane.sock" >"$stage/stranger" || true
grep -q "Permission denied" "$stage/stranger" || fail "a stranger could connect"

driver_start
drive_refused "different builds" hello-wrong
drive hello
echo hello | setpriv --reuid 47112 --regid "$socket_gid" --clear-groups \
	"$build/tests/netns/handover_driver" "$stage/run/dataplane.sock" >"$stage/second"
grep -q "^error refused: another controller is connected: pid $driver_pid " "$stage/second" ||
	fail "second controller: $(cat "$stage/second")"

drive query '{"get":"kernel"}' | jq -e '.pump and (.table | length >= 7)' >/dev/null || fail "kernel"
drive query '{"get":"settings"}' | jq -e '.early_us == 5000 and .grace_us == 5000 and .dscp == 46 and .live_frames and
	.endpoints == 1000 and .addresses == ["10.99.0.1", "fd99::1"]' >/dev/null || fail "settings"
drive query '{"set":{"early_us":0,"grace_us":10000}}' | jq -e '.early_us == 0 and .grace_us == 10000' >/dev/null ||
	fail "set"
rows=$(grep -c '^ENDING(' bpf/endings.def)
drive query '{"get":"counters"}' | jq -e --argjson rows "$rows" '(.endings | length) == $rows and
	([.endings[] | select(.meaning == "" or .verdict == "")] | length) == 0' >/dev/null || fail "counters"
for bad in '{"get":"everything"}' '{"set":{"early_us":-1}}' '{"set":{"dscp":1}}' '{"set":{"grace_us":1.5}}' '[]' \
	'{' '{"get":7}' '{"set":{"early_us":60001}}'; do
	drive query "$bad" | jq -e .error >/dev/null || fail "$bad should be answered with an error"
done
drive query '{"get":"settings"}' | jq -e '.early_us == 0' >/dev/null || fail "a bad question changed something"

# Messages that nobody should send: the daemon closes, and lives.
drive rubbish 300
drive query '{"get":"settings"}' | jq -e '.endpoints == 1000' >/dev/null || fail "the daemon didn't survive rubbish"

# What is pinned decides.
dp_refused 3 "another xdpark-dp runs" "${options[@]}"
kill "$dp_pid"
wait "$dp_pid" || fail "SIGTERM should be a clean end"
[ ! -e "$stage/run/dataplane.sock" ] || fail "the socket was left behind"
dp_refused 3 "endpoints has 1000 entries of 192 bytes, the options ask for 500 of 192" "${places[@]}" \
	--interface relay0 --address 10.99.0.1 --ports 10000-10999 --audio-memory 1M
dp_refused 3 "chunks has 11915 entries of 88 bytes, the options ask for 23831" "${options[@]}" --audio-memory 2M
dp_refused 3 "ports 10000-10999 on 2 addresses, the options ask for 12000-12999" "${options[@]}" --ports 12000-12999
ip -n "$relay" address add fd99::9/64 dev relay0 nodad
dp_refused 3 "fd99::9 isn't among the pinned" "${places[@]}" --interface relay0 --address 10.99.0.1 \
	--address fd99::9 --ports 10000-10999 --audio-memory 1M
natively || fail "the relay should stay attached"
"${in_relay[@]}" "$build/xdpark-dp" --prepare --user "$uid" --pins "$stage/bpf/other" --socket "$stage/run/dataplane.sock" \
	2>>"$stage/dp.log"
dp_refused 1 "xdpark-dp --detach with that one's --pins" "${options[@]}" --pins "$stage/bpf/other"

# An address that the host has lost keeps nobody's calls from being taken up.
ip -n "$relay" address del fd99::1/64 dev relay0
dp_start
grep -q 'level=warn .*event=address-missing address=fd99::1 ' "$stage/dp.log" || fail "nobody was told of the address"
kill "$dp_pid"
wait "$dp_pid" || fail "SIGTERM should be a clean end"
"${as_dp[@]}" "$build/xdpark-dp" --detach "${places[@]}" 2>>"$stage/dp.log" || fail "--detach"
[ -z "$(ls "$stage/bpf/xdpark")" ] || fail "--detach left pins"
until_true 5 eval '! natively' || fail "--detach left the program attached"
dp_pid=""
echo "RESULT: every refusal with its reason"
