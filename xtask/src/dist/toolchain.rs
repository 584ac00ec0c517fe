//! The compiler, and the standard libraries that it came without: those are built here, from Debian's rust-src of exactly its version.
//!
//! They are in a folder of their own beside the compiler's; the toolchain itself is not changed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::folder::{empty, names};
use super::target::Target;
use crate::{packages, run};

/// The packages needed to fetch and build a standard library.
const DEBIAN: &[(&str, &str)] = &[(
    "debian-archive-keyring",
    "the signature of the sources of a standard library",
)];

/// The suite with the sources of the last few releases of Rust, not only of the newest one.
const SUITE: &str = "trixie-backports";

/// The targets that can be built, and the compiler for them.
pub(super) struct Toolchain {
    /// The targets that have a standard library.
    pub(super) targets: Vec<Target>,
    /// Those that have none, and why.
    pub(super) missing: Vec<(Target, String)>,
    /// The compiler that finds the libraries that were built here.
    wrapper: PathBuf,
    built: Vec<Target>,
    /// Where the compiler looks for the sources of its library, and the name that they have without
    /// the component rust-src: with it, messages would name this machine's folder.
    pub(super) std_sources: (PathBuf, String),
}

impl Toolchain {
    /// Builds those of the standard libraries of `wanted` that are missing in `folder`, which takes
    /// minutes and is done once per compiler.
    ///
    /// # Errors
    /// If the compiler cannot be run, if a library does not compile, and if there is no target at
    /// all.
    pub(super) fn complete(wanted: &[Target], folder: &Path) -> Result<Self, String> {
        let compiler = Compiler::ask()?;
        let (mut targets, lacking) = compiler.shipped(wanted)?;
        let place = folder.join(&compiler.release).join(&compiler.commit);
        let shadow = Shadow { place };
        let mut missing = Vec::new();
        let mut built = Vec::new();
        for target in lacking {
            if !shadow.has(target)
                && let Err(why) = shadow.sources(&compiler)
            {
                missing.push((target, why));
                continue;
            }
            shadow.build(&compiler, target)?;
            emulator(target)?;
            built.push(target);
        }
        targets.extend(&built);
        let toolchain = Self {
            targets,
            missing,
            wrapper: shadow.wrapper(),
            built,
            std_sources: compiler.std_sources(),
        };
        if toolchain.targets.is_empty() {
            return Err(toolchain.not_built().trim_end().to_owned());
        }
        Ok(toolchain)
    }

    /// One line for each target that is left out.
    pub(super) fn not_built(&self) -> String {
        let line = |(target, why): &(Target, String)| {
            let triple = target.triple;
            format!(
                "not built: {triple}: the toolchain has no standard library for it; `rustup target add {triple}` installs one ({why})\n"
            )
        };
        self.missing.iter().map(line).collect()
    }

    /// Makes a build for this target find its standard library.
    pub(super) fn set(&self, command: &mut Command, target: Target) {
        if self.built.contains(&target) {
            command.env("RUSTC", &self.wrapper);
        }
    }
}

/// The compiler's description of itself.
struct Compiler {
    release: String,
    commit: String,
    host: String,
    sysroot: PathBuf,
}

impl Compiler {
    fn ask() -> Result<Self, String> {
        let said = run::output(Command::new("rustc").arg("-vV"))?;
        let field = |name: &str| {
            said.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                .map(str::to_owned)
                .ok_or_else(|| format!("rustc -vV does not say its {name}"))
        };
        let sysroot = run::output(Command::new("rustc").args(["--print", "sysroot"]))?;
        Ok(Self {
            release: field("release")?,
            commit: field("commit-hash")?,
            host: field("host")?,
            sysroot: PathBuf::from(sysroot.trim()),
        })
    }

    fn std_sources(&self) -> (PathBuf, String) {
        (
            self.sysroot.join("lib/rustlib/src/rust"),
            format!("/rustc/{}", self.commit),
        )
    }

    /// The targets that it has a standard library for, and those that it lacks.
    fn shipped(&self, wanted: &[Target]) -> Result<(Vec<Target>, Vec<Target>), String> {
        let (mut present, mut missing) = (Vec::new(), Vec::new());
        for target in wanted {
            let mut rustc = Command::new("rustc");
            rustc.args(["--print", "target-libdir", "--target", target.triple]);
            let folder = run::output(&mut rustc)?;
            if Path::new(folder.trim()).exists() {
                present.push(*target);
            } else {
                missing.push(*target);
            }
        }
        Ok((present, missing))
    }
}

/// The folder with the parts missing from the compiler's installation.
struct Shadow {
    place: PathBuf,
}

impl Shadow {
    fn libraries(&self) -> PathBuf {
        self.place.join("sysroot/lib/rustlib")
    }

    fn wrapper(&self) -> PathBuf {
        self.place.join("rustc")
    }

