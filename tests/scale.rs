//! The table of docs/scale.md is what its example computes.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[allow(dead_code, reason = "an example prints what the test compares")]
#[path = "../weight-init/examples/a_trillion_parameters.rs"]
mod a_trillion_parameters;

/// `UPDATE_DOCS=1` writes it.
#[test]
fn the_table_of_a_trillion_parameters_is_computed() {
    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/scale.md");
    const BEGIN: &str =
        "<!-- computed by UPDATE_DOCS=1 cargo test -p weight-init-tests --test scale -->\n";
    const END: &str = "<!-- until here -->\n";
    let text = std::fs::read_to_string(PATH).unwrap();
    let (front, rest) = text.split_once(BEGIN).unwrap();
    let (table, behind) = rest.split_once(END).unwrap();
    let plan = a_trillion_parameters::plan().unwrap();
    let expected = a_trillion_parameters::table(&plan).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, [front, BEGIN, &expected, END, behind].concat()).unwrap();
        return;
    }
    assert_eq!(table, expected);
}
