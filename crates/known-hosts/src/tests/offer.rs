use crate::tests::text::{expand, key};
use crate::{Fingerprint, Ignored, KeyFault, OfferProblem, OfferedKeys};

#[test]
fn lines_without_a_key_are_named_by_number() {
    let text = expand(
        "\n# h:22 SSH-2.0-OpenSSH_9.2\n@revoked h ED1\nh CERT1\nh ssh-rsa AAAA\nssh-rsa !\nh 1024 35 1\nword\nssh-rsa\n",
    );
    let expected = [
        (3, OfferProblem::Marked),
        (4, OfferProblem::Certificate),
        (5, OfferProblem::Unreadable(KeyFault::Malformed)),
        (6, OfferProblem::Unreadable(KeyFault::NotBase64)),
        (7, OfferProblem::Ignored(Ignored::Ssh1)),
        (8, OfferProblem::Ignored(Ignored::NoKey)),
        (9, OfferProblem::Ignored(Ignored::NoKey)),
    ];
    let offer = OfferedKeys::parse(text.as_bytes());
    assert_eq!((offer.keys, &*offer.problems), (Vec::new(), &expected[..]));
}

#[test]
fn private_keys_and_other_formats_are_refused_with_a_hint() {
    let private = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n";
    let other = "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n";
    let offer = OfferedKeys::parse(format!("{private}{other}{}", expand("ED1\n")).as_bytes());
    assert_eq!(
        offer.problems,
        [
            (1, OfferProblem::PrivateKey),
            (5, OfferProblem::OtherFormat)
        ]
    );
    assert!(
        offer
            .problems
            .iter()
            .all(|(_, problem)| problem.hint().is_some())
    );
    assert_eq!(offer.host_keys(), [key("ED1")]);
}

#[test]
fn keys_are_read_from_scans_key_files_and_known_hosts() {
    let offer =
        OfferedKeys::parse(expand("h ED1\r\n[h]:2222\tRSA1\nECDSA1 root@h\nDSA1").as_bytes());
    let hosts: Vec<Option<&str>> = offer
        .keys
        .iter()
        .map(|offered| offered.hosts.as_deref())
        .collect();
    assert_eq!(hosts, [Some("h"), Some("[h]:2222"), None, None]);
    assert_eq!(
        offer.host_keys(),
        ["ED1", "RSA1", "ECDSA1", "DSA1"].map(key)
    );
    assert_eq!(offer.problems, []);
}

#[test]
fn only_keys_with_an_expected_fingerprint_match_and_each_once() {
    let offer = OfferedKeys::parse(expand("h ED1\nh RSA1\ni ED1\n").as_bytes());
    let expected = Fingerprint::parse("SHA256:KSaXqxN8Y0JDPLYhRXvJx7e5Z0nXAF3hDfhmd+3G8Is=")
        .expect("a fingerprint");
    assert_eq!(offer.matching(&[expected]), [key("ED1")]);
    assert_eq!(offer.matching(&[key("ED2").fingerprint()]), []);
}
