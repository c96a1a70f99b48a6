//! What people see: contexts of the templates. Each has samples, and a test draws every template with
//! them.

pub mod brand;
pub mod console;
pub mod desk;
pub mod export;
pub mod log;
pub mod pages;
pub mod privacy;
pub mod rules;
pub mod sealed;
pub mod thread;
pub mod verify;

#[cfg(test)]
mod console_samples;
#[cfg(test)]
mod desk_samples;
#[cfg(test)]
mod privacy_samples;
#[cfg(test)]
mod rules_samples;
#[cfg(test)]
pub(crate) mod samples;

pub use brand::Brand;

use super::problem::Kind;
use askama::Template;
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

/// A drawn page.
pub struct Page<T>(pub T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match draw(&self.0) {
            Ok(html) => {
                ([(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], html)
                    .into_response()
            }
            Err(fault) => {
                tracing::error!(%fault, "a page could not be drawn");
                Kind::Internal.because("The page could not be drawn.").into_response()
            }
        }
    }
}

/// Draws a template.
pub fn draw<T: Template>(template: &T) -> askama::Result<String> {
    template.render().map(|html| plain_to_see(&html))
}

/// Marks that reorder text (bidi embeddings, overrides and isolates) are written out, so that a text
/// cannot look like another one; what no page needs (carriage returns, other controls) is left out.
fn plain_to_see(html: &str) -> String {
    let mut plain = String::with_capacity(html.len());
    for c in html.chars() {
        match c {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
                plain.push_str(&format!("[U+{:04X}]", u32::from(c)));
            }
            '\n' | '\t' => plain.push(c),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_would_turn_around_is_shown_for_what_it_is() {
        assert_eq!(plain_to_see("pay \u{202e}evil\u{202c}\r\n\0ok"), "pay [U+202E]evil[U+202C]\nok");
        assert_eq!(plain_to_see("שלום, καλημέρα, 🙂"), "שלום, καλημέρα, 🙂");
    }
}
