use sshmend_facts::{Facts, Reply};
use sshmend_ssh_log::CauseName;

use crate::evidence::log::log_evidence;
use crate::finding::Finding;
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

const WHAT: &str =
    "Tailscale SSH answers instead of sshd, and the policy of the tailnet decides who may log in";

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let strangers = Some(Certainty::Possible);
    let Some(heard) = log_evidence(facts, verdict, CauseName::TailscaleSsh, strangers) else {
        return;
    };
    steps(heard.report(verdict, "the policy of the tailnet refused connections"));
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let tried = facts.tried();
    let mut replies = tried
        .iter()
        .flat_map(|tried| tried.replies.iter().map(move |reply| (tried.to, reply)));
    let told = replies.find_map(|(to, reply)| match reply {
        Reply::Works(banner) => Some((to, banner.trim_end().to_owned())),
        _ => None,
    });
    let Some((to, banner)) = told else { return };
    if !banner.ends_with("-Tailscale") {
        return;
    }
    let finding = verdict.find(Certainty::Possible, WHAT);
    finding.shown_by(format!("connection to {to}"), format!("says {banner}"));
    steps(finding);
}

fn steps(finding: &mut Finding) {
    finding.step("read the `ssh` rules of the tailnet's policy: which source, which destination, which user names");
    finding.step("or let sshd answer there again, on the server, from another way in than Tailscale: `tailscale set --ssh=false`");
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use sshmend_facts::fixture::LOG;

    use crate::testing::{check, check_way, dialled_banner, works};

    #[test]
    fn the_identification_and_the_log_show_tailscale_ssh() {
        check_way(
            "tailscale-ssh",
            &[dialled_banner("SSH-2.0-Tailscale\r\n")],
            &expect![[r#"
                possible: Tailscale SSH answers instead of sshd, and the policy of the tailnet decides who may log in
                  connection to 192.0.2.10:22: says SSH-2.0-Tailscale
                  - read the `ssh` rules of the tailnet's policy: which source, which destination, which user names
                  - or let sshd answer there again, on the server, from another way in than Tailscale: `tailscale set --ssh=false`
            "#]],
        );
        check_way("tailscale-ssh", &[works()], &expect![""]);
        let line = "2026-11-20T17:59:00+00:00 server tailscaled[712]: ssh-conn-20261120T175900-0a1b2c3d4e: tailnet policy does not permit you to SSH to this node: failed to evaluate policy, result: rejected\n";
        check(
            "tailscale-ssh",
            &format!("{LOG}{line}"),
            &expect![[r#"
            possible: the policy of the tailnet refused connections (once, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server tailscaled[712]: ssh-conn-20261120T175900-0a1b2c3d4e: tailnet policy does not permit you to SSH to this node: failed to evaluate policy, result: rejected
              - read the `ssh` rules of the tailnet's policy: which source, which destination, which user names
              - or let sshd answer there again, on the server, from another way in than Tailscale: `tailscale set --ssh=false`
        "#]],
        );
    }
}
