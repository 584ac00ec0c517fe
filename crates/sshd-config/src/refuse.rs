//! What sshd rejects although every line is valid by itself.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use sshmend_lossless::Origin;

use crate::directives::Directive;
use crate::effective::{Effective, Evaluation, Setting};
use crate::listen;
use crate::problem::Problem;
use crate::release::Release;
use crate::store::subsystem_name;
use crate::walk::Walk;

/// Finds the contradictions between lines (servconf.c, and main in sshd.c).
pub(crate) fn cross_line_problems(walk: &Arc<Walk>, release: Release) -> Vec<Problem> {
    let mut found = repeated_subsystems(walk, release);
    found.extend(subsystems_in_blocks(walk, release));
    found.extend(any_after_methods(walk, release));
    let effective = Evaluation::at_start(walk, release).effective();
    found.extend(command_without_user(
        walk,
        &effective,
        "authorizedkeyscommand",
    ));
    found.extend(command_without_user(
        walk,
        &effective,
        "authorizedprincipalscommand",
    ));
    found.extend(methods_that_are_off(walk, &effective));
    found.extend(address_of_other_family(walk, &effective, release));
    found
}

fn active<'a>(walk: &'a Walk, name: &'a str) -> impl Iterator<Item = Directive> + 'a {
    walk.directives
        .named(name)
        .filter(move |directive| walk.active_at_start(directive.scope))
}

fn first_part(directive: &Directive) -> Option<&str> {
    Some(directive.reading.as_ref().ok()?.parts.first()?.1.as_str())
}

fn problem(directive: &Directive, message: String, hint: &str) -> Problem {
    Problem {
        origin: directive.origin.clone(),
        column: 1,
        message,
        line: String::from_utf8_lossy(&directive.line.logical.text).into_owned(),
        fatal: true,
        certain: true,
        build: false,
        hint: hint.to_owned(),
    }
}

/// Up to 9.4 a subsystem could be defined only once.
fn repeated_subsystems(walk: &Walk, release: Release) -> Vec<Problem> {
    if release.since(9, 5) {
        return Vec::new();
    }
    let mut names = Vec::new();
    let mut found = Vec::new();
    for directive in active(walk, "Subsystem") {
        let Some(name) = first_part(&directive).map(|part| subsystem_name(part).to_owned()) else {
            continue;
        };
        if names.contains(&name) {
            found.push(problem(
                &directive,
                format!("subsystem \"{name}\" is already defined"),
                "keep one of the lines",
            ));
        }
        names.push(name);
    }
    found
}

/// From 9.5 to 10.2 a block with more subsystems than are defined outside makes sshd read out of
/// bounds.
fn subsystems_in_blocks(walk: &Walk, release: Release) -> Vec<Problem> {
    if !release.since(9, 5) || release.since(10, 3) {
        return Vec::new();
    }
    let outside = active(walk, "Subsystem").count();
    let mut in_blocks: BTreeMap<usize, Vec<Directive>> = BTreeMap::new();
    let all = walk.directives.named("Subsystem");
    for directive in all.filter(|directive| !walk.active_at_start(directive.scope)) {
        in_blocks
            .entry(directive.scope)
            .or_default()
            .push(directive);
    }
    let message = "sshd crashes on connections that this block applies to: it has more subsystems than the lines outside";
    let hint = "define as many subsystems before the first Match line";
    let crashing = in_blocks
        .into_values()
        .filter(|lines| lines.len() > outside)
        .filter_map(|mut lines| lines.pop());
    crashing
        .map(|line| Problem {
            fatal: false,
            certain: false,
            ..problem(&line, message.to_owned(), hint)
        })
        .collect()
}

