use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use cust::context::{Context, CurrentContext};
use cust::memory::DeviceBuffer;
use cust::sys;
use weight_init_core::Float;

use super::CudaError;
use super::error::While;

/// Elements in the memory of a device: its own, from [`Cuda::allocate`](super::Cuda::allocate), or those of another
/// owner.
pub struct DeviceMemory<T> {
    address: u64,
    len: usize,
    owned: Option<Owned>,
    elements: PhantomData<T>,
}

/// Memory that is freed with this.
struct Owned {
    buffer: ManuallyDrop<DeviceBuffer<u8>>,
    context: Arc<Context>,
}

impl<T: Float> DeviceMemory<T> {
    /// Memory of another owner: `len` elements from an address in the device's memory on, such as `data_ptr()` of a
    /// PyTorch tensor on it.
    ///
    /// # Safety
    ///
    /// For as long as this lives, and work that was enqueued with it is not done, the elements are there, on the device
    /// whose [`Cuda`](super::Cuda) it is given to, and nothing else uses them, but for what runs after that work on the
    /// same stream.
    #[must_use]
    pub const unsafe fn borrowed(address: u64, len: usize) -> Self {
        Self { address, len, owned: None, elements: PhantomData }
    }

    /// New memory; the context is current.
    pub(super) fn new(context: &Arc<Context>, len: usize) -> Result<Self, CudaError> {
        let bytes =
            len.checked_mul(size_of::<T>()).ok_or(CudaError::OutOfMemory { bytes: usize::MAX })?;
        // SAFETY: its elements are not read before they are written: `Cuda::read` gives numbers whatever the bits.
        let buffer = unsafe { DeviceBuffer::uninitialized(bytes) }.to_reserve(bytes)?;
        let address = buffer.as_device_ptr().as_raw();
        let owned = Owned { buffer: ManuallyDrop::new(buffer), context: Arc::clone(context) };
        Ok(Self { address, len, owned: Some(owned), elements: PhantomData })
    }
}

impl<T> DeviceMemory<T> {
    /// Refuses memory of another device than this one, of whatever owner, which a kernel could not reach. A context must be
    /// current.
    pub(super) fn check_on(&self, device: u32) -> Result<(), CudaError> {
        if self.is_empty() {
            return Ok(());
        }
        let mut ordinal = -1_i32;
        let attribute = sys::CUpointer_attribute::CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL;
        // SAFETY: the pointer is to a place for the number; the address is not used as memory.
        let known = unsafe {
            sys::cuPointerGetAttribute((&raw mut ordinal).cast(), attribute, self.address)
        };
        // Memory that the driver does not know is the caller's responsibility.
        match u32::try_from(ordinal) {
            Ok(memory) if known == sys::CUresult::CUDA_SUCCESS && memory != device => {
                Err(CudaError::OtherDevice { memory, device })
            }
            _ => Ok(()),
        }
    }

    /// Where it is in the device's memory.
    #[must_use]
    pub const fn address(&self) -> u64 {
        self.address
    }

    /// Elements.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<T> fmt::Debug for DeviceMemory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceMemory")
            .field("address", &self.address)
            .field("len", &self.len)
            .field("owned", &self.owned.is_some())
            .finish()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // Another thread's, or another library's, may be current here. Without a context nothing can be freed, and the
        // driver has freed it already.
        if CurrentContext::set_current(&*self.context).is_ok() {
            // SAFETY: it is not used after this.
            unsafe { ManuallyDrop::drop(&mut self.buffer) };
        }
    }
}
