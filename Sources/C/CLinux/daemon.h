// What a daemon asks of the kernel for itself: locks, scheduling, memory.
#ifndef MARTLET_CLINUX_DAEMON_H
#define MARTLET_CLINUX_DAEMON_H

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static inline int martlet_set_scheduling(int policy, int priority) {
    struct sched_param parameters;
    memset(&parameters, 0, sizeof parameters);
    parameters.sched_priority = priority;
    return sched_setscheduler(0, policy, &parameters);
}

// How late a timer may be, in nanoseconds, for threads without real-time priority.
static inline int martlet_set_timer_slack(unsigned long nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0);
}

// The signal that this process gets when its parent ends.
static inline int martlet_set_parent_death_signal(int number) {
    return prctl(PR_SET_PDEATHSIG, (unsigned long)number, 0, 0, 0);
}

// One datagram with its sender and the TTL or hop limit it arrived with (255 where the kernel does not
// tell); the socket was asked for it by martlet_want_hops.
static inline int martlet_want_hops(int fd, int is_v6) {
    int on = 1;
    return is_v6 ? setsockopt(fd, IPPROTO_IPV6, 51 /* IPV6_RECVHOPLIMIT */, &on, sizeof on)
                 : setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof on);
}
static inline ssize_t martlet_receive_with_hops(int fd, void *bytes, size_t length,
                                                struct sockaddr_storage *sender, int *hops) {
    char control[128];
    struct iovec piece = {bytes, length};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_name = sender;
    message.msg_namelen = sizeof *sender;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
    if (got < 0) return got;
    *hops = 255;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
         header = CMSG_NXTHDR(&message, header)) {
        if ((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TTL) ||
            (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == 52 /* IPV6_HOPLIMIT */))
            memcpy(hops, CMSG_DATA(header), sizeof *hops);
    }
    return got;
}

#endif
