//! The results that are compared between firmware and host.

use core::hint::black_box;

use weight_init_backends::embedded::{init_weights, initialize};
use weight_init_core::in_place::{InitWeightsError, KaimingNormal};
use weight_init_core::{bf16, f16};

use crate::blob::{BLOB, BlobError, decode};
use crate::digest::Element;
use crate::net::{Bare, KeywordNet, SEED};
use crate::probe;

/// Receives the parts of a digest's name, and the digest.
pub type See<'s> = &'s mut dyn FnMut([&str; 3], u64);

/// Why there is no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportError {
    /// A network or a layer could not be initialized.
    Init(InitWeightsError),
    /// The bytes could not be decoded.
    Blob(BlobError),
}

impl From<InitWeightsError> for ReportError {
    fn from(error: InitWeightsError) -> Self {
        Self::Init(error)
    }
}

/// Every digest: the network from its table and from bytes, and one layer under every initializer and element type.
///
/// # Errors
///
/// See [`ReportError`].
pub fn digests(see: See<'_>) -> Result<(), ReportError> {
    table::<f32>(see)?;
    table::<f16>(see)?;
    bytes(see)?;
    probes::<f32>(see)?;
    probes::<f16>(see)?;
    probes::<bf16>(see)?;
    probes::<f64>(see)
}

#[inline(never)]
fn table<T: Element>(see: See<'_>) -> Result<(), ReportError> {
    let mut net = KeywordNet::<T>::ZERO;
    init_weights::<(KaimingNormal,)>(&mut net, SEED)?;
    net.digests(&mut |name, digest| see(["table", name, T::NAME], digest));
    Ok(())
}

#[inline(never)]
fn bytes(see: See<'_>) -> Result<(), ReportError> {
    let mut net = KeywordNet::<f32, Bare>::BARE;
    let init_cfg = decode(black_box(BLOB)).map_err(ReportError::Blob)?;
    initialize::<(KaimingNormal,)>(&mut net, &init_cfg, SEED)?;
    net.digests(&mut |name, digest| see(["bytes", name, f32::NAME], digest));
    Ok(())
}

#[inline(never)]
fn probes<T: Element>(see: See<'_>) -> Result<(), ReportError> {
    for (name, init) in probe::CASES {
        see(["probe", name, T::NAME], probe::run::<T>(*init)?);
    }
    Ok(())
}
