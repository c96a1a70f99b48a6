//! Where cities are: places of GeoNames with 5,000 people or more and all capitals, each name once per country. The bytes are made by
//! `cargo xtask map`; `parlour/assets/map/NOTICE` names the source.
//!
//! The form: the number of countries (u16), then for each its code in small letters (2 bytes), a place in its middle (latitude and
//! longitude, i16 each, in hundredths of a degree) and the length of its list (u32); then the lists, in the same order. A list holds
//! for each name, sorted: how many bytes it shares with the name before, how many bytes follow, those bytes, latitude and longitude.
//! All numbers are little-endian.

use domain::Region;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

static PLACES: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/map/places.bin"));

/// The longest name that is looked for, in bytes. Longer ones are no cities.
pub const LONGEST: usize = 120;

/// A country's head in the bytes.
const HEAD: usize = 10;
/// Latitude and longitude.
const POINT: usize = 4;

/// A point on the earth in hundredths of a degree, about a kilometer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Hundredths of a degree north of the equator, -9000 to 9000.
    pub latitude: i16,
    /// Hundredths of a degree east of Greenwich, -18000 to 18000.
    pub longitude: i16,
}

/// Where a city is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// There.
    Here(Point),
    /// The city is not known. This is a place in the middle of its country.
    Within(Point),
}

/// Finds a city of a country, whatever its capitals and accents; of several with one name, the one with the most people.
/// None when the country is not known either.
pub fn find(city: &str, country: Region) -> Option<Found> {
    let (middle, list) = country_of(country)?;
    let known = spellings(city).iter().find_map(|name| in_list(list, name.as_bytes()));
    Some(known.map_or(Found::Within(middle), Found::Here))
}

/// The ways in which a bank may mean a name: as it is, without what follows a comma, with umlauts that were written out, and with
/// the "City" that people leave away.
fn spellings(city: &str) -> Vec<String> {
    let whole = folded(city);
    let before_comma = folded(city.split(',').next().unwrap_or_default());
    let plain = whole.replace("ae", "a").replace("oe", "o").replace("ue", "u");
    let longer = format!("{whole} city");
    let mut all = vec![whole, before_comma, plain, longer];
    all.retain(|name| !name.is_empty() && name.len() <= LONGEST);
    all.dedup();
    all
}

/// A name as it is compared: small letters without accents, words with one space between, "St." written out.
pub fn folded(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'þ' => plain.push_str("th"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'ı' => plain.push('i'),
            'ə' => plain.push('a'),
            '\'' | '’' | '‘' | 'ʻ' | 'ʼ' | '`' | '´' => {}
            c if c.is_alphanumeric() => plain.push(c),
            _ => plain.push(' '),
        }
    }
    let word = |word| match word {
        "st" => "saint",
        "ft" => "fort",
        "mt" => "mount",
        word => word,
    };
    plain.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// A country's middle and its list.
fn country_of(country: Region) -> Option<(Point, &'static [u8])> {
    let code = country.code().to_ascii_lowercase();
    let (count, rest) = PLACES.split_first_chunk::<2>()?;
    let (heads, mut lists) = rest.split_at_checked(usize::from(u16::from_le_bytes(*count)) * HEAD)?;
    for head in heads.chunks_exact(HEAD) {
        let length = u32::from_le_bytes([head[6], head[7], head[8], head[9]]);
        let (list, rest) = lists.split_at_checked(usize::try_from(length).ok()?)?;
        if head.starts_with(code.as_bytes()) {
            return Some((point(&head[2..6])?, list));
        }
        lists = rest;
    }
    None
}

fn in_list(mut list: &[u8], wanted: &[u8]) -> Option<Point> {
    let mut name: Vec<u8> = Vec::with_capacity(LONGEST);
    while let [shared, more, rest @ ..] = list {
        let (bytes, rest) = rest.split_at_checked(usize::from(*more))?;
        let (at, rest) = rest.split_at_checked(POINT)?;
        name.truncate(usize::from(*shared));
        name.extend_from_slice(bytes);
        match name.as_slice().cmp(wanted) {
            std::cmp::Ordering::Less => list = rest,
            std::cmp::Ordering::Equal => return point(at),
            std::cmp::Ordering::Greater => return None,
        }
    }
    None
}

