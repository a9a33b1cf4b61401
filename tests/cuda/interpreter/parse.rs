//! From text to instructions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::constants::Constants;
use super::{Address, Instruction, Kernel, Operand, Operation, Register, arithmetic};

/// Every entry point of a text, by name.
pub(super) fn kernels(text: &str) -> Result<BTreeMap<String, Kernel>, String> {
    let constants = Arc::new(Constants::parse(text)?);
    let mut kernels = BTreeMap::new();
    for entry in text.split(".visible .entry ").skip(1) {
        let (head, rest) = entry.split_once("\n{").ok_or("an entry point without a body")?;
        let (body, _) = rest.split_once("\n}").ok_or("a body without an end")?;
        let name = head.split('(').next().unwrap_or_default();
        let kernel = kernel(head, body, &constants).map_err(|e| format!("{name}: {e}"))?;
        kernels.insert(name.to_owned(), kernel);
    }
    Ok(kernels)
}

fn kernel(head: &str, body: &str, constants: &Arc<Constants>) -> Result<Kernel, String> {
    let params: Vec<_> =
        head.lines().filter_map(|line| line.trim().strip_prefix(".param ")).collect();
    let sizes = params.iter().map(|param| size(param)).collect::<Result<_, _>>()?;
    let name = |param: &&str| {
        param.rsplit(' ').next().unwrap_or_default().trim_end_matches(',').to_owned()
    };
    let mut parser = Parser {
        registers: HashMap::new(),
        labels: HashMap::new(),
        params: params.iter().map(name).collect(),
        constants,
    };

    let mut lines = Vec::new();
    for line in body.lines().map(|line| line.split("//").next().unwrap_or_default().trim()) {
        if let Some(label) = line.strip_suffix(':') {
            parser.labels.insert(label.to_owned(), lines.len());
        } else if !line.is_empty() && !line.starts_with(".reg ") {
            lines.push(line);
        }
    }
    let parsed = |line: &&str| {
        parser.instruction(line).ok_or_else(|| format!("unknown instruction: {line}"))
    };
    let code = lines.iter().map(parsed).collect::<Result<_, _>>()?;
    Ok(Kernel {
        params: sizes,
        code,
        registers: parser.registers.len(),
        constants: Arc::clone(constants),
    })
}

/// Bytes of a parameter: `.u64 .ptr .align 1 name`.
fn size(param: &str) -> Result<usize, String> {
    match param.split(' ').next() {
        Some(".u32" | ".b32" | ".f32") => Ok(4),
        Some(".u64" | ".b64" | ".f64") => Ok(8),
        _ => Err(format!("unknown parameter: {param}")),
    }
}

struct Parser<'c> {
    registers: HashMap<String, Register>,
    labels: HashMap<String, usize>,
    params: Vec<String>,
    constants: &'c Constants,
}

