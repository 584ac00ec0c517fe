#!/bin/bash
# faults.sh CALLS SIGNALS DISKS SEED: runs the commands that write on this machine while something goes wrong.
#   CALLS    so many system calls of each command, spread over all of them, fail once and are the last one once
#   SIGNALS  so many times each command gets SIGKILL, SIGTERM or SIGHUP at random, or loses its terminal
#   DISKS    so many times /etc, the state folder or /run is full, or nearly so, while it runs
# What the exit code says has to be true of the files, of what the daemons have in force and of who may log in; sshd has to
# run on, and sshmend recover has to end with all of it old or all of it new.
# Prints a row for each command and a line for whatever was not true; ends with 1 where there was such a line.
set -u
calls=$1 signals=$2 disks=$3
RANDOM=$4
S=/usr/local/bin/sshmend
own=$(mktemp -d)
trace() { /opt/lab/strace/ld.so --library-path /opt/lab/strace /opt/lab/strace/strace -f -b execve -qq "$@"; }

# All that is in question: the files, what sshd's listener and fail2ban have in force, who gets in and, where it counts, the
# journal.
files() { (cd /etc && find hosts.allow hosts.deny ssh fail2ban -type f -exec sha256sum {} + | sort); }
limit() { tr '\0' ' ' < "/proc/$(systemctl show -P MainPID ssh)/cmdline" 2> /dev/null | grep -o 'of [0-9]*-[0-9]*'; }
bans() { fail2ban-client get sshd banip | tr -d '\n'; fail2ban-client get sshd ignoreip | tr -d '\n'; }
states() { grep -h '^state' /var/lib/sshmend/transactions/*/transaction.toml 2> /dev/null; }
login() { # ADDRESS
    ssh -F none -i "$own/key" -b "$1" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -o ConnectTimeout=5 root@127.0.0.1 echo "$1 gets in" 2> /dev/null
}
picture() { files; limit; bans; login 127.0.0.1; login 127.0.0.2; [ "$journal" = no ] || states; }
# After a reload the daemons take a moment.
settled() {
    local i now
    for i in $(seq 15); do
        now=$(picture)
        [ "$now" = "$old" ] || [ "$now" = "$new" ] && break
        sleep 0.1
    done
    if [ "$now" = "$new" ]; then echo new; elif [ "$now" = "$old" ]; then echo old; else echo other; fi
}
unready() { fail2ban-client get sshd banip 2> /dev/null | grep -q 203.0.113.9 && [ "$(limit)" = "$1" ]; }
state_files() { mkdir -p /var/lib/sshmend; find /var/lib/sshmend -mindepth 1 -delete; }
lay() { # DIRECTORY: the machine as it was saved there
    systemctl stop 'sshmend-rollback-*.timer' 'sshmend-rollback-*.service' 2> /dev/null
    state_files
    rm -rf /etc/ssh /etc/fail2ban
    cp -a "$1/ssh" "$1/fail2ban" "$1/hosts.allow" "$1/hosts.deny" /etc
    if [ -d "$1/sshmend" ]; then cp -a "$1/sshmend/." /var/lib/sshmend; else rmdir /var/lib/sshmend 2> /dev/null; fi
    systemctl reset-failed 2> /dev/null
    systemctl is-active -q ssh || systemctl restart ssh
    if [ -e "$1/stale" ]; then
        # sshd reads the file before the last change, and that one is put back behind it.
        cp "$1/stale" /etc/ssh/sshd_config; systemctl reload ssh; sleep 0.3; cp -a "$1/ssh/sshd_config" /etc/ssh/
    else
        systemctl reload ssh
    fi
    fail2ban-client reload > /dev/null
    fail2ban-client set sshd banip 203.0.113.9 > /dev/null
    until unready "$(cat "$1/limit")"; do sleep 0.1; done
}
save() { # DIRECTORY
    mkdir "$1"; cp -a /etc/ssh /etc/fail2ban /etc/hosts.allow /etc/hosts.deny "$1"
    [ -z "$(ls -A /var/lib/sshmend 2> /dev/null)" ] || cp -a /var/lib/sshmend "$1"
    limit > "$1/limit"
}

error_of() { case $1 in write | fsync | renameat* | mkdirat) echo ENOSPC ;; *) echo EIO ;; esac; }
never='^(execve|exit|exit_group|rt_sigreturn|geteuid|getuid|getegid|getgid|getpid|gettid|getppid)$'
# "NAME COUNT" of each call, by the thread that makes it most often.
counted() { awk '{ n = $2; sub(/\(.*/, "", n); if (n ~ /^[a-z0-9_]+$/) c[$1 " " n]++ }
    END { for (k in c) { split(k, p, " "); if (c[k] > m[p[2]]) m[p[2]] = c[k] } for (n in m) print n, m[n] }' "$1" | sort; }

