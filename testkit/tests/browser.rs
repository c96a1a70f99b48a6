//! The browser kit says what is true about pages.

use testkit::browser::{Browser, Key, Scripts, Size};

/// Without it a phone pretends to be 980 pixels wide.
const VIEWPORT: &str = "<meta name=viewport content='width=device-width, initial-scale=1, minimum-scale=1'>";

fn page(body: &str) -> String {
    let page = format!("<!doctype html><html lang=en><title>t</title>{VIEWPORT}<body><main>{body}</main>");
    let escaped: String = page.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("data:text/html,{escaped}")
}

#[tokio::test]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn the_view_has_exactly_the_size_that_was_asked_for() {
    let browser = Browser::start();
    for size in [Size::Phone, Size::SmallPhone, Size::Desktop] {
        let tab = browser.tab(size, Scripts::Run).await;
        tab.open(&page("hello")).await;
        let seen = tab.run("return [innerWidth, innerHeight]").await;
        assert_eq!(seen, serde_json::json!([size.pixels().0, size.pixels().1]), "{}", size.name());
        tab.close().await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_picture_without_words_is_a_grave_violation_and_a_named_one_is_none() {
    let browser = Browser::start();
    let tab = browser.tab(Size::Desktop, Scripts::Run).await;
    tab.open(&page("<h1>A</h1><img src=data:,>")).await;
    let found = tab.violations().await;
    assert!(found.iter().any(|found| found.rule == "image-alt" && found.is_grave()), "{found:?}");
    tab.open(&page("<h1>A</h1><img src=data:, alt=house>")).await;
    tab.assert_accessible().await;
}

#[tokio::test]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_tab_without_scripts_runs_none() {
    let body = "<p id=p>plain</p><script>p.textContent = 'scripted'</script>";
    let browser = Browser::start();
    let off = browser.tab(Size::Phone, Scripts::Off).await;
    off.open(&page(body)).await;
    off.see("plain").await;
    let on = browser.tab(Size::Phone, Scripts::Run).await;
    on.open(&page(body)).await;
    on.see("scripted").await;
}

#[tokio::test]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn the_keyboard_reaches_and_presses_a_button() {
    let browser = Browser::start();
    let tab = browser.tab(Size::Phone, Scripts::Run).await;
    tab.open(&page(
        "<a href=%23x>first</a> <button id=b onclick=\"this.textContent='pressed'\">press</button>",
    ))
    .await;
    tab.tab_to("#b").await;
    tab.press(Key::Enter).await;
    tab.see("pressed").await;
}

#[tokio::test]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn words_that_the_page_replaces_now_and_then_are_still_read() {
    let body =
        "<div id=d></div><script>setInterval(() => { d.innerHTML = '<p class=p>here</p>' }, 30)</script>";
    let browser = Browser::start();
    let tab = browser.tab(Size::Phone, Scripts::Run).await;
    tab.open(&page(body)).await;
    for _ in 0..100 {
        assert_eq!(tab.text_of(".p").await, "here");
    }
}

#[tokio::test]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_page_wider_than_its_view_is_told() {
    let browser = Browser::start();
    let tab = browser.tab(Size::Phone, Scripts::Run).await;
    tab.open(&page("<div style='width:900px;height:9px'>wide</div>")).await;
    assert!(tab.overflows().await);
    tab.open(&page("narrow")).await;
    assert!(!tab.overflows().await);
}

#[tokio::test]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn nothing_of_the_browser_lives_on_after_its_test() {
    let browser = Browser::start();
    let group = browser.group();
    browser.tab(Size::Phone, Scripts::Run).await.open(&page("hello")).await;
    assert!(alive_in(group) > 3, "Chromium has many processes");
    drop(browser);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(12);
    while alive_in(group) > 0 {
        assert!(std::time::Instant::now() < end, "{} processes live on", alive_in(group));
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
}

/// Processes of a group that are not yet dead, from `/proc`.
fn alive_in(group: u32) -> usize {
    let stats = std::fs::read_dir("/proc").expect("Linux shows its processes").flatten();
    let stats = stats.filter_map(|dir| std::fs::read_to_string(dir.path().join("stat")).ok());
    stats
        .filter(|stat| {
            let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
            let (state, group_field) = (fields.next(), fields.nth(1));
            !matches!(state, Some("Z" | "X")) && group_field == Some(group.to_string().as_str())
        })
        .count()
}
