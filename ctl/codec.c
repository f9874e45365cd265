/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/codec.h"

const char *codec_name(enum xd_codec codec)
{
	static const char *const names[XD_CODECS] = {
	        [XD_PCMU] = "PCMU", [XD_PCMA] = "PCMA", [XD_G722] = "G722"};

	return codec < XD_CODECS ? names[codec] : "none";
}

bool codecs_connect(enum xd_codec a, enum xd_codec b)
{
	return a == b || (a != XD_G722 && b != XD_G722 && a < XD_CODECS && b < XD_CODECS);
}
