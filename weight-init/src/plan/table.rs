use std::fmt;

use super::named::in_words;
use super::warning::module_name;
use super::{By, ConstructorDefault, Part, Plan, PlannedParam, Values, Writer, elements};

/// A plan as columns for people.
#[derive(Clone, Copy, Debug)]
pub struct Table<'p> {
    plan: &'p Plan,
    /// Columns of the terminal; `None`: no limit.
    width: Option<usize>,
}

impl Plan {
    /// The plan as columns for people, cut to `width` if there is one.
    #[must_use]
    pub const fn table(&self, width: Option<usize>) -> Table<'_> {
        Table { plan: self, width }
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = self.plan.params();
        let rows = params.iter().map(param_row);
        let header = ["parameter", "shape", "dtype", "initializer", "written by"];
        self.columns(f, &header, rows.collect())?;
        if !self.plan.rules().is_empty() {
            let rows = self.plan.rules().iter().map(|rule| {
                let place = rule_name(&rule.module, rule.rule);
                [place, rule.type_name.to_owned(), rule.matched.to_string(), rule.won.to_string()]
            });
            writeln!(f)?;
            self.columns(f, &["rule", "type", "matched", "won"], rows.collect())?;
        }
        for load in self.plan.loads() {
            writeln!(f, "\n{load}")?;
        }
        writeln!(f)?;
        self.summary(f)
    }
}

impl Table<'_> {
    fn columns<const N: usize>(
        &self,
        f: &mut fmt::Formatter<'_>,
        header: &[&str; N],
        rows: Vec<[String; N]>,
    ) -> fmt::Result {
        let mut widths = header.map(str::len);
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let limit = self.width.unwrap_or(usize::MAX);
        let mut line = |cells: [&str; N]| {
            let cells: Vec<_> =
                cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            let text = cells.join("  ");
            let text = text.trim_end();
            match text.char_indices().nth(limit) {
                Some((cut, _)) => writeln!(f, "{}", text.get(..cut).unwrap_or(text)),
                None => writeln!(f, "{text}"),
            }
        };
        line(*header)?;
        rows.iter().try_for_each(|row| line(row.each_ref().map(String::as_str)))
    }

    fn summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = self.plan.params();
        let elements: u64 = params.iter().map(|param| elements(&param.shape)).sum();
        let untouched =
            params.iter().filter(|param| matches!(param.writer, Writer::Untouched(_))).count();
        writeln!(
            f,
            "{} parameters with {} elements: {} written by rules, {untouched} by the framework's constructors; {} buffers",
            params.len(),
            grouped(elements),
            params.len() - untouched,
            self.plan.buffers().len()
        )?;
        let mut customs: Vec<&str> =
            params.iter().filter_map(|param| param.custom.as_deref()).collect();
        customs.dedup();
        for module in customs {
            writeln!(
                f,
                "note: the class of {} has its own init_weights, which may do more than its init_cfg says",
                module_name(module)
            )?;
        }
        Ok(())
    }
}

fn param_row(param: &PlannedParam) -> [String; 5] {
    let dims: Vec<_> = param.shape.iter().map(usize::to_string).collect();
    let (init, by) = match &param.writer {
        Writer::Rule { init, by } => (in_words(init), by.to_string()),
        Writer::Untouched(ConstructorDefault::Init(init)) => {
            (in_words(init), "constructor".to_owned())
        }
        Writer::Untouched(ConstructorDefault::Values(Values::All(x))) => {
            (format!("constant(val={x})"), "description".to_owned())
        }
        Writer::Untouched(ConstructorDefault::Values(_)) => {
            ("given values".to_owned(), "description".to_owned())
        }
        Writer::Untouched(ConstructorDefault::Kept) => ("kept".to_owned(), "no rule".to_owned()),
        Writer::Untouched(ConstructorDefault::Unknown) => {
            (format!("unknown class {}", param.class), "constructor".to_owned())
        }
    };
    [param.name.clone(), format!("[{}]", dims.join(", ")), param.dtype.name().to_owned(), init, by]
}

fn rule_name(module: &str, rule: usize) -> String {
    format!("{}, rule {rule}", if module.is_empty() { "(model)" } else { module })
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&rule_name(&self.module, self.rule))?;
        match self.part {
            Part::Layer => Ok(()),
            Part::Params(index) => write!(f, ", params {index}"),
            Part::Override(index) => write!(f, ", override {index}"),
        }
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
