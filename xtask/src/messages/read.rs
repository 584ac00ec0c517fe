//! Reads the messages from a source in C.

use super::project::Dialect;

/// The functions that write a message, the level of each, and the letters that its variants add
/// (log.h): `f` the name of the function before the message, `r` the text of an error after it.
const FUNCTIONS: &[(&str, &str)] = &[
    ("fatal", "fatal"),
    ("sigdie", "fatal"),
    ("sshlogdie", "fatal"),
    ("logdie", "error"),
    ("error", "error"),
    ("logit", "info"),
    ("verbose", "verbose"),
    ("do_log2", "info"),
    ("ssh_packet_disconnect", "disconnect"),
    ("packet_disconnect", "disconnect"),
];

/// Replaced by the name of the function once it is known.
const NAME: &str = "__func__";

/// The messages of a source in the order in which they occur, each with its level.
pub(super) fn messages(source: &str, dialect: Dialect) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let bytes = source.as_bytes();
    let (mut at, mut within) = (0, "");
    while at < bytes.len() {
        if let Some(end) = skipped(source, at) {
            at = end;
            continue;
        }
        let begins = at == 0 || !is_word(bytes[at - 1]);
        if !begins || !is_word(bytes[at]) {
            at += 1;
            continue;
        }
        let end = at
            + source[at..]
                .bytes()
                .take_while(|byte| is_word(*byte))
                .count();
        let (name, rest) = (&source[at..end], &source[end..]);
        // The style of OpenSSH: only the definition of a function begins a line with its name.
        if rest.starts_with('(') && source[..at].ends_with('\n') {
            within = name;
        }
        found.extend(match dialect {
            Dialect::OpenSsh => of_openssh(name, rest, within),
            Dialect::Syslog(functions) if functions.contains(&name) => of_syslog(name, rest),
            Dialect::Syslog(_) => None,
            Dialect::Systemd => of_systemd(name, rest),
            Dialect::Logind => of_systemd(name, rest).or_else(|| of_reply(name, rest)),
        });
        at = end;
    }
    found
}

fn of_openssh(name: &str, rest: &str, within: &str) -> Option<(String, String)> {
    let (level, variant) = function(name)?;
    let format = format(rest)?.replacen(NAME, within, 1);
    Some((level.to_owned(), decorated(&format, level, variant, within)))
}

/// The level is an argument; debug messages for developers are left out.
fn of_syslog(name: &str, rest: &str) -> Option<(String, String)> {
    let level = level(rest.trim_start())?;
    let format = format(rest.trim_start())?;
    let is_debug = level == "debug" || format.starts_with("debug: ");
    // duo_log adds these (lib/util.c).
    let behind = if name == "duo_log" {
        " for '%s' from %s: %s"
    } else {
        ""
    };
    (!is_debug).then(|| (level, format + behind))
}

/// The manager's messages about a unit begin with its name, `UNIT` here; pam_systemd writes as
/// other modules do.
fn of_systemd(name: &str, rest: &str) -> Option<(String, String)> {
    if name.starts_with("pam_syslog") {
        return of_syslog(name, rest);
    }
    // The result of a job: `[JOB_FAILED] = "Failed to start %s.",`
    if name.starts_with("JOB_") {
        let text = rest.strip_prefix(']')?.trim_start().strip_prefix('=')?;
        let text = text.trim_start().strip_prefix('"')?;
        let format = &text[..literal(text)?];
        return format
            .contains("%s")
            .then(|| ("job".to_owned(), format.to_owned()));
    }
    let (level, about_unit) = match name {
        "LOG_UNIT_MESSAGE" | "LOG_EXEC_MESSAGE" => ("struct".to_owned(), true),
        "LOG_MESSAGE" => ("struct".to_owned(), false),
        "log_unit_full" | "log_unit_full_errno" => (level(rest)?, true),
        _ => {
            let name = name.strip_prefix("log_")?;
            let name = name.strip_suffix("_errno").unwrap_or(name);
            let about = name
                .strip_prefix("unit_")
                .or_else(|| name.strip_prefix("exec_"));
            let level = about.unwrap_or(name);
            let is_said = ["error", "warning", "notice", "info"].contains(&level);
            is_said.then(|| (level.to_owned(), about.is_some()))?
        }
    };
    let format = format(rest).filter(|_| level != "debug")?;
    let before = if about_unit { "UNIT: " } else { "" };
    Some((level, format!("{before}{format}")))
}

