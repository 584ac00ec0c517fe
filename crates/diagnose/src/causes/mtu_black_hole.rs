use sshmend_facts::{Facts, Reply};

use super::replied::replied;
use crate::finding::Certainty;
use crate::verdict::{Judges, UNSEEN, Verdict};

pub(super) const JUDGES: Judges = Judges {
    client: from_client,
    ..UNSEEN
};

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = replied(facts, verdict, |reply| {
        matches!(reply, Reply::SilentAfterBanner(_))
    }) else {
        return;
    };
    let what = "the banner arrives and the larger packet after it does not, as with a path that loses large packets";
    let finding = replied.report(verdict, Certainty::Likely, what);
    finding.step("see which size gets through: `ping -M do -s 1472 HOST`, then less");
    finding.step("try smaller packets: `ssh -o KexAlgorithms=curve25519-sha256 -o HostKeyAlgorithms=ssh-ed25519 -o Ciphers=aes128-ctr -o MACs=hmac-sha2-256 …`");
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_way, silent_after_banner, works};
    use expect_test::expect;

    #[test]
    fn silence_after_the_banner_suggests_it() {
        check_way(
            "mtu-black-hole",
            &[silent_after_banner()],
            &expect![[r#"
            likely: the banner arrives and the larger packet after it does not, as with a path that loses large packets
              connection to 192.0.2.10:22: says SSH-2.0-OpenSSH_9.2p1 Debian-2, then nothing
              - see which size gets through: `ping -M do -s 1472 HOST`, then less
              - try smaller packets: `ssh -o KexAlgorithms=curve25519-sha256 -o HostKeyAlgorithms=ssh-ed25519 -o Ciphers=aes128-ctr -o MACs=hmac-sha2-256 …`
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
