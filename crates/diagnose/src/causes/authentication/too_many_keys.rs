use sshmend_facts::Facts;

use crate::proof::Fact;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::client(from_client);

/// The default of MaxAuthTries.
const TRIES: usize = 6;

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Ok(route) = facts.route() else { return };
    if facts.printed_lines().is_none() {
        return;
    }
    let Some(offer) = verdict.look(facts.offer()) else {
        return;
    };
    let keys = offer.keys;
    if keys < TRIES {
        return verdict.exclude(
            Fact::Answer,
            format!("ssh would offer no more than {keys} keys"),
        );
    }
    let what =
        format!("ssh would offer {keys} keys, and a server allows {TRIES} attempts by default");
    let finding = if keys > TRIES {
        verdict.likely(what)
    } else {
        verdict.possible(what)
    };
    finding.shown_by(
        "ssh -v, ssh-add -l",
        format!(
            "{keys} keys, {} of them from files and {} from the agent alone",
            keys - offer.of_agent,
            offer.of_agent
        ),
    );
    // `Host` is compared with the name on the command line, before HostName is.
    let named = facts
        .question
        .target()
        .map_or(route.host.as_str(), |target| target.host());
    finding
        .step(format!("offer one key only: `Host {named}`, `IdentitiesOnly yes`, `IdentityFile KEY` in ~/.ssh/config"));
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_client, works};
    use expect_test::expect;

    const LOADED: &str = "//$ TRY => 255
debug1: Connection established.
debug1: identity file /home/alice/.ssh/id_rsa type -1
debug1: identity file /home/alice/.ssh/work type 3
debug1: identity file /home/alice/.ssh/work-cert type 7
debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1 Debian-2
debug1: Authentications that can continue: publickey
alice@server: Permission denied (publickey).
//$ ssh-keygen -lf /home/alice/.ssh/work => 0
256 SHA256:W work (ED25519)
//$ ssh-keygen -lf /home/alice/.ssh/work-cert => 0
256 SHA256:W work (ED25519-CERT)
";

    /// An agent with this many keys, and the one of the file.
    fn agent(keys: usize) -> String {
        let keys: String = (0..keys)
            .map(|n| format!("256 SHA256:{n} me@here (ED25519)\n"))
            .collect();
        format!("{LOADED}//$ ssh-add -l => 0\n256 SHA256:W work (ED25519)\n{keys}")
    }

    #[test]
    fn more_than_six_keys_are_likely_to_be_too_many() {
        let check =
            |extra: &str, expected| check_client("too-many-keys", extra, &[works()], expected);
        check(
            &agent(5),
            &expect![[r#"
                likely: ssh would offer 7 keys, and a server allows 6 attempts by default
                  ssh -v, ssh-add -l: 7 keys, 2 of them from files and 5 from the agent alone
                  - offer one key only: `Host server`, `IdentitiesOnly yes`, `IdentityFile KEY` in ~/.ssh/config
            "#]],
        );
        check(
            &agent(4),
            &expect![[r#"
                possible: ssh would offer 6 keys, and a server allows 6 attempts by default
                  ssh -v, ssh-add -l: 6 keys, 2 of them from files and 4 from the agent alone
                  - offer one key only: `Host server`, `IdentitiesOnly yes`, `IdentityFile KEY` in ~/.ssh/config
            "#]],
        );
        check(
            &agent(3),
            &expect![[r#"
            excluded: ssh would offer no more than 5 keys
        "#]],
        );
    }

    #[test]
    fn identitiesonly_excludes_keys_held_only_by_the_agent() {
        let only = "//$ ssh -G -- server => 0\nhostname 192.0.2.10\nport 22\nidentitiesonly yes\n";
        check_client(
            "too-many-keys",
            &format!("{only}{}", agent(9)),
            &[works()],
            &expect![[r#"
            excluded: ssh would offer no more than 2 keys
        "#]],
        );
    }

    #[test]
    fn nothing_is_reported_without_an_attempt() {
        check_client("too-many-keys", "", &[works()], &expect![[""]]);
    }
}
