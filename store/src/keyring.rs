//! The key-encryption keys that are known to this process. There is one in quiet times and two while the
//! customers' keys are moved from the old one to the new one.

use crate::seal::{Kek, KekId};
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// Reads the keys again from where they are kept, oldest first. None if they cannot be read now.
pub type KekSource = Box<dyn Fn() -> Option<Vec<Kek>> + Send + Sync>;

/// The keys, oldest first. When a stored value names a key that is not among them, they are read again: so a
/// running gateway learns of a new key without being told.
pub struct KeyRing {
    keys: RwLock<Vec<Arc<Kek>>>,
    source: Option<KekSource>,
}

impl KeyRing {
    /// The keys, oldest first, and where to read them again. The newest is the one that a new database begins
    /// with.
    pub fn new(keys: Vec<Kek>, source: KekSource) -> KeyRing {
        KeyRing { keys: RwLock::new(keys.into_iter().map(Arc::new).collect()), source: Some(source) }
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Kek>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key of a name. If it is not known, the keys are read again.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Kek>> {
        self.known(id).or_else(|| {
            self.read_again();
            self.known(id)
        })
    }

    fn known(&self, id: &str) -> Option<Arc<Kek>> {
        self.all().into_iter().find(|kek| kek.id().as_str() == id)
    }

    fn read_again(&self) {
        let Some(keys) = self.source.as_ref().and_then(|source| source()) else { return };
        let names: Vec<&KekId> = keys.iter().map(Kek::id).collect();
        tracing::info!(?names, "the key-encryption keys were read again");
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.into_iter().map(Arc::new).collect();
    }
}

/// One key that is never read again.
impl From<Kek> for KeyRing {
    fn from(kek: Kek) -> KeyRing {
        KeyRing { keys: RwLock::new(vec![Arc::new(kek)]), source: None }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all().iter().map(|kek| kek.id().to_string())).finish()
    }
}