fn point(bytes: &[u8]) -> Option<Point> {
    let [a, b, c, d] = *bytes else { return None };
    Some(Point { latitude: i16::from_le_bytes([a, b]), longitude: i16::from_le_bytes([c, d]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(city: &str, country: &str) -> Option<(i16, i16)> {
        match find(city, country.parse().unwrap()) {
            Some(Found::Here(at)) => Some((at.latitude, at.longitude)),
            _ => None,
        }
    }

    #[test]
    fn a_city_is_found_by_its_name_and_country() {
        assert_eq!(here("Lisbon", "PT"), Some((3872, -913)));
        assert_eq!(here("Hobart", "AU"), Some((-4288, 14733)));
        assert_eq!(here("Voss", "NO"), here("VOSS", "NO"));
        assert!(here("Voss", "NO").is_some());
    }

    #[test]
    fn capitals_accents_and_signs_do_not_matter() {
        for (country, names) in [
            ("CH", &["Zürich", "ZURICH", "Zuerich", "zurich"][..]),
            ("SE", &["Gävle", "GAVLE", "Gävle"]),
            ("US", &["St. Louis", "ST LOUIS", "Saint Louis", "St. Louis, MO"]),
            ("CN", &["Xi’an", "XI'AN", "xian"]),
            ("TR", &["İzmir", "IZMIR", "izmir"]),
            ("PL", &["Łódź", "LODZ"]),
            ("DK", &["Århus", "Aarhus", "AARHUS"]),
            ("DE", &["Köln", "Cologne", "Koeln", "KOLN"]),
            ("DE", &["Munich", "München", "MUENCHEN"]),
            ("DE", &["Frankfurt", "Frankfurt am Main"]),
            ("US", &["New York", "NEW YORK CITY"]),
            ("US", &["Washington", "Washington, DC", "Washington, D.C."]),
            ("PT", &["Lisbon", "Lisboa"]),
        ] {
            let all: Vec<_> = names.iter().map(|name| here(name, country)).collect();
            assert!(all[0].is_some() && all.iter().all(|at| *at == all[0]), "{names:?}: {all:?}");
        }
    }

    #[test]
    fn of_two_cities_with_one_name_the_one_with_more_people_is_meant() {
        assert_eq!(here("Portland", "US"), Some((4552, -12268)), "in Oregon, not in Maine");
        assert_eq!(here("London", "GB"), Some((5151, -13)));
        assert_eq!(here("London", "CA"), Some((4298, -8123)), "another country, another London");
    }

    #[test]
    fn a_city_that_is_not_known_is_somewhere_in_its_country() {
        let Some(Found::Within(at)) = find("Nowhere at All", "PT".parse().unwrap()) else { panic!("within") };
        assert!((3690..4220).contains(&at.latitude) && (-950..-610).contains(&at.longitude), "{at:?}");
        for city in ["", " ", "😀", "\u{0}", &"x".repeat(10_000)] {
            assert!(matches!(find(city, "PT".parse().unwrap()), Some(Found::Within(_))), "{city:?}");
        }
        assert_eq!(find("Lisbon", "ZZ".parse().unwrap()), None, "no such country");
    }

    #[test]
    fn every_country_has_a_middle_on_the_earth_and_a_list_that_can_be_read() {
        let count = usize::from(u16::from_le_bytes([PLACES[0], PLACES[1]]));
        assert!(count > 240, "{count}");
        let mut names = 0;
        for head in PLACES[2..].chunks_exact(HEAD).take(count) {
            let code = std::str::from_utf8(&head[..2]).unwrap().to_uppercase();
            let (middle, mut list) = country_of(code.parse().unwrap()).unwrap();
            assert!(is_on_earth(middle), "{code}: {middle:?}");
            while let [_, more, rest @ ..] = list {
                let rest = &rest[usize::from(*more)..];
                assert!(is_on_earth(point(&rest[..POINT]).unwrap()), "{code}");
                list = &rest[POINT..];
                names += 1;
            }
            assert!(list.is_empty(), "{code}");
        }
        assert!(names > 40_000, "{names}");
    }

    fn is_on_earth(at: Point) -> bool {
        (-9000..=9000).contains(&at.latitude) && (-18000..=18000).contains(&at.longitude)
    }

    #[test]
    fn the_bytes_are_few() {
        assert!(PLACES.len() < 650_000, "{}", PLACES.len());
    }
}
