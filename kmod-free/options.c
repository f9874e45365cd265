/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/options.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <net/if.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmod-free/ip.h"
#include "kmod-free/number.h"

static int take_interface(struct options *options, const char *value)
{
	size_t length = strlen(value);

	if (!length || length >= IF_NAMESIZE || strchr(value, '/') ||
	        options->interface_count == OPTIONS_INTERFACES)
		return -EINVAL;
	for (unsigned i = 0; i < options->interface_count; i++)
		if (!strcmp(options->interfaces[i], value))
			return -EINVAL;
	options->interfaces[options->interface_count++] = value;
	return 0;
}

static int take_address(struct options *options, const char *value)
{
	uint8_t *address;

	if (options->address_count == XD_ADDRESSES)
		return -EINVAL;
	address = options->addresses[options->address_count];
	if (ip_parse(value, address))
		return -EINVAL;
	if (!ip_is_of_a_host(address))
		return -EADDRNOTAVAIL;
	for (unsigned i = 0; i < options->address_count; i++)
		if (!memcmp(options->addresses[i], address, 16))
			return -EINVAL;
	options->address_count++;
	return 0;
}

static int take_ports(struct options *options, const char *value)
{
	const char *dash = strchr(value, '-');
	uint64_t first, last;
	char copy[8];

	if (!dash || (size_t)(dash - value) >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, value, (size_t)(dash - value));
	copy[dash - value] = '\0';
	if (number_parse(copy, 1024, 65535, &first) || number_parse(dash + 1, 1024, 65535, &last) ||
	        first % 2 || !(last % 2) || last < first + 3)
		return -EINVAL;
	options->port_first = (uint16_t)first;
	options->port_last = (uint16_t)last;
	return 0;
}

static int take_audio_memory(struct options *options, const char *value)
{
	return number_parse_size(value, 1 << 20, 64ULL << 30, &options->audio_bytes);
}

static int microseconds_parse(const char *value, uint64_t *ns)
{
	uint64_t number;

	if (number_parse(value, 0, 60000, &number))
		return -EINVAL;
	*ns = number * 1000;
	return 0;
}

static int take_early(struct options *options, const char *value)
{
	return microseconds_parse(value, &options->early_ns);
}

static int take_grace(struct options *options, const char *value)
{
	return microseconds_parse(value, &options->grace_ns);
}

static int take_dscp(struct options *options, const char *value)
{
	uint64_t number;

	if (number_parse(value, 0, 63, &number))
		return -EINVAL;
	options->dscp = (uint8_t)number;
	return 0;
}

static int take_generic(struct options *options, const char *value)
{
	(void)value;
	options->generic = true;
	return 0;
}

static int take_socket(struct options *options, const char *value)
{
	options->socket_path = value;
	return *value == '/' && strlen(value) < OPTIONS_PATH ? 0 : -EINVAL;
}

static int take_socket_group(struct options *options, const char *value)
{
	struct group *group;
	uint64_t number;

	options->socket_group_given = true;
	if (!number_parse(value, 0, UINT32_MAX - 1, &number)) {
		options->socket_group = (gid_t)number;
		return 0;
	}
	group = getgrnam(value);
	if (!group)
		return -ENOENT;
	options->socket_group = group->gr_gid;
	return 0;
}

static int take_pins(struct options *options, const char *value)
{
	options->pins = value;
	return *value == '/' && strlen(value) < OPTIONS_PATH ? 0 : -EINVAL;
}

static int cpu_add(struct options *options, uint64_t cpu)
{
	for (unsigned i = 0; i < options->cpu_count; i++)
		if (options->cpus[i] == cpu)
			return -EINVAL;
	if (options->cpu_count == XD_CPUS)
		return -EINVAL;
	options->cpus[options->cpu_count++] = (unsigned)cpu;
	return 0;
}

/* "1", "0,2", "1-3,5" */
static int take_pump_cpus(struct options *options, const char *value)
{
	char *copy = strdup(value), *rest = copy, *item;
	int error = copy ? 0 : -ENOMEM;

	options->cpu_count = 0;
	while (!error && (item = strsep(&rest, ","))) {
		char *dash = strchr(item, '-');
		uint64_t first = 0, last;

		if (dash)
			*dash++ = '\0';
		error = number_parse(item, 0, XD_CPUS - 1, &first);
		if (!error)
			error = number_parse(dash ? dash : item, 0, XD_CPUS - 1, &last);
		for (uint64_t cpu = first; !error && cpu <= last; cpu++)
			error = cpu_add(options, cpu);
	}
	free(copy);
	return error || !options->cpu_count ? -EINVAL : 0;
}

