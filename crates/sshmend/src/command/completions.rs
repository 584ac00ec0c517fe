//! `sshmend completions`: clap's script of a shell, extended by names that clap does not complete.
//!
//! Keywords of sshd_config are completed as `KEY=`; transactions are listed when the key is
//! pressed, so they are those that the person may read.

use clap::builder::PossibleValuesParser;
use clap_complete::Shell;
use sshmend_diagnose::CAUSES;
use sshmend_sshd_config::keyword_names;

use crate::error::{Failure, Outcome};
use crate::json::lists::Completions;
use crate::session::Session;

pub(super) fn run(session: &Session, shell: Shell) -> Result<Outcome, Failure> {
    let script = script(shell);
    let printed = if session.output.is_json() {
        let document = Completions::new(shell.to_string(), script);
        session.output.json(&document)
    } else {
        session.output.data(&script)
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))?;
    Ok(Outcome::Fine)
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut with_names(), "sshmend", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => bash(&script),
        Shell::Zsh => zsh(&script),
        Shell::Fish => fish(&script),
        _ => script,
    }
}

/// The command line with the names that a word is mostly one of; the commands take more than these.
fn with_names() -> clap::Command {
    let causes = || PossibleValuesParser::new(causes());
    let keywords = || PossibleValuesParser::new(keywords());
    let named = |command: clap::Command, argument: &'static str, names| {
        command.mut_arg(argument, |argument| argument.value_parser(names))
    };
    crate::definition()
        .mut_subcommand("explain", |explain| named(explain, "cause", causes()))
        .mut_subcommand("logs", |logs| named(logs, "cause", causes()))
        .mut_subcommand("show", |show| {
            show.mut_subcommand("sshd-config", |show| named(show, "keys", keywords()))
        })
}

fn causes() -> Vec<&'static str> {
    CAUSES.iter().map(|cause| cause.name.as_str()).collect()
}

/// Each keyword once: some have the same name in several releases.
fn keywords() -> Vec<&'static str> {
    let mut names: Vec<&str> = keyword_names().collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// `Banner= Ciphers= …`
fn settings() -> String {
    let settings: Vec<String> = keywords().iter().map(|name| format!("{name}=")).collect();
    settings.join(" ")
}

/// A shell command that prints the names of the transactions; the line that says that there are
/// none begins with no digit.
const TRANSACTIONS: &str = r"sshmend history 2>/dev/null | sed -n 's/^\([0-9][^ ]*\) .*/\1/p'";

/// Wraps clap's function in one that adds the names.
fn bash(script: &str) -> String {
    let script = script.replace(
        "complete -F _sshmend -o",
        "complete -F _sshmend_and_names -o",
    );
    format!(
        r#"_sshmend_and_names() {{
    local names=""
    _sshmend "$@"
    # An option's value is completed already; a value behind KEY= is free.
    if [[ "$2" == -* || "$2$3" == *=* || ( "$3" == -* && ${{#COMPREPLY[@]}} -gt 0 ) ]]; then
        return 0
    fi
    case " ${{COMP_WORDS[*]:0:COMP_CWORD}} " in
        *" fix sshd-config "*)
            names="{settings}"
            ;;
        *" history "* | *" rollback "* | *" confirm "*)
            names="$({TRANSACTIONS})"
            ;;
    esac
    COMPREPLY+=( $(compgen -W "${{names}}" -- "$2") )
    if [[ ${{#COMPREPLY[@]}} -eq 1 && "${{COMPREPLY[0]}}" == *= ]]; then
        compopt -o nospace
    fi
}}

{script}"#,
        settings = settings()
    )
}

/// Replaces what clap completes in the place of these two arguments, which is a file.
fn zsh(script: &str) -> String {
    const FILE: &str = ":_default' \\";
    let (first, rest) = script.split_once('\n').unwrap_or((script, ""));
    let rest: String = rest
        .lines()
        .map(|line| match line {
            _ if line.starts_with("'*::settings -- ") => {
                line.replace(FILE, ":_sshmend_settings' \\")
            }
            _ if line.starts_with("'::id -- ") => line.replace(FILE, ":_sshmend_transactions' \\"),
            _ => line.to_owned(),
        })
        .map(|line| line + "\n")
        .collect();
    // The first line tells zsh what the file is.
    format!(
        r#"{first}

_sshmend_settings() {{
    compadd -S '' -- {settings}
}}

_sshmend_transactions() {{
    local -a names
    names=(${{(f)"$({TRANSACTIONS})"}})
    compadd -V transactions -a names
}}
{rest}"#,
        settings = settings()
    )
}

/// Adds the arguments without a `-`, for which clap's script has no names.
fn fish(script: &str) -> String {
    let below = |command: &str, kind: &str| {
        format!("__fish_sshmend_using_subcommand {command}; and __fish_seen_subcommand_from {kind}")
    };
    let rows = [
        (
            "__fish_sshmend_using_subcommand explain".to_owned(),
            causes().join(" "),
        ),
        (below("show", "sshd-config"), keywords().join(" ")),
        (below("fix", "sshd-config"), settings()),
        (
            "__fish_sshmend_using_subcommand history rollback confirm".to_owned(),
            format!("({TRANSACTIONS})"),
        ),
    ];
    let rows = rows.map(|(condition, names)| {
        format!("complete -c sshmend -n \"{condition}\" -f -a \"{names}\"\n")
    });
    format!("{script}{}", rows.concat())
}