    fn std_sources(&self) -> PathBuf {
        self.place.join("library")
    }

    fn has(&self, target: Target) -> bool {
        self.libraries().join(target.triple).exists()
    }

    /// Unpacks the sources that belong to this compiler, unless already done.
    ///
    /// # Errors
    /// The reason why there are none.
    fn sources(&self, compiler: &Compiler) -> Result<(), String> {
        let library = self.std_sources();
        if library.exists() {
            return Ok(());
        }
        packages::install(DEBIAN)?;
        let partial = self.place.join("partial");
        empty(&partial)?;
        let package = download(compiler, &partial)?;
        let inside = format!("usr/src/rustc-{}/library", compiler.release);
        let mut unpack = Command::new("sh");
        unpack
            .args([
                "-c",
                "dpkg-deb --fsys-tarfile \"$1\" | tar -x \"./$2\"",
                "sh",
            ])
            .args([&package, Path::new(&inside)])
            .current_dir(&partial);
        run::run(&mut unpack)?;
        only_archives(&partial.join(&inside).join("std/Cargo.toml"))?;
        moved(&partial.join(inside), &library)?;
        fs::remove_dir_all(&partial).map_err(|error| format!("{}: {error}", partial.display()))
    }

    /// Builds the standard library of this target, unless already done.
    fn build(&self, compiler: &Compiler, target: Target) -> Result<(), String> {
        self.lay(compiler)?;
        if self.has(target) {
            return Ok(());
        }
        println!("{}: building its standard library", target.triple);
        let (library, products) = (self.std_sources(), self.place.join("products"));
        let vendored = library.join("vendor");
        let mut cargo = run::cargo(&["build", "--release", "--quiet", "--offline", "--locked"]);
        cargo
            // The package lacks the sources that only the tests of the library need.
            .args(["-Zavoid-dev-deps", "--package", "std"])
            .args(["--features", "panic-unwind,backtrace"])
            .args(["--target", target.triple, "--manifest-path"])
            .arg(library.join("std/Cargo.toml"))
            .args(["--config", "source.crates-io.replace-with='vendored'"])
            .arg("--config")
            .arg(format!(
                "source.vendored.directory='{}'",
                vendored.display()
            ))
            .env("CARGO_TARGET_DIR", &products)
            .env("RUSTC", self.wrapper())
            // As in Rust's own build: the library uses features that only the compiler's own
            // release may use.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", flags(compiler, &library));
        run::run(&mut cargo)?;
        let made = products.join(target.triple).join("release/deps");
        let partial = self.place.join("partial");
        empty(&partial.join("lib"))?;
        for name in names(&made)? {
            if name.ends_with(".rlib") {
                let (from, to) = (made.join(&name), partial.join("lib").join(&name));
                fs::copy(&from, &to).map_err(|error| format!("{}: {error}", from.display()))?;
            }
        }
        moved(&partial, &self.libraries().join(target.triple))?;
        fs::remove_dir_all(&products).map_err(|error| format!("{}: {error}", products.display()))
    }

    /// Lays the wrapper, and a link to the library of this machine, which build scripts and macros need.
    fn lay(&self, compiler: &Compiler) -> Result<(), String> {
        let said = |error: std::io::Error| format!("{}: {error}", self.place.display());
        let link = self.libraries().join(&compiler.host);
        fs::create_dir_all(self.libraries()).map_err(said)?;
        if !link.exists() {
            let host = compiler.sysroot.join("lib/rustlib").join(&compiler.host);
            symlink(host, link).map_err(said)?;
        }
        let script = format!(
            "#!/bin/sh\nexec '{}' --sysroot '{}' \"$@\"\n",
            compiler.sysroot.join("bin/rustc").display(),
            self.place.join("sysroot").display()
        );
        let wrapper = self.wrapper();
        // Written again it would be newer, and everything that it compiled would be compiled again.
        if fs::read_to_string(&wrapper).is_ok_and(|text| text == script) {
            return Ok(());
        }
        fs::write(&wrapper, script).map_err(said)?;
        fs::set_permissions(wrapper, Permissions::from_mode(0o755)).map_err(said)
    }
}

/// The flags with which Rust's own release builds the library: usable for link-time optimisation,
/// hidden from programs, and without folders of this machine.
fn flags(compiler: &Compiler, library: &Path) -> String {
    let remap = format!(
        "--remap-path-prefix={}=/rustc/{}/library",
        library.display(),
        compiler.commit
    );
    [
        "-Zforce-unstable-if-unmarked",
        "-Cembed-bitcode=yes",
        &remap,
    ]
    .join("\x1f")
}

/// Builds the library as an archive only: a shared one would need a linker, and none is configured.
fn only_archives(manifest: &Path) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", manifest.display());
    let text = fs::read_to_string(manifest).map_err(said)?;
    let changed = text.replace(r#"["dylib", "rlib"]"#, r#"["rlib"]"#);
    if changed == text {
        return Err(format!(
            "{}: does not name the kinds of library as expected",
            manifest.display()
        ));
    }
    fs::write(manifest, changed).map_err(said)
}

