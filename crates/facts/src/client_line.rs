//! The lines of ssh's own files that decide a value.

use sshmend_lossless::Origin;

use crate::Facts;

/// The message of `ssh -v` for each file that it reads.
const READS: &str = "debug1: Reading configuration data ";

impl Facts<'_> {
    /// The line of the ssh configuration files that sets a keyword, given in lower case, to the
    /// value in force. `None` if ssh has not reported which files it reads, or if no line has
    /// exactly that value, as for a line that only adds to a list.
    pub fn client_line(&self, key: &str) -> Option<Origin> {
        let config = self.client_config()?;
        let value = config.value(key)?;
        let files = self
            .printed_lines()?
            .filter_map(|line| line.strip_prefix(READS));
        files.filter(|path| path.starts_with('/')).find_map(|path| {
            let text = self.text(path).ok()??;
            let at = text.lines().position(|line| sets(line, key, value))?;
            Some(Origin::new(path, at + 1))
        })
    }
}

/// Whether a line gives a keyword this value: `Port 2222`, `Port=2222`, `IdentityFile "~/.ssh/id"` (readconf.c).
fn sets(line: &str, key: &str, value: &str) -> bool {
    let line = line.trim();
    let end = line
        .find(|letter: char| letter.is_whitespace() || letter == '=')
        .unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    let given = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '=');
    word.eq_ignore_ascii_case(key) && given.trim_matches('"') == value
}

#[cfg(test)]
mod tests {
    use super::sets;

    #[test]
    fn a_client_line_matches_by_keyword_and_whole_value() {
        let cases = [
            ("Port 2222", "port", "2222", true),
            ("  port = 2222", "port", "2222", true),
            ("PORT=2222 ", "port", "2222", true),
            (
                "IdentityFile \"~/.ssh/the key\"",
                "identityfile",
                "~/.ssh/the key",
                true,
            ),
            ("Port 22222", "port", "2222", false),
            ("PortX 2222", "port", "2222", false),
            ("# Port 2222", "port", "2222", false),
            ("Port", "port", "2222", false),
        ];
        for (line, key, value, expected) in cases {
            assert_eq!(sets(line, key, value), expected, "{line}");
        }
    }
}
