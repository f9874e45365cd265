# SPDX-License-Identifier: GPL-2.0-or-later
# xdpark: a call-park server. `make help` lists what can be made.

SHELL  := /bin/bash
BUILD  ?= build
PREFIX ?= /usr/local
CC     ?= cc
CLANG  ?= clang
V      ?= 0
Q      := $(if $(filter 1,$(V)),,@)
say     = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2))
ROOT   := $(filter 0,$(shell id -u))
# Looked for where a recipe needs it.
SUDO    = $(if $(ROOT),,$(if $(shell command -v sudo),sudo,$(error make $@ needs root, and sudo is not there: run it as root)))

# Debian packages: for building, and for demo and tests.
PACKAGES_BUILD := gcc make pkg-config clang llvm bpftool libbpf-dev libmnl-dev libosip2-dev libspandsp-dev \
	libevent-dev libssl-dev libsndfile1-dev libsamplerate0-dev libyaml-dev libjansson-dev libjemalloc-dev \
	libc6-dev linux-libc-dev
PACKAGES_TEST := libcmocka-dev libpcap-dev libclang-rt-14-dev sip-tester tshark baresip iproute2 ethtool procps \
	util-linux curl jq espeak-ng sox clang-format clang-tidy cppcheck shellcheck socat man-db
PACKAGES_QEMU := qemu-system-x86 busybox-static cpio
# For `make bench` alone, which compares with them: 48 packages with what they depend on.
PACKAGES_BENCH := rtpengine-daemon

LIBS_CTL := libosip2 libevent libcrypto spandsp sndfile samplerate yaml-0.1 jansson jemalloc
LIBS_DP  := libbpf libmnl jansson

# SAN=1 builds everything below $(BUILD)/san with ASan and UBSan.
SAN ?= 0
ifeq ($(SAN),1)
OUT      := $(BUILD)/san
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LIBS_CTL := $(filter-out jemalloc,$(LIBS_CTL))
else
OUT      := $(BUILD)
endif
# FUZZ=1 builds everything below $(BUILD)/fuzz with libFuzzer; otherwise fuzz targets replay their corpus.
FUZZ ?= 0
ifeq ($(FUZZ),1)
OUT       := $(BUILD)/fuzz
CC        := $(CLANG)
SANFLAGS  := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LIBS_CTL  := $(filter-out jemalloc,$(LIBS_CTL))
FUZZ_MAIN := -fsanitize=fuzzer
else
FUZZ_MAIN := $(OUT)/tests/fuzz/replay.o
endif

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes
CFLAGS   ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(if $(filter 1,$(FUZZ)),-w,$(WARNINGS)) $(SANFLAGS) -I. -I$(BUILD) -MMD -MP $(CFLAGS)
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -std=gnu11 -fno-strict-aliasing -Wall -Wextra -Werror -Wno-unused-parameter -I. \
	-I/usr/include/$(shell uname -m)-linux-gnu -MMD -MP
pkg_cflags = $(shell pkg-config --cflags $(1) 2>/dev/null)
pkg_libs   = $(shell pkg-config --libs $(1) 2>/dev/null)

