//! The map of where payments were made: drawn here as SVG, out of files that are part of the program. Nothing of it is fetched by
//! whoever looks at it.

pub mod frame;
pub mod gazetteer;
pub mod names;
pub mod outlines;
pub mod trace;

use crate::reply::PlaceLine;
use frame::Frame;
use names::Patch;
use outlines::{NEAR, STATES, WORLD};
use std::{collections::BTreeMap, fmt::Write};

/// The most circles: the largest are drawn, the table has all.
pub const MOST_CIRCLES: usize = 60;
/// The most bytes of outlines. What has more is thinned further.
const MOST_BYTES: usize = 13_000;
/// The longest name in words that are read aloud or shown under the pointer, in characters.
const LONGEST: usize = 60;
/// How many places are named in words.
const NAMED: usize = 5;
/// From this many degrees on the coarse outlines are fine enough.
const FAR: f64 = 90.0;
/// Up to this many degrees the borders of states are drawn.
const NEAR_BY: f64 = 75.0;
/// The radius of a circle for one payment, and of the largest, in units of the sheet.
const LEAST_RADIUS: f64 = 15.0;
const MOST_RADIUS: f64 = 44.0;
/// What a further payment adds to the square of a radius, where there is room for it.
const A_PAYMENT: f64 = 150.0;
/// The longest line of the scale, in units of the sheet, and its distance from the edge.
const SCALE: f64 = 230.0;
const MARGIN: f64 = 22.0;
/// Kilometers in a mile.
const MILE: f64 = 1.609_344;

/// The payments at one point of the sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Circle {
    /// What is written beside it.
    pub name: String,
    /// What it says in words.
    pub told: String,
    /// How many payments.
    pub count: u32,
    /// From the left.
    pub x: f64,
    /// From above.
    pub y: f64,
    /// Its area grows with the number of payments.
    pub radius: f64,
}

/// The map of these places as an SVG element. None when no place has a point.
pub fn of(rows: &[PlaceLine]) -> Option<String> {
    let (frame, circles) = placed(rows)?;
    let mut svg = String::with_capacity(MOST_BYTES);
    let (wide, high) = (frame::WIDTH, frame.height);
    let told = escaped(&in_words(&circles));
    let drawn: Result<(), std::fmt::Error> = (|| {
        write!(
            svg,
            "<svg class=\"map\" viewBox=\"0 0 {wide} {high}\" role=\"img\" aria-label=\"{told}\" focusable=\"false\">"
        )?;
        write!(svg, "<rect class=\"sea\" width=\"{wide}\" height=\"{high}\"/>")?;
        for (class, data) in ground(&frame).iter().filter(|(_, data)| !data.is_empty()) {
            write!(svg, "<path class=\"{class}\" d=\"{data}\"/>")?;
        }
        let scale = scale(&frame);
        for Circle { x, y, radius, told, .. } in &circles {
            let told = escaped(told);
            write!(
                svg,
                "<circle cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"{radius:.0}\"><title>{told}</title></circle>"
            )?;
        }
        for name in names::beside(&circles, &frame, scale.as_ref().map(|(_, taken)| *taken)) {
            let (text, anchor) = (escaped(&name.text), name.anchor);
            write!(
                svg,
                "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{text}</text>",
                name.x, name.y
            )?;
        }
        svg.push_str(&scale.map(|(drawn, _)| drawn).unwrap_or_default());
        svg.push_str("</svg>");
        Ok(())
    })();
    drawn.ok().map(|()| svg)
}

/// Whether there is something to draw.
pub fn has_points(rows: &[PlaceLine]) -> bool {
    rows.iter().any(|row| row.at.is_some())
}

