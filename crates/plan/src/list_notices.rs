//! The consequences of changing a list, beyond its elements.

use sshmend_sshd_config::Effective;

use crate::plan::Notice;

/// Lists that let everybody in while they are empty.
const ALLOWING: [(&str, &str); 2] = [("allowusers", "AllowUsers"), ("allowgroups", "AllowGroups")];

/// Notes if a list that allows everybody while it is empty becomes empty or stops being so, and
/// what a new port needs beside its line in the file. `socket` is the socket unit that opens the
/// port in place of sshd.
pub(crate) fn list_notices(
    before: &Effective,
    after: &Effective,
    socket: Option<&str>,
) -> Vec<Notice> {
    let mut notices = Vec::new();
    for (key, name) in ALLOWING {
        let (was, is) = (values(before, key), values(after, key));
        if was.is_empty() && !is.is_empty() {
            let text = format!(
                "without {name} everybody was allowed; now only {} are allowed",
                is.join(", ")
            );
            notices.push(Notice::new("access-narrowed", text));
        } else if !was.is_empty() && is.is_empty() {
            let text =
                format!("no {name} line is left: everybody that no other line denies is allowed");
            notices.push(Notice::new("access-widened", text));
        }
    }
    notices.extend(ports(before, after));
    let listens = ["port", "listenaddress", "addressfamily"];
    let moved = listens
        .iter()
        .any(|key| values(before, key) != values(after, key));
    notices.extend(socket.filter(|_| moved).map(|unit| {
        let text = format!(
            "{unit} opens the port instead of sshd: if it does not follow sshd_config, set ListenStream= there (systemctl edit {unit}); then systemctl daemon-reload and systemctl restart {unit}"
        );
        Notice::new("socket-listens", text)
    }));
    notices
}

fn values<'e>(effective: &'e Effective, key: &str) -> &'e [String] {
    effective.get(key).map_or(&[], |setting| &setting.values)
}

fn ports(before: &Effective, after: &Effective) -> Option<Notice> {
    let port = |socket: &String| socket.rsplit(':').next().unwrap_or_default().to_owned();
    let known: Vec<String> = values(before, "listenaddress").iter().map(port).collect();
    let mut new: Vec<String> = values(after, "listenaddress").iter().map(port).collect();
    new.retain(|port| !known.contains(port));
    new.sort();
    new.dedup();
    let first = new.first()?;
    let text = format!(
        "port {} needs more than this line: a firewall must allow it, and SELinux in enforcing mode must know it (semanage port -a -t ssh_port_t -p tcp {first}); clients give it with -p",
        new.join(" and ")
    );
    Some(Notice::new("port-needs", text))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sshmend_lossless::fixture::snapshot;
    use sshmend_sshd_config::{Release, Scope, Tree};

    use super::*;

    fn names(before: &str, after: &str, socket: Option<&str>) -> Vec<String> {
        let effective = |text: &str| {
            let main = Path::new("/etc/ssh/sshd_config");
            let seen = snapshot(&format!("//- {}\n{text}", main.display()));
            Tree::read(&seen, main, &[]).effective(Some(Release::new(9, 2)), Scope::Global)
        };
        list_notices(&effective(before), &effective(after), socket)
            .into_iter()
            .map(|notice| notice.name)
            .collect()
    }

    #[test]
    fn widened_and_narrowed_access_by_empty_lists_is_reported() {
        assert_eq!(names("", "AllowUsers ann\n", None), ["access-narrowed"]);
        assert_eq!(names("AllowGroups ops\n", "", None), ["access-widened"]);
        assert!(names("AllowUsers ann\n", "AllowUsers ben\n", None).is_empty());
    }

    #[test]
    fn a_new_port_is_reported_with_its_other_requirements() {
        assert_eq!(names("", "Port 2222\n", None), ["port-needs"]);
        assert_eq!(
            names("", "ListenAddress 192.0.2.1:2222\n", Some("ssh.socket")),
            ["port-needs", "socket-listens"]
        );
        assert!(names("Port 22\nPort 2222\n", "Port 2222\n", None).is_empty());
        assert!(names("", "MaxSessions 3\n", Some("ssh.socket")).is_empty());
    }
}
