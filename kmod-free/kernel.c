/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/kernel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kmod-free/features.h"
#include "kmod-free/log.h"
#include "kmod-free/pump.h"

enum { ROW_TEXT = 128 };

/* One row of the table. */
struct row {
	char what[48];
	char found[ROW_TEXT];
	const char *follows;
	bool alarm;
};

typedef void (*row_each)(void *data, const struct row *row);

static void interface_read(struct kernel_interface *to, const struct attachment *from)
{
	uint64_t features;

	memcpy(to->name, from->name, sizeof(to->name));
	to->attached = from->link >= 0 || from->held;
	to->held = from->held;
	to->native = from->native;
	to->xmit = KERNEL_XMIT_UNKNOWN;
	if (!features_get(from->ifindex, &features))
		to->xmit = features & FEATURES_XMIT ? KERNEL_XMIT_YES : KERNEL_XMIT_NO;
}

static bool program_is_jited(int program)
{
	struct bpf_prog_info info = {0};
	__u32 bytes = sizeof(info);

	return !bpf_obj_get_info_by_fd(program, &info, &bytes) && info.jited_prog_len;
}

void kernel_read(struct kernel *kernel, int program, const struct attachment *attachments, unsigned count)
{
	struct utsname host;
	bool xmit = false;

	*kernel = (struct kernel){.interface_count = count, .call_told = true};
	if (!uname(&host))
		memcpy(kernel->release, host.release, sizeof(kernel->release));
	kernel->btf = !access("/sys/kernel/btf/vmlinux", R_OK);
	kernel->jit = program_is_jited(program);
	kernel->call_ns = pump_call_cost(program);
	for (unsigned i = 0; i < count; i++) {
		interface_read(&kernel->interfaces[i], &attachments[i]);
		xmit |= kernel->interfaces[i].xmit != KERNEL_XMIT_NO;
		kernel->call_told &= !attachments[i].held;
	}
	kernel->pump = kernel->call_ns >= 0 && xmit;
}

static struct row row_make(const char *what, const char *found, const char *follows, bool alarm)
{
	struct row row = {.follows = follows, .alarm = alarm};

	snprintf(row.what, sizeof(row.what), "%s", what);
	snprintf(row.found, sizeof(row.found), "%s", found);
	return row;
}

static struct row native_row(const struct kernel_interface *interface)
{
	struct row row = {0};

	snprintf(row.what, sizeof(row.what), "native XDP on %s", interface->name);
	if (!interface->attached) {
		strcpy(row.found, "not tried: another program is attached");
		row.follows = "if it is an xdpark's: xdpark-dp --detach with its --pins; else ip link set IF "
		              "xdp off";
		row.alarm = true;
	} else if (interface->native) {
		snprintf(row.found, sizeof(row.found), "yes%s",
		        interface->held ? ": the relay is attached" : "");
		row.follows = "full speed";
	} else {
		snprintf(row.found, sizeof(row.found), "no, generic%s",
		        interface->held ? ": the relay is attached" : "");
		row.follows = "works, but several times slower";
		row.alarm = true;
	}
	return row;
}

static struct row xmit_row(const struct kernel_interface *interface)
{
	struct row row = {0};

	snprintf(row.what, sizeof(row.what), "ndo_xdp_xmit on %s", interface->name);
	switch (interface->xmit) {
	case KERNEL_XMIT_YES:
		strcpy(row.found, "yes");
		row.follows = "the pump's frames can leave here";
		break;
	case KERNEL_XMIT_NO:
		strcpy(row.found, "no");
		row.follows = "silent phones behind it hear nothing; those that talk hear by substitution";
		row.alarm = true;
		break;
	default:
		strcpy(row.found, "the kernel doesn't tell (before 6.3)");
		row.follows = "taken for yes; what is refused is counted and told";
		break;
	}
	return row;
}

static struct row call_row(const struct kernel *kernel)
{
	struct row row = {.alarm = kernel->call_told && kernel->call_ns >= KERNEL_CALL_ALARM_NS};

	strcpy(row.what, "cost of one pump call");
	if (kernel->call_ns < 0) {
		strcpy(row.found, "-");
		row.follows = "no pump";
		return row;
	}
	if (!kernel->call_told) {
		strcpy(row.found, "not timed: the relay is attached");
		row.follows = "its daemon tells: in its log, and in `get kernel`";
		return row;
	}
	snprintf(row.found, sizeof(row.found), "%lld.%lld us", (long long)kernel->call_ns / 1000,
	        (long long)kernel->call_ns / 100 % 10);
	row.follows = row.alarm ? "half a phase and more: frames will be late (is the relay attached "
	                          "natively?)"
	                        : "good for a phase of 2 ms";
	return row;
}

static void rows_each(const struct kernel *kernel, row_each each, void *data)
{
	bool live = kernel->call_ns >= 0;
	char found[ROW_TEXT];
	struct row row;

	row = row_make("kernel", kernel->release, "6.1 and newer are supported", false);
	each(data, &row);
	row = row_make("BTF", kernel->btf ? "yes" : "no",
	        kernel->btf ? "losses are counted by tracepoint"
	                    : "losses are counted by the interfaces alone",
	        !kernel->btf);
	each(data, &row);
	row = row_make("JIT", kernel->jit ? "yes" : "no",
	        kernel->jit ? "full speed" : "many times slower: sysctl net.core.bpf_jit_enable=1",
	        !kernel->jit);
	each(data, &row);
	snprintf(found, sizeof(found), "%s", live ? "yes" : strerror((int)-kernel->call_ns));
	row = row_make("live frames", found,
	        live ? "the pump can serve silent phones" : "no pump: phones that send nothing hear nothing",
	        !live);
	each(data, &row);
	row = call_row(kernel);
	each(data, &row);
	for (unsigned i = 0; i < kernel->interface_count; i++) {
		row = native_row(&kernel->interfaces[i]);
		each(data, &row);
		row = xmit_row(&kernel->interfaces[i]);
		each(data, &row);
	}
	row = row_make("hold audio", kernel->pump ? "by substitution and pump" : "by substitution alone",
	        kernel->pump ? "everybody who is parked hears"
	                     : "early is one frame time; HOLD_UNTIL_HEARD isn't used",
	        !kernel->pump);
	each(data, &row);
}

static void row_print(void *data, const struct row *row)
{
	fprintf(data, "%-30s %-38s %s%s\n", row->what, row->found, row->alarm ? "! " : "", row->follows);
}

void kernel_print(const struct kernel *kernel, FILE *to)
{
	fprintf(to, "%-30s %-38s %s\n", "what", "found", "what follows");
	rows_each(kernel, row_print, to);
}

static void row_json(void *data, const struct row *row)
{
	json_array_append_new(data, json_pack("{s:s,s:s,s:s,s:b}", "what", row->what, "found", row->found,
	                                    "follows", row->follows, "alarm", row->alarm));
}

json_t *kernel_json(const struct kernel *kernel)
{
	json_t *rows = json_array();

	if (!rows)
		return NULL;
	rows_each(kernel, row_json, rows);
	return json_pack("{s:s,s:b,s:I,s:o}", "release", kernel->release, "pump", kernel->pump,
	        "pump_call_ns", (json_int_t)kernel->call_ns, "table", rows);
}

static void row_log(void *data, const struct row *row)
{
	(void)data;
	log_event(row->alarm ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, NULL, "kernel",
	        "what=\"%s\" found=\"%s\" follows=\"%s\"", row->what, row->found, row->follows);
}

void kernel_log(const struct kernel *kernel)
{
	rows_each(kernel, row_log, NULL);
}
