//! The published weights from which things are made: where they are and how they are read.

use crate::{Fault, files, options::Options};
use serde_json::Value;
use std::path::{Path, PathBuf};
use understanding::learned::{
    encoder::WIDTH,
    tensors::{BadWeights, Tensors},
    wordpiece::Vocabulary,
};

/// The SHA-256 of `model.safetensors` in the crate `pocket-encoder` 0.1.2: MiniLM-L3 in half bytes.
pub const L3_DIGEST: &str = "dabb40d5d98a22372c8921acf048cb54bb8bf6d781b1233b2a360d5125789c7e";

/// The weights of MiniLM-L3, their vocabulary and their digest.
pub struct Published {
    /// The weights.
    pub tensors: Tensors,
    /// The vocabulary.
    pub vocabulary: Vocabulary,
    /// The SHA-256 of the weights' file.
    pub digest: String,
}

/// Reads the weights of MiniLM-L3 from the folder that `--weights` names.
pub fn l3(options: &Options) -> Result<Published, Fault> {
    let published = read(&options.needed("weights")?)?;
    if published.digest != L3_DIGEST {
        let path = options.needed("weights")?;
        return Err(Fault::Unfit { path, what: "these are not the weights of pocket-encoder 0.1.2" });
    }
    Ok(published)
}

/// Reads `model.safetensors` in a folder, with the vocabulary beside it.
pub fn read(dir: &Path) -> Result<Published, Fault> {
    let path = dir.join("model.safetensors");
    let bytes = files::bytes(&path)?;
    let digest = {
        use sha2::{Digest, Sha256};
        files::hex(&Sha256::digest(&bytes))
    };
    // The scales of half bytes do not tell the width of a matrix. Only one matrix is not as wide as a piece.
    let width = |name: &str| if is_wide(name) { understanding::learned::encoder::INNER } else { WIDTH };
    let tensors = Tensors::from_safetensors(&bytes, width);
    let tensors = tensors.map_err(|source| Fault::Weights { path, source })?;
    Ok(Published { tensors, vocabulary: vocabulary(dir)?, digest })
}

fn is_wide(name: &str) -> bool {
    name.ends_with(".output.dense.weight") && !name.contains("attention")
}

/// The vocabulary from `vocab.txt`, or from `tokenizer.json`.
fn vocabulary(dir: &Path) -> Result<Vocabulary, Fault> {
    let plain = dir.join("vocab.txt");
    let (path, text) = if plain.exists() {
        let text = String::from_utf8_lossy(&files::bytes(&plain)?).into_owned();
        (plain, text)
    } else {
        let path = dir.join("tokenizer.json");
        let text = from_json(&files::bytes(&path)?);
        let what = "expected a tokenizer with `model.vocab`";
        (path.clone(), text.ok_or(Fault::Unfit { path, what })?)
    };
    let unfit = |path: PathBuf| Fault::Unfit { path, what: "the vocabulary lacks [UNK], [CLS] or [SEP]" };
    Vocabulary::new(&text).map_err(|_| unfit(path))
}

fn from_json(bytes: &[u8]) -> Option<String> {
    let tokenizer: Value = serde_json::from_slice(bytes).ok()?;
    let known = tokenizer.get("model")?.get("vocab")?.as_object()?;
    let mut pieces: Vec<(u64, &String)> =
        known.iter().map(|(piece, number)| Some((number.as_u64()?, piece))).collect::<Option<_>>()?;
    pieces.sort_unstable();
    Some(pieces.iter().map(|(_, piece)| format!("{piece}\n")).collect())
}

/// For messages about weights that cannot be used.
pub fn unfit(path: PathBuf) -> impl FnOnce(BadWeights) -> Fault {
    move |source| Fault::Weights { path, source }
}
