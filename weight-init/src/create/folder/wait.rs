//! Waiting for a folder that other processes write.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::partial::Waiting;
use super::{Folder, FolderState};
use crate::create::CreateError;

/// The first and the longest time between two looks.
const LOOKS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

impl Folder<'_> {
    /// Waits until the folder is there, whole, and finishes it if all its files are but nobody has done so; not longer than
    /// `longest`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use weight_init::create::{Folder, FolderLayout, FolderState, Recipe, Share, ShardSize};
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::Model;
    /// use weight_init::plan::{Options, Plan};
    /// use weight_init::run::BackendKind;
    ///
    /// let source = Source::new("model.json", r#"{"class": "Linear", "params": [
    ///     {"name": "weight", "shape": [300, 4]}, {"name": "bias", "shape": [300]}]}"#);
    /// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
    /// let folder = Folder::new(&Recipe::default(), &plan, FolderLayout::Hf, ShardSize::of_bytes(5000))?;
    /// let place = tempfile::tempdir()?;
    /// let dir = place.path().join("linear");
    /// let mut backend = BackendKind::Auto.start(None)?;
    /// let mut write = |rank| {
    ///     folder.write(&dir, Share::new(rank, 2).unwrap_or(Share::ALL), &mut backend, &mut |_| ())
    /// };
    /// write(0)?;
    /// assert_eq!(folder.wait(&dir, Duration::ZERO)?, FolderState::Missing(1));
    /// write(1)?;
    /// assert_eq!(folder.wait(&dir, Duration::ZERO)?, FolderState::Finished);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A folder of another recipe in its place; a folder that cannot be read, or finished.
    pub fn wait(&self, dir: &Path, longest: Duration) -> Result<FolderState, CreateError> {
        until(longest, || match Waiting::look(dir, &self.manifest)? {
            Waiting::Whole => Ok(FolderState::Finished),
            Waiting::NotBegun => Ok(FolderState::Missing(self.layout.shards().len())),
            Waiting::Open(partial) => self.finish_if_whole(&partial),
        })
    }
}

/// Looks again and again until nothing is missing or the time is over.
pub(super) fn until(
    longest: Duration,
    mut look: impl FnMut() -> Result<FolderState, CreateError>,
) -> Result<FolderState, CreateError> {
    let (mut pause, longest_pause) = LOOKS;
    let begun = Instant::now();
    loop {
        let state = look()?;
        let left = longest.saturating_sub(begun.elapsed());
        if !matches!(state, FolderState::Missing(_)) || left.is_zero() {
            return Ok(state);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(longest_pause);
    }
}
