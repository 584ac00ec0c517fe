#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (sshmend_laws::target("fail2ban")
    .expect("a target")
    .run)(data));
