//! How a keyword is found by its name.

use std::sync::LazyLock;

use sshmend_lossless::nearest;

use crate::keyword::{Keyword, Name};
use crate::release::Release;
use crate::table::TABLE;
use crate::value::Kind;

/// All names with their keywords by their length, each list in the order of the table: every line of a file is looked up.
static BY_LENGTH: LazyLock<Vec<Vec<(&Keyword, &Name)>>> = LazyLock::new(|| {
    let mut by_length: Vec<Vec<(&Keyword, &Name)>> = Vec::new();
    for keyword in TABLE {
        for name in keyword.names {
            let length = name.text.len();
            if by_length.len() <= length {
                by_length.resize_with(length + 1, Vec::new);
            }
            by_length[length].push((keyword, name));
        }
    }
    by_length
});

/// Keywords of patches that are in use: of the Red Hat family, of FreeBSD and illumos, for high-latency links (HPN), for
/// X.509 certificates and for LDAP.
const OF_PATCHES: [&str; 31] = [
    "AllowedCertPurpose",
    "AuthorizedKeysCommandRunAs",
    "CACertificateFile",
    "CACertificatePath",
    "CARevocationFile",
    "CARevocationPath",
    "DisableMTAES",
    "ExposeAuthenticationMethods",
    "GSSAPIEnablek5users",
    "HPNBufferSize",
    "HPNDisabled",
    "KerberosUniqueCCache",
    "KerberosUseKuserok",
    "LookupClientHostnames",
    "LpkServers",
    "MaxAuthTriesLog",
    "NoneEnabled",
    "NoneMacEnabled",
    "PreUserauthHook",
    "RequiredAuthentications1",
    "RequiredAuthentications2",
    "RSAMinSize",
    "ShowPatchLevel",
    "TcpRcvBuf",
    "TcpRcvBufPoll",
    "UseBlacklist",
    "UseBlocklist",
    "UseFIPS140",
    "UseLPK",
    "UseUnsupportedSSHv1",
    "X509KeyAlgorithm",
];

/// True for a keyword that no release knows and some patched builds do.
pub(crate) fn is_of_a_patch(name: &str) -> bool {
    OF_PATCHES
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

impl Keyword {
    /// The keyword that this release knows by `name`, in any case.
    pub(crate) fn find(name: &str, release: Release) -> Option<(&'static Self, &'static Name)> {
        let of_length = BY_LENGTH.get(name.len())?;
        let matching = of_length.iter().copied();
        let mut matching = matching.filter(|(_, known)| known.text.eq_ignore_ascii_case(name));
        matching.find(|(_, known)| known.known_to(release))
    }

    /// The keyword that any release knows by `name`.
    pub(crate) fn find_in_any(name: &str) -> Option<&'static Self> {
        TABLE.iter().find(|keyword| {
            keyword
                .names
                .iter()
                .any(|known| known.text.eq_ignore_ascii_case(name))
        })
    }
}

/// The keyword of any release by its name in any case, as the manual page writes it.
pub fn keyword_named(word: &str) -> Option<&'static str> {
    let names = TABLE.iter().flat_map(|keyword| keyword.names);
    let mut names = names.map(|name| name.text);
    names.find(|name| name.eq_ignore_ascii_case(word))
}

/// The keyword of any release that most resembles an unknown word.
pub fn nearest_keyword(word: &str) -> Option<&'static str> {
    let names = TABLE.iter().flat_map(|keyword| keyword.names);
    nearest(word, names.map(|name| name.text))
}

/// Whether a keyword, by any of its names in any case, holds several values side by side.
pub fn is_list(name: &str) -> bool {
    Keyword::find_in_any(name).is_some_and(Keyword::accumulates)
}

/// Whether one line of a keyword holds as many elements as one likes, with blanks between them: `AllowUsers kim root`.
pub fn is_word_list(name: &str) -> bool {
    Keyword::find_in_any(name).is_some_and(|keyword| keyword.kind.is_many_a_line())
}

