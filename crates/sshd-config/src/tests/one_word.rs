//! Which values are one word, compared with what is read of a line.

use super::NEW;
use crate::intention::read_alone;
use crate::table::TABLE;
use crate::value::Kind;

/// A word of a value and another one, which belongs to the same value if its kind allows several;
/// `None` for keywords that are never set.
fn two_words(kind: Kind) -> Option<[&'static str; 2]> {
    Some(match kind {
        Kind::Flag | Kind::UserEnvironment => ["yes", "no"],
        Kind::Choice(choices) => [choices[0].written, choices[0].written],
        Kind::ExactChoice(words) => [words[0], words[0]],
        Kind::Integer | Kind::IntegerOrNone | Kind::Time | Kind::TimeOrNone => ["3", "4"],
        Kind::MaxStartups => ["10:30:100", "20"],
        Kind::NetBlockSize => ["32:128", "32"],
        Kind::RekeyLimit => ["1G", "1h"],
        Kind::IpQos => ["lowdelay", "throughput"],
        Kind::Octal => ["0177", "0077"],
        Kind::LogLevel => ["INFO", "DEBUG"],
        Kind::Facility => ["AUTH", "DAEMON"],
        Kind::Digest => ["SHA256", "MD5"],
        Kind::Path | Kind::PathOr(_) | Kind::HomePath => ["/a", "/b"],
        Kind::PathsSince103 | Kind::HomePaths | Kind::Command => ["/a", "/b"],
        Kind::Word | Kind::Words | Kind::Rest | Kind::Addendum => ["a", "b"],
        Kind::Algorithms(_) | Kind::RoutingDomain => ["a", "b"],
        Kind::Users | Kind::Groups | Kind::EnvNames => ["a", "b"],
        Kind::Environment => ["A=b", "C=d"],
        Kind::Destinations => ["a.example:22", "b.example:22"],
        Kind::Listeners => ["22", "8080"],
        Kind::Methods => ["publickey", "password"],
        Kind::ChannelTimeouts => ["session=5m", "x11-connection=5m"],
        Kind::PubkeyOptions => ["touch-required", "verify-required"],
        Kind::Penalties => ["crash:10s", "noauth:1s"],
        Kind::Addresses => ["192.0.2.1", "192.0.2.2"],
        Kind::Subsystem => ["sftp", "internal-sftp"],
        Kind::Port => ["22", "23"],
        Kind::ListenAddress => ["192.0.2.1", "rdomain vrf0"],
        Kind::Ignored | Kind::Structure => return None,
    })
}

#[test]
fn a_second_word_is_refused_exactly_after_a_value_of_one_word() {
    for keyword in TABLE.iter().filter(|keyword| keyword.known_to(NEW)) {
        let Some(words) = two_words(keyword.kind) else {
            continue;
        };
        let refused = match read_alone(keyword, &words.join(" "), NEW) {
            Ok(_) => false,
            Err(why) if why.starts_with("extra argument") => true,
            Err(why) => panic!("{} {words:?}: {why}", keyword.key()),
        };
        assert_eq!(refused, keyword.kind.is_one_word(), "{}", keyword.key());
    }
}
