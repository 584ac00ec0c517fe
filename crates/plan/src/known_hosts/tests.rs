use std::path::Path;

use expect_test::{Expect as Expected, expect};
use sshmend_known_hosts::{Destination, Fingerprint};
use sshmend_lossless::{Request, Snapshot, fixture};

use super::{KnownHostsWish, known_hosts};
use crate::check::Expect;

const ED: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINsjdeTeX5cztgr5BEXX/rb+4mwNcqB4r5UOtQn8W3RF";
const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAhW60hG/kZXI0G1ca3AiHeCIc1AiwVgNue0w2wn7Rx6";

const CONFIG: &str = "//$ ssh -G h => 0
hostname h
port 22
userknownhostsfile /home/u/.ssh/known_hosts
globalknownhostsfile none
";
const BAD: &str = "//$ ssh -G h => 255
/home/u/.ssh/config: line 3: Bad configuration option: foo
/home/u/.ssh/config: terminating, 1 bad configuration options
";

fn wish(changed: impl FnOnce(&mut KnownHostsWish)) -> KnownHostsWish {
    let mut wish = KnownHostsWish {
        destination: Destination::parse("h").expect("a host"),
        home: "/home/u".into(),
        uid: 1000,
        gid: 100,
        files: Vec::new(),
        key_type: None,
        line: None,
        expected: Vec::new(),
        key_file: None,
        live: true,
        offline: true,
    };
    changed(&mut wish);
    wish
}

fn pins(wish: &mut KnownHostsWish) {
    wish.offline = false;
    let fingerprint = Fingerprint::parse("SHA256:KSaXqxN8Y0JDPLYhRXvJx7e5Z0nXAF3hDfhmd+3G8Is");
    wish.expected
        .push(fingerprint.expect("the fingerprint of ED"));
}

fn machine(text: &str) -> Snapshot {
    let scan = "//$ SCAN => 0\nh ED\n".replace("SCAN", "ssh-keyscan -T 10 -p 22 h");
    fixture::snapshot(
        &format!("{scan}{text}")
            .replace("ED", ED)
            .replace("OTHER", OTHER),
    )
}

fn check(text: &str, wish: &KnownHostsWish, expected: &Expected) {
    let told = match known_hosts(&machine(text), wish, &mut || [7; 20]) {
        Ok(plan) => {
            let files = plan
                .files
                .iter()
                .map(|file| format!("edits {}\n", file.path.display()));
            let notes = plan
                .notices
                .iter()
                .map(|note| format!("{}: {}\n", note.name, note.text));
            files.chain(notes).collect()
        }
        Err(crate::Refusal::Refused { reason, hint }) => {
            format!("{reason}\nhint: {}\n", hint.unwrap_or_default())
        }
    };
    expected.assert_eq(&told);
}

