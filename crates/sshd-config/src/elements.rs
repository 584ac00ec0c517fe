//! The elements of a list keyword: how they are given, how they are written, and which ones are in force.

use std::collections::BTreeMap;

use crate::assignment::Operator;
use crate::effective::{Element, Evaluation, Scope};
use crate::intention::{bad_value, read_alone};
use crate::keyword::Keyword;
use crate::listen;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::store::subsystem_name;
use crate::tree::Tree;
use crate::value::Kind;
use crate::write;

/// The host keys of an sshd without a HostKey line (`fill_default_server_options`).
const HOST_KEYS: [&str; 3] = [
    "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_ecdsa_key",
    "/etc/ssh/ssh_host_ed25519_key",
];

/// The elements that lines of the tree name, in reading order.
pub(crate) fn named(tree: &Tree, keyword: &Keyword, release: Release) -> Vec<Element> {
    let walk = tree.walk(release);
    Evaluation::new(&walk, release, Scope::Global).elements(keyword)
}

/// The elements in force: those that lines name, else the defaults.
pub(crate) fn in_force(tree: &Tree, keyword: &Keyword, release: Release) -> Vec<String> {
    let named = named(tree, keyword, release);
    if !named.is_empty() {
        return distinct(named.into_iter().map(|element| element.value));
    }
    match keyword.kind {
        Kind::Port => vec!["22".to_owned()],
        Kind::ListenAddress => wildcards(tree, release),
        _ if keyword.key() == "hostkey" => HOST_KEYS.map(str::to_owned).to_vec(),
        _ => Vec::new(),
    }
}

/// Each element once.
pub(crate) fn distinct(elements: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for element in elements {
        if !all.contains(&element) {
            all.push(element);
        }
    }
    all
}

fn wildcards(tree: &Tree, release: Release) -> Vec<String> {
    let effective = tree.effective(Some(release), Scope::Global);
    let family = effective.get("addressfamily");
    match family
        .and_then(|family| family.values.first())
        .map(String::as_str)
    {
        Some("inet") => vec!["0.0.0.0".to_owned()],
        Some("inet6") => vec!["::".to_owned()],
        _ => vec!["0.0.0.0".to_owned(), "::".to_owned()],
    }
}

/// The elements given in an assignment.
#[derive(Debug)]
pub(crate) struct Given {
    keyword: &'static Keyword,
    operator: Operator,
    /// The arguments of the keyword, line by line.
    arguments: Vec<String>,
}

impl Given {
    pub(crate) fn new(keyword: &'static Keyword, operator: Operator, values: &[&str]) -> Self {
        let arguments = values.iter().flat_map(|value| arguments(keyword, value));
        Self {
            keyword,
            operator,
            arguments: arguments.map(str::to_owned).collect(),
        }
    }

    /// The elements as this release prints them.
    fn elements(&self, release: Release) -> Result<Vec<String>, Refusal> {
        let mut elements = Vec::new();
        for argument in &self.arguments {
            let bad = |message: String| bad_value(self.keyword, argument, message);
            if argument.contains(['\0', '\n', '\r']) {
                return Err(bad("it holds a control character".to_owned()));
            }
            let by_name = self.keyword.kind == Kind::Subsystem && self.operator == Operator::Remove;
            if by_name && !argument.is_empty() {
                elements.push(argument.clone());
                continue;
            }
            let parts = read_alone(self.keyword, argument, release).map_err(bad)?;
            elements.extend(parts.into_iter().map(|(_, value)| value));
        }
        if elements.is_empty() {
            return Err(bad_value(self.keyword, "", "it is empty".to_owned()));
        }
        Ok(distinct(elements))
    }

    /// The element as a line can hold it: as it was given, else as it is printed, else in quotes;
    /// `None` if the release reads none of these back.
    pub(crate) fn written(&self, element: &str, release: Release) -> Option<String> {
        let keyword = self.keyword;
        let mut forms = self.arguments.clone();
        forms.push(element.to_owned());
        if keyword.kind.is_many_a_line() || keyword.kind.is_one_word() {
            forms.extend(write::quoted(element, release));
        }
        let reads_back = |form: &String| {
            let parts = read_alone(keyword, form, release).unwrap_or_default();
            matches!(&parts[..], [(_, read)] if read == element)
        };
        forms.into_iter().find(reads_back)
    }
}

