//! docs/ansible-modules.md, from the documentation in the modules, as `ansible-doc` reads it.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::place::{Place, at};
use crate::run::{self, project};

/// The page, below the project.
const PAGE: &str = "docs/ansible-modules.md";

/// The modules in the order in which a reader needs them.
const MODULES: [&str; 8] = [
    "policy",
    "sshd_config",
    "hosts_access",
    "fail2ban",
    "known_hosts",
    "confirm",
    "rollback",
    "diagnose",
];

const HEAD: &str = "\
# Modules of sshmend.ssh

Written by `cargo xtask ansible --write` from the documentation in the modules; `ansible-doc sshmend.ssh.NAME` shows the same.
[The collection](ansible.md) says how they are used.
";

/// Options that all modules which change something share; they are documented once.
const COMMON_OF: &str = "policy";
const OWN_OF_POLICY: [&str; 2] = ["path", "policy"];

pub(super) fn write(place: &Place) -> Result<(), String> {
    let path = path();
    fs::write(&path, page(place)?).map_err(|error| at(&path, &error))
}

/// Fails if the page differs from the modules, or the collection's version from the command's.
pub(super) fn check(place: &Place) -> Result<(), String> {
    if fs::read_to_string(path()).ok() != Some(page(place)?) {
        return Err(format!(
            "stale, `cargo xtask ansible --write` writes it: {PAGE}"
        ));
    }
    let galaxy = project().join("ansible/galaxy.yml");
    let text = fs::read_to_string(&galaxy).map_err(|error| at(&galaxy, &error))?;
    let version = concat!("version: ", env!("CARGO_PKG_VERSION"));
    if text.lines().any(|line| line == version) {
        Ok(())
    } else {
        Err(format!("ansible/galaxy.yml has to say `{version}`"))
    }
}

fn path() -> PathBuf {
    project().join(PAGE)
}

fn page(place: &Place) -> Result<String, String> {
    let names = MODULES.map(|name| format!("sshmend.ssh.{name}"));
    let mut asked = place.program("/usr/bin/ansible-doc");
    let printed = run::output(asked.args(["--json", "--type", "module"]).args(&names))?;
    let said: Map<String, Value> =
        serde_json::from_str(&printed).map_err(|error| format!("ansible-doc: {error}"))?;
    let doc = |name: &str| said.get(&format!("sshmend.ssh.{name}"));
    let mut text = HEAD.to_owned();
    let common: Vec<(&String, &Value)> =
        options(doc(COMMON_OF).ok_or("ansible-doc knows no policy")?)
            .filter(|(name, _)| !OWN_OF_POLICY.contains(&name.as_str()))
            .collect();
    for name in MODULES {
        let module = doc(name).ok_or_else(|| format!("ansible-doc knows no {name}"))?;
        section(&mut text, name, module, &common);
    }
    text.push_str("\n## Options of every module that changes something\n\n");
    table(&mut text, common.into_iter());
    Ok(text)
}

fn section(text: &mut String, name: &str, module: &Value, common: &[(&String, &Value)]) {
    let doc = &module["doc"];
    let _ = write!(
        text,
        "\n## {name}\n\n{}. {}\n\n",
        plain(&doc["short_description"]),
        sentences(&doc["description"])
    );
    let own: Vec<_> = options(module)
        .filter(|option| !common.contains(option))
        .collect();
    if !own.is_empty() {
        table(text, own.into_iter());
    }
    let examples = module["examples"].as_str().unwrap_or_default().trim();
    let _ = write!(text, "```yaml\n{examples}\n```\n\nReturns ");
    let returned = module["return"].as_object().into_iter().flatten();
    let names: Vec<String> = returned.map(|(name, _)| format!("`{name}`")).collect();
    let _ = writeln!(text, "{}.", names.join(", "));
}

fn options(module: &Value) -> impl Iterator<Item = (&String, &Value)> {
    module["doc"]["options"].as_object().into_iter().flatten()
}

fn table<'a>(text: &mut String, options: impl Iterator<Item = (&'a String, &'a Value)>) {
    text.push_str("| option | type | default | |\n|---|---|---|---|\n");
    for (name, option) in options {
        let default = match &option["default"] {
            _ if option["required"] == true => "required".to_owned(),
            Value::Null => String::new(),
            Value::String(word) => format!("`{word}`"),
            value => format!("`{value}`"),
        };
        let _ = writeln!(
            text,
            "| `{name}` | {} | {default} | {} |",
            plain(&option["type"]),
            sentences(&option["description"])
        );
    }
    text.push('\n');
}

/// A list of sentences, or one.
fn sentences(value: &Value) -> String {
    match value {
        Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(" "),
        one => plain(one),
    }
}

/// Text in which Ansible's markup, such as `V(2m)`, is replaced by Markdown.
fn plain(value: &Value) -> String {
    let mut rest = value.as_str().unwrap_or_default();
    let mut text = String::new();
    while let Some(at) = rest.find('(') {
        let (before, after) = rest.split_at(at);
        let mark = ["RV", "C", "V", "O", "F", "M", "R"]
            .into_iter()
            .find(|mark| {
                before.ends_with(mark)
                    && !before[..before.len() - mark.len()].ends_with(char::is_alphanumeric)
            });
        match (mark, after.find(')')) {
            (Some(mark), Some(end)) => {
                let word = after[1..end].split(',').next().unwrap_or_default();
                let word = word.strip_prefix("ignore:").unwrap_or(word);
                let _ = write!(text, "{}`{word}`", &before[..before.len() - mark.len()]);
                rest = &after[end + 1..];
            }
            _ => {
                let _ = write!(text, "{before}(");
                rest = &after[1..];
            }
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_ansible_become_marks_of_markdown() {
        let said = Value::from(
            "Undo after V(2m) (see M(sshmend.ssh.confirm)) as R(a role,x.y) in F(/etc), RV(ignore:changed).",
        );
        assert_eq!(
            plain(&said),
            "Undo after `2m` (see `sshmend.ssh.confirm`) as `a role` in `/etc`, `changed`."
        );
    }
}
