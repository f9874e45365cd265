# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by dp_*.sh: a relay's namespace with xdpark-dp in it, and one for phones.
#
#   xdpt-PID-relay                          xdpt-PID-phones
#   xdpark-dp ── relay0 10.99.0.1/24 ══════ phones0 10.99.0.2/24, 10.99.0.3/24
#                       fd99::1/64                  fd99::2/64        XDP_PASS
#
# The daemon runs as a numeric user of its own, with its four capabilities as ambient ones, and those in $more_caps.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

readonly build=${BUILD:-build} uid=47110 socket_gid=47111 caps=+bpf,+net_admin,+perfmon,+sys_nice${more_caps:-}
readonly relay=xdpt-$$-relay phones=xdpt-$$-phones
stage=$(mktemp -d /tmp/xdpt.XXXXXX)
readonly stage
dp_pid="" driver_pid=""

fail() {
	echo "FAILED: $*" >&2
	echo "--- log of xdpark-dp" >&2
	tail -n 40 "$stage/dp.log" >&2 || true
	exit 1
}

cleanup() {
	local status=$?
	trap '' INT TERM HUP
	trap - EXIT
	[ -z "$driver_pid" ] || kill "$driver_pid" 2>/dev/null || true
	[ -z "$dp_pid" ] || kill "$dp_pid" 2>/dev/null || true
	# Phones that still run end with their namespace's sockets; they are our children.
	jobs -p | xargs -r kill 2>/dev/null || true
	wait 2>/dev/null || true
	"${in_relay[@]}" "$build/xdpark-dp" --detach "${places[@]}" >>"$stage/dp.log" 2>&1 || true
	umount "$stage/bpf" || status=1
	ip netns del "$relay" 2>/dev/null || true
	ip netns del "$phones" 2>/dev/null || true
	rm -rf "$stage"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

readonly in_relay=(nsenter --net="/run/netns/$relay") in_phones=(nsenter --net="/run/netns/$phones")
readonly as_dp=("${in_relay[@]}" setpriv --reuid $uid --regid $uid --groups $socket_gid --inh-caps "-all,$caps"
	--ambient-caps "-all,$caps" --bounding-set "-all,$caps" --)

readonly places=(--pins "$stage/bpf/xdpark" --socket "$stage/run/dataplane.sock")
readonly options=("${places[@]}" --interface relay0 --address 10.99.0.1 --address fd99::1 --ports 10000-10999
	--audio-memory 1M --socket-group $socket_gid --log-level debug)

# link_up [QUEUES]: relay0 has so many, the phones' end as many as there are CPUs, two at least
link_up() {
	local phones_queues queues
	phones_queues=$(($(nproc) < 2 ? 2 : $(nproc)))
	queues=${1:-$phones_queues}
	ip -n "$relay" link add relay0 numtxqueues "$queues" numrxqueues "$queues" type veth \
		peer name phones0 netns "$phones" numtxqueues "$phones_queues" numrxqueues "$phones_queues"
	ip -n "$relay" address add 10.99.0.1/24 dev relay0
	ip -n "$relay" address add fd99::1/64 dev relay0 nodad
	ip -n "$phones" address add 10.99.0.2/24 dev phones0
	ip -n "$phones" address add 10.99.0.3/24 dev phones0
	ip -n "$phones" address add fd99::2/64 dev phones0 nodad
	ip -n "$phones" link set phones0 xdp obj "$build/bpf/pass.bpf.o" sec xdp
	"${in_relay[@]}" tools/veth-queues relay0
	"${in_phones[@]}" tools/veth-queues phones0
	"${in_phones[@]}" ethtool -K phones0 tx-checksumming off txvlan off >/dev/null
	ip -n "$relay" link set relay0 up
	ip -n "$phones" link set phones0 up
}

stage_up() {
	chmod 755 "$stage"
	mkdir "$stage/bpf"
	ip netns add "$relay"
	ip netns add "$phones"
	ip -n "$relay" link set lo up
	link_up
	"$build/xdpark-dp" --prepare --user $uid "${places[@]}" 2>>"$stage/dp.log"
	chmod 755 "$stage/run"
}

# until SECONDS COMMAND...: polls; false if it never came true.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

dp_is_ready() { [ "$(grep -c event=ready "$stage/dp.log")" -gt "$readies" ]; }

# dp_start [OPTION...]: returns when it serves; with these options instead of the usual ones.
dp_start() {
	readies=$(grep -c event=ready "$stage/dp.log" || true)
	[ $# -gt 0 ] || set -- "${options[@]}"
	"${as_dp[@]}" "$build/xdpark-dp" "$@" 2>>"$stage/dp.log" &
	dp_pid=$!
	until_true 10 dp_is_ready || fail "xdpark-dp didn't get ready"
}

# dp_refused STATUS TEXT OPTION...: must end with that status and say the text.
dp_refused() {
	local status=0 wanted=$1 text=$2
	shift 2
	timeout 20 "${as_dp[@]}" "$build/xdpark-dp" "$@" >"$stage/refused.log" 2>&1 || status=$?
	[ "$status" = "$wanted" ] || fail "exit status $status, not $wanted: $(cat "$stage/refused.log")"
	grep -q -e "$text" "$stage/refused.log" || fail "'$text' isn't in: $(cat "$stage/refused.log")"
	echo "ok: refused: $text"
}

# The controller's stand-in: without any capability, in the socket's group. It is spoken to by pipes.
driver_start() {
	mkfifo "$stage/commands" "$stage/answers"
	setpriv --reuid 47112 --regid $socket_gid --clear-groups --inh-caps -all --bounding-set -all \
		"$build/tests/netns/handover_driver" "$stage/run/dataplane.sock" \
		<"$stage/commands" >"$stage/answers" &
	driver_pid=$!
	exec 8>"$stage/commands" 9<"$stage/answers"
}

# ask COMMAND...: sets `answer`
ask() {
	echo "$*" >&8
	IFS= read -r -t 10 answer <&9 || fail "no answer to: $*"
}

# drive COMMAND...: its answer without "ok" on stdout; fails on an error.
drive() {
	local answer
	ask "$*"
	[[ $answer == ok* ]] || fail "$* -> $answer"
	[ "$answer" = ok ] || echo "${answer#ok }"
}

# drive_refused TEXT COMMAND...: must answer with an error that says the text.
drive_refused() {
	local answer text=$1
	shift
	ask "$*"
	[[ $answer == error*$text* ]] || fail "$*: '$text' isn't in: $answer"
	echo "ok: $answer"
}

# phone ARGUMENT...: to be run in the background
phone() { exec "${in_phones[@]}" "$build/tests/netns/dp_phone" "$@"; }

# of KEY LINE: the value of key=value
of() { sed -nE "s/.*(^| )$1=([^ ]*).*/\2/p" <<<"$2"; }

# heard_well NAME LINE LEAST_PACKETS: one stream, nothing missing, nothing twice, payload as encoded, on the clock.
heard_well() {
	local name=$1 line=$2 least=$3 key
	echo "$name: $line"
	[ "$(of received "$line")" -ge "$least" ] || fail "$name heard too little"
	for key in lost repeated reordered ssrc_changes source_changes payload_errors off_clock other; do
		[ "$(of $key "$line")" = 0 ] || fail "$name: $key"
	done
	awk -v gap="$(of max_gap_ms "$line")" 'BEGIN { exit !(gap <= 60) }' || fail "$name: gap over 60 ms"
}

# counter JQ_PATH: of the dataplane
counter() { drive query '{"get":"counters"}' | jq -r "$1"; }
