//! The wheel as distributed: without the build folder, which its list of dependencies names.

use std::fs;
use std::path::{Path, PathBuf};

use super::folder::{empty, names};
use super::source::{Source, VERSION};
use super::target::Target;
use super::tools::Tools;
use crate::run;

/// Repacks maturin's output in `made` into `out`, and puts its list of dependencies beside it.
pub(super) fn pack(
    tools: &Tools,
    source: &Source,
    target: Target,
    made: &Path,
    place: &Path,
    out: &Path,
) -> Result<(), String> {
    let unpacked = place.join("wheel");
    empty(&unpacked)?;
    for name in names(made)? {
        let mut unpack = tools.command("wheel");
        unpack.args(["unpack", "--dest"]).arg(&unpacked);
        run::output(unpack.arg(made.join(name)))?;
    }
    let tree = unpacked.join(format!("sshmend-{VERSION}"));
    let list = dependencies(&tree);
    let text = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let text = without_folder(&text, &source.folder)?;
    let beside = out.join(format!("sshmend-{VERSION}-{}.cdx.json", target.triple));
    for path in [&list, &beside] {
        fs::write(path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let mut pack = tools.command("wheel");
    pack.args(["pack", "--dest-dir"]).arg(out).arg(&tree);
    run::output(pack.env("SOURCE_DATE_EPOCH", &source.epoch))?;
    Ok(())
}

/// The path at which maturin writes the list, in CycloneDX format.
fn dependencies(tree: &Path) -> PathBuf {
    tree.join(format!("sshmend-{VERSION}.dist-info"))
        .join("sboms/sshmend.cyclonedx.json")
}

fn without_folder(list: &str, folder: &Path) -> Result<String, String> {
    let folder = folder
        .to_str()
        .ok_or("the folder of the build has no plain name")?;
    Ok(list.replace(folder, "/sshmend"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_dependencies_does_not_say_where_it_was_built() {
        let list = "{\"bom-ref\": \"path+file:///build/here/crates/host#0.1.0\"}";
        assert_eq!(
            without_folder(list, Path::new("/build/here")).as_deref(),
            Ok("{\"bom-ref\": \"path+file:///sshmend/crates/host#0.1.0\"}")
        );
    }
}
