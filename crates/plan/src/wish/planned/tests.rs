use sshmend_facts::Question;
use sshmend_lossless::{Origin, fixture};

use super::*;
use crate::context::{Owner, Randomness};
use crate::host_keys::{KeyKind, KeyPair};
use crate::person::Person;
use crate::wish::Mended;

/// 2026-11-29T00:00:00Z.
const NOW: i64 = 1_795_910_400;

#[derive(Debug)]
struct Nothing;

impl Randomness for Nothing {
    fn salt(&self) -> Result<[u8; 20], String> {
        Err("none in a test".to_owned())
    }

    fn key_pair(&self, _: KeyKind, _: &str) -> Result<KeyPair, String> {
        Err("none in a test".to_owned())
    }
}

fn context(live: bool, ends: Ends) -> Context<'static> {
    Context {
        question: Question {
            offline: !live,
            ..Question::server(NOW)
        },
        person: Person::default(),
        owner: Owner::default(),
        hostname: String::new(),
        flags: String::new(),
        mended: Mended::default(),
        ends,
        source: &Nothing,
        readings: sshmend_sshd_config::Readings::default(),
    }
}

const JAIL: &str = "\
//- /etc/fail2ban/fail2ban.conf
[Definition]
//- /etc/fail2ban/filter.d/sshd.conf
[Definition]
failregex = <HOST>
//- /etc/fail2ban/jail.conf
[sshd]
enabled = true
";

/// Plans it below `--root`, where no program is run; anything missing does not exist.
fn planned(machine: &str, wish: &Wish, ends: Ends) -> Result<Plan, Refusal> {
    let machine = fixture::snapshot(machine);
    fixture::look(&machine, |seen| wish.plan(seen, &context(false, ends)))
}

fn exemption(until: &str) -> Wish {
    Wish::Ignore {
        addresses: vec!["192.0.2.7".to_owned()],
        jails: Vec::new(),
        until: Some(until.to_owned()),
    }
}

#[test]
fn a_past_end_is_refused_by_a_command_and_removed_by_a_policy() {
    let over = exemption("2026-11-28");
    let refused = planned(JAIL, &over, Ends::ByTimer).expect_err("it is over");
    assert_eq!(refused.to_string(), "2026-11-29T00:00:00Z is in the past");
    let retired = planned(JAIL, &over, Ends::ByPolicy).expect("a plan");
    assert!(retired.changes_nothing() && retired.purpose.starts_with("end the exemption"));
}

#[test]
fn lines_of_the_tables_are_found_by_path_and_by_name() {
    let machine = "//- /etc/hosts.deny\nsshd : 192.0.2.1 deny\n";
    let named = |path: &str| Wish::MendWrappers {
        lines: vec![Origin::new(path, 1)],
        daemon: "telnetd".to_owned(),
    };
    let said = |path: &str| match planned(machine, &named(path), Ends::ByTimer) {
        Ok(plan) => plan.purpose,
        Err(refusal) => refusal.to_string(),
    };
    let by_path = said("/etc/hosts.deny");
    for path in ["hosts.deny", "/mnt/etc/hosts.deny"] {
        assert_eq!(said(path), by_path, "{path}");
    }
    assert_eq!(
        said("/etc/hosts"),
        "`/etc/hosts:1` does not name a line of hosts.allow or hosts.deny"
    );
}

#[test]
fn invalid_arguments_are_refused_with_the_valid_form() {
    let of = |change: fn(&mut KnownHostsOf)| {
        let mut of = KnownHostsOf {
            host: "h".to_owned(),
            ..KnownHostsOf::default()
        };
        change(&mut of);
        Wish::KnownHosts(of)
    };
    for wish in [
        exemption("soon"),
        Wish::allow("192.0.2.300/24"),
        of(|of| of.fingerprints.push("MD5".to_owned())),
        of(|of| of.key_type = Some("ssh-none".to_owned())),
        Wish::HostKeys {
            source: SshdSource {
                release: Some("3.9".to_owned()),
                ..SshdSource::default()
            },
        },
    ] {
        let Err(Refusal::Refused { hint, .. }) = planned("", &wish, Ends::ByTimer) else {
            panic!("{wish:?}")
        };
        assert!(hint.is_some(), "{wish:?}");
    }
}

#[test]
fn no_service_of_a_mounted_disk_is_started() {
    let refused = planned("", &Wish::Service { restart: false }, Ends::ByTimer);
    let refused = refused.expect_err("nothing runs there").to_string();
    assert_eq!(refused, "no service of a mounted disk can be started");
}

#[test]
fn named_files_are_placed_below_the_root() {
    let placed = |wish: Wish| {
        let mut seen = Vec::new();
        let placed = wish.placed(|path| {
            seen.push(path.to_owned());
            Ok::<_, ()>(Path::new("/mnt").join(path))
        });
        (seen.len(), placed.expect("no error").argv().join(" "))
    };
    let line = || vec![Origin::new("etc/x", 3)];
    assert_eq!(
        placed(Wish::comment_out(line())),
        (
            1,
            "sshmend fix sshd-config --comment-out /mnt/etc/x:3".to_owned()
        )
    );
    assert_eq!(placed(Wish::WithoutUnitLines { lines: line() }).0, 1);
    assert_eq!(placed(Wish::MendFail2ban { lines: line() }).0, 0);
    let files = Wish::KnownHosts(KnownHostsOf {
        files: vec!["a".into(), "b".into()],
        key_file: Some("c".into()),
        line: Some(Origin::new("d", 1)),
        ..KnownHostsOf::default()
    });
    assert_eq!(placed(files).0, 4);
}

#[test]
fn a_pidfile_that_would_overwrite_another_file_is_refused() {
    let machine =
        "//- /etc/ssh/sshd_config\nPort 22\n//- /run/own.pid\n700\n//- /srv/notes\nbuy milk\n";
    let refused = |path: &str| {
        let wish = Wish::setting("PidFile", path);
        planned(machine, &wish, Ends::ByTimer).is_err_and(|refusal| {
            refusal
                .to_string()
                .contains("would write its process id over it")
        })
    };
    assert!(refused("/srv/notes") && refused("/etc/ssh/sshd_config"));
    assert!(!refused("/run/own.pid") && !refused("/run/none-yet.pid") && !refused("none"));
}
