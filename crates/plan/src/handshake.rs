//! The rehearsed handshake: the future sshd and the real ssh, at the two ends of a pipe.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use sshmend_facts::Sshd;

use crate::access::Keeper;
use crate::check::{Check, Expect};
use crate::person::Person;

/// Printed by `ssh -v` with the methods it may try next: keys are agreed on, and the server knows
/// the user name.
const METHODS: &str = "debug1: Authentications that can continue: ";

/// Printed by `ssh -v` once the server has signed the exchange that both agreed on.
const HOST_KEY: &str = "debug1: Server host key: ";

/// Options with which ssh reads no file, asks no questions, offers no key and leaves nothing
/// behind.
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

/// Shell functions for a handshake; `shake OPTION…` leaves what ssh said in `$said`. Of the algorithms that both sides offer, the
/// first one of the client's list is used. ssh offers all of its list, so that what cannot be agreed on is seen as ever, but
/// begins with one that costs a millisecond: the first one of OpenSSH 9.0 to 9.8 takes both sides fifty. A release that
/// does not know `^` (before 8.0) is asked again with its list as it is.
const SHAKE: &str = r#"
shake() {
    said=$(ssh -oKexAlgorithms=^ecdh-sha2-nistp256 "$@" 2>&1)
    case $said in *'Bad SSH2 KexAlgorithms'*) said=$(ssh "$@" 2>&1) ;; esac
}
"#;

/// Between an ssh and an sshd in inetd mode.
const PIPE: &str = r#"
shake "$@"
printf '%s\n' "$said"
"#;

/// A login up to the list of methods that may continue, with sshd in inetd mode at the other end:
/// no network, no log entry. `None` if the program of sshd is unknown.
pub(crate) fn handshake(sshd: &Sshd, user: Option<&str>) -> Option<Check> {
    let program = sshd.program.as_deref()?;
    let words = [program, "-i", "-e"].into_iter();
    let words = words.chain(sshd.options.iter().map(String::as_str));
    let server: Vec<String> = words.map(quoted).collect();
    let proxy = format!("-oProxyCommand={}", server.join(" ").replace('%', "%%"));
    let script = [SHAKE, PIPE].concat();
    let mut argv = vec!["sh", "-c", &script, "sh"];
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

/// In a temporary network namespace, ssh connects from one address and sshd listens on another:
/// this is the only way to match a Match block of that address, because in inetd mode sshd does not
/// know a client's address. What is negotiated before authentication cannot be set in a Match
/// block. sshd's command line is passed as one word, quoted for a shell. An sshd that has ended is
/// not waited for: it does not open its port any more.
const FROM: &str = r#"
from=$1 to=$2 port=$3 server=$4; shift 4
ip link set lo up && ip address replace "$from" dev lo && ip address replace "$to" dev lo || exit
sh -c "exec $server -D -e -o PidFile=none -o ListenAddress=[$to]:$port" 2> /dev/null &
tries=0
while shake -b "$from" -p "$port" "$@" "$to" true; [ "$tries" -lt 100 ]; do
    case $said in *'Connection refused'*) ;; *) break ;; esac
    kill -0 "$!" 2> /dev/null || break
    sleep 0.02
    tries=$((tries + 1))
done
printf '%s\n' "$said"
"#;

/// From how many addresses a handshake is rehearsed; each starts an sshd of its own.
const MOST_FROM: usize = 4;

