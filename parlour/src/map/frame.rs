//! Which part of the earth a map shows, and where on the sheet a point of it lies.
//!
//! The projection is equirectangular, with the width of a degree as it is in the middle of the view.

/// Width of the sheet in its own units. A phone shows it at a third of that in CSS pixels, a desk at two thirds.
pub const WIDTH: f64 = 960.0;
/// Height of the sheet, unless it shows the whole world.
pub const HEIGHT: f64 = 640.0;

/// Kilometers in a degree of latitude (a fortieth of a thousand kilometers in 360°).
const KM_IN_DEGREE: f64 = 40_008.0 / 360.0;
/// The least width of a view in kilometers: below it, the outlines show nothing that anybody would recognize.
const LEAST_KM: f64 = 400.0;
/// The part of the view that points may take; the rest is margin.
const FILLED: f64 = 0.68;
/// A view that is wider than this many degrees, or higher, is of the whole world.
const WIDEST: f64 = 200.0;
const HIGHEST: f64 = 120.0;
/// No view goes beyond these latitudes unless a point lies there: there is nothing but ice.
const SOUTH: f64 = -60.0;
const NORTH: f64 = 84.0;
/// The narrowest that a degree of longitude is drawn, so that a view near a pole stays finite: as at 80°.
const NARROWEST: f64 = 0.17;

/// The whole world: it is cut through the Bering Strait, where the fewest people live.
const WORLD_WEST: f64 = -169.0;
const WORLD_SOUTH: f64 = -57.0;
const WORLD_NORTH: f64 = 79.0;
/// The latitude at which the map of the whole world is true to scale.
const WORLD_TRUE_AT: f64 = 30.0;

/// A part of the earth on a sheet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// The left edge in degrees east, -180 to 180.
    pub west: f64,
    /// The upper edge in degrees north.
    pub north: f64,
    /// Height of the sheet.
    pub height: f64,
    /// Whether it is the whole world.
    pub whole: bool,
    /// Units of the sheet in a degree of latitude.
    scale: f64,
    /// How wide a degree of longitude is drawn, compared with one of latitude.
    squeeze: f64,
}

impl Frame {
    /// The smallest view that shows all these points (degrees north, degrees east) with a margin. None without points.
    pub fn around(points: &[(f64, f64)]) -> Option<Frame> {
        let (south, north) =
            points.iter().fold((f64::MAX, f64::MIN), |(low, high), (lat, _)| (low.min(*lat), high.max(*lat)));
        let (west, wide) = arc_of(points.iter().map(|(_, lon)| *lon))?;
        let middle = f64::midpoint(south, north);
        let squeeze = middle.to_radians().cos().max(NARROWEST);
        let wanted = (wide * squeeze).max((north - south) * WIDTH / HEIGHT) / FILLED;
        let across = wanted.max(LEAST_KM / KM_IN_DEGREE);
        let high = across * HEIGHT / WIDTH;
        if across / squeeze > WIDEST || high > HIGHEST {
            return Some(Frame::world());
        }
        let upper = (middle + high / 2.0).min(NORTH.max(north + high * 0.1));
        let upper = upper.max(SOUTH.min(south - high * 0.1) + high);
        Some(Frame {
            west: normal(west + wide / 2.0 - across / squeeze / 2.0),
            north: upper,
            height: HEIGHT,
            whole: false,
            scale: WIDTH / across,
            squeeze,
        })
    }

    /// The whole world.
    pub fn world() -> Frame {
        let squeeze = WORLD_TRUE_AT.to_radians().cos();
        let scale = WIDTH / (360.0 * squeeze);
        let height = ((WORLD_NORTH - WORLD_SOUTH) * scale).round();
        Frame { west: WORLD_WEST, north: WORLD_NORTH, height, whole: true, scale, squeeze }
    }

    /// Where a point lies on the sheet, from the upper left corner: degrees north and east, in any turn.
    pub fn place(&self, north: f64, east: f64) -> (f64, f64) {
        self.place_in_turn(north, self.west + (east - self.west).rem_euclid(360.0))
    }

    /// The same, of a longitude that is taken as it is: 190° lies to the right of 170°.
    pub fn place_in_turn(&self, north: f64, east: f64) -> (f64, f64) {
        ((east - self.west) * self.squeeze * self.scale, (self.north - north) * self.scale)
    }

    /// Width of the view in degrees of longitude.
    pub fn degrees_wide(&self) -> f64 {
        WIDTH / self.scale / self.squeeze
    }

