use std::path::Path;

use sshmend_lossless::fixture::snapshot;
use sshmend_lossless::{Entry, Kind, Metadata, Request};
use sshmend_sshd_config::{Readings, Release};

use super::*;

/// The part of the machine beside sshd_config that matters.
const MACHINE: &str = "\
//- /etc/passwd
root:x:0:0::/root:/bin/bash
dora:x:1001:1001::/home/dora:/bin/bash
//- /etc/group
ops:x:27:dora
dora:x:1001:
//- /etc/shadow
root:!:1::::::
dora:$y$j9T$x:1::::::
//- /home/dora/.ssh/authorized_keys
ssh-ed25519 AAAAC3 dora
//- /root/.ssh/authorized_keys
ssh-ed25519 AAAAC3 dora
//- /etc/ssh/ssh_host_rsa_key
r
//- /etc/ssh/ssh_host_ed25519_key
e
//- /etc/ssh/ssh_host_ecdsa_key missing
//- /etc/ssh/damaged.conf unreadable:Input/output error
//- /etc/ssh/keys/revoked
# none yet
//- /etc/ssh/keys/odd
root:x:0:0
//- /opt missing
//- /opt/none missing
";

fn lockout_of(person: &Person, before: &str, after: &str) -> Lockout {
    let seen = |text: &str| {
        let text = if text.is_empty() { "UseDNS no\n" } else { text };
        snapshot(&format!("{MACHINE}//- /etc/ssh/sshd_config\n{text}"))
    };
    let (before, after) = (seen(before), seen(after));
    let change = SshdChange {
        before: &before,
        after: &after,
        main: Path::new("/etc/ssh/sshd_config"),
        overrides: &[],
        reading: Release::new(9, 2),
        socket: false,
        readings: &Readings::default(),
    };
    change.lockout(person)
}

fn dora() -> Person {
    Person::new(
        Some("dora".to_owned()),
        Some("192.0.2.9 5000 198.51.100.1 22"),
    )
}

fn of_root() -> Person {
    Person {
        user: Some("root".to_owned()),
        ..dora()
    }
}

#[track_caller]
fn check(person: &Person, before: &str, after: &str, expected: &str) {
    let found = match lockout_of(person, before, after) {
        Lockout::Keeps => "keeps".to_owned(),
        Lockout::Loses { why, .. } => format!("loses: {why}"),
        Lockout::Unknown(why) => format!("unknown: {why}"),
    };
    assert!(found.starts_with(expected), "{after}: {found}");
}

#[test]
fn certain_refusals_are_reported_as_a_lockout() {
    for (after, why) in [
        (
            "AddressFamily inet6\n",
            "sshd would not listen on 198.51.100.1 port 22",
        ),
        ("Port 2222\n", "sshd would not listen"),
        ("ListenAddress 198.51.100.2\n", "sshd would not listen"),
        ("PerSourceMaxStartups 0\n", "PerSourceMaxStartups 0 drops"),
        ("MaxSessions 0\n", "MaxSessions 0"),
        (
            "HostKeyAlgorithms ssh-dss\n",
            "HostKeyAlgorithms ssh-dss: no current client",
        ),
        ("Ciphers aes256-cbc,3des-cbc\n", "Ciphers aes256-cbc"),
        ("MACs hmac-md5\n", "MACs hmac-md5"),
        (
            "KexAlgorithms diffie-hellman-group1-sha1\n",
            "KexAlgorithms",
        ),
        ("ForceCommand /bin/false\n", "ForceCommand /bin/false ends"),
        (
            "ForceCommand internal-sftp\n",
            "ForceCommand internal-sftp allows no shell",
        ),
        (
            "ForceCommand /opt/none --menu\n",
            "ForceCommand /opt/none --menu: the program does not exist",
        ),
        ("ChrootDirectory /opt/%u\n", "ChrootDirectory: /opt"),
        ("DenyUsers do*\n", "DenyUsers refuses dora"),
        ("DenyGroups ops\n", "DenyGroups refuses dora"),
        (
            "AllowUsers ann dora@203.0.113.*\n",
            "AllowUsers does not let dora in",
        ),
        ("AllowGroups staff\n", "AllowGroups does not let dora in"),
        (
            "Match User dora\nAllowUsers ann\n",
            "AllowUsers does not let dora in",
        ),
        (
            "PubkeyAuthentication no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
            "no authentication method",
        ),
    ] {
        check(&dora(), "", after, &format!("loses: {why}"));
    }
    check(
        &of_root(),
        "PermitRootLogin yes\n",
        "PermitRootLogin no\n",
        "loses: you log in as root",
    );
    let keys = "PermitRootLogin prohibit-password\n";
    let none = "PermitRootLogin prohibit-password\nRevokedKeys /etc/ssh/keys/odd\n";
    check(
        &of_root(),
        keys,
        none,
        "loses: no authentication method is left: ",
    );
    check(
        &of_root(),
        "UsePAM yes\n",
        "UsePAM no\n",
        "loses: sshd without PAM",
    );
}

