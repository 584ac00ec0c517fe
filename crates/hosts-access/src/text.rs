//! Text as the C library reads it: the helpers of libwrap's misc.c and the parts of libc that it leans on.

/// Whether isspace(3) is true in the C locale.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Strips what isspace(3) calls space from both ends, as options.c does with an option.
pub(crate) fn chop(text: &[u8]) -> &[u8] {
    let start = text
        .iter()
        .position(|&byte| !is_space(byte))
        .unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|&byte| !is_space(byte))
        .map_or(start, |last| last + 1);
    &text[start..end]
}

/// Compares without regard to the case of ASCII letters, as strcasecmp(3) does in the C locale.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Shows bytes in a message: invalid UTF-8 replaced, control characters escaped.
pub(crate) fn show(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains(char::is_control) {
        return text.into_owned();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Splits at the first `delimiter` outside square brackets (split_at in misc.c, as the IPv6 patch has it).
///
/// A closing bracket without an opening one hides the rest, too.
pub(crate) fn split_at(text: &[u8], delimiter: u8) -> Option<(&[u8], &[u8])> {
    let mut depth = 0i64;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ if depth == 0 && byte == delimiter => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

/// Reads the number at the start of `text`, as atoi(3): 0 without one, wrapped to 32 bits when it is too large.
pub(crate) fn atoi(text: &[u8]) -> i32 {
    let start = text
        .iter()
        .position(|&byte| !is_space(byte))
        .unwrap_or(text.len());
    let digits = text[start..]
        .iter()
        .skip(1)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let number = text
        .get(start..start + 1 + digits)
        .and_then(|text| Number::read(text, 10));
    number.map_or(0, |number| number.int())
}

/// A number of any size as scanf(3) reads it: overflow is truncated only when the number is stored.
pub(crate) struct Number {
    negative: bool,
    magnitude: u128,
}

impl Number {
    /// Parses `text` as blanks, a sign and digits of `radix`, with nothing after them: the
    /// conversions `%d%c`, `%u%c`, `%o%c`.
    pub(crate) fn read(text: &[u8], radix: u32) -> Option<Self> {
        let start = text.iter().position(|&byte| !is_space(byte))?;
        let (negative, digits) = match text[start] {
            b'-' => (true, &text[start + 1..]),
            b'+' => (false, &text[start + 1..]),
            _ => (false, &text[start..]),
        };
        let values = digits
            .iter()
            .map(|&byte| char::from(byte).to_digit(radix).map(u128::from));
        let limit = u128::from(u64::MAX) + 1;
        let magnitude = values.into_iter().try_fold(0u128, |sum, digit| {
            digit.map(|digit| (sum.saturating_mul(u128::from(radix)) + digit).min(limit))
        })?;
        (!digits.is_empty()).then_some(Self {
            negative,
            magnitude,
        })
    }

    /// The number as `%d` stores it: strtol(3), then the low 32 bits.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "scanf stores the low 32 bits"
    )]
    pub(crate) fn int(&self) -> i32 {
        let most = if self.negative { i64::MIN } else { i64::MAX };
        let magnitude =
            i64::try_from(self.magnitude).map(|size| if self.negative { -size } else { size });
        magnitude.unwrap_or(most) as i32
    }

    /// The number as `%u` and `%o` store it: strtoul(3), then the low 32 bits.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "scanf stores the low 32 bits"
    )]
    pub(crate) fn unsigned(&self) -> u32 {
        let value = u64::try_from(self.magnitude);
        let value = value.map(|size| {
            if self.negative {
                size.wrapping_neg()
            } else {
                size
            }
        });
        value.unwrap_or(u64::MAX) as u32
    }
}

/// Reads a dotted quad as inet_addr(3) does: octal and hexadecimal parts count, 255.255.255.255 is not an address.
pub(crate) fn dotted_quad(text: &[u8]) -> Option<u32> {
    let end = text
        .iter()
        .position(|&byte| is_space(byte))
        .unwrap_or(text.len());
    let mut parts = text[..end].split(|&byte| byte == b'.');
    let mut address = 0u32;
    for _ in 0..4 {
        address = address << 8 | u32::from(quad_part(parts.next()?)?);
    }
    (parts.next().is_none() && address != u32::MAX).then_some(address)
}

