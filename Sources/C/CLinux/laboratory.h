// What the laboratory of the virtual addresses needs: network namespaces of one thread, sockets that
// see all that routers say, and one that answers as whoever is asked.
#ifndef MARTLET_CLINUX_LABORATORY_H
#define MARTLET_CLINUX_LABORATORY_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

extern int unshare(int flags);
extern int setns(int fd, int kind);
extern int posix_spawn_file_actions_addclosefrom_np(
    posix_spawn_file_actions_t *actions, int from);

#define MARTLET_LAB_NEW_NETWORK 0x40000000

// The network namespace of this thread, as a descriptor.
static inline int martlet_lab_namespace(void) {
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

// Takes this thread into a namespace; 0, or -1 and errno.
static inline int martlet_lab_enter(int fd) { return setns(fd, MARTLET_LAB_NEW_NETWORK); }

// A new namespace, which lives as long as its descriptor and what runs within; this thread stays
// where it was.
static inline int martlet_lab_new_namespace(void) {
    int home = martlet_lab_namespace(), fresh = -1;
    if (home < 0) return -1;
    if (unshare(MARTLET_LAB_NEW_NETWORK) == 0) {
        fresh = martlet_lab_namespace();
        if (martlet_lab_enter(home) != 0) _exit(70);
    }
    close(home);
    return fresh;
}

// Sets a link up or down in this thread's namespace.
static inline int martlet_lab_set_link(const char *name, int up) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int result = ioctl(fd, SIOCGIFFLAGS, &request);
    if (result == 0) {
        request.ifr_flags = up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
        result = ioctl(fd, SIOCSIFFLAGS, &request);
    }
    close(fd);
    return result;
}

// Puts this thread, and what it starts from now on, before all ordinary work; 0, or -1 where that is
// not allowed.
static inline int martlet_lab_hurry(void) {
    struct sched_param first = {.sched_priority = 1};
    return sched_setscheduler(0, SCHED_RR, &first);
}

static inline int martlet_lab_stamp(int fd) {
    int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

// The kernel's time of a received message in nanoseconds of the monotonic clock.
static inline uint64_t martlet_lab_stamp_of(struct msghdr *message) {
    struct timespec real, monotonic;
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    clock_gettime(CLOCK_REALTIME, &real);
    uint64_t now = monotonic.tv_sec * 1000000000ull + monotonic.tv_nsec;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS) continue;
        struct timespec stamp;
        memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
        int64_t age = (real.tv_sec - stamp.tv_sec) * 1000000000ll + real.tv_nsec - stamp.tv_nsec;
        return age > 0 ? now - (uint64_t)age : now;
    }
    return now;
}

// A packet socket for the links of this thread's namespace. It gets VRRP, ARP, and of ICMPv6 the
// neighbour advertisements; with `hears` 0 nothing, to send only.
static inline int martlet_lab_packet_socket(int hears) {
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || !hears) return fd;
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 8, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 2),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 112, 5, 6),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 5),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 112, 2, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int room = 8 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    if (martlet_lab_stamp(fd) != 0
        || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0
        || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

// The next frame that came in over a link; its length, 0 for one that goes out, -1 when there is
// none now. The time is that of the monotonic clock.
static inline ssize_t martlet_lab_receive_frame(int fd, void *bytes, size_t length, int *link,
                                                uint64_t *nanoseconds) {
    struct sockaddr_ll from;
    char control[256];
    struct iovec part = {bytes, length};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part,
                             .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
    if (got < 0) return -1;
    if (from.sll_pkttype == PACKET_OUTGOING) return 0;
    *link = from.sll_ifindex;
    *nanoseconds = martlet_lab_stamp_of(&message);
    return got;
}

// Sends a whole frame over a link.
static inline int martlet_lab_send_frame(int fd, int link, const void *bytes, size_t length) {
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = link, .sll_halen = 6};
    return sendto(fd, bytes, length, 0, (struct sockaddr *)&to, sizeof to) == (ssize_t)length
               ? 0 : -1;
}

struct martlet_lab_in6_pktinfo {
    struct in6_addr address;
    unsigned link;
};

