use sshmend_facts::{Facts, LogLine, Manager, Reply, Startups, Unchecked};
use sshmend_plan::Wish;
use sshmend_ssh_log::{CauseName, Kind};
use sshmend_sshd_config::{MaxStartups, Release};

use crate::evidence::log::{log_evidence, log_evidence_of_others};
use crate::evidence::probe::{ask_the_server, probe_evidence};
use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let manager = facts.manager().unwrap_or(Manager::Other);
    if let Some(socket) = manager
        .socket()
        .filter(|unit| unit.active() && unit.accepts())
    {
        return verdict.exclude(
            Fact::Manager,
            format!(
                "{} starts one sshd for each connection, so MaxStartups does not apply",
                socket.name()
            ),
        );
    }
    let listener = verdict.look(facts.listener()).flatten();
    match listener
        .as_ref()
        .and_then(|listener| Some((listener, listener.startups?)))
    {
        Some((listener, startups)) if startups.pending >= startups.begin => {
            full(facts, startups, verdict, &listener.title);
        }
        Some((_, startups)) => was_full(facts, Some(startups), verdict),
        None if listener.is_some() => count(facts, verdict),
        None => was_full(facts, None, verdict),
    }
}

fn full(facts: &Facts<'_>, startups: Startups, verdict: &mut Verdict, title: &str) {
    let Startups {
        pending,
        begin,
        full,
    } = startups;
    let finding = verdict.certain(Proof::Process, format!(
        "{pending} connections are unauthenticated: sshd drops some new ones from {begin} on, and all of them from {full} on"
    ));
    finding.shown_by("/proc", title);
    let mut lines = facts.log_lines(CauseName::MaxStartups).unwrap_or_default();
    of_all(&mut lines, begin);
    finding.shown_by_lines(&lines);
    mend(facts, startups, finding);
}

/// The listener has room now, but the log shows that it was full.
fn was_full(facts: &Facts<'_>, now: Option<Startups>, verdict: &mut Verdict) {
    let begin = facts.startups_begin();
    hidden(facts, verdict);
    let heard = log_evidence(
        facts,
        verdict,
        CauseName::MaxStartups,
        Some(Certainty::Likely),
    );
    let Some(mut heard) = heard.or_else(|| log_evidence_of_others(facts, CauseName::MaxStartups))
    else {
        return;
    };
    of_all(&mut heard.lines, begin);
    if heard.lines.is_empty() {
        // Dropped below it: that is PerSourceMaxStartups.
        return;
    }
    if penalised_since(facts, &heard.lines) {
        heard.certainty = heard.certainty.max(Certainty::Likely);
    }
    let room = now.map_or_else(String::new, |now| {
        format!(
            "; {} are unauthenticated now, and dropping begins at {begin}",
            now.pending
        )
    });
    let finding = heard.report(
        verdict,
        &format!("sshd dropped connections because too many were unauthenticated{room}"),
    );
    mend(
        facts,
        now.unwrap_or(Startups {
            pending: 0,
            begin,
            full: 100,
        }),
        finding,
    );
}

/// Whether sshd has since dropped connections for another reason, so that this one is in the past.
fn penalised_since(facts: &Facts<'_>, lines: &[&LogLine]) -> bool {
    let last = |lines: &[&LogLine]| lines.iter().filter_map(|line| line.time).max();
    last(
        &facts
            .log_lines(CauseName::PerSourcePenalty)
            .unwrap_or_default(),
    ) > last(lines)
}

/// Drops below the begin of MaxStartups are those of PerSourceMaxStartups, for which sshd says that it throttles as well.
fn of_all(lines: &mut Vec<&LogLine>, begin: u32) {
    let below = |line: &LogLine| {
        line.kind == Kind::Dropped && line.number.is_some_and(|number| number < u64::from(begin))
    };
    let drops = |line: &LogLine| line.kind == Kind::Dropped && !below(line);
    let of_one = lines.iter().any(|line| below(line)) && !lines.iter().any(|line| drops(line));
    lines.retain(|line| !of_one && !below(line));
}

/// From 7.4 to 8.3 the drops are logged at VERBOSE only.
fn hidden(facts: &Facts<'_>, verdict: &mut Verdict) {
    let level = facts.value("loglevel").ok().flatten().unwrap_or_default();
    let quiet = facts
        .release()
        .is_some_and(|release| (Release::new(7, 4)..Release::new(8, 4)).contains(&release));
    if quiet && !level.starts_with("DEBUG") && level != "VERBOSE" {
        verdict.unchecked.push(Unchecked::new(
            "drops by MaxStartups",
            "this release logs them only at LogLevel VERBOSE: `sshmend fix log-level`",
        ));
    }
}

