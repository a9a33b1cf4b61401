//! Machines that a backend cannot use: each answers what is wrong with it.

use weight_init_backends::cuda::{Cuda, CudaError, Staged};

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
    // What was freed can be had again; stages need more than there is.
    assert_eq!(cuda.allocate::<f32>(200_000).unwrap().len(), 200_000);
    assert!(matches!(refused(Staged::new(cuda)), CudaError::OutOfMemory { .. }));
}
