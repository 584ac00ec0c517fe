use crate::facts::{Facts, Proxy, Reply};
use crate::verdict::{Cause, Gate, Unchecked, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "proxy-failed",
    title: "the way through a jump host or proxy command fails",
    gate: Gate::Client,
    explain: "\
With `ProxyJump` or `ProxyCommand` ssh talks to a program that carries the connection. When that program ends, ssh
says `Connection closed by UNKNOWN port 65535`: the cause is in the proxy, and the last host has not even been asked.
The jump host is down or refuses the login, may not forward (`AllowTcpForwarding no`, `PermitOpen`), cannot reach the
host, or the program does not exist.

**Known for certain** where the jump host does not answer to us either, or the proxy says so itself.

**Mended** hop by hop: `ssh JUMP` alone first, then `ssh -W HOST:PORT JUMP`.

**It is not** a limit of the last host, until proven.",
    server: silent,
    client: from_client,
};

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(route) = facts.route().ok() else { return };
    match route.proxy {
        Proxy::Direct => verdict.exclude("ssh goes to the host directly"),
        Proxy::Jump(first, all) => jump(facts, &first, &all, verdict),
        Proxy::Command(command) => {
            verdict.unchecked.push(Unchecked::new("first hop", format!("it goes through a command: {command}")));
        }
    }
}

fn jump(facts: &Facts<'_>, first: &str, all: &str, verdict: &mut Verdict) {
    let tried = facts.tried();
    let replies = || tried.iter().flat_map(|tried| tried.replies.iter().map(|reply| (tried.to, reply)));
    if replies().next().is_none() || replies().any(|(_, reply)| matches!(reply, Reply::Works(_))) {
        return;
    }
    let finding = verdict.certain(format!("the jump host {first} does not let the connection through"));
    replies().for_each(|(to, reply)| _ = finding.shown_by(format!("connection to {to}"), reply.text()));
    finding.shown_by("ssh -G", format!("proxyjump {all}"));
    finding.step("look at the jump host as a destination of its own: `sshmend diagnose JUMP-HOST`");
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_jump, check_way, refused_by, works};
    use expect_test::expect;

    #[test]
    fn a_jump_host_that_does_not_answer_is_certain() {
        check_jump(
            "proxy-failed",
            &[refused_by()],
            &expect![[r#"
            certain: the jump host bastion does not let the connection through
              connection to 192.0.2.1:22: connection refused
              ssh -G: proxyjump bastion
              - look at the jump host as a destination of its own: `sshmend diagnose JUMP-HOST`
        "#]],
        );
        check_jump("proxy-failed", &[works()], &expect![[""]]);
        check_way(
            "proxy-failed",
            &[works()],
            &expect![[r#"
            excluded: ssh goes to the host directly
        "#]],
        );
    }
}
