use super::*;

type Ranges = Vec<Vec<Range<u64>>>;

/// The numbers of the part's elements, one by one.
fn expected(shape: &[usize], ranges: &Ranges) -> Vec<u64> {
    let mut numbers = vec![0];
    for (dim, ranges) in shape.iter().zip(ranges) {
        let indices = || ranges.iter().flat_map(|range| range.clone());
        numbers = numbers
            .iter()
            .flat_map(|base| indices().map(move |index| base * *dim as u64 + index))
            .collect();
    }
    numbers
}

fn numbers(runs: Runs<'_>, from: u64) -> Vec<u64> {
    let mut found = Vec::new();
    for run in runs {
        assert_eq!(run.local, from + found.len() as u64);
        assert!(run.elements > 0);
        found.extend(run.first..run.first + run.elements);
    }
    found
}

#[test]
fn runs_are_the_elements_of_the_part_in_order_wherever_they_begin() {
    let whole = |dim: u64| vec![0..dim];
    let parts: [(&[usize], Ranges); 11] = [
        (&[], vec![]),
        (&[6], vec![vec![1..3, 5..6]]),
        (&[6], vec![whole(6)]),
        (&[4, 6], vec![vec![2..4], whole(6)]),
        (&[4, 6], vec![whole(4), vec![2..5]]),
        (&[4, 6, 5], vec![vec![0..1, 3..4], vec![1..3, 4..6], whole(5)]),
        (&[3, 2, 4], vec![vec![1..3], vec![0..1], vec![1..2, 3..4]]),
        (&[5, 3, 4, 2], vec![vec![0..2, 2..2, 3..5], vec![0..1, 2..3], vec![1..3], whole(2)]),
        (&[5, 4], vec![vec![0..0, 1..2, 4..5], vec![0..0, 2..4]]),
        (&[3, 0, 4], vec![whole(3), vec![], whole(4)]),
        (&[3, 4], vec![vec![], whole(4)]),
    ];
    for (shape, ranges) in parts {
        let window = Window::new(shape, ranges.clone()).unwrap();
        let all = expected(shape, &ranges);
        assert_eq!(numbers(window.runs(), 0), all, "{shape:?} {ranges:?}");
        assert_eq!(window.elements(), all.len() as u64);
        for from in 0..all.len() {
            assert_eq!(window.number(from as u64), Some(all[from]));
            for to in from..=all.len() {
                let runs = window.runs_in(from as u64..to as u64);
                assert_eq!(numbers(runs, from as u64), all[from..to], "{shape:?} {ranges:?}");
            }
        }
        assert_eq!(window.number(all.len() as u64), None);
    }
}

#[test]
fn rows_are_one_run_and_columns_are_not() {
    assert!(Window::whole(&[4, 5]).is_one_run());
    assert!(Window::along(&[4, 5], 0, &[1..3]).unwrap().is_one_run());
    assert!(!Window::along(&[4, 5], 1, &[1..3]).unwrap().is_one_run());
    assert!(Window::along(&[1, 5], 1, &[1..3]).unwrap().is_one_run());
}

#[test]
fn ranges_outside_of_their_dimension_are_refused() {
    for ranges in [vec![0..5], vec![2..4, 1..2], vec![Range { start: u64::MAX, end: 1 }]] {
        assert!(Window::along(&[4], 0, &ranges).is_err());
    }
    assert!(Window::new(&[4, 4], vec![vec![0..4]]).is_err());
    assert!(Window::along(&[4], 1, &[]).is_err());
    assert!(Window::of_box(&[usize::MAX, 2], &[0, 0], &[1, 1]).is_err());
    assert!(Window::of_box(&[4], &[u64::MAX], &[2]).is_err());
}

/// A window of 2⁶⁰ elements is looked into at once.
#[test]
fn runs_are_made_as_they_are_asked_for() {
    let most = 1_u64 << 30;
    let window = Window::new(&[most as usize; 2], vec![vec![0..most], vec![0..most - 1]]).unwrap();
    let last = window.elements() - 1;
    assert_eq!(window.number(last), Some(most * most - 2));
}
