//! Whether a program consults hosts.allow at all: whether it is linked with libwrap.

use std::path::{Path, PathBuf};

use sshmend_lossless::{Snapshot, Unread};

/// The programs that accept a connection in various distributions, the newer first: from OpenSSH
/// 9.8 on `sshd-session` calls libwrap, before that `sshd` itself.
const PROGRAMS: [&str; 6] = [
    "/usr/lib/openssh/sshd-session",
    "/usr/libexec/openssh/sshd-session",
    "/usr/lib/ssh/sshd-session",
    "/usr/libexec/sshd-session",
    "/usr/sbin/sshd",
    "/usr/bin/sshd",
];

/// Whether OpenSSH of this machine reads hosts.allow and hosts.deny.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linkage {
    /// This program is linked with libwrap: the files count.
    Linked(PathBuf),
    /// This program is not: the files change nothing for it.
    NotLinked(PathBuf),
    /// Unknown, for this reason.
    Unknown(String),
}

/// Whether OpenSSH reads the files, from the bytes of the program that accepts connections.
pub fn linkage(snapshot: &Snapshot) -> Linkage {
    for path in PROGRAMS.map(Path::new) {
        match snapshot.read(path) {
            Ok(None) | Err(Unread::Dangling) => {}
            Ok(Some(image)) => {
                return match libwrap_linked(&image.bytes) {
                    Some(true) => Linkage::Linked(path.to_owned()),
                    Some(false) => Linkage::NotLinked(path.to_owned()),
                    None => Linkage::Unknown(format!("{} is not an ELF program", path.display())),
                };
            }
            Err(why) => return Linkage::Unknown(format!("{}: {why}", path.display())),
        }
    }
    Linkage::Unknown("no sshd was found".to_owned())
}

/// Whether an ELF program uses libwrap: it needs `libwrap.so`, or has the library built in,
/// recognised by its paths. `None` if the bytes are not an ELF program.
pub fn libwrap_linked(elf: &[u8]) -> Option<bool> {
    let elf = Elf::new(elf)?;
    let needed = elf.needed().any(|name| name.starts_with(b"libwrap.so"));
    Some(needed || memchr::memmem::find(elf.bytes, b"/etc/hosts.allow").is_some())
}

/// Just enough of ELF (elf(5)) to list the libraries that the dynamic linker would load.
struct Elf<'a> {
    bytes: &'a [u8],
    wide: bool,
    big_endian: bool,
}

/// A segment: its place in the file and in memory.
struct Segment {
    kind: u64,
    offset: u64,
    address: u64,
    size: u64,
}

const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;

impl<'a> Elf<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let [0x7f, b'E', b'L', b'F', class @ (1 | 2), data @ (1 | 2), ..] = *bytes else {
            return None;
        };
        Some(Self {
            bytes,
            wide: class == 2,
            big_endian: data == 2,
        })
    }

    /// An unsigned number of `size` bytes at an offset; `None` beyond the end.
    fn number(&self, at: u64, size: usize) -> Option<u64> {
        let start = usize::try_from(at).ok()?;
        let bytes = self.bytes.get(start..start.checked_add(size)?)?;
        let digit = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
        Some(if self.big_endian {
            bytes.iter().fold(0, digit)
        } else {
            bytes.iter().rev().fold(0, digit)
        })
    }

    /// A number as wide as an address.
    fn word(&self, at: u64) -> Option<u64> {
        self.number(at, self.width())
    }

    fn width(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    fn segments(&self) -> Vec<Segment> {
        let (table, size, count) = if self.wide {
            (0x20, 0x36, 0x38)
        } else {
            (0x1c, 0x2a, 0x2c)
        };
        let header = || {
            Some((
                self.word(table)?,
                self.number(size, 2)?,
                self.number(count, 2)?,
            ))
        };
        let Some((table, size, count)) = header() else {
            return Vec::new();
        };
        (0..count)
            .map_while(|index| self.segment(table.checked_add(index * size)?))
            .collect()
    }

    fn segment(&self, at: u64) -> Option<Segment> {
        let (offset, address, size) = if self.wide { (8, 16, 32) } else { (4, 8, 16) };
        let word = |field: u64| self.word(at.checked_add(field)?);
        Some(Segment {
            kind: self.number(at, 4)?,
            offset: word(offset)?,
            address: word(address)?,
            size: word(size)?,
        })
    }

    /// The entries of the dynamic section: tag and value.
    fn dynamic(&self, segments: &[Segment]) -> Vec<(u64, u64)> {
        let Some(section) = segments.iter().find(|segment| segment.kind == PT_DYNAMIC) else {
            return Vec::new();
        };
        let width = self.width() as u64;
        let most = section.size.min(self.bytes.len() as u64) / (2 * width);
        let entry = |index: u64| {
            let at = section.offset.checked_add(index * 2 * width)?;
            Some((self.word(at)?, self.word(at.checked_add(width)?)?))
        };
        (0..most)
            .map_while(entry)
            .take_while(|&(tag, _)| tag != DT_NULL)
            .collect()
    }

    /// The names of the libraries.
    fn needed(&self) -> impl Iterator<Item = &'a [u8]> {
        let segments = self.segments();
        let dynamic = self.dynamic(&segments);
        let names = dynamic
            .iter()
            .find(|(tag, _)| *tag == DT_STRTAB)
            .and_then(|&(_, address)| file_offset(&segments, address));
        let needed = dynamic.into_iter().filter(|(tag, _)| *tag == DT_NEEDED);
        let bytes = self.bytes;
        needed.filter_map(move |(_, name)| text_at(bytes, names?.checked_add(name)?))
    }
}

fn file_offset(segments: &[Segment], address: u64) -> Option<u64> {
    let holds = |segment: &&Segment| {
        segment.kind == PT_LOAD
            && address
                .checked_sub(segment.address)
                .is_some_and(|inside| inside < segment.size)
    };
    let segment = segments.iter().find(holds)?;
    segment.offset.checked_add(address - segment.address)
}

fn text_at(bytes: &[u8], at: u64) -> Option<&[u8]> {
    let rest = bytes.get(usize::try_from(at).ok()?..)?;
    rest.get(..memchr::memchr(0, rest)?)
}
