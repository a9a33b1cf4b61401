//! The cases of `data/checkpoints/pretrained.py`: what real mmengine loads into which parameter, and which rule
//! writes what a checkpoint does not hold.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::GzDecoder;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use weight_init::checkpoint::{
    CheckpointError, SafetensorsFile, SafetensorsWriter, Sink, StateDict, TensorInfo,
};
use weight_init::create::Recipe;
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{LoadError, Options, Plan, Unknown, Writer};
use weight_init::run::BackendKind;
use weight_init_core::{DType, f16};

/// Element type, shape and value of each tensor of a checkpoint.
type Tensors = IndexMap<String, (String, Vec<usize>, f64)>;

#[derive(Deserialize)]
struct Case<'a> {
    #[serde(borrow)]
    model: &'a RawValue,
    checkpoints: IndexMap<String, Tensors>,
    expected: Option<IndexMap<String, Option<f64>>>,
    error: Option<String>,
}

#[test]
fn every_value_comes_from_where_mmengine_takes_it() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/checkpoints/pretrained.jsonl.gz");
    let lines = BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines();
    let (mut agreed, mut refused) = (0, 0);
    for (number, line) in lines.enumerate() {
        let line = line.unwrap();
        let case: Case<'_> = serde_json::from_str(&line).unwrap();
        match (run(&case), &case.error) {
            (Ok(()), None) => agreed += 1,
            (Err(message), Some(theirs)) => {
                assert!(
                    theirs.contains("is not in the pretrained model"),
                    "case {number}: {theirs}"
                );
                assert!(message.contains("begins with the prefix"), "case {number}: {message}");
                refused += 1;
            }
            (Ok(()), Some(theirs)) => panic!("case {number}: only mmengine fails: {theirs}"),
            (Err(message), None) => panic!("case {number}: only ours fails: {message}"),
        }
    }
    assert!(agreed > 300 && refused > 10, "{agreed} agreed, {refused} refused");
}

/// Plans and carries out, and compares each value; an error if the plan is refused.
fn run(case: &Case<'_>) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for (file, tensors) in &case.checkpoints {
        write(&folder.path().join(file), tensors).unwrap();
    }
    let model = Model::read(&Source::new("model.json", case.model.get())).unwrap();
    let mut plan = Plan::new(&model, &Options::default()).unwrap();
    let loaded = plan.load(|checkpoint, _| {
        Ok::<_, Infallible>(Some(Arc::new(
            StateDict::open(folder.path().join(checkpoint)).unwrap(),
        )))
    });
    match loaded {
        Ok(()) => {}
        Err(LoadError::Plan(error)) => return Err(error.to_string()),
        Err(LoadError::Open(never)) => match never {},
    }
    let Some(expected) = &case.expected else { return Ok(()) };
    let out = folder.path().join("out.safetensors");
    let mut backend = BackendKind::Embedded.start(None).unwrap();
    let recipe = Recipe { unknown: Unknown::Zeros, ..Recipe::default() };
    recipe.create(&plan, &out, &mut backend, &mut |_| ()).unwrap();
    let file = SafetensorsFile::open(&out).unwrap();
    let params: HashMap<_, _> =
        plan.params().iter().map(|param| (param.name.as_str(), param)).collect();
    let buffers: HashMap<_, _> =
        plan.buffers().iter().map(|buffer| (buffer.name.as_str(), buffer)).collect();
    assert_eq!(params.len() + buffers.len(), expected.len());
    for (name, expected) in expected {
        let untouched = match params.get(name.as_str()) {
            Some(param) => matches!(*param.writer, Writer::Untouched(_)),
            None => buffers[name.as_str()].stored.is_none(),
        };
        assert_eq!(untouched, expected.is_none(), "{name}");
        if let Some(expected) = expected {
            let found = values(&file, name);
            assert!(found.iter().all(|value| value == expected), "{name}: {expected} {found:?}");
        }
    }
    Ok(())
}

fn write(path: &Path, tensors: &Tensors) -> Result<(), CheckpointError> {
    let infos: Vec<_> = tensors
        .iter()
        .map(|(name, (dtype, shape, _))| TensorInfo {
            name: name.clone(),
            dtype: DType::from_name(dtype).unwrap(),
            shape: shape.clone(),
        })
        .collect();
    let mut writer = SafetensorsWriter::create(path, &[("", ""); 0], &infos)?;
    for (info, (_, _, value)) in infos.iter().zip(tensors.values()) {
        let element = match info.dtype {
            DType::F32 => (*value as f32).to_le_bytes().to_vec(),
            DType::F64 => value.to_le_bytes().to_vec(),
            DType::F16 => f16::from_f64(*value).to_le_bytes().to_vec(),
            DType::I64 => (*value as i64).to_le_bytes().to_vec(),
            other => panic!("{other:?}"),
        };
        for _ in 0..info.shape.iter().product() {
            writer.write(&element)?;
        }
    }
    writer.finish()?;
    Ok(())
}

fn values(file: &SafetensorsFile, name: &str) -> Vec<f64> {
    let tensor = file.tensor(name).unwrap();
    let mut bytes = vec![0; tensor.len as usize];
    file.read_at(tensor, 0, &mut bytes).unwrap();
    match tensor.dtype.dtype().unwrap() {
        DType::F32 => bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()).into())
            .collect(),
        DType::I64 => bytes
            .chunks_exact(8)
            .map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f64)
            .collect(),
        other => panic!("{other:?}"),
    }
}
