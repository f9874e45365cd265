/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/daemon.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "kmod-free/answers.h"
#include "kmod-free/burst.h"
#include "kmod-free/exit.h"
#include "kmod-free/locals.h"
#include "kmod-free/server.h"

#define NS_S           1000000000ULL
#define HOLDS_BACK_NS  (10 * NS_S) /* a new controller asks again for its next hops within this */
#define EARLY_ALONE_NS 20000000ULL /* without a pump: one frame time, so that every frame finds a packet */
#define VLAN_PRIORITY  5

/* The daemon's one context. */
struct daemon {
	const struct options *options;
	const struct privileges *privileges;
	struct pins pins;
	struct object object;
	struct rtnl *rtnl;
	struct links links;
	struct attachment attachments[OPTIONS_INTERFACES];
	unsigned attached;
	struct kernel kernel;
	struct nexthop_table *nexthops;
	struct losses *losses;
	struct pump *pump;
	unsigned pump_cpus[XD_CPUS], pump_cpu_count; /* as the options say, or chosen */
	struct server *server;
	struct watches *watches;
	struct answers answers;
	uint64_t watch_at; /* when losses are looked at next; ns */
	bool links_stale;  /* they couldn't be read, and are to be */
	struct watch signals, news, timer;
};

/* The context of a watch that lies in it. */
#define daemon_of(watch, member) ((struct daemon *)((char *)(watch)-offsetof(struct daemon, member)))

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_S + (uint64_t)now.tv_nsec;
}

static int fail(const char *what, int error)
{
	log_error(NULL, what, "error=\"%s\"", strerror(-error));
	return EXIT_FAILED;
}

static int refuse(const char *what, const char *reason, int error)
{
	char value[PINS_REASON + 64];

	log_error(NULL, what, "error=%s", log_value(value, sizeof(value), reason));
	return error == -ESTALE || error == -EBUSY ? EXIT_REFUSED : EXIT_FAILED;
}

/* Opens, adopts or makes the maps, loads the program. Returns an exit code. */
static int object_start(struct daemon *daemon)
{
	const struct options *options = daemon->options;
	char reason[PINS_REASON] = "";
	int program;
	unsigned endpoints = options_endpoints_each(options) * options->address_count;
	int error = object_open(
	        &daemon->object, endpoints, (unsigned)(options->audio_bytes / sizeof(struct xd_chunk)));

	if (error)
		return fail("object-open", error);
	error = pins_adopt(&daemon->pins, daemon->object.bpf, reason);
	if (error)
		return refuse("pins", reason, error);
	/* The verifier takes half a second, in which silent phones would hear nothing. */
	program = pins_program_get(&daemon->pins, object_build());
	if (program >= 0)
		object_adopt_program(&daemon->object, program);
	error = object_load(&daemon->object);
	if (error)
		return fail("object-load", error);
	log_info(NULL, "maps", "endpoints=%u chunks=%u adopted=%s program=%s", endpoints,
	        daemon->object.chunks, daemon->pins.adopted ? "yes" : "no",
	        program >= 0 ? "adopted" : "loaded");
	return EXIT_DONE;
}

/* Checks and writes what the program reads of the host. Returns an exit code. */
static int locals_start(struct daemon *daemon)
{
	const struct options *options = daemon->options;
	struct xd_settings *settings = daemon->object.settings;
	char reason[LOCALS_REASON] = "";
	int error = locals_check(options, daemon->rtnl, daemon->pins.adopted && settings->addresses, reason);

	if (error)
		return refuse("address", reason, error);
	error = locals_write(options, &daemon->object, daemon->pins.adopted, reason);
	if (error)
		return refuse("address", reason, error);
	error = locals_reserve_ports(options->port_first, options->port_last);
	if (error)
		log_warn(NULL, "ports",
		        "error=\"%s\" remedy=\"add %u-%u to net.ipv4.ip_local_reserved_ports\"",
		        strerror(-error), options->port_first, options->port_last);
	settings->dscp = options->dscp;
	__atomic_store_n(&settings->early_ns, options->early_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&settings->grace_ns, options->grace_ns, __ATOMIC_RELAXED);
	return EXIT_DONE;
}

