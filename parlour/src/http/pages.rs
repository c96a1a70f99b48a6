//! The first page, and the pages that explain problems.

use super::{
    Web,
    problem::{Kind, Problem},
    view::{
        Brand, Page,
        pages::{About, AllKinds, Banks},
    },
};
use axum::extract::{Path, State};

/// `GET /`: the banks of this gateway.
pub async fn banks(State(face): Web) -> Page<Banks> {
    let mut banks: Vec<Brand> = face.app.tenants.values().map(|tenant| Brand::from(&*tenant)).collect();
    banks.sort_by(|a, b| a.name.cmp(&b.name));
    Page(Banks { brand: None, banks })
}

/// `GET /problems`: all kinds of problem.
pub async fn kinds() -> Page<AllKinds> {
    Page(AllKinds { brand: None, kinds: Kind::ALL })
}

/// `GET /problems/{kind}`: one kind of problem, explained.
pub async fn kind(Path(name): Path<String>) -> Result<Page<About>, Problem> {
    match name.parse() {
        Ok(kind) => Ok(Page(About { brand: None, kind })),
        Err(_) => Err(Kind::NotFound
            .because("There is no such kind of problem.")
            .back_to("/problems", "All kinds of problem")),
    }
}
