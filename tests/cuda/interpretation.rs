//! The interpreter itself: it rounds as devices do, and refuses what they would.

use half::f16;

use crate::interpreter::{Memory, Module};

/// Bytes from address 0 on.
struct Bytes([u8; 64]);

impl Memory for Bytes {
    fn load(&mut self, address: u64, bytes: usize) -> Result<u64, String> {
        let at = address as usize;
        let found = self.0.get(at..at + bytes).ok_or("beyond the end")?;
        Ok(found.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn store(&mut self, address: u64, bytes: usize, value: u64) -> Result<(), String> {
        let at = address as usize;
        let out = self.0.get_mut(at..at + bytes).ok_or("beyond the end")?;
        out.copy_from_slice(&value.to_le_bytes()[..bytes]);
        Ok(())
    }
}

/// Runs lines of a kernel with the parameters `a` and `b`, in one thread.
fn run(lines: &str, params: [u64; 2]) -> Result<[u8; 64], String> {
    let head = ".visible .entry k(\n\t.param .u64 a,\n\t.param .u64 b\n)";
    let load = "ld.param.b64 \t%rd1, [a];\n\tld.param.b64 \t%rd2, [b];";
    let array = ".global .align 1 .b8 odd[1] = {9};\n.global .align 16 .b8 table[8] = {1, 0, 0, 0, 2, 0, 0, 0};";
    let module = Module::parse(&format!("{array}\n{head}\n{{\n\t{load}\n{lines}\n\tret;\n}}\n"))?;
    let mut memory = Bytes([0; 64]);
    let kernel = module.kernel("k").ok_or("no kernel")?;
    kernel.launch(&mut memory, [1, 1], &params)?;
    Ok(memory.0)
}

#[test]
fn half_precision_is_rounded_once_to_nearest_even() {
    let lines =
        "cvt.u32.u64 \t%r1, %rd1;\n\tcvt.rn.f16.f32 \t%rs1, %r1;\n\tst.global.b16 \t[%rd2], %rs1;";
    // Every middle between two numbers, and the numbers next to it; infinity; subnormal numbers.
    for bits in (0..0x7C00_u16).step_by(7) {
        let middle =
            f32::midpoint(f16::from_bits(bits).to_f32(), f16::from_bits(bits + 1).to_f32());
        let middle = if middle.is_infinite() { 65520.0 } else { middle };
        for x in [middle.next_down(), middle, middle.next_up()] {
            for x in [x, -x] {
                let found = run(lines, [x.to_bits().into(), 8]).unwrap();
                assert_eq!(found[8..10], f16::from_f32_const(x).to_le_bytes(), "{x:e}");
            }
        }
    }
}

#[test]
fn vectors_are_stored_in_order_and_loaded_again() {
    let lines = "\
        mov.b64 \t{%r1, %r2}, %rd1;
        st.global.v4.b32 \t[%rd2], {%r1, %r2, 7, %r1};
        ld.global.v2.b32 \t{%r3, %r4}, [%rd2+8];
        { .reg .b32 tmp; mov.b64 {tmp, %r5}, %rd1; }
        add.s32 \t%r6, %r3, %r5;
        setp.eq.b32 \t%p1, %r3, 7;
        @%p1 bra \t$L1;
        st.global.b32 \t[%rd2+16], %r4;
    $L1:
        @!%p1 st.global.b32 \t[%rd2+16], %r4;
        @%p1 st.global.b32 \t[%rd2+20], %r6;";
    let found = run(lines, [0x0000_0002_0000_0001, 16]).unwrap();
    let words: Vec<_> = found[16..40].chunks(4).map(|word| word[0]).collect();
    assert_eq!(words, [1, 2, 7, 1, 0, 9]);
}

#[test]
fn arrays_of_the_text_are_read_and_nothing_else_is_constant() {
    let lines = "\
        mov.b64 \t%rd3, table;
        ld.global.nc.v2.b32 \t{%r1, %r2}, [%rd3];
        st.global.v2.b32 \t[%rd2], {%r2, %r1};";
    let found = run(lines, [0, 8]).unwrap();
    assert_eq!(found[8..16], [2, 0, 0, 0, 1, 0, 0, 0]);
    let beyond = run("mov.b64 \t%rd3, table;\n\tld.global.nc.b64 \t%rd4, [%rd3+8];", [0, 0]);
    assert_eq!(beyond.unwrap_err(), "reads 8 bytes at 0x8000000000000018, which are of no array");
    let elsewhere = run("ld.global.nc.b64 \t%rd4, [%rd2];", [0, 0]);
    assert_eq!(elsewhere.unwrap_err(), "reads 8 bytes at 0x0, which are of no array");
    let written = run("mov.b64 \t%rd3, table;\n\tst.global.b64 \t[%rd3], %rd1;", [0, 0]);
    assert_eq!(written.unwrap_err(), "beyond the end");
}

#[test]
fn what_a_device_would_not_do_is_refused() {
    let store = "st.global.v2.b32 \t[%rd2], {1, 2};";
    assert!(run(store, [0, 8]).is_ok());
    assert_eq!(run(store, [0, 4]).unwrap_err(), "8 bytes at 0x4 are not aligned");
    assert_eq!(run(store, [0, 64]).unwrap_err(), "beyond the end");
    for unknown in
        ["fma.rn.f32 \t%r1, %r2, %r3, %r4;", "bra \t$L9;", "add.s32 \t%r1, %r2, %r3, %r4, %r5;"]
    {
        assert_eq!(run(unknown, [0, 0]).unwrap_err(), format!("k: unknown instruction: {unknown}"));
    }
}
