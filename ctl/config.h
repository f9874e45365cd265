/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration: one YAML file, checked whole before anything of it is used. See xdparkd.conf(5). */
#ifndef XDPARK_CONFIG_H
#define XDPARK_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/layout.h"
#include "ctl/address.h"

struct config_media {
	struct address address; /* one that the dataplane's hello names */
	uint8_t advertise[16];  /* what SDP says: the same, or the public address in front of 1:1 NAT */
};

enum hold_kind { HOLD_RINGBACK, HOLD_MUSIC, HOLD_SILENCE };

/* What parked callers hear. */
struct config_hold {
	enum hold_kind kind;
	const char *country; /* ringback: "de", "us", "uk", "fr" */
	const char *file;  /* music: path, absolute (relative ones are taken from the config file's folder) */
	double level_dbm0; /* music: -18 by default */
};

struct config_tenant;

struct config_contact {
	const char *uri;        /* sip:1@10.90.0.11:5060 */
	struct address address; /* where it leads */
};

struct config_user {
	const struct config_tenant *tenant;
	const char *name;     /* "101": user part of the address of record */
	const char *display;  /* "" if none */
	const char *password; /* NULL: doesn't register */
	const char *ha1_md5;  /* digest H(A1) in hex instead of the password; NULL: none */
	const char *ha1_sha256;
	struct config_contact *contacts; /* static ones */
	size_t contact_count;
	bool take;             /* may take parked calls; true by default */
	bool park;             /* may park; true by default */
	uint32_t max_contacts; /* registered devices at most; 10 by default */
	void *state;           /* of the running system (registrar); carried over a reload by name */
};

/* Orbits first..last, all of the same number of digits. */
struct config_orbits {
	uint32_t first, last;
	unsigned digits;
};

struct config_park {
	const char *number; /* auto-park number; NULL: none */
	struct config_orbits *orbits;
	size_t orbit_ranges;
	uint32_t recall_after_s; /* 60; 0: never */
	uint32_t recall_ring_s;  /* 30 */
	uint32_t quota;          /* parked calls at most; 0: as many as orbits */
	bool announce;           /* speak the orbit to the parker */
	const char *language;    /* of the spoken orbit: "en", "de" */
	struct config_hold hold;
};

/* Which digests phones that have a password are asked for. */
enum config_digest { CONFIG_DIGEST_MD5, CONFIG_DIGEST_BOTH, CONFIG_DIGEST_SHA256 };

struct config_tenant {
	const char *domain;
	enum config_digest digest; /* MD5 by default */
	const char **numbers;      /* called numbers that trunks deliver to this tenant, with their user */
	const char **number_users; /* the user, park number or orbit that each rings; same length */
	size_t number_count;
	struct config_user *users; /* sorted by name */
	size_t user_count;
	enum xd_codec codecs[XD_CODECS]; /* in the order of offers */
	size_t codec_count;
	struct config_park park;
	void *state; /* of the running system: orbits, audio; carried over a reload by domain */
};

/* A switch or SBC of the carrier, trusted by source address. */
struct config_trunk {
	const char *name;
	struct network *addresses; /* SIP from there is this trunk's */
	size_t address_count;
	struct network media_networks[XD_SOURCE_NETWORKS];
	size_t media_network_count;
	const struct config_tenant **tenants; /* that it may reach; none named: all */
	size_t tenant_count;
	bool take;     /* may take parked calls; false by default */
	bool transfer; /* may transfer within a call (REFER), so park; false by default */
};

/* Tables of the look-ups below, made by config_read(). */
struct config_number {
	const char *number;
	const char *rings;
	struct config_tenant *tenant;
};

struct config_source {
	uint8_t first[16], last[16]; /* addresses of a trunk, both included */
	const struct config_trunk *trunk;
};

/* Limits that parking and announcements set. */
enum { CONFIG_ORBITS = 1000000, CONFIG_ORBIT_DIGITS = 9, CONFIG_SPOKEN_DIGITS = 6 };

/* Bytes at most of what is written into SIP messages: a display name or our own, and a contact's URI. */
enum { CONFIG_TEXT = 100, CONFIG_URI = 255 };

struct config {
	const char *file;
	struct address *listen; /* UDP */
	size_t listen_count;
	const char *agent;                       /* User-Agent and Server */
	const char *dataplane;                   /* path of xdpark-dp's socket */
	const char *control;                     /* path of the unix socket for `xdpark` */
	const char *control_group;               /* who may use it; NULL: the daemon's own group */
	const char *sounds;                      /* directory of the spoken digits; NULL: nobody announces */
	uint32_t register_min_s, register_max_s; /* 60, 3600 */
	struct config_media *media;
	size_t media_count;
	struct config_tenant *tenants; /* sorted by domain */
	size_t tenant_count;
	struct config_trunk *trunks;
	size_t trunk_count;
	struct config_number *numbers; /* of all tenants, sorted */
	size_t number_count;
	struct config_source *sources; /* of all trunks, sorted by address */
	size_t source_count;
	void *memory; /* owns every string and array */
};

/* One error: `FILE:LINE: KEY: what is wrong; what to do`. Called for each, in order of lines. */
typedef void (*config_report)(
        void *context, const char *file, unsigned line, const char *key, const char *text);

/*
 * Reads and checks a file whole. Every error is reported, also unknown keys, overlaps (orbits, numbers,
 * trunk addresses, domains) and bad references. Result in *config; -EINVAL after any report, -ENOENT and
 * other errnos of open (reported as well).
 */
int config_read(struct config **config, const char *file, config_report report, void *context);

/* NULL is legal. */
void config_free(struct config *config);

/* Domains are compared without case. NULL: not there. */
struct config_tenant *config_tenant_find(const struct config *config, const char *domain);
struct config_user *config_user_find(const struct config_tenant *tenant, const char *name);

/* The trunk that sends from this IP; NULL: none. */
const struct config_trunk *config_trunk_find(const struct config *config, const uint8_t ip[16]);

/* Whether a trunk may reach a tenant. */
bool config_trunk_reaches(const struct config_trunk *trunk, const struct config_tenant *tenant);

/* The tenant that a called number belongs to, of those that `trunk` reaches, and whom it rings. NULL: none.
 */
struct config_tenant *config_number_find(const struct config *config, const struct config_trunk *trunk,
        const char *number, const char **rings);

/* Whether `number` is one of the tenant's orbits. */
bool config_is_orbit(const struct config_tenant *tenant, const char *number);

#endif
