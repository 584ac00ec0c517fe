use std::path::{Path, PathBuf};

use sshmend_lossless::{Request, Snapshot};

use crate::tests::text::expand;
use crate::{ClientConfig, Destination, Name, NoContent, Target};

const PLAIN: &str = "\
host h
hostname h.example
port 22
checkhostip no
hashknownhosts no
globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2
userknownhostsfile /home/bob/.ssh/known_hosts /home/bob/.ssh/known_hosts2
";

fn target(changes: &[(&str, &str)]) -> Target {
    let changed = |key: &str| changes.iter().any(|(changed, _)| *changed == key);
    let kept = PLAIN
        .lines()
        .filter(|line| !changed(line.split(' ').next().unwrap_or_default()));
    let lines = kept
        .map(str::to_owned)
        .chain(changes.iter().map(|(key, value)| format!("{key} {value}")));
    Target::of(
        &ClientConfig::parse(lines.collect::<Vec<_>>().join("\n")).expect("the output of ssh -G"),
    )
}

fn names(target: &Target, addresses: &[&str]) -> Vec<String> {
    let mut snapshot = Snapshot::default();
    let addresses = addresses
        .iter()
        .map(|address| address.parse().expect("an address"))
        .collect();
    snapshot.insert_resolved(target.host.clone(), Ok(addresses));
    target
        .names(&snapshot)
        .iter()
        .map(|name| name.as_str().to_owned())
        .collect()
}

#[test]
fn hostkeyalias_replaces_the_name_and_its_port() {
    let target = target(&[("hostkeyalias", "Alias"), ("port", "2222")]);
    assert_eq!(names(&target, &[]), ["alias"]);
}

#[test]
fn a_nonstandard_port_is_part_of_the_name_and_the_bare_name_is_tried_last() {
    assert_eq!(names(&target(&[]), &[]), ["h.example"]);
    assert_eq!(
        names(&target(&[("port", "2222")]), &[]),
        ["[h.example]:2222", "h.example"]
    );
    assert_eq!(
        names(
            &target(&[("hostname", "2001:db8::1"), ("port", "2222")]),
            &[]
        ),
        ["[2001:db8::1]:2222", "2001:db8::1"]
    );
}

#[test]
fn addresses_count_only_if_ssh_checks_them() {
    let check = ("checkhostip", "yes");
    assert_eq!(
        names(&target(&[check]), &["192.0.2.1", "2001:db8::1"]),
        ["h.example", "192.0.2.1", "2001:db8::1"]
    );
    assert_eq!(
        names(&target(&[check, ("port", "2222")]), &["192.0.2.1"])[1],
        "[192.0.2.1]:2222"
    );
    assert_eq!(names(&target(&[]), &["192.0.2.1"]), ["h.example"]);
    assert_eq!(names(&target(&[check]), &["127.0.0.1"]), ["h.example"]);
    assert_eq!(
        names(&target(&[check, ("proxyjump", "j")]), &["192.0.2.1"]),
        ["h.example"]
    );
    assert_eq!(
        names(
            &target(&[check, ("proxycommand", "nc %h %p")]),
            &["192.0.2.1"]
        ),
        ["h.example"]
    );
    assert_eq!(
        names(&target(&[check, ("hostname", "192.0.2.1")]), &["192.0.2.1"]),
        ["192.0.2.1"]
    );
}

#[test]
fn files_are_read_in_the_order_of_ssh_and_none_means_no_file() {
    let files = |target: &Target| target.files().map(Path::to_owned).collect::<Vec<PathBuf>>();
    assert_eq!(
        files(&target(&[]))[0],
        Path::new("/home/bob/.ssh/known_hosts")
    );
    assert_eq!(
        files(&target(&[]))[2],
        Path::new("/etc/ssh/ssh_known_hosts")
    );
    assert_eq!(
        files(&target(&[
            ("userknownhostsfile", "none"),
            ("globalknownhostsfile", "/dev/null")
        ])),
        Vec::<PathBuf>::new()
    );
}

#[test]
fn a_file_name_with_a_blank_is_joined_and_marked_uncertain() {
    let target = target(&[(
        "userknownhostsfile",
        "/root/kh1 /root/with space /root/kh_h",
    )]);
    assert_eq!(
        target.user_files,
        ["/root/kh1", "/root/with space", "/root/kh_h"].map(PathBuf::from)
    );
    assert!(target.uncertain_files);
}

