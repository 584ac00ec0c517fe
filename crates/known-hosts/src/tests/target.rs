use std::path::{Path, PathBuf};

use sshmend_lossless::{Request, Snapshot};

use crate::{Destination, Name, Target, TargetError};

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
    let kept = PLAIN.lines().filter(|line| !changed(line.split(' ').next().unwrap_or_default()));
    let lines = kept.map(str::to_owned).chain(changes.iter().map(|(key, value)| format!("{key} {value}")));
    Target::from_ssh_g(&lines.collect::<Vec<_>>().join("\n")).expect("the output of ssh -G")
}

fn names(target: &Target, addresses: &[&str]) -> Vec<String> {
    let mut snapshot = Snapshot::default();
    let addresses = addresses.iter().map(|address| address.parse().expect("an address")).collect();
    snapshot.insert_resolved(target.host.clone(), Ok(addresses));
    target.names(&snapshot).iter().map(|name| name.as_str().to_owned()).collect()
}

#[test]
fn an_output_without_host_or_port_is_refused() {
    assert_eq!(Target::from_ssh_g("port 22\n"), Err(TargetError::Missing("hostname")));
    assert_eq!(Target::from_ssh_g("hostname h\n"), Err(TargetError::Missing("port")));
    assert_eq!(Target::from_ssh_g("hostname h\nport x\n"), Err(TargetError::BadPort("x".to_owned())));
}

#[test]
fn the_alias_counts_instead_of_the_name_and_its_port() {
    let target = target(&[("hostkeyalias", "Alias"), ("port", "2222")]);
    assert_eq!(names(&target, &[]), ["alias"]);
}

#[test]
fn another_port_is_part_of_the_name_and_the_bare_name_is_tried_last() {
    assert_eq!(names(&target(&[]), &[]), ["h.example"]);
    assert_eq!(names(&target(&[("port", "2222")]), &[]), ["[h.example]:2222", "h.example"]);
    assert_eq!(
        names(&target(&[("hostname", "2001:db8::1"), ("port", "2222")]), &[]),
        ["[2001:db8::1]:2222", "2001:db8::1"]
    );
}

#[test]
fn addresses_count_only_where_ssh_compares_them() {
    let check = ("checkhostip", "yes");
    assert_eq!(names(&target(&[check]), &["192.0.2.1", "2001:db8::1"]), ["h.example", "192.0.2.1", "2001:db8::1"]);
    assert_eq!(names(&target(&[check, ("port", "2222")]), &["192.0.2.1"])[1], "[192.0.2.1]:2222");
    assert_eq!(names(&target(&[]), &["192.0.2.1"]), ["h.example"]);
    assert_eq!(names(&target(&[check]), &["127.0.0.1"]), ["h.example"]);
    assert_eq!(names(&target(&[check, ("proxyjump", "j")]), &["192.0.2.1"]), ["h.example"]);
    assert_eq!(names(&target(&[check, ("proxycommand", "nc %h %p")]), &["192.0.2.1"]), ["h.example"]);
    assert_eq!(names(&target(&[check, ("hostname", "192.0.2.1")]), &["192.0.2.1"]), ["192.0.2.1"]);
}

#[test]
fn files_are_read_in_the_order_of_ssh_and_none_is_no_file() {
    let files = |target: &Target| target.files().map(Path::to_owned).collect::<Vec<PathBuf>>();
    assert_eq!(files(&target(&[]))[0], Path::new("/home/bob/.ssh/known_hosts"));
    assert_eq!(files(&target(&[]))[2], Path::new("/etc/ssh/ssh_known_hosts"));
    assert_eq!(
        files(&target(&[("userknownhostsfile", "none"), ("globalknownhostsfile", "none")])),
        Vec::<PathBuf>::new()
    );
}

#[test]
fn a_file_name_with_a_blank_is_put_together_and_called_uncertain() {
    let target = target(&[("userknownhostsfile", "/root/kh1 /root/with space /root/kh_h")]);
    assert_eq!(target.user_files, ["/root/kh1", "/root/with space", "/root/kh_h"].map(PathBuf::from));
    assert!(target.uncertain_files);
}

#[test]
fn what_is_still_unknown_is_asked_for_once() {
    let mut snapshot = Snapshot::default();
    let target = target(&[("checkhostip", "yes"), ("userknownhostsfile", "/f"), ("globalknownhostsfile", "none")]);
    let wanted = [Request::Read("/f".into()), Request::Resolve("h.example".to_owned())];
    assert_eq!(target.wants(&snapshot), wanted);
    snapshot.insert("/f", sshmend_lossless::Entry::Missing);
    snapshot.insert_resolved("h.example", Err("no such name".to_owned()));
    assert_eq!(target.wants(&snapshot), []);
}

#[test]
fn the_scan_goes_to_the_port_and_never_through_a_proxy() {
    let argv = target(&[("port", "2222")]).keyscan().expect("no proxy");
    assert_eq!(argv, ["ssh-keyscan", "-T", "10", "-p", "2222", "h.example"]);
    assert_eq!(target(&[("proxycommand", "nc %h %p")]).keyscan(), None);
}

#[test]
fn without_ssh_the_defaults_of_ssh_count() {
    let destination = Destination::parse("H:2222").expect("a host");
    let target = Target::without_config(&destination, Path::new("/home/bob"));
    assert_eq!(target.names(&Snapshot::default())[0], Name::host("[h]:2222"));
    assert_eq!(target.files().count(), 4);
}