    /// Height of the view in degrees of latitude.
    pub fn degrees_high(&self) -> f64 {
        self.height / self.scale
    }

    /// Kilometers in a unit of the sheet, in the middle of the view.
    pub fn km_in_unit(&self) -> f64 {
        KM_IN_DEGREE / self.scale
    }
}

/// A longitude from -180 to 180.
fn normal(east: f64) -> f64 {
    (east + 180.0).rem_euclid(360.0) - 180.0
}

/// The shortest way around the earth, eastwards, that passes all longitudes: where it begins, and how long it is in degrees. It may
/// cross 180°.
fn arc_of(longitudes: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let mut all: Vec<f64> = longitudes.map(normal).collect();
    all.sort_by(f64::total_cmp);
    let (first, last) = (*all.first()?, *all.last()?);
    let mut best = (first, last - first);
    for two in all.windows(2) {
        let without = 360.0 - (two[1] - two[0]);
        if without < best.1 {
            best = (two[1], without);
        }
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISBON: (f64, f64) = (38.72, -9.13);
    const PORTLAND: (f64, f64) = (45.52, -122.68);
    const TOKYO: (f64, f64) = (35.69, 139.69);
    const SUVA: (f64, f64) = (-18.14, 178.44);
    const APIA: (f64, f64) = (-13.83, -171.77);

    fn is_seen(frame: &Frame, (north, east): (f64, f64)) -> bool {
        let (x, y) = frame.place(north, east);
        (0.0..=WIDTH).contains(&x) && (0.0..=frame.height).contains(&y)
    }

    #[test]
    fn one_point_lies_in_the_middle_of_four_hundred_kilometers() {
        let frame = Frame::around(&[LISBON]).unwrap();
        let (x, y) = frame.place(LISBON.0, LISBON.1);
        assert!((x - WIDTH / 2.0).abs() < 0.01 && (y - HEIGHT / 2.0).abs() < 0.01, "{x} {y}");
        assert!((frame.km_in_unit() * WIDTH - LEAST_KM).abs() < 0.01);
    }

    #[test]
    fn all_points_are_seen_with_a_margin() {
        for points in
            [&[LISBON, PORTLAND][..], &[SUVA, APIA], &[LISBON, (38.7, -9.2)], &[(69.6, 18.9), (36.1, -5.3)]]
        {
            let frame = Frame::around(points).unwrap();
            assert!(!frame.whole, "{points:?}");
            for (north, east) in points {
                let (x, y) = frame.place(*north, *east);
                assert!((100.0..=860.0).contains(&x) && (60.0..=580.0).contains(&y), "{points:?}: {x} {y}");
            }
        }
    }

    #[test]
    fn points_on_both_sides_of_the_line_of_180_degrees_are_near_each_other() {
        let frame = Frame::around(&[SUVA, APIA]).unwrap();
        assert!(frame.degrees_wide() < 20.0, "{frame:?}");
        let ((suva, _), (apia, _)) = (frame.place(SUVA.0, SUVA.1), frame.place(APIA.0, APIA.1));
        assert!(suva < apia, "Samoa lies to the east of Fiji");
        let one = Frame::around(&[(-17.0, 180.0)]).unwrap();
        assert_eq!(one, Frame::around(&[(-17.0, -180.0)]).unwrap());
        assert!(is_seen(&one, (-17.0, 179.9)) && is_seen(&one, (-17.0, -179.9)));
    }

    #[test]
    fn points_around_the_world_are_seen_on_the_whole_world() {
        for points in [&[LISBON, PORTLAND, TOKYO, SUVA][..], &[(64.1, -21.9), (-54.8, -68.3)]] {
            let frame = Frame::around(points).unwrap();
            assert!(frame.whole && points.iter().all(|at| is_seen(&frame, *at)), "{frame:?}");
        }
        assert!(!Frame::around(&[PORTLAND, TOKYO]).unwrap().whole, "both shores of one ocean");
    }

    #[test]
    fn no_points_are_no_view() {
        assert_eq!(Frame::around(&[]), None);
    }

    #[test]
    fn a_view_near_a_pole_stays_finite_and_shows_its_point() {
        for at in [(90.0, 0.0), (-90.0, 0.0), (84.0, 10.0), (78.22, 15.65), (-54.8, -68.3)] {
            let frame = Frame::around(&[at]).unwrap();
            assert!(frame.degrees_wide().is_finite() && is_seen(&frame, at), "{at:?}: {frame:?}");
        }
    }
}
