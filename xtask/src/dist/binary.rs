//! The program itself: linked by zig against an old C library, so that it starts on old machines too.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::source::{Source, VERSION};
use super::tools::Tools;
use super::wheel;
use crate::run;

/// The newest C library that may be asked for: that of 2012, and of RHEL 7.
const GLIBC: (u32, u32) = (2, 17);

/// A machine that the program is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// As Rust names it.
    pub(super) triple: &'static str,
    /// As a wheel names what it runs on.
    platform: &'static str,
    /// As Debian and as Fedora name it.
    pub(super) architecture: (&'static str, &'static str),
    /// Whether a .deb and an .rpm are made; the static ones come as tarball and wheel.
    pub(super) packaged: bool,
}

const TARGETS: [Target; 4] = [
    Target {
        triple: "x86_64-unknown-linux-gnu",
        platform: "manylinux2014",
        architecture: ("amd64", "x86_64"),
        packaged: true,
    },
    Target {
        triple: "x86_64-unknown-linux-musl",
        platform: "musllinux_1_2",
        architecture: ("amd64", "x86_64"),
        packaged: false,
    },
    Target {
        triple: "aarch64-unknown-linux-gnu",
        platform: "manylinux2014",
        architecture: ("arm64", "aarch64"),
        packaged: true,
    },
    Target {
        triple: "aarch64-unknown-linux-musl",
        platform: "musllinux_1_2",
        architecture: ("arm64", "aarch64"),
        packaged: false,
    },
];

impl Target {
    /// Those that this toolchain has a standard library for, and those that it lacks.
    pub(super) fn known() -> Result<(Vec<Self>, Vec<Self>), String> {
        let mut present = Vec::new();
        let mut missing = Vec::new();
        for target in TARGETS {
            let mut rustc = Command::new("rustc");
            let folder =
                run::output(rustc.args(["--print", "target-libdir", "--target", target.triple]))?;
            if Path::new(folder.trim()).exists() {
                present.push(target);
            } else {
                missing.push(target);
            }
        }
        if present.is_empty() {
            return Err("this toolchain has none of the targets that are packaged".to_owned());
        }
        Ok((present, missing))
    }
}

/// A program that was built and checked.
pub(super) struct Built {
    /// What it is for.
    pub(super) target: Target,
    /// Its bytes.
    pub(super) program: Vec<u8>,
}

/// Builds the wheel into `out`, and returns the program that it carries.
pub(super) fn build(
    tools: &Tools,
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
        .env("CARGO_ENCODED_RUSTFLAGS", flags(&source.folder)?)
        .env("SOURCE_DATE_EPOCH", &source.epoch);
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
    check(&path, source, target)?;
    let program = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Built { target, program })
}

/// Folders of this machine that messages of a panic would name.
fn flags(source: &Path) -> Result<String, String> {
    let cargo_home = run::cargo_home()?;
    let remap =
        |folder: &Path, name: &str| format!("--remap-path-prefix={}={name}", folder.display());
    Ok([remap(&cargo_home, "/cargo"), remap(source, "/sshmend")].join("\x1f"))
}

fn check(program: &Path, source: &Source, target: Target) -> Result<(), String> {
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
    if !target.triple.starts_with(env::consts::ARCH) {
        println!("{}: not started, it is for another machine", target.triple);
        return Ok(());
    }
    let said = run::output(Command::new(program).arg("--version"))?;
    let wanted = format!("sshmend {VERSION} ({})\n", source.commit);
    if said == wanted {
        Ok(())
    } else {
        Err(format!("--version says {said:?}, not {wanted:?}"))
    }
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
}
