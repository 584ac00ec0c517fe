//! Finds messages anywhere within a line.
//!
//! Each place of a line at which a message can begin is examined once, and a message is at most
//! [`LONGEST`] bytes long: the work is linear in the length of the line.

use super::words::{Entry, Scope, Sign, Symptom, TABLE, failure};
use super::{Software, noise};
use crate::template::Fields;

/// OpenSSH cuts a message at this length (log.c, `MSGBUFSIZ`).
const LONGEST: usize = 1024;

/// A message within a line.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) entry: &'static Entry,
    pub(super) named: Named,
    /// Whether it is from `ssh -v`.
    pub(super) debug: bool,
    /// The message without the text around it.
    pub(super) text: String,
    /// Whether it begins at the beginning of the line or of a quotation, with at most a stamp
    /// before it.
    pub(super) leads: bool,
}

/// The names in a message.
#[derive(Debug, Default, Clone)]
pub(super) struct Named {
    pub(super) host: Option<String>,
    pub(super) address: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) detail: Option<String>,
}

/// All messages of a line.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) hits: Vec<Hit>,
    /// Whether it contains output of `ssh -v`.
    pub(super) debug: bool,
    /// The number of bytes examined.
    pub(super) steps: usize,
}

/// Scans a line.
pub(super) fn scan(line: &[u8]) -> Scan {
    let mut scan = Scan::default();
    for piece in noise::pieces(line) {
        scan.piece(piece);
    }
    scan
}

/// A line that consists of a single message.
pub(super) fn whole(line: &[u8]) -> Option<Hit> {
    let mut scan = scan(line);
    let hit = scan
        .hits
        .pop()
        .filter(|hit| hit.leads && hit.entry.scope == Scope::Anywhere)?;
    (scan.hits.is_empty() && hit.text.len() == line.trim_ascii().len()).then_some(hit)
}

impl Scan {
    fn piece(&mut self, piece: &[u8]) {
        let mut at = 0;
        let first = self.hits.len();
        let mut starts = Vec::new();
        while at < piece.len() {
            self.steps += 1;
            if !begins(piece, at) {
                at += 1;
                continue;
            }
            if let Some(length) = debug_level(&piece[at..]) {
                self.debug = true;
                // Everything else in a message of `ssh -v` is text of strangers.
                self.message(piece, at + length, true);
                starts.resize(self.hits.len() - first, at);
                break;
            }
            match self.message(piece, at, false) {
                Some(end) => {
                    starts.resize(self.hits.len() - first, at);
                    at = end.max(at + 1);
                }
                None => at += 1,
            }
        }
        self.give_texts(piece, first, &starts);
    }

    /// The messages that begin at a place: the first that counts anywhere, and all that must be
    /// distinguished later. Returns the end of the longest.
    fn message(&mut self, piece: &[u8], at: usize, debug: bool) -> Option<usize> {
        let text = &piece[at..piece.len().min(at + LONGEST)];
        let mut end = None;
        for entry in TABLE.candidates(text) {
            self.steps += text.len();
            let Some((fields, length)) = entry
                .template
                .beginning(text)
                // A name may have a suffix: `phpseclib3`.
                .filter(|(_, length)| entry.sign == Sign::Name || ends(text, *length))
            else {
                continue;
            };
            let Some(length) = of_error(entry, &fields, length) else {
                continue;
            };
            if !(entry.scope != Scope::Debug || debug) || !is_possible(entry, &fields, piece, at) {
                continue;
            }
            if entry.scope == Scope::Alone && !is_alone(piece, at, length) {
                continue;
            }
            let named = Named::read(&fields, entry.sign, &piece[..at]);
            self.hits.push(Hit {
                entry,
                named,
                debug,
                text: String::new(),
                leads: is_lead(&piece[..at]),
            });
            end = end.max(Some(at + length));
            if matches!(entry.scope, Scope::Anywhere | Scope::Debug) {
                break;
            }
        }
        end
    }

    /// Gives each message its text, up to the next one or to the end of the piece.
    fn give_texts(&mut self, piece: &[u8], first: usize, starts: &[usize]) {
        for (hit, &start) in self.hits[first..].iter_mut().zip(starts) {
            let end = starts
                .iter()
                .copied()
                .find(|&next| next > start)
                .unwrap_or(piece.len());
            let begin = start - opening(&piece[..start]);
            let text = piece[begin..end.min(start + LONGEST)].trim_ascii();
            hit.text = String::from_utf8_lossy(without_ending(text)).into_owned();
            let named = hit.named.address.is_some() || hit.named.host.is_some();
            if matches!(hit.entry.sign, Sign::Library(..)) && !named {
                (hit.named.address, hit.named.port) = endpoint(&hit.text);
            }
        }
    }
}