/// The same handshake from the address of the person and from each address to be kept, as sshd will
/// see them. Empty if the program of sshd is unknown or nobody connects over the network.
pub(crate) fn handshakes_from(sshd: &Sshd, person: &Person) -> Vec<Check> {
    let Some(program) = sshd.program.as_deref() else {
        return Vec::new();
    };
    let from = |keeper: &Keeper| {
        let from = keeper.addr.filter(is_global)?.to_canonical();
        if from.is_loopback() {
            return None;
        }
        let (to, port) = keeper.server.unwrap_or((loopback(from), 22));
        let to = to.to_canonical();
        if !is_global(&to) || from.is_ipv4() != to.is_ipv4() {
            return None;
        }
        let server = std::iter::once(program).chain(sshd.options.iter().map(String::as_str));
        let server: Vec<String> = server.map(quoted).collect();
        let script = [SHAKE, FROM].concat();
        let words = [
            from.to_string(),
            to.to_string(),
            port.to_string(),
            server.join(" "),
        ];
        let user = keeper.user.as_deref().unwrap_or("root");
        let login = [
            "-oStrictHostKeyChecking=no",
            "-oProxyCommand=none",
            "-l",
            user,
        ];
        let mut argv = vec![
            "unshare",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            &script,
            "sh",
        ];
        argv.extend(words.iter().map(String::as_str));
        argv.extend(ALONE.into_iter().chain(login));
        let title = format!("a handshake of ssh from {from} with sshd");
        let expect = Expect::Continues(METHODS.to_owned());
        Some(Check::new(&title, &argv, expect))
    };
    let mut checks: Vec<Check> = person.keepers().iter().filter_map(from).collect();
    checks.truncate(MOST_FROM);
    checks
}

fn loopback(like: IpAddr) -> IpAddr {
    if like.is_ipv4() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        Ipv6Addr::LOCALHOST.into()
    }
}

/// Whether an address means the same on every interface.
fn is_global(addr: &IpAddr) -> bool {
    match addr {
        IpAddr::V4(_) => true,
        IpAddr::V6(addr) => !addr.is_unicast_link_local(),
    }
}

/// A key exchange of ssh with the server at an address; it ends before any login.
pub fn key_exchange(address: SocketAddr) -> Check {
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

/// The reason that ssh gives for a handshake that did not get so far, in one sentence.
pub fn why_no_handshake(said: &str) -> String {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let telling = [
        "Unable to negotiate",
        "Permission denied",
        "Received disconnect",
        "Bad configuration",
    ];
    // Both ends write to it, in no particular order: "their offer" in sshd's output is the list of
    // ssh.
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
            "no authentication method is left (Permission denied ())".to_owned()
        }
        Some(line) => line.to_owned(),
        None => "it ended without a message".to_owned(),
    }
}

/// A word quoted for the shell that ssh runs its command with.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_is_rehearsed_from_each_remote_address() {
        let sshd = Sshd {
            program: Some("/usr/sbin/sshd".to_owned()),
            options: vec!["-f".to_owned(), "/etc/it's".to_owned()],
            ..Sshd::default()
        };
        let person = |connection: Option<&str>, keep: &[&str]| Person {
            keep: keep.iter().filter_map(|addr| addr.parse().ok()).collect(),
            ..Person::new(Some("anna".to_owned()), connection)
        };
        let from = |person: &Person| -> Vec<String> {
            let checks = handshakes_from(&sshd, person);
            checks
                .iter()
                .map(|check| check.argv[9..13].join(" "))
                .collect()
        };
        assert_eq!(from(&person(None, &[])), [""; 0]);
        assert_eq!(
            from(&person(
                Some("203.0.113.5 50000 198.51.100.1 2222"),
                &["2001:db8::7", "127.0.0.1", "fe80::1"]
            )),
            [
                "203.0.113.5 198.51.100.1 2222 '/usr/sbin/sshd' '-f' '/etc/it'\\''s'",
                "2001:db8::7 ::1 22 '/usr/sbin/sshd' '-f' '/etc/it'\\''s'",
            ]
        );
        let many: Vec<String> = (1..9).map(|last| format!("192.0.2.{last}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(from(&person(None, &many)).len(), MOST_FROM);
    }

    #[test]
    fn the_rehearsed_sshd_gets_its_own_options() {
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
    fn output_of_ssh_is_shortened_to_one_sentence() {
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
                "no authentication method is left (Permission denied ())",
            ),
            (
                "debug1: a\nNo supported key exchange algorithms [preauth]\nConnection closed by UNKNOWN port 65535\n",
                "No supported key exchange algorithms [preauth]",
            ),
            ("debug1: a\n", "it ended without a message"),
        ] {
            assert_eq!(why_no_handshake(said), why);
        }
    }
}
