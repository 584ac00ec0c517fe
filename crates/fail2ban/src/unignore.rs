//! Removes exemptions from jails.

use std::ops::Range;

use sshmend_lossless::Origin;

use crate::address::Address;
use crate::change::{Edited, Refusal};
use crate::config::Config;
use crate::document::DEFAULT;
use crate::ends;
use crate::jail::{Ignored, Jail, Word};
use crate::list_edit;
use crate::proof::{Direction, Held, Proof};
use crate::reading::Reading;
use crate::session::{Session, Step};
use crate::wish::{Wish, jail, meant};

impl Config<'_> {
    /// Takes addresses out of the lists of jails.
    ///
    /// # Errors
    /// [`Refusal`] as for [`Config::ignore`], and if a word is not ours to remove or a larger
    /// network remains.
    pub fn unignore(
        &self,
        addresses: &[Address],
        names: Option<&[String]>,
    ) -> Result<Edited, Refusal> {
        let mut session = self.running_session()?;
        let mut jails = meant(&session.reading(), names)?;
        if names.is_none() && !jails.iter().any(|jail| jail == DEFAULT) {
            jails.push(DEFAULT.to_owned());
        }
        for address in addresses {
            for jail in &jails {
                session = take_out(session, jail, address, names)?;
            }
        }
        let wish = Wish {
            addresses: addresses.to_vec(),
            jails: names.map(<[String]>::to_vec),
            until: None,
        };
        session = ends::set(session, &wish);
        Ok(session.finish())
    }
}

/// Removes every word that is the address from a jail's list.
fn take_out<'c>(
    mut session: Session<'c>,
    name: &str,
    address: &Address,
    names: Option<&[String]>,
) -> Result<Session<'c>, Refusal> {
    loop {
        let reading = session.reading();
        let jail = jail(&reading, name);
        let Some(word) = jail.words().iter().find(|word| address.is_word(&word.text)) else {
            let covering = covering(jail, name, address);
            drop(reading);
            return covering.map_or(Ok(session), Err);
        };
        let refusal = || Refusal::NotRemovable {
            address: address.clone(),
            jail: name.to_owned(),
            origin: word
                .origin()
                .unwrap_or_else(|| Origin::new(session.drop_in(), 1)),
        };
        let meant = names.map(|names| names.iter().map(String::as_str).collect());
        let proof = Proof {
            before: &reading,
            jails: meant.as_ref(),
        };
        let next = removal(&session, &reading, word)
            .and_then(|step| session.with(&step))
            .ok_or_else(refusal)?;
        if proof.holds(&next.reading(), &Direction::Less(address)) != Held::Yes {
            return Err(refusal());
        }
        drop(reading);
        session = next;
    }
}

fn covering(jail: &Jail, name: &str, address: &Address) -> Option<Refusal> {
    let Address::Network(network) = address else {
        return None;
    };
    match jail.ignored(*network) {
        Ignored::Yes { word, origin } => Some(Refusal::StillCovered {
            address: address.clone(),
            jail: name.to_owned(),
            word,
            origin,
        }),
        Ignored::No | Ignored::Unknown(_) => None,
    }
}

fn removal(session: &Session<'_>, reading: &Reading<'_>, word: &Word) -> Option<Step> {
    let spot = word.spot?;
    let source = reading
        .loader
        .files
        .get(spot.file)
        .filter(|source| session.is_ours(&source.path))?;
    let range: Range<usize> = spot.offset..spot.offset + word.text.len();
    if source.document.text.get(range.clone())? != word.text {
        return None;
    }
    let options = source
        .document
        .blocks
        .iter()
        .flat_map(|block| &block.options);
    let edit = options
        .into_iter()
        .find_map(|option| list_edit::remove(&source.document, option, &range))?;
    Some(Step::edit(&source.path, [edit]))
}
