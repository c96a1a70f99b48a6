//! Names beside the largest circles, where there is room for them.

use super::{
    Circle,
    frame::{Frame, WIDTH},
};

/// How large letters are on a phone, in units of the sheet. The style sheet says the same, and a smaller size for wide windows.
pub const LETTERS: f64 = 33.0;
/// The most names: more of them are no help, and the table has all.
const MOST: usize = 6;
/// The longest name, in characters; longer ones end in "…".
const LONGEST: usize = 24;
/// How far a name stays from its circle and from the edge.
const AWAY: f64 = 8.0;
/// The average width of a letter of system fonts, compared with its height, and that of letters which are as wide as high.
const NARROW: f64 = 0.58;
const WIDE: f64 = 1.05;

/// A name beside its circle.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// What is written.
    pub text: String,
    /// Where its line stands.
    pub x: f64,
    /// Its base line.
    pub y: f64,
    /// Which end of the text stands at `x`: `start`, `middle` or `end`.
    pub anchor: &'static str,
}

/// A part of the sheet that is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patch {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Patch {
    fn meets(&self, other: &Patch) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn around(circle: &Circle) -> Patch {
        let Circle { x, y, radius, .. } = *circle;
        Patch { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }
    }
}

/// Names for the largest circles. None of them covers another, a circle, or `taken`; one for which there is no room is left out.
pub fn beside(circles: &[Circle], frame: &Frame, taken: Option<Patch>) -> Vec<Name> {
    let mut full: Vec<Patch> = circles.iter().map(Patch::around).chain(taken).collect();
    let mut names = vec![];
    for circle in circles {
        let fits = places(circle).into_iter().find(|(_, at)| {
            let inside = at.left >= AWAY
                && at.right <= WIDTH - AWAY
                && at.top >= AWAY
                && at.bottom <= frame.height - AWAY;
            inside && !full.iter().any(|other| other.meets(at))
        });
        if let Some((name, at)) = fits {
            full.push(at);
            names.push(name);
        }
        if names.len() == MOST {
            break;
        }
    }
    names
}

/// To the right, to the left, above and below, with the room that each takes.
fn places(circle: &Circle) -> [(Name, Patch); 4] {
    let text = shortened(&circle.name);
    let wide = width(&text);
    let Circle { x, y, radius, .. } = *circle;
    let beside = radius + AWAY;
    let place = |anchor, x: f64, left: f64, top: f64| {
        let at = Patch { left, top, right: left + wide, bottom: top + LETTERS };
        (Name { text: text.clone(), x, y: top + LETTERS * 0.8, anchor }, at)
    };
    let level = y - LETTERS / 2.0;
    [
        place("start", x + beside, x + beside, level),
        place("end", x - beside, x - beside - wide, level),
        place("middle", x, x - wide / 2.0, y - beside - LETTERS),
        place("middle", x, x - wide / 2.0, y + beside),
    ]
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    let start: String = name.chars().take(LONGEST - 1).collect();
    format!("{}…", start.trim_end())
}

/// The width of a text, a little more rather than less.
fn width(text: &str) -> f64 {
    text.chars().map(|c| if u32::from(c) < 0x1100 { NARROW } else { WIDE }).sum::<f64>() * LETTERS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(name: &str, x: f64, y: f64) -> Circle {
        Circle { name: name.into(), told: String::new(), count: 1, x, y, radius: 16.0 }
    }

    #[test]
    fn a_name_stands_beside_its_circle_and_never_beyond_the_edge() {
        let frame = Frame::world();
        let at = |x, y| beside(&[circle("Reno", x, y)], &frame, None)[0].anchor;
        assert_eq!((at(400.0, 200.0), at(940.0, 200.0)), ("start", "end"));
        assert!(beside(&[circle(&"Long ".repeat(9), -200.0, 200.0)], &frame, None).is_empty());
    }

    #[test]
    fn names_cover_neither_each_other_nor_a_circle_nor_what_is_taken() {
        let frame = Frame::world();
        let near =
            [circle("Portland", 400.0, 200.0), circle("Salem", 402.0, 215.0), circle("Reno", 405.0, 190.0)];
        let names = beside(&near, &frame, None);
        assert!(names.len() < near.len() || names[0].anchor != names[1].anchor, "{names:?}");
        let all = Patch { left: 0.0, top: 0.0, right: WIDTH, bottom: frame.height };
        assert!(beside(&near, &frame, Some(all)).is_empty());
    }

    #[test]
    fn six_names_at_most_and_long_ones_are_cut() {
        let frame = Frame::world();
        let many: Vec<_> = (0..20_u8).map(|n| circle("Reno", 40.0, f64::from(n) * 50.0)).collect();
        assert!(beside(&many[..6], &frame, None).len() <= MOST);
        assert_eq!(beside(&many, &frame, None).len(), MOST);
        assert_eq!(shortened(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
        assert_eq!(shortened(&"x".repeat(LONGEST + 1)), format!("{}…", "x".repeat(LONGEST - 1)));
    }
}
