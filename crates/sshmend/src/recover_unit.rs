//! The unit that recovers at every start of the machine: where it lies, and whether it is there.

use std::path::Path;

use sshmend_lossless::FileImage;

use crate::session::Session;

/// The folders in which packages install units.
const FOLDERS: [&str; 2] = ["/usr/lib/systemd/system", "/lib/systemd/system"];

/// The unit where no package has brought one.
pub(crate) const OWN: &str = "/etc/systemd/system/sshmend-recover.service";

/// Starts the unit; a file rather than a link, so that it is undone like any other file.
pub(crate) const WANTED: &str = "/etc/systemd/system/multi-user.target.d/sshmend-recover.conf";

/// Whether recovery runs at boot.
pub(crate) fn is_installed(session: &Session) -> bool {
    let there = |path: &str| {
        session
            .machine
            .read(Path::new(path))
            .is_ok_and(|file| file.is_some())
    };
    let wanted = "/etc/systemd/system/multi-user.target.wants/sshmend-recover.service";
    (packaged(session).is_some() || there(OWN)) && (there(WANTED) || there(wanted))
}

/// The unit of a package.
pub(crate) fn packaged(session: &Session) -> Option<FileImage> {
    FOLDERS.iter().find_map(|folder| {
        let path = Path::new(folder).join("sshmend-recover.service");
        session.machine.read(&path).ok().flatten()
    })
}
