use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::c_void;
use std::slice;
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;

use cust::context::{Context, CurrentContext};
use cust::device::{Device, DeviceAttribute};
use cust::module::Module;
use cust::stream::{Stream as CudaStream, StreamFlags};
use cust::{CudaFlags, sys};
use weight_init_core::{Fill, Float, Stream};

use super::error::{While, answer};
use super::event::Event;
use super::launch::{Launch, THREADS, Target, launches};
use super::table::Tables;
use super::{CudaError, DeviceMemory, image, shim};
use crate::{Backend, Job};

/// The least compute capability that the kernels' PTX is for.
const CAPABILITY: (i32, i32) = (7, 0);

/// A CUDA device that fills its own memory.
///
/// It shares the device's primary context with PyTorch and others, and makes it current on the threads that use this.
///
/// ```no_run
/// use weight_init_backends::{Backend, Cuda};
/// use weight_init_core::{Fill, Stream};
///
/// let mut cuda = Cuda::new()?;
/// let mut weights = cuda.allocate::<f32>(1 << 20)?;
/// cuda.fill(&Fill::normal(0.0, 0.02)?, Stream::new(42, "fc.weight"), 0, &mut weights)?;
/// let mut copy = vec![0.0; 1 << 20];
/// cuda.read(&weights, 0, &mut copy)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Cuda {
    // Before the context: fields are dropped in this order.
    tables: Tables,
    modules: BTreeMap<String, Module>,
    stream: CudaStream,
    context: Arc<Context>,
    ordinal: u32,
    name: String,
    multiprocessors: u32,
}

impl Cuda {
    /// The first device.
    ///
    /// # Errors
    ///
    /// [`CudaError::NoDriver`], [`CudaError::NoDevice`], [`CudaError::DeviceTooOld`]; [`CudaError::Driver`].
    pub fn new() -> Result<Self, CudaError> {
        Self::with_device(0)
    }

    /// The device of this number, as the driver counts.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); [`CudaError::NoSuchDevice`].
    pub fn with_device(ordinal: u32) -> Result<Self, CudaError> {
        shim::driver().map_err(|reason| CudaError::NoDriver { reason })?;
        match cust::init(CudaFlags::empty()) {
            Err(cust::error::CudaError::NoDevice) => return Err(CudaError::NoDevice),
            initialized => initialized.to("start")?,
        }
        let devices = Device::num_devices().to("count its devices")?;
        if devices == 0 {
            return Err(CudaError::NoDevice);
        }
        if ordinal >= devices {
            return Err(CudaError::NoSuchDevice { ordinal, devices });
        }
        let device = Device::get_device(ordinal).to("open the device")?;
        let name = device.name().to("tell the device's name")?;
        let attribute = |attribute| device.get_attribute(attribute).to("describe the device");
        let capability = (
            attribute(DeviceAttribute::ComputeCapabilityMajor)?,
            attribute(DeviceAttribute::ComputeCapabilityMinor)?,
        );
        if capability < CAPABILITY {
            return Err(CudaError::DeviceTooOld { name, capability });
        }
        let multiprocessors = attribute(DeviceAttribute::MultiprocessorCount)?;
        let context = Arc::new(Context::new(device).to("open a context")?);
        CurrentContext::set_current(&*context).to("make its context current")?;
        let stream = CudaStream::new(StreamFlags::DEFAULT, None).to("open a stream")?;
        Ok(Self {
            tables: Tables::default(),
            modules: BTreeMap::new(),
            stream,
            context,
            ordinal,
            name,
            multiprocessors: u32::try_from(multiprocessors).unwrap_or(1),
        })
    }

    /// The device's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Memory for so many elements, of any values.
    ///
    /// # Errors
    ///
    /// [`CudaError::OutOfMemory`]; [`CudaError::Driver`].
    pub fn allocate<T: Float>(&self, len: usize) -> Result<DeviceMemory<T>, CudaError> {
        self.make_current()?;
        DeviceMemory::new(&self.context, len)
    }

