use std::fmt::{self, Write as _};

use super::columns::{self, Align, Column, Narrow};
use super::words::Said;
use crate::model::elements;
use crate::plan::by::rule_name;
use crate::plan::named::in_full;
use crate::plan::{Plan, PlannedRule, Writer};

/// To how many columns of the terminal a name or an initializer may be shortened.
const SHORTEST: usize = 16;

/// How the table of parameters becomes narrower: "written by" is what it is for, and is never cut.
pub(super) const NARROW_PARAMS: [Narrow; 6] = [
    Narrow::Leave("dtype"),
    Narrow::Leave("shape"),
    Narrow::End("initializer", SHORTEST),
    Narrow::Middle("parameter", SHORTEST),
    Narrow::Leave("initializer"),
    Narrow::Below("written by"),
];

/// How the table of rules becomes narrower.
const NARROW_RULES: [Narrow; 3] =
    [Narrow::Middle("rule", SHORTEST), Narrow::Leave("type"), Narrow::Leave("matched")];

/// A plan as columns for people.
#[derive(Clone, Copy, Debug)]
pub struct Table<'p> {
    plan: &'p Plan,
    /// Columns of the terminal; `None`: no limit.
    width: Option<usize>,
}

impl Plan {
    /// The plan as columns for people.
    ///
    /// `width` is that of the terminal. If the columns are wider, element types, then shapes are left out, initializers
    /// lose the end of their arguments, and names their middle; "written by" is always there in full, on a line of its
    /// own if need be. Without a width everything is there in full. Characters that a terminal acts on or does not show
    /// are escaped.
    #[must_use]
    pub const fn table(&self, width: Option<usize>) -> Table<'_> {
        Table { plan: self, width }
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        columns::write(f, self.params(&Said::default()), &NARROW_PARAMS, self.width)?;
        self.below_params(f)
    }
}

impl Table<'_> {
    /// The rules, checkpoints and sums.
    pub(super) fn below_params(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.plan.rules().is_empty() {
            writeln!(f)?;
            columns::write(f, self.rules(), &NARROW_RULES, self.width)?;
        }
        for load in self.plan.loads() {
            writeln!(f, "\n{load}")?;
        }
        writeln!(f)?;
        self.summary(f)
    }

    fn params<'t>(&'t self, said: &'t Said) -> Vec<Column<'t>> {
        let params = self.plan.params();
        // A string takes everything.
        vec![
            Column::new("parameter", Align::Left, params, |param, out| out.push_str(&param.name)),
            Column::new("shape", Align::Left, params, |param, out| {
                let _ = write!(out, "{:?}", param.shape);
            }),
            Column::new("dtype", Align::Left, params, |param, out| {
                out.push_str(param.dtype.name());
            }),
            Column::new("initializer", Align::Left, params, |param, out| {
                out.push_str(&said.of(param).initializer);
            }),
            Column::new("written by", Align::Left, params, |param, out| {
                out.push_str(&said.of(param).by);
            }),
        ]
    }

    fn rules(&self) -> Vec<Column<'_>> {
        let rules = self.plan.rules();
        let column = |title, cell: fn(&PlannedRule, &mut String)| {
            Column::new(title, Align::Left, rules, cell)
        };
        vec![
            column("rule", |rule, out| out.push_str(&rule_name(&rule.module, rule.rule))),
            column("type", |rule, out| out.push_str(&in_full(rule.alias, rule.type_name))),
            column("matched", |rule, out| out.push_str(&rule.matched.to_string())),
            column("won", |rule, out| out.push_str(&rule.won.to_string())),
        ]
    }

    fn summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = self.plan.params();
        let elements: u64 = params.iter().map(|param| elements(&param.shape)).sum();
        let untouched =
            params.iter().filter(|param| matches!(*param.writer, Writer::Untouched(_))).count();
        writeln!(
            f,
            "{} parameters with {} elements: {} written by rules, {untouched} by the framework's constructors; {} buffers{}",
            params.len(),
            grouped(elements),
            params.len() - untouched,
            self.plan.buffers().len(),
            match self.plan.unknown_buffers().count() {
                0 => String::new(),
                unknown => format!(", {unknown} of unknown content"),
            }
        )
    }
}