#[test]
fn an_ssh_configuration_that_ssh_refuses_stops_the_plan() {
    check(
        BAD,
        &wish(|_| ()),
        &expect![[r#"
            ssh refuses its configuration: /home/u/.ssh/config: line 3: Bad configuration option: foo
            hint: correct what it names; or give the files with --file: HOST is then looked up as written
        "#]],
    );
    check(
        "//$ ssh -G h => missing\n",
        &wish(|_| ()),
        &expect![[r#"
            ssh cannot be asked for its configuration: No such file or directory
            hint: correct what it names; or give the files with --file: HOST is then looked up as written
        "#]],
    );
    let text = format!("{BAD}//- /k uid:1000\nh OTHER\n");
    check(
        &text,
        &wish(|wish| wish.files.push("/k".into())),
        &expect![[r#"
            edits /k
            ssh-config-unread: ssh refuses its configuration: /home/u/.ssh/config: line 3: Bad configuration option: foo; the host was looked up as written
            key-unverified: h port 22 was not asked for its keys: --offline
        "#]],
    );
}

#[test]
fn the_defaults_of_ssh_apply_below_another_root() {
    let files = "//- /home/u/.ssh/known_hosts uid:1000\nh OTHER\n//- /home/u/.ssh/known_hosts2 missing\n\
                 //- /etc/ssh/ssh_known_hosts missing\n//- /etc/ssh/ssh_known_hosts2 missing\n";
    check(
        files,
        &wish(|wish| wish.live = false),
        &expect![[r#"
            edits /home/u/.ssh/known_hosts
            key-unverified: h port 22 was not asked for its keys: no connection is made below --root
        "#]],
    );
}

#[test]
fn a_pin_does_not_replace_an_unreadable_or_foreign_file() {
    let hint = "ssh cannot read it either";
    for (entry, reason, hint) in [
        ("unreadable:Permission denied", "permission denied", hint),
        (
            "unreadable:Input/output error",
            "Input/output error",
            "dmesg",
        ),
        ("dangling", "a link to nothing", "namei"),
        ("dir", "not a regular file, but a directory", "regular file"),
        ("uid:0", "belongs to another user (uid 0)", "chown"),
    ] {
        let snapshot = machine(&format!("{CONFIG}//- /home/u/.ssh/known_hosts {entry}\n"));
        let refusal = known_hosts(&snapshot, &wish(pins), &mut || [7; 20]).expect_err(entry);
        let crate::Refusal::Refused {
            reason: said,
            hint: told,
        } = refusal;
        assert!(
            said.starts_with("/home/u/.ssh/known_hosts") && said.ends_with(reason),
            "{entry}: {said}"
        );
        assert!(told.is_some_and(|told| told.contains(hint)), "{entry}");
    }
}

#[test]
fn a_pin_may_create_its_file() {
    check(
        &format!("{CONFIG}//- /home/u/.ssh/known_hosts missing\n"),
        &wish(pins),
        &expect![[r#"
        edits /home/u/.ssh/known_hosts
    "#]],
    );
    let named = wish(|wish| {
        pins(wish);
        wish.files = vec!["/new".into(), "/gone".into()];
    });
    check(
        &format!("{CONFIG}//- /new missing\n//- /gone missing\n"),
        &named,
        &expect![[r#"
        /gone: no such file
        hint: check the path
    "#]],
    );
}

#[test]
fn the_check_expects_the_lines_that_are_kept() {
    let snapshot = machine(&format!(
        "{CONFIG}//- /home/u/.ssh/known_hosts uid:1000\nh ED\n@revoked * ED\n* ED\n"
    ));
    let plan = known_hosts(&snapshot, &wish(|_| ()), &mut || [7; 20]).expect("a plan");
    let checks: Vec<&Expect> = plan.rehearsal.iter().map(|check| &check.expect).collect();
    let fingerprint = "SHA256:KSaXqxN8Y0JDPLYhRXvJx7e5Z0nXAF3hDfhmd+3G8Is".to_owned();
    assert_eq!(checks, [&Expect::Times(fingerprint, 2)]);
}

#[test]
fn a_server_without_an_answer_is_distinguished_from_one_that_was_not_asked() {
    let files = "//- /home/u/.ssh/known_hosts uid:1000\nh OTHER\n";
    let asked = wish(|wish| wish.offline = false);
    check(
        &format!("{CONFIG}{files}"),
        &asked,
        &expect![[r#"
        edits /home/u/.ssh/known_hosts
        key-unverified: h port 22 was asked and now offers ssh-ed25519 SHA256:KSaXqxN8Y0JDPLYhRXvJx7e5Z0nXAF3hDfhmd+3G8Is; compare with what `ssh-keygen -l -f KEY.pub` prints on the server's own console, then pin it with --expect-fingerprint
    "#]],
    );
    let silent = "//$ ssh-keyscan -T 10 -p 22 h => 1\nconnect to `h' port 22: Connection refused\n# h:22 no\n";
    check(
        &format!("{CONFIG}{files}{silent}"),
        &asked,
        &expect![[r#"
        edits /home/u/.ssh/known_hosts
        key-unverified: h port 22 was asked for its keys and returned none (connect to `h' port 22: Connection refused)
    "#]],
    );
    let proxied = CONFIG.replace("port 22\n", "port 22\nproxyjump j\n");
    check(
        &format!("{proxied}{files}"),
        &asked,
        &expect![[r#"
        edits /home/u/.ssh/known_hosts
        key-unverified: h port 22 was not asked for its keys: ssh reaches it through a proxy
    "#]],
    );
}

#[test]
fn a_server_is_asked_only_if_its_answer_is_needed() {
    let wanted = |text: &str, wish: &KnownHostsWish| {
        let mut snapshot = fixture::snapshot(text);
        snapshot.insert(
            Path::new("/home/u/.ssh/known_hosts"),
            sshmend_lossless::Entry::Missing,
        );
        snapshot
            .look(|seen| drop(known_hosts(seen, wish, &mut || [0; 20])))
            .1
    };
    let scan = Request::Run(
        ["ssh-keyscan", "-T", "10", "-p", "22", "h"]
            .map(str::to_owned)
            .into(),
    );
    assert_eq!(wanted(CONFIG, &wish(|wish| wish.offline = false)), [scan]);
    assert_eq!(wanted(CONFIG, &wish(|_| ())), []);
    assert_eq!(wanted(BAD, &wish(|wish| wish.offline = false)), []);
}

/// The rounds of requests of a judge on this machine, each in order, and the last result.
fn rounds<T>(machine: &Snapshot, judge: impl FnMut(&Snapshot) -> T) -> (Vec<Vec<Request>>, T) {
    let (mut rounds, mut seen) = (Vec::new(), Snapshot::default());
    let said = seen.fill(judge, |requests, seen, meanwhile| {
        rounds.push(fixture::answer_round(machine, requests, seen, meanwhile));
    });
    (rounds, said)
}

fn programs(rounds: &[Vec<Request>]) -> Vec<Vec<String>> {
    let program = |request: &Request| match request {
        Request::Run(argv) => Some(argv.join(" ")),
        Request::Feed(argv, _) => Some(format!("{} < after", argv.join(" "))),
        _ => None,
    };
    let rounds = rounds.iter();
    let programs = rounds.map(|round| round.iter().filter_map(program).collect::<Vec<_>>());
    programs.filter(|programs| !programs.is_empty()).collect()
}

/// A file with a key of the host and of another one, and ssh-keygen, which finds it no longer.
fn one_of_two(config: &str) -> Snapshot {
    machine(&format!(
        "{config}//- /home/u/.ssh/known_hosts uid:1000\nh ED\ng OTHER\n\
         //$ ssh-keygen -l -F h -f /dev/stdin => 1\n"
    ))
}

#[test]
fn ssh_keygen_checks_the_likely_change_while_ssh_is_asked() {
    let machine = one_of_two(CONFIG);
    let (rounds, plan) = rounds(&machine, |seen| {
        known_hosts(seen, &wish(|_| ()), &mut || [7; 20])
    });
    let check = "ssh-keygen -l -F h -f /dev/stdin < after".to_owned();
    assert_eq!(programs(&rounds), [vec!["ssh -G h".to_owned(), check]]);
    let plan = plan.expect("a plan");
    let [check] = plan.rehearsal.as_slice() else {
        panic!("{:?}", plan.rehearsal)
    };
    assert_eq!(check.stdin, Some(format!("g {OTHER}\n").into_bytes()));
    let answer = check.answer.clone().expect("asked").expect("it ran");
    assert!(check.holds(&answer));
}

#[test]
fn an_answer_about_another_change_is_not_used() {
    let files = "//- /home/u/other uid:1000\nh ED\n//- /k uid:1000\nh ED\n[h]:7 ED\n";
    let named = |wish: &mut KnownHostsWish| wish.files.push("/k".into());
    let elsewhere = CONFIG.replace(".ssh/known_hosts", "other");
    let with_port = CONFIG.replace("port 22", "port 7");
    for (config, wish) in [(elsewhere, wish(|_| ())), (with_port, wish(named))] {
        let machine = one_of_two(&format!("{config}{files}"));
        let (rounds, plan) = rounds(&machine, |seen| known_hosts(seen, &wish, &mut || [7; 20]));
        assert_eq!(programs(&rounds)[0].len(), 2, "{config}");
        let plan = plan.expect("a plan");
        assert_eq!(plan.rehearsal.len(), 1, "{config}");
        assert_eq!(plan.rehearsal[0].answer, None, "{config}");
    }
}

#[test]
fn files_are_searched_for_the_name_as_written_while_ssh_is_asked() {
    let sifts = |config: &str| {
        let machine = one_of_two(config);
        let wish = wish(|wish| wish.files.push("/home/u/.ssh/known_hosts".into()));
        let (rounds, found) = rounds(&machine, |seen| wish.look_up(seen));
        let kinds = |round: Vec<Request>| -> Vec<&str> {
            let kind = |request| match request {
                Request::Sift(..) => "sift",
                Request::Run(_) => "run",
                _ => "other",
            };
            round.into_iter().map(kind).collect()
        };
        let rounds: Vec<_> = rounds.into_iter().map(kinds).collect();
        let (names, found) = found.expect("it is known");
        let found: usize = found.lookups.iter().map(|one| one.found.len()).sum();
        (rounds, names[0].as_str().to_owned(), found)
    };
    let beside = vec!["run", "sift"];
    assert_eq!(sifts(CONFIG), (vec![beside.clone()], "h".to_owned(), 1));
    let renamed = CONFIG.replace("hostname h", "hostname g");
    assert_eq!(sifts(&renamed), (vec![beside], "g".to_owned(), 1));
}
