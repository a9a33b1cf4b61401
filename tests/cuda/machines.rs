//! Machines that a backend cannot use, or not in every way: each answers what is wrong with it.

use std::ptr;

use weight_init_backends::cuda::{Cuda, CudaError, DeviceMemory, Staged};
use weight_init_backends::{Backend, Job};
use weight_init_core::{Fill, Stream};

fn refused<T>(result: Result<T, CudaError>) -> CudaError {
    match result {
        Ok(_) => panic!("not refused"),
        Err(error) => error,
    }
}

#[test]
#[ignore = "run by driver.rs"]
fn without_a_driver() {
    let error = refused(Cuda::new());
    assert!(matches!(error, CudaError::NoDriver { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.starts_with("there is no CUDA driver: ") && text.contains("/nowhere/libcuda.so.1"),
        "{text}"
    );
}

#[test]
#[ignore = "run by driver.rs"]
fn without_a_device() {
    assert_eq!(refused(Cuda::new()), CudaError::NoDevice);
    assert_eq!(CudaError::NoDevice.to_string(), "the CUDA driver has no device");
}

#[test]
#[ignore = "run by driver.rs"]
fn with_an_old_device() {
    assert_eq!(
        refused(Cuda::new()).to_string(),
        "the device mock has compute capability 6.0, and 7.0 is needed"
    );
}

#[test]
#[ignore = "run by driver.rs"]
fn with_little_memory() {
    let cuda = Cuda::new().unwrap();
    assert_eq!(cuda.allocate::<f32>(100_000).unwrap().len(), 100_000);
    assert_eq!(refused(cuda.allocate::<f32>(300_000)), CudaError::OutOfMemory { bytes: 1_200_000 });
    assert_eq!(
        refused(cuda.allocate::<f64>(usize::MAX)).to_string(),
        format!("the device has no memory left for {} bytes", usize::MAX)
    );
    // Freed memory can be allocated again; stages need more than there is.
    assert_eq!(cuda.allocate::<f32>(200_000).unwrap().len(), 200_000);
    assert!(matches!(refused(Staged::new(cuda)), CudaError::OutOfMemory { .. }));
}

#[test]
#[ignore = "run by driver.rs"]
fn with_two_devices() {
    let [mut first, second] = [0, 1].map(|ordinal| Cuda::with_device(ordinal).unwrap());
    assert_eq!(refused(Cuda::with_device(2)), CudaError::NoSuchDevice { ordinal: 2, devices: 2 });
    let fill = Fill::normal(0.0, 1.0).unwrap();
    let other = CudaError::OtherDevice { memory: 1, device: 0 };
    let mut owned = second.allocate::<f32>(100).unwrap();
    // SAFETY: it lies within the memory.
    let mut lent = unsafe { DeviceMemory::<f32>::borrowed(owned.address() + 40, 10) };
    for memory in [&mut owned, &mut lent] {
        assert_eq!(refused(first.fill(&fill, Stream::new(1, "w"), 0, memory)), other);
        assert_eq!(refused(first.read(memory, 0, &mut [0.0])), other);
    }
    assert_eq!(other.to_string(), "the memory is on CUDA device 1, and device 0 is to use it");
    // Another handle of the same device is no other device.
    let mut own = Cuda::new().unwrap().allocate::<f32>(100).unwrap();
    first.fill(&fill, Stream::new(1, "w"), 0, &mut own).unwrap();
}

/// Tables of more launches than can be under way at once: none is written over before it was read.
#[test]
#[ignore = "run by driver.rs"]
fn whose_events_cannot_be_recorded() {
    let mut cuda = Cuda::new().unwrap();
    let fill = Fill::normal(0.0, 1.0).unwrap();
    let names: Vec<_> = (0..20).map(|number| format!("w{number}")).collect();
    let mut memories: Vec<_> = names.iter().map(|_| cuda.allocate::<f32>(50).unwrap()).collect();
    for (name, memory) in names.iter().zip(&mut memories) {
        let mut jobs = [Job { fill, stream: Stream::new(1, name), first: 0, out: memory }];
        // SAFETY: the memory is there, and nothing uses it before `read` has waited.
        unsafe { cuda.enqueue(ptr::null_mut(), &mut jobs) }.unwrap();
    }
    for (name, memory) in names.iter().zip(&memories) {
        let (mut found, mut expected) = ([0.0; 50], [0.0; 50]);
        cuda.read(memory, 0, &mut found).unwrap();
        fill.write(Stream::new(1, name), 0, &mut expected);
        assert!(found == expected, "{name}");
    }
}