/// From 8.7 to 9.6 `any` was rejected after another AuthenticationMethods line, though it would not
/// count; between two lines of Match blocks that shows only if a connection matches both.
fn any_after_methods(walk: &Walk, release: Release) -> Vec<Problem> {
    if !release.since(8, 7) || release.since(9, 7) {
        return Vec::new();
    }
    let (mut at_start, mut in_blocks) = (false, false);
    let mut found = Vec::new();
    let all = walk.directives.named("AuthenticationMethods");
    for directive in all.filter(|directive| first_part(directive).is_some()) {
        if first_part(&directive) == Some("any") && (at_start || in_blocks) {
            let problem = problem(
                &directive,
                "\"any\" must stand alone".to_owned(),
                "remove the line: an earlier one decides",
            );
            found.push(Problem {
                certain: at_start,
                ..problem
            });
        }
        let active = walk.active_at_start(directive.scope);
        at_start |= active;
        in_blocks |= !active;
    }
    found
}

/// A numeric address of a family that AddressFamily excludes.
fn address_of_other_family(walk: &Walk, effective: &Effective, release: Release) -> Vec<Problem> {
    let excluded = match value(effective, "addressfamily") {
        Some("inet") => Ipv6Addr::UNSPECIFIED.into(),
        Some("inet6") => Ipv4Addr::UNSPECIFIED.into(),
        _ => return Vec::new(),
    };
    let family = |address: &str| {
        address
            .parse()
            .map(|address: IpAddr| address.is_ipv4() == IpAddr::is_ipv4(&excluded))
    };
    let hit = |directive: &Directive| {
        first_part(directive).is_some_and(|part| family(listen::host(part)) == Ok(true))
    };
    // In 8.2 and 8.3 the end of an included file settled the family, before a later line could set it.
    let certain = !release.since(8, 2) || release.since(8, 4);
    let hint = "remove the line, or change AddressFamily";
    let message = "the address is of a family that AddressFamily excludes";
    let hits = active(walk, "ListenAddress").filter(hit);
    hits.map(|directive| Problem {
        certain,
        ..problem(&directive, message.to_owned(), hint)
    })
    .collect()
}

fn value<'a>(effective: &'a Effective, key: &str) -> Option<&'a str> {
    effective.get(key)?.values.first().map(String::as_str)
}

fn command_without_user(walk: &Walk, effective: &Effective, key: &str) -> Option<Problem> {
    let set = |key: &str| {
        effective
            .get(key)
            .filter(|setting| !setting.values.iter().all(|value| value == "none"))
    };
    let setting = set(key).filter(|_| set(&format!("{key}user")).is_none())?;
    let message = format!("{key} is set without {key}user");
    Some(at_origin(
        walk,
        setting,
        message,
        "name the user that runs the command",
    ))
}

/// Each list of AuthenticationMethods needs a method that is switched off.
fn methods_that_are_off(walk: &Walk, effective: &Effective) -> Option<Problem> {
    let setting = effective
        .get("authenticationmethods")
        .filter(|setting| setting.origin.is_some())?;
    let lists = setting.values.first().filter(|lists| *lists != "any")?;
    if lists.split(' ').any(|list| {
        list.split(',')
            .all(|method| method_is_on(effective, method))
    }) {
        return None;
    }
    let message =
        "no list of authentication methods can be satisfied by the methods that are on".to_owned();
    Some(at_origin(
        walk,
        setting,
        message,
        "enable the methods of one list, or name others",
    ))
}

fn method_is_on(effective: &Effective, method: &str) -> bool {
    let key = match method.split(':').next().unwrap_or_default() {
        "publickey" => "pubkeyauthentication",
        "password" => "passwordauthentication",
        "keyboard-interactive" => "kbdinteractiveauthentication",
        "hostbased" => "hostbasedauthentication",
        _ => return true,
    };
    value(effective, key) == Some("yes")
}

fn at_origin(walk: &Walk, setting: &Setting, message: String, hint: &str) -> Problem {
    let origin = setting
        .origin
        .clone()
        .unwrap_or_else(|| Origin::new(setting.key.as_str(), 0));
    let mut all = walk.directives.iter();
    let directive = all.find(|directive| directive.origin == origin);
    let line = directive
        .map(|directive| String::from_utf8_lossy(&directive.line.logical.text).into_owned());
    Problem {
        origin,
        column: 1,
        message,
        line: line.unwrap_or_default(),
        fatal: true,
        certain: true,
        build: false,
        hint: hint.to_owned(),
    }
}
