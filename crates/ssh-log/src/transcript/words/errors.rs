//! The messages of the operating system (`strerror`) and of OpenSSH (`ssherr.c`) for failures.

use std::sync::LazyLock;

use super::sign::{Phase, Symptom};

/// The meaning of an error, by the client's activity.
struct Meaning {
    words: &'static str,
    connecting: Symptom,
    connected: Symptom,
}

const fn error(words: &'static str, connecting: Symptom, connected: Symptom) -> Meaning {
    Meaning {
        words,
        connecting,
        connected,
    }
}

/// Errors of the operating system.
#[rustfmt::skip]
const SYSTEM: &[Meaning] = &[
    error("Connection reset by peer", Symptom::ConnectReset, Symptom::Reset),
    error("Connection reset", Symptom::ConnectReset, Symptom::Reset),
    error("Broken pipe", Symptom::ConnectFailed, Symptom::Reset),
    error("Connection refused", Symptom::Refused, Symptom::RefusedLate),
    error("Connection timed out", Symptom::ConnectTimeout, Symptom::Unanswered),
    error("Operation timed out", Symptom::ConnectTimeout, Symptom::Unanswered),
    error("No route to host", Symptom::NoRoute, Symptom::RouteLost),
    error("Host is unreachable", Symptom::NoRoute, Symptom::RouteLost),
    error("Host is down", Symptom::HostDown, Symptom::RouteLost),
    error("Network is unreachable", Symptom::Unreachable, Symptom::RouteLost),
    error("Network is down", Symptom::NetworkDown, Symptom::RouteLost),
    error("Network dropped connection on reset", Symptom::NetworkDown, Symptom::RouteLost),
    error("Software caused connection abort", Symptom::Aborted, Symptom::Aborted),
    error("Connection aborted", Symptom::Aborted, Symptom::Aborted),
    error("Operation not permitted", Symptom::Forbidden, Symptom::Forbidden),
    error("Permission denied", Symptom::Forbidden, Symptom::Forbidden),
    error("Cannot assign requested address", Symptom::NoAddress, Symptom::RouteLost),
    error("Can't assign requested address", Symptom::NoAddress, Symptom::RouteLost),
    error("Address not available", Symptom::NoAddress, Symptom::RouteLost),
    error("Connection closed by remote host", Symptom::ConnectReset, Symptom::Closed),
];

/// Errors of OpenSSH.
const OWN: &[(&str, Symptom)] = &[
    ("error in libcrypto", Symptom::CryptoPolicy),
    ("incorrect signature", Symptom::BadSignature),
    ("Invalid key length", Symptom::KeyTooShort),
    ("DH GEX group out of range", Symptom::GroupRefused),
    ("message authentication code incorrect", Symptom::Damaged),
    ("Connection corrupted", Symptom::Damaged),
    ("no matching", Symptom::Mismatch),
    ("invalid format", Symptom::NotSshBytes),
    ("could not read protocol version", Symptom::NotSshBytes),
    ("protocol version mismatch", Symptom::Mismatch),
];

/// Messages of the C library in other languages, with the English ones.
static TRANSLATIONS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let mut english = "";
    let lines = include_str!("translations.txt").lines();
    let of_line = |line: &'static str| match line.strip_prefix('\t') {
        Some(translated) => Some((translated, english)),
        None => {
            english = line;
            None
        }
    };
    lines.filter_map(of_line).collect()
});

/// The meaning of the words, and their length in bytes; `None` if they are unknown.
pub(in super::super) fn failure(
    phase: Phase,
    text: &[u8],
    connected: bool,
) -> Option<(Symptom, usize)> {
    let translated = TRANSLATIONS
        .iter()
        .find(|(translated, _)| text.starts_with(translated.as_bytes()));
    if let Some((translated, english)) = translated {
        let (symptom, _) = english_failure(phase, english.as_bytes(), connected)?;
        return Some((symptom, translated.len()));
    }
    english_failure(phase, text, connected)
}

fn english_failure(phase: Phase, text: &[u8], connected: bool) -> Option<(Symptom, usize)> {
    let begins = |words: &str| {
        text.get(..words.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(words.as_bytes()))
    };
    let own = || {
        OWN.iter()
            .filter(|(words, _)| begins(words))
            .map(|&(words, symptom)| (symptom, words.len()))
            .next()
    };
    let connecting = match phase {
        Phase::Connect => true,
        Phase::Any => !connected,
        Phase::Identification | Phase::Banner | Phase::Exchange => false,
    };
    let known = SYSTEM
        .iter()
        .find(|meaning| begins(meaning.words))
        .map(|meaning| {
            let reset = phase == Phase::Any && meaning.connected == Symptom::Reset;
            (
                if connecting && !reset {
                    meaning.connecting
                } else {
                    meaning.connected
                },
                meaning.words.len(),
            )
        });
    let unknown = || match phase {
        Phase::Connect => Some((Symptom::ConnectFailed, text.len())),
        // Unknown words prove only that it ended.
        Phase::Identification | Phase::Banner | Phase::Exchange => {
            Some((Symptom::Closed, text.len()))
        }
        Phase::Any => None,
    };
    match phase {
        Phase::Banner | Phase::Exchange => known.or_else(own).or_else(unknown),
        Phase::Connect | Phase::Identification | Phase::Any => known.or_else(unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_means_the_same_in_every_language() {
        let symptom = |phase, text: &str| failure(phase, text.as_bytes(), false);
        for (text, length) in [("Connexion refusée", 18), ("拒绝连接.", 12)] {
            let refused = Some((Symptom::Refused, length));
            assert_eq!(symptom(Phase::Connect, text), refused);
        }
        let read = |text| symptom(Phase::Identification, text).map(|(symptom, _)| symptom);
        assert_eq!(read("Připojení"), Some(Symptom::Closed));
        assert_eq!(
            read("Соединение разорвано другой стороной"),
            Some(Symptom::Reset)
        );
        assert_eq!(
            read("接続がタイムアウトしました"),
            Some(Symptom::Unanswered)
        );
        // Each is recognised, and none is hidden by another one that it begins with.
        for (translated, english) in TRANSLATIONS.iter() {
            let own = english_failure(Phase::Connect, english.as_bytes(), false);
            let (known, length) = symptom(Phase::Connect, translated).unwrap();
            assert_eq!(Some(known), own.map(|(symptom, _)| symptom), "{translated}");
            assert_eq!(length, translated.len(), "{translated}");
        }
    }

    #[test]
    fn the_connection_phase_decides_the_meaning_of_an_error() {
        let symptom =
            |phase, text: &str| failure(phase, text.as_bytes(), false).map(|(symptom, _)| symptom);
        assert_eq!(
            symptom(Phase::Connect, "No route to host"),
            Some(Symptom::NoRoute)
        );
        assert_eq!(
            symptom(Phase::Identification, "No route to host'"),
            Some(Symptom::RouteLost)
        );
        assert_eq!(
            symptom(Phase::Banner, "Operation timed out"),
            Some(Symptom::Unanswered)
        );
        assert_eq!(
            symptom(Phase::Banner, "invalid format"),
            Some(Symptom::NotSshBytes)
        );
        assert_eq!(
            symptom(Phase::Any, "Connection reset by peer"),
            Some(Symptom::Reset)
        );
        assert_eq!(symptom(Phase::Any, "Cannot confirm a host key"), None);
        assert_eq!(
            symptom(Phase::Banner, "Unknown error"),
            Some(Symptom::Closed)
        );
    }
}
