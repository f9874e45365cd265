/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/check.h"

#include <bpf/libbpf.h>
#include <net/if.h>
#include <string.h>

#include "kmod-free/exit.h"
#include "kmod-free/kernel.h"
#include "kmod-free/object.h"

/* Attaches where nothing is attached yet; elsewhere the attachment stays without link. */
static void interface_try(
        struct attachment *attachment, const char *name, int program, const struct options *options)
{
	__u32 running = 0;

	if (attach_find(attachment, name, options->pins))
		return;
	*attachment = (struct attachment){.ifindex = if_nametoindex(name), .link = -1};
	strncpy(attachment->name, name, sizeof(attachment->name) - 1);
	if (!bpf_xdp_query_id((int)attachment->ifindex, 0, &running) && running)
		return;
	/* Why it failed is in the log. */
	attach_interface(attachment, name, program, options->generic, NULL);
}

int check_run(const struct options *options)
{
	struct attachment attachments[OPTIONS_INTERFACES];
	struct object object = {0};
	struct kernel kernel;
	int error;

	for (unsigned i = 0; i < options->interface_count; i++)
		if (!if_nametoindex(options->interfaces[i])) {
			log_error(NULL, "check", "interface=%s error=\"no such interface\"",
			        options->interfaces[i]);
			return EXIT_FAILED;
		}
	error = object_open(&object, 1, 1);
	if (!error)
		error = object_load(&object);
	if (error) {
		log_error(NULL, "check",
		        "error=\"%s\" follows=\"the relay doesn't load here: xdpark can't run\"",
		        strerror(-error));
		object_close(&object);
		return EXIT_FAILED;
	}
	for (unsigned i = 0; i < options->interface_count; i++)
		interface_try(&attachments[i], options->interfaces[i], object.program, options);
	kernel_read(&kernel, object.program, attachments, options->interface_count);
	kernel_print(&kernel, stdout);
	for (unsigned i = 0; i < options->interface_count; i++)
		attach_detach(&attachments[i]);
	object_close(&object);
	return kernel.pump ? EXIT_DONE : EXIT_NO_PUMP;
}
