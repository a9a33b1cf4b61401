#![allow(clippy::disallowed_methods, reason = "never part of a weight")]

use super::*;
use crate::checkpoint::{SafetensorsWriter, Sink, TensorInfo};
use weight_init_core::DType;

fn write(path: &Path, metadata: &[(&str, &str)], tensors: &[(&str, DType, &[usize], Vec<u8>)]) {
    let info = |(name, dtype, shape, _): &(&str, DType, &[usize], Vec<u8>)| TensorInfo {
        name: (*name).into(),
        dtype: *dtype,
        shape: shape.to_vec(),
    };
    let infos: Vec<_> = tensors.iter().map(info).collect();
    let mut writer = SafetensorsWriter::create(path, metadata, &infos).unwrap();
    tensors.iter().for_each(|(_, _, _, data)| writer.write(data).unwrap());
    writer.finish().unwrap();
}

fn f32s(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

fn example(folder: &Path) -> Inspection {
    let path = folder.join("model.safetensors");
    let weight = (0..4 * 3 * 7 * 7).map(|i| (i as f32 - 293.5) / 1000.0);
    write(
        &path,
        &[("seed", "42"), ("version", "0.1.0\u{1b}")],
        &[
            ("backbone.layer1.0.conv1.weight", DType::F32, &[4, 3, 7, 7], f32s(weight)),
            ("bn.num_batches_tracked", DType::I64, &[], 7i64.to_le_bytes().to_vec()),
            ("mask", DType::Bool, &[4], vec![0, 1, 1, 0]),
            ("odd", DType::F32, &[3], f32s([f32::NAN, f32::INFINITY, 1e-9])),
            ("none", DType::F16, &[0, 3], vec![]),
        ],
    );
    inspect(&path).unwrap()
}

#[test]
fn the_table_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let table = example(folder.path()).to_table(None);
    let table = table.replace(&folder.path().display().to_string(), "F");
    let expected = "\
file     F/model.safetensors (2.8 kB = 2800 bytes)
seed     42
version  0.1.0\\u{1b}

name                            shape         dtype      mean     std       min       max  zeros  nan/inf  histogram
backbone.layer1.0.conv1.weight  [4, 3, 7, 7]  F32           0  0.1697   -0.2935    0.2935      0        0  ████████████████
bn.num_batches_tracked          []            I64           7       0         7         7      0        0          █
mask                            [4]           BOOL     0.5000  0.5000         0         1      2        0  █              █
odd                             [3]           F32    1.000e-9       0  1.000e-9  1.000e-9      0      1/1          █
none                            [0, 3]        F16           -       -         -         -      0        0

5 tensors, 596 elements, 2.4 kB = 2376 bytes, 1 NaN, 1 infinite
";
    assert_eq!(table, expected, "\n{table}");
}

#[test]
fn a_narrow_table_fits() {
    let folder = tempfile::tempdir().unwrap();
    let inspection = example(folder.path());
    let full = inspection.to_table(None);
    let widest = full.lines().map(|line| line.chars().count()).max().unwrap();
    let name = "backbone.layer1.0.conv1.weight";
    for width in 0..widest + 20 {
        let table = inspection.to_table(Some(width));
        let rows: Vec<_> = table.lines().skip_while(|line| !line.is_empty()).collect();
        let widest = rows.iter().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width.max(70), "{width}\n{table}");
        assert_eq!(table.lines().count(), full.lines().count());
        assert!(table.contains("NaN") && (table.contains(name) || table.contains('…')), "{table}");
    }
    let table = inspection.to_table(Some(106));
    assert!(table.contains("histogram") && table.contains("\nbackbone.…nv1.weight "), "{table}");
    assert!(!inspection.to_table(Some(80)).contains("histogram"));
}

