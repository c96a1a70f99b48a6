//! The models of a bank: the one in force, and the one on trial beside it. Both are files that an operator may replace while the
//! gateway runs. What cannot be used is told, and what was in use stays.

use crate::config::Fraud;
use fraud::{
    artefact::{Artefact, Broken, LARGEST},
    model::{self, Model},
    monitor::References,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// A model that is in use.
#[derive(Debug)]
pub struct Known {
    /// The model.
    pub model: Model,
    /// The first 16 letters of its SHA-256.
    pub name: String,
    /// Whether it is the one that ships, which learned from payments that nobody made.
    pub ships: bool,
    /// What it saw when it was made.
    pub references: References,
}

impl Known {
    fn of(model: Model, ships: bool) -> Arc<Known> {
        let name = model.digest().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let papers = model.artefact();
        let references = References::of(&papers.reference, papers.origin.rows);
        Arc::new(Known { name, ships, references, model })
    }

    /// What it is made from, how good it was, and what it saw.
    pub fn papers(&self) -> &Artefact {
        self.model.artefact()
    }

    /// The probability from which on it asks by itself: nine of ten alerts were right there when it was made.
    pub fn threshold(&self) -> f64 {
        let papers = self.papers();
        papers.calibration.probability(papers.thresholds.precise).clamp(0.01, 0.99)
    }
}

/// Why the file of a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelFault {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// It is no model, or none for this program.
    #[error(transparent)]
    Broken(#[from] Broken),
}

impl ModelFault {
    /// What an operator does about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            ModelFault::Read(_) => "write the path of a model that the gateway may read, or take the key out",
            ModelFault::Broken(Broken::Catalogue | Broken::Version(_)) => {
                "train the model anew with this version: cargo xtask train fraud (docs/fraud.md)"
            }
            ModelFault::Broken(_) => {
                "copy the file again, whole; `parlour fraud model FILE` shows what it is"
            }
        }
    }
}

/// The model of a file.
pub fn load(path: &Path) -> Result<Arc<Known>, ModelFault> {
    let length = usize::try_from(fs::metadata(path)?.len()).unwrap_or(usize::MAX);
    if length > LARGEST {
        return Err(Broken::Long(length).into());
    }
    Ok(Known::of(Model::load(&fs::read(path)?)?, false))
}

/// What tells that a file was replaced, without reading it: length, time of change, and its number on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp(u64, Option<SystemTime>, u64);

fn stamp(path: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let about = fs::metadata(path).ok()?;
    Some(Stamp(about.len(), about.modified().ok(), about.ino()))
}

/// One of the two places for a model.
#[derive(Debug, Clone, Default)]
struct Place {
    file: Option<PathBuf>,
    seen: Option<Stamp>,
    known: Option<Arc<Known>>,
    trouble: Option<String>,
}

impl Place {
    /// Looks at its file; with `again` also if it did not change but could not be used. True if another model is in use now.
    fn look(&mut self, key: &str, first: bool, again: bool) -> bool {
        let Some(file) = &self.file else { return false };
        let now = stamp(file);
        if !first && now == self.seen && !(again && self.trouble.is_some()) {
            return false;
        }
        self.seen = now;
        match load(file) {
            Ok(known) => {
                self.trouble = None;
                let same =
                    self.known.as_ref().is_some_and(|before| before.name == known.name && !before.ships);
                if !same {
                    tracing::info!(file = %file.display(), model = %known.name, key, "a fraud model is in use");
                    self.known = Some(known);
                }
                !same
            }
            Err(fault) => {
                let (file, remedy) = (file.display(), fault.remedy());
                tracing::error!(%file, key, %fault, remedy, "a fraud model cannot be used; what was in use stays");
                metrics::counter!("parlour_fraud_model_faults_total").increment(1);
                self.trouble = Some(fault.to_string());
                false
            }
        }
    }
}

/// The models of a bank.
#[derive(Debug, Clone, Default)]
pub struct Models {
    in_force: Place,
    on_trial: Place,
}

impl Models {
    /// The bank's own model, or the one that ships if there is none or it cannot be used; and the one on trial. Reads files.
    pub fn of(fraud: &Fraud) -> Models {
        let place = |file: &Option<PathBuf>| Place { file: file.clone(), ..Place::default() };
        let mut models = Models { in_force: place(&fraud.model), on_trial: place(&fraud.shadow) };
        models.in_force.look("model", true, false);
        models.on_trial.look("shadow", true, false);
        if models.in_force.known.is_none() {
            models.in_force.known = shipped();
        }
        models
    }

