//! The report as text.

use core::fmt;

use weight_init_firmware_network::{damage, report};

/// Writes a line for each digest, and the outcomes of malformed bytes, as the firmware prints them.
pub(crate) fn write(out: &mut dyn fmt::Write) -> fmt::Result {
    let mut written = Ok(());
    report::digests(&mut |[kind, name, dtype], digest| {
        written = written.and(writeln!(out, "digests {kind}.{name}.{dtype} {digest:016x}"));
    })
    .map_err(|_| fmt::Error)?;
    written?;
    let damage::Counts { refused, other } = damage::sample();
    writeln!(out, "malformed refused {refused:08x}")?;
    writeln!(out, "malformed other {other:08x}")
}
