//! Parts of a set of examples that each have their share of every class.

use super::dice::Dice;

/// The part (0 to `folds` - 1) of each example; the parts of a class differ by at most one.
pub fn stratified(classes: &[usize], folds: usize, seed: u64) -> Vec<usize> {
    let mut parts = vec![0; classes.len()];
    let mut dice = Dice::new(seed);
    let most = classes.iter().max().map_or(0, |most| most + 1);
    let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); most];
    classes.iter().enumerate().for_each(|(at, class)| of_class[*class].push(at));
    let mut next = 0;
    for examples in &mut of_class {
        dice.shuffle(examples);
        for at in examples.iter() {
            parts[*at] = next;
            next = (next + 1) % folds;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_its_share_of_each_class() {
        let classes: Vec<usize> = (0..103).map(|at| at % 4).collect();
        let parts = stratified(&classes, 5, 1);
        for class in 0..4 {
            let sizes = (0..5)
                .map(|part| parts.iter().zip(&classes).filter(|(p, c)| **p == part && **c == class).count());
            let sizes: Vec<usize> = sizes.collect();
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
        }
    }
}