fn quad_part(text: &[u8]) -> Option<u8> {
    let (radix, digits) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', digits @ ..] if !digits.is_empty() => (8, digits),
        _ => (10, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0u32;
    for &byte in digits {
        value = value
            .saturating_mul(radix)
            .saturating_add(char::from(byte).to_digit(radix)?);
    }
    u8::try_from(value).ok()
}

/// Whether `text` matches a pattern with `*` and `?`, without regard to case (match_pattern_ylo in hosts_access.c).
///
/// It differs from fnmatch(3) in one place: two or more stars at the end require at least one
/// character.
pub(crate) fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let greedy = pattern.ends_with(b"**");
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(&byte)
                if t < text.len() && (byte == b'?' || byte.eq_ignore_ascii_case(&text[t])) =>
            {
                p += 1;
                t += 1;
            }
            None if t == text.len() => break,
            _ => {
                let Some((after, from)) = retry.filter(|&(_, from)| from < text.len()) else {
                    return false;
                };
                retry = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
        }
    }
    !greedy || ends_with_spare(pattern, text)
}

/// A pattern that ends in `**` is equivalent to one that ends in `?*`.
fn ends_with_spare(pattern: &[u8], text: &[u8]) -> bool {
    let stem = pattern
        .iter()
        .rposition(|&byte| byte != b'*')
        .map_or(0, |last| last + 1);
    let mut spare = pattern[..stem].to_vec();
    spare.extend_from_slice(b"?*");
    wildcard(&spare, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_quads_are_parsed_like_inet_addr() {
        let cases: &[(&str, Option<u32>)] = &[
            ("10.0.0.1", Some(0x0a00_0001)),
            ("010.0.0.1", Some(0x0800_0001)),
            ("0x0a.0.0.1", Some(0x0a00_0001)),
            ("0.0.0.0", Some(0)),
            ("255.255.255.255", None),
            ("10.0.0.256", None),
            ("10.0.0", None),
            ("10.0.0.1.", None),
            (".10.0.0.1", None),
            ("10..0.1", None),
            ("08.0.0.1", None),
            ("0x.0.0.1", None),
            ("+1.0.0.1", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(dotted_quad(text.as_bytes()), *expected, "{text}");
        }
    }

    #[test]
    fn numbers_overflow_as_in_the_c_library() {
        let cases = [
            ("24", 24),
            ("24x", 24),
            ("x", 0),
            ("", 0),
            ("-1", -1),
            ("+8", 8),
            ("4294967297", 1),
            ("0x18", 0),
        ];
        for (text, expected) in cases {
            assert_eq!(atoi(text.as_bytes()), expected, "{text}");
        }
        let unsigned =
            |text: &str| Number::read(text.as_bytes(), 10).map(|number| number.unsigned());
        assert_eq!(unsigned("4294967318"), Some(22));
        assert_eq!(unsigned("-1"), Some(u32::MAX));
        assert_eq!(unsigned("99999999999999999999999"), Some(u32::MAX));
        assert_eq!(unsigned("22x"), None);
        assert_eq!(unsigned("-"), None);
    }

    #[test]
    fn wildcards_ignore_case_and_two_final_stars_require_a_character() {
        let cases = [
            ("*", "", true),
            ("**", "", false),
            ("**", "a", true),
            ("10.**", "10.", false),
            ("a**", "a", false),
            ("**a", "a", true),
            ("*a*", "bab", true),
            ("*.EXAMPLE.com", "w.example.COM", true),
            ("1?.*", "10.1.1.1", true),
            ("1?.*", "1.1.1.1", false),
            ("*?", "", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(
                wildcard(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern} ~ {text}"
            );
        }
    }

    #[test]
    fn brackets_hide_a_delimiter() {
        assert_eq!(
            split_at(b"sshd: [::1]: x", b':'),
            Some((&b"sshd"[..], &b" [::1]: x"[..]))
        );
        assert_eq!(
            split_at(b" [::1]: x", b':'),
            Some((&b" [::1]"[..], &b" x"[..]))
        );
        assert_eq!(split_at(b"sshd]: ALL", b':'), None);
        assert_eq!(split_at(b"sshd[: ALL", b':'), None);
    }
}
