#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (sshmend_laws::target("edit-hosts-access")
    .expect("a target")
    .run)(data));
