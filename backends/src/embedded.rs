use core::convert::Infallible;

use weight_init_core::{Fill, Float, Stream};

use crate::Backend;

/// The scalar reference of the core, into the caller's buffer: a microcontroller's backend.
///
/// ```
/// use weight_init_backends::{Backend, Embedded};
/// use weight_init_core::{Fill, Stream};
///
/// let fill = Fill::<f32>::uniform(-1.0, 1.0)?;
/// let (mut whole, mut part) = ([0.0; 8], [0.0; 3]);
/// let stream = Stream::new(42, "fc.weight");
/// Embedded.fill(&fill, stream, 0, &mut whole)?;
/// Embedded.fill(&fill, stream, 5, &mut part)?;
/// assert_eq!(whole[5..], part);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Embedded;

impl<T: Float> Backend<T> for Embedded {
    type Memory = [T];
    type Error = Infallible;

    fn fill(
        &mut self,
        fill: &Fill<T>,
        stream: Stream,
        first: u64,
        out: &mut [T],
    ) -> Result<(), Infallible> {
        fill.write(stream, first, out);
        Ok(())
    }
}
