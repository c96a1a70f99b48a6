//! The forms of a page, as somebody without a browser reads them.

use scraper::{ElementRef, Html, Selector};

/// A form with what a browser would send of it.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// Names and values: hidden and text fields, and every box that can be ticked, ticked.
    pub fields: Vec<(String, String)>,
    /// Names, values and labels of its buttons.
    pub buttons: Vec<(String, String, String)>,
}

impl Form {
    /// All forms of a page.
    pub fn all(html: &str) -> Vec<Form> {
        let page = Html::parse_document(html);
        page.select(&selector("form")).map(Form::read).collect()
    }

    fn read(form: ElementRef) -> Form {
        let text = |element: &ElementRef, name: &str| element.attr(name).unwrap_or_default().to_owned();
        let mut read = Form { action: text(&form, "action"), ..Form::default() };
        for field in form.select(&selector("input, textarea, select")) {
            let (name, kind) = (text(&field, "name"), text(&field, "type"));
            if name.is_empty() || kind == "submit" {
                continue;
            }
            let value = match field.value().name() {
                "select" => {
                    field.select(&selector("option")).next().map(|o| text(&o, "value")).unwrap_or_default()
                }
                _ if kind == "checkbox" && field.attr("value").is_none() => "on".to_owned(),
                _ => text(&field, "value"),
            };
            read.fields.push((name, value));
        }
        for button in form.select(&selector("button, input[type=submit]")) {
            let label = button.text().collect::<String>().trim().to_owned();
            read.buttons.push((text(&button, "name"), text(&button, "value"), label));
        }
        read
    }

    /// Whether a field has this name, or a button this value or label.
    pub fn has(&self, what: &str) -> bool {
        self.fields.iter().any(|(name, _)| name == what)
            || self.buttons.iter().any(|(_, value, label)| value == what || label.contains(what))
    }

    /// Writes into a field.
    pub fn fill(mut self, name: &str, value: &str) -> Form {
        match self.fields.iter_mut().find(|(n, _)| n == name) {
            Some(field) => field.1 = value.to_owned(),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).expect("the selectors of this file are right")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_a_browser_would_send_it() {
        let html = r#"<form action="/go"><input type="hidden" name="csrf" value="a&amp;b"><input name="user">
            <input type="checkbox" name="account" value="a-1"><button name="decision" value="approve">Approve</button></form>"#;
        let form = Form::all(html).remove(0).fill("user", "maya");
        assert_eq!(form.action, "/go");
        let fields: Vec<_> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(fields, [("csrf", "a&b"), ("user", "maya"), ("account", "a-1")]);
        assert!(form.has("Approve") && form.has("approve") && !form.has("deny"));
    }
}
