#!/bin/bash
# CAP_PERFMON is documented as what perf_event_open(2) takes instead of CAP_SYS_ADMIN since Linux 5.8. On Debian 12's kernel
# (linux-image-6.1.0-57-cloud-amd64 6.1.192-3) a process with CAP_PERFMON and CAP_BPF, but without CAP_SYS_ADMIN, finds:
#
#   kernel.perf_event_paranoid       3 (the default)   2
#   any event, of itself too         EACCES            permitted
#   a uprobe                         EACCES            EACCES
#
# Level 3 is an addition of Debian's kernel (Ubuntu has a level 4), which asks for CAP_SYS_ADMIN; Linux itself knows no level
# above 2. That uprobes take CAP_SYS_ADMIN whatever the level is Linux's own (6.18 does so as well).
# Boots that kernel in QEMU without KVM, some ten seconds. Needs apt, dpkg, gcc, busybox and
# qemu-system-x86; fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
package=linux-image-6.1.0-57-cloud-amd64
apt-get download -qq "$package=6.1.192-3" 2>/dev/null
dpkg -x "$package"_*.deb root

cat >init.c <<'END'
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static int permitted(struct perf_event_attr *event, int pid, int cpu) {
    event->size = sizeof *event;
    int fd = syscall(SYS_perf_event_open, event, pid, cpu, -1, 0);
    if (fd < 0 && errno != EACCES && errno != EPERM)
        printf("unexpected: %s\n", strerror(errno));
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int uprobe_type(void) {
    int type = -1;
    FILE *file = fopen("/sys/bus/event_source/devices/uprobe/type", "r");
    if (!file || fscanf(file, "%d", &type) != 1)
        printf("no uprobes here\n");
    return type;
}

static void look(const char *who) {
    struct perf_event_attr own = {.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_DUMMY}, all = own;
    struct perf_event_attr uprobe = {.type = uprobe_type()};
    uprobe.uprobe_path = (unsigned long)"/init";
    uprobe.probe_offset = 0x1100;
    printf("RESULT %s: own %d, all %d, uprobe %d\n", who, permitted(&own, getpid(), -1), permitted(&all, -1, 0),
           permitted(&uprobe, -1, 0));
}

static void set_level(const char *level) {
    int fd = open("/proc/sys/kernel/perf_event_paranoid", O_WRONLY);
    if (fd < 0 || write(fd, level, 1) != 1)
        printf("cannot set the level\n");
    close(fd);
}

static void keep_perfmon_and_bpf(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    data[1].effective = data[1].permitted = 1 << (CAP_PERFMON - 32) | 1 << (CAP_BPF - 32);
    if (syscall(SYS_capset, &header, data))
        printf("capset: %s\n", strerror(errno));
}

int main(void) {
    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    mount("proc", "/proc", "proc", 0, 0);
    mount("sysfs", "/sys", "sysfs", 0, 0);
    setbuf(stdout, 0);
    char level[4] = "";
    int fd = open("/proc/sys/kernel/perf_event_paranoid", O_RDONLY);
    if (fd < 0 || read(fd, level, 1) != 1)
        printf("no level\n");
    printf("RESULT default level %s\n", level);
    look("root");
    if (!fork()) {
        keep_perfmon_and_bpf();
        look("at the default");
        _exit(0);
    }
    sleep(1);
    set_level("2");
    if (!fork()) {
        keep_perfmon_and_bpf();
        look("at 2");
        _exit(0);
    }
    sleep(1);
    reboot(RB_POWER_OFF);
}
END
sed -i '1i #define _GNU_SOURCE\n#include <sys/stat.h>' init.c
mkdir initramfs
gcc -static -o initramfs/init init.c
(cd initramfs && find . | busybox cpio -o -H newc 2>/dev/null) >initramfs.img
timeout 120 qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -accel tcg -m 512 -serial stdio \
    -kernel root/boot/vmlinuz-* -initrd initramfs.img -append 'console=ttyS0 quiet panic=-1' </dev/null >console 2>&1 || true
grep -ao 'RESULT.*' console | tr -d '\r' | tee results
diff results - <<'END'
RESULT default level 3
RESULT root: own 1, all 1, uprobe 1
RESULT at the default: own 0, all 0, uprobe 0
RESULT at 2: own 1, all 1, uprobe 0
END
