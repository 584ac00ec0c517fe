//! The command that was typed, if the paste shows it after a prompt: `$ ssh -p 2222
//! git@code.example.com`.

use super::scan::Named;

/// Options of ssh that take a value (ssh.c), `-p` and `-l` apart.
const SSH_VALUES: &str = "BbcDEeFIiJLmOoPQRSWw";
/// Options of scp and sftp that take a value, `-P` apart.
const COPY_VALUES: &str = "BbcDFiJloRSX";

/// Parses the destination of a command; `None` if the line shows no command of SSH.
pub(super) fn command(line: &[u8]) -> Option<Named> {
    let line = line.get(..2048).unwrap_or(line);
    let text = line.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let (program, rest) = typed(text, &PROGRAMS)?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let named = match program {
        "ssh" => ssh(&words),
        "sftp" | "scp" => copy(program, &words),
        "rsync" => words
            .iter()
            .find_map(|word| remote(word))
            .map(|named| with_port(named, &words)),
        "git" => words
            .iter()
            .filter(|word| !word.starts_with('-'))
            .find_map(|word| remote(word)),
        _ => None,
    };
    // A command without a visible destination still begins an attempt.
    Some(named.unwrap_or_default())
}

const PROGRAMS: [&str; 5] = ["ssh", "sftp", "scp", "rsync", "git"];

/// Programs that only open a connection and show what comes.
const TESTERS: [&str; 8] = [
    "telnet",
    "nc",
    "ncat",
    "netcat",
    "curl",
    "openssl",
    "Test-NetConnection",
    "tnc",
];

/// Reads which host and port a command tests: `telnet HOST 22`; `None` where the line shows no such command.
pub(super) fn tested(line: &[u8]) -> Option<Named> {
    let line = line.get(..2048).unwrap_or(line);
    let text = line.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let (program, rest) = typed(text, &TESTERS)?;
    // What stands behind a redirection or a pipe is not of this command.
    let words: Vec<&str> = rest
        .split_whitespace()
        .take_while(|word| !word.contains(['<', '>', '|', '&', ';']))
        .collect();
    match program {
        "curl" => {
            let url = words.iter().find(|word| word.contains("telnet://"))?;
            destination(url.trim_end_matches('/'))
        }
        "openssl" => {
            let target = behind(&words, "-connect")?;
            destination(&format!("tls://{target}"))
        }
        _ => {
            let port = behind(&words, "-Port").map(|port| (port, words.first().copied()));
            // The last two words: options with values stand before them.
            let pair = || match words.as_slice() {
                [.., host, port] => Some((*port, Some(*host))),
                _ => None,
            };
            let (port, host) = port.or_else(pair)?;
            Some(Named {
                port: Some(if port == "ssh" {
                    22
                } else {
                    port.parse().ok()?
                }),
                ..destination(host.filter(|host| !host.starts_with('-'))?)?
            })
        }
    }
}

/// Words without which no line is a command.
pub(super) fn words() -> impl Iterator<Item = String> {
    let programs = PROGRAMS.iter().chain(&TESTERS);
    programs.map(|program| format!("{program} "))
}

fn behind<'t>(words: &[&'t str], option: &str) -> Option<&'t str> {
    let at = words
        .iter()
        .position(|word| word.eq_ignore_ascii_case(option))?;
    words.get(at + 1).copied()
}

/// The program and its arguments: after a prompt, after the `+ ` of a shell's trace, or at the
/// beginning of the line.
fn typed<'t>(text: &'t str, programs: &[&'static str]) -> Option<(&'static str, &'t str)> {
    const PROMPTS: [&str; 6] = ["$ ", "% ", "# ", "> ", "+ ", "RUN "];
    let text = text.trim();
    let behind = PROMPTS
        .iter()
        .filter_map(|prompt| text.split_once(prompt))
        .map(|(_, rest)| rest.trim_start());
    let begins = |text| begins(text, programs);
    let mut behind = behind.filter_map(begins);
    let first = text.split(' ').next().unwrap_or_default();
    let bare = || begins(text).filter(|_| programs.contains(&first));
    behind.next().or_else(bare).or_else(|| {
        let (_, rest) = text.split_once(" git clone ")?;
        programs.contains(&"git").then_some(("git", rest))
    })
}

