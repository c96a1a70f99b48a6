//! One tab: what a person does and sees in it.

use super::{Light, Scripts, Size, Violation, axe};
use fantoccini::{Client, Locator, elements::Element, error::CmdError, wd::WebDriverCompatibleCommand};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use url::{ParseError, Url};

/// How long a page may take until a condition holds. Far more than it needs, for busy machines.
const PATIENCE: Duration = Duration::from_secs(12);
/// How often a condition is looked at.
const LOOK_EACH: Duration = Duration::from_millis(25);

/// A key that is no letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Enter.
    Enter,
    /// To the next thing that can be used.
    Tab,
    /// The space bar.
    Space,
}

impl Key {
    fn code(self) -> &'static str {
        match self {
            Key::Enter => "\u{E007}",
            Key::Tab => "\u{E004}",
            Key::Space => " ",
        }
    }
}

/// A tab of a [`super::Browser`], with cookies of its own.
#[derive(Debug)]
pub struct Tab {
    client: Client,
    size: Size,
    scripts: Scripts,
}

impl Tab {
    pub(super) fn new(client: Client, size: Size, scripts: Scripts) -> Tab {
        Tab { client, size, scripts }
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        sure(self.client.goto(url).await, || format!("opening {url}"));
    }

    /// Where the tab is.
    pub async fn url(&self) -> Url {
        sure(self.client.current_url().await, || "reading the address".to_owned())
    }

    /// Clicks the first element that `css` finds, once it is there.
    pub async fn click(&self, css: &str) {
        self.with(css, "clicking", async |element| element.click().await).await;
    }