static int attach_start(struct daemon *daemon)
{
	const struct options *options = daemon->options;
	int error = pins_keep(&daemon->pins, daemon->object.bpf);

	if (error)
		return fail("pins", error);
	for (unsigned i = 0; i < options->interface_count; i++) {
		if (attach_interface(&daemon->attachments[i], options->interfaces[i], daemon->object.program,
		            options->generic, &daemon->pins))
			return EXIT_FAILED;
		daemon->links.attached[i] = daemon->attachments[i].ifindex;
		daemon->links.attached_count = ++daemon->attached;
	}
	if (!daemon->object.program_adopted)
		error = pins_program_keep(&daemon->pins, object_build(), daemon->object.program);
	if (error)
		return fail("pins", error);
	attach_others_drop(daemon->attachments, daemon->attached, &daemon->pins);
	pins_maps_drop(&daemon->pins, daemon->object.bpf);
	return EXIT_DONE;
}

/* Which CPUs pump. */
static void pump_place(struct daemon *daemon, const struct options *options)
{
	if (!options->cpu_count) {
		daemon->pump_cpu_count = pump_cpus(daemon->pump_cpus, links_send_queues(&daemon->links));
		return;
	}
	memcpy(daemon->pump_cpus, options->cpus, sizeof(daemon->pump_cpus));
	daemon->pump_cpu_count = options->cpu_count;
	losses_foresee(&daemon->links, options->cpu_count);
}

static int pump_begin(struct daemon *daemon)
{
	struct object *object = &daemon->object;
	struct pump_work work = {.program = object->program,
	        .due = object->due,
	        .starts = object->starts,
	        .endpoints = object->endpoints,
	        .todo = object->todo,
	        .settings = object->settings,
	        .cpus = daemon->pump_cpus,
	        .real_time = daemon->privileges->real_time};
	int error;

	kernel_read(&daemon->kernel, object->program, daemon->attachments, daemon->attached);
	kernel_log(&daemon->kernel);
	object->settings->live_frames = daemon->kernel.pump;
	if (!daemon->kernel.pump) {
		__atomic_store_n(&object->settings->early_ns, EARLY_ALONE_NS, __ATOMIC_RELAXED);
		return EXIT_DONE;
	}
	pump_place(daemon, daemon->options);
	work.cpu_count = daemon->pump_cpu_count;
	error = pump_start(&daemon->pump, &work);
	return error ? fail("pump", error) : EXIT_DONE;
}

static bool nexthop_news(void *data, const struct handover_nexthop *news)
{
	struct daemon *daemon = data;

	return !daemon->server || server_tell(daemon->server, news);
}

static void welcome_fill(void *data, struct handover_welcome *welcome, int fds[HANDOVER_FDS])
{
	static const char *const maps[HANDOVER_FDS] = {
	        "endpoints", "rests", "due", "starts", "chunks", "streams", "events"};
	const struct daemon *daemon = data;
	const struct object *object = &daemon->object;
	const struct xd_settings *settings = object->settings;

	welcome->burst = burst_choose(&daemon->links, daemon->pump_cpu_count);
	welcome->endpoints = object->endpoints;
	welcome->chunks = object->chunks;
	welcome->events_bytes = XD_EVENTS_BYTES;
	welcome->addresses = settings->addresses;
	welcome->port_first = settings->port_first;
	welcome->endpoints_each = settings->endpoints_each;
	welcome->live_frames = settings->live_frames;
	welcome->early_ns = settings->early_ns;
	welcome->grace_ns = settings->grace_ns;
	for (unsigned i = 0; i < settings->addresses && i < XD_ADDRESSES; i++)
		memcpy(welcome->address[i], object->addresses[i].address, 16);
	for (unsigned i = 0; i < HANDOVER_FDS; i++)
		fds[i] = object_map(object, maps[i]);
}

