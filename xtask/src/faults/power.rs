//! Power failures: the writes of a command are replayed up to each of them, and unsynced data is
//! lost in turn.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::fault::Fault;
use super::picture::Picture;
use super::replay::{FileSystem, Tree, Write, lay};
use super::trial::Trial;

/// The calls that change the content of a disk, or make it durable.
const WRITES: &str = "trace=openat,write,pwrite64,ftruncate,fchmod,mkdirat,renameat,renameat2,linkat,unlinkat,fsync,fdatasync,copy_file_range,sendfile";

/// A power failure during a run, and the violation found afterwards.
pub(crate) type Cut = (Fault, Option<String>);

impl Trial<'_> {
    /// Every disk that a power cut may leave, judged as any other.
    pub(crate) fn power_cuts(&self) -> Result<Vec<Cut>, String> {
        let options = ["-y", "-xx", "-s", "33554432", "-e", WRITES];
        let writes = writes(&self.traced(&options)?, &self.disk())?;
        let mut system = FileSystem::of(&self.seeded()).map_err(|error| error.to_string())?;
        let (mut cuts, mut seen) = (Vec::new(), BTreeSet::<Tree>::new());
        for at in 0..=writes.len() {
            if let Some(write) = at.checked_sub(1).map(|last| &writes[last]) {
                system.write(write)?;
            }
            for (lost, tree) in system.after_a_cut() {
                // The result that the command reported at its end must survive a power failure.
                let end = if at == writes.len() { "0" } else { "crash" };
                if end == "crash" && seen.contains(&tree) {
                    continue;
                }
                lay(&tree, &self.disk()).map_err(|error| error.to_string())?;
                let fault = Fault::Power(at, lost);
                let violation = self.judge(end, &fault, &Picture::of(&self.disk()))?;
                cuts.push((fault, violation));
                seen.insert(tree);
            }
        }
        Ok(cuts)
    }
}

/// The writes of a log of strace(1) below `root`, in their order.
fn writes(log: &str, root: &Path) -> Result<Vec<Write>, String> {
    let mut writes = Vec::new();
    let mut begun: Vec<(&str, &str)> = Vec::new();
    for line in log.lines() {
        let (thread, rest) = line.split_once(' ').unwrap_or_default();
        let rest = rest.trim_start();
        let whole = if let Some(call) = rest.strip_suffix(" <unfinished ...>") {
            begun.push((thread, call));
            continue;
        } else if let Some((_, tail)) = rest
            .strip_prefix("<... ")
            .and_then(|resumed| resumed.split_once(" resumed>"))
        {
            let at = begun.iter().rposition(|(other, _)| *other == thread);
            let (_, head) = begun.remove(at.ok_or("a call that never began")?);
            format!("{head}{tail}")
        } else {
            rest.to_owned()
        };
        writes.extend(
            Call::read(&whole)
                .and_then(|call| call.write(root))
                .transpose()?,
        );
    }
    Ok(writes)
}

/// One call as strace(1) prints it with -y and -xx.
struct Call<'c> {
    name: &'c str,
    /// Paths of descriptors, and strings, in their order.
    words: Vec<Word>,
    /// The text between them.
    plain: String,
    result: i64,
}

enum Word {
    Descriptor(Vec<u8>),
    Text(Vec<u8>),
}

impl<'c> Call<'c> {
    /// `None` for anything but a call, and for a failed one.
    fn read(line: &'c str) -> Option<Self> {
        let (name, _) = line.split_once('(')?;
        let (_, result) = line.rsplit_once(" = ")?;
        let digits = result
            .split(|c: char| !c.is_ascii_digit() && c != '-')
            .next()?;
        let result: i64 = digits.parse().ok().filter(|result| *result >= 0)?;
        let (mut words, mut plain, mut rest) = (Vec::new(), String::new(), &line[name.len()..]);
        while let Some(at) = rest.find(['<', '"']) {
            plain.push_str(&rest[..at]);
            let (close, is_text) = match rest.as_bytes()[at] {
                b'"' => ('"', true),
                _ => ('>', false),
            };
            let inner = &rest[at + 1..];
            let end = inner.find(close)?;
            let bytes = unescaped(&inner[..end])?;
            words.push(if is_text {
                Word::Text(bytes)
            } else {
                Word::Descriptor(bytes)
            });
            rest = &inner[end + 1..];
        }
        plain.push_str(rest);
        Some(Self {
            name,
            words,
            plain,
            result,
        })
    }

