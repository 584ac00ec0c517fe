//! The valid arguments of a keyword, and the form in which `sshd -T` prints them.

mod algorithm;
mod list;
mod numeric;
mod penalties;
mod reading;
mod text;

use crate::line::{Args, Line};
use crate::release::Release;
use crate::words::Word;

pub(crate) use algorithm::Family;
pub(crate) use penalties::Penalties;
pub(crate) use reading::{Choice, Fault, Parts, Reading};
use reading::{Notice, Outcome, Used, first};

/// The form of a keyword's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `yes` or `no`.
    Flag,
    /// One of a few words, in any case: each with the form that sshd prints and its first release.
    Choice(&'static [Choice]),
    /// One of a few words, in exactly this case.
    ExactChoice(&'static [&'static str]),
    /// A number from 0 on.
    Integer,
    /// A number, or `none`.
    IntegerOrNone,
    /// A time; printed in seconds.
    Time,
    /// A time, or `none`.
    TimeOrNone,
    /// `start:rate:full` or one number.
    MaxStartups,
    /// `IPv4 bits[:IPv6 bits]`.
    NetBlockSize,
    /// A size and perhaps a time.
    RekeyLimit,
    /// One or two traffic classes.
    IpQos,
    /// A mode in octal.
    Octal,
    /// A log level, in any case.
    LogLevel,
    /// A syslog facility, in any case.
    Facility,
    /// A hash algorithm, in any case.
    Digest,
    /// A file, made absolute; `none` for none.
    Path,
    /// Like [`Kind::Path`], with one word that is not a file.
    PathOr(&'static str),
    /// One file up to 10.2, several since.
    PathsSince103,
    /// Several file patterns, `~` expanded.
    HomePaths,
    /// One file pattern, `~` expanded.
    HomePath,
    /// One word.
    Word,
    /// Several words.
    Words,
    /// `yes`, `no` or, since 7.8, a pattern list of variables.
    UserEnvironment,
    /// Everything after the keyword.
    Rest,
    /// Like [`Kind::Rest`], with `none` for nothing.
    Addendum,
    /// Everything after the keyword: an absolute path with arguments, or `none`.
    Command,
    /// A list of algorithm names, which depends on how sshd was built.
    Algorithms(Family),
    /// A routing domain, which depends on the platform.
    RoutingDomain,
    /// Patterns of users, perhaps with `@hosts`.
    Users,
    /// Names of groups.
    Groups,
    /// Names of environment variables.
    EnvNames,
    /// Assignments of environment variables.
    Environment,
    /// `host:port` destinations.
    Destinations,
    /// `[host:]port` to listen on.
    Listeners,
    /// Lists of authentication methods.
    Methods,
    /// `type=time` clauses.
    ChannelTimeouts,
    /// Requirements on keys of a security token.
    PubkeyOptions,
    /// `no`, `yes`, or penalties by name.
    Penalties,
    /// An address list.
    Addresses,
    /// A name and a command.
    Subsystem,
    /// A port.
    Port,
    /// An address to listen on.
    ListenAddress,
    /// Anything: sshd accepts and ignores the line.
    Ignored,
    /// Match and Include, which are parsed elsewhere.
    Structure,
}

/// Reads the arguments of a line.
pub(crate) fn read(kind: Kind, line: &Line, release: Release) -> Result<Reading, Fault> {
    let args = if kind == Kind::Environment {
        line.args_with_equals()
    } else {
        line.args()
    };
    let args = args.map_err(|_| Fault::new("a quote does not close"))?;
    if line.lacks_arguments() && release.since(8, 7) {
        return Err(Fault::new(format!(
            "no argument after keyword \"{}\"",
            line.keyword.lossy()
        )));
    }
    let (reading, used) = dispatch(kind, line, &args, release)?;
    let extra = match used {
        Used::Words(count) => args.extra(count),
        Used::List => args.extra_behind_list(),
        Used::All => None,
    };
    match extra {
        Some(word) => Err(Fault::at(
            word,
            format!("extra argument \"{}\" at the end of the line", word.lossy()),
        )),
        None => Ok(reading),
    }
}

