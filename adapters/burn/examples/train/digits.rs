//! Pictures of ten digits, 8 by 8: scanned ones of a file, or drawn ones that are the same on every machine.

use std::path::Path;

use weight_init_core::{Fill, Stream};

/// Height and width of a picture.
pub(crate) const SIDE: usize = 8;

pub(crate) const PIXELS: usize = SIDE * SIDE;

/// Pictures of mean about 0 and standard deviation about 1, row by row, and the digits that they show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pictures {
    pub(crate) pixels: Vec<f32>,
    pub(crate) digits: Vec<u8>,
}

/// What is learned from, and what accuracy is measured on.
#[derive(Clone, Debug)]
pub(crate) struct Digits {
    pub(crate) train: Pictures,
    pub(crate) test: Pictures,
}

impl Digits {
    /// The `digits.csv` of scikit-learn: 1797 scans of handwriting (E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten
    /// Digits, UCI 1998, CC BY 4.0), 64 numbers of 0 to 16 and the digit in each line. Every fourth is for the test.
    pub(crate) fn read(path: &Path) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let (mut train, mut test) = (Pictures::default(), Pictures::default());
        for (number, line) in text.lines().enumerate() {
            let numbers: Vec<f32> =
                line.split(',').filter_map(|it| it.trim().parse().ok()).collect();
            let Some((digit, pixels)) = numbers.split_last().filter(|it| it.1.len() == PIXELS)
            else {
                let message = format!("line {}: expected 64 numbers and a digit", number + 1);
                return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
            };
            let into = if number % 4 == 3 { &mut test } else { &mut train };
            into.pixels.extend(pixels.iter().map(|pixel| (pixel - 4.88) / 6.02));
            into.digits.push(*digit as u8);
        }
        Ok(Self { train, test })
    }

    /// Digits of 5 by 7 dots, moved and noisy.
    pub(crate) fn drawn() -> Self {
        Self { train: draw("train", 1400), test: draw("test", 500) }
    }

    /// Pictures for one step, by its number alone.
    pub(crate) fn batch(&self, step: u64, count: usize) -> Pictures {
        let mut batch = Pictures::default();
        for place in drawn(Fill::uniform(0.0, 1.0), step, "batch", count) {
            let number = (place * self.train.digits.len() as f32) as usize;
            batch.pixels.extend(&self.train.pixels[number * PIXELS..][..PIXELS]);
            batch.digits.push(self.train.digits[number]);
        }
        batch
    }
}

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

fn draw(split: &str, count: usize) -> Pictures {
    let places = drawn(Fill::uniform(0.0, 1.0), 0, &format!("{split}.place"), 3 * count);
    let mut pixels = drawn(Fill::normal(0.0, 0.5), 0, &format!("{split}.noise"), PIXELS * count);
    let mut digits = Vec::with_capacity(count);
    for (picture, place) in pixels.chunks_exact_mut(PIXELS).zip(places.chunks_exact(3)) {
        let digit = (place[0] * 10.0) as usize;
        let (left, top) = ((place[1] * 4.0) as usize, (place[2] * 2.0) as usize);
        for (row, dots) in DOTS[digit].iter().enumerate() {
            for column in (0..5).filter(|column| dots >> (4 - column) & 1 == 1) {
                picture[(top + row) * SIDE + left + column] += 2.0;
            }
        }
        picture.iter_mut().for_each(|pixel| *pixel = (*pixel - 0.45) / 0.95);
        digits.push(digit as u8);
    }
    Pictures { pixels, digits }
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
