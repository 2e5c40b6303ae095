// The 8-bit functions of PCRE2.
#ifndef MARTLET_CPCRE2_SHIM_H
#define MARTLET_CPCRE2_SHIM_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#endif