fn begins<'t>(text: &'t str, programs: &[&'static str]) -> Option<(&'static str, &'t str)> {
    let (word, rest) = text.split_once(' ')?;
    let name = word.rsplit('/').next().unwrap_or(word);
    let program = *programs.iter().find(|program| **program == name)?;
    // Prose begins with a word, not with an option or a name, and names no port.
    let port = |word: &str| word.parse::<u16>().is_ok();
    let typed = rest.starts_with('-')
        || rest.contains(['@', '.', ':'])
        || rest.split(' ').count() <= 2
        || programs == TESTERS && rest.split(' ').any(port);
    typed.then_some((program, rest))
}

fn ssh(words: &[&str]) -> Option<Named> {
    let (mut named, mut host) = (Named::default(), None);
    let mut at = 0;
    // Options may follow the destination too, up to the command.
    while let Some(word) = words.get(at) {
        at += 1;
        let Some(option) = word.strip_prefix('-') else {
            if host.is_none() {
                host = Some(destination(word)?);
                continue;
            }
            break;
        };
        for (place, letter) in option.char_indices() {
            if letter != 'p' && letter != 'l' && !SSH_VALUES.contains(letter) {
                continue;
            }
            let attached = &option[place + letter.len_utf8()..];
            let value = if attached.is_empty() {
                words.get(at).copied().unwrap_or_default()
            } else {
                attached
            };
            at += usize::from(attached.is_empty());
            match letter {
                'p' => named.port = value.parse().ok(),
                'l' => named.user = Some(value.to_owned()),
                'o' => {
                    named.port = named
                        .port
                        .or_else(|| value.strip_prefix("Port=")?.parse().ok());
                }
                _ => {}
            }
            break;
        }
    }
    let host = host?;
    Some(Named {
        port: named.port.or(host.port),
        user: host.user.or(named.user),
        ..host
    })
}

fn copy(program: &str, words: &[&str]) -> Option<Named> {
    let mut port = None;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        if let Some(option) = word.strip_prefix('-') {
            let last = option.chars().last()?;
            let attached = option.strip_prefix('P').filter(|rest| !rest.is_empty());
            port = port.or_else(|| attached?.parse().ok());
            if last == 'P' {
                port = words.get(at).and_then(|value| value.parse().ok());
            }
            at += usize::from(last == 'P' || option.len() == 1 && COPY_VALUES.contains(last));
            continue;
        }
        let found = if program == "sftp" {
            remote(word).or_else(|| destination(word))
        } else {
            remote(word)
        };
        if let Some(named) = found {
            return Some(Named {
                port: port.or(named.port),
                ..named
            });
        }
    }
    None
}

/// `rsync -e 'ssh -p 2222'`.
fn with_port(named: Named, words: &[&str]) -> Named {
    let port = words
        .windows(2)
        .find(|pair| pair[0] == "-p")
        .and_then(|pair| pair[1].trim_matches(['\'', '"']).parse().ok());
    Named {
        port: named.port.or(port),
        ..named
    }
}

/// `USER@HOST:PATH`, `HOST:PATH` or `ssh://USER@HOST:PORT/PATH`.
fn remote(word: &str) -> Option<Named> {
    let word = word.trim_matches(['\'', '"']);
    if word.starts_with("ssh://") || word.starts_with("sftp://") {
        return destination(word);
    }
    let (login, path) = word
        .split_once(':')
        .filter(|(_, path)| !path.starts_with("//") && !path.starts_with(':'))?;
    // `C:\path` and `key:value` are not hosts.
    (login.len() > 1 && (login.contains('@') || !path.is_empty() && login.contains('.')))
        .then(|| destination(login))?
}

