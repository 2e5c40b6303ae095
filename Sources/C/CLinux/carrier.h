// What a driver says of its link, asked by the three ioctls that drivers answer.
#ifndef MARTLET_CLINUX_CARRIER_H
#define MARTLET_CLINUX_CARRIER_H

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

// 1 where the link works, 0 where it does not, -1 and errno where that cannot be told. `way`: 0 the
// basic mode status register of the transceiver (MII), 1 ETHTOOL_GLINK, 2 IFF_RUNNING.
static inline int martlet_link_carrier(int fd, const char *name, int way) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (way == 2)
        return ioctl(fd, SIOCGIFFLAGS, &request) < 0 ? -1 : (request.ifr_flags & IFF_RUNNING) != 0;
    if (way == 1) {
        struct ethtool_value value = {ETHTOOL_GLINK, 0};
        request.ifr_data = (char *)&value;
        return ioctl(fd, SIOCETHTOOL, &request) < 0 ? -1 : value.data != 0;
    }
    // struct mii_ioctl_data: the transceiver, a register, what goes in, what comes out.
    uint16_t words[4] = {0, 0, 0, 0};
    if (ioctl(fd, SIOCGMIIPHY, &request) < 0) return -1;
    // The first reading tells of failures since the last one.
    for (int turn = 0; turn < 2; turn++) {
        memcpy(words, &request.ifr_data, sizeof words);
        words[1] = 1;
        memcpy(&request.ifr_data, words, sizeof words);
        if (ioctl(fd, SIOCGMIIREG, &request) < 0) return -1;
    }
    memcpy(words, &request.ifr_data, sizeof words);
    return (words[3] & 0x0004) != 0;
}

#endif
