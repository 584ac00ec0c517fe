#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (sshmend_laws::target("known-hosts")
    .expect("a target")
    .run)(data));
