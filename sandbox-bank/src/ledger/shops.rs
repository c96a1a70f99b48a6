//! The invented shops of the sandbox, with their merchant category codes (ISO 18245).

/// Where a shop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the customer's own town.
    Town,
    /// In the town nearby.
    Nearby,
    /// Sells by post; this is where its office is.
    Online(&'static str, &'static str),
    /// Where the holiday is.
    Abroad,
}

/// A shop, and what people spend there at once (minor units, in dollars).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shop {
    pub(crate) name: &'static str,
    pub(crate) mcc: &'static str,
    pub(crate) place: Place,
    pub(crate) low: i64,
    pub(crate) high: i64,
}

const fn shop(name: &'static str, mcc: &'static str, place: Place, low: i64, high: i64) -> Shop {
    Shop { name, mcc, place, low, high }
}

use Place::{Abroad, Nearby, Online, Town};

pub(crate) const GROCER: Shop = shop("Greenleaf Market", "5411", Town, 5_480, 11_290);
pub(crate) const CORNER: Shop = shop("Corner Basket", "5411", Town, 890, 2_940);
pub(crate) const TRAM: Shop = shop("Tramline City Transit", "4111", Town, 280, 280);
pub(crate) const BAKERY: Shop = shop("Oat & Ember Bakery", "5462", Town, 460, 1_480);
pub(crate) const FUEL: Shop = shop("Fernway Fuel", "5542", Nearby, 3_610, 6_180);
pub(crate) const PHARMACY: Shop = shop("Willow Pharmacy", "5912", Town, 640, 2_870);
pub(crate) const CINEMA: Shop = shop("Paper Moon Cinema", "7832", Town, 1_150, 2_600);
pub(crate) const CASH: Shop = shop("Cash machine Market Square", "6011", Town, 4_000, 4_000);

pub(crate) const CAFES: [Shop; 2] =
    [shop("Blue Kettle Coffee", "5814", Town, 320, 780), shop("Third Step Espresso", "5814", Town, 350, 690)];

pub(crate) const LUNCHES: [Shop; 2] =
    [shop("Noodle Harbour", "5812", Town, 980, 1_690), shop("The Green Spoon", "5812", Town, 890, 1_540)];

pub(crate) const DINNERS: [Shop; 3] = [
    shop("Saffron Table", "5812", Town, 2_890, 7_450),
    shop("Copper Lantern Kitchen", "5812", Town, 3_150, 8_200),
    shop("Riverbend Grill", "5812", Nearby, 2_700, 6_900),
];

pub(crate) const ONLINE: [Shop; 5] = [
    shop("Paperbirch Books", "5942", Online("Austin", "US"), 1_290, 4_480),
    shop("Thimble and Thread", "5651", Online("Leeds", "GB"), 2_490, 11_900),
    shop("Loft Nine Electronics", "5732", Online("Shenzhen", "CN"), 1_990, 18_900),
    shop("Fieldnote Outdoors", "5941", Online("Denver", "US"), 2_350, 13_400),
    shop("Hearthware Home", "5712", Online("Malmo", "SE"), 1_850, 9_990),
];

pub(crate) const AIRLINE: Shop = shop("Kestrel Air", "4511", Online("Reykjavik", "IS"), 38_900, 54_200);

pub(crate) const AWAY: [Shop; 4] = [
    shop("Casa do Rio", "5812", Abroad, 1_450, 4_900),
    shop("Old Quay Museum", "7991", Abroad, 800, 1_800),
    shop("Hilltop Funicular", "4111", Abroad, 380, 760),
    shop("Tiles and Tins", "5947", Abroad, 900, 3_400),
];
pub(crate) const HOTEL: Shop = shop("Hotel Seven Stairs", "7011", Abroad, 48_000, 61_000);

/// A payment that comes every month.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Monthly {
    pub(crate) day: i8,
    pub(crate) shop: Shop,
    pub(crate) by_card: bool,
}

const fn monthly(day: i8, shop: Shop, by_card: bool) -> Monthly {
    Monthly { day, shop, by_card }
}

/// Bills by direct debit, and subscriptions by card.
pub(crate) const MONTHLY: [Monthly; 6] = [
    monthly(3, shop("Brightline Broadband", "4814", Online("Boise", "US"), 4_900, 4_900), false),
    monthly(5, shop("Northlight Energy", "4900", Nearby, 6_850, 12_940), false),
    monthly(9, shop("Cedar Insurance", "6300", Nearby, 5_780, 5_780), false),
    monthly(12, shop("Lantern Video", "5815", Online("Dublin", "IE"), 1_399, 1_399), true),
    monthly(15, shop("Quiet Hours Audiobooks", "5815", Online("Toronto", "CA"), 950, 950), true),
    monthly(20, shop("Stone and Rope Climbing", "7997", Town, 4_200, 4_200), true),
];

/// Shops that the "make a purchase" page offers.
pub(crate) fn for_purchases() -> Vec<Shop> {
    let mut shops = vec![GROCER, CORNER, BAKERY, FUEL, PHARMACY, CINEMA];
    shops.extend(CAFES);
    shops.extend(LUNCHES);
    shops.extend(DINNERS);
    shops.extend(ONLINE);
    shops
}
