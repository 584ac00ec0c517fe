use std::net::IpAddr;

use sshmend_facts::{Facts, Reply};

use crate::evidence::probe::probe_evidence;
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::client(from_client);

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = probe_evidence(facts, verdict, |reply| {
        matches!(reply, Reply::SilentAfterBanner(_))
    }) else {
        return;
    };
    let what = "the banner arrives but the larger packet after it does not, as on a path that loses large packets";
    let finding = replied.report(verdict, Certainty::Likely, what);
    let to = facts.addresses().ok().and_then(|all| all.first().copied());
    if let Some((command, undo)) = to.and_then(|to| small_packets(facts, to)) {
        finding.step(format!(
            "try with small packets between this machine and that host, until the next boot: `{command}`"
        ));
        finding.step(format!("`{undo}` ends that; then find the size that the path takes, and set it on the interface or the tunnel"));
    }
    finding.step("see which size gets through: `ping -M do -s 1472 HOST`, then less");
    finding.step("try smaller packets: `ssh -o KexAlgorithms=curve25519-sha256 -o HostKeyAlgorithms=ssh-ed25519 -o Ciphers=aes128-ctr -o MACs=hmac-sha2-256 DESTINATION`");
}

/// The commands that add a route for an address with the smallest packets that every path carries,
/// and that delete it. The server is affected as well, through the segment size announced at the
/// start of each connection.
fn small_packets(facts: &Facts<'_>, to: IpAddr) -> Option<(String, String)> {
    let way = facts.way_to(to)?;
    let interface = way.interface?;
    let via = way
        .via
        .map_or_else(String::new, |router| format!(" via {router}"));
    // RFC 791 and RFC 8200 name the sizes; 40 and 60 bytes are the headers of IP and TCP.
    let (bits, program, mtu, segment) = match to {
        IpAddr::V4(_) => (32, "ip", 576, 536),
        IpAddr::V6(_) => (128, "ip -6", 1280, 1220),
    };
    let undo = format!("sudo {program} route del {to}/{bits}");
    let command = format!(
        "sudo {program} route add {to}/{bits}{via} dev {interface} mtu {mtu} advmss {segment}"
    );
    Some((command, undo))
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_client, check_way, silent_after_banner, works};
    use expect_test::expect;

    #[test]
    fn silence_after_the_banner_suggests_an_mtu_black_hole() {
        check_way(
            "mtu-black-hole",
            &[silent_after_banner()],
            &expect![[r#"
            likely: the banner arrives but the larger packet after it does not, as on a path that loses large packets
              connection to 192.0.2.10:22: says SSH-2.0-OpenSSH_9.2p1 Debian-2, then nothing
              - see which size gets through: `ping -M do -s 1472 HOST`, then less
              - try smaller packets: `ssh -o KexAlgorithms=curve25519-sha256 -o HostKeyAlgorithms=ssh-ed25519 -o Ciphers=aes128-ctr -o MACs=hmac-sha2-256 DESTINATION`
        "#]],
        );
        let way = "//$ ip route get 192.0.2.10 => 0\n192.0.2.10 via 198.51.100.1 dev eth0 src 198.51.100.7 uid 1000\n";
        check_client(
            "mtu-black-hole",
            way,
            &[silent_after_banner()],
            &expect![[r#"
                likely: the banner arrives but the larger packet after it does not, as on a path that loses large packets
                  connection to 192.0.2.10:22: says SSH-2.0-OpenSSH_9.2p1 Debian-2, then nothing
                  - try with small packets between this machine and that host, until the next boot: `sudo ip route add 192.0.2.10/32 via 198.51.100.1 dev eth0 mtu 576 advmss 536`
                  - `sudo ip route del 192.0.2.10/32` ends that; then find the size that the path takes, and set it on the interface or the tunnel
                  - see which size gets through: `ping -M do -s 1472 HOST`, then less
                  - try smaller packets: `ssh -o KexAlgorithms=curve25519-sha256 -o HostKeyAlgorithms=ssh-ed25519 -o Ciphers=aes128-ctr -o MACs=hmac-sha2-256 DESTINATION`
            "#]],
        );
        check_way(
            "mtu-black-hole",
            &[works()],
            &expect![[r#"
            excluded: 192.0.2.10:22 says SSH-2.0-OpenSSH_9.2p1 Debian-2 and begins the key exchange
        "#]],
        );
    }
}