    /// Copies elements from number `first` of the memory on, when all work of the device is done that was enqueued before, on
    /// any stream.
    ///
    /// # Errors
    ///
    /// [`CudaError::OutOfRange`]; [`CudaError::OtherDevice`]; [`CudaError::Driver`], also for work that failed.
    pub fn read<T: Float>(
        &self,
        memory: &DeviceMemory<T>,
        first: usize,
        out: &mut [T],
    ) -> Result<(), CudaError> {
        let (len, of) = (out.len(), memory.len());
        if first.checked_add(len).is_none_or(|end| end > of) {
            return Err(CudaError::OutOfRange { first, len, of });
        }
        if len == 0 {
            return Ok(());
        }
        self.make_current()?;
        memory.check_on(self.ordinal)?;
        CurrentContext::synchronize().to("carry out its work")?;
        let from = memory.address() + (first * size_of::<T>()) as u64;
        // SAFETY: the range is within the memory, `out` is as long, and any bits are a number.
        let copied =
            unsafe { sys::cuMemcpyDtoH_v2(out.as_mut_ptr().cast(), from, size_of_val(out)) };
        answer(copied, "copy from the device")
    }

    /// Orders fills of a stream of the caller's and returns before they are done: whatever runs on that stream
    /// afterwards finds them done.
    ///
    /// The stream is a handle of the driver (`CUstream`), such as `torch.cuda.current_stream().cuda_stream`; null is the
    /// default stream. It must not be capturing a graph. A few calls may be under way at once; one more waits for the
    /// first of them.
    ///
    /// # Errors
    ///
    /// As [`Backend::fill`]; [`CudaError::OtherDevice`], before anything is enqueued. An error of the work itself shows in
    /// a later call.
    ///
    /// # Safety
    ///
    /// The stream belongs to the primary context of this device. Until the work is done, the memory is there, and
    /// nothing uses it but what runs after it on the same stream.
    pub unsafe fn enqueue<T: Float>(
        &mut self,
        stream: *mut c_void,
        jobs: &mut [Job<'_, T, DeviceMemory<T>>],
    ) -> Result<(), CudaError> {
        let target = |job: &Job<'_, T, DeviceMemory<T>>| Target {
            fill: job.fill,
            stream: job.stream,
            first: job.first,
            address: job.out.address(),
            len: job.out.len(),
        };
        self.make_current()?;
        jobs.iter().try_for_each(|job| job.out.check_on(self.ordinal))?;
        let targets: Vec<_> = jobs.iter().map(target).collect();
        // SAFETY: as above.
        unsafe { self.launch(stream.cast(), &targets) }
    }

    /// Waits until the work of this device's own stream is done.
    ///
    /// # Errors
    ///
    /// [`CudaError::Driver`] for work that failed.
    pub(super) fn wait(&self) -> Result<(), CudaError> {
        self.stream.synchronize().to("carry out its work")
    }

    /// The stream of its own.
    pub(super) fn stream(&self) -> sys::CUstream {
        self.stream.as_inner()
    }

    pub(super) fn make_current(&self) -> Result<(), CudaError> {
        CurrentContext::set_current(&*self.context).to("make its context current")
    }

    /// Orders fills of a stream.
    ///
    /// # Safety
    ///
    /// As for [`enqueue`](Self::enqueue).
    pub(super) unsafe fn launch<T: Float>(
        &mut self,
        stream: sys::CUstream,
        targets: &[Target<T>],
    ) -> Result<(), CudaError> {
        self.make_current()?;
        launches(targets, self.multiprocessors, &mut |launch| {
            // SAFETY: as above.
            unsafe { self.order(stream, launch) }
        })
    }

    /// Orders one launch of a stream.
    ///
    /// # Safety
    ///
    /// As for [`enqueue`](Self::enqueue).
    unsafe fn order(
        &mut self,
        stream: sys::CUstream,
        launch: &Launch<'_>,
    ) -> Result<(), CudaError> {
        let Self { tables, modules, multiprocessors, .. } = self;
        let function =
            module(modules, launch)?.get_function(&launch.kernel).to("find a kernel")?.to_raw();
        // One block per tile up to a limit; beyond it blocks loop over tiles with the grid as stride.
        let blocks = launch.tiles.min(*multiprocessors * BLOCKS_OF_MULTIPROCESSOR);
        let order = |mut table: u64| {
            let mut base = launch.base;
            let (mut count, mut tiles, mut units) = (launch.segments, launch.tiles, launch.units);
            let mut params: [*mut c_void; 5] = [
                (&raw mut base).cast(),
                (&raw mut table).cast(),
                (&raw mut count).cast(),
                (&raw mut tiles).cast(),
                (&raw mut units).cast(),
            ];
            // SAFETY: these are the kernel's parameters; its table comes before it on the stream, and says of the targets
            // that the caller promises what may be written.
            let launched = unsafe {
                sys::cuLaunchKernel(
                    function,
                    blocks,
                    1,
                    1,
                    THREADS,
                    1,
                    1,
                    0,
                    stream,
                    params.as_mut_ptr(),
                    std::ptr::null_mut(),
                )
            };
            answer(launched, "launch a kernel")
        };
        // SAFETY: as the caller promises; one stream has both.
        unsafe { tables.with(launch.table, stream, order) }
    }

