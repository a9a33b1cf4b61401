use crate::plan::Tensor;
use crate::window::{Cut, Window};

/// A tensor of a file or of a rank, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The tensor, as its place in the list.
    pub tensor: usize,
    /// What of it there is; `None`: all.
    pub cut: Option<Cut>,
    /// The name that it has here, where its first name belongs to another stage of a pipeline: its place in the list of ties.
    pub tie: Option<usize>,
}

impl Slice {
    pub(crate) const fn whole(tensor: usize) -> Self {
        Self { tensor, cut: None, tie: None }
    }

    /// The shape of the slice of its tensor.
    #[must_use]
    pub fn shape(&self, tensor: &Tensor<'_>) -> Vec<usize> {
        let mut shape = tensor.shape.to_vec();
        if let Some(cut) = &self.cut
            && let Some(extent) = shape.get_mut(cut.dim)
        {
            *extent = cut.extent();
        }
        shape
    }

    /// Where the slice begins in its tensor, in each dimension.
    #[must_use]
    pub fn offsets(&self, tensor: &Tensor<'_>) -> Vec<usize> {
        let mut offsets = vec![0; tensor.shape.len()];
        if let Some(cut) = &self.cut
            && let (Some(offset), Some(first)) = (offsets.get_mut(cut.dim), cut.ranges.first())
        {
            *offset = first.start;
        }
        offsets
    }

    /// Its elements in its tensor.
    #[must_use]
    pub fn window(&self, tensor: &Tensor<'_>) -> Window {
        match &self.cut {
            Some(cut) => cut.window(tensor.shape),
            None => Window::whole(tensor.shape),
        }
    }

    /// Bytes of its elements.
    #[must_use]
    pub fn bytes(&self, tensor: &Tensor<'_>) -> u64 {
        match &self.cut {
            None => tensor.bytes(),
            Some(cut) => {
                let all = tensor.shape.get(cut.dim).map_or(1, |extent| *extent as u64).max(1);
                tensor.bytes() / all * cut.extent() as u64
            }
        }
    }

    /// The name that it has in a file.
    pub(crate) fn name<'n>(&self, tensor: &Tensor<'n>, ties: &'n [(String, String)]) -> &'n str {
        self.tie.and_then(|tie| ties.get(tie)).map_or(tensor.name, |(name, _)| name)
    }
}
