/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/losses.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bpf/losses.h"
#include "bpf/losses.skel.h"
#include "kmod-free/log.h"

/* What was there when we looked last. */
struct seen {
	uint32_t ifindex;
	bool known; /* the rest is from here on */
	struct xd_losses traced;
	uint64_t send_drops, send_errors;
};

struct losses {
	struct losses_bpf *skeleton; /* NULL: no tracepoints */
	struct xd_losses *each;      /* room for an entry of every CPU */
	unsigned cpus;
	struct seen seen[LINKS_ATTACHED];
};

static int tracepoints_open(struct losses *losses)
{
	struct losses_bpf *skeleton = losses_bpf__open();
	struct stat net;
	int error;

	if (!skeleton)
		return -errno;
	if (stat("/proc/self/ns/net", &net)) {
		error = -errno;
		losses_bpf__destroy(skeleton);
		return error;
	}
	skeleton->rodata->our_net = (__u32)net.st_ino;
	error = losses_bpf__load(skeleton);
	if (!error)
		error = losses_bpf__attach(skeleton);
	if (error) {
		losses_bpf__destroy(skeleton);
		return error;
	}
	losses->skeleton = skeleton;
	return 0;
}

int losses_open(struct losses **losses)
{
	struct losses *made;
	int error, cpus = libbpf_num_possible_cpus();

	if (cpus < 0)
		return cpus;
	made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	made->each = calloc((size_t)cpus, sizeof(*made->each));
	if (!made->each) {
		free(made);
		return -ENOMEM;
	}
	made->cpus = (unsigned)cpus;
	error = tracepoints_open(made);
	if (error)
		log_warn(NULL, "losses",
		        "error=\"%s\" follows=\"no tracepoints: losses are told by the interfaces' counters "
		        "alone\"",
		        strerror(-error));
	*losses = made;
	return 0;
}

void losses_close(struct losses *losses)
{
	if (!losses)
		return;
	losses_bpf__destroy(losses->skeleton);
	free(losses->each);
	free(losses);
}

static struct xd_losses traced_get(const struct losses *losses, uint32_t ifindex)
{
	struct xd_losses sum = {0};

	if (!losses->skeleton ||
	        bpf_map_lookup_elem(bpf_map__fd(losses->skeleton->maps.interfaces), &ifindex, losses->each))
		return sum;
	for (unsigned cpu = 0; cpu < losses->cpus; cpu++) {
		const struct xd_losses *one = &losses->each[cpu];

		sum.redirect_sent += one->redirect_sent;
		sum.redirect_drops += one->redirect_drops;
		sum.redirect_errors += one->redirect_errors;
		sum.tx_sent += one->tx_sent;
		sum.tx_drops += one->tx_drops;
		sum.exceptions += one->exceptions;
		if (one->last_error)
			sum.last_error = one->last_error;
	}
	return sum;
}

static void traced_watch(struct losses *losses, struct seen *seen, const char *name)
{
	struct xd_losses now = traced_get(losses, seen->ifindex);
	uint64_t errors = now.redirect_errors - seen->traced.redirect_errors;
	uint64_t drops =
	        now.redirect_drops + now.tx_drops - seen->traced.redirect_drops - seen->traced.tx_drops;
	uint64_t exceptions = now.exceptions - seen->traced.exceptions;

	if (errors)
		log_warn(NULL, "lost", "interface=%s packets=%llu cause=\"redirect refused\" error=\"%s\"",
		        name, (unsigned long long)errors, strerror((int)now.last_error));
	if (drops)
		log_warn(NULL, "lost",
		        "interface=%s packets=%llu cause=\"transmit ring full or interface down\" "
		        "remedy=\"more queues or a longer "
		        "ring (ethtool -L, -G)\"",
		        name, (unsigned long long)drops);
	if (exceptions)
		log_warn(NULL, "lost", "interface=%s packets=%llu cause=\"XDP exception\"", name,
		        (unsigned long long)exceptions);
	seen->traced = now;
}

static void counters_watch(struct seen *seen, const struct rtnl_link *link)
{
	uint64_t drops = link->send_drops - seen->send_drops, errors = link->send_errors - seen->send_errors;

	if (drops || errors)
		log_warn(NULL, "lost",
		        "interface=%s packets=%llu cause=\"the interface counted drops or errors\"",
		        link->name, (unsigned long long)(drops + errors));
}

void losses_watch(struct losses *losses, const struct links *links)
{
	for (unsigned i = 0; i < links->attached_count; i++) {
		const struct rtnl_link *link = links_find(links, links->attached[i]);
		struct seen *seen = &losses->seen[i];

		if (!link)
			continue;
		if (seen->ifindex != link->ifindex)
			*seen = (struct seen){.ifindex = link->ifindex};
		if (losses->skeleton)
			traced_watch(losses, seen, link->name);
		else if (seen->known)
			counters_watch(seen, link);
		seen->known = true;
		seen->send_drops = link->send_drops;
		seen->send_errors = link->send_errors;
	}
}

void losses_foresee(const struct links *links, unsigned threads)
{
	for (unsigned i = 0; i < links->attached_count; i++) {
		const struct rtnl_link *link = links_find(links, links->attached[i]);

		if (!link || !link->send_queues || link->send_queues >= threads)
			continue;
		log_warn(NULL, "pump-queues",
		        "interface=%s queues=%u threads=%u follows=\"threads that share a queue lose "
		        "frames\" "
		        "remedy=\"more queues (ethtool -L), or fewer --pump-cpus\"",
		        link->name, link->send_queues, threads);
	}
}

static json_t *traced_json(const struct xd_losses *traced)
{
	json_t *object = json_object();

	json_object_set_new(object, "redirect_sent", json_integer((json_int_t)traced->redirect_sent));
	json_object_set_new(object, "redirect_drops", json_integer((json_int_t)traced->redirect_drops));
	json_object_set_new(object, "redirect_errors", json_integer((json_int_t)traced->redirect_errors));
	json_object_set_new(object, "tx_sent", json_integer((json_int_t)traced->tx_sent));
	json_object_set_new(object, "tx_drops", json_integer((json_int_t)traced->tx_drops));
	json_object_set_new(object, "exceptions", json_integer((json_int_t)traced->exceptions));
	return object;
}

json_t *losses_json(const struct losses *losses, const struct links *links)
{
	json_t *interfaces = json_array();

	for (unsigned i = 0; interfaces && i < links->attached_count; i++) {
		const struct rtnl_link *link = links_find(links, links->attached[i]);
		struct xd_losses traced = traced_get(losses, links->attached[i]);
		json_t *one;

		if (!link)
			continue;
		one = json_pack("{s:s,s:I,s:I,s:I}", "interface", link->name, "sent", (json_int_t)link->sent,
		        "errors", (json_int_t)link->send_errors, "drops", (json_int_t)link->send_drops);
		/* Absent without tracepoints. */
		if (losses->skeleton)
			json_object_set_new(one, "traced", traced_json(&traced));
		json_array_append_new(interfaces, one);
	}
	return interfaces;
}
