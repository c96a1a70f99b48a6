//! `[understanding]`: how much is computed to understand a message.

use super::fault::{ConfigFault, Source};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Spanned;
use understanding::learned::mind::Tier;

/// How messages are understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understanding {
    /// The tier to use.
    pub tier: Tier,
    /// The weights of MiniLM-L6, for the tier `minilm`.
    pub weights: Option<Weights>,
}

impl Default for Understanding {
    fn default() -> Understanding {
        Understanding { tier: DEFAULT, weights: None }
    }
}

/// The most accurate tier that ships. It asks its encoder only where the words are not sure, and only about messages that no phrase
/// decided, so a plain question takes no longer than without.
const DEFAULT: Tier = Tier::Encoder;

/// A file of weights that the operator got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// A safetensors file.
    pub file: PathBuf,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenUnderstanding {
    tier: Option<Spanned<Tier>>,
    weights: Option<PathBuf>,
    weights_sha256: Option<Spanned<String>>,
}

/// Checks what was written. Paths are relative to `home`.
pub(super) fn read(
    source: &Source,
    written: WrittenUnderstanding,
    home: &Path,
    faults: &mut Vec<ConfigFault>,
) -> Understanding {
    let tier = written.tier.as_ref().map_or(DEFAULT, |tier| *tier.get_ref());
    let weights = match (written.weights, &written.weights_sha256) {
        (Some(file), Some(sha256)) => {
            let digits = sha256.get_ref().to_ascii_lowercase();
            if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let remedy = "write what `sha256sum` says of the file: 64 hexadecimal digits";
                faults.push(source.fault(sha256.span(), "this is no SHA-256", remedy));
            }
            Some(Weights { file: home.join(file), sha256: digits })
        }
        (None, None) => None,
        (_, sha256) => {
            let span = sha256.as_ref().map_or(0..0, |sha256| sha256.span());
            let what = "`weights` and `weights_sha256` go together: a file that nobody checked is not loaded";
            faults.push(source.fault(span, what, "write both, or none"));
            None
        }
    };
    if let Some(place) = written.tier.as_ref().filter(|_| tier == Tier::Minilm && weights.is_none()) {
        let remedy = "add `weights` and `weights_sha256`, or choose another tier; docs/understanding.md says where to get them";
        faults.push(source.fault(place.span(), "the tier `minilm` needs its weights", remedy));
    }
    Understanding { tier, weights }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(text: &str) -> (Understanding, Vec<String>) {
        let source = Source { file: Path::new("parlour.toml"), text };
        let written = source.parse::<WrittenUnderstanding>().unwrap();
        let mut faults = vec![];
        let read = read(&source, written, Path::new("/etc/parlour"), &mut faults);
        (read, faults.into_iter().map(|fault| fault.what).collect())
    }

    #[test]
    fn nothing_written_is_the_tier_that_ships() {
        assert_eq!(loaded(""), (Understanding::default(), vec![]));
    }

    #[test]
    fn the_tier_of_the_operators_weights_needs_them_and_their_digest() {
        let digest = "0123456789abcdefABCDEF".repeat(3)[..64].to_owned();
        let text =
            format!("tier = \"minilm\"\nweights = \"l6.safetensors\"\nweights_sha256 = \"{digest}\"\n");
        let (read, faults) = loaded(&text);
        assert_eq!((read.tier, faults.len()), (Tier::Minilm, 0));
        let weights = read.weights.unwrap();
        assert_eq!(weights.file, Path::new("/etc/parlour/l6.safetensors"));
        assert_eq!(weights.sha256, digest.to_lowercase());
        assert_eq!(loaded("tier = \"minilm\"").1, ["the tier `minilm` needs its weights"]);
        assert_eq!(loaded("weights = \"a\"").1.len(), 1, "no digest");
        let short = format!("weights = \"a\"\nweights_sha256 = \"{}\"", &digest[1..]);
        assert_eq!(loaded(&short).1, ["this is no SHA-256"]);
    }
}
