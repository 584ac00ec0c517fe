//! The algorithms that the releases know by name.
//!
//! Builds differ (without OpenSSL, FIPS, backports), so that a name unknown to a release is
//! suspect, and not certainly wrong.

use super::reading::Fault;
use crate::pattern;
use crate::release::Release;
use crate::words::Word;

/// The kind of algorithm in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Ciphers.
    Cipher,
    /// Message authentication codes.
    Mac,
    /// Key exchange.
    Kex,
    /// Key exchange by GSSAPI, which only patched builds know.
    Gss,
    /// Signatures of hosts, users and authorities.
    Signature,
}

/// A name, the first release that knows it and the first one that no longer does.
struct Known {
    name: &'static str,
    since: Release,
    before: Option<Release>,
    /// True where distributions brought the name to releases before `since`.
    backported: bool,
}

const fn since(name: &'static str, major: u16, minor: u16) -> Known {
    Known {
        name,
        since: Release::new(major, minor),
        before: None,
        backported: false,
    }
}

const fn always(name: &'static str) -> Known {
    since(name, 0, 0)
}

impl Known {
    const fn before(self, major: u16, minor: u16) -> Self {
        Self {
            before: Some(Release::new(major, minor)),
            ..self
        }
    }

    const fn backported(self) -> Self {
        Self {
            backported: true,
            ..self
        }
    }
}

static CIPHERS: &[Known] = &[
    always("3des-cbc"),
    always("aes128-cbc"),
    always("aes192-cbc"),
    always("aes256-cbc"),
    always("aes128-ctr"),
    always("aes192-ctr"),
    always("aes256-ctr"),
    always("aes128-gcm@openssh.com"),
    always("aes256-gcm@openssh.com"),
    always("chacha20-poly1305@openssh.com"),
    always("rijndael-cbc@lysator.liu.se").before(8, 5),
    always("blowfish-cbc").before(7, 6),
    always("cast128-cbc").before(7, 6),
    always("arcfour").before(7, 6),
    always("arcfour128").before(7, 6),
    always("arcfour256").before(7, 6),
];

static MACS: &[Known] = &[
    always("hmac-sha1"),
    always("hmac-sha1-96"),
    always("hmac-sha2-256"),
    always("hmac-sha2-512"),
    always("hmac-md5"),
    always("hmac-md5-96"),
    always("umac-64@openssh.com"),
    always("umac-128@openssh.com"),
    always("hmac-sha1-etm@openssh.com"),
    always("hmac-sha1-96-etm@openssh.com"),
    always("hmac-sha2-256-etm@openssh.com"),
    always("hmac-sha2-512-etm@openssh.com"),
    always("hmac-md5-etm@openssh.com"),
    always("hmac-md5-96-etm@openssh.com"),
    always("umac-64-etm@openssh.com"),
    always("umac-128-etm@openssh.com"),
    always("hmac-ripemd160").before(7, 6),
    always("hmac-ripemd160@openssh.com").before(7, 6),
    always("hmac-ripemd160-etm@openssh.com").before(7, 6),
];

static KEX: &[Known] = &[
    always("diffie-hellman-group1-sha1"),
    always("diffie-hellman-group14-sha1"),
    always("diffie-hellman-group14-sha256"),
    always("diffie-hellman-group16-sha512"),
    always("diffie-hellman-group18-sha512"),
    always("diffie-hellman-group-exchange-sha1"),
    always("diffie-hellman-group-exchange-sha256"),
    always("ecdh-sha2-nistp256"),
    always("ecdh-sha2-nistp384"),
    always("ecdh-sha2-nistp521"),
    always("curve25519-sha256@libssh.org"),
    since("curve25519-sha256", 7, 4),
    since("sntrup4591761x25519-sha512@tinyssh.org", 8, 0).before(8, 5),
    since("sntrup761x25519-sha512@openssh.com", 8, 5),
    since("sntrup761x25519-sha512", 9, 9).backported(),
    since("mlkem768x25519-sha256", 9, 9),
];

