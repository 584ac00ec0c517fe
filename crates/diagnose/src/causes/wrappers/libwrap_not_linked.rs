use sshmend_facts::Facts;
use sshmend_hosts_access::{HOSTS_ALLOW, HOSTS_DENY};

use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Ok((false, program)) = facts.linked_with_wrappers() else {
        return;
    };
    let rules = |path: &str| {
        facts
            .text(path)
            .ok()
            .flatten()
            .is_some_and(|text| text.lines().any(speaks_of_sshd))
    };
    let Some(path) = [HOSTS_ALLOW, HOSTS_DENY]
        .into_iter()
        .find(|path| rules(path))
    else {
        return;
    };
    let finding = verdict.possible(format!(
        "{} is not linked with libwrap: the rules in {path} have no effect on SSH",
        program.display()
    ));
    finding.latent_if(true);
    finding.shown_by(program.to_string_lossy(), "needs no libwrap");
    finding.step("for the same effect use the firewall, or `Match Address` in sshd_config");
}

fn speaks_of_sshd(line: &str) -> bool {
    let daemon = line
        .split(':')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    !line.starts_with('#') && line.contains(':') && daemon.contains("sshd")
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn rules_without_effect_on_sshd_are_reported() {
        let plain = "//- /usr/sbin/sshd\n\u{7f}ELF\u{2}\u{1} nothing\n";
        check(
            "libwrap-not-linked",
            &format!("{plain}//- /etc/hosts.deny\nsshd: ALL\n"),
            &expect![[r#"
            possible (latent): /usr/sbin/sshd is not linked with libwrap: the rules in /etc/hosts.deny have no effect on SSH
              /usr/sbin/sshd: needs no libwrap
              - for the same effect use the firewall, or `Match Address` in sshd_config
        "#]],
        );
        check("libwrap-not-linked", plain, &expect![[""]]);
        check(
            "libwrap-not-linked",
            "//- /etc/hosts.deny\nsshd: ALL\n",
            &expect![[""]],
        );
    }
}
