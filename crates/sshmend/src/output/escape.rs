//! Hostile text made harmless: a terminal obeys control characters, a person must see them.

/// Replaces every control character, bidirectional override and invisible joiner by a visible escape; TAB stays.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => out.push('\t'),
            _ if character.is_control() || is_deceptive(character) => out.extend(character.escape_default()),
            _ => out.push(character),
        }
    }
    out
}

/// Characters that change the order or hide the presence of what stands around them.
fn is_deceptive(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_never_given_an_order() {
        let cases = [
            ("plain\ttext", "plain\ttext"),
            ("\x1b[2Jgone", "\\u{1b}[2Jgone"),
            ("a\rb\n", "a\\rb\\n"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("user\u{202e}toor", "user\\u{202e}toor"),
            ("Zürich", "Zürich"),
        ];
        for (hostile, harmless) in cases {
            assert_eq!(line(hostile), harmless);
        }
    }
}
