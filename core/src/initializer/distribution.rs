use super::argument::choice;

choice! {
    /// The kind of distribution that a variance is given to.
    #[derive(Default)]
    pub enum Distribution: "a distribution" {
        /// Normal with that variance.
        #[default]
        Normal = "normal",
        /// Uniform on `[−√3·std, √3·std)`.
        Uniform = "uniform",
    }
}

impl Distribution {
    /// The bound of a uniform distribution around zero with this standard deviation: √3 times it.
    pub(crate) fn bound(std: f64) -> f64 {
        libm::sqrt(3.0) * std
    }
}
