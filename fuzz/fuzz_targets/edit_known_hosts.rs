#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (sshmend_laws::target("edit-known-hosts")
    .expect("a target")
    .run)(data));
