#!/bin/bash
# Runs the commands that write on this machine while one of their system calls fails, or is the last one: so many calls of
# each, spread over all of them. What the exit code says has to be true of the files and of what the daemons have in force,
# sshd has to run on, and sshmend recover has to end with all of it old or all of it new.
# Prints a row for each command and a line for whatever was not true; ends with 1 where there was such a line.
set -u
number=$1
S=/usr/local/bin/sshmend
own=$(mktemp -d)
trace() { /opt/lab/strace/ld.so --library-path /opt/lab/strace /opt/lab/strace/strace -f -b execve -qq "$@"; }

# All that is in question: the files, what sshd's listener and fail2ban have in force and, where it counts, the journal.
files() { (cd /etc && find ssh fail2ban -type f -exec sha256sum {} + | sort); }
limit() { tr '\0' ' ' < "/proc/$(systemctl show -P MainPID ssh)/cmdline" 2> /dev/null | grep -o 'of [0-9]*-[0-9]*'; }
bans() { fail2ban-client get sshd banip | tr -d '\n'; fail2ban-client get sshd ignoreip | tr -d '\n'; }
states() { grep -h '^state' /var/lib/sshmend/transactions/*/transaction.toml 2> /dev/null; }
picture() { files; limit; bans; [ "$journal" = no ] || states; }
# After a reload the daemons take a moment.
settled() {
    local i now
    for i in $(seq 30); do
        now=$(picture)
        [ "$now" = "$old" ] || [ "$now" = "$new" ] && break
        sleep 0.1
    done
    if [ "$now" = "$new" ]; then echo new; elif [ "$now" = "$old" ]; then echo old; else echo other; fi
}
unready() { fail2ban-client get sshd banip 2> /dev/null | grep -q 203.0.113.9 && [ "$(limit)" = "$1" ]; }
lay() { # DIRECTORY: the machine as it was saved there
    systemctl stop 'sshmend-rollback-*.timer' 'sshmend-rollback-*.service' 2> /dev/null
    rm -rf /var/lib/sshmend /etc/ssh /etc/fail2ban
    cp -a "$1/ssh" "$1/fail2ban" /etc
    [ ! -d "$1/sshmend" ] || cp -a "$1/sshmend" /var/lib
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
    mkdir "$1"; cp -a /etc/ssh /etc/fail2ban "$1"; [ ! -d /var/lib/sshmend ] || cp -a /var/lib/sshmend "$1"; limit > "$1/limit"
}

error_of() { case $1 in write | fsync | renameat* | mkdirat) echo ENOSPC ;; *) echo EIO ;; esac; }
never='^(execve|exit|exit_group|rt_sigreturn|geteuid|getuid|getegid|getgid|getpid|gettid|getppid)$'
# "NAME COUNT" of each call, by the thread that makes it most often.
calls() { awk '{ n = $2; sub(/\(.*/, "", n); if (n ~ /^[a-z0-9_]+$/) c[$1 " " n]++ }
    END { for (k in c) { split(k, p, " "); if (c[k] > m[p[2]]) m[p[2]] = c[k] } for (n in m) print n, m[n] }' "$1" | sort; }

wrong=0
try() { # ENDS COMMAND...: ENDS are the pictures that recover may end in
    local ends=$1 name="${*:2}" every total step line code kind inject now
    shift
    lay "$own/seed"; new=; old=$(picture)
    trace -o "$own/log" -e signal=none "$S" "$@" < "$own/input" > /dev/null 2> "$own/said" || { echo "$name: without a fault: $? $(cat "$own/said")"; wrong=1; return; }
    sleep 1; new=$(picture)
    calls "$own/log" | while read -r call count; do [[ $call =~ $never ]] || seq -f "$call %.0f" "$count"; done > "$own/all"
    total=$(wc -l < "$own/all"); step=$(((total + number - 1) / number))
    declare -A ended=([0]=0 [2]=0 [3]=0 [4]=0 [5]=0 [137]=0)
    local violations=0 runs=0
    while read -r call at; do
        for kind in "error=$(error_of "$call")" signal=KILL; do
            lay "$own/seed"; runs=$((runs + 1))
            trace -o /dev/null -e "trace=$call" -e "inject=$call:$kind:when=$at" "$S" "$@" < "$own/input" > /dev/null 2> "$own/said"
            code=$?; now=$(settled); what=
            ended[$code]=$((${ended[$code]:-0} + 1))
            case $code-$now in 0-new | 5-new | 2-old | 3-old | 127-old | 4-* | 101-* | 137-*) ;; *) what="exit $code, and all is $now: $(head -1 "$own/said")" ;; esac
            systemctl is-active -q ssh || what="sshd ended, exit $code"
            case "$* $code" in *--confirm-within*\ [05]) systemctl list-timers | grep -q sshmend-rollback || what="no timer" ;; esac
            "$S" recover > /dev/null 2> "$own/said" || what="$what recover ended with $?: $(head -1 "$own/said")"
            now=$(settled)
            [[ $ends = *$now* ]] || what="$what after recover all is $now"
            states | grep -qE 'prepar|committed' && what="$what not brought to its end"
            [ -z "$what" ] || { echo "$name: $call $at $kind: $what"; violations=$((violations + 1)); wrong=1; }
        done
    done < <(awk -v step="$step" 'NR % step == 1 || step == 1' "$own/all")
    echo "| \`$name\` | $total | $runs | ${ended[0]} | ${ended[2]} | ${ended[3]} | ${ended[4]} | ${ended[5]} | ${ended[137]} | $violations |"
}
seed() { rm -rf "$own/seed"; save "$own/seed"; }
anew() { rm -rf "$own/seed"; cp -a "$own/begin" "$own/seed"; lay "$own/seed"; }

# fail2ban has banned somebody; sshd's own penalties are no part of this.
printf '[sshd]\nbanaction = nftables\nmaxretry = 3\nbantime = 1h\n' > /etc/fail2ban/jail.d/site.local
systemctl start fail2ban
until fail2ban-client status sshd > /dev/null 2>&1; do sleep 0.2; done
fail2ban-client set sshd banip 203.0.113.9 > /dev/null
save "$own/begin"
printf 'name = "faults"\n[sshd-config]\nMaxStartups = "30:30:200"\n[fail2ban]\nignore = ["203.0.113.9"]\n' > "$own/input"
set_it='fix sshd-config MaxStartups=30:30:200 --yes'

echo '| command | calls | runs | exit 0 | 2 | 3 | 4 | 5 | killed | violations |'
echo '|---|---|---|---|---|---|---|---|---|---|'
journal=no
anew; try 'old new' $set_it
anew; try 'old new' $set_it --confirm-within 1h
anew; try 'old new' fix fail2ban --ignore 203.0.113.9 --yes
anew; try 'old new' apply - --yes
anew; "$S" $set_it > /dev/null 2>&1; seed; try 'old new' rollback --yes
anew; "$S" $set_it > /dev/null 2>&1; "$S" rollback --yes > /dev/null 2>&1; seed; try 'old new' redo --yes
journal=yes
anew; "$S" $set_it --no-reload > /dev/null 2>&1; sed -i 's/^state = "done"/state = "committed"/' /var/lib/sshmend/transactions/*/transaction.toml
seed; cp "$own/begin/ssh/sshd_config" "$own/seed/stale"; try new recover
anew; "$S" $set_it --confirm-within 1h > /dev/null 2>&1; seed; try 'old new' confirm
exit $wrong