/// Before 8.2 the listener's title has no counter: count the unauthenticated child processes by
/// title.
fn count(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(waiting) = verdict.look(facts.unauthenticated()) else {
        return;
    };
    let begin = facts.startups_begin();
    if waiting.len() < usize::try_from(begin).unwrap_or(usize::MAX) {
        return was_full(facts, None, verdict);
    }
    let pending = waiting.len();
    let finding = verdict.likely(format!(
        "{pending} connections are unauthenticated; sshd drops new ones from {begin} on"
    ));
    for title in waiting.iter().take(3) {
        finding.shown_by("/proc", title);
    }
    mend(
        facts,
        Startups {
            pending: 0,
            begin,
            full: 100,
        },
        finding,
    );
}

fn mend(facts: &Facts<'_>, startups: Startups, finding: &mut Finding) {
    if let Ok(Some(setting)) = facts.setting("maxstartups") {
        finding.shown_by_setting(facts, setting);
    }
    match configured(facts).filter(|configured| configured.begin > startups.begin) {
        Some(_) => finding.mended_by(
            Wish::Service { restart: true },
            "makes sshd read its files, which set a higher limit",
        ),
        None => {
            let room = roomier(startups);
            finding.mended_by_setting(
                facts,
                "MaxStartups",
                &room,
                "allows more unauthenticated connections at once",
            )
        }
    };
    finding.step("see who holds the places: `ss -tn state established '( sport = :ssh )'`");
}

/// The value in the files, which the running sshd may not have read yet.
fn configured(facts: &Facts<'_>) -> Option<MaxStartups> {
    MaxStartups::parse(&facts.value("maxstartups").ok()??)
}

/// Values with room for ten times the default, or for twice what there is now.
fn roomier(startups: Startups) -> String {
    let begin = startups.begin.saturating_mul(2).max(100);
    let full = startups
        .full
        .saturating_mul(2)
        .max(200)
        .max(begin.saturating_add(1));
    format!("{begin}:30:{full}")
}

