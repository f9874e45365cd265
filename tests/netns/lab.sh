#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lab itself: it comes up as asked, says so when it is up already, and leaves nothing behind, whatever has died in
# it meanwhile. With --host it runs in a network namespace of this test's own, which stands for the host.
#
#   this test's namespace (the "host")          LAB-relay                LAB-phones
#   LAB-host 10.90.2.2 ---------------- host0 10.90.2.1, relay0 ------------ phones0
#   other0   192.0.2.77
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
export XDPARK_LAB=l$$
readonly run=/run/$XDPARK_LAB

if [ "${1:-}" != --inside ]; then
	exec unshare --net -- "$0" --inside
fi
finish() {
	local status=$?
	trap '' INT TERM HUP
	tools/lab down >/dev/null || true
	! mountpoint -q "$run" || umount "$run"
	[ ! -e "$run" ] || rm -r "$run"
	! ip netns list | grep -w "$XDPARK_LAB-phones" >/dev/null || ip netns del "$XDPARK_LAB-phones"
	rm -f "/tmp/$XDPARK_LAB.yaml"
	exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
ip link set lo up

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# What a lab could leave: names of namespaces, links, mounts, files.
traces() {
	ip netns list | grep "^$XDPARK_LAB-" || true
	ip -o link | grep -o "$XDPARK_LAB-host" || true
	grep -oE "/run/(netns/)?${XDPARK_LAB}[^ ]*" /proc/self/mountinfo || true
	[ ! -e "$run" ] || echo "$run"
}

# gone WHAT: down leaves nothing, and no process of ours.
gone() {
	local left pids=$2
	tools/lab down
	left=$(traces)
	[ -z "$left" ] || fail "$1: the lab left $left"
	for pid in $pids; do
		! grep -qs '^State:.[^ZX]' "/proc/$pid/status" || fail "$1: process $pid is still there"
	done
}

pids() { cat "$run"/*.pid; }

status=0
tools/lab status || status=$?
[ $status = 3 ] || fail "status of no lab: $status"
! tools/lab status extra || fail "status took an argument"
! tools/lab down extra || fail "down took an argument"

# What is called as if it were the lab's, and isn't: a folder, a file system, a namespace.
mkdir "$run"
touch "$run/lab"
! tools/lab up || fail "up in somebody's folder"
tools/lab down
[ -e "$run/lab" ] || fail "down removed somebody's folder"
rm "$run/lab"
mount -t tmpfs somebody "$run"
! tools/lab up || fail "up on somebody's file system"
tools/lab down
mountpoint -q "$run" || fail "down unmounted somebody's file system"
umount "$run"
rmdir "$run"
ip netns add "$XDPARK_LAB-phones"
! tools/lab up || fail "up with somebody's namespace"
tools/lab down
ip netns del "$XDPARK_LAB-phones" || fail "down removed somebody's namespace"
[ -z "$(traces)" ] || fail "an up that was refused left $(traces)"

tools/lab up
tools/lab up >"/tmp/$XDPARK_LAB.yaml"
grep -q "is up already" "/tmp/$XDPARK_LAB.yaml" || fail "up twice"
tools/lab status
tools/lab exec relay xdpark --socket "$run/control.sock" status --json >"/tmp/$XDPARK_LAB.yaml"
grep -q '"version"' "/tmp/$XDPARK_LAB.yaml" || fail "exec relay xdpark"
gone "down after up" "$(pids)"

# A daemon that was killed is noticed, and cleared away.
tools/lab up
kill -KILL "$(cat "$run/xdparkd.pid")" "$(cat "$run/xdpark-dp.pid")"
status=0
tools/lab status || status=$?
[ $status = 1 ] || fail "status of a lab whose daemons were killed: $status"
! tools/lab up || fail "up on top of what a crash left"
gone "down after a crash" "$(pids)"

# A config with errors, and one that the daemon can't start with: nothing stays.
printf 'tenants: 12x\n' >"/tmp/$XDPARK_LAB.yaml"
! tools/lab up --config "/tmp/$XDPARK_LAB.yaml" || fail "up with a wrong config"
sed 's/  - 10.90.1.1-10.90.1.9/  - 10.90.9.9/' ctl/xdparkd.example.yaml | sed "s|audio/sounds|$PWD/ctl/audio/sounds|" >"/tmp/$XDPARK_LAB.yaml"
! tools/lab up --config "/tmp/$XDPARK_LAB.yaml" || fail "up with a media address that the dataplane hasn't got"
rm "/tmp/$XDPARK_LAB.yaml"
[ -z "$(traces)" ] || fail "an up that failed left $(traces)"

# The dataplane alone, and the CPU that pumps.
tools/lab up --no-controller --pump-cpus 0
grep -q 'event=pump cpu=0 share=1/1 ' "$run/xdpark-dp.log" || fail "--pump-cpus"
[ ! -e "$run/xdparkd.pid" ] || fail "there is a controller in spite of --no-controller"
gone "down after --no-controller" "$(pids)"

# The host has a way in, and a caller there hears its hold stream: through XDP on both ends.
# Its addresses are made some of the trunk's, so that no password is asked; one of them is on another interface, as
# where a softphone chooses it.
ip link add other0 type veth peer name other1
ip addr add 192.0.2.77/24 dev other0
ip link set other0 up
ip link set other1 up
sed -e 's/addresses: \[10.90.0.11-10.90.0.20\]/addresses: [10.90.0.11-10.90.0.20, 10.90.2.2, 192.0.2.77]/' \
	-e 's|media_networks: \[10.90.0.0/24\]|media_networks: [10.90.0.0/24, 10.90.2.0/24, 192.0.2.0/24]|' \
	-e "s|audio/sounds|$PWD/ctl/audio/sounds|" ctl/xdparkd.example.yaml >"/tmp/$XDPARK_LAB.yaml"
chmod a+r "/tmp/$XDPARK_LAB.yaml"
tools/lab up --host --config "/tmp/$XDPARK_LAB.yaml"
rm "/tmp/$XDPARK_LAB.yaml"
tools/lab status
"${BUILD:-build}/tests/sip/caller" --local 10.90.2.2 --seconds 2 --talk
"${BUILD:-build}/tests/sip/caller" --local 10.90.2.2 --seconds 2
"${BUILD:-build}/tests/sip/caller" --local 192.0.2.77 --seconds 2 --talk
[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ] || fail "the host forwards"
! tools/lab exec relay ip route get 192.0.2.78 || fail "the relay reaches others than the host"
gone "down after --host" "$(pids)"
