/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/random.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* getrandom() gives up to 256 bytes whole, whatever signals come (random(7)). */
enum { STOCK = 256 };

static struct {
	uint8_t bytes[STOCK];
	size_t left;
} stock;

static void stock_fill(void)
{
	ssize_t got;

	do
		got = getrandom(stock.bytes, STOCK, 0);
	while (got < 0 && errno == EINTR);
	/* Only a kernel older than getrandom() gets here, and we run on none. */
	if (got != STOCK)
		abort();
	stock.left = STOCK;
}

void random_bytes(void *to, size_t bytes)
{
	if (bytes > stock.left)
		stock_fill();
	stock.left -= bytes;
	memcpy(to, stock.bytes + stock.left, bytes);
	explicit_bzero(stock.bytes + stock.left, bytes);
}