/// What stands between the parts of the one value that a keyword holds: a comma in `Ciphers`, a blank in
/// `AuthorizedKeysFile`; `None` where the value has no parts.
pub fn separator(name: &str) -> Option<&'static str> {
    match Keyword::find_in_any(name)?.kind {
        Kind::Algorithms(_) | Kind::PubkeyOptions => Some(","),
        Kind::ChannelTimeouts
        | Kind::Destinations
        | Kind::HomePaths
        | Kind::IpQos
        | Kind::Listeners
        | Kind::Methods
        | Kind::PathsSince103
        | Kind::Penalties
        | Kind::RekeyLimit
        | Kind::Words => Some(" "),
        _ => None,
    }
}

/// Whether sshd reads the number of a keyword in octal.
pub fn is_octal(name: &str) -> bool {
    Keyword::find_in_any(name).is_some_and(|keyword| keyword.kind == Kind::Octal)
}

/// The lower-case name under which a keyword is reported, for any of its names in any case; `None`
/// if no release knows it.
pub fn keyword_key(name: &str) -> Option<String> {
    Keyword::find_in_any(name).map(Keyword::key)
}

/// Every name of a keyword that any release knows, as the manual page writes it.
pub fn keyword_names() -> impl Iterator<Item = &'static str> + Clone {
    let names = TABLE.iter().flat_map(|keyword| keyword.names);
    names.map(|name| name.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_name_has_the_meaning_of_its_release() {
        let key = |name: &str, major, minor| {
            Keyword::find(name, Release::new(major, minor)).map(|found| found.0.key())
        };
        assert_eq!(
            key("challengeresponseAUTHENTICATION", 8, 6).as_deref(),
            Some("challengeresponseauthentication")
        );
        assert_eq!(
            key("ChallengeResponseAuthentication", 8, 7).as_deref(),
            Some("kbdinteractiveauthentication")
        );
        assert_eq!(
            key("PubkeyAcceptedKeyTypes", 8, 0).as_deref(),
            Some("pubkeyacceptedalgorithms")
        );
        assert_eq!(key("PubkeyAcceptedAlgorithms", 8, 4), None);
        assert_eq!(key("PerSourcePenalties", 9, 7), None);
        assert_eq!(key("MaxStartup", 10, 5), None);
    }

    #[test]
    fn every_name_is_in_the_table_once_for_each_release() {
        let releases = [
            (7, 4),
            (8, 0),
            (8, 6),
            (8, 7),
            (9, 2),
            (10, 0),
            (10, 4),
            (10, 5),
        ];
        for release in releases.map(|(major, minor)| Release::new(major, minor)) {
            let names = TABLE.iter().flat_map(|keyword| keyword.names);
            let mut known: Vec<_> = names
                .filter(|name| name.known_to(release))
                .map(|name| name.text.to_lowercase())
                .collect();
            known.sort();
            let before = known.len();
            known.dedup();
            assert_eq!(known.len(), before, "{release}");
        }
    }

    /// A later release is read as the newest one, so that such a row would have no effect.
    #[test]
    fn no_row_is_of_a_later_release_than_the_newest_that_is_known() {
        for keyword in TABLE {
            let names = keyword.names.iter();
            let releases = names
                .flat_map(|name| [Some(name.since), name.before])
                .chain([keyword.in_match])
                .chain(keyword.defaults.iter().map(|(since, _)| Some(*since)));
            for release in releases.flatten() {
                assert!(
                    release <= Release::NEWEST,
                    "{}: {release} is later than Release::NEWEST: raise that, and read servconf.c of all releases between",
                    keyword.key()
                );
            }
        }
    }

    #[test]
    fn every_default_is_a_value_of_its_own_keyword() {
        use crate::line::Line;
        use crate::logical::Logical;
        for keyword in TABLE {
            for &(since, default) in keyword
                .defaults
                .iter()
                .filter(|(_, default)| *default != "none" && *default != "any")
            {
                let release = since.max(Release::new(7, 4)).max(keyword.since());
                let line = format!("{} {default}", keyword.name_for(release));
                let line =
                    Line::parse(Logical::detached(line.as_bytes()), release).expect("a directive");
                let read = crate::value::read(keyword.kind, &line, release);
                assert!(read.is_ok(), "{} {default}: {read:?}", keyword.key());
            }
        }
    }
}
