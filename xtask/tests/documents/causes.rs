//! Checks the pages of the causes: what they name as their sources exists, and the lab breaks a
//! machine with each cause.

use sshmend_diagnose::CAUSES;

use super::{names, project, quoted, sources, sources_below, text};

/// Causes without a case of the lab, and why.
const WITHOUT_CASE: [(&str, &str); 8] = [
    ("file-owned-by", "not a cause of its own: a note of a plan"),
    (
        "evidence-hidden",
        "not a cause of its own: a note about what was not checked",
    ),
    ("address-conflict", "no end of the connection can see it"),
    (
        "ban-not-lifted",
        "fail2ban-banned is the same with a ban that is not exempt",
    ),
    (
        "sshd-stale-after-upgrade",
        "needs the packages of two releases on one machine",
    ),
    (
        "libwrap-not-linked",
        "the sshd of every suite is linked with libwrap",
    ),
    ("tailscale-ssh", "needs an account of a tailnet"),
    ("disk-full", "ends no connection by itself"),
];

#[test]
fn every_cause_has_a_case_of_the_lab_or_a_reason_why_none() {
    let cases: Vec<(String, String)> = names("tests/lab/cases", ".toml")
        .into_iter()
        .map(|case| {
            let text = text(&format!("tests/lab/cases/{case}.toml"));
            (case, text)
        })
        .collect();
    for cause in CAUSES {
        let name = cause.name.as_str();
        let (with_more, expected) = (format!("{name}-"), format!("\"{name}\""));
        let has_case = cases.iter().any(|(case, text)| {
            case == name || case.starts_with(&with_more) || text.contains(&expected)
        });
        let reason = WITHOUT_CASE.iter().find(|(cause, _)| *cause == name);
        assert!(
            has_case != reason.is_some(),
            "{name}: a case tests/lab/cases/{name}.toml, or a reason in WITHOUT_CASE"
        );
    }
}

/// The sources of a page, one a line.
fn listed(page: &str) -> Vec<String> {
    let (_, sources) = page.split_once("## Sources").unwrap_or_default();
    let sources = sources.replace("\n  ", " ");
    let lines = sources.lines().filter(|line| line.starts_with("- "));
    lines.map(str::to_owned).collect()
}

/// The words of a line that are paths of this project.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    line.split([' ', ',', ';', ':', '`', '('])
        .filter(|word| word.starts_with("crates/") && word.ends_with(".rs"))
}

/// Whether a source file, or the folder that has its modules, has a test.
fn has_tests(path: &str) -> bool {
    let folder = project().join(path.trim_end_matches(".rs"));
    text(path).contains("#[test]") || folder.is_dir() && sources_below(&folder).contains("#[test]")
}

#[test]
fn every_source_of_a_page_exists() {
    let cases = names("tests/lab/cases", ".toml");
    let sources = sources();
    let mut wrong = Vec::new();
    for page in names("docs/causes", ".md") {
        for line in listed(&text(&format!("docs/causes/{page}.md"))) {
            for path in paths(&line).filter(|path| !project().join(path).is_file()) {
                wrong.push(format!("{page}: {path}"));
            }
            let tested = line
                .split("tests of ")
                .skip(1)
                .filter_map(|rest| paths(rest).next());
            for path in tested.filter(|path| !has_tests(path)) {
                wrong.push(format!("{page}: no tests in {path}"));
            }
            for case in lab_cases(&line).filter(|case| !cases.iter().any(|name| name == case)) {
                wrong.push(format!("{page}: lab case {case}"));
            }
            for test in quoted(&line).filter(|word| word.matches('_').count() >= 4) {
                if !sources.contains(&format!("fn {test}()")) {
                    wrong.push(format!("{page}: test {test}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The cases that a line names: `lab case A`, `lab cases A, B and C`.
fn lab_cases(line: &str) -> impl Iterator<Item = &str> {
    let lists = line.split("lab case").skip(1);
    lists.flat_map(|list| {
        let list = list.strip_prefix('s').unwrap_or(list);
        let end = list.find(['(', ';', ':']).unwrap_or(list.len());
        list[..end]
            .split([',', ' '])
            .filter(|word| !word.is_empty() && *word != "and")
            .take_while(|word| word.contains('-') || names_a_case(word))
    })
}

/// Whether a word without a hyphen is the name of a case.
fn names_a_case(word: &str) -> bool {
    project()
        .join(format!("tests/lab/cases/{word}.toml"))
        .is_file()
}
