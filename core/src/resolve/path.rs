use core::fmt;
use core::iter;

use super::frame::Frame;

/// The place of a layer or parameter in the model: the names from the root down, joined by dots.
///
/// A path borrows the frames of the walk and therefore lives as long as the visit; `Display` writes it out.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    frame: &'a Frame<'a>,
    /// Name of a parameter or buffer in that layer; empty for the layer itself.
    attribute: &'a str,
    /// Whether ties are followed to where the layer was shown first.
    first: bool,
    /// Names of layers deeper than this are part of the path, others are not.
    below: usize,
    /// The whole path, where it is known without the frames.
    whole: Option<&'a str>,
}

impl<'a> Path<'a> {
    pub(super) const fn new(frame: &'a Frame<'a>, attribute: &'a str, first: bool) -> Self {
        Self { frame, attribute, first, below: 0, whole: None }
    }

    /// The path of a parameter as the layer at depth `below`, which stands above it, sees it.
    pub(super) const fn within(frame: &'a Frame<'a>, attribute: &'a str, below: usize) -> Self {
        Self { frame, attribute, first: false, below, whole: None }
    }

    /// A path that is known as a whole, without the frame.
    pub(super) const fn whole(frame: &'a Frame<'a>, path: &'a str) -> Self {
        Self { frame, attribute: "", first: false, below: 0, whole: Some(path) }
    }

    /// Writes the path out, as `Display` does, but in less time.
    ///
    /// ```
    /// # use core::ops::ControlFlow;
    /// # use weight_init_core::resolve::{Call, Observer, ParamVisit, resolve};
    /// # use weight_init_core::{DType, Layer, LayerVisitor, Param, Shape};
    /// # struct Norm;
    /// # impl Layer for Norm {
    /// #     fn class(&self) -> &str { "Norm" }
    /// #     fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
    /// #         visitor.param(&Param::new("weight", Shape::new(&[8]), DType::F32))
    /// #     }
    /// # }
    /// struct Names(String);
    /// impl Observer for Names {
    ///     fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
    ///         visit.path().write_to(&mut self.0).expect("a string takes everything");
    ///         ControlFlow::Continue(())
    ///     }
    /// }
    ///
    /// let mut names = Names(String::new());
    /// resolve(&Norm, Call::InitWeights, &mut names).expect("there are no rules");
    /// assert_eq!(names.0, "weight");
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_to(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        if let Some(path) = self.whole {
            return out.write_str(path);
        }
        let written = write_frames(self.frame, self.first, self.below, out)?;
        if self.attribute.is_empty() {
            return Ok(());
        }
        if written {
            out.write_char('.')?;
        }
        out.write_str(self.attribute)
    }

    /// The names of the path from the last to the first. The first path of a tied layer is one piece with dots in it.
    fn pieces_backwards(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        let Self { frame, attribute, first, below, whole } = *self;
        let mut next = if whole.is_some() { None } else { Some(frame) };
        let frames = iter::from_fn(move || {
            let frame = next.filter(|frame| frame.depth > below)?;
            if let (true, Some(path)) = (first, frame.same_as) {
                next = None;
                return Some(path);
            }
            next = frame.parent;
            Some(frame.name)
        });
        whole
            .into_iter()
            .chain(iter::once(attribute))
            .chain(frames)
            .filter(|piece| !piece.is_empty())
    }

    /// Every byte of the path, the last first.
    fn bytes_backwards(&self) -> impl Iterator<Item = u8> + Clone + use<'a> {
        self.pieces_backwards().enumerate().flat_map(|(index, piece)| {
            let dot = (index > 0).then_some(b'.');
            dot.into_iter().chain(piece.bytes().rev())
        })
    }

    /// Whether the glob matches the whole path: `*` stands for any characters, dots included, and `?` for one. `*.` at the front
    /// may also stand for nothing, so that `*.pos_embed` names the root's own parameter as well.
    ///
    /// Bytes are compared, so that `?` stands for one byte of a character beyond ASCII.
    #[must_use]
    pub fn matches(&self, glob: &str) -> bool {
        matches_backwards(self.bytes_backwards(), glob)
    }
}

/// Whether a glob of an init_cfg matches the full name of a parameter, by the rules of [`Path::matches`].
///
/// ```
/// use weight_init_core::resolve::glob_matches;
///
/// assert!(glob_matches("*.q_proj.weight", "layers.0.q_proj.weight"));
/// assert!(glob_matches("*.q_proj.weight", "q_proj.weight"));
/// assert!(!glob_matches("*.q_proj.weight", "x_q_proj.weight"));
/// ```
#[must_use]
pub fn glob_matches(glob: &str, name: &str) -> bool {
    matches_backwards(name.bytes().rev(), glob)
}

/// Whether the glob matches a text whose bytes come from the last to the first.
pub(crate) fn matches_backwards(mut text: impl Iterator<Item = u8> + Clone, glob: &str) -> bool {
    let mut pattern = glob.bytes().rev();
    // The pattern that follows the last star, and the text on which it was last tried.
    let mut star = None;
    loop {
        match (pattern.next(), text.clone().next()) {
            (Some(b'*'), _) => star = Some((pattern.clone(), text.clone())),
            (Some(p), Some(t)) if p == t || p == b'?' => {
                text.next();
            }
            (None, None) => return true,
            // Nothing but the star in front of this dot is left.
            (Some(b'.'), None) if pattern.len() == 1 && glob.starts_with('*') => return true,
            _ => {
                let Some((after, tried)) = &mut star else { return false };
                if tried.next().is_none() {
                    return false;
                }
                pattern = after.clone();
                text = tried.clone();
            }
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// The same names in the same order.
impl PartialEq for Path<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.whole, other.whole) {
            (None, None) => self.bytes_backwards().eq(other.bytes_backwards()),
            (_, Some(whole)) => *self == *whole,
            (Some(whole), None) => *other == *whole,
        }
    }
}

impl PartialEq<str> for Path<'_> {
    fn eq(&self, other: &str) -> bool {
        self.bytes_backwards().eq(other.bytes().rev())
    }
}

/// Writes the names of the frames from the root down; the answer is whether there were any.
fn write_frames(
    frame: &Frame<'_>,
    first: bool,
    below: usize,
    out: &mut dyn fmt::Write,
) -> Result<bool, fmt::Error> {
    if frame.depth <= below {
        return Ok(false);
    }
    if let (true, Some(path)) = (first, frame.same_as) {
        out.write_str(path)?;
        return Ok(true);
    }
    let above = match frame.parent {
        Some(parent) => write_frames(parent, first, below, out)?,
        None => false,
    };
    if frame.name.is_empty() {
        return Ok(above);
    }
    if above {
        out.write_char('.')?;
    }
    out.write_str(frame.name)?;
    Ok(true)
}
