// What Swift cannot import from Glibc: epoll, eventfd, timerfd, signalfd, splice, accept4,
// recvmmsg/sendmmsg, control-message macros, relaxed atomics over plain memory, and what has a
// variable number of arguments.
// _GNU_SOURCE is deliberately not defined (it clashes with the Glibc module); the few functions it
// would reveal are declared here by hand.
#ifndef MARTLET_CLINUX_SHIM_H
#define MARTLET_CLINUX_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <pwd.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "laboratory.h"

extern int accept4(int fd, void *address, unsigned *length, int flags);
extern long splice(int in, int64_t *inOffset, int out, int64_t *outOffset, unsigned long count,
                   unsigned flags);
extern int pipe2(int *ends, int flags);
extern int sched_setaffinity(int pid, unsigned long size, const void *mask);
extern int sched_getaffinity(int pid, unsigned long size, void *mask);
extern int dup3(int from, int to, int flags);
extern int setgroups(size_t count, const gid_t *groups);
extern int initgroups(const char *user, gid_t group);
extern int malloc_trim(size_t pad);
extern char **environ;
static inline char **martlet_environment(void) { return environ; }

#define MARTLET_F_SETPIPE_SZ 1031
#define MARTLET_SPLICE_F_MOVE 1
#define MARTLET_SPLICE_F_NONBLOCK 2
#define MARTLET_SPLICE_F_MORE 4
#define MARTLET_TCP_FASTOPEN_CONNECT 30
#define MARTLET_TCP_REPAIR 19
#define MARTLET_SO_ORIGINAL_DST 80
#define MARTLET_SO_REUSEPORT 15
#define MARTLET_SO_BINDTODEVICE 25
#define MARTLET_IP_TRANSPARENT 19
#define MARTLET_IPV6_TRANSPARENT 75
#define MARTLET_IP_FREEBIND 15
#define MARTLET_IP_BIND_ADDRESS_NO_PORT 24
#define MARTLET_EPOLLEXCLUSIVE (1u << 28)
#define MARTLET_EPOLLET (1u << 31)
#define MARTLET_EPOLLRDHUP 0x2000u

// struct mmsghdr is hidden without _GNU_SOURCE; this is its layout.
struct martlet_mmsghdr {
    struct msghdr msg_hdr;
    unsigned msg_len;
};
extern int recvmmsg(int fd, struct martlet_mmsghdr *messages, unsigned count, int flags,
                    struct timespec *timeout);
extern int sendmmsg(int fd, struct martlet_mmsghdr *messages, unsigned count, int flags);

static inline int martlet_socket_error(int fd) {
    int value = 0;
    socklen_t length = sizeof value;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length) < 0) return errno;
    return value;
}

// What the kernel has measured of a TCP connection, in the order of `TCPFigures`; 0, or -1 where
// the socket is none. Times are microseconds.
static inline int martlet_tcp_figures(int fd, uint32_t *figures) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return -1;
    figures[0] = info.tcpi_rtt;
    figures[1] = info.tcpi_rttvar;
    figures[2] = info.tcpi_unacked;
    figures[3] = info.tcpi_sacked;
    figures[4] = info.tcpi_lost;
    figures[5] = info.tcpi_retrans;
    figures[6] = info.tcpi_fackets;
    figures[7] = info.tcpi_reordering;
    return 0;
}

// Bytes readable without blocking, or -1.
static inline int martlet_readable_bytes(int fd) {
    int value = 0;
    return ioctl(fd, FIONREAD, &value) < 0 ? -1 : value;
}

static inline int martlet_fcntl(int fd, int command, int argument) {
    return fcntl(fd, command, argument);
}

static inline int martlet_open(const char *path, int flags, unsigned mode) {
    return open(path, flags, mode);
}

// The four calls of the data path. The C library's own are cancellation points, which costs two
// atomic operations each in a process of more than one thread; nobody here cancels a thread. errno
// is set as usual.
static inline ssize_t martlet_receive(int fd, void *bytes, size_t length, int flags) {
    return syscall(SYS_recvfrom, fd, bytes, length, flags, NULL, NULL);
}
static inline ssize_t martlet_send(int fd, const void *bytes, size_t length, int flags) {
    return syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
}
static inline ssize_t martlet_send_message(int fd, const struct msghdr *message, int flags) {
    return syscall(SYS_sendmsg, fd, message, flags);
}
static inline ssize_t martlet_splice(int from, int to, size_t length, unsigned flags) {
    return syscall(SYS_splice, from, NULL, to, NULL, length, flags);
}

// epoll with a wait in nanoseconds, -1 for ever; rounded up to milliseconds where the kernel is
// older than 5.11.
static inline int martlet_epoll_wait(int fd, struct epoll_event *events, int count, int64_t wait) {
    if (wait < 0) return epoll_wait(fd, events, count, -1);
    struct timespec time = {wait / 1000000000, wait % 1000000000};
    long result = syscall(441 /* epoll_pwait2 */, fd, events, count, &time, NULL, 0);
    if (result >= 0 || errno != ENOSYS) return (int)result;
    int64_t rounded = (wait + 999999) / 1000000;
    return epoll_wait(fd, events, count, rounded > INT_MAX ? INT_MAX : (int)rounded);
}

// Control messages: the CMSG_ macros as functions.
static inline size_t martlet_cmsg_space(size_t length) { return CMSG_SPACE(length); }
static inline size_t martlet_cmsg_len(size_t length) { return CMSG_LEN(length); }
static inline struct cmsghdr *martlet_cmsg_first(struct msghdr *message) {
    return CMSG_FIRSTHDR(message);
}
static inline struct cmsghdr *martlet_cmsg_next(struct msghdr *message, struct cmsghdr *header) {
    return CMSG_NXTHDR(message, header);
}
static inline void *martlet_cmsg_data(struct cmsghdr *header) { return CMSG_DATA(header); }

// Wait status macros.
static inline int martlet_wifexited(int status) { return WIFEXITED(status); }
static inline int martlet_wexitstatus(int status) { return WEXITSTATUS(status); }
static inline int martlet_wifsignaled(int status) { return WIFSIGNALED(status); }
static inline int martlet_wtermsig(int status) { return WTERMSIG(status); }

// Relaxed loads and stores on plain 64-bit words: one writer, any number of readers.
static inline uint64_t martlet_load_relaxed(const uint64_t *word) {
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}
static inline void martlet_store_relaxed(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

// A number with six significant digits at most, as `%g` has it; returns how many bytes it needs.
static inline int martlet_shorten(double value, char *room, size_t count) {
    return snprintf(room, count, "%g", value);
}

// signalfd and signal masks, without the sigset_t union that Swift imports awkwardly.
static inline int martlet_block_signals(const int *signals, size_t count) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++) sigaddset(&set, signals[i]);
    return pthread_sigmask(SIG_BLOCK, &set, 0);
}
static inline int martlet_unblock_all_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    return pthread_sigmask(SIG_SETMASK, &set, 0);
}
static inline int martlet_signalfd(const int *signals, size_t count) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++) sigaddset(&set, signals[i]);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}
static inline int martlet_ignore_signal(int signal_number) {
    return signal(signal_number, SIG_IGN) == SIG_ERR ? -1 : 0;
}
static inline int martlet_default_signal(int signal_number) {
    return signal(signal_number, SIG_DFL) == SIG_ERR ? -1 : 0;
}

#include "process.h"
#include "netlink.h"
#include "packet.h"
#include "carrier.h"

#endif
