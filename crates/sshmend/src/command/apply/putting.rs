//! Records what a plan puts in place for a policy, so that it can be removed later.

use sshmend_plan::{Plan, SshdSource, Wish};
use sshmend_policy::{Put, address_as_written, client_as_written, keys_of};
use sshmend_sshd_config::Effective;

use super::drift::differs;
use super::mentions::Mentions;
use crate::session::Session;

/// The parts of the machine's state before a plan that are needed later.
pub(in crate::command) struct Before {
    sshd: Option<Effective>,
}

impl Before {
    /// Captures the state that the wish concerns.
    pub(in crate::command) fn of(session: &Session, wish: &Wish) -> Self {
        let sshd = matches!(wish, Wish::SshdConfig { .. })
            .then(|| session.configuration(&SshdSource::default()).ok())
            .flatten()
            .map(|(configuration, snapshot)| configuration.effective(&snapshot));
        Self { sshd }
    }

    /// What a plan puts in place because of this wish; the mentions are those of its files.
    pub(in crate::command) fn put_by(
        &self,
        wish: &Wish,
        plan: &Plan,
        mentions: &Mentions,
    ) -> Vec<Put> {
        if !differs(wish, plan, mentions) {
            return Vec::new();
        }
        match wish {
            Wish::SshdConfig { .. } => self.settings(wish, plan),
            Wish::Allow {
                patterns, daemon, ..
            } => patterns
                .iter()
                .filter(|pattern| mentions.add(&client_as_written(pattern)))
                .map(|pattern| Put::Rule {
                    pattern: pattern.clone(),
                    daemon: daemon.clone(),
                })
                .collect(),
            Wish::Ignore {
                addresses, jails, ..
            } => addresses
                .iter()
                .filter(|address| mentions.add(&address_as_written(address)))
                .map(|address| Put::Exempt {
                    address: address.clone(),
                    jails: jails.clone(),
                })
                .collect(),
            Wish::KnownHosts(of) => {
                let placed = |fingerprint: &&String| {
                    let mut effects = plan.effects.iter();
                    effects.any(|effect| effect.after.starts_with(fingerprint.as_str()))
                };
                let pins = of.fingerprints.iter().filter(placed);
                pins.flat_map(|fingerprint| {
                    plan.files.iter().map(|change| Put::Pin {
                        path: change.path.display().to_string(),
                        host: of.host.clone(),
                        fingerprint: fingerprint.clone(),
                    })
                })
                .collect()
            }
            _ => Vec::new(),
        }
    }

    fn settings(&self, wish: &Wish, plan: &Plan) -> Vec<Put> {
        let (single, lists) = keys_of(wish);
        let effect = |key: &String| plan.effects.iter().find(|effect| effect.what == *key);
        let set_by_a_line = |key: &String| {
            let setting = self.sshd.as_ref().and_then(|sshd| sshd.get(key));
            setting.is_some_and(|setting| setting.origin.is_some())
        };
        let settings = single.iter().filter_map(|key| {
            let effect = effect(key)?;
            Some(Put::Setting {
                key: key.clone(),
                after: effect.after.clone(),
                before: set_by_a_line(key).then(|| effect.before.clone()),
            })
        });
        let elements = lists.iter().filter_map(|key| {
            let effect = effect(key)?;
            let before: Vec<&str> = effect.before.split(", ").collect();
            let new = effect.after.split(", ");
            let new = new.filter(|element| !element.is_empty() && !before.contains(element));
            let put = new.map(|element| Put::Element {
                key: key.clone(),
                element: element.to_owned(),
            });
            Some(put.collect::<Vec<_>>())
        });
        settings.chain(elements.flatten()).collect()
    }
}
