//! The sizes and light that pages are shown in.

/// The exact size of the page's view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// 390 × 844, as on a phone in common use.
    Phone,
    /// 360 × 740, the narrowest that must fit.
    SmallPhone,
    /// 1280 × 900.
    Desktop,
}

impl Size {
    /// Width and height in CSS pixels.
    pub fn pixels(self) -> (u32, u32) {
        match self {
            Size::Phone => (390, 844),
            Size::SmallPhone => (360, 740),
            Size::Desktop => (1280, 900),
        }
    }

    /// Its name in file names.
    pub fn name(self) -> &'static str {
        match self {
            Size::Phone => "phone",
            Size::SmallPhone => "small-phone",
            Size::Desktop => "desktop",
        }
    }
}

/// What the person's system prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Light {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

impl Light {
    /// The value of the media feature `prefers-color-scheme`.
    pub(super) fn feature(self) -> &'static str {
        match self {
            Light::Light => "light",
            Light::Dark => "dark",
        }
    }
}
