// Netlink sockets and network namespaces.
#ifndef MARTLET_CLINUX_NETLINK_H
#define MARTLET_CLINUX_NETLINK_H

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

extern int setns(int fd, int type);
extern int unshare(int flags);

// The kernel's own headers hide constants of Glibc's from Swift; this is struct sockaddr_nl.
struct martlet_sockaddr_nl {
    uint16_t family;
    uint16_t padding;
    uint32_t port;
    uint32_t groups;
};

#define MARTLET_CLONE_NEWNET 0x40000000
#define MARTLET_SO_SNDBUFFORCE 32
#define MARTLET_SO_RCVBUFFORCE 33

// Binds to a port the kernel chooses and to the first 31 multicast groups as a mask.
static inline int martlet_netlink_bind(int fd, uint32_t groups) {
    struct martlet_sockaddr_nl address;
    memset(&address, 0, sizeof address);
    address.family = AF_NETLINK;
    address.groups = groups;
    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

// The port the kernel chose; 0 where there is none.
static inline uint32_t martlet_netlink_port(int fd) {
    struct martlet_sockaddr_nl address;
    socklen_t length = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return 0;
    return address.port;
}

// Receives one datagram and says who sent it (0 is the kernel); its whole length is returned even
// where it is longer than the room.
static inline ssize_t martlet_netlink_receive(int fd, void *bytes, size_t length,
                                              uint32_t *sender) {
    struct martlet_sockaddr_nl address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    ssize_t got = recvfrom(fd, bytes, length, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&address,
                           &size);
    *sender = address.port;
    return got;
}

#endif
