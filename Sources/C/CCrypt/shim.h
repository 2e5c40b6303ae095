// crypt(3) in memory of the caller's. The structure it works in is too large for Swift to import.

#ifndef MARTLET_CCRYPT_SHIM_H
#define MARTLET_CCRYPT_SHIM_H

#include <crypt.h>
#include <stddef.h>

/// Bytes of memory that a call needs, zeroed before the first one.
static inline size_t martlet_crypt_bytes(void) { return sizeof(struct crypt_data); }

/// The hash of a phrase by the method and salt that begin `setting`, in `memory`; null or a text
/// that begins with an asterisk when that cannot be.
static inline const char *martlet_crypt(
    const char *phrase, const char *setting, void *memory) {
    return crypt_r(phrase, setting, (struct crypt_data *)memory);
}

#endif
