//! Lines on the sheet: cut off where the sheet ends, thinned to what an eye can see, and written as the data of an SVG path.

use super::{
    frame::{Frame, WIDTH},
    outlines::{Line, Point},
};
use std::fmt::Write;

/// Lines are cut off this far beyond the edge of the sheet, so that the cut is not seen.
const BEYOND: f64 = 12.0;
/// The finest that is drawn, in units of the sheet: a third of a pixel on a phone.
pub const FINEST: f64 = 1.0;
/// Rings that are smaller than this many times the finest are left out.
const SPECK: f64 = 3.0;

type At = (f64, f64);

/// The data of a path with the lines that lie on the sheet, thinned so that nothing moves by more than `finest`. `closed` lines are areas.
pub fn path(frame: &Frame, lines: &[Line], closed: bool, finest: f64) -> String {
    let mut data = String::new();
    for line in lines {
        for turn in [-36_000, 0, 36_000] {
            if may_be_seen(frame, line, turn) {
                let points: Vec<At> = line.points.iter().map(|at| place(frame, *at, turn)).collect();
                let pieces =
                    if closed { vec![area_within(frame, points)] } else { lines_within(frame, &points) };
                pieces.iter().for_each(|piece| write(&mut data, &thinned(piece, finest), closed, finest));
            }
        }
    }
    data
}

fn place(frame: &Frame, at: Point, turn: i32) -> At {
    frame.place_in_turn(f64::from(at[1]) / 100.0, f64::from(at[0] + turn) / 100.0)
}

fn may_be_seen(frame: &Frame, line: &Line, turn: i32) -> bool {
    let (left, bottom) = place(frame, line.least, turn);
    let (right, top) = place(frame, line.most, turn);
    right >= -BEYOND && left <= WIDTH + BEYOND && bottom >= -BEYOND && top <= frame.height + BEYOND
}

/// One side of the sheet: how far inside of it a point lies. Negative is outside.
type Side = fn(&Frame, At) -> f64;

const SIDES: [Side; 4] = [
    |_, (x, _)| x + BEYOND,
    |_, (x, _)| WIDTH + BEYOND - x,
    |_, (_, y)| y + BEYOND,
    |frame, (_, y)| frame.height + BEYOND - y,
];

fn crossing(a: At, b: At, inside_a: f64, inside_b: f64) -> At {
    let part = inside_a / (inside_a - inside_b);
    (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part)
}

/// An area without what lies beyond the sheet: one side after the other (Sutherland and Hodgman, 1974). Edges along the side that this
/// leaves lie beyond the sheet.
fn area_within(frame: &Frame, mut points: Vec<At>) -> Vec<At> {
    for side in SIDES {
        let mut kept = Vec::with_capacity(points.len());
        let Some(mut before) = points.last().copied() else { break };
        for at in points {
            let (was, is) = (side(frame, before), side(frame, at));
            if (was < 0.0) != (is < 0.0) {
                kept.push(crossing(before, at, was, is));
            }
            if is >= 0.0 {
                kept.push(at);
            }
            before = at;
        }
        points = kept;
    }
    points
}

/// The pieces of a line that lie on the sheet.
fn lines_within(frame: &Frame, points: &[At]) -> Vec<Vec<At>> {
    let mut pieces: Vec<Vec<At>> = vec![];
    let mut joined = false;
    for two in points.windows(2) {
        let Some((from, to)) = step_within(frame, two[0], two[1]) else {
            joined = false;
            continue;
        };
        match pieces.last_mut() {
            Some(piece) if joined => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
        joined = to == two[1];
    }
    pieces
}

fn step_within(frame: &Frame, mut a: At, mut b: At) -> Option<(At, At)> {
    for side in SIDES {
        let (inside_a, inside_b) = (side(frame, a), side(frame, b));
        match (inside_a < 0.0, inside_b < 0.0) {
            (true, true) => return None,
            (true, false) => a = crossing(a, b, inside_a, inside_b),
            (false, true) => b = crossing(a, b, inside_a, inside_b),
            (false, false) => {}
        }
    }
    Some((a, b))
}

/// The same line with fewer points: first those that lie on the point before go, then those that lie on the line between the others
/// (Ramer, 1972; Douglas and Peucker, 1973).
fn thinned(points: &[At], finest: f64) -> Vec<At> {
    let mut apart: Vec<At> = Vec::with_capacity(points.len());
    for (number, at) in points.iter().enumerate() {
        let is_end = number == 0 || number + 1 == points.len();
        let near = |before: &At| (before.0 - at.0).hypot(before.1 - at.1) < finest / 2.0;
        if is_end || !apart.last().is_some_and(near) {
            apart.push(*at);
        }
    }
    let mut keep = vec![false; apart.len()];
    let mut open = match apart.len() {
        0 => return apart,
        count => vec![(0, count - 1)],
    };
    while let Some((from, to)) = open.pop() {
        (keep[from], keep[to]) = (true, true);
        let distance = |at: usize| (from_segment(apart[at], apart[from], apart[to]), at);
        let most = (from + 1..to).map(distance).max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((far, at)) = most.filter(|(far, _)| *far > finest) {
            debug_assert!(far.is_finite());
            open.extend([(from, at), (at, to)]);
        }
    }
    apart.into_iter().zip(keep).filter_map(|(at, keep)| keep.then_some(at)).collect()
}

/// How far a point lies from the line between two others.
fn from_segment(at: At, a: At, b: At) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = dx * dx + dy * dy;
    let part = if length > 0.0 { ((at.0 - a.0) * dx + (at.1 - a.1) * dy) / length } else { 0.0 };
    let part = part.clamp(0.0, 1.0);
    (at.0 - a.0 - dx * part).hypot(at.1 - a.1 - dy * part)
}

