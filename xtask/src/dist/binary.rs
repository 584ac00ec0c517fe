//! The program itself: linked by zig against an old C library, so that it starts on old machines
//! too.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::source::{Source, VERSION};
use super::stage::Program;
use super::target::Target;
use super::toolchain::Toolchain;
use super::tools::Tools;
use super::wheel;
use crate::run;

/// The newest C library that may be asked for: that of 2012, and of RHEL 7.
const GLIBC: (u32, u32) = (2, 17);

/// A program that was built and checked.
pub(super) struct Built {
    /// The target it is for.
    pub(super) target: Target,
    /// The program and its completions.
    pub(super) program: Program,
}

/// Builds the wheel into `out`, and returns the program that it carries.
pub(super) fn build(
    tools: &Tools,
    toolchain: &Toolchain,
    source: &Source,
    target: Target,
    place: &Path,
    out: &Path,
) -> Result<Built, String> {
    let products = place.join("products");
    let made = place.join(target.triple).join("made");
    let mut maturin = tools.command("maturin");
    maturin
        .args(["build", "--quiet", "--release", "--locked", "--zig"])
        .args([
            "--target",
            target.triple,
            "--compatibility",
            target.platform,
        ])
        .arg("--out")
        .arg(&made)
        .current_dir(&source.folder)
        .env("CARGO_TARGET_DIR", &products)
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            flags(toolchain, target, &source.folder)?,
        )
        .env("SOURCE_DATE_EPOCH", &source.epoch);
    toolchain.set(&mut maturin, target);
    run::run(&mut maturin)?;
    wheel::pack(
        tools,
        source,
        target,
        &made,
        &place.join(target.triple),
        out,
    )?;
    let path = products.join(target.triple).join("release/sshmend");
    check(&path, toolchain, source, target)?;
    let program = Program::read(&path, || target.start(&path))?;
    Ok(Built { target, program })
}

/// Replaces the names of this machine's folders, which panic messages would contain, and selects
/// the files with which a static program starts.
fn flags(toolchain: &Toolchain, target: Target, source: &Path) -> Result<String, String> {
    let cargo_home = run::cargo_home()?;
    let remap =
        |folder: &Path, name: &str| format!("--remap-path-prefix={}={name}", folder.display());
    let (std_sources, name) = &toolchain.std_sources;
    let mut flags = vec![
        remap(&cargo_home, "/cargo"),
        remap(source, "/sshmend"),
        remap(std_sources, name),
    ];
    if target.is_static() {
        // Zig has musl's own objects; a library that was built here comes without them.
        flags.push("-Clink-self-contained=no".to_owned());
    }
    Ok(flags.join("\x1f"))
}

fn check(
    program: &Path,
    toolchain: &Toolchain,
    source: &Source,
    target: Target,
) -> Result<(), String> {
    let symbols = run::output(
        Command::new("readelf")
            .args(["--version-info", "--wide"])
            .arg(program),
    )?;
    if let Some((major, minor)) = newest_glibc(&symbols).filter(|version| *version > GLIBC) {
        return Err(format!(
            "{}: needs glibc {major}.{minor}, more than {}.{}",
            program.display(),
            GLIBC.0,
            GLIBC.1
        ));
    }
    if target.is_static() {
        let headers = run::output(
            Command::new("readelf")
                .args(["--program-headers", "--dynamic", "--wide"])
                .arg(program),
        )?;
        if let Some(line) = needed(&headers) {
            return Err(format!("{}: is not static: {line}", program.display()));
        }
    }
    let bytes = fs::read(program).map_err(|error| format!("{}: {error}", program.display()))?;
    if let Some(folder) = folder_in(&bytes, &own_folders(toolchain, source)?) {
        return Err(format!("{}: names {folder}", program.display()));
    }
    let said = run::output(target.start(program).arg("--version"))?;
    let wanted = format!("sshmend {VERSION} ({})\n", source.commit);
    if said == wanted {
        Ok(())
    } else {
        Err(format!("--version says {said:?}, not {wanted:?}"))
    }
}

/// The folders of this machine that a compiler could put into a program.
fn own_folders(toolchain: &Toolchain, source: &Source) -> Result<Vec<PathBuf>, String> {
    let (std_sources, _) = &toolchain.std_sources;
    Ok(vec![
        run::cargo_home()?,
        source.folder.clone(),
        std_sources.clone(),
    ])
}

/// The first of the folders whose name is in the program.
fn folder_in<'f>(program: &[u8], folders: &'f [PathBuf]) -> Option<std::path::Display<'f>> {
    folders
        .iter()
        .find(|folder| {
            let name = folder.as_os_str().as_bytes();
            program.windows(name.len()).any(|part| part == name)
        })
        .map(|folder| folder.display())
}

/// A loader or library that a program needs at run time; `None` for a static one.
fn needed(headers: &str) -> Option<&str> {
    headers
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("INTERP") || line.contains("(NEEDED)"))
}

/// The newest version of the C library that a symbol asks for; `None` in a static program.
fn newest_glibc(symbols: &str) -> Option<(u32, u32)> {
    let versions = symbols.split("GLIBC_").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let mut numbers = rest[..end.unwrap_or(rest.len())].split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    });
    versions.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_symbols_are_compared_as_numbers() {
        let said = "  0x0010:   Name: GLIBC_2.9  Flags: none  Version: 4\n\
                    \x20 0x0020:   Name: GLIBC_2.2.5  Flags: none  Version: 3\n\
                    \x20 0x0030:   Name: GLIBC_2.17  Flags: none  Version: 2\n";
        assert_eq!(newest_glibc(said), Some((2, 17)));
        assert!(newest_glibc("Name: GLIBC_2.34 ").is_some_and(|version| version > GLIBC));
        assert_eq!(
            newest_glibc("No version information found in this file."),
            None
        );
    }

    #[test]
    fn a_folder_of_this_machine_in_a_program_is_found() {
        let folders = ["/home/a/.cargo", "/home/a/.rustup/src"].map(PathBuf::from);
        let found = |program: &[u8]| folder_in(program, &folders).map(|name| name.to_string());
        let leaks = b"\0panicked at /home/a/.rustup/src/library/core/cell.rs\0";
        assert_eq!(found(leaks).as_deref(), Some("/home/a/.rustup/src"));
        assert_eq!(found(b"/rustc/59807616/library/core/cell.rs"), None);
    }

    #[test]
    fn a_program_with_a_loader_or_libraries_is_not_static() {
        let header = "  INTERP         0x0002e0 0x00000000000002e0 0x1c 0x1c R 0x1\n";
        assert_eq!(needed(header), Some(header.trim()));
        let entry = " 0x0000000000000001 (NEEDED)    Shared library: [libc.so.6]\n";
        assert_eq!(needed(entry), Some(entry.trim()));
        let own = "  LOAD           0x000000 0x0000000000000000 R 0x1000\n\
                   \x20 DYNAMIC        0x2b1c50 0x0000000000000180 RW 0x8\n\
                   \x200x000000006ffffffb (FLAGS_1)   Flags: NOW PIE\n";
        assert_eq!(needed(own), None);
    }
}
