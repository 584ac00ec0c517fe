//! The arguments of each `sshmend fix` subcommand.

use sshmend_plan::{KnownHostsOf, SshdSource, Wish};

use crate::cli::{self, FixFail2ban, FixHostsAccess, FixKnownHosts, What};

impl From<What> for Wish {
    fn from(what: What) -> Self {
        match what {
            What::SshdConfig(asked) if !asked.comment_out.is_empty() => Self::CommentOut {
                lines: asked.comment_out,
                source: asked.source.into(),
            },
            What::SshdConfig(asked) if !asked.unset.is_empty() => Self::Unset {
                keys: asked.unset,
                source: asked.source.into(),
            },
            What::SshdConfig(asked) => Self::SshdConfig {
                settings: asked.settings,
                drop_in: asked.drop_in,
                source: asked.source.into(),
            },
            What::KnownHosts(asked) => Self::KnownHosts(asked.into()),
            What::HostsAccess(asked) => asked.into(),
            What::Fail2ban(asked) => asked.into(),
            What::HostKeys(asked) => Self::HostKeys {
                source: asked.source.into(),
            },
            What::PrivsepDirectory => Self::PrivsepDirectory,
            What::Service(asked) if !asked.comment_out.is_empty() => Self::WithoutUnitLines {
                lines: asked.comment_out,
            },
            What::Service(asked) => Self::Service {
                restart: asked.restart,
            },
            What::LogLevel(asked) => Self::LogLevel {
                level: asked.level,
                lasts: asked.lasts,
                source: asked.source.into(),
            },
        }
    }
}

impl From<cli::SshdSource> for SshdSource {
    fn from(asked: cli::SshdSource) -> Self {
        Self {
            file: asked.file,
            pid: asked.pid,
            release: asked.release,
        }
    }
}

impl From<FixKnownHosts> for KnownHostsOf {
    fn from(asked: FixKnownHosts) -> Self {
        Self {
            host: asked.host,
            fingerprints: asked.expect_fingerprint,
            key_file: asked.key_file,
            key_type: asked.key_type,
            line: asked.line,
            files: asked.files,
            offline: asked.offline,
        }
    }
}

impl From<FixHostsAccess> for Wish {
    fn from(asked: FixHostsAccess) -> Self {
        if asked.allow.is_empty() {
            return Self::MendWrappers {
                lines: asked.mend.unwrap_or_default(),
                daemon: asked.daemon,
            };
        }
        Self::Allow {
            patterns: asked.allow,
            remove_deny: asked.remove_deny,
            daemon: asked.daemon,
        }
    }
}

impl From<FixFail2ban> for Wish {
    fn from(asked: FixFail2ban) -> Self {
        match asked.mend {
            Some(lines) => Self::MendFail2ban { lines },
            None => Self::Ignore {
                addresses: asked.ignore,
                jails: asked.jail,
                until: asked.until,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;
    use sshmend_lossless::Origin;
    use sshmend_sshd_config::Assignment;

    use super::*;
    use crate::cli::{Cli, Command};

    fn parsed(argv: &[String]) -> Wish {
        let Ok(Cli {
            command: Command::Fix(fix),
            ..
        }) = Cli::try_parse_from(argv)
        else {
            panic!("not a command of fix: {argv:?}")
        };
        fix.what.expect("a wish").into()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    fn lines(words: &[&str]) -> Vec<Origin> {
        words
            .iter()
            .map(|text| Origin::parse(text).expect("a line"))
            .collect()
    }

    fn other_sshd() -> SshdSource {
        SshdSource {
            file: Some("/etc/ssh/inside".into()),
            pid: Some(4711),
            release: Some("9.2".to_owned()),
        }
    }

    fn known_hosts() -> Vec<Wish> {
        let plain = KnownHostsOf {
            host: "[shell.example]:2222".to_owned(),
            offline: true,
            ..KnownHostsOf::default()
        };
        let pinned = KnownHostsOf {
            host: "shell.example".to_owned(),
            fingerprints: words(&["SHA256:one", "SHA256:two"]),
            key_file: Some("/tmp/key.pub".into()),
            key_type: Some("ssh-ed25519".to_owned()),
            line: Some(Origin::new("/home/ann/.ssh/known_hosts", 3)),
            files: vec!["/a".into(), "/b".into()],
            offline: false,
        };
        vec![Wish::KnownHosts(plain), Wish::KnownHosts(pinned)]
    }

    fn wrappers_and_bans() -> Vec<Wish> {
        vec![
            Wish::allow("192.0.2.4"),
            Wish::Allow {
                patterns: words(&["192.0.2.4", ".example"]),
                remove_deny: true,
                daemon: "vsftpd".to_owned(),
            },
            Wish::mend_wrappers(Origin::new("/etc/hosts.deny", 3)),
            Wish::MendWrappers {
                lines: Vec::new(),
                daemon: "ALL".to_owned(),
            },
            Wish::ignore("192.0.2.4", Vec::new()),
            Wish::Ignore {
                addresses: words(&["192.0.2.4", "2001:db8::/32"]),
                jails: words(&["sshd", "recidive"]),
                until: Some("2027-01-01".to_owned()),
            },
            Wish::MendFail2ban { lines: Vec::new() },
            Wish::MendFail2ban {
                lines: lines(&["/etc/fail2ban/jail.local:7", "jail.local:9"]),
            },
        ]
    }

    #[test]
    fn every_wish_is_parsed_back_from_its_command_line() {
        let source = SshdSource::default();
        let mut wishes = vec![
            Wish::setting("MaxStartups", "30:30:200"),
            Wish::SshdConfig {
                settings: ["MaxSessions=9", "AllowUsers+=ann", "Banner=/etc/two words"]
                    .map(|text| Assignment::parse(text).expect("a setting"))
                    .to_vec(),
                drop_in: true,
                source: other_sshd(),
            },
            Wish::Unset {
                keys: words(&["Banner", "ForceCommand"]),
                source: other_sshd(),
            },
            Wish::CommentOut {
                lines: lines(&["/etc/ssh/sshd_config:12", "/etc/ssh/sshd_config.d/x.conf:1"]),
                source: other_sshd(),
            },
            Wish::host_keys(),
            Wish::HostKeys {
                source: other_sshd(),
            },
            Wish::PrivsepDirectory,
            Wish::Service { restart: false },
            Wish::Service { restart: true },
            Wish::WithoutUnitLines {
                lines: lines(&[
                    "/etc/systemd/system/sshd.service.d/a.conf:2",
                    "/lib/systemd/system/sshd.service:9",
                ]),
            },
            Wish::LogLevel {
                level: "DEBUG2".to_owned(),
                lasts: Duration::from_secs(5_400),
                source: other_sshd(),
            },
            Wish::LogLevel {
                level: "VERBOSE".to_owned(),
                lasts: Duration::from_secs(90),
                source,
            },
        ];
        wishes.extend(known_hosts());
        wishes.extend(wrappers_and_bans());
        for wish in wishes {
            assert_eq!(parsed(&wish.argv()), wish, "{:?}", wish.argv());
        }
    }
}