static void controller_came(void *data)
{
	struct daemon *daemon = data;

	nexthop_holds_restart(daemon->nexthops, clock_now() + HOLDS_BACK_NS);
}

static void controller_gone(void *data)
{
	struct daemon *daemon = data;

	nexthop_holds_keep(daemon->nexthops);
}

static void remote_hold(void *data, const uint8_t address[16], struct handover_nexthop *answer)
{
	struct daemon *daemon = data;

	nexthop_hold(daemon->nexthops, address, answer);
}

static void remote_release(void *data, const uint8_t address[16])
{
	struct daemon *daemon = data;

	if (nexthop_release(daemon->nexthops, address))
		log_debug(NULL, "release", "error=\"an address that isn't held\"");
}

static char *question_answer(void *data, const char *question)
{
	struct daemon *daemon = data;

	return answers_give(&daemon->answers, question);
}

static const struct server_ops server_ops = {
        .welcome = welcome_fill,
        .came = controller_came,
        .gone = controller_gone,
        .hold = remote_hold,
        .release = remote_release,
        .answer = question_answer,
};

static void timer_set(struct daemon *daemon, uint64_t ns)
{
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)(ns / NS_S), .tv_nsec = (long)(ns % NS_S)}};

	timerfd_settime(daemon->timer.fd, 0, &when, NULL);
}

static void links_renew(struct daemon *daemon)
{
	int error = links_read(&daemon->links, daemon->rtnl);

	daemon->links_stale = error != 0;
	if (error)
		log_warn(NULL, "links", "error=\"%s\"", strerror(-error));
	else
		attach_follow(daemon->attachments, daemon->attached, &daemon->links, daemon->object.program,
		        daemon->options->generic, &daemon->pins);
	nexthop_routes_changed(daemon->nexthops);
}

static void work_run(struct daemon *daemon)
{
	uint64_t now = clock_now();

	if (daemon->links_stale)
		links_renew(daemon);
	if (now >= daemon->watch_at) {
		losses_watch(daemon->losses, &daemon->links);
		daemon->watch_at = now + NS_S;
	}
	timer_set(daemon, nexthop_work(daemon->nexthops, now));
}

static void timer_ready(struct watch *watch, uint32_t events)
{
	struct daemon *daemon = daemon_of(watch, timer);
	uint64_t expirations;

	(void)events;
	if (read(watch->fd, &expirations, sizeof(expirations)) > 0)
		work_run(daemon);
}

static void neighbour_take(void *data, const struct rtnl_neighbour *neighbour)
{
	struct daemon *daemon = data;

	nexthop_neighbour_changed(daemon->nexthops, neighbour);
}

static void news_ready(struct watch *watch, uint32_t events)
{
	struct daemon *daemon = daemon_of(watch, news);
	unsigned changed = rtnl_news_read(daemon->rtnl, neighbour_take, daemon);

	(void)events;
	if (!changed)
		return;
	if (changed & (RTNL_LINKS | RTNL_LOST))
		links_renew(daemon);
	nexthop_routes_changed(daemon->nexthops);
	work_run(daemon);
}

static void signals_ready(struct watch *watch, uint32_t events)
{
	struct daemon *daemon = daemon_of(watch, signals);
	struct signalfd_siginfo which;

	(void)events;
	if (read(watch->fd, &which, sizeof(which)) != sizeof(which))
		return;
	log_info(NULL, "stopping", "signal=%u streams=\"go on: the relay stays attached\"", which.ssi_signo);
	watches_stop(daemon->watches);
}

