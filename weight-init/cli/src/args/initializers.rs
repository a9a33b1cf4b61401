use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct InitializersArgs {
    /// The initializer, as the 'type' of a rule names it
    pub(crate) name: Option<String>,
}
