//! Outlines of countries and states: Natural Earth and the US Census, both in the public domain. The bytes are made by `cargo xtask
//! map`; `parlour/assets/map/NOTICE` names the sources.
//!
//! The form: all numbers are LEB128, signed ones in zigzag. The number of arcs; for each, the number of its points and the
//! steps between them in hundredths of a degree, longitude first, the first one from 0. Then the number of rings of land; for each, the
//! number of its arcs and the arcs, `!n` for an arc that is walked backwards. Then the number of arcs that are borders, and those. An arc
//! goes on beyond 180° where it crosses that line, so a ring is in one piece.

use std::sync::LazyLock;

/// A point in hundredths of a degree: east, then north. East goes beyond 18000 where a line crosses 180°.
pub type Point = [i32; 2];

/// A line with the box around it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its points.
    pub points: Vec<Point>,
    /// West, south.
    pub least: Point,
    /// East, north.
    pub most: Point,
}

/// What is drawn beneath the points.
#[derive(Debug, Clone, Default)]
pub struct Outlines {
    /// Rings of land and of seas within it.
    pub land: Vec<Line>,
    /// Lines between countries, or between states.
    pub borders: Vec<Line>,
}

/// The whole world, coarse (1 : 110 million).
pub static WORLD: LazyLock<Outlines> = LazyLock::new(|| read_known(WORLD_BYTES));
/// The whole world, finer (1 : 50 million).
pub static NEAR: LazyLock<Outlines> = LazyLock::new(|| read_known(NEAR_BYTES));
/// Borders between the states of the USA (1 : 10 million); no land.
pub static STATES: LazyLock<Outlines> = LazyLock::new(|| read_known(STATES_BYTES));

static WORLD_BYTES: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/map/world.bin"));
static NEAR_BYTES: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/map/near.bin"));
static STATES_BYTES: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/map/states.bin"));

/// Bytes that a test has read whole. Should they ever be broken, a map has points and no land.
fn read_known(bytes: &'static [u8]) -> Outlines {
    read(bytes).unwrap_or_else(|| {
        tracing::error!(
            bytes = bytes.len(),
            "outlines of the map cannot be read; maps are drawn without land"
        );
        Outlines::default()
    })
}

fn read(bytes: &[u8]) -> Option<Outlines> {
    let mut from = Bytes(bytes);
    let arcs = from.list(|from| {
        let mut at = [0, 0];
        from.list(|from| {
            at = [at[0] + from.signed()?, at[1] + from.signed()?];
            Some(at)
        })
    })?;
    let land = from.list(|from| Some(ring(&arcs, &from.list(Bytes::signed)?)))?;
    let borders = from.list(|from| arcs.get(usize::try_from(from.number()?).ok()?).cloned())?;
    let lines = |all: Vec<Vec<Point>>| all.into_iter().filter_map(Line::of).collect();
    from.0.is_empty().then(|| Outlines { land: lines(land), borders: lines(borders) })
}

/// Arcs one after the other, each moved by whole turns to where the one before ends.
fn ring(arcs: &[Vec<Point>], of: &[i32]) -> Vec<Point> {
    const TURN: i32 = 36_000;
    let mut points: Vec<Point> = vec![];
    for number in of {
        let backwards = *number < 0;
        let at = usize::try_from(if backwards { !number } else { *number }).unwrap_or(usize::MAX);
        let mut arc = arcs.get(at).cloned().unwrap_or_default();
        if backwards {
            arc.reverse();
        }
        let (Some(first), last) = (arc.first(), points.last()) else { continue };
        let moved = last.map_or(0, |last| (last[0] - first[0] + TURN / 2).div_euclid(TURN) * TURN);
        points.extend(arc.iter().skip(usize::from(last.is_some())).map(|[x, y]| [x + moved, *y]));
    }
    points
}

impl Line {
    fn of(points: Vec<Point>) -> Option<Line> {
        let first = *points.first()?;
        let least = points.iter().fold(first, |a, b| [a[0].min(b[0]), a[1].min(b[1])]);
        let most = points.iter().fold(first, |a, b| [a[0].max(b[0]), a[1].max(b[1])]);
        Some(Line { points, least, most })
    }
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn number(&mut self) -> Option<u32> {
        let mut number = 0_u32;
        for shift in (0..32).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i32> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        (0..count).map(|_| one(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_outlines_are_read_whole() {
        for (name, bytes, rings) in
            [("world", WORLD_BYTES, 100), ("near", NEAR_BYTES, 1_000), ("states", STATES_BYTES, 0)]
        {
            let read = read(bytes).unwrap_or_else(|| panic!("{name}"));
            assert!(read.land.len() >= rings && read.borders.len() > 50, "{name}");
            assert!(rings > 0 || read.land.is_empty(), "{name} has no land of its own");
            for line in read.land.iter().chain(&read.borders) {
                assert!(line.least[1] >= -9_000 && line.most[1] <= 9_000, "{name}");
                assert!(line.least[0] >= -54_000 && line.most[0] <= 54_000, "{name}");
            }
            for ring in &read.land {
                assert_eq!(ring.points.first(), ring.points.last(), "a ring of {name} is closed");
            }
        }
    }

    #[test]
    fn no_line_jumps_across_the_map() {
        for outlines in [&*WORLD, &*NEAR, &*STATES] {
            for line in outlines.land.iter().chain(&outlines.borders) {
                assert!(line.points.windows(2).all(|two| (two[0][0] - two[1][0]).abs() < 9_000));
            }
        }
    }

    #[test]
    fn broken_bytes_are_no_outlines() {
        assert!(read(&NEAR_BYTES[..NEAR_BYTES.len() - 1]).is_none(), "cut off");
        assert!(read(&[0xff; 9]).is_none(), "a number without an end");
        let more: Vec<u8> = STATES_BYTES.iter().copied().chain([0]).collect();
        assert!(read(&more).is_none(), "something follows");
    }

    #[test]
    fn the_bytes_are_few() {
        assert!(WORLD_BYTES.len() + NEAR_BYTES.len() + STATES_BYTES.len() < 400_000);
    }
}
