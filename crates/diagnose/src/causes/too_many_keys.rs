use crate::facts::Facts;
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "too-many-keys",
    title: "the agent offers more keys than the server lets one connection try",
    gate: Gate::Authentication,
    explain: "\
ssh offers every key of the agent before the one that the configuration names, and the server counts each as a try
(`MaxAuthTries`, 6 unless set). With six or more keys the right one may never have its turn: `Too many authentication
failures`.

**Suspected** when the agent holds that many and `IdentitiesOnly` is off; **certain** by the words of the server.

**Mended** by `IdentitiesOnly yes` and one `IdentityFile` for this host in `~/.ssh/config`.

**It is not** a wrong key.",
    server: silent,
    client: from_client,
};

/// What MaxAuthTries is unless set.
const TRIES: usize = 6;

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Ok(route) = facts.route() else { return };
    let Some(keys) = verdict.look(facts.keys_to_offer()) else { return };
    if keys < TRIES {
        return verdict.exclude(format!("no more than {keys} keys would be offered"));
    }
    let what = format!("{keys} keys would be offered, and a server takes {TRIES} tries unless told otherwise");
    let finding = if keys > TRIES { verdict.likely(what) } else { verdict.possible(what) };
    finding.shown_by(
        "ssh-add -l, ssh -G",
        format!("{keys} keys, {} of them named in the configuration", route.identities),
    );
    let host = &route.host;
    finding
        .step(format!("offer one key only: `Host {host}`, `IdentitiesOnly yes`, `IdentityFile KEY` in ~/.ssh/config"));
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_client, works};
    use expect_test::expect;

    #[test]
    fn six_keys_are_as_many_as_a_server_takes() {
        let agent = |keys: usize| {
            let line = "256 SHA256:AAAA comment (ED25519)\n";
            format!("//$ ssh-add -l => 0\n{}", line.repeat(keys))
        };
        check_client(
            "too-many-keys",
            &agent(7),
            &[works()],
            &expect![[r#"
                likely: 7 keys would be offered, and a server takes 6 tries unless told otherwise
                  ssh-add -l, ssh -G: 7 keys, 0 of them named in the configuration
                  - offer one key only: `Host 192.0.2.10`, `IdentitiesOnly yes`, `IdentityFile KEY` in ~/.ssh/config
            "#]],
        );
        check_client(
            "too-many-keys",
            &agent(2),
            &[works()],
            &expect![[r#"
                excluded: no more than 2 keys would be offered
            "#]],
        );
    }
}
