//! Access lists, extended attributes and the flags of chattr.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::{acl_for, is_root, place, replace, xattrs};
use rustix::fs::{IFlags, XattrFlags, ioctl_getflags, ioctl_setflags, setxattr};
use sshmend_host::Why;

/// `user::rw-,user:12345:r--,group::r--,mask::r--,other::---`
fn acl() -> Vec<u8> {
    acl_for(6, 4)
}

#[test]
fn access_lists_and_other_extended_attributes_stay() {
    let place = place();
    setxattr(
        &place.file,
        "system.posix_acl_access",
        &acl(),
        XattrFlags::empty(),
    )
    .unwrap();
    setxattr(&place.file, "user.note", b"kept", XattrFlags::empty()).unwrap();
    if is_root() {
        let label = b"system_u:object_r:etc_t:s0\0";
        setxattr(&place.file, "security.selinux", label, XattrFlags::empty()).unwrap();
    }
    let before = (
        xattrs(&place.file),
        fs::metadata(&place.file).unwrap().mode(),
    );
    assert!(before.0.len() >= 2, "{before:?}");
    replace(&place.file).unwrap();
    assert_eq!(
        (
            xattrs(&place.file),
            fs::metadata(&place.file).unwrap().mode()
        ),
        before
    );
}

#[test]
fn the_default_access_list_of_the_directory_adds_nothing() {
    let place = place();
    fs::set_permissions(&place.file, fs::Permissions::from_mode(0o600)).unwrap();
    setxattr(
        place.directory.path(),
        "system.posix_acl_default",
        &acl(),
        XattrFlags::empty(),
    )
    .unwrap();
    assert_eq!(xattrs(&place.file), []);
    replace(&place.file).unwrap();
    assert_eq!(xattrs(&place.file), []);
    assert_eq!(fs::metadata(&place.file).unwrap().mode() & 0o7777, 0o600);
}

fn set_flag(path: &Path, flag: IFlags, on: bool) {
    let file = fs::File::open(path).unwrap();
    let mut flags = ioctl_getflags(&file).unwrap();
    flags.set(flag, on);
    ioctl_setflags(&file, flags).unwrap();
}

#[test]
fn the_attributes_of_chattr_are_respected_and_named() {
    if !is_root() {
        return;
    }
    for (flag, expected) in [
        (IFlags::IMMUTABLE, Why::Immutable),
        (IFlags::APPEND, Why::AppendOnly),
    ] {
        let place = place();
        for path in [place.file.as_path(), place.directory.path()] {
            set_flag(path, flag, true);
            let error = replace(&place.file).expect_err("it is refused");
            set_flag(path, flag, false);
            assert_eq!(error.why, expected, "{}", path.display());
            assert!(
                error.hint().is_some_and(|hint| hint.contains("chattr -")),
                "{error}"
            );
        }
        assert_eq!(place.names(), ["file"]);
    }
}