    /// Seconds that the device takes for fills, and for setting the same memory byte by byte: what no fill can beat.
    ///
    /// # Errors
    ///
    /// As [`Backend::fill`].
    #[doc(hidden)]
    pub fn seconds<T: Float>(
        &mut self,
        fill: &Fill<T>,
        stream: Stream,
        out: &mut DeviceMemory<T>,
    ) -> Result<[f64; 2], CudaError> {
        self.make_current()?;
        let [start, filled, set] = [Event::new()?, Event::new()?, Event::new()?];
        let own = self.stream();
        let words = out.len() * size_of::<T>() / 4;
        let address = out.address();
        let mut job = Job { fill: *fill, stream, first: 0, out };
        // The kernel is there, and the table has its memory.
        // SAFETY: the memory is borrowed until the end of this function, which waits.
        unsafe { self.enqueue(own.cast(), slice::from_mut(&mut job)) }?;
        self.wait()?;
        // SAFETY: the stream is this one's.
        unsafe { start.record(own) }?;
        // SAFETY: as above.
        unsafe { self.enqueue(own.cast(), slice::from_mut(&mut job)) }?;
        // SAFETY: as above.
        unsafe { filled.record(own) }?;
        // SAFETY: the memory has so many words.
        answer(unsafe { sys::cuMemsetD32Async(address, 0x3F00_3F00, words, own) }, "set memory")?;
        // SAFETY: as above.
        unsafe { set.record(own) }?;
        self.wait()?;
        Ok([f64::from(filled.since(&start)?) / 1e3, f64::from(set.since(&filled)?) / 1e3])
    }
}

/// Blocks of a launch for each multiprocessor, at most.
const BLOCKS_OF_MULTIPROCESSOR: u32 = 1 << 10;

/// The module of a launch's kernel, loaded when first needed.
fn module<'m>(
    modules: &'m mut BTreeMap<String, Module>,
    launch: &Launch<'_>,
) -> Result<&'m Module, CudaError> {
    match modules.entry(launch.kernel.clone()) {
        Entry::Occupied(module) => Ok(module.into_mut()),
        Entry::Vacant(place) => {
            let image =
                image::image(&launch.kernel).ok_or(CudaError::Unsupported { fill: launch.kind })?;
            Ok(place.insert(Module::from_ptx(image, &[]).to("load a kernel")?))
        }
    }
}

impl<T: Float> Backend<T> for Cuda {
    type Memory = DeviceMemory<T>;
    type Error = CudaError;

    fn fill(
        &mut self,
        fill: &Fill<T>,
        stream: Stream,
        first: u64,
        out: &mut DeviceMemory<T>,
    ) -> Result<(), CudaError> {
        let mut job = Job { fill: *fill, stream, first, out };
        self.fill_all(slice::from_mut(&mut job))
    }

    fn fill_all(&mut self, jobs: &mut [Job<'_, T, DeviceMemory<T>>]) -> Result<(), CudaError> {
        let own = self.stream();
        // SAFETY: the stream is this device's, and the memory is borrowed until the end of this function, which waits.
        let ordered = unsafe { self.enqueue(own.cast(), jobs) };
        // Even if an enqueue failed: the work that was enqueued must not outlive the borrow.
        self.wait().and(ordered)
    }
}

impl Drop for Cuda {
    fn drop(&mut self) {
        // Its tables may be read by work on other streams. If that failed, nothing reads them any more.
        let _ = self.make_current().and_then(|()| self.tables.wait());
    }
}
