#!/bin/bash
# Starts fail2ban with a jail that bans for an hour, by the ban action given, after three failed logins.
set -eu
cat > /etc/fail2ban/jail.d/site.local <<EOF
[sshd]
banaction = $1
maxretry = 3
bantime = 1h
EOF
if [ "$SUITE" = trixie ]; then
  # sshd's own penalties would stop the failed logins before fail2ban has seen three.
  echo 'PerSourcePenalties no' > /etc/ssh/sshd_config.d/site.conf
  systemctl reload ssh
fi
systemctl start fail2ban
until fail2ban-client status sshd > /dev/null 2>&1; do sleep 0.2; done