static SIGNATURES: &[Known] = &[
    always("ssh-ed25519"),
    always("ssh-ed25519-cert-v01@openssh.com"),
    always("ssh-rsa"),
    always("ssh-rsa-cert-v01@openssh.com"),
    since("rsa-sha2-256", 7, 2),
    since("rsa-sha2-512", 7, 2),
    since("rsa-sha2-256-cert-v01@openssh.com", 7, 8),
    since("rsa-sha2-512-cert-v01@openssh.com", 7, 8),
    always("ssh-dss").before(10, 0),
    always("ssh-dss-cert-v01@openssh.com").before(10, 0),
    always("ecdsa-sha2-nistp256"),
    always("ecdsa-sha2-nistp384"),
    always("ecdsa-sha2-nistp521"),
    always("ecdsa-sha2-nistp256-cert-v01@openssh.com"),
    always("ecdsa-sha2-nistp384-cert-v01@openssh.com"),
    always("ecdsa-sha2-nistp521-cert-v01@openssh.com"),
    since("sk-ssh-ed25519@openssh.com", 8, 2),
    since("sk-ssh-ed25519-cert-v01@openssh.com", 8, 2),
    since("sk-ecdsa-sha2-nistp256@openssh.com", 8, 2),
    since("sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", 8, 2),
    since("webauthn-sk-ecdsa-sha2-nistp256@openssh.com", 8, 4),
];

/// The first word of a list that this release does not know. A list that begins with `-` removes
/// patterns, and any pattern may be removed.
pub(super) fn suspect(word: &Word, family: Family, release: Release) -> Option<Fault> {
    let known = match family {
        Family::Cipher => CIPHERS,
        Family::Mac => MACS,
        Family::Kex => KEX,
        Family::Signature => SIGNATURES,
        Family::Gss => return None,
    };
    let list = match word.text.first()? {
        b'-' => return None,
        b'+' | b'^' => &word.text[1..],
        _ => word.text.as_slice(),
    };
    list.split(|&b| b == b',')
        .find_map(|name| suspect_name(name, known, family, release))
        .map(|fault| {
            let range = Some(word.range.clone());
            Fault { range, ..fault }
        })
}

fn suspect_name(name: &[u8], known: &[Known], family: Family, release: Release) -> Option<Fault> {
    let text = String::from_utf8_lossy(name);
    let of_release = |known: &&Known| {
        release >= known.since && known.before.is_none_or(|before| release < before)
    };
    let mut hits = known.iter().filter(|known| match family {
        Family::Signature => pattern::matches(known.name.as_bytes(), name),
        _ => known.name.as_bytes() == name,
    });
    if hits.clone().any(|known| of_release(&known)) {
        return None;
    }
    let depends = |why: String| Fault::new(why).uncertain();
    Some(match hits.next() {
        Some(known) if known.backported => depends(format!(
            "{} and later know the algorithm {text}, {release} only in some builds",
            known.since
        )),
        Some(known) if release < known.since => {
            let message = format!(
                "{release} does not know the algorithm {text}, which came with {}",
                known.since
            );
            Fault {
                certain: false,
                ..Fault::new(message)
            }
        }
        Some(_) => depends(format!(
            "{release} does not know the algorithm {text} any more"
        )),
        None => depends(format!(
            "no release knows the algorithm \"{text}\": whether sshd does depends on the build"
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &str, family: Family, release: Release) -> Option<(String, bool)> {
        let word = Word {
            text: list.into(),
            range: 0..list.len(),
        };
        suspect(&word, family, release).map(|fault| (fault.message, fault.build))
    }

    #[test]
    fn an_algorithm_is_known_from_its_first_to_its_last_release() {
        let old = Release::new(9, 2);
        assert_eq!(
            of("curve25519-sha256,ecdh-sha2-nistp256", Family::Kex, old),
            None
        );
        assert_eq!(
            of("mlkem768x25519-sha256", Family::Kex, Release::new(9, 9)),
            None
        );
        let newer = "OpenSSH 9.2 does not know the algorithm mlkem768x25519-sha256, which came with OpenSSH 9.9";
        assert_eq!(
            of("+mlkem768x25519-sha256", Family::Kex, old),
            Some((newer.to_owned(), false))
        );
        assert!(of("sntrup761x25519-sha512", Family::Kex, old).is_some_and(|(_, build)| build));
        assert!(of("arcfour", Family::Cipher, old).is_some_and(|(_, build)| build));
        assert!(
            of("aes128-ctr,nothing", Family::Cipher, old)
                .is_some_and(|(why, _)| why.contains("\"nothing\""))
        );
    }

    #[test]
    fn removed_algorithms_may_be_unknown_and_signature_algorithms_may_be_patterns() {
        let old = Release::new(9, 2);
        assert_eq!(of("-nothing", Family::Kex, old), None);
        assert_eq!(of("*,ssh-*", Family::Signature, old), None);
        assert!(of("aes*", Family::Cipher, old).is_some());
        assert!(of("sk-*", Family::Signature, Release::new(8, 0)).is_some());
    }
}
