//! Compares what a CUDA device writes with the processor, and fills a model of seven billion parameters.
//!
//! `check_cuda check [ELEMENTS]` fills so many elements (2³⁰) with each kernel, on the device and with the processor, and
//! compares every bit: exit code 1 if one differs. `check_cuda model` takes the time of a whole model in bfloat16.
//!
//! `benches/peers/cuda.py` runs both, beside PyTorch and cuRAND.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use weight_init_backends::cuda::{Cuda, DeviceMemory};
use weight_init_backends::{Backend, Job, Rayon};
use weight_init_core::{Fill, Float, Stream, bf16, f16};

/// Elements that are compared at a time.
const CHUNK: usize = 1 << 24;

/// The first elements of fills, and the share of the elements that are filled from there on: first as parameters are
/// filled, then so that no unit of the device's can be stored at once.
const FIRSTS: [(u64, usize); 2] = [(0, 1), (3, 16)];

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(3)
    })
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let check = match args[..] {
        ["check"] => Some(1 << 30),
        ["check", elements] => Some(elements.parse()?),
        ["model"] => None,
        _ => return Err("usage: check_cuda check [ELEMENTS] | model".into()),
    };
    let mut cuda = Cuda::new()?;
    println!("device: {}", cuda.name());
    match check {
        Some(elements) => check_bits(&mut cuda, elements),
        None => model(&mut cuda).map(|()| ExitCode::SUCCESS),
    }
}

fn check_bits(cuda: &mut Cuda, elements: usize) -> Result<ExitCode, Box<dyn Error>> {
    let mut same = true;
    same &= element_type::<f32>(cuda, "f32", elements)?;
    same &= element_type::<f64>(cuda, "f64", elements)?;
    same &= element_type::<f16>(cuda, "f16", elements)?;
    same &= element_type::<bf16>(cuda, "bf16", elements)?;
    println!("{}", if same { "every bit is the same" } else { "DIFFERENT" });
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn element_type<T: Float>(
    cuda: &mut Cuda,
    name: &str,
    elements: usize,
) -> Result<bool, Box<dyn Error>> {
    // The second of each kind is one of its other methods.
    let fills = [
        Fill::<T>::constant(0.1)?,
        Fill::uniform(-0.05, 0.05)?,
        Fill::normal(0.0, 0.02)?,
        Fill::normal(0.0, 1e-5)?,
        Fill::trunc_normal(0.0, 0.02, -0.04, 0.04)?,
        Fill::trunc_normal(0.0, 1.0, -0.1, 0.1)?,
        Fill::trunc_normal(0.0, 1.0, 9.0, 12.0)?,
    ];
    let stream = Stream::new(42, "model.layers.0.mlp.up_proj.weight");
    let mut memory = cuda.allocate::<T>(elements)?;
    let (mut here, mut there) = (vec![T::default(); CHUNK], vec![T::default(); CHUNK]);
    let mut all = true;
    for fill in fills {
        let mut differ = 0_usize;
        for (first, share) in FIRSTS {
            cuda.fill(&fill, stream, first, &mut memory)?;
            let elements = elements / share;
            for from in (0..elements).step_by(CHUNK) {
                let len = CHUNK.min(elements - from);
                cuda.read(&memory, from, &mut there[..len])?;
                Rayon::new().fill(&fill, stream, first + from as u64, &mut here[..len])?;
                let exact = |x: &T| x.to_f64_exact().to_bits();
                let pairs = here[..len].iter().zip(&there[..len]);
                differ += pairs.filter(|(here, there)| exact(here) != exact(there)).count();
            }
        }
        println!("{:<13}{name:<5}{elements:>12} elements, {differ} differ", fill.name());
        all &= differ == 0;
    }
    Ok(all)
}

/// Name, elements and fill.
type Parameter = (String, usize, Fill<bf16>);

/// The parameters of a language model: 32 layers of width 4096.
fn parameters() -> Result<Vec<Parameter>, Box<dyn Error>> {
    const WIDTH: usize = 4096;
    const INNER: usize = 11_008;
    const VOCABULARY: usize = 32_000;
    let (normal, ones) = (Fill::normal(0.0, 0.02)?, Fill::constant(1.0)?);
    let mut all = vec![("model.embed_tokens.weight".to_owned(), VOCABULARY * WIDTH, normal)];
    for layer in 0..32 {
        let mut add = |name: &str, len, fill| {
            all.push((format!("model.layers.{layer}.{name}.weight"), len, fill));
        };
        for name in ["q_proj", "k_proj", "v_proj", "o_proj"] {
            add(&format!("self_attn.{name}"), WIDTH * WIDTH, normal);
        }
        for name in ["gate_proj", "up_proj", "down_proj"] {
            add(&format!("mlp.{name}"), WIDTH * INNER, normal);
        }
        for name in ["input_layernorm", "post_attention_layernorm"] {
            add(name, WIDTH, ones);
        }
    }
    all.push(("model.norm.weight".to_owned(), WIDTH, ones));
    all.push(("lm_head.weight".to_owned(), VOCABULARY * WIDTH, normal));
    Ok(all)
}

fn model(cuda: &mut Cuda) -> Result<(), Box<dyn Error>> {
    let parameters = parameters()?;
    let elements: usize = parameters.iter().map(|(_, len, _)| len).sum();
    let allocated = parameters.iter().map(|(_, len, _)| cuda.allocate(*len));
    let mut memory: Vec<DeviceMemory<bf16>> = allocated.collect::<Result<_, _>>()?;
    println!("{} parameters, {elements} elements, bfloat16", parameters.len());
    for run in ["first, with the compilation of the kernels", "second", "third"] {
        let start = Instant::now();
        let mut jobs: Vec<_> = (parameters.iter().zip(&mut memory))
            .map(|((name, _, fill), out)| Job {
                fill: *fill,
                stream: Stream::new(42, name),
                first: 0,
                out,
            })
            .collect();
        cuda.fill_all(&mut jobs)?;
        let seconds = start.elapsed().as_secs_f64();
        let gigabytes = 2.0 * elements as f64 / 1e9;
        println!("{:.3} ms, {:.1} GB/s: {run}", seconds * 1e3, gigabytes / seconds);
    }
    Ok(())
}
