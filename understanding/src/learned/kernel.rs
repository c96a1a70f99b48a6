//! Products of matrices, in an order of additions that is fixed: the same numbers give the same bytes on every machine,
//! whatever its vectors are. Multiplying and adding stay two steps for that reason.

use pulp::{Arch, Simd, WithSimd};

/// Columns of a panel. Two of the widest vectors that we count on.
const WIDE: usize = 16;

/// Rows that one step works on: with a panel of two vectors, they fill the registers of AVX2.
const HIGH: usize = 6;

/// What a matrix is made of: numbers, or bytes, which take a quarter of the memory.
pub trait Cell: Copy + Default {
    /// The number that it is.
    fn number(self) -> f32;
}

impl Cell for f32 {
    #[inline(always)]
    fn number(self) -> f32 {
        self
    }
}

impl Cell for i8 {
    #[inline(always)]
    fn number(self) -> f32 {
        f32::from(self)
    }
}

/// A matrix that stands on the right of products, laid out in panels of [`WIDE`] columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Panels<T = f32> {
    /// Rows of the matrix.
    pub inner: usize,
    /// Columns of the matrix.
    pub outer: usize,
    data: Vec<T>,
}

impl<T: Cell> Panels<T> {
    /// The matrix whose element at row k and column j is `at(k, j)`.
    pub fn new(inner: usize, outer: usize, at: impl Fn(usize, usize) -> T) -> Panels<T> {
        let mut data = vec![T::default(); inner * outer.div_ceil(WIDE) * WIDE];
        for (panel, columns) in data.chunks_exact_mut(inner.max(1) * WIDE).enumerate() {
            for (k, row) in columns.chunks_exact_mut(WIDE).enumerate() {
                for (j, value) in row.iter_mut().enumerate() {
                    let column = panel * WIDE + j;
                    if column < outer {
                        *value = at(k, column);
                    }
                }
            }
        }
        Panels { inner, outer, data }
    }

    /// A matrix in rows.
    pub fn of_rows(rows: &[T], inner: usize, outer: usize) -> Panels<T> {
        Panels::new(inner, outer, |k, j| rows[k * outer + j])
    }

    /// The transpose of a matrix of `outer` rows: the way in which weights are stored.
    pub fn of_columns(columns: &[T], inner: usize, outer: usize) -> Panels<T> {
        Panels::new(inner, outer, |k, j| columns[j * inner + k])
    }
}

/// `out = left x right` with `left` in rows of `right.inner`; `out` gets rows of `right.outer`.
pub fn product<T: Cell>(left: &[f32], right: &Panels<T>, out: &mut Vec<f32>) {
    let rows = left.len() / right.inner;
    out.clear();
    out.resize(rows * right.outer, 0.0);
    Arch::new().dispatch(Product { left, right, out });
}

struct Product<'a, T> {
    left: &'a [f32],
    right: &'a Panels<T>,
    out: &'a mut [f32],
}

impl<T: Cell> WithSimd for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (inner, outer) = (self.right.inner, self.right.outer);
        for (number, panel) in self.right.data.chunks_exact(inner * WIDE).enumerate() {
            let from = number * WIDE;
            let wide = WIDE.min(outer - from);
            let lefts = self.left.chunks(HIGH * inner);
            let outs = self.out.chunks_mut(HIGH * outer);
            for (left, out) in lefts.zip(outs) {
                match left.len() / inner {
                    6 => tile::<6, T>(left, panel, out, inner, outer, from, wide),
                    5 => tile::<5, T>(left, panel, out, inner, outer, from, wide),
                    4 => tile::<4, T>(left, panel, out, inner, outer, from, wide),
                    3 => tile::<3, T>(left, panel, out, inner, outer, from, wide),
                    2 => tile::<2, T>(left, panel, out, inner, outer, from, wide),
                    _ => tile::<1, T>(left, panel, out, inner, outer, from, wide),
                }
            }
        }
    }
}