static int take_user(struct options *options, const char *value)
{
	struct passwd *user;
	uint64_t number;

	options->user_given = true;
	if (!number_parse(value, 1, UINT32_MAX - 1, &number)) {
		user = getpwuid((uid_t)number);
		options->user = (uid_t)number;
		options->user_group = user ? user->pw_gid : (gid_t)number;
		return 0;
	}
	user = getpwnam(value);
	if (!user)
		return -ENOENT;
	options->user = user->pw_uid;
	options->user_group = user->pw_gid;
	return 0;
}

static int mode_take(struct options *options, enum options_mode mode)
{
	if (options->mode != OPTIONS_RUN && options->mode != mode)
		return -EINVAL;
	options->mode = mode;
	return 0;
}

static int take_prepare(struct options *options, const char *value)
{
	(void)value;
	return mode_take(options, OPTIONS_PREPARE);
}

static int take_check(struct options *options, const char *value)
{
	(void)value;
	return mode_take(options, OPTIONS_CHECK);
}

static int take_detach(struct options *options, const char *value)
{
	(void)value;
	return mode_take(options, OPTIONS_DETACH);
}

static int take_help(struct options *options, const char *value)
{
	(void)value;
	options->mode = OPTIONS_HELP;
	return 0;
}

static int take_version(struct options *options, const char *value)
{
	(void)value;
	options->mode = OPTIONS_VERSION;
	return 0;
}

