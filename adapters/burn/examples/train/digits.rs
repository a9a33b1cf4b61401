//! Ten digits of 5 by 7 dots, moved and noisy, on 12 by 12: a task without a data set, the same on every machine.

use weight_init_core::{Fill, Stream};

const DOTS: [[u8; 7]; 10] = [
    [0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e],
    [0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e],
    [0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f],
    [0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e],
    [0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02],
    [0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e],
    [0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e],
    [0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08],
    [0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e],
    [0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c],
];

/// Height and width of a picture.
pub(crate) const SIDE: usize = 12;

const PIXELS: usize = SIDE * SIDE;

/// Pictures of mean about 0 and standard deviation about 1, row by row, and their digits.
pub(crate) fn batch(split: &str, number: u64, count: usize) -> (Vec<f32>, Vec<i64>) {
    let places = drawn(Fill::uniform(0.0, 1.0), number, &format!("{split}.place"), 3 * count);
    let mut pixels =
        drawn(Fill::normal(0.0, 0.5), number, &format!("{split}.noise"), PIXELS * count);
    let mut digits = Vec::with_capacity(count);
    for (picture, place) in pixels.chunks_exact_mut(PIXELS).zip(places.chunks_exact(3)) {
        let digit = (place[0] * 10.0) as usize;
        let (left, top) = ((place[1] * 7.0) as usize, (place[2] * 5.0) as usize);
        for (row, dots) in DOTS[digit].iter().enumerate() {
            for column in (0..5).filter(|column| dots >> (4 - column) & 1 == 1) {
                picture[(top + row) * SIDE + left + column] += 2.5;
            }
        }
        picture.iter_mut().for_each(|pixel| *pixel = (*pixel - 0.26) / 0.9);
        digits.push(digit as i64);
    }
    (pixels, digits)
}

fn drawn<E: std::fmt::Debug>(
    fill: Result<Fill<f32>, E>,
    number: u64,
    name: &str,
    count: usize,
) -> Vec<f32> {
    let mut out = vec![0.0; count];
    fill.expect("the arguments are numbers").write(Stream::new(number, name), 0, &mut out);
    out
}