/// An error that is answered on the bus: `sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "…")`.
fn of_reply(name: &str, rest: &str) -> Option<(String, String)> {
    let is_reply = name.starts_with("sd_bus_error_set") || name == "sd_bus_reply_method_errorf";
    Some(("reply".to_owned(), format(rest).filter(|_| is_reply)?))
}

/// The most urgent level that the arguments before the format name: `LOG_ERR`, `quiet ? LOG_DEBUG : LOG_NOTICE`.
fn level(arguments: &str) -> Option<String> {
    let before = arguments.split('"').next().unwrap_or_default();
    let named: Vec<String> = before
        .split(|letter: char| !is_word(letter as u8))
        .filter_map(|word| word.strip_prefix("LOG_"))
        .map(str::to_lowercase)
        .collect();
    let said = named.iter().find(|level| *level != "debug");
    said.or(named.first())
        .cloned()
        // The level is in a variable.
        .or_else(|| arguments.starts_with('(').then(|| "any".to_owned()))
}

/// The level of a function that writes messages, and what its variant adds.
fn function(name: &str) -> Option<(&'static str, &str)> {
    FUNCTIONS.iter().find_map(|(base, level)| {
        let rest = name.strip_prefix(base)?;
        let variant = match rest {
            "" => "",
            "_f" | "_r" | "_fr" => &rest[1..],
            _ => return None,
        };
        Some((*level, variant))
    })
}

/// The format as it is logged: with the name of the function before it, and the error text after
/// it.
fn decorated(format: &str, level: &str, variant: &str, within: &str) -> String {
    let before = match (variant.contains('f'), level) {
        (true, _) => format!("{within}: "),
        (false, "disconnect") => "Disconnecting %p: ".to_owned(),
        (false, _) => String::new(),
    };
    let behind = if variant.contains('r') { ": %s" } else { "" };
    format!("{before}{format}{behind}")
}

/// The literals of the first argument that has any, joined; a macro between two of them prints a number or a name.
fn format(arguments: &str) -> Option<String> {
    let mut format: Option<String> = None;
    let arguments = arguments.strip_prefix('(')?;
    let (mut at, mut depth) = (0, 0_usize);
    let bytes = arguments.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = at + 1 + literal(&arguments[at + 1..])?;
                format
                    .get_or_insert_default()
                    .push_str(&unescaped(&arguments[at + 1..end]));
                at = end;
            }
            b'(' => depth += 1,
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            b',' if format.is_some() && depth == 0 => {
                if arguments[at + 1..].trim_start().starts_with("__func__") {
                    format = format.map(|format| format.replacen("%s", NAME, 1));
                }
                break;
            }
            b';' => return None,
            // `PRIu64` follows the `%` that ends the literal.
            b'P' if format.is_some() && arguments[at..].starts_with("PRI") => {
                format.get_or_insert_default().push('u');
            }
            _ => {}
        }
        at += 1;
    }
    format
}