#[test]
fn the_json_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let json = example(folder.path()).to_json();
    assert!(
        json.contains(r#""metadata":{"seed":"42","version":"0.1.0\u001b"},"tensors":["#),
        "{json}"
    );
    let odd = r#"{"name":"odd","dtype":"F32","shape":[3],"elements":3,"bytes":12,"mean":9.999999717180685e-10,"std":0.0,"min":9.999999717180685e-10,"max":9.999999717180685e-10,"zeros":0,"nan":1,"inf":1,"histogram":[0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0]}"#;
    assert!(json.contains(odd), "{json}");
    let none = r#""name":"none","dtype":"F16","shape":[0,3],"elements":0,"bytes":0,"mean":null,"std":null,"min":null,"max":null,"zeros":0,"#;
    assert!(json.contains(none), "{json}");
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["total"], serde_json::json!({"tensors": 5, "elements": 596, "bytes": 2376}));
    assert_eq!(read["tensors"][0]["histogram"].as_array().unwrap().len(), BINS);
}

/// Tensors that need several chunks, beside tensors that need one, at offsets of every kind.
#[test]
fn chunks_do_not_show() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let value = |i: usize| ((i * 7919) % 10_007) as f32 - 5000.0;
    let n = 3 * CHUNK_BYTES / 4 + 5;
    let values: Vec<f32> = (0..n).map(value).collect();
    let halves = |n: usize| -> Vec<u8> {
        (0..n).flat_map(|i| half::f16::from_f32(value(i) / 64.0).to_le_bytes()).collect()
    };
    write(
        &path,
        &[],
        &[
            ("bool", DType::Bool, &[3], vec![1; 3]),
            ("large", DType::F32, &[n], f32s(values.iter().copied())),
            ("chunk", DType::F32, &[CHUNK_BYTES / 4], f32s((0..CHUNK_BYTES / 4).map(value))),
            ("half", DType::F16, &[BLOCK + 1], halves(BLOCK + 1)),
        ],
    );
    let inspection = inspect(&path).unwrap();
    let figures = |i: usize| inspection.tensors[i].statistics.clone().unwrap();
    assert_eq!((figures(0).mean, figures(0).histogram.counts()[BINS / 2]), (1.0, 3));
    let large = figures(1);
    let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / n as f64;
    let variance = values.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n as f64;
    assert!((large.mean - mean).abs() < 1e-9 && (large.std - variance.sqrt()).abs() < 1e-9);
    assert_eq!((large.min, large.max, large.elements), (-5000.0, 5006.0, n as u64));
    assert_eq!(large.zeros, values.iter().filter(|&&x| x == 0.0).count() as u64);
    let mut counts = [0; BINS];
    values.iter().for_each(|&x| {
        counts[(((f64::from(x) + 5000.0) * (16.0 / 10006.0)) as usize).min(15)] += 1
    });
    assert_eq!(large.histogram.counts(), counts);
    assert_eq!(figures(3).elements, BLOCK as u64 + 1);
    assert_eq!(figures(3).min, -5000.0 / 64.0);
}

#[test]
fn types_that_no_parameter_has_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let header = r#"{"c":{"dtype":"C64","shape":[1],"data_offsets":[0,8]},"f4":{"dtype":"F4","shape":[2],"data_offsets":[8,9]},"u":{"dtype":"U64","shape":[1],"data_offsets":[9,17]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(&[0; 9]);
    bytes.extend_from_slice(&u64::MAX.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let inspection = inspect(&path).unwrap();
    assert!(
        inspection.tensors[0].statistics.is_none() && inspection.tensors[1].statistics.is_none()
    );
    assert_eq!(inspection.tensors[2].statistics.as_ref().unwrap().max, 2f64.powi(64));
    let table = inspection.to_table(None);
    assert!(table.contains("C64") && table.contains("F4") && table.contains("1.845e19"), "{table}");
    assert!(
        inspection
            .to_json()
            .contains(r#""dtype":"F4","shape":[2],"elements":2,"bytes":1,"mean":null"#)
    );
}

#[test]
fn an_empty_file_has_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    write(&path, &[], &[]);
    let table = inspect(&path).unwrap().to_table(Some(80));
    assert!(table.ends_with("0 tensors, 0 elements, 0 bytes\n"), "{table}");
}
