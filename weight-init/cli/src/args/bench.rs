use clap::Args;
use weight_init::run::BackendKind;

use super::Format;
use super::parsers::backend_parser;

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Elements of each fill
    #[arg(long, value_name = "N", default_value_t = 1 << 24, value_parser = clap::value_parser!(u64).range(1..=1 << 32))]
    pub(crate) elements: u64,
    /// What fills
    ///
    /// auto: every backend of the processor; cuda: the device's own memory, beside setting it there
    #[arg(long, default_value = "auto", value_parser = backend_parser())]
    pub(crate) backend: BackendKind,
    /// How to print; JSON: one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