#[test]
fn unknown_files_and_addresses_are_requested_once() {
    let mut snapshot = Snapshot::default();
    let target = target(&[
        ("checkhostip", "yes"),
        ("userknownhostsfile", "/f"),
        ("globalknownhostsfile", "none"),
    ]);
    let wanted = [
        Request::Read("/f".into()),
        Request::Resolve("h.example".to_owned()),
    ];
    let missed = |seen: &Snapshot| {
        let judge = |seen: &Snapshot| (target.names(seen).len(), target.read(seen).unread.len());
        seen.look(judge).1
    };
    assert_eq!(missed(&snapshot), wanted);
    snapshot.insert("/f", sshmend_lossless::Entry::Missing);
    snapshot.insert_resolved("h.example", Err("no such name".to_owned()));
    assert_eq!(missed(&snapshot), []);
}

#[test]
fn ssh_keyscan_uses_the_port_and_never_a_proxy() {
    let argv = target(&[("port", "2222")]).keyscan().expect("no proxy");
    assert_eq!(argv, ["ssh-keyscan", "-T", "10", "-p", "2222", "h.example"]);
    assert_eq!(target(&[("proxycommand", "nc %h %p")]).keyscan(), None);
}

#[test]
fn the_defaults_of_ssh_apply_if_ssh_is_missing() {
    let destination = Destination::parse("H:2222").expect("a host");
    let target = Target::without_config(&destination, Path::new("/home/bob"));
    assert_eq!(
        target.names(&Snapshot::default())[0],
        Name::host("[h]:2222")
    );
    assert_eq!(target.files().count(), 4);
}

#[test]
fn a_file_that_was_not_read_is_never_taken_for_an_empty_one() {
    let text = "//- /a\nh x\n//- /gone missing\n//- /folder dir\n//- /link dangling\n//- /loop unreadable:loop\n\
                //- /secret unreadable:Permission denied\n//- /bad unreadable:Input/output error\n";
    let snapshot = sshmend_lossless::fixture::snapshot(text);
    let paths = [
        "/a", "/gone", "/folder", "/link", "/loop", "/secret", "/bad", "/never",
    ];
    let by_ssh = target(&[
        ("userknownhostsfile", &paths.join(" ")),
        ("globalknownhostsfile", "none"),
    ]);
    let reasons = |target: &Target| {
        let unread = target.read(&snapshot).unread;
        unread
            .iter()
            .map(|file| format!("{} {}", file.path.display(), file.why))
            .collect::<Vec<_>>()
    };
    let expected = [
        "/folder not a regular file, but a directory",
        "/link a link to nothing",
        "/loop its links form a loop",
        "/secret permission denied",
        "/bad Input/output error",
        "/never it was not looked at",
    ];
    assert_eq!(reasons(&by_ssh), expected);
    assert_eq!(by_ssh.read(&snapshot).read.len(), 1);
    let by_hand = by_ssh.in_files(&paths.map(PathBuf::from));
    assert_eq!(reasons(&by_hand)[0], "/gone no such file");
    assert_eq!(by_hand.read(&snapshot).unread[0].why, NoContent::NotThere);
}

#[test]
fn the_bare_name_is_tried_only_if_the_name_with_port_has_no_plain_key() {
    let lines = |files: &[&str]| {
        let fixture: String = files
            .iter()
            .enumerate()
            .map(|(n, text)| format!("//- /{n}\n{}\n", expand(text)))
            .collect();
        let snapshot = sshmend_lossless::fixture::snapshot(&fixture);
        let paths: Vec<PathBuf> = (0..files.len()).map(|n| format!("/{n}").into()).collect();
        let target = target(&[("hostname", "h"), ("port", "2222")]).in_files(&paths);
        let lookups = target.look_up(&snapshot, &target.names(&snapshot)).lookups;
        lookups
            .iter()
            .map(|lookup| lookup.found.iter().map(|found| found.line).collect())
            .collect::<Vec<Vec<_>>>()
    };
    assert_eq!(lines(&["h ED1\n"]), [[1]]);
    assert_eq!(
        lines(&["h ED1\n[h]:2222 RSA1\n"]),
        [[2]],
        "whatever its type"
    );
    assert_eq!(
        lines(&["h ED1\n", "* RSA1\n"]),
        [vec![], vec![1]],
        "in any file, also by a wildcard"
    );
    assert_eq!(
        lines(&["h ED1\n@revoked [h]:2222 ED2\n"]),
        [[1, 2]],
        "a marked line is not a plain key"
    );
    assert_eq!(
        lines(&["@cert-authority h ED1\n[h]:2222 RSA1\n"]),
        [[1, 2]],
        "certificates are asked for apart"
    );
    assert_eq!(lines(&["h,[h]:2222 ED1\n"]), [[1]]);
}
