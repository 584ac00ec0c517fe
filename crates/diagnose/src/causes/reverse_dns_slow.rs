use crate::facts::Facts;
use crate::verdict::{Cause, Gate, Verdict};

pub(super) const CAUSE: Cause = Cause {
    name: "reverse-dns-slow",
    title: "the server looks up the client's name, and the answer takes its time",
    gate: Gate::Wrappers,
    explain: "\
With `UseDNS yes` (the default up to 6.7) sshd looks up the client's name after the banner; a rule of TCP wrappers about names makes it do so before the banner. A name server that does not
answer costs ten to thirty seconds each time: clients with a shorter `ConnectTimeout` give up with `Connection timed out during banner exchange`.

**Only suspected** where such a look-up is made and the client's address has no name: how long it took is not seen from here.

**Mended** by `sshmend fix sshd-config UseDNS=no`, rules by address instead of by name, or a name server that answers.

**It is not** about the name of the server, which the client looks up.",
    judge,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(client) = facts.question.client() else { return };
    let Some(setting) = verdict.look(facts.setting("usedns")) else { return };
    let Some(setting) = setting.filter(|setting| setting.values == ["yes"]) else {
        return verdict.exclude("UseDNS is off");
    };
    if facts.has_name(client) != Some(false) {
        return verdict.exclude("the client's address has a name");
    }
    let finding =
        verdict.possible(format!("sshd looks up the name of {client}, which has none: the look-up may take long"));
    finding.shown_by_setting(facts, setting);
    finding.mended_by(&["fix", "sshd-config", "UseDNS=no"], "looks up no names");
    finding.step(format!("see how long it takes: `time getent hosts {client}`"));
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_as, from};
    use expect_test::expect;

    #[test]
    fn it_takes_a_look_up_and_an_address_without_name() {
        let set = "//- /etc/ssh/sshd_config\nUseDNS yes\n";
        let nameless = "//$ getent hosts 198.51.100.7 => 2\n";
        check_as(
            &from("198.51.100.7"),
            "reverse-dns-slow",
            &format!("{set}{nameless}"),
            &expect![[r#"
            possible: sshd looks up the name of 198.51.100.7, which has none: the look-up may take long
              /etc/ssh/sshd_config:1: UseDNS yes
              $ sshmend fix sshd-config UseDNS=no  # looks up no names
              - see how long it takes: `time getent hosts 198.51.100.7`
        "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "reverse-dns-slow",
            nameless,
            &expect![[r#"
            excluded: UseDNS is off
        "#]],
        );
    }
}
