use sshmend_facts::Facts;
use sshmend_lossless::quoted;

use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::client(from_client);

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Ok(route) = facts.route() else { return };
    let Some(said) = facts.dead_master() else {
        return verdict.exclude(Fact::Answer, "no stale control socket exists");
    };
    // If the control socket refuses, ssh warns and connects directly.
    let hangs = !said.contains("Connection refused");
    let certainty = if hangs {
        Proof::Answer.certain()
    } else {
        Certainty::Possible
    };
    let finding = verdict
        .find(certainty, verdict.cause.title())
        .shown_by("ssh -O check", said);
    finding.step("go around it once: `ssh -S none DESTINATION`");
    let socket = quoted(&route.control_path.unwrap_or_default());
    finding.step(format!(
        "clear it away: end the ssh that holds it (`ssh -O exit DESTINATION`), or where none does, `rm {socket}`"
    ));
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_client, works};
    use expect_test::expect;

    #[test]
    fn a_control_socket_without_a_master_is_reported() {
        let dead = "//- /home/alice/.ssh/cm\n//$ ssh -O check -- server => 255
Control socket connect(/home/alice/.ssh/cm): Connection refused
//$ ssh -G -- server => 0
hostname 192.0.2.10
port 22
controlpath /home/alice/.ssh/cm
";
        check_client(
            "multiplex-stale",
            dead,
            &[works()],
            &expect![[r#"
                possible: the control socket of a shared connection exists, but nothing answers on it
                  ssh -O check: Control socket connect(/home/alice/.ssh/cm): Connection refused
                  - go around it once: `ssh -S none DESTINATION`
                  - clear it away: end the ssh that holds it (`ssh -O exit DESTINATION`), or where none does, `rm /home/alice/.ssh/cm`
            "#]],
        );
        check_client(
            "multiplex-stale",
            "",
            &[works()],
            &expect![[r#"
            excluded: no stale control socket exists
        "#]],
        );
    }
}