impl Named {
    fn read(fields: &Fields<'_>, sign: Sign, before: &[u8]) -> Self {
        let owned = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut named = Self {
            host: fields.host.filter(|host| !host.is_empty()).map(owned),
            address: fields.addr.map(owned),
            port: fields.port,
            user: fields.user.map(owned),
            detail: fields.detail.map(|detail| owned(without_ending(detail))),
        };
        if matches!(sign, Sign::Destination | Sign::Connecting | Sign::Whom) {
            // Java prints `null` if no user is given.
            named.user = named.detail.take().filter(|user| user != "null");
        }
        if sign == Sign::Symptom(Symptom::Denied) {
            if let Some((user, host)) = login_before(before) {
                named.user = Some(owned(user));
                named.host = Some(owned(host));
            }
        }
        named
    }
}

/// The number of bytes before the words that identify a message which belong to it: `USER@HOST: `
/// before a refusal, and `No TYPE ` before a host key.
fn opening(before: &[u8]) -> usize {
    if let Some((user, host)) = login_before(before) {
        return user.len() + host.len() + b"@: ".len();
    }
    let Some(kind) = before
        .strip_suffix(b" ")
        .and_then(|rest| rest.rsplit(u8::is_ascii_whitespace).next())
    else {
        return 0;
    };
    let length = b"No ".len() + kind.len() + b" ".len();
    if before.len() >= length && before[before.len() - length..].starts_with(b"No ") {
        length
    } else {
        0
    }
}

/// `USER@HOST: ` before a message.
fn login_before(before: &[u8]) -> Option<(&[u8], &[u8])> {
    let word = before
        .strip_suffix(b": ")?
        .rsplit(|byte| byte.is_ascii_whitespace() || *byte == b'"')
        .next()?;
    let at = word.iter().rposition(|&byte| byte == b'@')?;
    (at > 0 && at + 1 < word.len()).then(|| (&word[..at], &word[at + 1..]))
}

/// The address and port named by a library's message: the second of `A:PORT->B:PORT`.
fn endpoint(text: &str) -> (Option<String>, Option<u16>) {
    if let Some((_, rest)) = text.split_once("Unable to connect to port ") {
        let mut words = rest.split(' ');
        let port = words.next().and_then(|port| port.parse().ok());
        return (words.nth(1).map(str::to_owned), port);
    }
    let words = text
        .split_whitespace()
        .map(|word| word.rsplit("->").next().unwrap_or(word));
    let pair = |word: &str| {
        let word = word.trim_end_matches([':', ',', '.', '"']);
        let (host, port) = word.rsplit_once(':')?;
        let host = host.trim_matches(['[', ']', '(', '\'', '"']);
        let like = host.contains('.') || host.contains(':') || host == "localhost";
        let like = like && !is_source_file(host);
        Some((host.to_owned(), port.parse::<u16>().ok()?)).filter(|_| like)
    };
    let found = words.filter_map(pair).next();
    found.map_or((None, None), |(host, port)| (Some(host), Some(port)))
}

/// Whether a message can begin here: at the beginning, or after a separator.
fn begins(piece: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| piece[before]) else {
        return true;
    };
    let joined =
        || piece[..at].ends_with(b"remote host") && piece[at..].starts_with(b"Connection ");
    !piece[at].is_ascii_whitespace()
        && (!before.is_ascii_alphanumeric() || joined())
        && !b"-_@\\".contains(&before)
        && before < 0x80
}

/// Whether a message can end here; the line break before the next one of ssh may have been lost.
fn ends(text: &[u8], at: usize) -> bool {
    if text[at..].starts_with(b"Connection ") {
        return true;
    }
    let inside = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
    !(inside(at) && at > 0 && text[at - 1].is_ascii_alphanumeric())
}

/// The length of `debug1: `.
fn debug_level(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"debug")?;
    matches!(rest, [b'1'..=b'3', b':', b' ', ..]).then_some(8)
}

/// Whether only a stamp, a level or a quotation mark precedes a message.
fn is_lead(before: &[u8]) -> bool {
    let before = before.trim_ascii();
    before.is_empty() || before.ends_with(b"\"") || before.ends_with(b"]") || before.ends_with(b":")
}

/// Whether a message is its whole line, except for a stamp and what closes it.
fn is_alone(piece: &[u8], at: usize, length: usize) -> bool {
    is_lead(&piece[..at]) && without_ending(&piece[at + length..]).trim_ascii_end() == b"."
        || is_lead(&piece[..at]) && without_ending(&piece[at + length..]).is_empty()
}

/// The length of a message that ends with the words of an error; `None` for words without a
/// meaning.
fn of_error(entry: &Entry, fields: &Fields<'_>, length: usize) -> Option<usize> {
    let (Sign::Failed(phase), Some(detail)) = (entry.sign, fields.detail) else {
        return Some(length);
    };
    let (_, words) = failure(phase, detail, false)?;
    Some(length - detail.len() + words)
}