/// Fetches Debian's package with the sources of this compiler into `folder`; apt checks its signature.
///
/// # Errors
/// The reason why it is not available.
fn download(compiler: &Compiler, folder: &Path) -> Result<PathBuf, String> {
    let [mirror, _] = sshmend_lab::archives().map_err(|error| error.to_string())?;
    let list = folder.join("sources.list");
    let line = format!(
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} {SUITE} main\n"
    );
    fs::write(&list, line).map_err(|error| format!("{}: {error}", list.display()))?;
    fs::create_dir_all(folder.join("lists/partial"))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let apt = |words: &[&str]| {
        let mut apt = Command::new("apt-get");
        for (name, value) in [
            ("Dir::Etc::sourcelist", list.as_path()),
            ("Dir::Etc::sourceparts", Path::new("/dev/null")),
            ("Dir::State::lists", &folder.join("lists")),
            ("Dir::Cache", folder),
        ] {
            apt.arg("-o").arg(format!("{name}={}", value.display()));
        }
        // The folder need not be open to apt's own user.
        apt.args(["-qq", "-o", "APT::Sandbox::User=root"])
            .args(words);
        run::output(apt.current_dir(folder))
    };
    let wanted = format!("rust-src={}+*", compiler.release);
    // Otherwise apt only warns if it reaches nobody, and the sources would seem to be missing.
    apt(&["update", "-o", "APT::Update::Error-Mode=any"])
        .map_err(|_| format!("apt-get cannot update its list of {SUITE}"))?;
    apt(&["download", &wanted])
        .map_err(|_| format!("{SUITE} has no rust-src {}", compiler.release))?;
    names(folder)?
        .into_iter()
        .find(|name| name.ends_with(".deb"))
        .map(|name| folder.join(name))
        .ok_or_else(|| "apt-get download left no package".to_owned())
}

/// Installs the emulator for programs of another machine, if the target is one.
fn emulator(target: Target) -> Result<(), String> {
    if target.native() {
        return Ok(());
    }
    let (debian, _) = target.architecture;
    let library = format!("libc6-{debian}-cross");
    packages::install(&[
        ("qemu-user", "starts programs of another machine"),
        (&library, "the C library of the other machine"),
    ])
}

fn moved(from: &Path, to: &Path) -> Result<(), String> {
    fs::rename(from, to).map_err(|error| format!("{}: {error}", to.display()))
}

#[cfg(test)]
mod tests {
    use super::super::target::TARGETS;
    use super::*;

    #[test]
    fn the_library_is_built_as_an_archive_alone() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("Cargo.toml");
        fs::write(&manifest, "[lib]\ncrate-type = [\"dylib\", \"rlib\"]\n").unwrap();
        only_archives(&manifest).unwrap();
        let text = fs::read_to_string(&manifest).unwrap();
        assert_eq!(text, "[lib]\ncrate-type = [\"rlib\"]\n");
        // A later release that names them otherwise must not be built with a shared library unseen.
        assert!(only_archives(&manifest).is_err());
    }

    #[test]
    fn only_a_native_target_is_compiled_by_the_wrapper() {
        let built = Target::named("aarch64-unknown-linux-musl").unwrap();
        let shipped = Target::named("x86_64-unknown-linux-gnu").unwrap();
        let toolchain = Toolchain {
            targets: vec![shipped, built],
            missing: Vec::new(),
            wrapper: PathBuf::from("/made/rustc"),
            built: vec![built],
            std_sources: (PathBuf::new(), String::new()),
        };
        let compiler = |target| {
            let mut command = Command::new("maturin");
            toolchain.set(&mut command, target);
            command.get_envs().any(|(name, _)| name == "RUSTC")
        };
        assert!(compiler(built));
        assert!(!compiler(shipped));
    }

    #[test]
    fn each_target_that_is_left_out_is_named_with_the_reason() {
        let toolchain = Toolchain {
            targets: Vec::new(),
            missing: TARGETS
                .map(|target| (target, "no sources".to_owned()))
                .into(),
            wrapper: PathBuf::new(),
            built: Vec::new(),
            std_sources: (PathBuf::new(), String::new()),
        };
        let said = toolchain.not_built();
        assert_eq!(said.lines().count(), TARGETS.len(), "{said}");
        for target in TARGETS {
            let add = format!("`rustup target add {}`", target.triple);
            assert!(
                said.contains(&add) && said.contains("(no sources)"),
                "{said}"
            );
        }
    }

    #[test]
    fn an_unknown_target_is_refused_with_the_known_ones() {
        let said = Target::named("sparc-unknown-linux-gnu").unwrap_err();
        assert!(said.contains("x86_64-unknown-linux-musl"), "{said}");
    }
}
