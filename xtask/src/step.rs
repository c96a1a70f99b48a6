//! The steps of `cargo xtask test`, in their order.

use crate::fault::Fault;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The form of the source.
    Fmt,
    /// The lints of the house.
    Clippy,
    /// All tests but those in a browser, on both databases, and the proofs of the policies.
    Unit,
    /// The journey as a client of the HTTP faces.
    Http,
    /// The journey in headless Chromium.
    Browser,
    /// The same protocols with software that others wrote.
    Compat,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Step; 6] = [Step::Fmt, Step::Clippy, Step::Unit, Step::Http, Step::Browser, Step::Compat];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Step::Fmt => "fmt",
            Step::Clippy => "clippy",
            Step::Unit => "unit",
            Step::Http => "http",
            Step::Browser => "browser",
            Step::Compat => "compat",
        }
    }

    /// What it shows, in one line.
    pub fn shows(self) -> &'static str {
        match self {
            Step::Fmt => "the source has the form that rustfmt gives it",
            Step::Clippy => "no warning in any target",
            Step::Unit => "every test of every crate, both databases; the proofs of the policies",
            Step::Http => "the journey of `parlour demo --check`, as a client",
            Step::Browser => "the journey in headless Chromium; pictures in target/screenshots",
            Step::Compat => "openid-client, oidc-provider, schemathesis and a verifier in Go agree with us",
        }
    }

    /// Reads `fmt,unit`; the order is always that of [`Step::ALL`].
    pub fn parse_list(text: &str) -> Result<Vec<Step>, Fault> {
        let known = Step::ALL.map(Step::name);
        for word in text.split(',') {
            if !known.contains(&word) {
                let remedy = format!("steps are {}", known.join(", "));
                return Err(Fault::Option { found: word.to_owned(), remedy });
            }
        }
        Ok(Step::ALL.into_iter().filter(|step| text.split(',').any(|word| word == step.name())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_steps_run_in_the_usual_order() -> Result<(), Fault> {
        assert_eq!(Step::parse_list("unit,fmt")?, [Step::Fmt, Step::Unit]);
        Ok(())
    }

    #[test]
    fn an_unknown_step_is_named_with_the_known_ones() {
        let told = Step::parse_list("fmt,units").map_err(|fault| fault.to_string());
        assert_eq!(
            told,
            Err("`units` is not understood; steps are fmt, clippy, unit, http, browser, compat".to_owned())
        );
    }
}