#[test]
fn possible_refusals_are_reported_as_a_doubt() {
    for after in [
        "PubkeyAuthentication no\n",
        "PasswordAuthentication no\n",
        "AuthenticationMethods publickey,password\n",
        "AuthenticationMethods publickey,publickey\n",
        "AuthorizedKeysFile /etc/ssh/keys/%u\n",
        "PubkeyAcceptedAlgorithms rsa-sha2-512\n",
        "RevokedKeys /etc/ssh/keys/odd\n",
        "MaxStartups 1\n",
        "LoginGraceTime 2\n",
        "MaxAuthTries 1\n",
        "PerSourceNetBlockSize 0:0\nPerSourceMaxStartups 3\n",
        "TrustedUserCAKeys /etc/ssh/ca\n",
        "PermitTTY no\n",
        "ForceCommand /usr/local/bin/menu\n",
        "AllowUsers dora@*.example.org\n",
        "SetEnv SITE=north BASH_ENV=/opt/none\n",
        "SetEnv LD_PRELOAD=/opt/none.so\n",
        "SetEnv TMOUT=1\n",
    ] {
        check(
            &dora(),
            "UsePAM yes\n",
            &format!("UsePAM yes\n{after}"),
            "unknown: ",
        );
    }
    check(&dora(), "UsePAM yes\n", "UsePAM no\n", "unknown: ");
    let forced = "PermitRootLogin forced-commands-only\n";
    check(
        &of_root(),
        "PermitRootLogin prohibit-password\n",
        forced,
        "unknown: root logs in only",
    );
    check(&of_root(), "PermitRootLogin yes\n", forced, "unknown: ");
}

#[test]
fn harmless_changes_need_no_confirmation() {
    for (before, after) in [
        ("", "MaxStartups 30:30:200\n"),
        ("", "AllowUsers dora\n"),
        ("", "SetEnv SITE=north LC_TIME=C\n"),
        (
            "SetEnv PATH=/opt/bin\n",
            "SetEnv PATH=/opt/bin SITE=north\n",
        ),
        ("", "Match User ann\nForceCommand /bin/false\n"),
        (
            "",
            "Match Address 203.0.113.0/24\nPubkeyAuthentication no\n",
        ),
        ("", "Port 22\nPort 2222\n"),
        (
            "PasswordAuthentication no\n",
            "PasswordAuthentication yes\n",
        ),
        ("", "RevokedKeys none\n"),
        ("StrictModes yes\n", "StrictModes no\n"),
        ("MaxSessions 0\n", "MaxSessions 0\nX11Forwarding no\n"),
        ("", "Ciphers aes256-ctr,aes256-cbc\n"),
        ("", "PubkeyAcceptedAlgorithms +ssh-rsa\n"),
        ("", "LogLevel DEBUG\nBanner /etc/issue\n"),
    ] {
        check(&dora(), before, after, "keeps");
    }
    check(
        &of_root(),
        "PermitRootLogin prohibit-password\n",
        "PermitRootLogin yes\n",
        "keeps",
    );
}

#[test]
fn this_machine_and_kept_addresses_are_checked_for_a_lockout() {
    let console = Person {
        user: Some("dora".to_owned()),
        ..Person::default()
    };
    check(&console, "", "ListenAddress 198.51.100.2\n", "keeps");
    check(
        &console,
        "",
        "AllowUsers dora@192.0.2.*\n",
        "unknown: from 127.0.0.1 (this machine itself): AllowUsers",
    );
    let kept = Person {
        keep: vec!["203.0.113.4".parse().expect("an address")],
        ..console.clone()
    };
    let names = "AllowUsers dora@192.0.2.* dora@127.0.0.1 dora@::1\n";
    check(
        &kept,
        "",
        names,
        "loses: from 203.0.113.4 (--keep): AllowUsers does not let dora in",
    );
    check(
        &kept,
        "",
        "AddressFamily inet6\n",
        "loses: from 203.0.113.4 (--keep): sshd would not listen on an IPv4",
    );
    let block = "Match Address 203.0.113.0/24\nMaxAuthTries 0\n";
    check(
        &kept,
        "",
        block,
        "loses: from 203.0.113.4 (--keep): MaxAuthTries 0",
    );
    check(
        &Person::default(),
        "",
        "MaxAuthTries 0\n",
        "loses: MaxAuthTries 0",
    );
    check(&Person::default(), "", "AllowUsers ann\n", "keeps");
}

