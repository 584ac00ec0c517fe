//! The rehearsed handshake: the future sshd and the real ssh, at the two ends of a pipe.

use sshmend_facts::Sshd;

use crate::check::{Check, Expect};

/// What `ssh -v` says when it is told how it may go on: the keys are agreed on, and it is known who wants to log in.
const METHODS: &str = "debug1: Authentications that can continue: ";

/// What `ssh -v` says once the other end has signed what both have agreed on.
const HOST_KEY: &str = "debug1: Server host key: ";

/// Options with which ssh reads no file, asks nobody, offers no key and leaves nothing behind.
const ALONE: [&str; 14] = [
    "-F",
    "none",
    "-v",
    "-oBatchMode=yes",
    "-oUserKnownHostsFile=/dev/null",
    "-oGlobalKnownHostsFile=/dev/null",
    "-oUpdateHostKeys=no",
    "-oPreferredAuthentications=none",
    "-oIdentityFile=none",
    "-oIdentityAgent=none",
    "-oGSSAPIAuthentication=no",
    "-oControlMaster=no",
    "-oControlPath=none",
    "-oConnectTimeout=10",
];

/// A login up to the list of methods that may follow, with sshd in inetd mode at the other end: no network, nothing in the
/// log. `None` where the program of sshd is not known.
pub fn handshake(sshd: &Sshd, user: Option<&str>) -> Option<Check> {
    let program = sshd.program.as_deref()?;
    let words = [program, "-i", "-e"].into_iter();
    let words = words.chain(sshd.options.iter().map(String::as_str));
    let server: Vec<String> = words.map(quoted).collect();
    let proxy = format!("-oProxyCommand={}", server.join(" ").replace('%', "%%"));
    let mut argv = vec!["ssh"];
    argv.extend(ALONE);
    argv.extend([
        "-oStrictHostKeyChecking=no",
        &proxy,
        "-l",
        user.unwrap_or("root"),
    ]);
    argv.extend(["rehearsal", "true"]);
    let title = "a handshake of ssh with sshd -i";
    Some(Check::new(
        title,
        &argv,
        Expect::Continues(METHODS.to_owned()),
    ))
}

/// A key exchange of ssh with whoever answers at an address; it ends before anybody logs in.
pub fn key_exchange(address: std::net::SocketAddr) -> Check {
    let (ip, port) = (address.ip().to_string(), format!("-p{}", address.port()));
    let mut argv = vec!["ssh"];
    argv.extend(ALONE);
    argv.extend([
        "-oStrictHostKeyChecking=yes",
        "-oProxyCommand=none",
        &port,
        "-l",
        "root",
    ]);
    argv.extend([ip.as_str(), "true"]);
    let title = format!("a key exchange at {address}");
    Check::new(&title, &argv, Expect::Continues(HOST_KEY.to_owned()))
}

/// What ssh says of a handshake that did not come so far, in one sentence.
pub fn why_no_handshake(said: &str) -> String {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let telling = [
        "Unable to negotiate",
        "Permission denied",
        "Received disconnect",
        "Bad configuration",
    ];
    // Both ends speak, in no certain order: what sshd calls "their offer" is the list of ssh.
    let by_ssh = |line: &&str| !line.ends_with("[preauth]");
    let found = telling
        .iter()
        .find_map(|word| {
            let mut all = lines().filter(|line| line.contains(word));
            all.clone().find(by_ssh).or_else(|| all.next())
        })
        .or_else(|| lines().rfind(|line| line.contains("No supported")))
        .or_else(|| {
            lines().rfind(|line| !line.starts_with("debug1:") && !line.starts_with("OpenSSH_"))
        });
    match found {
        Some(line) if line.contains("Permission denied ()") => {
            "no method to log in is left (Permission denied ())".to_owned()
        }
        Some(line) => line.to_owned(),
        None => "it ended without a word".to_owned(),
    }
}

/// A word as a shell takes it, for ssh hands its command to one.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_future_sshd_is_started_with_its_own_options() {
        let sshd = Sshd {
            program: Some("/usr/sbin/sshd".to_owned()),
            options: vec!["-o".to_owned(), "Banner=/x %h".to_owned()],
            ..Sshd::default()
        };
        let check = handshake(&sshd, Some("dora")).expect("the program is known");
        let proxy = "-oProxyCommand='/usr/sbin/sshd' '-i' '-e' '-o' 'Banner=/x %%h'";
        assert!(
            check.argv.iter().any(|word| word == proxy),
            "{:?}",
            check.argv
        );
        assert_eq!(handshake(&Sshd::default(), None), None);
    }

    #[test]
    fn what_ssh_says_becomes_one_sentence() {
        for (said, why) in [
            (
                "debug1: x\nUnable to negotiate with UNKNOWN port 65535: no matching cipher found. Their offer: aes256-cbc\nz\n",
                "Unable to negotiate with UNKNOWN port 65535: no matching cipher found. Their offer: aes256-cbc",
            ),
            (
                "Unable to negotiate with UNKNOWN port 65535: no matching MAC found. Their offer: umac-64@openssh.com [preauth]\n\
                 Unable to negotiate with UNKNOWN port 65535: no matching MAC found. Their offer: hmac-md5\n",
                "Unable to negotiate with UNKNOWN port 65535: no matching MAC found. Their offer: hmac-md5",
            ),
            (
                "OpenSSH_9.2p1\nroot@rehearsal: Permission denied ().\n",
                "no method to log in is left (Permission denied ())",
            ),
            (
                "debug1: a\nNo supported key exchange algorithms [preauth]\nConnection closed by UNKNOWN port 65535\n",
                "No supported key exchange algorithms [preauth]",
            ),
            ("debug1: a\n", "it ended without a word"),
        ] {
            assert_eq!(why_no_handshake(said), why);
        }
    }
}
