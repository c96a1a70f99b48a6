//! The export for people: one page, written as it is read.

use super::{OpenedAccess, Piece};
use crate::{
    http::view::{
        Brand, draw,
        export::{Accesses, Consents, End, Head, Line, Section},
    },
    http::{chat::room::draw_items, problem::Problem},
    linking::offer::count,
    room::Entry,
    tenant::Tenant,
    when,
};
use domain::Consent;
use jiff::Timestamp;
use std::sync::Arc;

/// Draws the pieces one after the other.
pub struct Writer {
    tenant: Arc<Tenant>,
    brand: Brand,
    now: Timestamp,
    section: Option<Section>,
    previous: Option<Entry>,
}

impl Writer {
    /// For a customer of this bank.
    pub fn new(tenant: Arc<Tenant>, now: Timestamp) -> Writer {
        let brand = Brand::from(&*tenant);
        Writer { tenant, brand, now, section: None, previous: None }
    }

    /// The part of the page for the next piece.
    pub fn write(&mut self, piece: Piece) -> Result<String, Problem> {
        match piece {
            Piece::Head(head) => Ok(draw(&Head {
                brand: self.brand.clone(),
                name: head.name,
                customer: head.customer.to_string(),
                on: when::for_good(head.at, &self.tenant.zone),
                at: head.at,
                file: format!("/v1/chat/{}/export", self.tenant.id),
                chat: format!("/chat/{}", self.tenant.id),
            })?),
            Piece::Consents(consents) => Ok(draw(&Consents {
                consents: consents.iter().map(|agreed| self.consent(&agreed.whole.consent)).collect(),
            })?),
            // Steps on the way to a consent: in the file for programs.
            Piece::Links(_)
            | Piece::Tasks(_)
            | Piece::Watches(_)
            | Piece::Traces(_)
            | Piece::Orders(_)
            | Piece::FraudAlerts(_)
            | Piece::Holds(_)
            | Piece::Conversations(_) => Ok(String::new()),
            Piece::Messages(_, entries) => {
                let opened = self.open(Section::Messages);
                let items =
                    draw_items(&self.tenant, &self.brand, self.now, self.previous.as_ref(), &entries)?;
                self.previous = entries.into_iter().last();
                Ok(opened + &items.concat())
            }
            Piece::Accesses(accesses) => {
                let opened = self.open(Section::Accesses);
                let rows = accesses.iter().map(|access| self.access(access)).collect();
                Ok(opened + &draw(&Accesses { rows })?)
            }
            Piece::End(counts) => {
                let closed = self.section.take().map_or("", Section::end);
                let count = |n: u64, what| count(usize::try_from(n).unwrap_or(usize::MAX), what);
                let end = End {
                    messages: count(counts.messages, "message"),
                    consents: count(counts.consents, "consent"),
                    accesses: count(counts.accesses, "record"),
                };
                Ok(closed.to_owned() + &draw(&end)?)
            }
        }
    }

    fn open(&mut self, section: Section) -> String {
        if self.section == Some(section) {
            return String::new();
        }
        let closed = self.section.replace(section).map_or("", Section::end);
        format!("{closed}{}", section.begin())
    }

    fn consent(&self, consent: &Consent) -> Line {
        let day = |at| when::long_day(at, &self.tenant.zone);
        Line {
            what: format!(
                "{}, from {} until {}",
                consent.state,
                day(consent.not_before),
                day(consent.expires_at)
            ),
            text: consent.notice.clone(),
        }
    }

    fn access(&self, access: &OpenedAccess) -> Line {
        let decision = &access.decision;
        let answer = if decision.allowed { "read" } else { "refused" };
        let place =
            access.opening.index.map_or("being numbered".to_owned(), |index| format!("entry {index}"));
        Line {
            what: when::for_good(decision.at, &self.tenant.zone),
            text: format!(
                "{}, {}: {answer} ({place})",
                decision.data_class.in_words(),
                decision.purpose.in_words()
            ),
        }
    }
}
