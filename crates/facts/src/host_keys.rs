//! The host keys as files, for use if sshd itself cannot be run.

use crate::Facts;
use crate::known::Known;

/// The default host keys of sshd (servconf.c, fill_default_server_options).
const DEFAULT: [&str; 3] = [
    "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_ecdsa_key",
    "/etc/ssh/ssh_host_ed25519_key",
];

/// A host key that sshd would load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKeyFile {
    /// The path of the private key.
    pub path: String,
    /// Permission bits, if it exists.
    pub mode: Option<u32>,
    /// Whether root owns it.
    pub(crate) roots: bool,
}

impl Facts<'_> {
    fn host_key_paths(&self) -> Known<Vec<String>> {
        let named: Vec<String> = self
            .global()?
            .get("hostkey")
            .map_or_else(Vec::new, |setting| setting.values.clone());
        Ok(if named.is_empty() {
            DEFAULT.map(str::to_owned).into()
        } else {
            named
        })
    }

    /// Every host key that the configuration names.
    pub fn host_keys(&self) -> Known<Vec<HostKeyFile>> {
        let read = |path: String| {
            let meta = self.meta(&path)?;
            Ok(HostKeyFile {
                mode: meta.map(|meta| meta.mode),
                roots: meta.is_none_or(|meta| meta.uid == 0),
                path,
            })
        };
        self.host_key_paths()?.into_iter().map(read).collect()
    }
}

impl HostKeyFile {
    /// Whether sshd would ignore it because root owns it and others can read it. Red Hat permits a
    /// group of its own.
    pub fn too_open(&self) -> bool {
        self.roots && self.mode.is_some_and(|mode| mode & 0o037 != 0)
    }
}
