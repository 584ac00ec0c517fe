#!/bin/sh
# Makes the tree that every machine of a suite is laid over. Its text is part of the tree's name: a change here builds anew.
# Arguments: suite, target directory, mirror, security mirror.
set -eu
suite=$1 tree=$2 mirror=$3 security=$4
packages='systemd systemd-sysv libpam-systemd dbus openssh-server openssh-client rsyslog fail2ban nftables iptables ipset
  conntrack iproute2 iputils-ping procps python3 python3-systemd tcpd ufw firewalld netcat-openbsd sudo attr acl kmod'
# Whoever mends a fleet does it from the newest suite.
[ "$suite" != trixie ] || packages="$packages ansible-core"

debootstrap --variant=minbase "$suite" "$tree" "$mirror"
cat > "$tree/etc/apt/sources.list" <<EOF
deb $mirror $suite main
deb $security $suite-security main
EOF
cp /etc/resolv.conf "$tree/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' > "$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"
mount -t proc proc "$tree/proc"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
chroot "$tree" apt-get -q update
chroot "$tree" apt-get -qy upgrade
# shellcheck disable=SC2086 # a list of words
chroot "$tree" apt-get -qy --no-install-recommends install $packages
chroot "$tree" apt-get -q clean
umount "$tree/proc"
rm -r "$tree/usr/sbin/policy-rc.d" "$tree/etc/resolv.conf" "$tree"/var/lib/apt/lists/* "$tree/etc/apt/sources.list"

# What a case wants running, the case starts.
chroot "$tree" systemctl -q disable fail2ban.service ufw.service firewalld.service nftables.service
chroot "$tree" systemctl -q mask console-getty.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  e2scrub_reap.service e2scrub_all.timer fstrim.timer systemd-tmpfiles-clean.timer
chroot "$tree" systemd-machine-id-setup >/dev/null 2>&1

# One person, at home on both machines, who may log in with a key and become root.
chroot "$tree" useradd --create-home --shell /bin/bash --uid 1000 alice
echo 'alice ALL=(ALL) NOPASSWD: ALL' > "$tree/etc/sudoers.d/alice"
chmod 440 "$tree/etc/sudoers.d/alice"
install -d -m 700 "$tree/home/alice/.ssh"
ssh-keygen -q -t ed25519 -N '' -C alice@client -f "$tree/home/alice/.ssh/id_ed25519"
cp "$tree/home/alice/.ssh/id_ed25519.pub" "$tree/home/alice/.ssh/authorized_keys"
printf 'Host *\n    BatchMode yes\n    UpdateHostKeys no\n' > "$tree/home/alice/.ssh/config"
for key in "$tree"/etc/ssh/ssh_host_*_key.pub; do
  printf 'server,192.0.2.10,2001:db8:2::10 %s\n' "$(cut -d' ' -f1,2 "$key")"
done > "$tree/home/alice/.ssh/known_hosts"
chmod 600 "$tree/home/alice/.ssh"/*
chroot "$tree" chown -R alice:alice /home/alice

cat > "$tree/etc/hosts" <<EOF
127.0.0.1 localhost
::1 localhost ip6-localhost
192.0.2.10 server
203.0.113.20 second
198.51.100.11 client
2001:db8:2::10 server6
EOF
rm -f "$tree/etc/hostname"
: > "$tree/etc/fstab"
find "$tree/var/log" -type f -delete