    /// Clicks the newest link or button that is shown with `label` as its text.
    pub async fn click_text(&self, label: &str) {
        let here = "[self::a or self::button or self::summary or self::label]";
        let path = format!("//*{here}[normalize-space(.) = '{label}']");
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(shown) = self.last_shown(Locator::XPath(&path)).await {
                match shown.click().await {
                    Err(gone) if gone.is_stale_element_reference() => {}
                    clicked => return sure(clicked, || format!("clicking `{label}`")),
                }
            }
            assert!(Instant::now() < end, "no `{label}` to click; {}", self.where_am_i().await);
            tokio::time::sleep(LOOK_EACH).await;
        }
    }

    /// Types into the field that `css` finds.
    pub async fn type_into(&self, css: &str, text: &str) {
        self.with(css, "typing into", async |element| element.send_keys(text).await).await;
    }

    /// Presses a key wherever the focus is, as a person without a mouse does.
    pub async fn press(&self, key: Key) {
        self.keys(key.code()).await;
    }

    /// Types wherever the focus is.
    pub async fn keys(&self, text: &str) {
        let focused = sure(self.client.active_element().await, || "finding the focus".to_owned());
        sure(focused.send_keys(text).await, || format!("typing {text:?} at the focus"));
    }

    /// Presses Tab until the focused element matches `css`, at most 60 times.
    pub async fn tab_to(&self, css: &str) {
        let there = format!("return document.activeElement.matches({})", json!(css));
        for _ in 0..60 {
            if self.run(&there).await == Value::Bool(true) {
                return;
            }
            self.press(Key::Tab).await;
        }
        panic!("the focus never reaches {css} with the Tab key; {}", self.where_am_i().await);
    }

    /// Waits until the element is there, and gives its visible text.
    pub async fn text_of(&self, css: &str) -> String {
        self.with(css, "reading", async |element| element.text().await).await
    }

    /// How many elements `css` finds right now.
    pub async fn count(&self, css: &str) -> usize {
        sure(self.client.find_all(Locator::Css(css)).await, || format!("counting {css}")).len()
    }

    /// Waits until the page shows `text`. Works without scripts too.
    pub async fn see(&self, text: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let page = match self.client.find(Locator::Css("body")).await {
                Ok(body) => body.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if page.contains(text) {
                return;
            }
            assert!(Instant::now() < end, "`{text}` never shows; {}", self.where_am_i().await);
            tokio::time::sleep(LOOK_EACH).await;
        }
    }

    /// Waits until a condition in JavaScript holds. Needs scripts.
    pub async fn until(&self, condition: &str) {
        let end = Instant::now() + PATIENCE;
        let script = format!("return !!({condition})");
        while !matches!(self.client.execute(&script, vec![]).await, Ok(Value::Bool(true))) {
            assert!(Instant::now() < end, "never: {condition}; {}", self.where_am_i().await);
            tokio::time::sleep(LOOK_EACH).await;
        }
    }

    /// Runs a script and gives what it returns. While it runs, the ban of `eval` is lifted: a content
    /// security policy is tested by real clicks.
    pub async fn run(&self, script: &str) -> Value {
        sure(self.client.execute(script, vec![]).await, || format!("running {script}"))
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        sure(self.client.refresh().await, || "loading again".to_owned());
    }

    /// Opens a second tab that shares cookies with this one, and shows it.
    ///
    /// The handles for [`Tab::show`] come back: this one's and the new one's.
    pub async fn second(&self) -> (String, String) {
        let first: String = sure(self.client.window().await, || "naming the tab".to_owned()).into();
        let second: String =
            sure(self.client.new_window(true).await, || "opening a tab".to_owned()).handle.into();
        self.show(&second).await;
        self.resize(self.size).await;
        (first, second)
    }

    /// Brings one of the tabs of [`Tab::second`] to the front.
    pub async fn show(&self, handle: &str) {
        let handle = sure(handle.to_owned().try_into(), || format!("{handle} is a handle"));
        sure(self.client.switch_to_window(handle).await, || "changing tabs".to_owned());
    }

    /// Sets the exact size of the view.
    pub async fn resize(&self, size: Size) {
        let (width, height) = size.pixels();
        let mobile = size != Size::Desktop;
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.devtools("Emulation.setDeviceMetricsOverride", params).await;
    }

    /// Says what the person's system prefers, with motion reduced.
    pub async fn prefer(&self, light: Light) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": light.feature() },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Gives the tab a device that makes and proves passkeys without asking anybody, as one would whose owner
    /// always agrees.
    pub async fn bring_authenticator(&self) {
        let device = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserConsenting": true, "isUserVerified": true,
        });
        let added = self.client.issue_cmd(Raw("webauthn/authenticator", device)).await;
        sure(added, || "bringing an authenticator".to_owned());
    }

    /// Whether the page is wider than its view, so that a person must scroll sideways.
    pub async fn overflows(&self) -> bool {
        self.run("return document.documentElement.scrollWidth > innerWidth").await == Value::Bool(true)
    }

    /// Saves a picture as `target/screenshots/NAME.png`.
    pub async fn picture(&self, name: &str) {
        let png = sure(self.client.screenshot().await, || "taking a picture".to_owned());
        let dir = target().join("screenshots");
        let saved =
            std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(dir.join(format!("{name}.png")), png));
        sure(saved, || format!("saving {name}.png in {}", dir.display()));
    }

    /// What axe finds on the page as it is.
    pub async fn violations(&self) -> Vec<Violation> {
        assert_eq!(self.scripts, Scripts::Run, "axe is a script; open the tab with Scripts::Run");
        sure(self.client.execute(axe::LIBRARY, vec![]).await, || "loading axe".to_owned());
        let answer = sure(self.client.execute_async(axe::RUN, vec![]).await, || "running axe".to_owned());
        Violation::read_all(&answer)
    }

    /// Asserts that nothing on the page keeps somebody from using it.
    pub async fn assert_accessible(&self) {
        let grave = self.violations().await.into_iter().filter(Violation::is_grave);
        let told: Vec<String> = grave.map(|violation| violation.to_string()).collect();
        assert!(told.is_empty(), "{} is not accessible:\n{}", self.url().await, told.join("\n"));
    }

    /// Errors in the console since the last look: scripts that threw, requests that failed, and what the
    /// content security policy stopped.
    pub async fn console_errors(&self) -> Vec<String> {
        let entries = sure(self.client.issue_cmd(Raw("se/log", json!({ "type": "browser" }))).await, || {
            "reading the console".to_owned()
        });
        let grave = |entry: &&Value| entry["level"] == "SEVERE";
        let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        entries.as_array().into_iter().flatten().filter(grave).map(text).collect()
    }

    /// Closes the tab and its profile.
    pub async fn close(self) {
        sure(self.client.close().await, || "closing the tab".to_owned());
    }

    /// Does something with the first element that `css` finds, once it is there. If the page puts another in its place just
    /// then, nothing was done yet, and it is done with that one.
    async fn with<T>(&self, css: &str, doing: &str, act: impl AsyncFn(Element) -> Result<T, CmdError>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            match act(self.find(css).await).await {
                Err(gone) if gone.is_stale_element_reference() && Instant::now() < end => {}
                done => return sure(done, || format!("{doing} {css}")),
            }
        }
    }

    async fn find(&self, css: &str) -> Element {
        self.wait(Locator::Css(css), css).await
    }

    async fn wait(&self, locator: Locator<'_>, what: &str) -> Element {
        match self.client.wait().at_most(PATIENCE).every(LOOK_EACH).for_element(locator).await {
            Ok(element) => element,
            Err(fault) => panic!("no {what}: {fault}; {}", self.where_am_i().await),
        }
    }

    /// The last of the elements found that a person can see.
    async fn last_shown(&self, locator: Locator<'_>) -> Option<Element> {
        let found = self.client.find_all(locator).await.unwrap_or_default();
        for element in found.into_iter().rev() {
            if element.is_displayed().await.unwrap_or(false) {
                return Some(element);
            }
        }
        None
    }

    async fn devtools(&self, command: &str, params: Value) {
        let call = Raw("goog/cdp/execute", json!({ "cmd": command, "params": params }));
        sure(self.client.issue_cmd(call).await, || command.to_owned());
    }

    /// The address and the start of the text, for the message of a failed test.
    async fn where_am_i(&self) -> String {
        let url = self.client.current_url().await.map(|url| url.to_string()).unwrap_or_default();
        let text = match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(fault) => fault.to_string(),
        };
        format!("at {url} the page says: {}", text.chars().take(2_000).collect::<String>())
    }
}

/// A command that fantoccini does not know: path below the session, and body.
#[derive(Debug)]
struct Raw(&'static str, Value);

impl WebDriverCompatibleCommand for Raw {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.1.to_string()))
    }
}

fn sure<T, E: std::fmt::Display>(result: Result<T, E>, what: impl FnOnce() -> String) -> T {
    result.unwrap_or_else(|fault| panic!("{}: {fault}", what()))
}

/// Cargo's output directory, seen from any crate's tests.
fn target() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}
