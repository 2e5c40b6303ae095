// Raw IP sockets with control messages, packet sockets and socket filters.
#ifndef MARTLET_CLINUX_PACKET_H
#define MARTLET_CLINUX_PACKET_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define MARTLET_SO_ATTACH_FILTER 26
#define MARTLET_SO_DETACH_FILTER 27
#define MARTLET_SO_TIMESTAMPNS 35
#define MARTLET_IPV6_FREEBIND 78
#define MARTLET_IPV6_RECVPKTINFO 49
#define MARTLET_IPV6_PKTINFO 50
#define MARTLET_IPV6_RECVHOPLIMIT 51
#define MARTLET_IPV6_HOPLIMIT 52
#define MARTLET_IPV6_RECVTCLASS 66
#define MARTLET_IPV6_TCLASS 67
#define MARTLET_IPV6_MULTICAST_ALL 29
#define MARTLET_PACKET_IGNORE_OUTGOING 23
#define MARTLET_PACKET_QDISC_BYPASS 20

// struct in6_pktinfo is hidden without _GNU_SOURCE; this is its layout.
struct martlet_in6_pktinfo {
    uint8_t address[16];
    uint32_t interface;
};

// What is known of one datagram that came in.
struct martlet_arrival {
    uint32_t length;     // bytes received, not more than the room
    uint32_t interface;  // index of the interface it came in on; 0 unknown
    int32_t hop_limit;   // -1 unknown
    int32_t traffic_class;
    int64_t calendar_nanoseconds;  // 0 unknown
    uint8_t source[16];            // IPv6 only; IPv4 datagrams begin with their header
    uint8_t destination[16];
    uint8_t was_cut;  // it was longer than the room
    uint8_t padding[7];
};

// The kernel's own headers hide constants of Glibc's from Swift; these are struct sock_filter and
// struct sock_fprog.
struct martlet_sock_filter {
    uint16_t code;
    uint8_t when_true;
    uint8_t when_false;
    uint32_t operand;
};
struct martlet_sock_program {
    uint16_t count;
    struct martlet_sock_filter *steps;
};

// struct sockaddr_ll.
struct martlet_sockaddr_ll {
    uint16_t sll_family;
    uint16_t sll_protocol;
    int32_t sll_ifindex;
    uint16_t sll_hatype;
    uint8_t sll_pkttype;
    uint8_t sll_halen;
    uint8_t sll_addr[8];
};

#define MARTLET_MOST_ARRIVALS 32

static inline void martlet_note_control(struct cmsghdr *header, struct martlet_arrival *arrival) {
    void *data = CMSG_DATA(header);
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo where;
        memcpy(&where, data, sizeof where);
        arrival->interface = (uint32_t)where.ipi_ifindex;
    } else if (header->cmsg_level == IPPROTO_IPV6) {
        int value;
        switch (header->cmsg_type) {
        case MARTLET_IPV6_PKTINFO:
            memcpy(arrival->destination, data, 16);
            memcpy(&arrival->interface, (uint8_t *)data + 16, 4);
            break;
        case MARTLET_IPV6_HOPLIMIT:
            memcpy(&value, data, sizeof value);
            arrival->hop_limit = value;
            break;
        case MARTLET_IPV6_TCLASS:
            memcpy(&value, data, sizeof value);
            arrival->traffic_class = value;
            break;
        }
    } else if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == MARTLET_SO_TIMESTAMPNS) {
        struct timespec time;
        memcpy(&time, data, sizeof time);
        arrival->calendar_nanoseconds = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    }
}