/// `USER@HOST`, `HOST` or `ssh://USER@HOST:PORT`.
pub(super) fn destination(word: &str) -> Option<Named> {
    let word = word.trim_matches(['\'', '"', '`']);
    let (word, url) = match word.split_once("://") {
        Some((_, rest)) => (rest.split('/').next().unwrap_or(rest), true),
        None => (word, false),
    };
    let (user, host) = word
        .rsplit_once('@')
        .map_or((None, word), |(user, host)| (Some(user.to_owned()), host));
    let (host, port) = match host.rsplit_once(':').filter(|_| url) {
        Some((host, port)) => (host, port.parse().ok()),
        None => (host, None),
    };
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]%*".contains(&byte);
    let host = host.trim_matches(['[', ']']);
    let valid = !host.is_empty()
        && host.bytes().all(known)
        && host.bytes().any(|byte| byte.is_ascii_alphanumeric());
    valid.then(|| Named {
        host: Some(host.to_owned()),
        user,
        port,
        ..Named::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_destination_of_a_command_is_read() {
        let shown = |line: &str| {
            let Some(named) = command(line.as_bytes()) else {
                return "none".to_owned();
            };
            let port = named.port.map(|port| port.to_string()).unwrap_or_default();
            format!(
                "{}@{}:{port}",
                named.user.unwrap_or_default(),
                named.host.unwrap_or_default()
            )
        };
        assert_eq!(
            shown("anna@pc ~ % ssh root@localhost -p 2222"),
            "root@localhost:2222"
        );
        assert_eq!(
            shown("$ ssh -vp2200 -i key -l git code.example.com uptime"),
            "git@code.example.com:2200"
        );
        assert_eq!(
            shown("+ /usr/bin/ssh -o Port=2022 -T dba@db1"),
            "dba@db1:2022"
        );
        assert_eq!(
            shown("$ sftp -v -P 222 anna@files.example.com"),
            "anna@files.example.com:222"
        );
        assert_eq!(
            shown("2026-03-05T12:00:00.1234567Z $ rsync -az dist/ deploy@app1.example.com:/srv/"),
            "deploy@app1.example.com:"
        );
        assert_eq!(
            shown("PS C:\\> ssh ssh://bob@gw.example.com:2022"),
            "bob@gw.example.com:2022"
        );
        assert_eq!(
            shown("#7 [2/4] RUN --mount=type=ssh git clone git@code.example.com:team/lib.git"),
            "git@code.example.com:"
        );
        assert_eq!(shown("$ git push"), "@:");
        assert_eq!(shown("$ make test"), "none");
        assert_eq!(shown("ssh is a program that people use"), "none");
    }

    #[test]
    fn the_host_and_port_that_a_command_tests_are_read() {
        let shown = |line: &str| {
            tested(line.as_bytes()).map(|named| {
                let port = named.port.map_or("-".to_owned(), |port| port.to_string());
                format!("{}:{port}", named.host.unwrap_or_default())
            })
        };
        let cases = [
            ("[root@web1 ~]# telnet 192.0.2.4 22", "192.0.2.4:22"),
            ("telnet app7 ssh", "app7:22"),
            (
                "$ nc -v -w 3 app7.example.com 2222 </dev/null",
                "app7.example.com:2222",
            ),
            ("# nc -vz 2001:db8::7 22 2>&1 | tee log", "2001:db8::7:22"),
            (
                "$ curl -v telnet://app7.example.com:2022/",
                "app7.example.com:2022",
            ),
            (
                "$ openssl s_client -connect app7.example.com:22 -quiet",
                "app7.example.com:22",
            ),
            (
                "PS C:\\Users\\eve> Test-NetConnection app7 -Port 22",
                "app7:22",
            ),
            ("$ telnet www.example.com 80", "www.example.com:80"),
        ];
        for (line, expected) in cases {
            assert_eq!(shown(line).as_deref(), Some(expected), "{line}");
        }
        for line in [
            "telnet is an old program",
            "$ curl https://app7.example.com",
            "$ nc -l 2222",
            "$ ssh app7 22",
        ] {
            assert_eq!(shown(line), None, "{line}");
        }
    }
}
