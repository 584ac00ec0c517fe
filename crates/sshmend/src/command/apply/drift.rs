//! Differences between a machine and a policy.

use sshmend_host::now;
use sshmend_lossless::Origin;
use sshmend_plan::{Effect, Notice, Plan, Wish};
use sshmend_policy::{Group, Item, address_as_written, client_as_written};
use sshmend_sshd_config::{Assignment, keyword_key};

use super::mentions::Mentions;
use crate::command::times::end;

/// The differences from the policy, each with its line.
pub(super) fn drift(group: &Group, plan: &Plan, mentions: &Mentions) -> Vec<Notice> {
    let differing: Vec<&Item> = group
        .items
        .iter()
        .filter(|item| differs(&item.wish, plan, mentions))
        .collect();
    let all = group.items.iter().collect();
    let named: Vec<&Item> = if differing.is_empty() { all } else { differing };
    named.into_iter().map(|item| told(item, plan)).collect()
}

fn told(item: &Item, plan: &Plan) -> Notice {
    let text = match &item.wish {
        Wish::SshdConfig { settings, .. } => {
            let today = match effect_of(keys(settings), plan).map(|effect| effect.before.as_str()) {
                Some("") => " (today it is not set)".to_owned(),
                Some(before) => format!(" (today it is {before})"),
                None => String::new(),
            };
            let words: Vec<String> = settings.iter().map(ToString::to_string).collect();
            format!("{} is not in force{today}", words.join(" "))
        }
        Wish::Unset { keys, .. } => {
            let today = match effect_of(keys.iter().map(String::as_str), plan)
                .map(|effect| effect.before.as_str())
            {
                Some(before) => format!(" (today it is {before})"),
                None => String::new(),
            };
            format!("a line sets {}{today}", keys.join(" "))
        }
        Wish::Allow {
            patterns, daemon, ..
        } => format!("{} is not allowed at {daemon}", patterns.join(" ")),
        Wish::Ignore {
            addresses, until, ..
        } => {
            let addresses = addresses.join(" ");
            match until.as_deref().map(end) {
                Some(Ok(end)) if end <= now() => {
                    format!("fail2ban still ignores {addresses}, whose exemption has ended")
                }
                _ => format!("fail2ban does not ignore {addresses} as required"),
            }
        }
        Wish::KnownHosts(wish) => format!("the key of {} is not pinned", wish.host),
        wish => format!("not so yet: {}", wish.argv().join(" ")),
    };
    Notice {
        name: "drift".to_owned(),
        text,
        origin: Some(Origin::new(&item.place.path, item.place.line)),
    }
}

/// Whether a plan exists because of this wish rather than another one of the same kind.
pub(super) fn differs(wish: &Wish, plan: &Plan, mentions: &Mentions) -> bool {
    match wish {
        Wish::SshdConfig { settings, .. } => effect_of(keys(settings), plan).is_some(),
        Wish::Unset { keys, .. } => keys.iter().any(|key| removes(key, plan)),
        Wish::Allow { patterns, .. } => {
            let mut words = patterns.iter().map(|pattern| client_as_written(pattern));
            words.any(|word| mentions.change(&word))
        }
        Wish::Ignore { addresses, .. } => {
            let mut words = addresses.iter().map(|address| address_as_written(address));
            words.any(|word| mentions.change(&word))
        }
        _ => true,
    }
}

/// Whether the plan removes lines that set this keyword, under any of its names.
fn removes(key: &str, plan: &Plan) -> bool {
    let wanted = keyword_key(key);
    plan.files.iter().any(|change| {
        let before = change.before.as_ref().map(|image| &image.bytes[..]);
        let mut ranges = change.edits.iter().map(|edit| edit.range.clone());
        ranges.any(|range| {
            let removed = before.and_then(|bytes| bytes.get(range));
            let removed = String::from_utf8_lossy(removed.unwrap_or_default()).into_owned();
            let end = |character: char| character.is_whitespace() || character == '=';
            let mut words = removed
                .lines()
                .filter_map(|line| line.trim().split(end).next());
            words.any(|word| keyword_key(word) == wanted)
        })
    })
}

/// The keywords of these settings.
fn keys(settings: &[Assignment]) -> impl Iterator<Item = &str> {
    settings.iter().map(|setting| setting.key.as_str())
}

/// The effect on one of these keywords.
fn effect_of<'p, 'k>(keys: impl Iterator<Item = &'k str>, plan: &'p Plan) -> Option<&'p Effect> {
    let keys: Vec<String> = keys.filter_map(keyword_key).collect();
    plan.effects
        .iter()
        .find(|effect| keys.contains(&effect.what))
}
