//! Whether a connection ended as the case says.

use regex::Regex;

use crate::case::Connect;
use crate::check::{Verdict, holds};
use crate::command::Output;
use crate::endings::pattern;
use crate::suite::Suite;

/// Judges exit status, output and time of one attempt.
pub(crate) fn judge(connect: &Connect, suite: Suite, output: &Output) -> Verdict {
    let said = output.said();
    holds(exit_fits(connect.exit, output.code), || {
        format!("the connection ended with {}:\n{said}", output.code)
    })?;
    let sees = pattern(connect.sees.of(suite), suite).ok_or("no ending has this name")?;
    matches(sees, output)?;
    let [least, most] = connect.takes;
    let took = output.took.as_secs_f64();
    holds((least..=most).contains(&took), || {
        format!("it took {took:.1} s, not {least} to {most} s")
    })
}

/// Whether the whole output of a program matches a regular expression.
pub(crate) fn matches(sees: &str, output: &Output) -> Verdict {
    let said = output.said();
    let pattern = Regex::new(sees).map_err(|error| error.to_string())?;
    holds(pattern.is_match(&said), || {
        format!("/{sees}/ is not in:\n{said}")
    })
}

fn exit_fits(wanted: Option<i32>, code: i32) -> bool {
    wanted.map_or(code != 0, |wanted| wanted == code)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::case::PerSuite;

    fn verdict(exit: Option<i32>, takes: [f64; 2], code: i32, stderr: &str, took: u64) -> Verdict {
        let connect = Connect {
            sees: PerSuite::All("closed by .* port 22".into()),
            exit,
            takes,
            ..Connect::default()
        };
        let output = Output {
            code,
            stdout: String::new(),
            stderr: stderr.into(),
            took: Duration::from_secs(took),
        };
        judge(&connect, Suite::Trixie, &output)
    }

    #[test]
    fn exit_code_text_and_time_must_all_match() {
        let seen = "Connection closed by 192.0.2.10 port 22\r\n";
        assert_eq!(verdict(None, [4.0, 6.0], 255, seen, 5), Ok(()));
        assert!(verdict(None, [4.0, 6.0], 0, seen, 5).is_err(), "it worked");
        assert!(
            verdict(Some(255), [4.0, 6.0], 124, seen, 5).is_err(),
            "it hung"
        );
        assert!(
            verdict(None, [4.0, 6.0], 255, "Connection refused", 5).is_err(),
            "other words"
        );
        assert!(verdict(None, [4.0, 6.0], 255, seen, 1).is_err(), "too fast");
    }
}
