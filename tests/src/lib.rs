//! Tests of the whole system: golden cases, properties, bit equality, the command line.
