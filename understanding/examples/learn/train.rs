//! `train`: makes the committed artefacts, the same bytes from the same files.

use crate::{
    Fault, files,
    options::Options,
    report::{print, timed},
    weights::{self, unfit},
};
use serde_json::json;
use std::path::Path;
use understanding::{
    learned::{classifier::Source, encoder::Encoder, pieces::Pieces},
    train::table,
};

/// Makes them all.
pub fn run(options: &Options) -> Result<(), Fault> {
    let out = options.path("out").unwrap_or_else(|| options.artefacts());
    let source = |source| files::FileFault::System { path: out.clone(), source };
    std::fs::create_dir_all(&out).map_err(source)?;
    pieces(options, &out)?;
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let fault = |source| files::FileFault::System { path: path.to_owned(), source };
    std::fs::write(path, bytes).map_err(fault)?;
    Ok(())
}

/// The vocabulary with the static table.
fn pieces(options: &Options, out: &Path) -> Result<(), Fault> {
    let dir = options.needed("weights")?;
    let published = weights::l3(options)?;
    let (made, took) = timed(|| {
        let encoder = Encoder::new(&published.tensors).map_err(unfit(dir.clone()))?;
        let what = "the vocabulary does not fit the table";
        table::make(&published.vocabulary, &encoder).ok_or(Fault::Unfit { path: dir.clone(), what })
    });
    let sources =
        vec![Source { name: "pocket-encoder 0.1.2, model.safetensors".to_owned(), digest: published.digest }];
    let pieces = Pieces { sources, vocabulary: published.vocabulary, table: made? };
    let bytes = pieces.to_bytes();
    write(&out.join("pieces.bin"), &bytes)?;
    print(&[json!({ "artefact": "pieces.bin", "bytes": bytes.len(), "seconds": took.as_secs_f64() })]);
    Ok(())
}
