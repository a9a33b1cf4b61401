//! `bench`: one row a case, in both formats.

use serde_json::Value;

use crate::run::Folder;

#[test]
fn json_has_one_object_a_line() {
    let answer = Folder::new().done(&["bench", "--elements", "4096", "--format", "json"]);
    let rows: Vec<Value> =
        answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= 4, "{answer:?}");
    for row in &rows {
        assert!(row["case"].is_string() && row["backend"].is_string(), "{row}");
        assert!(row["threads"].as_u64().unwrap() >= 1, "{row}");
        assert_eq!(row["elements"], 4096);
        assert!(row["gelem_per_s"].as_f64().unwrap() > 0.0, "{row}");
        for ratio in ["ratio_to_memset", "ratio_to_constant"] {
            assert!(row[ratio].as_f64().is_some_and(|ratio| ratio > 0.0), "{row}");
        }
    }
    for case in ["uniform_f32", "normal_f32"] {
        assert!(rows.iter().any(|row| row["case"] == case), "{case}");
    }
}

#[test]
fn the_table_has_a_header() {
    let answer = Folder::new().done(&["bench", "--elements", "4096", "--backend", "embedded"]);
    let header = answer.stdout.lines().next().unwrap();
    assert!(header.starts_with("case") && header.ends_with("of constant"), "{answer:?}");
    assert!(answer.stdout.contains("normal_f32"), "{answer:?}");
}
