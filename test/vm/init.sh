#!/bin/busybox sh
# The virtual machine's first process: makes the machine, runs the suites, tells how they ended, powers off.
# The kernel speaks on the first serial line, the suites on the second.
/bin/busybox mkdir -p /usr/bin /usr/sbin /sbin
/bin/busybox --install -s
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

# The kernel's first root can't be left by pivot_root(2), which containers do: enter it anew, as a mount.
if [ -z "$AGAIN" ]; then
  mount --bind / /root
  cd /root
  mount --move . /
  AGAIN=yes exec chroot . /init
fi
unset AGAIN
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t devtmpfs -o nosuid devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o nosuid,noexec,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev tmpfs /dev/shm
mount -t tmpfs -o nosuid,nodev tmpfs /run
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
ln -s /proc/self/fd /dev/fd
ip link set lo up
hostname vm

stty -F /dev/ttyS1 raw -echo
exec > /dev/ttyS1 2>&1 < /dev/null
read -r uptime rest < /proc/uptime
echo "booted $(uname -r) with Node $(node --version) and $(cat /sys/fs/cgroup/cgroup.controllers) after $uptime s"
cd / || exit
# Files one after another: what they measure and limit is one machine.
node --enable-source-maps --test --test-reporter=spec --test-concurrency=1 --test-timeout=600000 $(cat /suites)
echo "ended $?"
poweroff -f