// A datagram socket of this thread's namespace. With a port it is bound to any address there and
// learns which one was asked.
static inline int martlet_lab_datagrams(int family, uint16_t port) {
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int on = 1, status = martlet_lab_stamp(fd);
    if (family == AF_INET6) {
        struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        if (port) {
            setsockopt(fd, IPPROTO_IPV6, 49 /* IPV6_RECVPKTINFO */, &on, sizeof on);
            status |= bind(fd, (struct sockaddr *)&address, sizeof address);
        }
    } else if (port) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
        setsockopt(fd, IPPROTO_IP, 8 /* IP_PKTINFO */, &on, sizeof on);
        status |= bind(fd, (struct sockaddr *)&address, sizeof address);
    }
    if (status != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

// Answers the datagrams that wait, from the address that each was sent to, with their own bytes and
// one more; how many.
static inline int martlet_lab_answer(int fd, uint8_t name) {
    int count = 0;
    for (; count < 256; count++) {
        uint8_t bytes[64];
        char control[256];
        struct sockaddr_storage from;
        struct iovec part = {bytes, sizeof bytes - 1};
        struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part,
                                 .msg_iovlen = 1, .msg_control = control,
                                 .msg_controllen = sizeof control};
        ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
        if (got < 0) break;
        struct cmsghdr *asked = 0;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
            if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == 8)
                || (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == 50))
                asked = c;
        if (!asked) continue;
        if (asked->cmsg_level == IPPROTO_IP) {
            // Any way back is good, as for a service that is bound to the address.
            struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(asked);
            info->ipi_ifindex = 0;
            info->ipi_spec_dst = info->ipi_addr;
        } else {
            ((struct martlet_lab_in6_pktinfo *)CMSG_DATA(asked))->link = 0;
        }
        char back[128];
        size_t length = asked->cmsg_len;
        memcpy(back, asked, length);
        bytes[got] = name;
        part.iov_len = got + 1;
        message.msg_control = back;
        message.msg_controllen = length;
        sendmsg(fd, &message, MSG_DONTWAIT);
    }
    return count;
}

// Sends a datagram to an address in network order.
static inline int martlet_lab_ask(int fd, int family, const void *address, uint16_t port,
                                  const void *bytes, size_t length) {
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    ssize_t sent;
    if (family == AF_INET6) {
        memcpy(&to6.sin6_addr, address, 16);
        sent = sendto(fd, bytes, length, MSG_DONTWAIT, (struct sockaddr *)&to6, sizeof to6);
    } else {
        memcpy(&to4.sin_addr, address, 4);
        sent = sendto(fd, bytes, length, MSG_DONTWAIT, (struct sockaddr *)&to4, sizeof to4);
    }
    return sent == (ssize_t)length ? 0 : -1;
}

// The next datagram, with the kernel's time of it; its length, -1 when there is none now.
static inline ssize_t martlet_lab_receive_datagram(int fd, void *bytes, size_t length,
                                                   uint64_t *nanoseconds) {
    char control[256];
    struct iovec part = {bytes, length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
    if (got >= 0) *nanoseconds = martlet_lab_stamp_of(&message);
    return got;
}

// Waits until one of two sockets can be read, or for some time; whether one can.
static inline int martlet_lab_wait(int one, int two, uint64_t nanoseconds) {
    struct pollfd both[2] = {{.fd = one, .events = POLLIN}, {.fd = two, .events = POLLIN}};
    struct timespec pause = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};
    return syscall(SYS_ppoll, both, 2, &pause, 0, 0) > 0;
}

// One address that came or went.
struct martlet_lab_address {
    uint8_t bytes[16];
    int32_t family;
    int32_t link;
    int32_t is_present;
};

// A socket that is told of every address that comes or goes in this thread's namespace.
static inline int martlet_lab_address_monitor(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                  .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int room = 4 << 20;
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

// The addresses of one waiting message; how many, -1 when there is none now.
static inline int martlet_lab_next_addresses(int fd, struct martlet_lab_address *found,
                                             int most) {
    char bytes[32768] __attribute__((aligned(8)));
    ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0) return errno == ENOBUFS ? 0 : -1;
    int count = 0;
    int left = (int)got;
    for (struct nlmsghdr *m = (struct nlmsghdr *)bytes; NLMSG_OK(m, (unsigned)left) && count < most;
         m = NLMSG_NEXT(m, left)) {
        if (m->nlmsg_type != RTM_NEWADDR && m->nlmsg_type != RTM_DELADDR) continue;
        struct ifaddrmsg *head = (struct ifaddrmsg *)NLMSG_DATA(m);
        int room = (int)m->nlmsg_len - (int)NLMSG_LENGTH(sizeof *head);
        struct martlet_lab_address *one = &found[count];
        memset(one, 0, sizeof *one);
        int has_local = 0, has_any = 0;
        for (struct rtattr *a = IFA_RTA(head); RTA_OK(a, room); a = RTA_NEXT(a, room)) {
            if (a->rta_type != IFA_LOCAL && (a->rta_type != IFA_ADDRESS || has_local)) continue;
            if (RTA_PAYLOAD(a) > 16) continue;
            memcpy(one->bytes, RTA_DATA(a), RTA_PAYLOAD(a));
            has_any = 1;
            if (a->rta_type == IFA_LOCAL) has_local = 1;
        }
        one->family = head->ifa_family;
        one->link = (int32_t)head->ifa_index;
        one->is_present = m->nlmsg_type == RTM_NEWADDR;
        if (has_any) count++;
    }
    return count;
}

#endif
