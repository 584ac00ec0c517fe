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
    // The own one hides that of a package.
    let unit = match session.machine.read(Path::new(OWN)) {
        Ok(Some(own)) => starts_a_program(session, &own),
        _ => packaged(session).is_some(),
    };
    unit && (there(WANTED) || there(wanted))
}

/// Whether the program that the unit starts exists: what was unpacked may have been deleted.
fn starts_a_program(session: &Session, unit: &FileImage) -> bool {
    let text = String::from_utf8_lossy(&unit.bytes);
    let command = text
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let Some(program) = command.and_then(|words| words.split(' ').next()) else {
        return false;
    };
    let program = Path::new(program);
    let (Some(folder), Some(name)) = (program.parent(), program.file_name()) else {
        return false;
    };
    let names = session.machine.names(folder);
    names.is_ok_and(|names| names.is_some_and(|names| names.iter().any(|there| there == name)))
}

/// The unit of a package.
pub(crate) fn packaged(session: &Session) -> Option<FileImage> {
    FOLDERS.iter().find_map(|folder| {
        let path = Path::new(folder).join("sshmend-recover.service");
        session.machine.read(&path).ok().flatten()
    })
}
