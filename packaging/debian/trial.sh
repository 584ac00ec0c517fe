#!/bin/sh
# Installs an older package, uses it, upgrades to the package, removes and purges it, installs it afresh, installs and removes the .rpm, and
# unpacks the tarball, on a tree of Debian that stays as it is. Arguments: the tree, an empty folder, the older package, the package, the
# .rpm, the tarball, the version of the program. Runs in a mount namespace of its own.
set -eu
tree=$1 work=$2 older=$3 package=$4 rpm=$5 tarball=$6 version=$7

mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/work" "$work/root"
mount -t proc proc "$work/root/proc"
# systemd-analyze asks which control group it runs in.
mount --rbind /sys "$work/root/sys"
cp "$older" "$work/root/tmp/older.deb"
cp "$package" "$work/root/tmp/sshmend.deb"
cp "$tarball" "$work/root/tmp/sshmend.tar.gz"
inside() { chroot "$work/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }
said() { echo "trial: $*"; }
units=$(inside dpkg-deb --contents /tmp/older.deb | sed -n 's|.* \./usr/lib/systemd/system/||p')
wants() { for unit in $units; do inside systemctl is-enabled "$unit"; done; }

inside dpkg --install /tmp/older.deb >/dev/null
said "$(inside sshmend --version) on Debian $(cat "$tree/etc/debian_version"), glibc $(inside ldd --version | sed -n '1s/.* //p')"
[ -n "$units" ]
[ "$(wants | sort -u)" = enabled ] || { wants; exit 1; }

# A change and its undoing, by a program that was linked elsewhere.
inside sshmend fix sshd-config MaxStartups=30:30:200 --yes --no-reload >/dev/null
inside sshmend show sshd-config MaxStartups | grep -q 30:30:200
inside sshmend history | grep -q MaxStartups

# An administrator's choice survives an upgrade; so does the journal.
for unit in $units; do inside systemctl --quiet disable "$unit"; done
inside dpkg --install /tmp/sshmend.deb >/dev/null
[ "$(wants | sort -u)" = disabled ] || { wants; exit 1; }
[ "$(inside dpkg-query -W -f '${Version}' sshmend)" = "$version-1" ]
inside sshmend rollback --yes --no-reload >/dev/null
if grep -q 30:30:200 "$work/root/etc/ssh/sshd_config"; then exit 1; fi

# What is still to undo itself needs the program, which stays until then, through an upgrade as well.
waits() { inside sshmend fix sshd-config MaxStartups=30:30:200 --yes --confirm-within 20s >/dev/null; }
waits
if inside dpkg --purge sshmend >/dev/null 2>&1; then said "purged while a change waits"; exit 1; fi
inside dpkg --install /tmp/sshmend.deb >/dev/null
inside sshmend history | grep -q "unless confirmed"
for _ in $(seq 60); do inside sshmend history | tail -1 | grep -q " done .*undo unconfirmed" && break; sleep 1; done
if grep -q 30:30:200 "$work/root/etc/ssh/sshd_config"; then exit 1; fi

inside dpkg --remove sshmend >/dev/null
[ ! -e "$work/root/usr/bin/sshmend" ]
[ -d "$work/root/var/lib/sshmend/transactions" ]
inside dpkg --purge sshmend >/dev/null
[ ! -e "$work/root/var/lib/sshmend" ]
left=$(cd "$work/root" && find etc usr var -name '*sshmend*' ! -path 'var/lib/dpkg/*' ! -path 'var/log/*')
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }

# Afresh, without what an older one left: units enabled, pages and completions where they are looked for.
inside dpkg --install /tmp/sshmend.deb >/dev/null
[ "$(wants | sort -u)" = enabled ] || { wants; exit 1; }
for unit in $units; do inside systemd-analyze verify --man=no "/usr/lib/systemd/system/$unit"; done
[ -n "$(inside zcat /usr/share/man/man8/sshmend.8.gz)" ]
inside bash -ec '. /usr/share/bash-completion/completions/sshmend; complete -p sshmend' >/dev/null
inside sshmend recover >/dev/null
inside dpkg --purge sshmend >/dev/null

# Debian has no libc by the name that the .rpm asks for. Its scripts are run inside; rpm itself is this machine's.
outside() { rpm --root "$work/root" "$@"; }
outside --initdb
# As on Fedora, RHEL and openSUSE.
mkdir -p "$work/root/usr/lib/systemd/system-preset"
echo 'disable *' >"$work/root/usr/lib/systemd/system-preset/99-default-disable.preset"
outside --install --nodeps "$rpm"
outside --verify --nodeps sshmend
[ "$(wants | sort -u)" = enabled ] || { wants; exit 1; }
inside sshmend --version | grep -q "^sshmend $version ("
inside sshmend fix sshd-config MaxStartups=30:30:200 --yes --no-reload >/dev/null
inside sshmend rollback --yes --no-reload >/dev/null
waits
if outside --erase sshmend 2>/dev/null; then said "erased while a change waits"; exit 1; fi
inside sshmend confirm >/dev/null
outside --erase sshmend
left=$(find "$work/root/etc/systemd" -name '*sshmend*')
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
[ ! -e "$work/root/usr/bin/sshmend" ]
[ ! -e "$work/root/usr/share/doc/sshmend" ]
rm -r "$work/root/var/lib/sshmend"

# The tarball needs no package, and nothing but its own folder.
inside tar -xzf /tmp/sshmend.tar.gz -C /usr/local/lib
unpacked=/usr/local/lib/$(ls "$work/root/usr/local/lib" | grep sshmend)
inside "$unpacked/sshmend" --version | grep -q "^sshmend $version ("
inside "$unpacked/sshmend" show sshd-config MaxStartups >/dev/null
[ -s "$work/root$unpacked/man/man8/sshmend.8" ]
[ -s "$work/root$unpacked/completions/_sshmend" ]
said "installed, used, upgraded to, removed, purged and installed afresh; the .rpm installed, used and removed; the tarball unpacked and used"
