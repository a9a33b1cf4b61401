//! Plans for people and programs: a table, an explanation of one parameter, JSON.
//!
//! A [`Plan`](crate::plan::Plan) holds decisions; everything here only reads it. [`Plan::table`](crate::plan::Plan::table) and
//! [`Explanation`] are text, and a plan serializes by serde as `weight-init plan --format json` prints it.

pub(crate) mod columns;
mod entries;
mod explain;
mod glance;
mod json;
mod recorded;
mod table;
mod words;

pub use self::explain::{Explanation, Look, LookResult};
pub use self::glance::Glance;
pub(crate) use self::glance::writer_of_pattern;
pub use self::table::Table;
pub use self::words::Words;