/// The length of a literal up to the mark that ends it.
fn literal(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

fn unescaped(text: &str) -> String {
    text.replace("\\\"", "\"")
        .replace("\\n", " ")
        .replace("\\r", "")
        .replace("\\t", " ")
        .replace("\\'", "'")
        .replace("\\\\", "\\")
}

/// The offset after a comment, a literal or a preprocessor line that begins here.
fn skipped(source: &str, at: usize) -> Option<usize> {
    let rest = &source.as_bytes()[at..];
    let until = |end: &str, from: usize| {
        let text = &source.as_bytes()[at + from..];
        let found = text
            .windows(end.len())
            .position(|window| window == end.as_bytes());
        at + from + found.map_or(text.len(), |found| found + end.len())
    };
    match rest {
        [b'/', b'*', ..] => Some(until("*/", 2)),
        [b'/', b'/', ..] => Some(until("\n", 2)),
        [b'\'', b'\\', _, b'\'', ..] => Some(at + 4),
        [b'\'', _, b'\'', ..] => Some(at + 3),
        [b'"', ..] => Some(at + 2 + literal(source.get(at + 1..)?)?),
        _ => None,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str, dialect: Dialect) -> Vec<String> {
        let messages = messages(source, dialect).into_iter();
        messages
            .map(|(level, format)| format!("{level} {format}"))
            .collect()
    }

    #[test]
    fn messages_are_read_with_their_level_and_what_the_variant_adds() {
        let source = r#"
            /* error("not this one"); */
            # define x "error("
            error("a %s" " and %" PRIu64 " b", f(x, "y"), n);
            fatal_fr(r, "c (%d)",
                n);
            logit(msg);
            verbose("Starting session: %s%s%s for %s from %.200s", "d", e);
            ssh_packet_disconnect(ssh, "too \"many\"");
            myerror("no");
int
named(void)
{
            error_f("d");
            error("%s: e %s", __func__, f);
}
        "#;
        let shown = shown(source, Dialect::OpenSsh);
        assert_eq!(
            shown,
            [
                "error a %s and %u b",
                "fatal : c (%d): %s",
                "verbose Starting session: %s%s%s for %s from %.200s",
                "disconnect Disconnecting %p: too \"many\"",
                "error named: d",
                "error named: e %s",
            ]
        );
    }

    #[test]
    fn messages_of_pam_have_their_level_as_an_argument() {
        let source = r#"
            pam_syslog (pamh, LOG_DEBUG, "not this one");
            pam_syslog(pamh, LOG_NOTICE,
                "a %s" " b", f("x"));
            pam_syslog(pamh, quiet ? LOG_DEBUG : LOG_WARNING, _("c"));
            duo_log(LOG_ERR, "d", user, host, NULL);
        "#;
        assert_eq!(
            shown(source, Dialect::Syslog(&["pam_syslog", "duo_log"])),
            ["notice a %s b", "warning c", "err d for '%s' from %s: %s"]
        );
    }

    #[test]
    fn messages_of_systemd_concern_units_jobs_and_its_module() {
        let source = r#"
            log_unit_error_errno(u, r, "a %m");
            log_unit_debug(u, "not this one");
            log_unit_struct(u, LOG_INFO, "MESSAGE_ID=" X, LOG_UNIT_MESSAGE(u, "b %s", c));
            [JOB_FAILED]     = "d %s.",
            [JOB_FAILED]     = "failed",
            pam_syslog_errno(handle, LOG_ERR, r, "e: %m");
            log_warning("f");
        "#;
        assert_eq!(
            shown(source, Dialect::Systemd),
            [
                "error UNIT: a %m",
                "struct UNIT: b %s",
                "job d %s.",
                "err e: %m",
                "warning f"
            ]
        );
    }

    #[test]
    fn replies_of_logind_are_read_as_messages() {
        let source = r#"
            return sd_bus_error_setf(error, LIMITS_EXCEEDED,
                "a (%" PRIu64 ") b", n);
            log_struct(LOG_INFO, LOG_MESSAGE("c %s.", d));
            log_info("e");
        "#;
        assert_eq!(
            shown(source, Dialect::Logind),
            ["reply a (%u) b", "struct c %s.", "info e"]
        );
        assert_eq!(shown(source, Dialect::Systemd), ["struct c %s.", "info e"]);
    }
}
