// Starting programs and following processes: what runs between fork and exec, process descriptors,
// and waiting by them. Everything in the child is safe after a fork of a process with threads: plain
// system calls only, no allocation, no lock.
#ifndef MARTLET_CLINUX_PROCESS_H
#define MARTLET_CLINUX_PROCESS_H

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARTLET_SYS_PIDFD_SEND_SIGNAL 424
#define MARTLET_SYS_PIDFD_OPEN 434
#define MARTLET_SYS_CLOSE_RANGE 436
#define MARTLET_CLOSE_RANGE_CLOEXEC 4u
#define MARTLET_P_PIDFD 3

// What a child is to be. Every pointer lives in the parent until the fork.
struct martlet_child_plan {
    const char *path;
    char *const *arguments;
    char *const *environment;
    const char *directory;       // NULL: the parent's
    const gid_t *groups;         // read if `becomes_user`
    size_t group_count;
    uid_t user;
    gid_t group;
    int becomes_user;
    int mask;                    // file mode creation mask; -1: the parent's
    int null_input;              // what standard input becomes
    int output;                  // what standard output and error become
    int report;                  // close-on-exec pipe: gets {step, errno} if the program cannot run
};

// Says why the program does not run and ends.
static inline void martlet_child_fails(int report, int32_t step) {
    int32_t words[2] = {step, errno};
    ssize_t ignored = write(report, words, sizeof words);
    (void)ignored;
    _exit(127);
}

// Whether a plan's user and group are all that this process has.
static inline int martlet_child_is_already(const struct martlet_child_plan *plan) {
    uid_t users[3];
    gid_t groups[3];
    if (syscall(SYS_getresuid, &users[0], &users[1], &users[2]) < 0
        || syscall(SYS_getresgid, &groups[0], &groups[1], &groups[2]) < 0)
        return 0;
    for (int index = 0; index < 3; index++)
        if (users[index] != plan->user || groups[index] != plan->group) return 0;
    return 1;
}

// The child's way from the fork to the program; never returns.
static inline void martlet_child_begins(const struct martlet_child_plan *plan, int parent) {
    // The call itself: the C library's leaves out two signals. All zeros is the default effect.
    uint64_t standard[8] = {0};
    for (int number = 1; number < 65; number++)
        syscall(SYS_rt_sigaction, number, standard, NULL, 8);
    setpgid(0, 0);
    if (dup2(plan->null_input, 0) < 0 || dup2(plan->output, 1) < 0 || dup2(plan->output, 2) < 0)
        martlet_child_fails(plan->report, 1);
    // What slipped in without close-on-exec is not the program's business. Older kernels: no harm.
    syscall(MARTLET_SYS_CLOSE_RANGE, 3u, ~0u, MARTLET_CLOSE_RANGE_CLOEXEC);
    // The daemon may run in real time; what it starts does not.
    struct sched_param calm;
    memset(&calm, 0, sizeof calm);
    if (sched_getscheduler(0) > 0) sched_setscheduler(0, SCHED_OTHER, &calm);
    if (getpriority(PRIO_PROCESS, 0) < 0) setpriority(PRIO_PROCESS, 0, 0);
    if (plan->mask >= 0) umask((mode_t)plan->mask);
    if (plan->becomes_user) {
        // The calls themselves: the C library's would tell threads that this process has not.
        // Who may not choose groups (no CAP_SETGID) but stays who it is keeps those it has.
        if ((syscall(SYS_setgroups, plan->group_count, plan->groups) < 0
                && !(errno == EPERM && martlet_child_is_already(plan)))
            || syscall(SYS_setresgid, plan->group, plan->group, plan->group) < 0
            || syscall(SYS_setresuid, plan->user, plan->user, plan->user) < 0)
            martlet_child_fails(plan->report, 2);
    }
    if (plan->directory && chdir(plan->directory) < 0) martlet_child_fails(plan->report, 3);
    // After the change of user, which clears it. A parent that is gone by now sends nothing.
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != parent) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(plan->path, plan->arguments, plan->environment);
    martlet_child_fails(plan->report, 4);
}

// Forks and runs the plan in the child; the child's number, or -1.
// A true fork and not vfork: a program on a file system that hangs must not hold up the parent.
static inline int martlet_start_child(const struct martlet_child_plan *plan) {
    int parent = getpid();
    sigset_t all, before;
    sigfillset(&all);
    // No handler of the parent may run in the child.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = fork();
    if (number == 0) martlet_child_begins(plan, parent);
    int code = errno;
    // Both do it: whoever comes second changes nothing, and the group is there from now on. A signal
    // to a group that the child has not made yet would be lost.
    if (number > 0) setpgid(number, number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return number;
}

static inline int martlet_pidfd_open(int number) {
    return (int)syscall(MARTLET_SYS_PIDFD_OPEN, number, 0);
}

static inline int martlet_pidfd_send_signal(int descriptor, int signal_number) {
    return (int)syscall(MARTLET_SYS_PIDFD_SEND_SIGNAL, descriptor, signal_number, NULL, 0);
}

// How the child of a process descriptor ended, without waiting: 1 and `status` as from waitpid, 0
// while it lives, -1 with errno.
static inline int martlet_pidfd_wait(int descriptor, int *status) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid((idtype_t)MARTLET_P_PIDFD, (id_t)descriptor, &info, WEXITED | WNOHANG) < 0) return -1;
    if (info.si_pid == 0) return 0;
    *status = info.si_code == CLD_EXITED ? (info.si_status & 0xFF) << 8 : info.si_status & 0x7F;
    return 1;
}

#endif
