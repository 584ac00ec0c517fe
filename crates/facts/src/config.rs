//! The configuration of sshd, as the files and the command line of the daemon make it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use sshmend_lossless::{Origin, Unread};
use sshmend_sshd_config::{
    Connection, Effective, Override, Release, Scope, Setting, Tree, Unseen, main_file,
};

use crate::Facts;
use crate::facts::kept;
use crate::known::{Known, Unchecked};
use crate::moment::Moment;

/// The folder of drop-ins beside a main file.
pub(crate) fn drop_ins(main: &Path) -> PathBuf {
    main.with_file_name("sshd_config.d")
}

fn unchecked(unseen: &Unseen) -> Unchecked {
    Unchecked {
        needs_root: unseen.why == Unread::Denied,
        ..Unchecked::new(
            unseen.path.display().to_string(),
            format!("{} ({})", unseen.why, unseen.hint()),
        )
    }
}

impl Facts<'_> {
    /// The file that the daemon reads first.
    fn main_file(&self) -> PathBuf {
        let daemon = self.daemon().ok().flatten();
        let options = daemon.as_ref().map_or(&[][..], |daemon| &daemon.options);
        let named = options.iter().skip_while(|word| *word != "-f").nth(1);
        named.map_or_else(|| main_file(self.snapshot), PathBuf::from)
    }

    /// The release of sshd; `None` if nothing shows it.
    pub fn release(&self) -> Option<Release> {
        let text = if self.question.offline {
            self.version_on_disk()
        } else {
            self.banner().ok()
        };
        text.as_deref().and_then(Release::parse)
    }

    /// The folder of drop-ins, and the time when a file was last added to it or removed.
    pub(crate) fn drop_ins_changed(&self) -> Option<(PathBuf, Moment)> {
        let folder = drop_ins(&self.main_file());
        let metadata = self.meta(&folder).ok().flatten()?;
        Some((folder, Moment::written(metadata)))
    }

    /// The configuration; unchecked if its main file cannot be read.
    pub fn tree(&self) -> Known<&Tree> {
        let main = self.main_file();
        let read = || {
            self.file(&main)?;
            let running = self.listener().ok().flatten().map(|listener| listener.argv);
            let argv = running
                .or_else(|| Some(self.start()?.argv))
                .unwrap_or_default();
            let overrides = Override::from_argv(&argv);
            Ok(Tree::read(self.snapshot, &main, &overrides))
        };
        kept(&self.cache.tree, read)
    }

    /// All values, for the client and user in question.
    pub fn effective(&self) -> Known<&Effective> {
        let read = || {
            let connection = self.asked_connection();
            let scope = connection.as_ref().map_or(Scope::Global, Scope::Connection);
            Ok(self.tree()?.effective(self.release(), scope))
        };
        kept(&self.cache.effective, read)
    }

    /// The value of a keyword that has one value.
    pub fn value(&self, key: &str) -> Known<Option<String>> {
        Ok(self
            .setting(key)?
            .and_then(|setting| setting.values.first().cloned()))
    }

    /// A keyword with all its values and the line that decides it.
    pub fn setting(&self, key: &str) -> Known<Option<&Setting>> {
        let setting = self.effective()?.get(key);
        match setting.and_then(|setting| setting.unknown.as_ref()) {
            Some(unseen) => Err(unchecked(unseen)),
            None => Ok(setting),
        }
    }

    /// The parts of the configuration that could not be read, so that a cause which needs all of it
    /// cannot be decided.
    pub fn unseen(&self) -> Vec<Unchecked> {
        let unseen = self
            .tree()
            .map(|tree| tree.unseen(self.release()))
            .unwrap_or_default();
        unseen.iter().map(unchecked).collect()
    }

    /// The place of sshd's command line, if it decides a keyword.
    pub fn decided_by_command_line(&self, key: &str) -> Option<String> {
        self.setting(key)
            .ok()??
            .origin
            .as_ref()
            .filter(|origin| !origin.path.is_absolute())?;
        let place = self
            .line_of_start(&key.to_lowercase())
            .map(|origin| origin.to_string());
        Some(place.unwrap_or_else(|| "what starts sshd (`systemctl cat ssh.service`)".to_owned()))
    }

    /// The number of connections from which on MaxStartups drops: from the listener's title, else
    /// from the configuration.
    pub fn startups_begin(&self) -> u32 {
        let running = self
            .listener()
            .ok()
            .flatten()
            .and_then(|listener| listener.startups);
        let configured = || {
            self.value("maxstartups")
                .ok()
                .flatten()?
                .split(':')
                .next()?
                .parse()
                .ok()
        };
        running
            .map(|startups| startups.begin)
            .or_else(configured)
            .unwrap_or(10)
    }

    /// The values outside of every Match block.
    pub fn global(&self) -> Known<&Effective> {
        let read = || Ok(self.tree()?.effective(self.release(), Scope::Global));
        kept(&self.cache.global, read)
    }

    /// The ports that the configuration gives to sshd.
    pub fn configured_ports(&self) -> Vec<u16> {
        let setting = self.global().ok().and_then(|global| global.get("port"));
        let values = setting.map_or(&[][..], |setting| &setting.values);
        let ports: Vec<u16> = values
            .iter()
            .filter_map(|value| value.parse().ok())
            .collect();
        if ports.is_empty() { vec![22] } else { ports }
    }

    /// The address of this machine that the client dials, if a Match block depends on it and there
    /// is one of the client's family.
    fn dialled_address(&self) -> Option<IpAddr> {
        let client = self.question.client_address()?;
        let tells = |path: &Path| {
            let text = self.text(path).ok().flatten().unwrap_or_default();
            text.to_ascii_lowercase().contains("localaddress")
        };
        if !self.tree().ok()?.files().any(tells) {
            return None;
        }
        let mut own = self.own_addresses();
        own.retain(|own| own.is_ipv4() == client.is_ipv4() && !own.is_loopback());
        match own.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    fn asked_connection(&self) -> Option<Connection> {
        let server = self.question.asked_server()?;
        let client = server.client.map(|client| client.to_string());
        let asked = client.is_some() || server.user.is_some();
        let port = self.ports().first().copied();
        let dialled = self.dialled_address();
        asked.then(|| Connection {
            laddr: dialled.map(|address| address.to_string()),
            user: server.user.clone(),
            groups: server
                .user
                .as_deref()
                .map(|user| self.groups(user))
                .unwrap_or_default(),
            host: client.clone(),
            addr: client,
            lport: port,
            ..Connection::default()
        })
    }

    /// The text of a line, for evidence.
    pub fn line(&self, path: &Path, number: usize) -> String {
        let text = self.text(path).ok().flatten().unwrap_or_default();
        text.lines()
            .nth(number.saturating_sub(1))
            .unwrap_or_default()
            .to_owned()
    }

    /// Whether a line of the configuration sets something for the connections of a Match block alone.
    pub fn is_in_block(&self, line: &Origin) -> bool {
        self.tree()
            .is_ok_and(|tree| tree.set_in_block(line, self.release()).is_some())
    }

    /// The release, as an unchecked item for causes that depend on it.
    pub(crate) fn known_release(&self) -> Known<Release> {
        self.release()
            .ok_or_else(|| Unchecked::new("release of sshd", "nothing names it"))
    }
}