/// The arguments in a value, each for a separate line; a path with blanks must be quoted, as in the
/// file.
fn arguments<'v>(keyword: &Keyword, value: &'v str) -> Vec<&'v str> {
    let one_word = matches!(keyword.kind, Kind::Port | Kind::Path | Kind::ListenAddress);
    if one_word && !value.contains(['"', '\'']) && !value.contains("rdomain") {
        value.split_whitespace().collect()
    } else {
        vec![value]
    }
}

/// The intended content of a list, release by release.
pub(crate) type Desired = BTreeMap<Release, Vec<String>>;

/// The intended content of the list in this release; `None` if it already has it.
pub(crate) fn desired(
    tree: &Tree,
    given: &Given,
    release: Release,
) -> Result<Option<Vec<String>>, Refusal> {
    let elements = given.elements(release)?;
    let now = in_force(tree, given.keyword, release);
    // A default host key may be missing; one named by a line may not.
    let as_lines_say =
        given.keyword.key() != "hostkey" || !named(tree, given.keyword, release).is_empty();
    let like = Likeness::new(tree, given.keyword, release);
    let wanted = match given.operator {
        Operator::Set if as_lines_say && like.same(&now, &elements) => return Ok(None),
        Operator::Set => elements,
        Operator::Add => {
            let new: Vec<String> = elements
                .into_iter()
                .filter(|element| !like.is_covered(element, &now))
                .collect();
            if new.is_empty() {
                return Ok(None);
            }
            if let Some(other) = new.iter().find_map(|new| like.of_the_same_name(new, &now)) {
                return Err(Refusal::NameTaken {
                    key: given.keyword.key(),
                    element: other.clone(),
                });
            }
            [now, new].concat()
        }
        Operator::Remove => {
            let goes = |one: &String| elements.iter().any(|element| like.is(one, element));
            let (gone, left): (Vec<String>, Vec<String>) = now.into_iter().partition(goes);
            if gone.is_empty() {
                return Ok(None);
            }
            left
        }
    };
    let falls_back = matches!(given.keyword.kind, Kind::Port | Kind::ListenAddress)
        || given.keyword.key() == "hostkey";
    if wanted.is_empty() && falls_back {
        return Err(Refusal::LastElement {
            key: given.keyword.key(),
        });
    }
    Ok(Some(wanted))
}

/// When two elements of a keyword mean the same.
struct Likeness<'k> {
    kind: Kind,
    ports: Vec<String>,
    keyword: &'k Keyword,
}

impl<'k> Likeness<'k> {
    fn new(tree: &Tree, keyword: &'k Keyword, release: Release) -> Self {
        let effective = tree.effective(Some(release), Scope::Global);
        let ports = effective.get("port").map(|port| port.values.clone());
        Self {
            kind: keyword.kind,
            ports: ports.unwrap_or_default(),
            keyword,
        }
    }

    /// An address without a port represents the address with each port.
    fn sockets(&self, element: &str) -> Vec<String> {
        listen::addresses(&self.ports, &[element.to_owned()], &[])
    }

    fn is(&self, one: &str, other: &str) -> bool {
        match self.kind {
            Kind::ListenAddress => self.sockets(one) == self.sockets(other),
            Kind::Subsystem => one == other || subsystem_name(one) == other,
            _ => one == other,
        }
    }

    fn same(&self, now: &[String], wanted: &[String]) -> bool {
        let within = |one: &[String], other: &[String]| {
            one.iter().all(|a| other.iter().any(|b| self.is(a, b)))
        };
        within(now, wanted) && within(wanted, now)
    }

    /// Whether the list holds it, or for an address to listen on, whether the wildcard listens there.
    fn is_covered(&self, element: &str, now: &[String]) -> bool {
        if now.iter().any(|one| self.is(one, element)) {
            return true;
        }
        let family = if listen::host(element).contains(':') {
            "::"
        } else {
            "0.0.0.0"
        };
        self.kind == Kind::ListenAddress
            && now.iter().any(|one| {
                let sockets = self.sockets(one);
                let everywhere = self.sockets(element);
                listen::host(one) == family
                    && everywhere.iter().all(|socket| {
                        let port = socket.rsplit(':').next().unwrap_or_default();
                        sockets
                            .iter()
                            .any(|one| one.rsplit(':').next() == Some(port))
                    })
            })
    }

    /// For subsystems only the first one of a name counts.
    fn of_the_same_name<'e>(&self, element: &str, now: &'e [String]) -> Option<&'e String> {
        let by_name = self.keyword.kind == Kind::Subsystem;
        let name = subsystem_name(element);
        now.iter()
            .filter(|_| by_name)
            .find(|one| subsystem_name(one) == name)
    }
}
