//! Words and numbers of a stamp.

/// The text up to the next blank, and the rest from that blank on.
pub(crate) fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    // Words are short: checking each byte is faster than setting up a search.
    let end = text.iter().position(|&byte| byte == b' ')?;
    (end > 0).then(|| text.split_at(end))
}

/// The number at the beginning, and the rest.
pub(crate) fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let end = text
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    Some((whole(&text[..end])?, &text[end..]))
}

pub(super) fn whole(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0, |sum, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + u32::from(digit - b'0'))
    })
}

pub(super) fn narrow(value: u32) -> Option<i8> {
    i8::try_from(value).ok()
}