#[test]
fn a_chroot_must_exist_belong_to_root_and_contain_a_shell() {
    let wanted = |text: &str| {
        let seen = snapshot(&format!("{MACHINE}//- /etc/ssh/sshd_config\n{text}"));
        let change = SshdChange {
            before: &seen,
            after: &seen,
            main: Path::new("/etc/ssh/sshd_config"),
            overrides: &[],
            reading: Release::new(9, 2),
            socket: false,
            readings: &Readings::default(),
        };
        let cage = Metadata {
            kind: Kind::Directory,
            mode: 0o755,
            ..Metadata::default()
        };
        let mut asked = Vec::new();
        let judge = |seen: &Snapshot| {
            let change = SshdChange {
                before: seen,
                after: seen,
                ..change
            };
            change.lockout(&dora())
        };
        let mut seen = seen.clone();
        seen.fill(judge, |requests, seen, _| {
            asked.extend_from_slice(requests);
            for request in requests {
                if let Request::Stat(path) | Request::Read(path) = request {
                    seen.insert(path, Entry::Seen(cage.clone()));
                }
            }
        });
        asked
    };
    let stats = wanted("ChrootDirectory /var/cage/%u\nRevokedKeys /etc/ssh/gone\n");
    for path in ["/var/cage", "/var/cage/dora", "/var/cage/dora/bin/bash"] {
        assert!(stats.contains(&Request::Stat(path.into())), "{stats:?}");
    }
    assert!(stats.contains(&Request::Read("/etc/ssh/gone".into())));
}

#[test]
fn algorithms_that_other_clients_may_lack_are_a_doubt() {
    for (before, after, expected) in [
        (
            "",
            "KexAlgorithms mlkem768x25519-sha256\n",
            "unknown: not every client supports KexAlgorithms mlkem768x25519-sha256",
        ),
        (
            "",
            "Ciphers chacha20-poly1305@openssh.com\n",
            "unknown: not every client supports Ciphers chacha20",
        ),
        (
            "",
            "Ciphers -aes*\n",
            "unknown: not every client supports Ciphers -aes*",
        ),
        (
            "",
            "MACs umac-64@openssh.com\n",
            "unknown: not every client supports MACs umac-64",
        ),
        ("", "MACs hmac-sha2-512-etm@openssh.com\n", "keeps"),
        ("", "Ciphers aes256-gcm@openssh.com,aes256-ctr\n", "keeps"),
        ("", "Ciphers -aes128-ctr,aes192-ctr\n", "keeps"),
        ("", "KexAlgorithms ^curve25519-sha256\n", "keeps"),
        (
            "Ciphers chacha20-poly1305@openssh.com\n",
            "Ciphers aes256-gcm@openssh.com\n",
            "keeps",
        ),
    ] {
        check(&dora(), before, after, expected);
    }
}

#[test]
fn removing_a_host_key_that_clients_may_know_is_a_doubt() {
    let rsa = "HostKey /etc/ssh/ssh_host_rsa_key\n";
    let both = "HostKey /etc/ssh/ssh_host_rsa_key\nHostKey /etc/ssh/ssh_host_ed25519_key\n";
    let gone = "unknown: clients that know only the host key in /etc/ssh/ssh_host_ed25519_key would refuse this machine: HostKey no longer names it";
    let left_out = "unknown: clients that know only the host key in /etc/ssh/ssh_host_ed25519_key would refuse this machine: HostKeyAlgorithms rsa-sha2-512 excludes it";
    for (before, after, expected) in [
        ("", rsa, gone),
        (both, rsa, gone),
        ("", "HostKeyAlgorithms rsa-sha2-512\n", left_out),
        (
            "",
            "HostKeyAlgorithms -ssh-ed25519*\n",
            "unknown: clients that know",
        ),
        // The key does not exist.
        ("", both, "keeps"),
        ("", "HostKeyAlgorithms ssh-ed25519,rsa-sha2-256\n", "keeps"),
        (rsa, "", "keeps"),
        (
            rsa,
            "HostKey /etc/ssh/ssh_host_rsa_key\nHostKeyAlgorithms rsa-sha2-512\n",
            "keeps",
        ),
    ] {
        check(&dora(), before, after, expected);
    }
}

#[test]
fn an_unreadable_file_does_not_mean_the_default() {
    let damaged = "Include /etc/ssh/damaged.conf\n";
    check(
        &dora(),
        damaged,
        &format!("{damaged}MaxSessions 7\n"),
        "unknown: /etc/ssh/damaged.conf cannot be read",
    );
}

#[test]
fn a_person_from_an_unknown_address_is_checked_as_any_ssh_client() {
    let handed_over = Person::new(Some("dora".to_owned()), Some("UNKNOWN 65535 UNKNOWN 65535"));
    let over_a_link = Person::new(
        Some("dora".to_owned()),
        Some("fe80::9%eth0 5000 fe80::1%eth0 22"),
    );
    for (person, after, expected) in [
        (&handed_over, "DenyUsers dora\n", "loses: DenyUsers"),
        (
            &handed_over,
            "AllowUsers *@192.0.2.9 *@127.0.0.1 *@::1\n",
            "unknown: whether AllowUsers",
        ),
        (
            &handed_over,
            "Port 2222\n",
            "unknown: listenaddress changes",
        ),
        (&handed_over, "MaxSessions 7\n", "keeps"),
        (&over_a_link, "Port 2222\n", "loses: sshd would not listen"),
        (
            &over_a_link,
            "AllowUsers dora@fe80::9 *@127.0.0.1 *@::1\n",
            "unknown: whether AllowUsers",
        ),
    ] {
        check(person, "", after, expected);
    }
}