/// From the client: the listener's message when it drops a connection, or connections that fail
/// randomly.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let dropped = |reply: &Reply| matches!(reply, Reply::Dropped(_) | Reply::ClosedAtOnce { .. });
    let Some(replied) = probe_evidence(facts, verdict, dropped) else {
        return;
    };
    let said = |words: &str| replied.any(|reply| *reply == Reply::Dropped(words.to_owned()));
    let finding = if said("Exceeded MaxStartups") {
        let what = "the server drops connections because too many are unauthenticated (in total, or from this address)";
        replied.report(verdict, Proof::Connection.certain(), what)
    } else if !replied.always() {
        let what = format!(
            "{} dropped: the server drops only some, as it does if too many connections are unauthenticated",
            replied.share()
        );
        replied.report(verdict, Certainty::Likely, what)
    } else if said("Not allowed at this time") {
        let what = "the server drops connections: too many are unauthenticated, or this address is penalised";
        replied.report(verdict, Certainty::Possible, what)
    } else {
        let what = "the server closes connections without a message, as releases up to 8.1 do if too many are unauthenticated";
        replied.report(verdict, Certainty::Possible, what)
    };
    ask_the_server(finding);
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, SHOW, from};

    use super::*;
    use crate::testing::{check, check_as, check_way, closed, says, works};
    use expect_test::expect;

    #[test]
    fn the_counter_in_the_title_of_the_listener_proves_the_cause() {
        let full =
            "//- /proc/700/cmdline\nsshd: /usr/sbin/sshd -D [listener] 12 of 10-100 startups\n";
        check(
            "max-startups",
            full,
            &expect![[r#"
                certain: 12 connections are unauthenticated: sshd drops some new ones from 10 on, and all of them from 100 on
                  /proc: sshd: /usr/sbin/sshd -D [listener] 12 of 10-100 startups
                  sshd_config: maxstartups 10:30:100 (the default)
                  $ sshmend fix sshd-config MaxStartups=100:30:200  # allows more unauthenticated connections at once
                  - see who holds the places: `ss -tn state established '( sport = :ssh )'`
            "#]],
        );
    }

    #[test]
    fn a_low_counter_excludes_the_cause() {
        check("max-startups", "", &expect![""]);
    }

    #[test]
    fn the_log_shows_earlier_drops() {
        let lines = "\
2026-11-20T17:58:00+00:00 server sshd[700]: error: beginning MaxStartups throttling
2026-11-20T17:58:00+00:00 server sshd[700]: drop connection #12 from [198.51.100.7]:34663 on [192.0.2.10]:22 past MaxStartups
2026-11-20T17:59:00+00:00 server sshd[700]: exited MaxStartups throttling after 00:01:00, 41 connections dropped
";
        check(
            "max-startups",
            &format!("{LOG}{lines}"),
            &expect![[r#"
                likely: sshd dropped connections because too many were unauthenticated; 0 are unauthenticated now, and dropping begins at 10 (once for client 198.51.100.7, 41 times in all, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:58:00+00:00 server sshd[700]: drop connection #12 from [198.51.100.7]:34663 on [192.0.2.10]:22 past MaxStartups
                  sshd_config: maxstartups 10:30:100 (the default)
                  $ sshmend fix sshd-config MaxStartups=100:30:200  # allows more unauthenticated connections at once
                  - see who holds the places: `ss -tn state established '( sport = :ssh )'`
            "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "max-startups",
            &format!("{LOG}{lines}"),
            &expect![[r#"
                certain: sshd dropped connections because too many were unauthenticated; 0 are unauthenticated now, and dropping begins at 10 (once for client 198.51.100.7, 41 times in all, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:58:00+00:00 server sshd[700]: drop connection #12 from [198.51.100.7]:34663 on [192.0.2.10]:22 past MaxStartups
                  sshd_config: maxstartups 10:30:100 (the default)
                  $ sshmend fix sshd-config MaxStartups=100:30:200  # allows more unauthenticated connections at once
                  - see who holds the places: `ss -tn state established '( sport = :ssh )'`
            "#]],
        );
    }

    #[test]
    fn drops_of_other_clients_make_the_cause_likely_for_this_client() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #12 from [203.0.113.9]:34663 on [192.0.2.10]:22 Maxstartups\n";
        check_as(
            &from("198.51.100.7"),
            "max-startups",
            &format!("{LOG}{line}"),
            &expect![[r#"
            likely: sshd dropped connections because too many were unauthenticated; 0 are unauthenticated now, and dropping begins at 10 (once, client 203.0.113.9, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #12 from [203.0.113.9]:34663 on [192.0.2.10]:22 Maxstartups
              sshd_config: maxstartups 10:30:100 (the default)
              $ sshmend fix sshd-config MaxStartups=100:30:200  # allows more unauthenticated connections at once
              - see who holds the places: `ss -tn state established '( sport = :ssh )'`
        "#]],
        );
    }

    #[test]
    fn a_value_on_the_command_line_is_changed_in_the_file_that_sets_it() {
        let unit = "Id=ssh.service\nLoadState=loaded\nActiveState=active\nMainPID=700\nEnvironmentFiles=/etc/default/ssh (ignore_errors=yes)\n";
        let file = "//- /etc/default/ssh\nSSHD_OPTS=\"-o MaxStartups=2\"\n";
        let full = "//- /proc/700/cmdline\nsshd: /usr/sbin/sshd -D -o MaxStartups=2 [listener] 2 of 2-2 startups\n";
        check(
            "max-startups",
            "//- /proc/700/cmdline\nsshd: /usr/sbin/sshd -D [listener] 2 of 2-2 startups\n",
            &expect![[r#"
                certain: 2 connections are unauthenticated: sshd drops some new ones from 2 on, and all of them from 2 on
                  /proc: sshd: /usr/sbin/sshd -D [listener] 2 of 2-2 startups
                  sshd_config: maxstartups 10:30:100 (the default)
                  $ sshmend fix service --restart  # makes sshd read its files, which set a higher limit
                  - see who holds the places: `ss -tn state established '( sport = :ssh )'`
            "#]],
        );
        check(
            "max-startups",
            &format!("{full}{file}{SHOW}{unit}"),
            &expect![[r#"
                certain: 2 connections are unauthenticated: sshd drops some new ones from 2 on, and all of them from 2 on
                  /proc: sshd: /usr/sbin/sshd -D -o MaxStartups=2 [listener] 2 of 2-2 startups
                  command line: maxstartups 2:30:2
                  /etc/default/ssh:1: SSHD_OPTS="-o MaxStartups=2"
                  - no file of sshd can change it, for sshd is started with it: write MaxStartups=100:30:200 in /etc/default/ssh:1: put `MaxStartups=100:30:200` in the place of `MaxStartups=…` in line 1 of /etc/default/ssh
                  - then `systemctl daemon-reload && systemctl restart ssh.service` (sessions stay)
                  - see who holds the places: `ss -tn state established '( sport = :ssh )'`
            "#]],
        );
    }

    #[test]
    fn a_drop_below_the_first_limit_does_not_prove_that_the_total_was_reached() {
        let lines = "\
2026-11-20T17:58:00+00:00 server sshd[700]: error: beginning MaxStartups throttling
2026-11-20T17:58:00+00:00 server sshd[700]: drop connection #1 from [198.51.100.7]:34663 on [192.0.2.10]:22 past MaxStartups
";
        check_as(
            &from("198.51.100.7"),
            "max-startups",
            &format!("{LOG}{lines}"),
            &expect![""],
        );
    }

    #[test]
    fn releases_that_log_drops_only_when_verbose_are_reported_as_unchecked() {
        let old = "//$ /usr/sbin/sshd -V => 0\nOpenSSH_8.2p1 Ubuntu-4ubuntu0.11, OpenSSL 1.1.1f\n";
        check(
            "max-startups",
            old,
            &expect![[r#"
                unchecked: drops by MaxStartups: this release logs them only at LogLevel VERBOSE: `sshmend fix log-level`
            "#]],
        );
    }

    #[test]
    fn children_are_counted_before_8_2() {
        let child = |n: u32| format!("//- /proc/{n}/cmdline\nsshd: unknown [priv]\n");
        let children: String = (800..812).map(child).collect();
        let old = format!("//- /proc/700/cmdline\n/usr/sbin/sshd -D\n{children}");
        check(
            "max-startups",
            &old,
            &expect![[r#"
            likely: 12 connections are unauthenticated; sshd drops new ones from 10 on
              /proc: sshd: unknown [priv]
              /proc: sshd: unknown [priv]
              /proc: sshd: unknown [priv]
              sshd_config: maxstartups 10:30:100 (the default)
              $ sshmend fix sshd-config MaxStartups=100:30:200  # allows more unauthenticated connections at once
              - see who holds the places: `ss -tn state established '( sport = :ssh )'`
        "#]],
        );
    }

    #[test]
    fn a_socket_unit_with_accept_yes_excludes_the_cause() {
        let unit = "Id=ssh.socket\nLoadState=loaded\nActiveState=active\nAccept=yes\n";
        check(
            "max-startups",
            &format!("{SHOW}{unit}"),
            &expect![[r#"
            excluded: ssh.socket starts one sshd for each connection, so MaxStartups does not apply
        "#]],
        );
    }

    #[test]
    fn suggested_values_are_never_lower_than_the_current_ones() {
        for (begin, full, expected) in [
            (10, 100, "100:30:200"),
            (100, 200, "200:30:400"),
            (9, 1_000, "100:30:2000"),
        ] {
            assert_eq!(
                roomier(Startups {
                    pending: 0,
                    begin,
                    full
                }),
                expected
            );
        }
    }

    #[test]
    fn the_client_reads_the_refusal_or_sees_some_connections_dropped() {
        let dropped = || says("Exceeded MaxStartups\r\n");
        check_way(
            "max-startups",
            &[dropped(), dropped(), dropped()],
            &expect![[r#"
                certain: the server drops connections because too many are unauthenticated (in total, or from this address)
                  connection to 192.0.2.10:22: answers "Exceeded MaxStartups" instead of SSH (3 of 3 connections)
                  - ask the server, from its console: `sudo sshmend diagnose --client YOUR-ADDRESS`
            "#]],
        );
        let refused = || says("Not allowed at this time\r\n");
        check_way(
            "max-startups",
            &[refused(), refused(), refused()],
            &expect![[r#"
                possible: the server drops connections: too many are unauthenticated, or this address is penalised
                  connection to 192.0.2.10:22: answers "Not allowed at this time" instead of SSH (3 of 3 connections)
                  - ask the server, from its console: `sudo sshmend diagnose --client YOUR-ADDRESS`
            "#]],
        );
        check_way(
            "max-startups",
            &[refused(), works(), refused()],
            &expect![[r#"
                likely: 2 of 3 connections dropped: the server drops only some, as it does if too many connections are unauthenticated
                  connection to 192.0.2.10:22: answers "Not allowed at this time" instead of SSH (2 of 3 connections)
                  - ask the server, from its console: `sudo sshmend diagnose --client YOUR-ADDRESS`
            "#]],
        );
        check_way(
            "max-startups",
            &[closed(), closed(), closed()],
            &expect![[r#"
                possible: the server closes connections without a message, as releases up to 8.1 do if too many are unauthenticated
                  connection to 192.0.2.10:22: connected, then closed at once without a message (3 of 3 connections)
                  - ask the server, from its console: `sudo sshmend diagnose --client YOUR-ADDRESS`
            "#]],
        );
        check_way(
            "max-startups",
            &[works()],
            &expect![[r#"
            excluded: 192.0.2.10:22 says SSH-2.0-OpenSSH_9.2p1 Debian-2 and begins the key exchange
        "#]],
        );
    }
}
