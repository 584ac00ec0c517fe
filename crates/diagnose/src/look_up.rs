//! From a message, or a keyword of sshd_config, to the causes related to it.

use sshmend_lossless::nearest;
use sshmend_ssh_log::transcript::read_one;
use sshmend_ssh_log::{CauseName, Clock, Reader};

use crate::causes::CAUSES;
use crate::verdict::Cause;

/// The causes that a message of a client or of a log indicates, the most likely first. If it is
/// known as neither, those whose pages quote it.
pub fn causes_of_message(message: &str) -> Vec<&'static Cause> {
    let attempt = read_one(message.as_bytes());
    let concluded = attempt.iter().flat_map(|attempt| &attempt.conclusions);
    let mut names: Vec<CauseName> = concluded.map(|found| found.cause).collect();
    let logged = logged(message);
    if names.is_empty() && logged.is_empty() || message.split_whitespace().count() < 5 {
        // A few words are a part of many messages.
        let quoting = CAUSES.iter().filter(|cause| quotes(cause, message));
        names.extend(quoting.map(|cause| cause.name));
    }
    names.extend(logged);
    let mut causes: Vec<&'static Cause> = Vec::new();
    for name in names {
        let cause = CAUSES.iter().find(|cause| cause.name == name);
        causes.extend(cause.filter(|cause| !causes.iter().any(|known| known.name == cause.name)));
    }
    causes
}

/// The causes that a message of sshd or a similar program indicates, as a complete log line or the
/// message alone.
fn logged(message: &str) -> Vec<CauseName> {
    let mut names = Vec::new();
    for head in ["", "Jan  1 00:00:00 host sshd[1]: "] {
        let mut reader = Reader::new(Clock::utc(jiff::Timestamp::UNIX_EPOCH));
        let mut note = |event: &sshmend_ssh_log::Event<'_>| names.extend(event.cause);
        reader.feed(format!("{head}{message}\n").as_bytes(), &mut note);
        reader.finish(&mut note);
    }
    names
}

fn quotes(cause: &Cause, message: &str) -> bool {
    let words = |text: &str| {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        words.join(" ")
    };
    let wanted = words(message);
    !wanted.is_empty() && words(&cause.explain()).contains(&wanted)
}

/// The causes whose pages name a keyword: the one of its name first, then those that it repairs.
pub fn causes_of_keyword(keyword: &str) -> Vec<&'static Cause> {
    let keyword = keyword.to_lowercase();
    let names = |text: &str| has_word(text, &keyword);
    let mended_by = |cause: &Cause| {
        let text = cause.explain();
        let mut paragraphs = text.split("\n\n");
        paragraphs.any(|paragraph| paragraph.starts_with("**Mended") && names(paragraph))
    };
    let mut causes: Vec<&'static Cause> = CAUSES
        .iter()
        .filter(|cause| names(&cause.explain()))
        .collect();
    let is_named = |cause: &Cause| cause.name.as_str().replace('-', "") == keyword;
    causes.sort_by_key(|cause| (!is_named(cause), !mended_by(cause)));
    causes
}

/// The causes whose explanations have a word, such as a file or the beginning of a message. Those
/// that it names come first.
pub fn causes_of_word(word: &str) -> Vec<&'static Cause> {
    let word = word.to_lowercase();
    let has = |text: &str| has_word(text, &word);
    let mut causes: Vec<&'static Cause> = CAUSES
        .iter()
        .filter(|cause| has(&cause.explain()))
        .collect();
    causes.sort_by_key(|cause| !has(cause.name.as_str()) && !has(cause.title()));
    causes
}

/// Whether a text has a word, given in lower case, that is not a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let text = text.to_lowercase();
    let stands_alone = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    };
    word.contains(char::is_alphanumeric) && text.match_indices(word).any(|(at, _)| stands_alone(at))
}

/// The cause that was meant by a name that is none.
pub fn nearest_cause(name: &str) -> Option<&'static str> {
    nearest(name, CAUSES.iter().map(|cause| cause.name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(causes: &[&'static Cause]) -> Option<&'static str> {
        causes.first().map(|cause| cause.name.as_str())
    }

    #[test]
    fn a_message_leads_to_its_causes() {
        let cases = [
            (
                "drop connection #7 from [192.0.2.9]:50000 on [192.0.2.1]:22 past MaxStartups",
                "max-startups",
            ),
            (
                "Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. Their offer: ssh-rsa",
                "algorithm-mismatch",
            ),
            (
                "Missing privilege separation directory: /run/sshd",
                "privsep-directory",
            ),
            (
                "User carol from 192.0.2.9 not allowed because not listed in AllowUsers",
                "user-not-allowed",
            ),
        ];
        for (message, cause) in cases {
            assert_eq!(first(&causes_of_message(message)), Some(cause), "{message}");
        }
        let reset =
            causes_of_message("kex_exchange_identification: read: Connection reset by peer");
        assert!(reset.len() > 3, "one message, many causes");
        let few_words = causes_of_message("Connection reset by peer");
        assert!(
            few_words
                .iter()
                .any(|cause| cause.name == CauseName::MaxStartups)
        );
        assert!(causes_of_message("the printer is on fire").is_empty());
        assert!(causes_of_message(" ").is_empty());
    }

    #[test]
    fn a_keyword_leads_to_the_causes_that_it_repairs() {
        assert_eq!(
            first(&causes_of_keyword("maxstartups")),
            Some("max-startups")
        );
        assert_eq!(
            first(&causes_of_keyword("AllowUsers")),
            Some("user-not-allowed")
        );
        assert!(causes_of_keyword("Startupz").is_empty());
        assert!(causes_of_keyword("").is_empty());
        assert_eq!(nearest_cause("maxstartup"), Some("max-startups"));
    }

    #[test]
    fn a_word_leads_to_the_causes_that_have_it_whole() {
        assert_eq!(first(&causes_of_word("Fail2ban")), Some("fail2ban-banned"));
        assert!(!causes_of_word("hosts.deny").is_empty());
        for no_word in ["fail2ba", "", ".", "host", "ost.deny"] {
            let found = causes_of_word(no_word);
            let whole = found.iter().all(|cause| {
                let text = cause.explain().to_lowercase();
                text.split(|c: char| !c.is_alphanumeric() && c != '_')
                    .any(|word| word == no_word)
            });
            assert!(whole, "{no_word}");
        }
    }
}