// Receives up to `count` (at most MARTLET_MOST_ARRIVALS) datagrams, each into `slot` bytes of
// `room`; returns how many, or -1 with errno.
static inline int martlet_receive_arrivals(int fd, uint8_t *room, size_t slot,
                                           struct martlet_arrival *arrivals, unsigned count) {
    struct martlet_mmsghdr messages[MARTLET_MOST_ARRIVALS];
    struct iovec pieces[MARTLET_MOST_ARRIVALS];
    struct sockaddr_in6 senders[MARTLET_MOST_ARRIVALS];
    union {
        uint64_t alignment;
        uint8_t bytes[160];
    } control[MARTLET_MOST_ARRIVALS];
    if (count > MARTLET_MOST_ARRIVALS) count = MARTLET_MOST_ARRIVALS;
    memset(messages, 0, sizeof messages);
    memset(senders, 0, sizeof senders);
    for (unsigned i = 0; i < count; i++) {
        pieces[i].iov_base = room + i * slot;
        pieces[i].iov_len = slot;
        messages[i].msg_hdr.msg_iov = &pieces[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_name = &senders[i];
        messages[i].msg_hdr.msg_namelen = sizeof senders[i];
        messages[i].msg_hdr.msg_control = control[i].bytes;
        messages[i].msg_hdr.msg_controllen = sizeof control[i].bytes;
    }
    int got = recvmmsg(fd, messages, count, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) {
        struct martlet_arrival *arrival = &arrivals[i];
        memset(arrival, 0, sizeof *arrival);
        arrival->hop_limit = -1;
        arrival->traffic_class = -1;
        arrival->length = messages[i].msg_len;
        arrival->was_cut = (messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
        if (senders[i].sin6_family == AF_INET6) memcpy(arrival->source, &senders[i].sin6_addr, 16);
        struct msghdr *header = &messages[i].msg_hdr;
        for (struct cmsghdr *next = CMSG_FIRSTHDR(header); next; next = CMSG_NXTHDR(header, next)) {
            martlet_note_control(next, arrival);
        }
    }
    return got;
}

// Sends an IPv4 datagram that begins with its header out of an interface (0: as routed).
static inline ssize_t martlet_send_ipv4(int fd, const void *bytes, size_t length,
                                        const struct sockaddr_in *to, uint32_t interface) {
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control;
    struct iovec piece = {(void *)bytes, length};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    memset(&control, 0, sizeof control);
    message.msg_name = (void *)to;
    message.msg_namelen = sizeof *to;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (interface != 0) {
        struct in_pktinfo where;
        memset(&where, 0, sizeof where);
        where.ipi_ifindex = (int)interface;
        control.header.cmsg_level = IPPROTO_IP;
        control.header.cmsg_type = IP_PKTINFO;
        control.header.cmsg_len = CMSG_LEN(sizeof where);
        memcpy(CMSG_DATA(&control.header), &where, sizeof where);
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
    }
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Sends an IPv6 payload from an address out of an interface (0: as routed); hop limit and traffic
// class are those of the socket, the hop limit may be given (-1: that of the socket).
static inline ssize_t martlet_send_ipv6(int fd, const void *bytes, size_t length,
                                        const struct sockaddr_in6 *to, const uint8_t *from,
                                        uint32_t interface, int hop_limit) {
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(sizeof(struct martlet_in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec piece = {(void *)bytes, length};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    memset(&control, 0, sizeof control);
    message.msg_name = (void *)to;
    message.msg_namelen = sizeof *to;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(struct martlet_in6_pktinfo));
    struct cmsghdr *header = &control.header;
    struct martlet_in6_pktinfo where;
    memcpy(where.address, from, 16);
    where.interface = interface;
    header->cmsg_level = IPPROTO_IPV6;
    header->cmsg_type = MARTLET_IPV6_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof where);
    memcpy(CMSG_DATA(header), &where, sizeof where);
    if (hop_limit >= 0) {
        header = (struct cmsghdr *)(control.bytes + CMSG_SPACE(sizeof where));
        header->cmsg_level = IPPROTO_IPV6;
        header->cmsg_type = MARTLET_IPV6_HOPLIMIT;
        header->cmsg_len = CMSG_LEN(sizeof hop_limit);
        memcpy(CMSG_DATA(header), &hop_limit, sizeof hop_limit);
        message.msg_controllen = sizeof control.bytes;
    }
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Joins or leaves a multicast group on an interface, by index.
static inline int martlet_membership(int fd, int is_join, const struct sockaddr *group,
                                     uint32_t interface) {
    if (group->sa_family == AF_INET) {
        struct ip_mreqn request;
        memset(&request, 0, sizeof request);
        request.imr_multiaddr = ((const struct sockaddr_in *)group)->sin_addr;
        request.imr_ifindex = (int)interface;
        int option = is_join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP;
        return setsockopt(fd, IPPROTO_IP, option, &request, sizeof request);
    }
    struct ipv6_mreq request;
    memset(&request, 0, sizeof request);
    request.ipv6mr_multiaddr = ((const struct sockaddr_in6 *)group)->sin6_addr;
    request.ipv6mr_interface = interface;
    return setsockopt(fd, IPPROTO_IPV6, is_join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &request,
                      sizeof request);
}

// Attaches a classic BPF program.
static inline int martlet_attach_filter(int fd, const struct martlet_sock_filter *steps,
                                        uint16_t count) {
    struct martlet_sock_program program = {count, (struct martlet_sock_filter *)steps};
    return setsockopt(fd, SOL_SOCKET, MARTLET_SO_ATTACH_FILTER, &program, sizeof program);
}

// Binds a packet socket to a protocol (host order; 0 receives nothing) and an interface (0: all).
static inline int martlet_packet_bind(int fd, uint16_t protocol, uint32_t interface) {
    struct martlet_sockaddr_ll address;
    memset(&address, 0, sizeof address);
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(protocol);
    address.sll_ifindex = (int)interface;
    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

// Sends one whole link-layer frame out of an interface.
static inline ssize_t martlet_packet_send(int fd, const void *bytes, size_t length,
                                          uint16_t protocol, uint32_t interface) {
    struct martlet_sockaddr_ll address;
    memset(&address, 0, sizeof address);
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(protocol);
    address.sll_ifindex = (int)interface;
    address.sll_halen = 6;
    if (length >= 6) memcpy(address.sll_addr, bytes, 6);
    return sendto(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address,
                  sizeof address);
}

// Receives one frame and says where it came in and as what (PACKET_HOST and so on).
static inline ssize_t martlet_packet_receive(int fd, void *bytes, size_t length,
                                             uint32_t *interface, uint8_t *kind) {
    struct martlet_sockaddr_ll address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    ssize_t got = recvfrom(fd, bytes, length, MSG_DONTWAIT, (struct sockaddr *)&address, &size);
    *interface = (uint32_t)address.sll_ifindex;
    *kind = address.sll_pkttype;
    return got;
}

// Has an interface receive frames to a multicast address, without joining a group at the IP layer
// (packet(7): PACKET_MR_MULTICAST).
static inline int martlet_packet_multicast(int fd, uint32_t interface, const uint8_t *mac) {
    struct {
        int32_t interface;
        uint16_t type;
        uint16_t length;
        uint8_t address[8];
    } membership = {(int32_t)interface, 0, 6, {0}};
    memcpy(membership.address, mac, 6);
    return setsockopt(fd, 263 /* SOL_PACKET */, 1 /* PACKET_ADD_MEMBERSHIP */, &membership,
                      sizeof membership);
}

#endif
