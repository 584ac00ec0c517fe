use crate::facts::Facts;
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "name-not-resolved",
    title: "the host name has no address here",
    gate: Gate::Client,
    explain: "\
ssh looks up the name that `HostName` in its configuration makes of the destination: a typing error, an alias that is
defined for another user, a search domain or VPN that is missing, a name server that does not answer. `ssh: Could not
resolve hostname`.

**Known for certain** by looking it up in the same way.

**Mended** by the right name, an entry in `~/.ssh/config`, or the network that knows the name.

**It is not** the server.",
    server: silent,
    client: from_client,
};

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some((host, _)) = facts.first_hop() else { return };
    match facts.addresses() {
        Ok(addresses) if addresses.is_empty() => unknown(facts, &host, "no address", verdict),
        Ok(addresses) => verdict.exclude(format!("{host} has {} addresses", addresses.len())),
        Err(unchecked) if facts.snapshot.resolved(&host).is_some() => unknown(facts, &host, &unchecked.reason, verdict),
        Err(unchecked) => verdict.unchecked.push(unchecked),
    }
}

fn unknown(facts: &Facts<'_>, host: &str, reason: &str, verdict: &mut Verdict) {
    let finding = verdict.certain(format!("the name {host} has no address here")).following("proxy-failed");
    finding.shown_by("resolver", reason);
    finding.led_by(facts);
    finding.step(format!("ask the resolver that ssh asks: `getent ahosts {host}`; is it the right name?"));
    finding.step("see whether any name resolves: `getent hosts debian.org`; is the VPN up?");
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_unresolved, check_way, works};
    use expect_test::expect;

    #[test]
    fn the_resolver_s_word_is_certain() {
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
}
