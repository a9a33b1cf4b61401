//! Layers → stages of a pipeline.

use weight_init_core::resolve::glob_matches;

use std::collections::BTreeSet;

use super::SplitError;

/// How layers are dealt out to the stages of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// The name behind which the number of a layer stands: `layers`, or `transformer.h`.
    pub layers: Option<String>,
    /// Globs of tensors that the first stage alone has.
    pub first: Vec<String>,
    /// Globs of tensors that the last stage alone has.
    pub last: Vec<String>,
}

/// The stages of a model.
pub(super) struct Layers<'s> {
    stages: &'s Stages,
    /// The numbers of layers, in order.
    numbers: Vec<usize>,
    pp: usize,
}

impl Stages {
    /// Counts the layers.
    pub(super) fn layers<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
        pp: usize,
    ) -> Result<Layers<'_>, SplitError> {
        let layers = self.layers.as_deref();
        let numbers: BTreeSet<_> = names.filter_map(|name| number_behind(layers?, name)).collect();
        match layers {
            None if pp > 1 => Err(SplitError::new(format!(
                "pp={pp} deals out layers, but the rules do not say how they are called; [stages] layers = \"layers\" is the name in \
                 front of their numbers"
            ))),
            Some(layers) if pp > 1 && numbers.len() < pp => Err(SplitError::new(format!(
                "the model has {} layers, tensors with a number behind '{layers}': too few for pp={pp} stages",
                numbers.len()
            ))),
            _ => Ok(Layers { stages: self, numbers: numbers.into_iter().collect(), pp }),
        }
    }
}

impl Layers<'_> {
    /// Whether a stage has a tensor: its own, or one that belongs to no stage.
    pub(super) fn holds(&self, name: &str, stage: usize) -> bool {
        self.stage_of(name).is_none_or(|own| own == stage)
    }

    /// Whether a tensor belongs to this very stage.
    pub(super) fn is_of(&self, name: &str, stage: usize) -> bool {
        self.stage_of(name) == Some(stage)
    }

    fn stage_of(&self, name: &str) -> Option<usize> {
        let is_of = |globs: &[String]| globs.iter().any(|glob| glob_matches(glob, name));
        if let Some(number) = number_behind(self.stages.layers.as_deref()?, name) {
            let place = self.numbers.binary_search(&number).ok()?;
            let layers = self.numbers.len();
            let begin = |stage: usize| stage * layers / self.pp;
            return (0..self.pp).rfind(|stage| begin(*stage) <= place);
        }
        if is_of(&self.stages.first) {
            return Some(0);
        }
        is_of(&self.stages.last).then(|| self.pp - 1)
    }
}

/// The number behind a name of one or more parts in a dotted name: 12 behind `layers` in `model.layers.12.mlp.weight`.
pub(super) fn number_behind(what: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = name.get(from..)?.find(what) {
        let (begin, end) = (from + at, from + at + what.len());
        let begins = begin == 0 || name.as_bytes().get(begin - 1) == Some(&b'.');
        let number = name.get(end..).and_then(|rest| rest.strip_prefix('.'));
        let number = number.and_then(|rest| rest.split('.').next()?.parse().ok());
        if begins && number.is_some() {
            return number;
        }
        from = begin + 1;
        while !name.is_char_boundary(from) {
            from += 1;
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_behind_whole_names() {
        assert_eq!(number_behind("layers", "model.layers.12.mlp.weight"), Some(12));
        assert_eq!(number_behind("transformer.h", "transformer.h.3.attn"), Some(3));
        assert_eq!(number_behind("layers", "sublayers.1.layers.2"), Some(2));
        assert_eq!(number_behind("layers", "layers.norm.weight"), None);
        assert_eq!(number_behind("layers", ""), None);
    }

    #[test]
    fn layers_are_dealt_out_evenly_and_in_order() {
        let stages = Stages {
            layers: Some("layers".to_owned()),
            first: vec!["*embed*".to_owned()],
            last: vec!["lm_head.*".to_owned()],
        };
        let names: Vec<_> = (0..7).map(|layer| format!("layers.{layer}.weight")).collect();
        let layers = stages.layers(names.iter().map(String::as_str), 3).unwrap();
        let of: Vec<_> = names.iter().map(|name| layers.stage_of(name).unwrap()).collect();
        assert_eq!(of, [0, 0, 1, 1, 2, 2, 2]);
        assert!(layers.is_of("embed.weight", 0) && layers.is_of("lm_head.weight", 2));
        assert!((0..3).all(|stage| layers.holds("rope.freqs", stage)));
        assert!(stages.layers(["layers.0.a"].into_iter(), 2).is_err());
    }
}