    /// The write that it makes below `root`, if any.
    fn write(&self, root: &Path) -> Option<Result<Write, String>> {
        let at = |index: usize| self.path(root, index, None);
        let in_folder = |index: usize| {
            let name = match self.words.get(index + 1) {
                Some(Word::Text(name)) => name,
                _ => return None,
            };
            self.path(root, index, Some(name))
        };
        let write = match self.name {
            "openat" if self.plain.contains("O_CREAT") => {
                if !self.plain.contains("O_EXCL") {
                    let path = in_folder(0)?;
                    return Some(Err(format!("{} may be there already", path.display())));
                }
                Write::Create(in_folder(0)?, self.octal()?)
            }
            "openat" if self.plain.contains("O_TRUNC") => Write::Cut(in_folder(0)?, 0),
            "write" => match self.words.get(1) {
                Some(Word::Text(bytes)) => {
                    let written = usize::try_from(self.result).ok()?;
                    Write::Append(at(0)?, bytes[..written.min(bytes.len())].to_vec())
                }
                _ => return None,
            },
            "ftruncate" => Write::Cut(at(0)?, self.number()?),
            "fchmod" => Write::Mode(at(0)?, self.octal()?),
            "mkdirat" => Write::MakeDirectory(in_folder(0)?, self.octal()?),
            "renameat" | "renameat2" => Write::Rename(in_folder(0)?, in_folder(2)?),
            "linkat" => Write::Link(in_folder(0)?, in_folder(2)?),
            "unlinkat" => Write::Remove(in_folder(0)?),
            "fsync" | "fdatasync" => Write::Sync(at(0)?),
            "pwrite64" | "copy_file_range" | "sendfile" => {
                at(0)?;
                return Some(Err(format!("{} is not understood", self.name)));
            }
            _ => return None,
        };
        Some(Ok(write))
    }

    /// The path of a descriptor, or of a name in it, as seen from the root; `None` if it is
    /// elsewhere.
    fn path(&self, root: &Path, index: usize, name: Option<&[u8]>) -> Option<PathBuf> {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let Some(Word::Descriptor(folder)) = self.words.get(index) else {
            return None;
        };
        let path = Path::new(OsStr::from_bytes(folder))
            .strip_prefix(root)
            .ok()?;
        Some(match name {
            Some(name) => path.join(OsStr::from_bytes(name)),
            None => path.to_owned(),
        })
    }

    /// The last number among its arguments.
    fn number(&self) -> Option<usize> {
        self.last()?.parse().ok()
    }

    fn octal(&self) -> Option<u32> {
        u32::from_str_radix(self.last()?, 8).ok()
    }

    fn last(&self) -> Option<&str> {
        let arguments = self.plain.rsplit_once(" = ")?.0.trim_end();
        Some(arguments.trim_end_matches(')').rsplit(", ").next()?.trim())
    }
}

/// The bytes of `\x61\x62…`.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    if !text.starts_with("\\x") {
        return Some(text.as_bytes().to_vec());
    }
    let pairs = text.split("\\x").skip(1);
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_strace_is_read() {
        let hex =
            |text: &str| -> String { text.bytes().map(|byte| format!("\\x{byte:02x}")).collect() };
        let (root, etc, outside) = (hex("/disk"), hex("/disk/etc"), hex("/tmp"));
        let (a, b, text) = (hex("a"), hex("b"), hex("one \"two\"\n"));
        let log = format!(
            "7 openat(4<{etc}>, \"{a}\", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 5<{etc}\\x2f{a}>\n\
             7 openat(4<{etc}>, \"{b}\", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)\n\
             7 write(5<{etc}\\x2f{a}>, \"{text}\", 10 <unfinished ...>\n\
             8 write(1<{outside}>, \"{text}\", 10) = 10\n\
             7 <... write resumed>) = 10\n\
             7 fchmod(5<{etc}\\x2f{a}>, 0644) = 0\n\
             7 renameat2(4<{etc}>, \"{a}\", 4<{etc}>, \"{b}\", RENAME_NOREPLACE) = 0\n\
             7 fsync(6<{root}>) = 0\n"
        );
        let read = writes(&log, Path::new("/disk")).unwrap();
        let a = PathBuf::from("etc/a");
        assert_eq!(
            read,
            [
                Write::Create(a.clone(), 0o600),
                Write::Append(a.clone(), b"one \"two\"\n".to_vec()),
                Write::Mode(a.clone(), 0o644),
                Write::Rename(a, "etc/b".into()),
                Write::Sync(PathBuf::new()),
            ]
        );
    }
}