/// A number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use crate::diagnostic::Source;
    use crate::model::Model;
    use crate::plan::{Options, Plan};

    /// A ResNet's block, as RetinaNet has them, whose last norm an override writes.
    fn plan(class: &str) -> Plan {
        let text = format!(
            r#"{{"class": "Net", "init_weights": "module", "init_cfg": {{"type": "Kaiming", "layer": "Conv2d"}},
                "children": [{{"name": "backbone", "class": "ResNet", "init_weights": "module", "children": [
                    {{"name": "layer1", "class": "{class}", "init_weights": "module",
                      "init_cfg": {{"type": "Constant", "val": 0, "override": {{"name": "norm3"}}}},
                      "children": [
                        {{"name": "downsample_conv", "class": "Conv2d", "bases": ["_ConvNd"],
                          "params": [{{"name": "weight", "shape": [256, 64, 11, 11]}}]}},
                        {{"name": "norm3", "class": "BatchNorm2d", "bases": ["_BatchNorm"],
                          "params": [{{"name": "weight", "shape": [256]}}]}},
                        {{"name": "scale", "class": "{class}", "params": [{{"name": "層", "shape": [1]}}]}}
                      ]}}]}}]}}"#
        );
        let model = Model::read(&Source::new("model.json", text)).unwrap();
        Plan::new(&model, &Options::default()).unwrap()
    }

    const WRITTEN_BY: [&str; 3] =
        ["(model), rule 0", "backbone.layer1, rule 0, override 0", "constructor"];

    #[test]
    fn written_by_is_never_cut() {
        let plan = plan("Bottleneck");
        let whole = plan.table(None).to_string();
        for width in [0, 10, 40, 60, 80, 120, 200, 1000] {
            let table = plan.table(Some(width)).to_string();
            let rows: Vec<_> = table.lines().take_while(|line| !line.is_empty()).collect();
            for by in WRITTEN_BY {
                assert!(rows.iter().any(|row| row.ends_with(by)), "{width}: {by}\n{table}");
            }
            let widest = rows.iter().map(|row| row.width()).max().unwrap();
            assert!(widest <= width.max(40), "{width}: {widest}\n{table}");
            if width >= 200 {
                assert_eq!(table, whole);
            }
        }
    }

    #[test]
    fn the_other_columns_go_first() {
        let plan = plan("Bottleneck");
        let first = |width| {
            let table = plan.table(Some(width)).to_string();
            table.lines().find(|line| line.starts_with("backbone")).unwrap().to_owned()
        };
        for (width, row) in [
            (
                200,
                "backbone.layer1.downsample_conv.weight  [256, 64, 11, 11]  float32  \
                 kaiming_normal(a=0, mode=fan_out, nonlinearity=relu)  (model), rule 0",
            ),
            (
                140,
                "backbone.layer1.downsample_conv.weight  \
                 kaiming_normal(a=0, mode=fan_out, nonlinearity=relu)  (model), rule 0",
            ),
            (
                120,
                "backbone.layer1.downsample_conv.weight  \
                 kaiming_normal(a=0, mode=fan_out, nonlinea…  (model), rule 0",
            ),
            (80, "backbone.lay…_conv.weight  kaiming_normal(…  (model), rule 0"),
            (60, "backbone.la…conv.weight  (model), rule 0"),
            (40, "backbone.layer1.downsample_conv.weight"),
        ] {
            assert_eq!(first(width), row, "{width}");
        }
    }

    #[test]
    fn cells_of_any_length() {
        let long = "x".repeat(70_000);
        let plan = plan(&long);
        let whole = plan.table(None).to_string();
        assert!(whole.contains(&format!("unknown class {long}  constructor\n")));
        let narrow = plan.table(Some(80)).to_string();
        assert!(narrow.lines().all(|line| line.width() <= 120), "{narrow}");
    }
}
