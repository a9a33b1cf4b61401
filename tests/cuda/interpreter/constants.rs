//! Arrays that a text defines beside its kernels: tables that they read.

use std::collections::BTreeMap;

/// The arrays of a text, in an address space's half where no allocation lies.
pub(super) struct Constants {
    places: BTreeMap<String, u64>,
    bytes: Vec<u8>,
}

/// The address of the first byte.
const FIRST: u64 = 1 << 63;

impl Constants {
    /// Reads the definitions of a text: `.global .align 16 .b8 NAME[2] = {129, 25};`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut constants = Self { places: BTreeMap::new(), bytes: Vec::new() };
        for line in text.lines().filter_map(|line| line.strip_prefix(".global ")) {
            constants.define(line).ok_or_else(|| format!("unknown array: {line}"))?;
        }
        Ok(constants)
    }

    fn define(&mut self, line: &str) -> Option<()> {
        let (align, rest) = line.strip_prefix(".align ")?.split_once(" .b8 ")?;
        let (name, rest) = rest.split_once('[')?;
        let (len, members) = rest.split_once("] = {")?;
        let members = members.strip_suffix("};")?.split(", ").map(str::parse);
        let members: Vec<u8> = members.collect::<Result<_, _>>().ok()?;
        if members.len() != len.parse::<usize>().ok()? {
            return None;
        }
        let start = self.bytes.len().next_multiple_of(align.parse::<usize>().ok()?);
        self.bytes.resize(start, 0);
        self.bytes.extend(members);
        self.places.insert(name.to_owned(), FIRST + start as u64);
        Some(())
    }

    pub(super) fn address(&self, name: &str) -> Option<u64> {
        self.places.get(name).copied()
    }

    /// Reads so many bytes.
    pub(super) fn load(&self, address: u64, bytes: usize) -> Result<u64, String> {
        let found = address.checked_sub(FIRST).and_then(|start| {
            let start = usize::try_from(start).ok()?;
            self.bytes.get(start..start.checked_add(bytes)?)
        });
        let found = found
            .ok_or_else(|| format!("reads {bytes} bytes at {address:#x}, which are of no array"))?;
        Ok(found.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }
}
