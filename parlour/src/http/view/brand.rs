//! How a bank shows itself on a page.

use crate::{http::files, tenant::Tenant};

/// A bank's name, crest and colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// Its id, as in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The letter of its crest.
    pub crest: String,
    /// The address of its colours.
    pub css: String,
    /// The address of its icon.
    pub icon: String,
}

impl From<&Tenant> for Brand {
    fn from(tenant: &Tenant) -> Brand {
        Brand {
            id: tenant.id.to_string(),
            name: tenant.name.clone(),
            crest: tenant.look.crest.clone(),
            css: files::bank_css_href(tenant),
            icon: files::bank_icon_href(tenant),
        }
    }
}
