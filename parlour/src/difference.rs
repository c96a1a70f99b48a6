//! What is different between two texts, line by line.

/// Lines around a change that are shown with it.
const AROUND: usize = 3;
/// The most comparisons of lines: a tenth of a second. Beyond it everything between the first and the last difference counts as
/// written anew, which is true and only less pleasant to read.
const MOST_COMPARED: usize = 4_000_000;

/// A line of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// In the old text only.
    Gone(&'a str),
    /// In the new text only.
    New(&'a str),
    /// So many lines that are in both are left out here.
    Skipped(usize),
}

/// The lines of both texts, each once.
pub fn lines<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail =
        old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old_rest, new_rest) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let same = |lines: &[&'a str]| lines.iter().map(|line| Line::Same(line)).collect::<Vec<_>>();
    [same(&old[..head]), changed(old_rest, new_rest), same(&old[old.len() - tail..])].concat()
}

/// The longest lines in common stay; what is gone stands before what is new.
fn changed<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let all = || old.iter().map(|line| Line::Gone(line)).chain(new.iter().map(|line| Line::New(line)));
    if old.is_empty() || new.is_empty() || old.len().saturating_mul(new.len()) > MOST_COMPARED {
        return all().collect();
    }
    let width = new.len() + 1;
    // How many lines the rest of both has in common, from each pair of places on.
    let mut common = vec![0u32; (old.len() + 1) * width];
    for (i, one) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            common[i * width + j] = if one == other {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, vec![]);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            lines.push(Line::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if common[(i + 1) * width + j] >= common[i * width + j + 1] {
            lines.push(Line::Gone(old[i]));
            i += 1;
        } else {
            lines.push(Line::New(new[j]));
            j += 1;
        }
    }
    lines.extend(old[i..].iter().map(|line| Line::Gone(line)));
    lines.extend(new[j..].iter().map(|line| Line::New(line)));
    lines
}

/// The changes with a few lines around them. Empty if nothing is different.
pub fn around_changes<'a>(lines: &[Line<'a>]) -> Vec<Line<'a>> {
    let is_change = |line: &Line| matches!(line, Line::Gone(_) | Line::New(_));
    let changes: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| is_change(line)).map(|(at, _)| at).collect();
    if changes.is_empty() {
        return vec![];
    }
    let mut near = vec![false; lines.len()];
    for at in changes {
        let end = (at + AROUND + 1).min(lines.len());
        near[at.saturating_sub(AROUND)..end].fill(true);
    }
    let mut shown = vec![];
    for (line, near) in lines.iter().zip(near) {
        match (near, shown.last_mut()) {
            (true, _) => shown.push(*line),
            (false, Some(Line::Skipped(count))) => *count += 1,
            (false, _) => shown.push(Line::Skipped(1)),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[Line]) -> (String, String) {
        let of = |keep: fn(&Line) -> bool| {
            let kept = lines.iter().filter(|line| keep(line));
            let text = |line: &Line| match line {
                Line::Same(text) | Line::Gone(text) | Line::New(text) => (*text).to_owned(),
                Line::Skipped(_) => String::new(),
            };
            kept.map(text).collect::<Vec<_>>().join("\n")
        };
        (of(|line| !matches!(line, Line::New(_))), of(|line| !matches!(line, Line::Gone(_))))
    }

    #[test]
    fn a_changed_line_is_gone_and_new_and_the_others_are_the_same() {
        let found = lines("a\nb\nc\nd", "a\nB\nc\nd\ne");
        let wanted = [
            Line::Same("a"),
            Line::Gone("b"),
            Line::New("B"),
            Line::Same("c"),
            Line::Same("d"),
            Line::New("e"),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn both_texts_can_be_read_from_their_difference() {
        let long: String = (0..3_000).map(|n| format!("{}\n", n * 7 % 11)).collect();
        let other: String = (0..3_000).map(|n| format!("{}\n", n * 5 % 13)).collect();
        for (old, new) in [("", ""), ("", "a"), ("a\nb", ""), ("a\nb\na", "b\na\nb"), (&long, &other)] {
            let found = texts(&lines(old, new));
            assert_eq!(found, (old.trim_end().to_owned(), new.trim_end().to_owned()));
        }
    }

    #[test]
    fn three_lines_stand_around_a_change_and_the_others_are_counted() {
        let old: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        let mut new = old.clone();
        new[10] = "ten".to_owned();
        let (old, new) = (old.join("\n"), new.join("\n"));
        let all = lines(&old, &new);
        let shown = around_changes(&all);
        assert_eq!((shown.first(), shown.last()), (Some(&Line::Skipped(7)), Some(&Line::Skipped(6))));
        assert_eq!(shown.len(), 2 + 3 + 2 + 3);
        assert!(around_changes(&lines("a\nb", "a\nb")).is_empty());
    }
}
