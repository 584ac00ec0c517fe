#!/bin/sh
# Has the role `install` of the collection install each package with Ansible, on a tree of Debian that stays as it is: with another
# checksum, in check mode, for real, and again. Arguments: the tree, an empty folder, the mirror, its security archive, the collection,
# the folder with the packages, the version of the program. Runs in a mount namespace of its own; fetches Debian's packages of Ansible and
# of dnf.
set -eu
tree=$1 work=$2 mirror=$3 security=$4 collection=$5 made=$6 version=$7
suite=$(sed -n 's/^VERSION_CODENAME=//p' "$tree/etc/os-release")

mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/work" "$work/root"
mount -t proc proc "$work/root/proc"
mount --rbind /dev "$work/root/dev"
inside() {
  chroot "$work/root" /usr/bin/env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
}
cp /etc/resolv.conf "$work/root/etc/resolv.conf"
printf 'deb %s main\n' "$mirror $suite" "$security $suite-security" >"$work/root/etc/apt/sources.list"
rm -f "$work/root"/etc/apt/sources.list.d/*
printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d"
chmod 755 "$work/root/usr/sbin/policy-rc.d"
inside apt-get -qq update
if [ -z "$(inside apt-cache policy ansible-core)" ]; then
  echo "trial: the role is not tried on $suite, which has no package ansible-core"
  exit 0
fi
inside apt-get -qqy --no-install-recommends install ansible-core python3-apt python3-venv rpm dnf python3-dnf >/dev/null

# Debian has its C library by another name than the .rpm asks for: an empty package has that name here.
mkdir "$work/spec"
cat >"$work/spec/library.spec" <<SPEC
Name: library
Version: 1
Release: 1
Summary: The names of what Debian's own packages have
License: none
BuildArch: noarch
$(rpm -qp --requires "$made"/sshmend-*.x86_64.rpm | sed -n '/^rpmlib(/d; s/^/Provides: /p')
%description
The names of what Debian's own packages have.
%files
SPEC
rpmbuild -bb --quiet --define "_topdir $work/spec" "$work/spec/library.spec"
cp "$work/spec/RPMS/noarch/library-1-1.noarch.rpm" "$work/root/tmp/"
inside rpm --initdb
inside rpm --install /tmp/library-1-1.noarch.rpm 2>/dev/null

play=$work/root/root/play
mkdir -p "$play" "$work/root/root/.ansible/collections/ansible_collections/sshmend" "$work/root/root/files"
cp -r "$collection" "$work/root/root/.ansible/collections/ansible_collections/sshmend/ssh"
cp "$made"/* "$work/root/root/files/"
tar -xzf "$made/sshmend-$version-x86_64-unknown-linux-gnu.tar.gz" -C "$work/root/root/files" --strip-components=1 \
  "sshmend-$version-x86_64-unknown-linux-gnu/sshmend"
cat >"$play/site.yml" <<'PLAY'
- name: Install sshmend
  hosts: localhost
  connection: local
  gather_facts: true
  tasks:
    - name: Name what a machine with dnf has for its package manager
      ansible.builtin.set_fact:
        pkg_mgr: dnf
        cacheable: true
    - name: Install it
      ansible.builtin.include_role:
        name: sshmend.ssh.install
PLAY

# What the last play said; its recap.
said() { cat "$work/said"; }
changed() { said | sed -n 's/^localhost .* changed=\([0-9]*\) .*/\1/p'; }
failed() { echo "trial: $*" >&2; said >&2; exit 1; }
play() { inside ansible-playbook -i localhost, /root/play/site.yml "$@" >"$work/said" 2>&1; }
there() { inside sh -c 'command -v sshmend' >/dev/null; }

# Arguments: a file, the command that removes it again.
try() {
  name=$1
  sum=$(inside sha256sum "/root/files/$name" | cut -d' ' -f1)
  other=$(printf %s "$sum" | tr 0-9a-f 1-9a-f0)
  source="install_source=/root/files/$name"
  if play -e "$source" -e "install_checksum=$other"; then failed "$name: taken with another checksum"; fi
  said | grep -q "nothing was installed" || failed "$name: another checksum is not said"
  there && failed "$name: installed with another checksum"
  play --check -e "$source" -e "install_checksum=$sum" || failed "$name: check mode"
  [ "$(changed)" -ge 1 ] || failed "$name: check mode tells of no change"
  there && failed "$name: installed in check mode"
  play -e "$source" -e "install_checksum=$sum" || failed "$name: not installed"
  [ "$(changed)" -ge 1 ] || failed "$name: no change"
  inside sshmend --version | grep -q "^sshmend $version (" || failed "$name: another program"
  play -e "$source" -e "install_checksum=$sum" || failed "$name: not installed a second time"
  [ "$(changed)" = 0 ] || failed "$name: changed a second time"
  inside sh -c "$2" >/dev/null
  there && failed "$name: not removed"
  rm "$work/root/var/tmp/$name"
}
try "sshmend_$version-1_amd64.deb" "dpkg --purge sshmend"
try "sshmend-$version-1.x86_64.rpm" "rpm --erase sshmend"
try "$(basename "$made"/sshmend-"$version"-*manylinux*_x86_64.whl)" "rm -r /opt/sshmend /usr/local/bin/sshmend"
try sshmend "rm /usr/local/bin/sshmend"
echo "trial: the role installs deb, rpm, wheel and program with $(inside ansible-playbook --version | head -1) on $suite"