# The faults of a command, one a line, as `run` takes them.
planned() { # MILLISECONDS: how long it takes
    local total step place
    if [ "$calls" -gt 0 ]; then
        counted "$own/log" | while read -r call count; do [[ $call =~ $never ]] || seq -f "$call %.0f" "$count"; done > "$own/all"
        total=$(wc -l < "$own/all"); step=$(((total + calls - 1) / calls))
        awk -v step="$step" 'NR % step == 1 || step == 1' "$own/all" | while read -r call at; do
            echo "call $call $at error=$(error_of "$call")"
            echo "call $call $at signal=KILL"
        done
    fi
    # Random in this shell, not in one of a pipe: the seed decides.
    kinds=(KILL TERM HUP terminal) places=(/etc /var/lib/sshmend /run)
    for _ in $(seq "$signals"); do
        echo "signal ${kinds[turn++ % 4]} $((RANDOM % ($1 * 11 / 10)))"
    done
    for _ in $(seq "$disks"); do
        place=${places[turn++ % 3]}
        echo "disk $place $((RANDOM % 24 * 4))"
    done
}
turn=$((RANDOM % 12))

resize() { mount -o "remount,size=$2k" "$1"; }
wide() { resize "$1" 262144; }
run() { # FAULT...: runs "$S" "${words[@]}" while it happens; the exit code
    local code pid
    case $1 in
        call) trace -o /dev/null -e "trace=$2" -e "inject=$2:$4:when=$3" "$S" "${words[@]}" < "$own/input" > /dev/null 2> "$own/said" ;;
        signal)
            if [ "$2" = terminal ]; then
                python3 /opt/lab/terminal.py "$3" "$own/input" "$S" "${words[@]}" 2> "$own/said"
                return
            fi
            "$S" "${words[@]}" < "$own/input" > /dev/null 2> "$own/said" &
            pid=$!
            sleep "$(printf '%d.%03d' $(($3 / 1000)) $(($3 % 1000)))"
            kill "-$2" $pid 2> /dev/null
            wait $pid 2> /dev/null
            ;;
        disk)
            resize "$2" $(($(df -k --output=used "$2" | tail -1) + $3))
            "$S" "${words[@]}" < "$own/input" > /dev/null 2> "$own/said"
            code=$?
            full=$2
            return $code
            ;;
    esac
}

wrong=0
try() { # ENDS COMMAND...: ENDS are the pictures that recover may end in
    local ends=$1 name="${*:2}" now code what fault began took
    shift
    words=("$@")
    lay "$own/seed"; new=; old=$(picture); began=$(date +%s%3N)
    if [ "$calls" -gt 0 ]; then
        trace -o "$own/log" -e signal=none "$S" "$@" < "$own/input" > /dev/null 2> "$own/said"
    else
        "$S" "$@" < "$own/input" > /dev/null 2> "$own/said"
    fi
    code=$?
    [ $code = 0 ] || { echo "$name: without a fault: $code $(cat "$own/said")"; wrong=1; return; }
    took=$(($(date +%s%3N) - began))
    sleep 1; new=$(picture)
    [[ $new = *"127.0.0.1 gets in"* ]] || { echo "$name: nobody gets in"; wrong=1; return; }
    planned "$took" > "$own/faults"
    declare -A ended=([0]=0 [2]=0 [3]=0 [4]=0 [5]=0) tried=([call]=0 [signal]=0 [disk]=0)
    local violations=0 by_signal=0
    while read -r fault <&9; do
        lay "$own/seed"; full=
        run $fault; code=$?; what=
        tried[${fault%% *}]=$((tried[${fault%% *}] + 1))
        now=$(settled)
        ended[$code]=$((${ended[$code]:-0} + 1))
        [ $code -le 128 ] || by_signal=$((by_signal + 1))
        # What a signal ends that asks for it, the command brings to an end first.
        case $code-$now in
            0-new | 5-new | 2-old | 3-old | 127-old | 4-* | 101-* | 137-*) ;;
            129-old | 129-new | 143-old | 143-new) ;;
            *) what="exit $code, and all is $now: $(head -1 "$own/said")" ;;
        esac
        systemctl is-active -q ssh || what="sshd ended, exit $code"
        case "$* $code" in *--confirm-within*\ [05]) systemctl list-timers | grep -q sshmend-rollback || what="no timer" ;; esac
        [ -z "$full" ] || wide "$full"
        "$S" recover > /dev/null 2> "$own/said" || what="$what recover ended with $?: $(head -1 "$own/said")"
        now=$(settled)
        [[ $ends = *$now* ]] || what="$what after recover all is $now"
        states | grep -qE 'prepar|committed' && what="$what not brought to its end"
        ! find /etc -name '.sshmend*' | grep . || what="$what left in /etc"
        [ -z "$what" ] || { echo "$name: $fault: $what"; violations=$((violations + 1)); wrong=1; }
    done 9< "$own/faults"
    echo "| \`$name\` | ${tried[call]} | ${tried[signal]} | ${tried[disk]} | ${ended[0]} | ${ended[2]} | ${ended[3]} | ${ended[4]} | ${ended[5]} | $by_signal | $violations |"
}
seed() { rm -rf "$own/seed"; save "$own/seed"; }
anew() { rm -rf "$own/seed"; cp -a "$own/begin" "$own/seed"; lay "$own/seed"; }

