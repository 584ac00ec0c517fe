//! Several wishes as few: those of one kind become one, so that their edits are made together.

use crate::cli::What;

/// Puts wishes together, in the order in which they have to be carried out; the service comes last.
pub(super) fn merge(wishes: impl IntoIterator<Item = What>) -> Vec<What> {
    let mut merged: Vec<What> = Vec::new();
    for wish in wishes {
        let left = merged
            .iter_mut()
            .try_fold(wish, |wish, into| absorb(into, wish));
        merged.extend(left);
    }
    merged.sort_by_key(rank);
    merged
}

/// Adds a wish to one of the same kind; hands it back where they are about different things.
fn absorb(into: &mut What, wish: What) -> Option<What> {
    match (into, wish) {
        (What::SshdConfig(into), What::SshdConfig(wish)) if into.is_about_the_same(&wish) => {
            let key = |setting: &str| {
                let key = setting.split_once('=')?.0.to_ascii_lowercase();
                // What adds to a list or takes out of it goes with others of the kind.
                (!key.ends_with(['+', '-'])).then_some(key)
            };
            let keys: Vec<_> = into.settings.iter().filter_map(|one| key(one)).collect();
            let known = |setting: &String| key(setting).is_some_and(|key| keys.contains(&key));
            let more = wish
                .settings
                .into_iter()
                .filter(|one| !known(one))
                .collect();
            add(&mut into.settings, more);
            None
        }
        (What::HostsAccess(into), What::HostsAccess(wish))
            if into.daemon == wish.daemon && into.mend.is_some() == wish.mend.is_some() =>
        {
            add(&mut into.allow, wish.allow);
            into.remove_deny |= wish.remove_deny;
            add(
                into.mend.get_or_insert_default(),
                wish.mend.unwrap_or_default(),
            );
            into.mend = into.mend.take().filter(|lines| !lines.is_empty());
            None
        }
        (What::Fail2ban(into), What::Fail2ban(wish))
            if (&into.jail, &into.until, &into.mend) == (&wish.jail, &wish.until, &wish.mend)
                && wish.mend.is_none() =>
        {
            add(&mut into.ignore, wish.ignore);
            None
        }
        (What::Service(into), What::Service(wish)) => {
            into.restart |= wish.restart;
            None
        }
        (What::HostKeys(into), What::HostKeys(wish)) if into.source == wish.source => None,
        (What::PrivsepDirectory, What::PrivsepDirectory) => None,
        (_, wish) => Some(wish),
    }
}

fn add(all: &mut Vec<String>, more: Vec<String>) {
    all.extend(
        more.into_iter()
            .filter(|one| !all.contains(one))
            .collect::<Vec<_>>(),
    );
}

/// What sshd needs to start comes before it is started.
fn rank(what: &What) -> u8 {
    match what {
        What::PrivsepDirectory => 0,
        What::Service(_) => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn what(line: &str) -> What {
        let Ok(Cli {
            command: Command::Fix(fix),
            ..
        }) = Cli::try_parse_from(format!("sshmend fix {line}").split(' '))
        else {
            panic!("{line}")
        };
        fix.what.expect("a wish")
    }

    fn merged(lines: &[&str]) -> Vec<String> {
        merge(lines.iter().map(|line| what(line)))
            .iter()
            .map(|what| format!("{what:?}"))
            .collect()
    }

    fn check(lines: &[&str], expected: &[&str]) {
        let expected: Vec<String> = expected
            .iter()
            .map(|line| format!("{:?}", what(line)))
            .collect();
        assert_eq!(merged(lines), expected, "{lines:?}");
    }

    #[test]
    fn wishes_of_one_kind_become_one() {
        check(
            &[
                "sshd-config MaxStartups=20",
                "sshd-config maxstartups=30 MaxSessions=9",
            ],
            &["sshd-config MaxStartups=20 MaxSessions=9"],
        );
        check(
            &[
                "sshd-config AllowUsers+=ann",
                "sshd-config AllowUsers+=ben AllowUsers+=ann",
            ],
            &["sshd-config AllowUsers+=ann AllowUsers+=ben"],
        );
        check(
            &[
                "hosts-access --allow 192.0.2.1",
                "hosts-access --allow 192.0.2.1 192.0.2.2 --remove-deny",
            ],
            &["hosts-access --allow 192.0.2.1 192.0.2.2 --remove-deny"],
        );
        check(
            &[
                "hosts-access --mend hosts.deny:1",
                "hosts-access --mend hosts.deny:1 hosts.deny:4",
            ],
            &["hosts-access --mend hosts.deny:1 hosts.deny:4"],
        );
        check(
            &["fail2ban --ignore ::1", "fail2ban --ignore 192.0.2.1"],
            &["fail2ban --ignore ::1 192.0.2.1"],
        );
        check(
            &[
                "host-keys",
                "host-keys",
                "privsep-directory",
                "privsep-directory",
            ],
            &["privsep-directory", "host-keys"],
        );
    }

    #[test]
    fn wishes_about_different_things_stay_apart() {
        let apart = [
            "fail2ban --ignore ::1 --jail sshd",
            "fail2ban --ignore ::1",
            "hosts-access --allow 192.0.2.1",
            "hosts-access --mend hosts.deny:1",
            "sshd-config A=1",
            "sshd-config --drop-in A=1",
        ];
        check(&apart, &apart);
    }

    #[test]
    fn the_service_comes_last() {
        check(
            &[
                "service",
                "host-keys",
                "privsep-directory",
                "service --restart",
            ],
            &["privsep-directory", "host-keys", "service --restart"],
        );
    }
}
