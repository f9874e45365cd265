#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the scenarios in tests/sip/*/run share. Sourced by them: `. "$(dirname "$0")/../lib.sh"`.
#
# A scenario: lab_use; register the phones; start them in the background (phone NAME ...), each a sipp scenario
# NAME.xml of its own folder; wait for what must happen (wait_for, wait_parked: nobody sleeps and hopes);
# phones_done; judge what was captured. Any command that fails ends the test, with the logs of all.
set -euo pipefail
# shellcheck disable=SC2034 # for the scenarios
here=$(dirname "$(readlink -f "${BASH_SOURCE[1]}")")
cd "$here/../../.."
readonly here build=${BUILD:-build}
export XDPARK_LAB=${XDPARK_LAB:-xdpark}
readonly run=/run/$XDPARK_LAB
# What the example's tenants acme and load let their parked callers hear, as stream_check has it.
# shellcheck disable=SC2034 # for the scenarios
readonly music=music:ctl/audio/sounds/music.flac@-18
work=$(mktemp -d /tmp/xdpark-sip.XXXXXX)
readonly work
# phone name -> process id; capture's process id
declare -A phones=()
capture="" lab_is_ours=""

in_phones() { tools/lab exec phones "$@"; }

xdpark() { "$build/xdpark" --socket "$run/control.sock" "$@"; }

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# The end of every scenario, good or bad: own processes, own lab, and if it was bad, what there is to read.
finish() {
	local status=$? name
	trap '' INT TERM HUP
	for name in "${!phones[@]}"; do kill "${phones[$name]}" 2>/dev/null || true; done
	[ -z "$capture" ] || kill "$capture" 2>/dev/null || true
	wait
	[ ! -e "$run/xdparkd.log" ] || cp "$run/xdparkd.log" "$work/xdparkd.log"
	# A lab in which something went wrong may hold calls that disturb the next test.
	if [ -n "$lab_is_ours" ] || { [ "$status" != 0 ] && [ -n "${LAB_KEEP:-}" ]; }; then
		tools/lab down >/dev/null
	fi
	[ "$status" = 0 ] || show_logs || true
	[ -z "${KEEP_WORK:-}" ] || cp -r "$work" "$KEEP_WORK"
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

show_logs() {
	local log
	for log in "$work"/*.errors "$work"/*.messages; do
		[ ! -s "$log" ] || { echo "--- $(basename "$log")" && tail -n 60 "$log"; }
	done
	[ ! -e "$work/xdparkd.log" ] || { echo "--- xdparkd.log" && tail -n 25 "$work/xdparkd.log"; }
}

# lab_use [CONFIG]: with LAB_KEEP (tests/run sets it) the lab of the test before is used on, if it has this
# config, no calls and no phones registered.
lab_use() {
	local config=${1:-ctl/xdparkd.example.yaml}
	if [ -e "$run/lab" ] && [ -n "${LAB_KEEP:-}" ] && grep -qF "config=$config " "$run/lab" &&
		json status '.legs == 0 and .registered == 0' >/dev/null; then
		return 0
	fi
	[ ! -e "$run/lab" ] || [ -n "${LAB_KEEP:-}" ] || fail "a lab named $XDPARK_LAB is up already: tools/lab down"
	[ ! -e "$run/lab" ] || tools/lab down >/dev/null
	tools/lab up --config "$config" >/dev/null
	[ -n "${LAB_KEEP:-}" ] || lab_is_ours=1
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local seconds=$1 end=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || fail "waited $seconds s in vain for: $*"
		sleep 0.02
	done
}

# json SUBCOMMAND FILTER: `xdpark SUBCOMMAND --json` through jq.
json() { xdpark "$1" --json | jq -er "$2"; }

calls_are() { [ "$(json calls '.calls | length')" = "$1" ]; }

# is_parked ORBIT [TENANT]
is_parked() {
	json parked "any(.parked[]; .orbit == \"$1\" and .tenant == \"${2:-acme.example}\" and .state == \"parked\")"
}

someone_is_parked() { json parked 'any(.parked[]; .state == "parked")'; }

# hold_frames ORBIT N: whoever is parked there has been sent N frames of hold audio, at least.
hold_frames() {
	json parked "any(.parked[]; .orbit == \"$1\" and .leg.hold_ingress + .leg.hold_pump >= $2)"
}

# The music of a codec is encoded when a call first wants it; until then callers hear ringback.
music_is_ready() { grep -q "event=clip_ready clip=music .*codec=$1 " "$run/xdparkd.log"; }

wait_parked() { wait_for 10 is_parked "$@"; }

# The sipp scenario of a file, its parts put in and its codec chosen: `<part name="x"/>` is common/x.part.
scenario() {
	awk -v folder="$here/../common/" -v file="$1" '
		function put(file, line, result) {
			while ((result = (getline line < file)) > 0) {
				if (match(line, /<part name="[a-z-]+"\/>/))
					put(folder substr(line, RSTART + 12, RLENGTH - 15) ".part")
				else if (line !~ /SPDX/)
					print line
			}
			close(file)
			if (result < 0) { print "no part " file > "/dev/stderr"; exit 1 }
		}
		BEGIN { put(file) }' </dev/null |
		sed -e "s/@EXPECT@/$2/g" -e "${codec_edits[$3]}"
}

# From PCMU, which the files have, to another codec.
declare -rA codec_edits=(
	[PCMU]=""
	[PCMA]='s/RTP\/AVP 0/RTP\/AVP 8/; s/rtpmap:0 PCMU/rtpmap:8 PCMA/; s/talk.PCMU,-1,0,PCMU/talk.PCMA,-1,8,PCMA/'
	[G722]='s/RTP\/AVP 0/RTP\/AVP 9/; s/rtpmap:0 PCMU/rtpmap:9 G722/; s/talk.PCMU,-1,0,PCMU/talk.G722,-1,9,G722/'
)

# What phones say: a tone, encoded as it stands in RTP.
make_talk() {
	[ ! -e "$work/talk.PCMU" ] || return 0
	local codec
	sox -n -r 16000 -b 16 -c 1 "$work/talk.wav" synth 12 sine 440 gain -9
	for codec in PCMU PCMA G722; do
		"$build/tests/listen/encode_clip" "music:$work/talk.wav" "$codec" 12 >"$work/talk.$codec"
	done
}

# phone NAME USER ADDRESS [key=value...]: runs NAME.xml in the background as USER at ADDRESS. Keys: to, orbit,
# domain (acme.example), password (secret-USER), expires (300), expect (200), port (5060), codec (PCMU), seconds
# (how long at most, 40), talk (yes), file (NAME.xml of this folder), times and rate (1 call; calls a second), media
# (sipp's word for the port in SDP: rtpstream_audio_port, or auto_media_port where many calls want one each); others
# are the scenario's own.
phone() {
	local name=$1 user=$2 address=$3 pair file
	local -A keys=([to]=- [orbit]=- [domain]=acme.example [password]="secret-$2" [expires]=300 [expect]=200 [port]=5060
		[codec]=PCMU [seconds]=40 [times]=1 [rate]=10 [talk]=yes [media]=rtpstream_audio_port)
	shift 3
	for pair; do keys[${pair%%=*}]=${pair#*=}; done
	file=${keys[file]:-$here/$name.xml}
	make_talk
	scenario "$file" "${keys[expect]}" "${keys[codec]}" >"$work/$name.xml"
	sed -i "s/rtpstream_audio_port/${keys[media]}/" "$work/$name.xml"
	[ "${keys[talk]}" = yes ] || sed -i '/exec rtp_stream/d' "$work/$name.xml"
	local -a arguments=(-sf "$work/$name.xml" -i "$address" -p "${keys[port]}" -mi "$address" -m "${keys[times]}" -l "${keys[times]}" -r "${keys[rate]}" -nostdin
		-au "$user" -ap "${keys[password]}" -key user "$user" -timeout "${keys[seconds]}s" -timeout_error
		-trace_err -error_file "$work/$name.errors" -trace_msg -message_file "$work/$name.messages")
	for pair in "${!keys[@]}"; do arguments+=(-key "$pair" "${keys[$pair]}"); done
	tools/lab exec phones env -C "$work" sipp "${arguments[@]}" 10.90.0.1:5060 >"$work/$name.screen" 2>&1 &
	phones[$name]=$!
	wait_for 10 phone_listens "$name" "$address" "${keys[port]}"
}

# Its port is open, or it has come to its end already.
phone_listens() {
	! kill -0 "${phones[$1]}" || [ -n "$(in_phones ss -Hlun "src $2:$3")" ]
}

# phone_done NAME: waits for a phone to end; it must have gone through its scenario.
phone_done() {
	local status=0
	wait "${phones[$1]}" || status=$?
	unset "phones[$1]"
	[ "$status" = 0 ] || fail "$1 couldn't go through its scenario (sipp's exit status $status)"
}

# All phones, in the order in which they end: the first that fails ends the test.
phones_done() {
	local name
	while [ ${#phones[@]} != 0 ]; do
		for name in "${!phones[@]}"; do
			kill -0 "${phones[$name]}" 2>/dev/null || phone_done "$name"
		done
		sleep 0.02
	done
}

# register USER ADDRESS [key=value...]: now, and waits for it. A phone that listens at that address later is called.
register() {
	phone "register-$1" "$1" "$2" "file=$here/../common/register.xml" "${@:3}"
	phone_done "register-$1"
	rm "$work/register-$1".*
}

# Everything on the phones' side, headers and the whole RTP payload.
capture_start() {
	tools/lab exec phones env --default-signal=INT dumpcap -i phones0 -s 400 -B 64 -w "$work/capture.pcap" -f "udp portrange 1024-65535 or icmp" \
		>"$work/dumpcap.log" 2>&1 &
	capture=$!
	wait_for 10 test -s "$work/capture.pcap"
}

capture_stop() {
	kill -INT "$capture"
	wait "$capture" || true
	capture=""
	grep -qE "dropped on interface.*: [0-9]+/0 " "$work/dumpcap.log" || {
		cat "$work/dumpcap.log"
		fail "the capture isn't whole"
	}
}

# wobble EXPR: by how many ms the talkers' own clocks wander, and those of the machine that runs them. What is
# forwarded wanders with them; the stream may add 60 ms to that.
wobble() {
	{ "$build/tests/listen/stream_check" --filter "($1) and udp dst portrange 10000-32767" --max-gap-ms 0 --max-drift-ms 0 \
		"$work/capture.pcap" || true; } | jq '[0, (.streams[].drift_ms | max - min)] | max | ceil'
}

# hears ADDRESS TALKERS ARGUMENTS...: judges every stream that a phone at ADDRESS was sent. TALKERS: a capture filter
# for those whose packets it hears, "" if nobody talks to it.
hears() {
	local address=$1 talkers=$2 drift=60 talker=()
	shift 2
	if [ -n "$talkers" ]; then
		drift=$((60 + $(wobble "$talkers")))
		talker=(--talker "$talkers")
	fi
	"$build/tests/listen/stream_check" "${talker[@]}" --max-drift-ms "$drift" \
		--filter "(src host 10.90.0.1 or src net 10.90.1.0/24) and udp src portrange 10000-32767 and dst host $address" \
		"$@" "$work/capture.pcap" >"$work/judged.json" || {
		cat "$work/judged.json"
		fail "what $address heard isn't right (talkers' drift allowed for: $((drift - 60)) ms)"
	}
}
