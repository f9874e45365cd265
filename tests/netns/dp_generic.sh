#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Generic XDP, when it is asked for and when the driver refuses native XDP, and never otherwise: the daemon says which,
# and phones hear as with native XDP. Where no frame of the pump can leave, those that are silent hear nothing, and the
# daemon says that, too.
#
#   relay0 ══════ phones0: a veth refuses native XDP and redirected frames on an end that has fewer queues than the other
# shellcheck source=tests/netns/dp_stage.sh
. "$(dirname "$0")/dp_stage.sh"

# The log since the daemon's last start.
last_log() { awk '/event=maps/ { text = "" } { text = text $0 "\n" } END { printf "%s", text }' "$stage/dp.log"; }
said() { last_log | grep -q -e "$1" || fail "the log should say: $1"; }
said_not() { ! last_log | grep -q -e "$1" || fail "the log shouldn't say: $1"; }
# mode WORD: xdp or xdpgeneric, as the kernel says
mode_is() { ip -n "$relay" link show relay0 | grep -qw "$1" || fail "relay0 isn't $1"; }

detach() {
	kill "$dp_pid"
	wait "$dp_pid" || fail "SIGTERM should be a clean end"
	"${in_relay[@]}" "$build/xdpark-dp" --detach "${places[@]}" 2>>"$stage/dp.log" || fail "--detach"
}

# phones_hear HOW [PUMP]: a phone that talks, two that are bridged; and, if there is a pump, two that are silent
phones_hear() {
	local near far six pids=() name stream sent
	drive hello
	drive clip 1200
	# As in dp_hold: so that it doesn't depend on how busy the machine is who carries the frames.
	[ -z "${2:-}" ] || drive query '{"set":{"early_us":15000,"grace_us":10000}}' >/dev/null
	near=$(drive hold-remote 10.99.0.2 | cut -d' ' -f1)
	far=$(drive hold-remote 10.99.0.3 | cut -d' ' -f1)
	six=$(drive hold-remote fd99::2 | cut -d' ' -f1)
	phone 10.99.0.2 40000 10.99.0.1 10004 3 >"$stage/silent" &
	pids+=($!)
	phone --talk --ssrc 77 10.99.0.3 40002 10.99.0.1 10006 3 >"$stage/talker" &
	pids+=($!)
	phone --talk --ssrc 88 10.99.0.2 40004 10.99.0.1 10008 3 >"$stage/left" &
	pids+=($!)
	phone --talk --ssrc 99 10.99.0.3 40006 10.99.0.1 10010 3 >"$stage/right" &
	pids+=($!)
	phone fd99::2 40008 fd99::1 10002 3 >"$stage/six" &
	pids+=($!)
	drive mute 3 40002 "$far"
	drive hold 2 40000 "$near"
	drive hold 501 40008 "$six"
	drive hold 4 40004 "$near"
	drive hold 5 40006 "$far"
	drive forward 4 5 40004 "$near"
	drive forward 5 4 40006 "$far"
	# In phase with the packets that it sends.
	sleep 0.1
	drive hold 3 40002 "$far"
	wait "${pids[@]}"
	heard_well "$1, talker" "$(cat "$stage/talker")" 120
	for name in silent six; do
		if [ -n "${2:-}" ]; then
			heard_well "$1, $name" "$(cat "$stage/$name")" 120
		else
			[ "$(of received "$(cat "$stage/$name")")" = 0 ] || fail "nobody could send to the $name phone"
		fi
	done
	for name in left right; do
		stream=$(cat "$stage/$name")
		echo "$1, $name: $stream"
		[ "$(of lost "$stream")$(of repeated "$stream")$(of reordered "$stream")" = 000 ] || fail "$name: numbers"
		[ "$(of received "$stream")" -ge 130 ] || fail "$name heard too little"
	done
	[ "$(of hold_ingress "$(drive stream 3)")" -ge 100 ] || fail "the talker's packets should carry its frames"
	sent=$(counter '[.endings[] | select(.verdict == "SENT").packets] | add')
	[ "$(counter '.interfaces[0].sent')" -ge "$sent" ] || fail "$sent packets were sent, fewer left"
	drive leave
}

stage_up
driver_start
dp_start "${options[@]}" --generic
mode_is xdpgeneric
said 'event=attached interface=relay0 mode=generic adopted=no'
said 'what="native XDP on relay0" found="no, generic" follows="works, but several times slower"'
said_not native-refused
phones_hear "asked for" pump

# A link keeps its mode, whatever is asked for, until it is detached; and that is said.
kill "$dp_pid"
wait "$dp_pid"
dp_start
mode_is xdpgeneric
said 'event=mode-kept interface=relay0 mode=generic'
detach
dp_start
mode_is xdp
said 'event=attached interface=relay0 mode=native adopted=no'
said_not mode-kept
detach
echo "ok: asked for, kept, and native when it isn't asked for"

# The driver refuses native XDP.
ip -n "$relay" link del relay0
link_up 1
dp_start
mode_is xdpgeneric
said 'event=native-refused interface=relay0 .*generic XDP: works, but several times slower'
said 'event=attached interface=relay0 mode=generic adopted=no'
said 'what="ndo_xdp_xmit on relay0" found="no" follows="silent phones behind it hear nothing'
said 'what="hold audio" found="by substitution alone"'
phones_hear "native refused"
echo "RESULT: gaps up to $(of max_gap_ms "$(cat "$stage/talker")") ms"