CTL_SRC := $(wildcard ctl/*.c ctl/*/*.c)
DP_SRC  := $(wildcard kmod-free/*.c)
CTL_OBJ := $(patsubst %.c,$(OUT)/%.o,$(filter-out ctl/main.c,$(CTL_SRC)))
DP_OBJ  := $(patsubst %.c,$(OUT)/%.o,$(filter-out kmod-free/main.c,$(DP_SRC)))
TOOL_SRC := $(addprefix tools/,xdpark.c client.c leg.c answer.c figure.c sheet.c) $(wildcard tools/cmd_*.c)
TOOL_OBJ := $(patsubst %.c,$(OUT)/%.o,$(TOOL_SRC))
RIG_OBJ := $(patsubst %.c,$(OUT)/%.o,$(filter-out tools/rig/rig.c,$(wildcard tools/rig/*.c)) \
	$(addprefix tools/,answer.c figure.c sheet.c))
BPF_OBJ := $(patsubst %.bpf.c,$(BUILD)/%.bpf.o,$(wildcard bpf/*.bpf.c))
BPF_TEST_OBJ := $(patsubst %.bpf.c,$(BUILD)/%.bpf.o,$(wildcard tests/bpf/*.bpf.c))
SKELS   := $(BPF_OBJ:.bpf.o=.skel.h) $(BPF_TEST_OBJ:.bpf.o=.skel.h)

PROGRAMS := $(if $(wildcard ctl/main.c),$(OUT)/xdparkd) $(if $(wildcard kmod-free/main.c),$(OUT)/xdpark-dp) \
	$(if $(wildcard tools/xdpark.c),$(OUT)/xdpark) $(OUT)/xdpark-rig

UNIT_TESTS := $(patsubst %.c,$(OUT)/%,$(wildcard tests/unit/test_*.c))
BPF_TESTS  := $(patsubst %.c,$(OUT)/%,$(wildcard tests/bpf/test_*.c))
# What all BPF tests share.
BPF_WORLD  := $(patsubst %.c,$(OUT)/%.o,$(filter-out %.bpf.c tests/bpf/test_%.c tests/bpf/verifier.c,$(wildcard tests/bpf/*.c)))
# What unit tests share: stand-ins for what isn't there.
UNIT_FAKES := $(patsubst %.c,$(OUT)/%.o,$(filter-out tests/unit/test_%.c,$(wildcard tests/unit/*.c)))
# Programs that shell tests and the demo use: one file each, but for those that judge captures.
LISTEN_TOOLS := tests/listen/stream_check.c tests/listen/encode_clip.c tests/listen/compare_sound.c
LISTEN_OBJ := $(patsubst %.c,$(OUT)/%.o,$(filter-out $(LISTEN_TOOLS),$(wildcard tests/listen/*.c)))
TEST_TOOLS := $(patsubst %.c,$(OUT)/%,$(wildcard tests/bpf/verifier.c tests/netns/*.c tests/sip/*.c) $(LISTEN_TOOLS) \
	tests/bench/map_bytes.c tests/bench/quick.c)
FUZZERS := $(patsubst %.c,$(OUT)/%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))

.PHONY: bench bench-quick build deps demo demo-programs check check-6.1 fuzz lint install clean help tests
.DELETE_ON_ERROR:
.SECONDARY:

build: $(BPF_OBJ) $(PROGRAMS) ## build the daemons, the tools and the BPF objects (default)

tests: build $(UNIT_TESTS) $(BPF_TESTS) $(TEST_TOOLS) $(FUZZERS) ## build tests and far ends too, and run none

deps: ## install every Debian package that building, demo and tests need
	@missing=$$(for p in $(PACKAGES_BUILD) $(PACKAGES_TEST) $(PACKAGES_QEMU); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		echo "Installing:" $$missing; \
		$(if $(ROOT),,command -v sudo >/dev/null || { echo "make deps needs root, and sudo is not there: run it as root" >&2; exit 1; };) \
		$(if $(ROOT),,sudo) apt-get update -qq && \
		$(if $(ROOT),,sudo) env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing; fi

$(BUILD)/%.bpf.o: %.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@ -MF $(@:.o=.d) -MT $@

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)bpftool gen skeleton $< name $(subst -,_,$(notdir $*))_bpf > $@

$(OUT)/%.o: %.c | $(SKELS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(call pkg_cflags,$(LIBS_CTL) $(LIBS_DP)) -c $< -o $@

$(OUT)/libctl.a: $(CTL_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@; ar rcs $@ $^

$(OUT)/libdp.a: $(DP_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@; ar rcs $@ $^

$(OUT)/xdparkd: $(OUT)/ctl/main.o $(OUT)/libctl.a $(OUT)/libdp.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) -o $@ $^ $(call pkg_libs,$(LIBS_CTL)) -losipparser2 -lm -lpthread

$(OUT)/xdpark-dp: $(OUT)/kmod-free/main.o $(OUT)/libdp.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) -o $@ $^ $(call pkg_libs,$(LIBS_DP)) -lpthread

$(OUT)/xdpark: $(TOOL_OBJ) $(OUT)/libdp.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) -o $@ $^ $(call pkg_libs,libevent jansson)

$(OUT)/librig.a: $(RIG_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@; ar rcs $@ $^

$(OUT)/xdpark-rig: $(OUT)/tools/rig/rig.o $(OUT)/librig.a $(OUT)/libctl.a $(OUT)/libdp.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) -o $@ $^ $(call pkg_libs,$(LIBS_CTL) $(LIBS_DP)) -losipparser2 -lm -lpthread

# Far ends share nothing with what they test.
$(OUT)/tests/sip/%: $(OUT)/tests/sip/%.o $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/sip/far/*.c))
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) -o $@ $^

$(UNIT_TESTS): $(UNIT_FAKES)

$(OUT)/liblisten.a: $(LISTEN_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@; ar rcs $@ $^

$(FUZZERS): $(OUT)/tests/fuzz/%: $(OUT)/tests/fuzz/%.o $(filter %.o,$(FUZZ_MAIN)) $(OUT)/libctl.a $(OUT)/libdp.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) $(filter-out %.o,$(FUZZ_MAIN)) -o $@ $^ $(call pkg_libs,$(LIBS_CTL) $(LIBS_DP)) -losipparser2 \
		-lm -lpthread

# Tests in which our own allocations fail, one after the other.
$(OUT)/tests/unit/test_%_no_memory: TEST_LDFLAGS := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup

$(OUT)/tests/%: $(OUT)/tests/%.o $(OUT)/liblisten.a $(OUT)/librig.a $(OUT)/libctl.a $(OUT)/libdp.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) $(TEST_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
		$(call pkg_libs,$(LIBS_CTL) $(LIBS_DP) cmocka libpcap) -losipparser2 -lm -lpthread

$(BPF_TESTS) $(OUT)/tests/bench/quick: $(BPF_WORLD)
$(OUT)/tests/bench/quick $(OUT)/tests/unit/test_ratios: $(OUT)/tests/bench/ratios.o

# Writes and reads frames whole.
$(OUT)/tests/netns/dp_tagged: $(OUT)/tests/bpf/packets.o

# The rig's signalling, which needs no kernel program.
$(filter $(OUT)/tests/unit/test_rig_%,$(UNIT_TESTS)): \
	$(addprefix $(OUT)/tools/rig/,times.o causes.o pace.o resend.o line.o lines.o line_hear.o)

demo: ## the main job, narrated: phones talk, park, hear and take (under two minutes)
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -j$$(nproc) demo-programs
	@$(SUDO) tools/demo

demo-programs: build $(TEST_TOOLS)

check: ## every test; the last line is "N passed, N failed"
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -j$$(nproc) tests
	@$(MAKE) --no-print-directory -j$$(nproc) SAN=1 tests
	@$(SUDO) tests/run

check-6.1: ## boot Debian 12's own kernel in qemu and run the BPF tests and a parked call there
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory tests
	@$(SUDO) tests/kernel/check-6.1

FUZZ_TARGET  ?= sip
FUZZ_SECONDS ?= 60
fuzz: ## look for input that breaks FUZZ_TARGET (config, sdp, sip, users) for FUZZ_SECONDS (60)
	@$(MAKE) --no-print-directory FUZZ=1 $(BUILD)/fuzz/tests/fuzz/$(FUZZ_TARGET)
	@mkdir -p $(BUILD)/fuzz/found/$(FUZZ_TARGET)
	$(BUILD)/fuzz/tests/fuzz/$(FUZZ_TARGET) -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=5 \
		-artifact_prefix=$(BUILD)/fuzz/found/ $(BUILD)/fuzz/found/$(FUZZ_TARGET) tests/fuzz/corpus/$(FUZZ_TARGET)

bench: ## what xdpark does on this machine, and rtpengine, as tables (under ten minutes; the machine should be idle)
	@$(SUDO) tests/bench/deps $(PACKAGES_BENCH)
	@$(MAKE) --no-print-directory build $(BUILD)/tests/bench/map_bytes
	@$(SUDO) tests/bench/run

bench-quick: ## fail if a path of the relay costs 15% more than before (under a minute)
	@$(MAKE) --no-print-directory $(BUILD)/tests/bench/quick
	@$(SUDO) $(BUILD)/tests/bench/quick tests/bench/quick.ratios

lint: ## format, clang-tidy, cppcheck, shellcheck, direction of includes, licence, length of files
	@tests/lint

SHARE = $(DESTDIR)$(PREFIX)/share
install: build ## install below DESTDIR and PREFIX (/usr/local): programs, man pages, sounds, an example
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man5 $(SHARE)/man/man8
	install -m 755 $(OUT)/xdparkd $(OUT)/xdpark-dp $(DESTDIR)$(PREFIX)/sbin
	install -m 755 $(OUT)/xdpark $(OUT)/xdpark-rig $(DESTDIR)$(PREFIX)/bin
	for page in ctl/*.5 ctl/*.8 kmod-free/*.8 tools/*.8; do \
		to=$(SHARE)/man/man$${page##*.}/$${page##*/}; \
		sed 's|/usr/local|$(PREFIX)|g' $$page > $$to && chmod 644 $$to || exit 1; done
	install -D -m 644 -t $(SHARE)/xdpark ctl/xdparkd.example.yaml
	install -D -m 644 -t $(SHARE)/xdpark/audio/sounds $(wildcard ctl/audio/sounds/*.*)
	for language in $(patsubst ctl/audio/sounds/%/,%,$(wildcard ctl/audio/sounds/*/)); do \
		install -D -m 644 -t $(SHARE)/xdpark/audio/sounds/$$language ctl/audio/sounds/$$language/*; done

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## this list
	@grep -hE '^[a-z0-9.-]+:.*## ' Makefile | sed -E 's/^([a-z0-9.-]+):[^#]*## /\1\t/' | expand -t 12

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
