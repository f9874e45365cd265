/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What outlives the daemon, below its directory on bpffs: layout-VERSION/ holds every map by its name,
 * link-IFINDEX for every interface, and program-BUILD. One daemon at a time has the directory.
 */
#ifndef XDPARK_PINS_H
#define XDPARK_PINS_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

enum { PINS_PATH = 160, PINS_REASON = 320 };

struct pins {
	char path[PINS_PATH]; /* of layout-VERSION */
	int lock;             /* fd of the directory; -1: not open */
	bool whole;           /* after pins_adopt(): every map was there */
	bool adopted;         /* something was pinned when it was opened */
};

/*
 * Takes the directory. Returns 0 or a negative errno with one sentence in `reason`: -EBUSY another daemon has
 * it, -ESTALE maps of another layout are pinned there.
 */
int pins_open(struct pins *pins, const char *directory, char reason[PINS_REASON]);
void pins_close(struct pins *pins);

/*
 * Before the object is loaded: has it use the pinned maps. Returns 0 or a negative errno with one sentence in
 * `reason`; -ESTALE: a pinned map is of another size than the object's, which names both.
 */
int pins_adopt(struct pins *pins, struct bpf_object *object, char reason[PINS_REASON]);

/*
 * The pinned program of the build `build`, which works on the pinned maps. Returns its fd, -ENOENT, or
 * another negative errno.
 */
int pins_program_get(const struct pins *pins, uint64_t build);

/* Pins the program of a build in place of any other. Returns 0 or a negative errno. */
int pins_program_keep(const struct pins *pins, uint64_t build, int program);

/* After it was loaded: pins the maps that aren't yet. Returns 0 or a negative errno. */
int pins_keep(const struct pins *pins, struct bpf_object *object);

/*
 * Once the links run the object's program: unpins the maps that only a former build's had. What isn't a map
 * stays.
 */
void pins_maps_drop(const struct pins *pins, const struct bpf_object *object);

/* The pinned link of an interface. Returns its fd, -ENOENT, or another negative errno. */
int pins_link_get(const struct pins *pins, uint32_t ifindex);
int pins_link_keep(const struct pins *pins, uint32_t ifindex, int link);
int pins_link_drop(const struct pins *pins, uint32_t ifindex);

/*
 * The link of an interface below a directory that isn't taken (another daemon may have it), of any layout.
 * Returns its fd, -ENOENT, or another negative errno.
 */
int pins_link_find(const char *directory, uint32_t ifindex);

/* Calls `each` with the ifindex of every pinned link. Returns 0 or a negative errno. */
int pins_links_each(const struct pins *pins, void (*each)(void *data, uint32_t ifindex), void *data);

/* Removes what a start that failed has pinned: nobody's calls are in it. */
void pins_discard(const struct pins *pins);

/* Removes everything, of any layout: the links are detached with it. Returns 0 or a negative errno. */
int pins_remove(const char *directory, char reason[PINS_REASON]);

#endif