/// Conditions that the template alone cannot express.
fn is_possible(entry: &Entry, fields: &Fields<'_>, piece: &[u8], at: usize) -> bool {
    let address = |text: &[u8]| text.iter().any(|byte| b".:*".contains(byte));
    match entry.sign {
        // `Connection closed by foreign host` is from telnet; with a port it is from ssh whatever
        // the host.
        Sign::Symptom(Symptom::Closed) if fields.port.is_none() => fields.addr.is_none_or(address),
        // An identification, the name of a package or a pattern contains the same words.
        Sign::Version(Software::OpenSsh) => {
            let version = fields
                .detail
                .and_then(<[u8]>::first)
                .is_some_and(u8::is_ascii_digit);
            version && (is_lead(&piece[..at]) || piece[..at].ends_with(b"debug1: "))
        }
        _ => true,
    }
}

/// The text without the end of a quotation.
fn without_ending(text: &[u8]) -> &[u8] {
    let text = text
        .strip_suffix(b"</p>")
        .or_else(|| text.strip_suffix(b"</code>"))
        .unwrap_or(text);
    let end = text
        .iter()
        .rposition(|byte| !b"\"'`\\,".contains(byte))
        .map_or(0, |at| at + 1);
    text[..end].trim_ascii_end()
}

/// Whether a name with a dot is that of a source file, whose line may stand behind it: `SSH2.php:1246`.
pub(super) fn is_source_file(name: &str) -> bool {
    const SOURCES: &[&str] = &[
        "py", "go", "rb", "js", "ts", "java", "cs", "rs", "c", "cc", "cpp", "h", "php", "pl", "pm",
        "kt", "scala", "ex", "exs", "yml", "yaml", "json", "sh", "ps1", "log", "txt", "conf",
        "xml", "tf", "mjs", "jsx", "tsx", "lua", "swift", "groovy",
    ];
    name.rsplit_once('.')
        .is_some_and(|(_, last)| SOURCES.contains(&last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        scan(line.as_bytes())
            .hits
            .into_iter()
            .map(|hit| hit.text)
            .collect()
    }

    #[test]
    fn a_message_is_found_whatever_surrounds_it() {
        const MESSAGE: &str = "kex_exchange_identification: Connection closed by remote host";
        let around = [
            "2026-03-05T12:00:00.1234567Z @",
            "2026-03-05T12:00:00.123456Z 01O @",
            "##[error]@",
            "12:00:00  @",
            "#12 3.456 @",
            "13 @",
            "stderr:  @",
            "stderr=@",
            "  msg: '@'",
            "`@`",
            "(@)",
            "<p>@</p>",
            "@.",
            "{\"msg\": \"x: @\\r\\n\", \"unreachable\": true}",
        ];
        for text in around {
            let found = texts(&text.replace('@', MESSAGE));
            assert!(
                found.iter().all(|text| text.starts_with(MESSAGE)) && found.len() == 1,
                "{text}: {found:?}"
            );
        }
        let both = format!("Failed: {MESSAGE} Connection closed by 192.0.2.4 port 22");
        assert_eq!(
            texts(&both),
            [MESSAGE, "Connection closed by 192.0.2.4 port 22"]
        );
        for whole in [
            "eve@jump: Permission denied (publickey).",
            "No RSA host key is known for h and you have requested strict checking.",
        ] {
            assert_eq!(texts(whole), [whole]);
        }
        assert_eq!(
            texts("Connection closed by *** port 22"),
            ["Connection closed by *** port 22"]
        );
        // telnet says it of every protocol.
        let foreign = scan(b"Connection closed by foreign host.").hits;
        assert!(foreign.iter().all(|hit| hit.entry.scope == Scope::Named));
    }

    #[test]
    fn text_inside_another_message_is_not_read() {
        assert_eq!(
            texts(
                "debug1: Remote protocol version 2.0, remote software version Connection refused"
            )
            .len(),
            1
        );
        assert_eq!(
            texts("debug1: something ssh: connect to host x port 22: Connection refused"),
            [""; 0]
        );
        assert_eq!(texts("-OpenSSH_9.2 openssh-server OpenSSH_x"), [""; 0]);
    }

    #[test]
    fn scanning_takes_linear_time() {
        let lines = [
            "x: ",
            "ssh: connect to host ",
            "Connection closed by ",
            "\"a\": ",
            "debug",
            "\\n",
            "/: line 1: ",
        ];
        for part in lines {
            let steps = |times: usize| scan(part.repeat(times).as_bytes()).steps;
            let (short, long) = (steps(2_000), steps(8_000));
            assert!(long <= 5 * short, "{part:?}: {short} {long}");
        }
    }
}
