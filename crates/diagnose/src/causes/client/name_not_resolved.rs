use sshmend_facts::Facts;
use sshmend_ssh_log::CauseName;

use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::client(from_client);

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    // With CanonicalizeHostname ssh looks the name up before it prints its configuration.
    if let (Some(target), Ok(Some(said))) = (facts.question.target(), facts.refused_configuration())
    {
        if said.contains("Could not resolve host") {
            return unknown(
                facts,
                target.host(),
                said.lines().next().unwrap_or_default(),
                verdict,
            );
        }
    }
    let Some((host, _)) = facts.first_hop() else {
        return;
    };
    match facts.addresses() {
        Ok(addresses) if addresses.is_empty() => unknown(facts, &host, "no address", verdict),
        Ok(addresses) => verdict.exclude(
            Fact::Answer,
            format!("{host} has {} addresses", addresses.len()),
        ),
        Err(unchecked) if facts.snapshot.resolved(&host).is_some() => {
            unknown(facts, &host, &unchecked.reason, verdict);
        }
        Err(unchecked) => verdict.unchecked.push(unchecked),
    }
}

fn unknown(facts: &Facts<'_>, host: &str, reason: &str, verdict: &mut Verdict) {
    let finding = verdict
        .certain(
            Proof::Answer,
            format!("the name {host} has no address here"),
        )
        .following(CauseName::ProxyFailed);
    finding.shown_by("resolver", reason);
    finding.led_by(facts);
    finding.step(format!(
        "ask the resolver that ssh asks: `getent ahosts {host}`; is it the right name?"
    ));
    finding.step("see whether any name resolves: `getent hosts debian.org`; is the VPN up?");
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_client, check_unresolved, check_way, works};
    use expect_test::expect;

    #[test]
    fn a_failed_lookup_by_the_resolver_is_certain() {
        check_unresolved(
            "name-not-resolved",
            "Name or service not known",
            &expect![[r#"
                certain: the name server.example.net has no address here
                  resolver: Name or service not known
                  ssh -G: hostname server.example.net, port 22
                  - ask the resolver that ssh asks: `getent ahosts server.example.net`; is it the right name?
                  - see whether any name resolves: `getent hosts debian.org`; is the VPN up?
            "#]],
        );
        check_way(
            "name-not-resolved",
            &[works()],
            &expect![[r#"
            excluded: 192.0.2.10 has 1 addresses
        "#]],
        );
    }

    #[test]
    fn ssh_itself_looks_up_a_name_that_must_be_canonical() {
        let said = "//$ ssh -G -- server => 255\nssh: Could not resolve hostname server.nowhere.: Name or service not known\nssh: Could not resolve host \"server\"\n";
        check_client(
            "name-not-resolved",
            said,
            &[],
            &expect![[r#"
                certain: the name server has no address here
                  resolver: ssh: Could not resolve hostname server.nowhere.: Name or service not known
                  - ask the resolver that ssh asks: `getent ahosts server`; is it the right name?
                  - see whether any name resolves: `getent hosts debian.org`; is the VPN up?
            "#]],
        );
        check_client("client-config-invalid", said, &[], &expect![[""]]);
    }
}