/// A line in whole units: a point to begin with, then steps. What is too small to be seen is left out.
fn write(data: &mut String, points: &[At], closed: bool, finest: f64) {
    #[expect(clippy::cast_possible_truncation, reason = "cut off at the edge of the sheet")]
    let whole = |at: &At| (at.0.round() as i32, at.1.round() as i32);
    let mut all: Vec<(i32, i32)> = points.iter().map(whole).collect();
    all.dedup();
    if closed && all.len() > 1 && all.first() == all.last() {
        all.pop();
    }
    let size = |of: fn(&At) -> f64| {
        let (low, high) = points.iter().map(of).fold((f64::MAX, f64::MIN), |(a, b), c| (a.min(c), b.max(c)));
        high - low
    };
    let least = if closed { 3 } else { 2 };
    if all.len() < least || (closed && size(|at| at.0).max(size(|at| at.1)) < finest * SPECK) {
        return;
    }
    for (number, at) in all.iter().enumerate() {
        // A sign says where a number begins, so a space is needed before the others only.
        let step = |text: &mut String, n: i32, first: bool| match n {
            n if n < 0 || first => write!(text, "{n}"),
            n => write!(text, " {n}"),
        };
        let (from, letter) = match number {
            0 => ((0, 0), "M"),
            1 => (all[0], "l"),
            _ => (all[number - 1], ""),
        };
        data.push_str(letter);
        step(data, at.0 - from.0, !letter.is_empty()).expect("writing to a text in memory does not fail");
        step(data, at.1 - from.1, false).expect("writing to a text in memory does not fail");
    }
    if closed {
        data.push('z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::outlines::{NEAR, STATES, WORLD};
    use proptest::prelude::*;

    /// Where the pen goes, in the sheet's units.
    fn walked(data: &str) -> Vec<(i32, i32)> {
        let mut points = vec![];
        for piece in data.split('M').filter(|piece| !piece.is_empty()) {
            let spaced = piece.replace('-', " -").replace(['l', 'z'], " ");
            let numbers: Vec<i32> = spaced.split_whitespace().map(|n| n.parse().unwrap()).collect();
            let mut at = (0, 0);
            for step in numbers.chunks(2) {
                at = (at.0 + step[0], at.1 + step[1]);
                points.push(at);
            }
        }
        points
    }

    #[test]
    fn a_line_is_cut_off_at_the_edge_and_goes_on_where_it_comes_back() {
        let frame = Frame::world();
        let pieces = lines_within(&frame, &[(10.0, 10.0), (10.0, -500.0), (50.0, -500.0), (50.0, 30.0)]);
        assert_eq!(pieces, [[(10.0, 10.0), (10.0, -BEYOND)], [(50.0, -BEYOND), (50.0, 30.0)]]);
        assert!(lines_within(&frame, &[(-90.0, -90.0), (-80.0, 900.0)]).is_empty());
    }

    #[test]
    fn an_area_around_the_sheet_fills_it() {
        let frame = Frame::world();
        let area = area_within(&frame, vec![(-1e4, -1e4), (1e4, -1e4), (1e4, 1e4), (-1e4, 1e4)]);
        let (right, bottom) = (WIDTH + BEYOND, frame.height + BEYOND);
        for corner in [(-BEYOND, -BEYOND), (right, -BEYOND), (right, bottom), (-BEYOND, bottom)] {
            assert!(area.contains(&corner), "{corner:?} in {area:?}");
        }
        assert!(area_within(&frame, vec![(-90.0, 0.0), (-80.0, 0.0), (-80.0, 9.0)]).is_empty());
    }

    #[test]
    fn thinning_keeps_what_can_be_seen() {
        let line: Vec<At> = (0..=100).map(|n| (f64::from(n), if n == 50 { 9.0 } else { 0.1 })).collect();
        let thin = thinned(&line, 1.0);
        assert!(thin.contains(&(50.0, 9.0)) && thin.len() < 8, "{thin:?}");
        assert_eq!((thin.first(), thin.last()), (line.first(), line.last()));
        assert!(thinned(&[], 1.0).is_empty());
    }

    #[test]
    fn numbers_are_written_without_spaces_that_are_not_needed() {
        let mut data = String::new();
        write(&mut data, &[(10.0, 20.0), (5.0, 25.0), (5.0, 15.0)], true, 1.0);
        assert_eq!(data, "M10 20l-5 5 0-10z");
        let mut speck = String::new();
        write(&mut speck, &[(10.0, 20.0), (12.0, 20.0), (11.0, 22.0)], true, 1.0);
        assert_eq!(speck, "", "a speck");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn nothing_is_drawn_far_beyond_the_sheet(north in -90.0..90.0_f64, east in -360.0..360.0_f64, more in 0.0..60.0_f64) {
            let frame = Frame::around(&[(north, east), ((north + more).min(90.0), east + more)]).unwrap();
            for (outlines, closed) in [(&NEAR.land, true), (&WORLD.land, true), (&NEAR.borders, false), (&STATES.borders, false)] {
                for (x, y) in walked(&path(&frame, outlines, closed, FINEST)) {
                    prop_assert!((-13.0..=WIDTH + 13.0).contains(&f64::from(x)), "{x}");
                    prop_assert!((-13.0..=frame.height + 13.0).contains(&f64::from(y)), "{y}");
                }
            }
        }
    }
}
