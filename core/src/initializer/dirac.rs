use super::{Draw, InitError, Layout, Lower, Shape};
use crate::fill::Diagonal;
use crate::initializer;

initializer! {
    /// A convolution that hands its inputs through: 1 at the centre of the kernel from each input to the output of its number.
    ///
    /// PyTorch's `dirac_`: kernels of one to three dimensions, in either layout. Each of `groups` groups hands through
    /// as many inputs as it has outputs; its outputs beyond them are zero. Of an even number of places the centre is the
    /// second of the middle two.
    ///
    /// ```
    /// use weight_init_core::{Fill, Stream, initializer::{Dirac, Initializer, Shape}};
    /// let fill: Fill<f32> = Dirac::DEFAULT.fill(&Shape::new(&[2, 2, 3]))?;
    /// let mut weight = [[[0.0; 3]; 2]; 2];
    /// fill.write(Stream::new(42, "conv.weight"), 0, weight.as_flattened_mut().as_flattened_mut());
    /// assert_eq!(weight, [[[0.0, 1.0, 0.0], [0.0; 3]], [[0.0; 3], [0.0, 1.0, 0.0]]]);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct Dirac {
        /// Groups of outputs; their number divides that of the outputs.
        groups: u64 = 1, Positive;
    }
    function: "dirac";
}

impl Lower for Dirac {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let Kernel { outputs, inputs, output, input, centre } = kernel(shape)?;
        if (outputs as u64).checked_rem(self.groups) != Some(0) {
            return Err(InitError::Groups { outputs }.into());
        }
        let of_group = outputs as u64 / self.groups;
        let on = Diagonal {
            offset: centre.unwrap_or(0) as u64,
            stride: (output as u64).saturating_add(input as u64),
            count: of_group.min(inputs as u64),
            group_stride: (output as u64).saturating_mul(of_group),
            groups: if centre.is_some() { self.groups } else { 0 },
        };
        draw.diagonal(1.0, on)
    }
}

/// The kernels of a convolution in either layout.
pub(super) struct Kernel {
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    /// Elements from an output to the next.
    pub(super) output: usize,
    /// Elements from an input to the next.
    pub(super) input: usize,
    /// Number of the element at the centre of the first kernel; `None` of kernels without elements.
    pub(super) centre: Option<usize>,
}

/// The kernels that a shape of three to five dimensions means.
pub(super) fn kernel(shape: &Shape<'_>) -> Result<Kernel, InitError> {
    let dims = shape.dims();
    InitError::dimensions(dims.len(), 3, 5)?;
    let (outputs, inputs, field) = match (shape.layout(), dims) {
        (Layout::OutIn | Layout::Conv { .. }, &[outputs, inputs, ref field @ ..])
        | (Layout::InOut, &[ref field @ .., inputs, outputs]) => (outputs, inputs, field),
        // There are three dimensions.
        _ => (0, 0, dims),
    };
    let (mut places, mut centre) = (1_usize, 0_usize);
    for &dim in field {
        centre = centre.saturating_mul(dim).saturating_add(dim / 2);
        places = places.saturating_mul(dim);
    }
    let (output, input, place) = match shape.layout() {
        Layout::OutIn | Layout::Conv { .. } => (inputs.saturating_mul(places), places, 1),
        Layout::InOut => (1, outputs, inputs.saturating_mul(outputs)),
    };
    let centre = (places > 0).then(|| centre.saturating_mul(place));
    Ok(Kernel { outputs, inputs, output, input, centre })
}

#[cfg(test)]
mod tests {
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;
    use crate::initializer::Declared;
    use crate::{Fill, Initializer, Stream};

    fn written(groups: u64, shape: &Shape<'_>) -> Vec<f32> {
        let fill: Fill<f32> = Dirac { groups }.fill(shape).unwrap();
        let len = shape.num_elements().unwrap() as usize;
        let mut out = std::vec![f32::NAN; len];
        fill.write(Stream::with_id(1, 1), 0, &mut out);
        // Any window is that part of the whole.
        for first in 0..len {
            let mut window = std::vec![f32::NAN; (len - first).min(7)];
            fill.write(Stream::with_id(1, 1), first as u64, &mut window);
            assert_eq!(window, out[first..][..window.len()]);
        }
        out
    }

    /// As PyTorch's `dirac_` is written: a loop over groups and the inputs that they hand through.
    #[test]
    fn the_centre_of_each_groups_kernels_is_one() {
        for (dims, groups) in [
            ([6, 4, 3, 2], 1),
            ([6, 4, 3, 2], 2),
            ([6, 1, 3, 5], 6),
            ([2, 5, 1, 4], 1),
            ([8, 3, 2, 2], 2),
            ([4, 2, 0, 3], 2),
        ] {
            let [outputs, inputs, height, width] = dims;
            let mut expected = std::vec![0.0; dims.iter().product()];
            let mut keras = expected.clone();
            let of_group = outputs / groups;
            for (group, input) in
                (0..groups).flat_map(|group| (0..of_group.min(inputs)).map(move |d| (group, d)))
            {
                let output = group * of_group + input;
                if height > 0 {
                    expected
                        [((output * inputs + input) * height + height / 2) * width + width / 2] =
                        1.0;
                    keras[((height / 2 * width + width / 2) * inputs + input) * outputs + output] =
                        1.0;
                }
            }
            assert_eq!(written(groups as u64, &Shape::new(&dims)), expected, "{dims:?} {groups}");
            let turned = [height, width, inputs, outputs];
            let shape = Shape::new(&turned).with_layout(Layout::InOut);
            assert_eq!(written(groups as u64, &shape), keras, "{turned:?} {groups}");
        }
    }

    #[test]
    fn groups_divide_the_outputs_and_kernels_have_one_to_three_dimensions() {
        let of = |groups, dims: &[usize]| -> Result<Fill<f64>, _> {
            Dirac { groups }.fill(&Shape::new(dims))
        };
        assert_eq!(
            of(4, &[6, 3, 3]).unwrap_err().to_string(),
            "'groups' must divide the number of outputs, which is 6"
        );
        assert_eq!(
            of(1, &[6, 3]).unwrap_err().to_string(),
            "it needs a shape of 3 to 5 dimensions, this one has 2"
        );
        assert_eq!(
            Dirac { groups: 0 }.check().unwrap_err().to_string(),
            "'groups' is 0, but it must be positive"
        );
    }
}