# fail2ban has banned somebody; sshd's own penalties are no part of this. Nor are its bans of the address that is denied.
printf '[sshd]\nbanaction = nftables\nmaxretry = 3\nbantime = 1h\nignoreip = 127.0.0.0/8\n' > /etc/fail2ban/jail.d/site.local
printf 'sshd: 127.0.0.2\n' > /etc/hosts.deny
[ -e /etc/hosts.allow ] || touch /etc/hosts.allow
# libwrap asks for the name, and nobody else answers here.
echo '127.0.0.2 denied.example' >> /etc/hosts
! sshd -T | grep -q '^persourcepenalties' || echo 'PerSourcePenalties no' > /etc/ssh/sshd_config.d/penalties.conf
install -d -m 700 /root/.ssh; ssh-keygen -q -t ed25519 -N '' -f "$own/key"; cat "$own/key.pub" >> /root/.ssh/authorized_keys
systemctl reload ssh
systemctl start fail2ban
until fail2ban-client status sshd > /dev/null 2>&1; do sleep 0.2; done
fail2ban-client set sshd banip 203.0.113.9 > /dev/null
if [ "$disks" -gt 0 ]; then
    # File systems of their own, in memory, as wide as they need to be but for the moment in which they are not.
    cp -a /etc "$own/etc"; mount -t tmpfs -o mode=0755,size=262144k tmpfs /etc; cp -a "$own/etc/." /etc
    mkdir -p -m 700 /var/lib/sshmend; mount -t tmpfs -o mode=0700,size=262144k tmpfs /var/lib/sshmend
fi
save "$own/begin"
printf 'name = "faults"\n[sshd-config]\nMaxStartups = "30:30:200"\n[hosts-access]\nallow = ["127.0.0.2"]\n[fail2ban]\nignore = ["203.0.113.9"]\n' > "$own/input"
set_it='fix sshd-config MaxStartups=30:30:200 --yes'

echo '| command | calls | signals | full disks | exit 0 | 2 | 3 | 4 | 5 | by a signal | violations |'
echo '|---|---|---|---|---|---|---|---|---|---|---|'
journal=no
anew; try 'old new' $set_it
anew; try 'old new' $set_it --confirm-within 1h
anew; try 'old new' fix hosts-access --allow 127.0.0.2 --yes
anew; try 'old new' fix fail2ban --ignore 203.0.113.9 --yes
anew; try 'old new' apply - --yes
anew; "$S" apply - --yes < "$own/input" > /dev/null 2>&1; seed; try 'old new' rollback --yes
anew; "$S" $set_it > /dev/null 2>&1; "$S" rollback --yes > /dev/null 2>&1; seed; try 'old new' redo --yes
journal=yes
anew; "$S" $set_it --no-reload > /dev/null 2>&1; sed -i 's/^state = "done"/state = "committed"/' /var/lib/sshmend/transactions/*/transaction.toml
seed; cp "$own/begin/ssh/sshd_config" "$own/seed/stale"; try new recover
anew; "$S" $set_it --confirm-within 1h > /dev/null 2>&1; seed; try 'old new' confirm
exit $wrong
