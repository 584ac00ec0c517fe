//! What is built: for which machines and which C library.

use std::env;
use std::path::Path;
use std::process::Command;

/// A machine that the program is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// As Rust names it.
    pub(super) triple: &'static str,
    /// The platform tag of a wheel.
    pub(super) platform: &'static str,
    /// As Debian and as Fedora name it.
    pub(super) architecture: (&'static str, &'static str),
    /// Whether a .deb and an .rpm are made; the static ones come as tarball and wheel.
    pub(super) packaged: bool,
}

/// All targets, built if there is a standard library for them.
pub(super) const TARGETS: [Target; 4] = [
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
    /// The one with this name.
    ///
    /// # Errors
    /// The names that there are.
    pub(super) fn named(triple: &str) -> Result<Self, String> {
        TARGETS
            .into_iter()
            .find(|target| target.triple == triple)
            .ok_or_else(|| {
                let names = TARGETS.map(|target| target.triple);
                format!("the targets are {}", names.join(", "))
            })
    }

    /// Whether this machine starts its programs itself.
    pub(super) fn native(self) -> bool {
        self.triple.starts_with(env::consts::ARCH)
    }

    /// Whether its programs carry their C library.
    pub(super) fn is_static(self) -> bool {
        self.triple.ends_with("musl")
    }

    /// A command that starts a program of this target, through qemu if this machine cannot start it
    /// directly.
    pub(super) fn start(self, program: &Path) -> Command {
        if self.native() {
            return Command::new(program);
        }
        let (_, architecture) = self.architecture;
        let mut qemu = Command::new(format!("qemu-{architecture}"));
        if !self.is_static() {
            // With `-L`, qemu would take the program's own "/" for that folder.
            let libraries = format!("/usr/{architecture}-linux-gnu/lib");
            let loader = format!("{libraries}/ld-linux-{architecture}.so.1");
            qemu.args([&loader, "--library-path", &libraries]);
        }
        qemu.arg(program);
        qemu
    }
}
