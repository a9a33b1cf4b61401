//! Runs PTX on the CPU: those instructions that our kernels are made of. Anything else is refused, so that what the
//! tests prove holds for every instruction that a device would run.

mod arithmetic;
mod constants;
mod parse;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use self::arithmetic::Compute;
use self::constants::Constants;

/// The kernels of a PTX text.
pub(crate) struct Module {
    kernels: BTreeMap<String, Kernel>,
}

/// An entry point.
pub(crate) struct Kernel {
    /// Bytes of each parameter.
    pub(crate) params: Vec<usize>,
    code: Vec<Instruction>,
    registers: usize,
    /// Those of the whole text.
    constants: Arc<Constants>,
}

/// The memory that a kernel reads and writes; little endian.
pub(crate) trait Memory {
    /// Reads so many bytes. An error where a device would fault, too.
    fn load(&mut self, address: u64, bytes: usize) -> Result<u64, String>;
    /// Writes so many low bytes.
    fn store(&mut self, address: u64, bytes: usize, value: u64) -> Result<(), String>;
}

struct Instruction {
    /// It is carried out if this register has this value.
    guard: Option<(Register, bool)>,
    operation: Operation,
    text: String,
    /// Whether it was carried out, in any thread of any launch.
    ran: AtomicBool,
}

enum Operation {
    Compute {
        compute: Compute,
        to: Register,
        from: [Operand; 3],
    },
    /// The low and the high half of a register's bits.
    Split {
        bits: u32,
        to: [Option<Register>; 2],
        from: Operand,
    },
    Join {
        bits: u32,
        to: Register,
        from: [Operand; 2],
    },
    Load {
        /// Whether it is of what no kernel writes.
        constant: bool,
        bytes: usize,
        from: Address,
        to: Vec<Register>,
    },
    Store {
        bytes: usize,
        to: Address,
        from: Vec<Operand>,
    },
    Jump(usize),
    Return,
}

struct Address {
    base: Operand,
    offset: i64,
}

/// Where a register stands in the file of all registers of the kernel.
type Register = usize;

#[derive(Clone, Copy)]
enum Operand {
    Register(Register),
    Value(u64),
    Thread,
    Threads,
    Block,
    Blocks,
    Param(usize),
}

impl Module {
    /// Reads a text; an error names the line that is not understood.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        parse::kernels(text).map(|kernels| Self { kernels })
    }

    pub(crate) fn kernel(&self, name: &str) -> Option<&Kernel> {
        self.kernels.get(name)
    }

    /// For each kernel its name, and the instructions that never ran, with their places.
    pub(crate) fn never_ran(&self) -> impl Iterator<Item = (&str, Vec<(usize, &str)>)> {
        self.kernels.iter().map(|(name, Kernel { code, .. })| {
            let instructions = code.iter().enumerate();
            let never =
                instructions.filter(|(_, instruction)| !instruction.ran.load(Ordering::Relaxed));
            let places = never.map(|(place, instruction)| (place, instruction.text.as_str()));
            (name.as_str(), places.collect())
        })
    }
}

impl Kernel {
    /// Runs every thread, one after the other, and returns the number of instructions.
    pub(crate) fn launch(
        &self,
        memory: &mut impl Memory,
        [blocks, threads]: [u32; 2],
        params: &[u64],
    ) -> Result<u64, String> {
        if params.len() != self.params.len() {
            return Err(format!("{} parameters of {}", params.len(), self.params.len()));
        }
        let mut steps = 0;
        for block in 0..blocks {
            for thread in 0..threads {
                // No value that a register might have by itself.
                let registers = vec![0xDEAD_BEEF_DEAD_BEEF; self.registers];
                let place = Place { thread, threads, block, blocks };
                let thread = Thread { registers, place, params, constants: &self.constants };
                steps += thread.run(&self.code, memory)?;
            }
        }
        Ok(steps)
    }
}

#[derive(Clone, Copy)]
struct Place {
    thread: u32,
    threads: u32,
    block: u32,
    blocks: u32,
}

struct Thread<'a> {
    registers: Vec<u64>,
    place: Place,
    params: &'a [u64],
    constants: &'a Constants,
}

impl Thread<'_> {
    fn run(mut self, code: &[Instruction], memory: &mut impl Memory) -> Result<u64, String> {
        let (mut next, mut steps) = (0, 0);
        loop {
            let instruction = code.get(next).ok_or("the code has no end")?;
            next += 1;
            steps += 1;
            if let Some((register, wanted)) = instruction.guard
                && (self.registers[register] != 0) != wanted
            {
                continue;
            }
            instruction.ran.store(true, Ordering::Relaxed);
            match &instruction.operation {
                Operation::Compute { compute, to, from: [a, b, c] } => {
                    self.registers[*to] = compute(self.value(*a), self.value(*b), self.value(*c));
                }
                Operation::Split { bits, to, from } => {
                    let value = self.value(*from);
                    let low = value & ((1 << bits) - 1);
                    for (to, half) in to.iter().zip([low, value >> bits]) {
                        if let Some(to) = to {
                            self.registers[*to] = half;
                        }
                    }
                }
                Operation::Join { bits, to, from: [low, high] } => {
                    let low = self.value(*low) & ((1 << bits) - 1);
                    self.registers[*to] = low | self.value(*high) << bits;
                }
                Operation::Load { constant, bytes, from, to } => {
                    let address = self.address(from, bytes * to.len())?;
                    for (i, &to) in to.iter().enumerate() {
                        let address = address + (i * bytes) as u64;
                        self.registers[to] = if *constant {
                            self.constants.load(address, *bytes)?
                        } else {
                            memory.load(address, *bytes)?
                        };
                    }
                }
                Operation::Store { bytes, to, from } => {
                    let address = self.address(to, bytes * from.len())?;
                    for (i, &from) in from.iter().enumerate() {
                        let value = self.value(from);
                        memory.store(address + (i * bytes) as u64, *bytes, value)?;
                    }
                }
                Operation::Jump(to) => next = *to,
                Operation::Return => return Ok(steps),
            }
        }
    }

    fn value(&self, operand: Operand) -> u64 {
        match operand {
            Operand::Register(register) => self.registers[register],
            Operand::Value(value) => value,
            Operand::Thread => self.place.thread.into(),
            Operand::Threads => self.place.threads.into(),
            Operand::Block => self.place.block.into(),
            Operand::Blocks => self.place.blocks.into(),
            Operand::Param(index) => self.params[index],
        }
    }

    /// An access must be aligned to all of its bytes.
    fn address(&self, address: &Address, bytes: usize) -> Result<u64, String> {
        let address = self.value(address.base).wrapping_add_signed(address.offset);
        if address.is_multiple_of(bytes as u64) {
            Ok(address)
        } else {
            Err(format!("{bytes} bytes at {address:#x} are not aligned"))
        }
    }
}