/// The view, and the circles on it, largest first.
fn placed(rows: &[PlaceLine]) -> Option<(Frame, Vec<Circle>)> {
    let mut points: BTreeMap<(i16, i16), (u32, Vec<&PlaceLine>)> = BTreeMap::new();
    for row in rows {
        if let Some(at) = &row.at {
            let point = (at.latitude.clamp(-9_000, 9_000), at.longitude.clamp(-18_000, 18_000));
            let here = points.entry(point).or_default();
            *here = (here.0.saturating_add(row.count), std::mem::take(&mut here.1));
            here.1.push(row);
        }
    }
    let mut points: Vec<_> = points.into_iter().collect();
    points.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    points.truncate(MOST_CIRCLES);
    let degrees = |(north, east): (i16, i16)| (f64::from(north) / 100.0, f64::from(east) / 100.0);
    let all: Vec<_> = points.iter().map(|(at, _)| degrees(*at)).collect();
    let frame = Frame::around(&all)?;
    let most = points.first().map_or(1, |(_, (count, _))| *count);
    let circle = |(at, (count, rows)): ((i16, i16), (u32, Vec<&PlaceLine>))| {
        let (north, east) = degrees(at);
        let (x, y) = frame.place(north, east);
        let name = rows.iter().find_map(|row| row.at.as_ref()).map(|at| short(&at.name)).unwrap_or_default();
        let place = if let [one] = rows.as_slice() { short(&one.place) } else { name.clone() };
        Circle {
            told: format!("{place}: {}", payments(count)),
            name,
            count,
            x,
            y,
            radius: radius(count, most),
        }
    };
    Some((frame, points.into_iter().map(circle).collect()))
}

fn radius(count: u32, most: u32) -> f64 {
    let least = LEAST_RADIUS * LEAST_RADIUS;
    let room = MOST_RADIUS * MOST_RADIUS - least;
    let each = (room / f64::from(most.saturating_sub(1).max(1))).min(A_PAYMENT);
    (least + each * f64::from(count.saturating_sub(1))).sqrt()
}

/// "1 payment", "12 payments".
pub fn payments(count: u32) -> String {
    if count == 1 { "1 payment".to_owned() } else { format!("{count} payments") }
}

/// "Map of where you paid. Portland, United States: 14 payments; Reno, United States: 2 payments; and 3 more places."
fn in_words(circles: &[Circle]) -> String {
    let mut parts: Vec<String> = circles.iter().take(NAMED).map(|circle| circle.told.clone()).collect();
    match circles.len().saturating_sub(NAMED) {
        0 => {}
        1 => parts.push("and 1 more place".to_owned()),
        more => parts.push(format!("and {more} more places")),
    }
    format!("Map of where you paid. {}.", parts.join("; "))
}

/// Land and borders with their classes, in few bytes: thinned further until they are.
fn ground(frame: &Frame) -> Vec<(&'static str, String)> {
    let wide = frame.degrees_wide();
    let outlines = if wide > FAR { &*WORLD } else { &*NEAR };
    let mut finest = trace::FINEST;
    loop {
        let mut layers = vec![("land", trace::path(frame, &outlines.land, true, finest))];
        if wide <= NEAR_BY {
            layers.push(("border state", trace::path(frame, &STATES.borders, false, finest)));
        }
        layers.push(("border", trace::path(frame, &outlines.borders, false, finest)));
        if layers.iter().map(|(_, data)| data.len()).sum::<usize>() <= MOST_BYTES {
            return layers;
        }
        finest *= 1.4;
    }
}

/// A line that is a round number of kilometers long, and the part of the sheet that it takes. None on the whole world, where no
/// line has one length.
fn scale(frame: &Frame) -> Option<(String, Patch)> {
    if frame.whole {
        return None;
    }
    let longest = SCALE * frame.km_in_unit();
    let tens = 10_f64.powf(longest.log10().floor());
    let km = [5.0, 2.0, 1.0].into_iter().map(|n| n * tens).find(|km| *km <= longest)?;
    let (length, bottom) = (km / frame.km_in_unit(), frame.height - MARGIN);
    let miles = km / MILE;
    let miles = if miles < 100.0 { miles.round() } else { (miles / 10.0).round() * 10.0 };
    let words = format!("{} km / {} mi", grouped(km), grouped(miles));
    let drawn = format!(
        "<g class=\"scale\"><path d=\"M{MARGIN} {:.0}v10h{length:.0}v-10\"/><text x=\"{MARGIN}\" y=\"{:.0}\">{words}</text></g>",
        bottom - 10.0,
        bottom - 22.0,
    );
    let taken = Patch {
        left: 0.0,
        top: bottom - 22.0 - names::LETTERS,
        right: MARGIN + SCALE + 110.0,
        bottom: frame.height,
    };
    Some((drawn, taken))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length on the earth")]
fn grouped(length: f64) -> String {
    crate::http::view::thread::grouped(length as u64)
}

fn short(name: &str) -> String {
    name.chars().take(LONGEST).collect()
}

/// A text as XML takes it: marks written out, and without characters that XML forbids.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
