use super::*;
use crate::{http::view::samples, reply::Spot};
use proptest::prelude::*;

fn row(name: &str, latitude: i16, longitude: i16, count: u32) -> PlaceLine {
    let at = Spot { name: name.into(), latitude, longitude, roughly: false };
    PlaceLine { place: format!("{name}, Somewhere"), count, spent: vec![], at: Some(at) }
}

/// Whether every element ends, in order, every attribute has quotes, and no mark stands where it must not.
fn is_xml(svg: &str) -> Result<(), String> {
    let mut open: Vec<&str> = vec![];
    let mut rest = svg;
    while let Some((text, after)) = rest.split_once('<') {
        let bare = |text: &str| {
            text.replace("&amp;", "")
                .replace("&lt;", "")
                .replace("&gt;", "")
                .replace("&quot;", "")
                .replace("&#39;", "")
        };
        if bare(text).contains(['&', '>']) || (open.is_empty() && !text.is_empty()) {
            return Err(format!("text “{text}”"));
        }
        let (tag, next) = after.split_once('>').ok_or("a tag without an end")?;
        rest = next;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> ends nothing"));
            }
            continue;
        }
        let (tag, alone) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        while !attributes.is_empty() {
            let (key, value) = attributes.split_once("=\"").ok_or(format!("attributes “{attributes}”"))?;
            let (value, next) = value.split_once('"').ok_or(format!("no end of {key}"))?;
            if !key.chars().all(|c| c.is_ascii_alphabetic() || c == '-') || bare(value).contains(['&', '<']) {
                return Err(format!("{key}=“{value}”"));
            }
            attributes = next.strip_prefix(' ').unwrap_or(next);
        }
        if !alone {
            open.push(name);
        }
    }
    if open.is_empty() && rest.is_empty() {
        Ok(())
    } else {
        Err(format!("open: {open:?}, after: “{rest}”"))
    }
}

#[test]
fn a_map_says_in_words_what_it_shows() {
    let svg = of(&[row("Portland", 4552, -12268, 14), row("Reno", 3953, -11981, 1)]).unwrap();
    is_xml(&svg).unwrap();
    let told = "role=\"img\" aria-label=\"Map of where you paid. Portland, Somewhere: 14 payments; Reno, Somewhere: 1 payment.\"";
    assert!(svg.contains(told), "{svg}");
    for part in [">Portland</text>", ">Reno</text>", "class=\"land\"", "class=\"border state\"", "km / "] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
}

#[test]
fn a_map_fetches_nothing_and_runs_nothing() {
    let svg = of(&[row("Portland", 4552, -12268, 14)]).unwrap();
    for never in ["href", "http", "url(", "<script", "<style", "style=", "<image", "<use", " on"] {
        assert!(!svg.contains(never), "{never}: {svg}");
    }
}

#[test]
fn usual_maps_are_small() {
    let home =
        [row("Portland", 4552, -12268, 40), row("Salem", 4494, -12304, 9), row("Lisbon", 3872, -913, 6)];
    let europe = [row("Bergen", 6039, 532, 5), row("Athens", 3798, 2373, 4), row("Lisbon", 3872, -913, 6)];
    let asia = [row("Jakarta", -621, 10685, 5), row("Manila", 1460, 12098, 4), row("Tokyo", 3569, 13969, 1)];
    for rows in [&home[..1], &home[..2], &home, &europe, &asia] {
        let svg = of(rows).unwrap();
        assert!(svg.len() < 20_000, "{} bytes", svg.len());
        is_xml(&svg).unwrap();
    }
}

#[test]
fn rows_without_a_point_are_on_no_map() {
    let nowhere = PlaceLine { at: None, ..row("Reno", 0, 0, 3) };
    assert_eq!(of(std::slice::from_ref(&nowhere)), None);
    assert_eq!(of(&[]), None);
    let svg = of(&[nowhere, row("Salem", 4494, -12304, 9)]).unwrap();
    assert!(!svg.contains("Reno") && svg.matches("<circle").count() == 1);
}

#[test]
fn places_at_one_point_are_one_circle() {
    let svg = of(&[row("Portugal", 3957, -773, 2), row("Portugal", 3957, -773, 3)]).unwrap();
    assert!(svg.matches("<circle").count() == 1 && svg.contains("Portugal: 5 payments"), "{svg}");
}

#[test]
fn the_area_of_a_circle_grows_with_the_payments() {
    let area = |count, most| radius(count, most).powi(2);
    assert!((area(3, 40) - area(2, 40) - (area(40, 40) - area(39, 40))).abs() < 1e-6, "by the same for each");
    assert!((radius(1, 1) - LEAST_RADIUS).abs() < 1e-9 && (radius(40, 40) - MOST_RADIUS).abs() < 1e-9);
    assert!(radius(u32::MAX, u32::MAX) <= MOST_RADIUS + 1e-6 && radius(2, 2) < 20.0);
}

#[test]
fn the_largest_sixty_are_drawn() {
    let many = |n: i16| (0..n).map(|n| row("x", 3000 + n, 1000, 2)).collect::<Vec<_>>();
    let drawn = |n| of(&many(n)).unwrap().matches("<circle").count();
    assert_eq!((drawn(60), drawn(61)), (MOST_CIRCLES, MOST_CIRCLES));
    let mut rows = many(61);
    rows.push(row("Largest", 3000, 900, 3));
    assert!(of(&rows).unwrap().contains("Largest"));
}

#[test]
fn a_name_cannot_leave_its_place() {
    let svg = of(&[row("\"><script>alert(1)</script>&'\u{0}\u{ffff}", 100, 100, 1)]).unwrap();
    is_xml(&svg).unwrap();
    assert!(!svg.contains("<script"), "{svg}");
}

#[test]
fn the_map_stands_in_the_answer_with_its_table_and_its_source() {
    let html = samples::every_block();
    for part in [
        "<svg class=\"map\"",
        "GeoNames",
        "CC BY 4.0",
        "Online: 12 payments, $341.20",
        "in the middle of the country",
    ] {
        assert!(html.contains(part), "{part}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_points_make_a_small_map_that_is_whole(
        places in prop::collection::vec((".{0,80}", any::<i16>(), any::<i16>(), any::<u32>()), 1..90)
    ) {
        let rows: Vec<_> = places.iter().map(|(name, north, east, count)| row(name, *north, *east, *count)).collect();
        let svg = of(&rows).unwrap();
        prop_assert_eq!(is_xml(&svg), Ok(()));
        prop_assert!(svg.len() < 13_000 + MOST_CIRCLES * 500, "{} bytes", svg.len());
        // A place may bear any name, "NaN" too: the figures are looked at with the names left out.
        let nameless: Vec<_> = places.iter().map(|(_, north, east, count)| row("", *north, *east, *count)).collect();
        let svg = of(&nameless).unwrap();
        prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn points_near_each_other_make_a_small_map_too(north in -8_000..8_000_i16, east in -18_000..18_000_i16, more in 0..900_i16) {
        let svg = of(&[row("a", north, east, 1), row("b", north + more, (east + more).min(18_000), 7)]).unwrap();
        prop_assert_eq!(is_xml(&svg), Ok(()));
        prop_assert!(svg.len() < 20_000, "{} bytes", svg.len());
    }
}