fn dispatch(kind: Kind, line: &Line, args: &Args, release: Release) -> Outcome {
    match kind {
        Kind::Flag => text::flag(args, release),
        Kind::Choice(choices) => text::choice(args, choices, release),
        Kind::ExactChoice(words) => text::exact_choice(args, words),
        Kind::Integer => single(args, |word| text::integer(word, release)),
        Kind::IntegerOrNone => single(args, |word| text::integer_or_none(word, release)),
        Kind::Time => single(args, |word| text::time(word, release)),
        Kind::TimeOrNone => single(args, |word| text::time_or_none(word, release)),
        Kind::MaxStartups => text::max_startups(first(args)?, release),
        Kind::NetBlockSize => text::net_block_size(first(args)?, release),
        Kind::RekeyLimit => text::rekey_limit(args, release),
        Kind::IpQos => text::ip_qos(args, release),
        Kind::Octal => single(args, text::octal),
        Kind::LogLevel => single(args, |word| text::log_level(word, release)),
        Kind::Facility => single(args, |word| text::named(word, text::FACILITIES)),
        Kind::Digest => single(args, |word| text::named(word, text::DIGESTS)),
        Kind::Path => single(args, |word| Ok(text::path(word))),
        Kind::PathOr(exempt) => single(args, |word| Ok(text::path_or(word, exempt))),
        Kind::HomePath => single(args, |word| Ok(text::home_path(word))),
        Kind::PathsSince103 if !release.since(10, 3) => single(args, |word| Ok(text::path(word))),
        Kind::PathsSince103 | Kind::HomePaths => list::home_paths(args, release),
        Kind::Word => single(args, |word| Ok(word.lossy())),
        Kind::Words => list::words(args, release),
        Kind::UserEnvironment => single(args, |word| text::user_environment(word, release)),
        Kind::Rest => text::rest(line),
        Kind::Addendum => text::addendum(line),
        Kind::Command => text::command(line, release),
        Kind::Algorithms(of) => algorithms(args, of, release),
        Kind::RoutingDomain => {
            doubtful(args, "whether routing domains work depends on the platform")
        }
        Kind::Users => list::users(args, release),
        Kind::Groups => list::groups(args, release),
        Kind::EnvNames => list::env_names(args, release),
        Kind::Environment => list::environment(args, release),
        Kind::Destinations => list::destinations(args, false, release),
        Kind::Listeners => list::destinations(args, true, release),
        Kind::Methods => list::methods(args, release),
        Kind::ChannelTimeouts => list::channel_timeouts(args, release),
        Kind::PubkeyOptions => list::pubkey_options(args, release),
        Kind::Penalties => penalties::read(args, release),
        Kind::Addresses => single(args, |word| list::addresses(word, release)),
        Kind::Subsystem => list::subsystem(args, release),
        Kind::Port => single(args, list::port),
        Kind::ListenAddress => list::listen_address(args),
        Kind::Ignored => Ok((
            Reading {
                notice: Some(IGNORED),
                ..Reading::default()
            },
            Used::All,
        )),
        Kind::Structure => Ok((Reading::default(), Used::All)),
    }
}

const IGNORED: Notice = Notice {
    message: "sshd ignores this keyword",
    hint: "remove the line: it has no effect",
};

fn single(args: &Args, read: impl Fn(&Word) -> Result<String, Fault>) -> Outcome {
    Ok((Reading::one(read(first(args)?)?), Used::Words(1)))
}

fn doubtful(args: &Args, why: &str) -> Outcome {
    let value = first(args)?.lossy();
    Ok((
        Reading {
            doubt: Some(why.to_owned()),
            ..Reading::one(value)
        },
        Used::Words(1),
    ))
}

