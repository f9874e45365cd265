#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Baresip phones for scenarios, beside lib.sh: they keep time exactly, where sipp's talk drifts.
# What a phone says is $work/talk.wav (make_talk); what its user does comes as commands over ctrl_tcp.
# shellcheck disable=SC2154 # run, work and phones are lib.sh's
declare -A softphone_fds=()

# softphone USER NUMBER CODEC: registers, and answers by itself; all of them live at 10.90.0.2, which is where baresip
# sends RTP from whatever it is told. SIP port 5NUMBER70, RTP ports 2NUMBER000 to 2NUMBER999. CODEC: "PCMU/8000/1".
softphone() {
	local folder=$work/softphone-$1 fd
	make_talk
	rm -rf "$folder"
	mkdir -p "$folder"
	cat >"$folder/config" <<-END
		poll_method epoll
		sip_listen 10.90.0.2:5${2}70
		net_interface phones0
		audio_source aufile,$work/talk.wav
		audio_player aubridge,player$1
		audio_alert aubridge,alert$1
		ausrc_srate 16000
		auplay_srate 16000
		ausrc_channels 1
		auplay_channels 1
		audio_txmode thread
		jitter_buffer_delay 1-3
		rtp_ports 2${2}000-2${2}999
		module_path /usr/lib/baresip/modules
		module g711.so
		module g722.so
		module aufile.so
		module aubridge.so
		module_tmp account.so
		module_app menu.so
		module_app ctrl_tcp.so
		ctrl_tcp_listen 127.0.0.1:444$2
	END
	printf '<sip:%s@acme.example>;auth_user=%s;auth_pass=secret-%s;outbound="sip:10.90.0.1:5060;transport=udp"%s\n' \
		"$1" "$1" "$1" ";regint=120;answermode=auto;audio_codecs=$3" >"$folder/accounts"
	touch "$folder/contacts"
	mkfifo "$folder/commands"
	tools/lab exec phones baresip -f "$folder" </dev/null >"$folder/log" 2>&1 &
	phones[baresip-$1]=$!
	wait_for 10 softphone_listens "$2"
	tools/lab exec phones socat - "TCP:127.0.0.1:444$2" <"$folder/commands" >"$folder/events" 2>/dev/null &
	phones[events-$1]=$!
	exec {fd}>"$folder/commands"
	softphone_fds[$1]=$fd
	wait_for 10 grep -q "event=contact-registered .* user=$1 .*source=10.90.0.2:5${2}70" "$run/xdparkd.log"
}

softphone_listens() { [ -n "$(in_phones ss -Hltn "src 127.0.0.1:444$1")" ]; }

# softphone_do USER COMMAND [PARAMETERS]: baresip's JSON, as a netstring.
softphone_do() {
	local text="{\"command\":\"$2\",\"params\":\"${3:-}\"}"
	printf '%d:%s,' "${#text}" "$text" >&"${softphone_fds[$1]}"
}

# softphone_has USER EVENT [COUNT]: so many events of that kind have come.
softphone_has() {
	[ "$(grep -o "\"type\":\"$2\"" "$work/softphone-$1/events" | wc -l)" -ge "${3:-1}" ]
}

# softphone_end USER
softphone_end() {
	local fd=${softphone_fds[$1]}
	exec {fd}>&-
	kill "${phones[baresip-$1]}" 2>/dev/null || true
	wait "${phones[baresip-$1]}" "${phones[events-$1]}" || true
	unset "phones[baresip-$1]" "phones[events-$1]" "softphone_fds[$1]"
}
