//! Equivalent spellings: the form written to the files of the machine.

use sshmend_fail2ban::Address;
use sshmend_hosts_access::Wanted;

/// A client of TCP wrappers as written in hosts.allow: an IPv6 network in brackets, names in lower
/// case.
pub fn client_as_written(pattern: &str) -> String {
    Wanted::parse(pattern).map_or_else(|_| pattern.to_owned(), |wanted| wanted.word().to_owned())
}

/// An address as written in fail2ban's files: a network without the bits beyond its mask.
pub fn address_as_written(address: &str) -> String {
    Address::parse(address).map_or_else(|_| address.to_owned(), |parsed| parsed.address.to_string())
}
