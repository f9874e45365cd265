/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kmod-free/check.h"
#include "kmod-free/daemon.h"
#include "kmod-free/exit.h"
#include "kmod-free/object.h"
#include "kmod-free/pins.h"
#include "kmod-free/prepare.h"
#include "kmod-free/version.h"

static int detach(const struct options *options)
{
	char reason[PINS_REASON] = "", value[PINS_REASON + 64];
	int error = pins_remove(options->pins, reason);

	if (!error) {
		log_info(NULL, "detached", "pins=%s", options->pins);
		return EXIT_DONE;
	}
	log_error(NULL, "detach", "error=%s", log_value(value, sizeof(value), reason));
	return error == -EBUSY ? EXIT_REFUSED : EXIT_FAILED;
}

/* --check and the daemon itself: with four capabilities and no way to more. */
static int run(const struct options *options)
{
	struct privileges privileges = {0};
	char missing[128];
	int error = privileges_keep(&privileges, missing, sizeof(missing));

	if (error == -EPERM) {
		log_error(NULL, "capabilities",
		        "missing=\"%s\" remedy=\"start with them as ambient capabilities: systemd's "
		        "AmbientCapabilities=, or "
		        "setpriv\"",
		        missing);
		return EXIT_FAILED;
	}
	if (error) {
		log_error(NULL, "capabilities", "error=\"%s\"", strerror(-error));
		return EXIT_FAILED;
	}
	object_log();
	return options->mode == OPTIONS_CHECK ? check_run(options) : daemon_run(options, &privileges);
}

int main(int argc, char **argv)
{
	struct options options;
	char error[OPTIONS_ERROR];

	log_open("xdpark-dp", LOG_LEVEL_INFO);
	if (options_parse(&options, argc, argv, error)) {
		fprintf(stderr, "xdpark-dp: %s\n", error);
		return EXIT_USAGE;
	}
	log_open("xdpark-dp", options.level);
	switch (options.mode) {
	case OPTIONS_HELP:
		options_help(stdout);
		return EXIT_DONE;
	case OPTIONS_VERSION:
		printf("xdpark-dp %s, layout %u\n", XDPARK_VERSION, XD_LAYOUT_VERSION);
		return EXIT_DONE;
	case OPTIONS_PREPARE:
		return prepare(&options) ? EXIT_FAILED : EXIT_DONE;
	case OPTIONS_DETACH:
		return detach(&options);
	default:
		return run(&options);
	}
}