static int watch_start(struct daemon *daemon)
{
	sigset_t stops;
	int error = watches_new(&daemon->watches);

	if (error)
		return error;
	/* Whoever reads our log may go; we don't. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	daemon->signals = (struct watch){signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK), signals_ready};
	daemon->timer =
	        (struct watch){timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), timer_ready};
	daemon->news = (struct watch){rtnl_news_fd(daemon->rtnl), news_ready};
	if (daemon->signals.fd < 0 || daemon->timer.fd < 0)
		return -errno;
	error = watch_add(daemon->watches, &daemon->signals);
	if (!error)
		error = watch_add(daemon->watches, &daemon->timer);
	return error ? error : watch_add(daemon->watches, &daemon->news);
}

/* Everything that controllers and questions need. Returns an exit code. */
static int serve_start(struct daemon *daemon)
{
	const struct options *options = daemon->options;
	int error = losses_open(&daemon->losses);

	if (!error)
		error = nexthop_table_new(&daemon->nexthops, daemon->object.nexthops, daemon->rtnl,
		        &daemon->links, nexthop_news, daemon);
	if (!error)
		error = watch_start(daemon);
	if (error)
		return fail("start", error);
	daemon->answers = (struct answers){.kernel = &daemon->kernel,
	        .object = &daemon->object,
	        .pump = daemon->pump,
	        .nexthops = daemon->nexthops,
	        .losses = daemon->losses,
	        .links = &daemon->links,
	        .rtnl = daemon->rtnl};
	return server_open(&daemon->server, daemon->watches, options->socket_path,
	               options->socket_group_given ? options->socket_group : (gid_t)-1, &server_ops, daemon)
	               ? EXIT_FAILED
	               : EXIT_DONE;
}

static int daemon_start(struct daemon *daemon)
{
	const struct options *options = daemon->options;
	char reason[PINS_REASON] = "";
	int code = EXIT_DONE, error = pins_open(&daemon->pins, options->pins, reason);

	if (error)
		return refuse("pins", reason, error);
	error = rtnl_open(&daemon->rtnl);
	if (error)
		return fail("rtnetlink", error);
	daemon->links.priority = VLAN_PRIORITY;
	code = object_start(daemon);
	if (code == EXIT_DONE)
		code = locals_start(daemon);
	if (code == EXIT_DONE)
		code = attach_start(daemon);
	if (code == EXIT_DONE && (error = links_read(&daemon->links, daemon->rtnl)))
		return fail("links", error);
	if (code == EXIT_DONE)
		code = pump_begin(daemon);
	return code == EXIT_DONE ? serve_start(daemon) : code;
}

/* Ends the daemon, not the streams. */
static void daemon_stop(struct daemon *daemon)
{
	server_close(daemon->server);
	pump_stop(daemon->pump);
	losses_close(daemon->losses);
	nexthop_table_free(daemon->nexthops);
	for (unsigned i = 0; i < daemon->attached; i++)
		attach_close(&daemon->attachments[i]);
	object_close(&daemon->object);
	rtnl_close(daemon->rtnl);
	links_clear(&daemon->links);
	if (daemon->signals.fd >= 0)
		close(daemon->signals.fd);
	if (daemon->timer.fd >= 0)
		close(daemon->timer.fd);
	watches_free(daemon->watches);
	pins_close(&daemon->pins);
}

int daemon_run(const struct options *options, const struct privileges *privileges)
{
	struct daemon daemon = {.options = options, .privileges = privileges};
	int code, error;

	daemon.pins.lock = daemon.signals.fd = daemon.timer.fd = -1;
	code = daemon_start(&daemon);
	if (code == EXIT_DONE) {
		log_info(NULL, "ready", "socket=%s", options->socket_path);
		work_run(&daemon);
		error = watches_run(daemon.watches);
		if (error)
			code = fail("watches", error);
	} else if (daemon.pins.lock >= 0 && !daemon.pins.adopted) {
		/* What didn't come to run leaves nothing that another start would have to fit to. */
		pins_discard(&daemon.pins);
	}
	daemon_stop(&daemon);
	return code;
}
