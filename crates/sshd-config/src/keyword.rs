//! What is known of each keyword, and how one is found by its name.

use sshmend_lossless::nearest;
use std::sync::LazyLock;

use crate::elements::is_many_a_line;
use crate::release::Release;
use crate::table::TABLE;
use crate::value::{Kind, Penalties};

/// Which of several lines of a keyword takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The first one read.
    First,
    /// The last one read in releases before this one, the first one since.
    LastBefore(Release),
    /// The last one read.
    Last,
    /// All of them.
    All,
    /// The first one that sets a part of the value, part by part.
    FirstOfPart,
    /// As [`Rule::FirstOfPart`]; a part that takes effect switches the whole on.
    Penalties,
    /// The first one of each name.
    FirstOfName,
    /// The first one, but `none` takes effect wherever it stands.
    FirstOrNone,
    /// The first one; from 8.7 to 9.3 the last one, and none behind AuthorizedKeysCommand.
    PrincipalsCommand,
}

/// A name of a keyword.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    /// As the manual page writes it.
    pub(crate) text: &'static str,
    /// The first release that knows it.
    pub(crate) since: Release,
    /// The first release that does not know it any more.
    pub(crate) before: Option<Release>,
    /// True where the name may not stand in a Match block although the keyword may.
    pub(crate) global: bool,
    /// True where only Debian's patches know it.
    pub(crate) debian: bool,
}

impl Name {
    fn known_to(&self, release: Release) -> bool {
        release >= self.since
            && self.before.is_none_or(|before| release < before)
            && (release.debian || !self.debian)
    }
}

/// A keyword of `sshd_config`.
#[derive(Debug)]
pub(crate) struct Keyword {
    /// Its names: today's first.
    pub(crate) names: &'static [Name],
    /// Since when it may stand in a Match block, if at all.
    pub(crate) in_match: Option<Release>,
    /// Which line takes effect.
    pub(crate) rule: Rule,
    /// The form of its value.
    pub(crate) kind: Kind,
    /// What is in force without any line, by first release; empty where that depends on the build or is nothing.
    pub(crate) defaults: &'static [(Release, &'static str)],
    /// True where builds without PAM, Kerberos or GSSAPI ignore it.
    pub(crate) optional: bool,
}

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

/// The keyword of any release by its name in any case, as the manual page writes it.
pub fn keyword_named(word: &str) -> Option<&'static str> {
    let names = TABLE.iter().flat_map(|keyword| keyword.names);
    let mut names = names.map(|name| name.text);
    names.find(|name| name.eq_ignore_ascii_case(word))
}

/// The keyword of any release that was meant by a word that is none.
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
    Keyword::find_in_any(name).is_some_and(|keyword| is_many_a_line(keyword.kind))
}

/// Whether sshd reads the number of a keyword in octal.
pub fn is_octal(name: &str) -> bool {
    Keyword::find_in_any(name).is_some_and(|keyword| keyword.kind == Kind::Octal)
}

/// The lower-case name under which a keyword is reported, whatever it is called and in whatever case; `None` where no
/// release knows it.
pub fn keyword_key(name: &str) -> Option<String> {
    Keyword::find_in_any(name).map(Keyword::key)
}

/// Every name of a keyword that any release knows, as the manual page writes it.
pub fn keyword_names() -> impl Iterator<Item = &'static str> + Clone {
    let names = TABLE.iter().flat_map(|keyword| keyword.names);
    names.map(|name| name.text)
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

    /// The lower-case name under which the keyword is reported, whatever the release calls it.
    pub(crate) fn key(&self) -> String {
        self.names[0].text.to_ascii_lowercase()
    }

    /// The name to write for this release.
    pub(crate) fn name_for(&self, release: Release) -> &'static str {
        self.names
            .iter()
            .find(|name| name.known_to(release))
            .unwrap_or(&self.names[0])
            .text
    }

    /// True when this release knows the keyword.
    pub(crate) fn known_to(&self, release: Release) -> bool {
        self.names.iter().any(|name| name.known_to(release))
    }

    /// The first release that knows the keyword by any name.
    pub(crate) fn since(&self) -> Release {
        self.names
            .iter()
            .map(|name| name.since)
            .min()
            .unwrap_or(Release::ALWAYS)
    }

    /// Whether a Match block may hold the keyword by this name.
    pub(crate) fn allowed_in_match(&self, name: &Name, release: Release) -> bool {
        !name.global && self.in_match.is_some_and(|since| release >= since)
    }

    /// What is in force without any line.
    pub(crate) fn default_for(&self, release: Release) -> Option<String> {
        if self.kind == Kind::Penalties {
            return Some(Penalties::show(&std::collections::BTreeMap::new(), release))
                .filter(|_| self.known_to(release));
        }
        let known = self
            .defaults
            .iter()
            .rev()
            .find(|(since, _)| release >= *since);
        known
            .filter(|_| self.known_to(release))
            .map(|(_, value)| (*value).to_owned())
    }

    /// True where several values stand side by side, so that there is no single one to set.
    pub(crate) fn accumulates(&self) -> bool {
        matches!(self.rule, Rule::All | Rule::FirstOfName) || self.kind == Kind::Environment
    }

    /// The release from which on the first line wins, where it was the last one before.
    pub(crate) fn first_wins_from(&self) -> Option<Release> {
        if let Rule::LastBefore(first) = self.rule {
            Some(first)
        } else {
            None
        }
    }

    /// True where the last line wins in this release.
    pub(crate) fn last_wins(&self, release: Release) -> bool {
        match self.rule {
            Rule::Last => true,
            Rule::LastBefore(first) => release < first,
            Rule::PrincipalsCommand => release.since(8, 7) && !release.since(9, 4),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_what_it_meant_in_its_release() {
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
    fn every_name_stands_in_the_table_once_for_each_release() {
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