    /// Looks whether other files were put there; with `again` also at those that could not be used. True if another model is in use
    /// now. Reads files and so may block.
    pub fn look(&mut self, again: bool) -> bool {
        let one = self.in_force.look("model", false, again);
        let other = self.on_trial.look("shadow", false, again);
        one || other
    }

    /// The model that decides. None: not even the one that ships can be used.
    pub fn in_force(&self) -> Option<&Arc<Known>> {
        self.in_force.known.as_ref()
    }

    /// The model that scores beside it.
    pub fn on_trial(&self) -> Option<&Arc<Known>> {
        self.on_trial.known.as_ref()
    }

    /// The names of both.
    pub fn names(&self) -> [Option<String>; 2] {
        [self.in_force(), self.on_trial()].map(|known| known.map(|known| known.name.clone()))
    }

    /// Files that cannot be used: the key in the bank's file, the file's own name, and why.
    pub fn troubles(&self) -> Vec<(&'static str, String, String)> {
        let of = |key, place: &Place| {
            let name = place.file.as_ref()?.file_name()?.to_string_lossy().into_owned();
            Some((key, name, place.trouble.clone()?))
        };
        [of("model", &self.in_force), of("shadow", &self.on_trial)].into_iter().flatten().collect()
    }
}

fn shipped() -> Option<Arc<Known>> {
    let model = Model::load(model::SHIPPED).inspect_err(|fault| {
        tracing::error!(%fault, "the fraud model that ships cannot be used; only rules and the bank's own alerts count");
    });
    model.ok().map(|model| Known::of(model, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(file: &Path) -> Models {
        let mut models = Models {
            in_force: Place { file: Some(file.to_owned()), ..Place::default() },
            on_trial: Place::default(),
        };
        models.in_force.look("model", true, false);
        models.in_force.known = models.in_force.known.or_else(shipped);
        models
    }

    /// As an operator puts a file there: beside it, then in its place.
    fn put(path: &Path, bytes: &[u8]) {
        let beside = path.with_extension("new");
        fs::write(&beside, bytes).unwrap();
        fs::rename(&beside, path).unwrap();
    }

    /// Another model than the one that ships.
    fn other() -> Vec<u8> {
        let mut other = Artefact::read(model::SHIPPED).unwrap();
        other.origin.seed += 1;
        other.bytes()
    }

    #[test]
    fn a_damaged_model_leaves_the_one_that_ships_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.bin");
        assert!(load(&path).is_err(), "it is not there");
        for (at, what) in [(0, "its beginning"), (100, "its middle"), (model::SHIPPED.len() - 1, "its end")] {
            let mut bytes = model::SHIPPED.to_vec();
            bytes[at] ^= 1;
            put(&path, &bytes);
            assert!(load(&path).is_err(), "{what} was changed");
        }
        put(&path, &model::SHIPPED[..1_000]);
        let models = models(&path);
        assert!(models.in_force().unwrap().ships);
        assert_eq!(models.troubles().len(), 1);
        put(&path, model::SHIPPED);
        assert!(!load(&path).unwrap().ships, "the same bytes as a file are the bank's own choice");
    }

    #[test]
    fn a_file_that_is_replaced_is_taken_up_and_a_damaged_one_leaves_the_old_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.bin");
        put(&path, model::SHIPPED);
        let mut models = models(&path);
        let first = models.in_force().unwrap().name.clone();
        assert!(!models.look(true), "nothing has changed");
        put(&path, &other()[..5_000]);
        assert!(!models.look(false), "it was cut");
        assert_eq!(models.in_force().unwrap().name, first);
        let troubles = models.troubles();
        assert_eq!((troubles[0].0, troubles[0].1.as_str()), ("model", "model.bin"));
        fs::remove_file(&path).unwrap();
        assert!(!models.look(false) && models.troubles().len() == 1, "it is gone");
        put(&path, &other());
        assert!(models.look(false));
        assert_ne!(models.in_force().unwrap().name, first);
        assert_eq!(models.troubles(), vec![]);
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.bin");
        let size = |bytes: usize| fs::File::create(&path).unwrap().set_len(bytes as u64).unwrap();
        size(LARGEST + 1);
        assert!(matches!(load(&path), Err(ModelFault::Broken(Broken::Long(_)))));
        size(LARGEST);
        assert!(matches!(load(&path), Err(ModelFault::Broken(Broken::Magic))));
    }
}
