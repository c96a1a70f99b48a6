//! The map of where payments were made.

use crate::{chat::Chat, house::House};
use testkit::browser::{Light, Scripts, Size};

/// Asks for the map and leaves it on the screen, from its upper edge on.
async fn shows(chat: &Chat, question: &str, name: &str) -> String {
    let told = chat.ask(question).await;
    assert!(told.contains("GeoNames"), "{told}");
    chat.tab
        .run("[...document.querySelectorAll('svg.map')].pop().scrollIntoView({ behavior: 'instant' })")
        .await;
    chat.tab.picture(name).await;
    chat.tab.assert_accessible().await;
    assert!(!chat.tab.overflows().await, "{name} must not scroll sideways");
    told
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn the_map_is_seen_on_a_phone_and_at_a_desk_and_fetches_nothing() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::Phone, Scripts::Run).await;
    chat.link().await;
    let fetched = "return performance.getEntriesByType('resource').map(r => new URL(r.name).host).filter(h => h !== location.host).length";
    for (size, light) in [
        (Size::Phone, Light::Light),
        (Size::Phone, Light::Dark),
        (Size::Desktop, Light::Light),
        (Size::Desktop, Light::Dark),
    ] {
        chat.tab.resize(size).await;
        chat.tab.prefer(light).await;
        let name = format!("{}-{}-map", size.name(), format!("{light:?}").to_lowercase());
        let told = shows(&chat, "where did I shop", &name).await;
        assert!(told.contains("Portland, United States") && told.contains("Online: "), "{told}");
    }
    let year = shows(&chat, "show me a map of my payments this year", "desktop-dark-map-of-the-year").await;
    assert!(year.contains("Where you paid") && year.contains("Salem"), "{year}");
    let described = chat.tab.run("return document.querySelector('svg.map').getAttribute('aria-label')").await;
    assert!(
        described.as_str().unwrap().starts_with("Map of where you paid. Portland, United States: "),
        "{described}"
    );
    let drawn = "return [...document.querySelectorAll('svg.map circle')].every(c => c.getBoundingClientRect().width > 4)";
    assert_eq!(chat.tab.run(drawn).await, true, "circles are seen");
    assert_eq!(chat.tab.run(fetched).await, 0, "nothing comes from elsewhere");
    assert!(chat.tab.console_errors().await.is_empty());
}
