/// What a constructor writes into a buffer.
///
/// ```
/// use weight_init::model::classes::BufferDefault;
/// assert_eq!(BufferDefault::Constant(1.0).element(7), 1.0);
/// let index = BufferDefault::RelativePosition { window: 2 };
/// let row: Vec<f64> = (0..4).map(|i| index.element(i)).collect();
/// assert_eq!(row, [4.0, 3.0, 1.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BufferDefault {
    /// The same number everywhere: `running_mean` 0, `running_var` 1, `num_batches_tracked` 0.
    Constant(f64),
    /// Element `i` is `i`: the `project` of mmdet's `Integral`.
    Index,
    /// The relative position of two places of a `window` × `window` square, as an index into a table of
    /// `(2·window − 1)²` rows (Ze Liu et al., *Swin Transformer*, ICCV 2021, section 3.2):
    /// `relative_position_index` of mmdet's `WindowMSA`, of shape `[window², window²]`.
    RelativePosition {
        /// Side of the square.
        window: u64,
    },
}

impl BufferDefault {
    /// Element number `index`, row-major. An integer wherever the buffer holds integers.
    #[must_use]
    pub fn element(self, index: u64) -> f64 {
        match self {
            Self::Constant(value) => value,
            Self::Index => index as f64,
            Self::RelativePosition { window } => relative_position(index, window) as f64,
        }
    }
}

/// mmdet computes `c[i] + c[j]` with `c[y·w + x] = y·(2w − 1) + x`, and then mirrors `j`.
fn relative_position(index: u64, window: u64) -> u64 {
    let places = window.saturating_mul(window);
    let (Some(from), Some(to)) = (index.checked_div(places), index.checked_rem(places)) else {
        return 0;
    };
    let coordinate = |place: u64| {
        (place / window)
            .saturating_mul(window.saturating_mul(2).saturating_sub(1))
            .saturating_add(place % window)
    };
    coordinate(from).saturating_add(coordinate(places.saturating_sub(1).saturating_sub(to)))
}
