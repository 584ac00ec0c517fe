//! `transaction.toml`.

use sshmend_transaction::Record;

pub(crate) fn read(data: &[u8]) {
    let Ok(record) = Record::parse(data) else {
        return;
    };
    let Ok(text) = record.to_toml() else { return };
    let again = Record::parse(text.as_bytes());
    assert_eq!(again.as_ref(), Ok(&record), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuzz_seed_is_a_transaction() {
        let seed = &crate::seeds("journal")[0];
        assert!(Record::parse(seed).is_ok_and(|record| record.to_toml().is_ok()));
    }
}
