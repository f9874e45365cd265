/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel and these interfaces can do, and what follows for xdpark: one table. */
#ifndef XDPARK_KERNEL_H
#define XDPARK_KERNEL_H

#include <jansson.h>
#include <stdio.h>

#include "kmod-free/attach.h"
#include "kmod-free/options.h"

enum kernel_xmit { KERNEL_XMIT_UNKNOWN, KERNEL_XMIT_NO, KERNEL_XMIT_YES };

struct kernel_interface {
	char name[IF_NAMESIZE];
	bool attached; /* false: the rest isn't known */
	bool native;
	bool held;             /* by the relay of a running system */
	enum kernel_xmit xmit; /* takes frames that are redirected to it */
};

struct kernel {
	char release[65];
	bool btf, jit;
	int64_t call_ns; /* of one pump call; negative errno: no live frames */
	bool call_told;  /* false: call_ns isn't what a call costs, since another relay than `program` is
	                    attached */
	unsigned interface_count;
	struct kernel_interface interfaces[OPTIONS_INTERFACES];
	bool pump; /* what follows from all: the pump works */
};

#define KERNEL_CALL_ALARM_NS 1000000LL

/*
 * Looks at the kernel with the relay attached; `attachments` that aren't attached have link -1. `program` is
 * the fd of the attached program.
 */
void kernel_read(struct kernel *kernel, int program, const struct attachment *attachments, unsigned count);

/* The table as text, as JSON (new reference, NULL: no memory), and as log lines with its alarms. */
void kernel_print(const struct kernel *kernel, FILE *to);
json_t *kernel_json(const struct kernel *kernel);
void kernel_log(const struct kernel *kernel);

#endif
