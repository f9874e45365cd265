/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/rtpengine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/rig/machine.h"
#include "tools/rig/ng.h"

enum { WORDS = 24, READY_MS = 10000, PING_MS = 300, END_MS = 5000, LOOK_MS = 10, LINE = 128 };

#define PROGRAM "rtpengine"

/* Beside the ports that xdpark's media has (10000 to 32767) and far from the callers' own. */
#define PORT_MIN "--port-min=33000"
#define PORT_MAX "--port-max=64999"

int rtpengine_version(char version[RTPENGINE_VERSION])
{
	FILE *said = popen(PROGRAM " --version 2>&1", "r");
	char line[LINE] = "";
	int status, found;

	if (!said)
		return -errno;
	found = fgets(line, sizeof(line), said) ? sscanf(line, "Version: %63s", version) : 0;
	status = pclose(said);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return found == 1 ? 0 : -EPROTO;
}

/* The child's life until it is rtpengine. What it says on the way goes to the log too. */
static void child_run(const char *namespace, char **words, int log)
{
	char path[64];
	struct rlimit files;
	int net;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	snprintf(path, sizeof(path), "/run/netns/%s", namespace);
	net = open(path, O_RDONLY | O_CLOEXEC);
	if (net < 0 || setns(net, CLONE_NEWNET)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		_exit(1);
	}
	/* Four sockets a call. */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	execvp(words[0], words);
	fprintf(stderr, "%s: %s\n", words[0], strerror(errno));
	_exit(127);
}

/* The last line that it said, without the time before it. */
static void log_last(int log, char line[LINE])
{
	char text[1024];
	off_t size = lseek(log, 0, SEEK_END);
	off_t from = size > (off_t)sizeof(text) - 1 ? size - (off_t)sizeof(text) + 1 : 0;
	ssize_t length = pread(log, text, sizeof(text) - 1, from);
	char *begin;

	if (length <= 0) {
		snprintf(line, LINE, "it said nothing");
		return;
	}
	text[length] = '\0';
	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	begin = strrchr(text, '\n');
	snprintf(line, LINE, "%.*s", LINE - 1, begin ? begin + 1 : text);
}

/* Whether it has ended by itself. */
static bool has_ended(struct rtpengine *rtpengine)
{
	if (waitpid(rtpengine->process, NULL, WNOHANG) != rtpengine->process)
		return false;
	rtpengine->process = 0;
	return true;
}

/* Until it answers. */
static int wait_ready(struct rtpengine *rtpengine, struct in_addr address)
{
	const struct sockaddr_in server = {
	        .sin_family = AF_INET, .sin_addr = address, .sin_port = htons(RTPENGINE_NG_PORT)};
	uint64_t end = machine_clock_ns() + READY_MS * 1000000ULL;
	char reason[NG_ERROR];
	struct ng *ng = NULL;
	int failed = ng_open(&ng, &server);

	if (failed)
		return failed;
	do {
		ng_begin(ng, "ping");
		failed = ng_ask(ng, PING_MS, reason);
	} while (failed == -ETIMEDOUT && !has_ended(rtpengine) && machine_clock_ns() < end);
	ng_close(ng);
	return failed;
}

int rtpengine_start(struct rtpengine *rtpengine, const char *namespace, struct in_addr address,
        const char *const *settings, char *error)
{
	char interface[48], listen[48], ip[INET_ADDRSTRLEN], said[LINE];
	const char *words[WORDS] = {PROGRAM, "--config-file=none", "--foreground", "--log-stderr",
	        "--log-level=4", "--table=-1", PORT_MIN, PORT_MAX, interface, listen};
	unsigned count = 10;
	int failed;

	inet_ntop(AF_INET, &address, ip, sizeof(ip));
	snprintf(interface, sizeof(interface), "--interface=%s", ip);
	snprintf(listen, sizeof(listen), "--listen-ng=%s:%d", ip, RTPENGINE_NG_PORT);
	for (unsigned i = 0; i < RTPENGINE_SETTINGS && settings[i]; i++)
		words[count++] = settings[i];
	*rtpengine = (struct rtpengine){.log = memfd_create(PROGRAM, MFD_CLOEXEC)};
	snprintf(error, RTPENGINE_ERROR, "rtpengine can't be started");
	if (rtpengine->log < 0)
		return -errno;
	rtpengine->process = fork();
	if (!rtpengine->process)
		child_run(namespace, (char **)words, rtpengine->log);
	failed = rtpengine->process < 0 ? -errno : wait_ready(rtpengine, address);
	if (failed) {
		log_last(rtpengine->log, said);
		snprintf(error, RTPENGINE_ERROR, "rtpengine didn't get ready: %s", said);
		rtpengine_stop(rtpengine);
	}
	return failed;
}

void rtpengine_stop(struct rtpengine *rtpengine)
{
	uint64_t end = machine_clock_ns() + END_MS * 1000000ULL;

	if (rtpengine->process > 0)
		kill(rtpengine->process, SIGTERM);
	while (rtpengine->process > 0 && !has_ended(rtpengine)) {
		if (machine_clock_ns() > end)
			kill(rtpengine->process, SIGKILL);
		usleep(LOOK_MS * 1000);
	}
	if (rtpengine->log > 0)
		close(rtpengine->log);
	*rtpengine = (struct rtpengine){0};
}