impl Parser<'_> {
    fn instruction(&mut self, line: &str) -> Option<Instruction> {
        let text = line.to_owned();
        let (guard, line) = match line.strip_prefix('@') {
            Some(guarded) => {
                let (register, line) = guarded.split_once(char::is_whitespace)?;
                let wanted = !register.starts_with('!');
                (Some((self.register(register.trim_start_matches('!'))?, wanted)), line.trim())
            }
            None => (None, line),
        };
        // The compiler's way to leave out one half: `{ .reg .b32 tmp; mov.b64 {tmp, %r1}, %rd1; }`.
        let line = match line.strip_prefix("{ .reg ") {
            Some(line) => line.split_once(" tmp; ")?.1.strip_suffix('}')?.trim(),
            None => line,
        };
        let line = line.strip_suffix(';')?;
        let (name, operands) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let operation = self.operation(name, operands.trim())?;
        Some(Instruction { guard, operation, text, ran: AtomicBool::new(false) })
    }

    fn operation(&mut self, name: &str, operands: &str) -> Option<Operation> {
        if let Some(kind) = name.strip_prefix("ld.global.") {
            let (to, from) = operands.rsplit_once(", ")?;
            let to = list(to).map(|to| self.register(to)).collect::<Option<Vec<_>>>()?;
            // Through the cache of what no kernel writes.
            let (constant, kind) = match kind.strip_prefix("nc.") {
                Some(kind) => (true, kind),
                None => (false, kind),
            };
            return Some(Operation::Load {
                constant,
                bytes: bytes(kind, to.len())?,
                from: self.address(from)?,
                to,
            });
        }
        if let Some(kind) = name.strip_prefix("st.global.") {
            let (to, from) = operands.split_once(", ")?;
            let from = list(from).map(|from| self.operand(from)).collect::<Option<Vec<_>>>()?;
            return Some(Operation::Store {
                bytes: bytes(kind, from.len())?,
                to: self.address(to)?,
                from,
            });
        }
        match name {
            "ret" => return Some(Operation::Return),
            "bra" | "bra.uni" => return self.labels.get(operands).copied().map(Operation::Jump),
            "mov.b64" | "mov.b32" if operands.contains('{') => return self.halves(name, operands),
            _ => {}
        }
        let compute = arithmetic::instruction(name)?;
        let mut operands = operands.split(", ");
        let to = self.register(operands.next()?)?;
        let mut from = [Operand::Value(0); 3];
        for place in &mut from {
            if let Some(operand) = operands.next() {
                *place = self.operand(operand)?;
            }
        }
        operands.next().is_none().then_some(Operation::Compute { compute, to, from })
    }

    /// `{low, high}, whole` or `whole, {low, high}`.
    fn halves(&mut self, name: &str, operands: &str) -> Option<Operation> {
        let bits = if name == "mov.b64" { 32 } else { 16 };
        if operands.starts_with('{') {
            let (halves, whole) = operands.rsplit_once(", ")?;
            let mut halves = list(halves).map(|half| match half {
                "tmp" => Some(None),
                half => self.register(half).map(Some),
            });
            let to = [halves.next()??, halves.next()??];
            drop(halves);
            return Some(Operation::Split { bits, to, from: self.operand(whole)? });
        }
        let (whole, halves) = operands.split_once(", ")?;
        let mut halves = list(halves).map(|half| self.operand(half));
        let from = [halves.next()??, halves.next()??];
        drop(halves);
        Some(Operation::Join { bits, to: self.register(whole)?, from })
    }

    fn register(&mut self, name: &str) -> Option<Register> {
        let next = self.registers.len();
        name.starts_with('%').then(|| *self.registers.entry(name.to_owned()).or_insert(next))
    }

    fn operand(&mut self, text: &str) -> Option<Operand> {
        let hex = |digits| u64::from_str_radix(digits, 16).ok().map(Operand::Value);
        match text {
            "%tid.x" => return Some(Operand::Thread),
            "%ntid.x" => return Some(Operand::Threads),
            "%ctaid.x" => return Some(Operand::Block),
            "%nctaid.x" => return Some(Operand::Blocks),
            _ => {}
        }
        if let Some(param) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            return self.params.iter().position(|name| name == param).map(Operand::Param);
        }
        // Bits of numbers: 0f3F800000, 0d3FF0000000000000.
        if let Some(digits) = text.strip_prefix("0f").or_else(|| text.strip_prefix("0d")) {
            return hex(digits);
        }
        if let Some(address) = self.constants.address(text) {
            return Some(Operand::Value(address));
        }
        match self.register(text) {
            Some(register) => Some(Operand::Register(register)),
            None => text.parse::<i128>().ok().map(|value| Operand::Value(value as u64)),
        }
    }

    /// `[%rd1+8]`.
    fn address(&mut self, text: &str) -> Option<Address> {
        let text = text.strip_prefix('[')?.strip_suffix(']')?;
        let (base, offset) = match text.split_once('+') {
            Some((base, offset)) => (base, offset.parse().ok()?),
            None => (text, 0),
        };
        Some(Address { base: Operand::Register(self.register(base)?), offset })
    }
}

/// The members of `{a, b}`, or the one that stands without braces.
fn list(text: &str) -> impl Iterator<Item = &str> {
    text.trim_matches(['{', '}']).split(", ")
}

/// Bytes of each of so many elements: `v2.b32`, `b16`.
fn bytes(kind: &str, elements: usize) -> Option<usize> {
    let (count, each) = match elements {
        1 => (1, kind),
        _ => kind
            .strip_prefix('v')?
            .split_once('.')
            .map(|(n, each)| (n.parse().unwrap_or(0), each))?,
    };
    let bits: usize = each.strip_prefix('b')?.parse().ok()?;
    (count == elements).then_some(bits / 8)
}