static int take_log_level(struct options *options, const char *value)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], value)) {
			options->level = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

/*
 * One option. `take` says -EINVAL for a value that isn't `argument`, -ENOENT for a name nobody has,
 * -EADDRNOTAVAIL for an address that no packet from elsewhere can be for.
 */
struct option_row {
	const char *name;
	const char *argument; /* NULL: none */
	const char *help;     /* lines of the help text */
	int (*take)(struct options *options, const char *value);
};

static const struct option_row rows[] = {
        {"interface", "IF", "attach the relay to this interface (repeatable, required)", take_interface},
        {"address", "ADDR", "local media address, IPv4 or IPv6 (repeatable, required)", take_address},
        {"ports", "FIRST-LAST",
                "RTP and RTCP ports of every address; FIRST even, LAST odd\n(default 10000-32767)",
                take_ports},
        {"audio-memory", "SIZE", "kernel memory for hold audio, K, M or G (default 256M)", take_audio_memory},
        {"early-us", "US", "ingress may send a hold frame this long before it is due\n(default 5000)",
                take_early},
        {"grace-us", "US", "the pump leaves a hold frame to ingress this long\n(default 5000)", take_grace},
        {"dscp", "N", "DSCP of what we send (default 46, EF)", take_dscp},
        {"generic", NULL, "generic XDP: slower, for interfaces without native XDP", take_generic},
        {"socket", "PATH", "where the controller connects (default /run/xdpark/dataplane.sock)", take_socket},
        {"socket-group", "GROUP",
                "who may connect: name or number (default: our own group);\nwith --prepare also who may have "
                "sockets in the same directory",
                take_socket_group},
        {"pins", "DIR", "where links and maps outlive us, on bpffs\n(default /sys/fs/bpf/xdpark)", take_pins},
        {"pump-cpus", "LIST",
                "CPUs that pump, one thread each, as 1 or 2-3,5\n(default: as many as the interfaces have "
                "transmit queues)",
                take_pump_cpus},
        {"log-level", "LEVEL", "error, warn, info or debug (default info)", take_log_level},
        {"prepare", NULL,
                "as root, once, beforehand: mount bpffs if need be, make the pins'\nand the socket's "
                "directory for "
                "--user, and exit",
                take_prepare},
        {"user", "USER", "who will run the daemon: name or number (with --prepare)", take_user},
        {"check", NULL, "print what the kernel and the interfaces can do, what follows,\nand exit",
                take_check},
        {"detach", NULL, "detach the relay, remove what is pinned, and exit: calls lose\ntheir audio",
                take_detach},
        {"help", NULL, "print this and exit", take_help},
        {"version", NULL, "print the version and exit", take_version},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static void options_defaults(struct options *options)
{
	*options = (struct options){
	        .port_first = 10000,
	        .port_last = 32767,
	        .audio_bytes = 256 << 20,
	        .early_ns = 5000000,
	        .grace_ns = 5000000,
	        .dscp = 46,
	        .socket_path = "/run/xdpark/dataplane.sock",
	        .pins = "/sys/fs/bpf/xdpark",
	        .level = LOG_LEVEL_INFO,
	};
}

/* What only the whole command line can tell. */
static int options_complete(const struct options *options, char error[OPTIONS_ERROR])
{
	enum options_mode mode = options->mode;
	const char *missing = NULL;

	if (mode == OPTIONS_PREPARE && !options->user_given)
		missing = "--prepare needs --user: who will run the daemon";
	else if (mode != OPTIONS_PREPARE && options->user_given)
		missing = "--user goes with --prepare only; start the daemon as its own user";
	else if ((mode == OPTIONS_RUN || mode == OPTIONS_CHECK) && !options->interface_count)
		missing = "at least one --interface is needed";
	else if (mode == OPTIONS_RUN && !options->address_count)
		missing = "at least one --address is needed";
	if (!missing)
		return 0;
	snprintf(error, OPTIONS_ERROR, "%s", missing);
	return -EINVAL;
}

static int option_apply(
        struct options *options, const struct option_row *row, const char *value, char error[OPTIONS_ERROR])
{
	int code = row->take(options, value);

	if (code == -ENOENT)
		snprintf(error, OPTIONS_ERROR, "--%s: nobody here is called '%s'", row->name, value);
	else if (code == -EADDRNOTAVAIL)
		snprintf(error, OPTIONS_ERROR,
		        "--%s: '%s' is no address of one host (but any, loopback or multicast): name the one "
		        "that "
		        "phones send to",
		        row->name, value);
	else if (code && row->argument)
		snprintf(error, OPTIONS_ERROR, "--%s: '%s' is not a valid %s, or given twice", row->name,
		        value, row->argument);
	else if (code)
		snprintf(error, OPTIONS_ERROR, "--%s doesn't go with another of --prepare, --check, --detach",
		        row->name);
	return code ? -EINVAL : 0;
}

int options_parse(struct options *options, int argc, char **argv, char error[OPTIONS_ERROR])
{
	struct option longs[ROWS + 1] = {0};
	int index, letter, code = 0;

	for (unsigned i = 0; i < ROWS; i++) {
		longs[i].name = rows[i].name;
		longs[i].has_arg = rows[i].argument ? required_argument : no_argument;
	}
	options_defaults(options);
	optind = 0;
	while (!code && (letter = getopt_long(argc, argv, ":", longs, &index)) >= 0) {
		if (letter == '?' || letter == ':') {
			snprintf(error, OPTIONS_ERROR, "%s: %s (see --help)", argv[optind - 1],
			        letter == '?' ? "no such option" : "a value is missing");
			return -EINVAL;
		}
		code = option_apply(options, &rows[index], optarg, error);
		if (options->mode == OPTIONS_HELP || options->mode == OPTIONS_VERSION)
			return code;
	}
	if (!code && optind < argc) {
		snprintf(error, OPTIONS_ERROR, "%s: everything is an option (see --help)", argv[optind]);
		return -EINVAL;
	}
	return code ? code : options_complete(options, error);
}

void options_help(FILE *to)
{
	fputs("xdpark-dp: xdpark's dataplane. Attaches the relay program to the interfaces, keeps its next "
	      "hops,\n"
	      "pumps hold audio to silent phones, and hands the maps to the controller.\n\n"
	      "  as root, once:    xdpark-dp --prepare --user xdpark-dp --socket-group xdpark\n"
	      "  as that user:     xdpark-dp --interface eth0 --address 192.0.2.10 --socket-group xdpark\n"
	      "                    (with CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON and, for a punctual pump, "
	      "CAP_SYS_NICE)\n\n",
	        to);
	for (unsigned i = 0; i < ROWS; i++) {
		const char *line = rows[i].help, *end;
		char left[40];

		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
		        rows[i].argument ? rows[i].argument : "");
		while ((end = strchr(line, '\n'))) {
			fprintf(to, "  %-24s %.*s\n", left, (int)(end - line), line);
			left[0] = '\0';
			line = end + 1;
		}
		fprintf(to, "  %-24s %s\n", left, line);
	}
	fputs("\nThe relay stays attached when the daemon ends, so that calls go on; --detach takes it off.\n"
	      "Exit: 0 all went well; 1 something failed (the last line of the log says what); 2 usage;\n"
	      "3 refused: another xdpark-dp runs, or what is pinned doesn't fit the options;\n"
	      "4 (--check) xdpark works here, but without the pump.\n",
	        to);
}

unsigned options_endpoints_each(const struct options *options)
{
	return (unsigned)(options->port_last + 1 - options->port_first) / 2;
}
