//! Whether a program reads the files at all.

use std::path::Path;

use sshmend_hosts_access::{Linkage, libwrap_linked, linkage};
use sshmend_lossless::{Entry, FileImage, Metadata, Request, Snapshot, Unread};

/// Builds a program that needs these libraries: header, one PT_LOAD of the whole file, one PT_DYNAMIC, the names.
fn elf(wide: bool, big_endian: bool, needed: &[&str]) -> Vec<u8> {
    let width = if wide { 8 } else { 4 };
    let number = |value: u64, size: usize| {
        let bytes = value.to_be_bytes()[8 - size..].to_vec();
        if big_endian {
            bytes
        } else {
            bytes.into_iter().rev().collect()
        }
    };
    let (header, entry) = if wide { (0x40, 0x38) } else { (0x34, 0x20) };
    let dynamic = header + 2 * entry;
    let names = dynamic + 2 * width * (needed.len() as u64 + 2);
    let base = 0x10000;
    let mut out = vec![
        0x7f,
        b'E',
        b'L',
        b'F',
        if wide { 2 } else { 1 },
        if big_endian { 2 } else { 1 },
        1,
    ];
    out.resize(0x10, 0);
    out.extend([number(3, 2), number(62, 2), number(1, 4)].concat());
    out.extend(number(0, width as usize));
    out.extend(number(header, width as usize));
    out.extend(
        [
            number(0, width as usize),
            number(0, 4),
            number(header, 2),
            number(entry, 2),
            number(2, 2),
        ]
        .concat(),
    );
    out.resize(header as usize, 0);
    for (kind, offset, size) in [(1, 0, 0x4000), (2, dynamic, names - dynamic)] {
        let start = out.len();
        out.extend(number(kind, 4));
        if wide {
            out.extend(number(0, 4));
        }
        for value in [offset, base + offset, base + offset, size, size] {
            out.extend(number(value, width as usize));
        }
        out.resize(start + entry as usize, 0);
    }
    let mut at = 1;
    for name in needed {
        out.extend([number(1, width as usize), number(at, width as usize)].concat());
        at += name.len() as u64 + 1;
    }
    out.extend(
        [
            number(5, width as usize),
            number(base + names, width as usize),
        ]
        .concat(),
    );
    out.extend([number(0, width as usize), number(0, width as usize)].concat());
    out.push(0);
    for name in needed {
        out.extend([name.as_bytes(), b"\0"].concat());
    }
    out
}

#[test]
fn the_needed_libraries_are_found_in_every_kind_of_program() {
    for wide in [false, true] {
        for big_endian in [false, true] {
            let linked = elf(
                wide,
                big_endian,
                &["libcrypt.so.1", "libwrap.so.0", "libc.so.6"],
            );
            let not = elf(
                wide,
                big_endian,
                &["libcrypt.so.1", "mylibwrap.so.0", "libc.so.6"],
            );
            assert_eq!(libwrap_linked(&linked), Some(true), "{wide} {big_endian}");
            assert_eq!(libwrap_linked(&not), Some(false), "{wide} {big_endian}");
        }
    }
}

#[test]
fn a_statically_linked_libwrap_is_recognised() {
    let mut program = elf(true, false, &["libc.so.6"]);
    program.extend(b"/etc/hosts.allow\0");
    assert_eq!(libwrap_linked(&program), Some(true));
}

#[test]
fn files_that_are_not_elf_programs_are_recognised() {
    for bytes in [
        &b""[..],
        b"#!/bin/sh\n",
        b"\x7fELF",
        b"\x7fELF\x03\x01",
        b"/etc/hosts.allow",
    ] {
        assert_eq!(libwrap_linked(bytes), None, "{bytes:?}");
    }
}

#[test]
fn damaged_programs_do_not_cause_a_panic() {
    let mut random = fastrand::Rng::with_seed(5);
    let whole = elf(true, false, &["libwrap.so.0"]);
    let narrow = elf(false, true, &["libwrap.so.0"]);
    for _ in 0..20_000 {
        let mut bytes = if random.bool() {
            whole.clone()
        } else {
            narrow.clone()
        };
        for _ in 0..random.usize(1..6) {
            let at = random.usize(6..bytes.len());
            let byte = random.u8(..);
            bytes[at] = *random
                .choice(&[0, 1, 0x7f, 0x80, 0xff, byte])
                .expect("not empty");
        }
        bytes.truncate(random.usize(6..=bytes.len()));
        assert!(libwrap_linked(&bytes).is_some());
    }
}

fn file(bytes: Vec<u8>) -> Entry {
    Entry::File(FileImage {
        bytes: bytes.into(),
        meta: Metadata::default(),
        target: "/usr/sbin/sshd".into(),
    })
}

#[test]
fn the_program_that_accepts_the_connection_is_asked() {
    let mut seen = Snapshot::default();
    let mut asked = Vec::new();
    while let Some(Request::Read(path)) = seen.look(linkage).1.pop() {
        let sshd = path == Path::new("/usr/sbin/sshd");
        seen.insert(
            &path,
            if sshd {
                file(elf(true, false, &["libwrap.so.0"]))
            } else {
                Entry::Missing
            },
        );
        asked.push(path);
    }
    assert_eq!(
        asked.last().map(std::path::PathBuf::as_path),
        Some(Path::new("/usr/sbin/sshd"))
    );
    assert_eq!(linkage(&seen), Linkage::Linked("/usr/sbin/sshd".into()));
    // From 9.8 on the listener is not linked, but the session program may be.
    let session = "/usr/lib/openssh/sshd-session";
    seen.insert(session, file(elf(true, false, &["libc.so.6"])));
    assert_eq!(linkage(&seen), Linkage::NotLinked(session.into()));
    assert_eq!(seen.look(linkage).1, []);
    seen.insert(session, Entry::Unreadable(Unread::Denied));
    assert_eq!(
        linkage(&seen),
        Linkage::Unknown(format!("{session}: permission denied"))
    );
    assert!(matches!(linkage(&Snapshot::default()), Linkage::Unknown(_)));
}
