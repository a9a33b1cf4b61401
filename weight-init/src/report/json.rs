use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use weight_init_core::resolve::Part;

use super::entries::{Args, named_entries};
use super::recorded;
use crate::model::Values;
use crate::model::classes::ParamDefault;
use crate::plan::named::{init_named, named};
use crate::plan::{
    Advice, By, ConstructorDefault, Converted, LoadReport, Mismatched, Plan, PlannedParam,
    PlannedRule, Warning, Writer,
};

/// The plan as `plan --format json` prints it: parameters in model order, rules, warnings, the names of buffers of
/// unknown content if there are any, and what became of checkpoints if some were loaded.
impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut plan = serializer.serialize_map(None)?;
        plan.serialize_entry("params", &Params(self))?;
        plan.serialize_entry("rules", self.rules())?;
        plan.serialize_entry("warnings", self.warnings())?;
        let unknown: Vec<_> = self.unknown_buffers().map(|buffer| &buffer.name).collect();
        if !unknown.is_empty() {
            plan.serialize_entry("unknown_buffers", &unknown)?;
        }
        if !self.loads().is_empty() {
            plan.serialize_entry("checkpoints", self.loads())?;
        }
        plan.end()
    }
}

struct Params<'a>(&'a Plan);

impl Serialize for Params<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(plan) = self;
        serializer
            .collect_map(plan.params().iter().map(|param| (&param.name, Param { plan, param })))
    }
}

struct Param<'a> {
    plan: &'a Plan,
    param: &'a PlannedParam,
}

impl Serialize for Param<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { plan, param } = self;
        let mut map = serializer.serialize_map(None)?;
        match &*param.writer {
            Writer::Rule { origin, .. } => named_entries(&mut map, &named(origin))?,
            Writer::Untouched(_) => {
                map.serialize_entry("init", "untouched")?;
                map.serialize_entry("args", &Args(&[]))?;
            }
        }
        map.serialize_entry("shape", &*param.shape)?;
        map.serialize_entry("dtype", param.dtype.name())?;
        match &*param.writer {
            Writer::Rule { by, .. } => map.serialize_entry("by", by)?,
            Writer::Untouched(default) => {
                map.serialize_entry("by", &None::<By>)?;
                map.serialize_entry("default", default)?;
            }
        }
        if let Some(stored) = &param.stored {
            map.serialize_entry("stored_as", &stored.name())?;
        }
        if let Some(module) = &param.custom {
            map.serialize_entry("custom_init_weights", &**module)?;
        }
        if let Some(class) = plan.overwriting_class(param) {
            map.serialize_entry("may_be_overwritten_by", class)?;
        }
        map.end()
    }
}

impl Serialize for ConstructorDefault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Init(ParamDefault { init, zero_row }) => {
                named_entries(&mut map, &init_named(init))?;
                if let Some(row) = zero_row {
                    map.serialize_entry("zero_row", row)?;
                }
            }
            Self::Values(Values::All(x)) => {
                map.serialize_entry("init", "constant")?;
                map.serialize_entry(
                    "args",
                    &Args(&[("val", crate::plan::named::Arg::Number(*x))]),
                )?;
            }
            Self::Values(_) => map.serialize_entry("init", "value")?,
            Self::Recorded(recorded) => recorded::entries(&mut map, recorded)?,
            Self::Unknown => map.serialize_entry("init", "unknown")?,
            Self::Kept => map.serialize_entry("init", "kept")?,
        }
        map.end()
    }
}

impl Serialize for LoadReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("by", &self.by)?;
        map.serialize_entry("checkpoint", &self.checkpoint)?;
        map.serialize_entry("prefix", &self.prefix)?;
        map.serialize_entry("key", &self.key)?;
        map.serialize_entry("file", &self.file.to_string_lossy())?;
        map.serialize_entry("loaded", &self.loaded)?;
        map.serialize_entry("missing", &self.missing)?;
        map.serialize_entry("unexpected", &self.unexpected)?;
        map.serialize_entry("mismatched", &self.mismatched)?;
        map.serialize_entry("converted", &self.converted)?;
        if let Some(advice) = &self.advice {
            map.serialize_entry("advice", advice)?;
        }
        map.end()
    }
}

impl Serialize for Advice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, text, tensors) = match self {
            Self::Prefix { prefix, tensors } => ("prefix", prefix, tensors),
            Self::Module { path, tensors } => ("module", path, tensors),
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(key, text)?;
        map.serialize_entry("tensors", tensors)?;
        map.end()
    }
}

impl Serialize for Mismatched {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = [("name", &self.name), ("expected", &self.expected), ("found", &self.found)];
        serializer.collect_map(entries)
    }
}

impl Serialize for Converted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("name", &self.name), ("from", &self.from), ("to", &self.to)])
    }
}

impl Serialize for By {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("module", &self.module)?;
        map.serialize_entry("rule", &self.rule)?;
        let index = match self.part {
            Part::Override(index) => Some(index),
            Part::Layer | Part::Params(_) => None,
        };
        map.serialize_entry("override", &index)?;
        if let Part::Params(index) = self.part {
            map.serialize_entry("params", &index)?;
        }
        map.end()
    }
}

impl Serialize for PlannedRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("module", &self.module)?;
        map.serialize_entry("rule", &self.rule)?;
        map.serialize_entry("matched", &self.matched)?;
        map.serialize_entry("won", &self.won)?;
        if let Some(key) = &self.key {
            map.serialize_entry("key", key)?;
        }
        map.end()
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("kind", self.kind.name())?;
        map.serialize_entry("module", &self.module)?;
        map.serialize_entry("message", &self.message)?;
        map.end()
    }
}
