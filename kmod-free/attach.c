/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include "kmod-free/log.h"

/* Whether an interface runs its XDP program natively. */
static bool runs_native(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	return !bpf_xdp_query((int)ifindex, 0, &query) &&
	       (query.attach_mode == XDP_ATTACHED_DRV || query.attach_mode == XDP_ATTACHED_HW);
}

/* Whether a link is the interface's, and what runs there its program. */
static bool link_runs(int link, uint32_t ifindex)
{
	struct bpf_link_info info = {0};
	__u32 bytes = sizeof(info), running = 0;

	return !bpf_obj_get_info_by_fd(link, &info, &bytes) && info.type == BPF_LINK_TYPE_XDP &&
	       info.xdp.ifindex == ifindex && !bpf_xdp_query_id((int)ifindex, 0, &running) &&
	       running == info.prog_id;
}

/*
 * The pinned link of an interface, if it is still the interface's: an interface that went and came back has
 * none, and in another network namespace the same number is another interface. -ENOENT: none.
 */
static int link_adopt(const struct pins *pins, uint32_t ifindex)
{
	int link = pins_link_get(pins, ifindex);

	if (link < 0 || link_runs(link, ifindex))
		return link;
	close(link);
	log_info(NULL, "pinned-link-stale", "ifindex=%u", ifindex);
	pins_link_drop(pins, ifindex);
	return -ENOENT;
}

static int link_make(int program, uint32_t ifindex, __u32 flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
	int link = bpf_link_create(program, (int)ifindex, BPF_XDP, &options);

	return link < 0 ? -errno : link;
}

static void refusal_log(const char *name, uint32_t ifindex, int error)
{
	__u32 running = 0;

	bpf_xdp_query_id((int)ifindex, 0, &running);
	if (running)
		/* Whose it is, only root could tell. A link's program can't be taken off by ip(8). */
		log_error(NULL, "attach",
		        "interface=%s error=\"another XDP program is attached\" program_id=%u "
		        "remedy=\"if it is an xdpark's: xdpark-dp --detach with that one's --pins; else ip "
		        "link "
		        "set %s xdp off\"",
		        name, running, name);
	else
		log_error(NULL, "attach", "interface=%s error=\"%s\"", name, strerror(-error));
}

/* A new link, native if it can be. */
static int link_new(const char *name, int program, uint32_t ifindex, bool generic)
{
	int link = -EOPNOTSUPP;
	__u32 running = 0;

	if (!generic)
		link = link_make(program, ifindex, XDP_FLAGS_DRV_MODE);
	if (link < 0 && !generic) {
		bpf_xdp_query_id((int)ifindex, 0, &running);
		if (running)
			return link;
		log_warn(NULL, "native-refused",
		        "interface=%s error=\"%s\" follows=\"generic XDP: works, but several times slower\"",
		        name, strerror(-link));
	}
	if (link < 0)
		link = link_make(program, ifindex, XDP_FLAGS_SKB_MODE);
	return link;
}

int attach_interface(
        struct attachment *attachment, const char *name, int program, bool generic, const struct pins *pins)
{
	struct attachment made = {.ifindex = if_nametoindex(name), .link = -1};
	int error = 0;

	if (!made.ifindex) {
		log_error(NULL, "attach", "interface=%s error=\"no such interface\"", name);
		return -ENODEV;
	}
	strncpy(made.name, name, sizeof(made.name) - 1);
	made.link = pins ? link_adopt(pins, made.ifindex) : -ENOENT;
	made.adopted = made.link >= 0;
	if (made.adopted)
		error = bpf_link_update(made.link, program, NULL) ? -errno : 0;
	else
		made.link = link_new(name, program, made.ifindex, generic);
	if (made.link < 0)
		error = made.link;
	if (!error && pins && !made.adopted)
		error = pins_link_keep(pins, made.ifindex, made.link);
	if (error) {
		refusal_log(name, made.ifindex, error);
		attach_close(&made);
		return error;
	}
	made.native = runs_native(made.ifindex);
	log_info(NULL, "attached", "interface=%s mode=%s adopted=%s", name,
	        made.native ? "native" : "generic", made.adopted ? "yes" : "no");
	if (made.adopted && made.native == generic)
		log_warn(NULL, "mode-kept",
		        "interface=%s mode=%s follows=\"a link keeps its mode until xdpark-dp --detach\"",
		        name, made.native ? "native" : "generic");
	*attachment = made;
	return 0;
}

bool attach_find(struct attachment *attachment, const char *name, const char *pins)
{
	struct attachment found = {.ifindex = if_nametoindex(name), .link = -1};
	int link = pins_link_find(pins, found.ifindex);

	if (link < 0)
		return false;
	found.held = link_runs(link, found.ifindex);
	found.native = runs_native(found.ifindex);
	close(link);
	strncpy(found.name, name, sizeof(found.name) - 1);
	if (found.held)
		*attachment = found;
	return found.held;
}

static void attachment_gone(struct attachment *attachment, const struct pins *pins)
{
	log_error(NULL, "interface-gone",
	        "interface=%s ifindex=%u follows=\"calls that lead there are silent until it is back\"",
	        attachment->name, attachment->ifindex);
	attach_close(attachment);
	pins_link_drop(pins, attachment->ifindex);
	attachment->ifindex = 0;
}

void attach_follow(struct attachment *attachments, unsigned count, struct links *links, int program,
        bool generic, const struct pins *pins)
{
	for (unsigned i = 0; i < count; i++) {
		struct attachment *attachment = &attachments[i];
		const struct rtnl_link *link;
		char name[IF_NAMESIZE];

		if (attachment->ifindex && links_find(links, attachment->ifindex))
			continue;
		if (attachment->ifindex)
			attachment_gone(attachment, pins);
		link = links_find_name(links, attachment->name);
		memcpy(name, attachment->name, sizeof(name));
		if (link && attach_interface(attachment, name, program, generic, pins))
			attachment->ifindex = 0;
		links->attached[i] = attachment->ifindex;
	}
}

void attach_close(struct attachment *attachment)
{
	if (attachment->link >= 0)
		close(attachment->link);
	attachment->link = -1;
}

void attach_detach(struct attachment *attachment)
{
	/* Closing alone would detach some time later. */
	if (attachment->link >= 0)
		bpf_link_detach(attachment->link);
	attach_close(attachment);
}

struct others {
	const struct attachment *attachments;
	unsigned count;
	const struct pins *pins;
};

static void other_drop(void *data, uint32_t ifindex)
{
	const struct others *others = data;

	for (unsigned i = 0; i < others->count; i++)
		if (others->attachments[i].ifindex == ifindex)
			return;
	log_info(NULL, "detached", "ifindex=%u cause=\"no longer named by --interface\"", ifindex);
	pins_link_drop(others->pins, ifindex);
}

void attach_others_drop(const struct attachment *attachments, unsigned count, const struct pins *pins)
{
	struct others others = {attachments, count, pins};

	pins_links_each(pins, other_drop, &others);
}
