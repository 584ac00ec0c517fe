#!/bin/bash
# Writes what this machine says about itself into the directory given, one file a question: output, errors, exit status.
cd "$1" || exit 1
fact() {
  local name=$1
  shift
  timeout 20 "$@" > "$name" 2> "$name.err"
  echo "$?" > "$name.exit"
  [ -s "$name.err" ] || rm -f "$name.err"
  printf '%s\t%s\n' "$name" "$*" >> argv.tsv
}

listener=$(systemctl show --value -p MainPID ssh.service)
fact journal journalctl --boot --no-pager --output=short-iso-precise
fact journal-ssh.json journalctl --boot --no-pager --output=json SYSLOG_IDENTIFIER=sshd + SYSLOG_IDENTIFIER=sshd-session + SYSLOG_IDENTIFIER=sshd-auth + _SYSTEMD_UNIT=ssh.service + UNIT=ssh.service + UNIT=ssh.socket
fact auth.log cat /var/log/auth.log
fact fail2ban.log cat /var/log/fail2ban.log
fact ss-listen ss -Hltnp
fact ss-connections ss -Htanpoi
fact ps ps axo pid,ppid,user,stat,lstart,args
fact sshd-t sshd -t
fact sshd-T sshd -T
fact sshd-T-alice sshd -T -C user=alice,host=client,addr=198.51.100.11,laddr=192.0.2.10,lport=22
fact sshd-version sshd -V
fact sshd-config cat /etc/ssh/sshd_config
fact hosts-allow cat /etc/hosts.allow
fact hosts-deny cat /etc/hosts.deny
fact tcpdmatch tcpdmatch sshd 198.51.100.11
fact etc-ssh ls -laR /etc/ssh
fact run-sshd ls -lad /run/sshd
fact helpers ls -la /usr/lib/openssh /usr/sbin/sshd
fact ldd-sshd ldd /usr/sbin/sshd
[ ! -e /usr/lib/openssh/sshd-session ] || fact ldd-sshd-session ldd /usr/lib/openssh/sshd-session
fact passwd-sshd getent passwd sshd
fact systemctl-ssh-service systemctl show ssh.service
fact systemctl-ssh-socket systemctl show ssh.socket
fact systemctl-failed systemctl --failed --no-pager --plain --no-legend
fact nft.json nft -j list ruleset
fact iptables-save iptables-save -c
fact ip6tables-save ip6tables-save -c
fact ipset-save ipset save
fact fail2ban-status fail2ban-client status
fact fail2ban-banned fail2ban-client banned
fact netstat cat /proc/net/netstat
fact sockstat cat /proc/net/sockstat
fact conntrack-count cat /proc/sys/net/netfilter/nf_conntrack_count
fact conntrack-max cat /proc/sys/net/netfilter/nf_conntrack_max
fact file-nr cat /proc/sys/fs/file-nr
fact somaxconn cat /proc/sys/net/core/somaxconn
fact abort-on-overflow cat /proc/sys/net/ipv4/tcp_abort_on_overflow
fact pid-max cat /proc/sys/kernel/pid_max
fact ip-address ip -j address
fact ip-route ip -j route show table all
fact df df -i / /run /var /tmp
fact packages dpkg-query -W openssh-server openssh-client fail2ban ufw firewalld libwrap0 systemd
if [ "${listener:-0}" != 0 ]; then
  fact listener-status cat "/proc/$listener/status"
  fact listener-limits cat "/proc/$listener/limits"
  fact listener-cgroup cat "/proc/$listener/cgroup"
  fact listener-stat cat "/proc/$listener/stat"
  fact listener-cmdline cat "/proc/$listener/cmdline"
  fact listener-exe readlink "/proc/$listener/exe"
  fact listener-fd ls -l "/proc/$listener/fd"
  cgroup=$(sed -n 's/^[0-9]*:pids:\(.*\)/\/sys\/fs\/cgroup\/pids\1/p; s/^0::\(.*\)/\/sys\/fs\/cgroup\1/p' "/proc/$listener/cgroup" | head -1)
  fact listener-pids sh -c 'grep -H . "$0"/pids.*' "$cgroup"
fi
exit 0
