#!/bin/sh
# Installs, uses, upgrades, removes and purges the package on a tree of Debian that stays as it is.
# Arguments: the tree, an empty folder, the package, a newer one. Runs in a mount namespace of its own.
set -eu
tree=$1 work=$2 package=$3 newer=$4

mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/work" "$work/root"
mount -t proc proc "$work/root/proc"
cp "$package" "$work/root/tmp/first.deb"
cp "$newer" "$work/root/tmp/newer.deb"
inside() { chroot "$work/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }
said() { echo "trial: $*"; }
units=$(inside dpkg-deb --contents /tmp/first.deb | sed -n 's|.* \./usr/lib/systemd/system/||p')
wants() { for unit in $units; do inside systemctl is-enabled "$unit"; done; }

inside dpkg --install /tmp/first.deb >/dev/null
said "$(inside sshmend --version) on Debian $(cat "$tree/etc/debian_version"), glibc $(inside ldd --version | sed -n '1s/.* //p')"
[ "$(wants | sort -u)" = "${units:+enabled}" ] || { wants; exit 1; }

# A change and its undoing, by a program that was linked elsewhere.
inside sshmend fix sshd-config MaxStartups=30:30:200 --yes --no-reload >/dev/null
inside sshmend show sshd-config MaxStartups | grep -q 30:30:200
inside sshmend history | grep -q MaxStartups

# An administrator's choice survives an upgrade; so does the journal.
for unit in $units; do inside systemctl --quiet disable "$unit"; done
inside dpkg --install /tmp/newer.deb >/dev/null
[ "$(wants | sort -u)" = "${units:+disabled}" ] || { wants; exit 1; }
inside sshmend rollback --yes --no-reload >/dev/null
! grep -q 30:30:200 "$work/root/etc/ssh/sshd_config"

inside dpkg --remove sshmend >/dev/null
[ ! -e "$work/root/usr/bin/sshmend" ]
[ -d "$work/root/var/lib/sshmend/transactions" ]
inside dpkg --purge sshmend >/dev/null
[ ! -e "$work/root/var/lib/sshmend" ]
left=$(cd "$work/root" && find etc usr var -name '*sshmend*' ! -path 'var/lib/dpkg/*' ! -path 'var/log/*')
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
said "installed, used, upgraded, removed and purged"