fn algorithms(args: &Args, family: Family, release: Release) -> Outcome {
    let word = first(args)?;
    let suspect = algorithm::suspect(word, family, release);
    let doubt = Some("whether these algorithms are known depends on the build".to_owned());
    Ok((
        Reading {
            doubt,
            suspect,
            ..Reading::one(word.lossy())
        },
        Used::Words(1),
    ))
}

impl Kind {
    /// Whether one line holds any number of elements.
    pub(crate) fn is_many_a_line(self) -> bool {
        matches!(
            self,
            Self::Users | Self::Groups | Self::EnvNames | Self::Environment
        )
    }

    /// True if everything after the keyword is the value.
    pub(crate) fn takes_the_rest(self) -> bool {
        matches!(self, Self::Rest | Self::Addendum | Self::Command)
    }

    /// True if the value is one word, which must be quoted if it contains a blank.
    pub(crate) fn is_one_word(self) -> bool {
        let several = matches!(
            self,
            Self::RekeyLimit
                | Self::IpQos
                | Self::PathsSince103
                | Self::HomePaths
                | Self::Words
                | Self::Users
                | Self::Groups
                | Self::EnvNames
                | Self::Environment
                | Self::Destinations
                | Self::Listeners
                | Self::Methods
                | Self::ChannelTimeouts
                | Self::PubkeyOptions
                | Self::Penalties
                | Self::Subsystem
                | Self::ListenAddress
        );
        !several && !self.takes_the_rest()
    }

    /// The separator of a value that has several parts.
    pub(crate) fn separator(self) -> Option<char> {
        match self {
            Self::MaxStartups | Self::NetBlockSize => Some(':'),
            Self::RekeyLimit => Some(' '),
            _ => None,
        }
    }

    /// The form of a value of this kind, for a hint.
    pub(crate) fn expects(self) -> String {
        let fixed = match self {
            Self::Choice(choices) => return one_of(choices.iter().map(|choice| choice.written)),
            Self::ExactChoice(words) => return one_of(words.iter().copied()),
            Self::LogLevel => return one_of(text::LOG_LEVELS.iter().map(|level| level.0)),
            Self::Facility => return one_of(text::FACILITIES.iter().map(|facility| facility.0)),
            Self::Digest => return one_of(text::DIGESTS.iter().map(|digest| digest.0)),
            Self::Flag => "give yes or no",
            Self::Integer => "give a number from 0 on",
            Self::IntegerOrNone => "give a number from 0 on, or none",
            Self::Time => "give a time such as 90, 2m or 1h30m",
            Self::TimeOrNone => "give a time such as 90, 2m or 1h30m, or none",
            Self::MaxStartups => {
                "give start:rate:full with start <= full and a rate from 1 to 100, or one number"
            }
            Self::NetBlockSize => "give the IPv4 bits (0-32), or IPv4:IPv6 bits (0-32:0-128)",
            Self::RekeyLimit => "give a size such as 1G, or default, and perhaps a time",
            Self::IpQos => "give one or two of af11 to af43, cs0 to cs7, ef, le, none, or a number",
            Self::Octal => "give a mode in octal, up to 0777",
            Self::Penalties => "give no, or penalties such as authfail:5s noauth:1s max:10m",
            Self::Addresses => {
                "give a comma list of addresses and networks without host bits, such as 192.0.2.0/24"
            }
            Self::Command => "give an absolute path, or none",
            Self::Methods => {
                "give lists of publickey, password, keyboard-interactive, hostbased, or any"
            }
            Self::ChannelTimeouts => "give clauses such as session=1h, or none",
            Self::Environment => "give assignments such as NAME=value",
            Self::EnvNames => "give names of variables, without =",
            Self::Destinations => "give host:port, any or none",
            Self::Listeners => "give [host:]port, any or none",
            Self::PubkeyOptions => "give none, touch-required or verify-required",
            Self::Port => "give a number from 1 to 65535",
            _ => "see sshd_config(5) for what this keyword takes",
        };
        fixed.to_owned()
    }
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("give one of {}", words.collect::<Vec<_>>().join(", "))
}
