//! Many jails and long lists.

use std::fmt::Write as _;

use crate::common::{config, debian_12, snapshot, wish};

#[test]
fn a_long_list_is_stored_once_for_all_jails() {
    let mut text = "//- jail.local\n[DEFAULT]\nignoreip =\n".to_owned();
    for number in 0..20_000 {
        writeln!(text, "    10.{}.{}.0/24", number / 256, number % 256).expect("memory");
    }
    for number in 0..200 {
        write!(text, "[site{number}]\nenabled = true\nfilter = sshd\n").expect("memory");
    }
    let seen = snapshot(&text);
    let config = config(&seen, debian_12());
    let first = config.jail("site0").expect("a jail");
    for jail in config.jails().iter().filter(|jail| jail.runs()) {
        assert!(std::ptr::eq(jail.words(), first.words()), "{}", jail.name);
        let value =
            |jail: &sshmend_fail2ban::Jail| jail.setting("ignoreip").map(|it| it.value.as_ptr());
        assert_eq!(value(jail), value(first), "{}", jail.name);
    }
    assert!(config.ignore(&wish("198.51.100.9", &[], None)).is_ok());
}