/// `R` rows times one panel.
#[inline(always)]
fn tile<const R: usize, T: Cell>(
    left: &[f32],
    panel: &[T],
    out: &mut [f32],
    inner: usize,
    outer: usize,
    from: usize,
    wide: usize,
) {
    let mut sums = [[0.0f32; WIDE]; R];
    let mut rows: [&[f32]; R] = [&[]; R];
    for (row, left) in rows.iter_mut().zip(left.chunks_exact(inner)) {
        *row = &left[..inner];
    }
    let (columns, _) = panel.as_chunks::<WIDE>();
    let columns = &columns[..inner];
    for (k, column) in columns.iter().enumerate() {
        let column = column.map(T::number);
        for (sum, row) in sums.iter_mut().zip(&rows) {
            let factor = row[k];
            for (sum, value) in sum.iter_mut().zip(&column) {
                *sum += factor * value;
            }
        }
    }
    for (sum, out) in sums.iter().zip(out.chunks_exact_mut(outer)) {
        out[from..from + wide].copy_from_slice(&sum[..wide]);
    }
}

/// The sum of products, in eight partial sums.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (a_blocks, a_rest) = a.as_chunks::<8>();
    let (b_blocks, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// e to the power of x, to 2e-7 of its value: the same on every machine, and in a form that becomes vectors.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    // Rounds to the nearest whole number by adding one that leaves no room for fractions.
    const ROUND: f32 = 12_582_912.0;
    let whole = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let rest = (x - whole * 0.693_359_4) + whole * 2.121_944_4e-4;
    let mut sum = 1.987_569_2e-4;
    for factor in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        sum = sum * rest + factor;
    }
    let part = sum * rest * rest + rest + 1.0;
    part * f32::from_bits((((whole as i32) + 127) << 23) as u32)
}

/// The error function, to 3e-7, as a quotient of two polynomials.
#[expect(clippy::approx_constant, reason = "the fitted coefficient is not the constant, though near to it")]
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    // Beyond, the function is 1 to the last digit.
    let x = x.clamp(-3.832_507, 3.832_507);
    let square = x * x;
    let mut above = 2.290_506_5e-4_f32;
    for factor in [3.408_291e-3, 5.095_569_5e-2, 1.852_083_2e-1, 1.128_379_1] {
        above = above * square + factor;
    }
    let mut below = -1.179_160_3e-7_f32;
    for factor in [2.354_796_7e-5, 1.017_962_5e-3, 1.407_047e-2, 1.109_850_5e-1, 4.974_692_5e-1, 1.0] {
        below = below * square + factor;
    }
    x * above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_the_sum_of_products() {
        for (rows, inner, outer) in [(1, 3, 5), (7, 384, 77), (13, 32, 16), (6, 1, 1)] {
            let left: Vec<f32> = (0..rows * inner).map(|n| (n % 7) as f32 - 3.0).collect();
            let right: Vec<f32> = (0..inner * outer).map(|n| (n % 5) as f32 - 2.0).collect();
            let mut out = Vec::new();
            product(&left, &Panels::of_rows(&right, inner, outer), &mut out);
            for i in 0..rows {
                for j in 0..outer {
                    let sum: f32 = (0..inner).map(|k| left[i * inner + k] * right[k * outer + j]).sum();
                    assert_eq!(out[i * outer + j], sum, "{rows} {inner} {outer}");
                }
            }
            let bytes: Vec<i8> = right.iter().map(|value| *value as i8).collect();
            let mut again = Vec::new();
            product(&left, &Panels::of_rows(&bytes, inner, outer), &mut again);
            assert_eq!(out, again, "bytes are numbers too");
        }
    }

    #[test]
    fn exp_and_erf_are_near_the_exact_ones() {
        for step in -800..800 {
            let x = step as f32 / 10.0;
            let exact = libm::exp(f64::from(x));
            assert!((f64::from(exp(x)) - exact).abs() <= exact * 3e-7, "exp {x}");
        }
        for step in -600..600 {
            let x = step as f32 / 100.0;
            assert!((f64::from(erf(x)) - libm::erf(f64::from(x))).abs() < 5e-7, "erf {x}");
        }
    }
}
