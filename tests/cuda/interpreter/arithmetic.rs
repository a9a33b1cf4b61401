//! Instructions that compute a register from others, by name.

/// Of up to three operands; the other ones are 0. A register narrower than 64 bits stands in the low bits, the others
/// are 0.
pub(super) type Compute = fn(u64, u64, u64) -> u64;

fn single(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

fn bits(x: f32) -> u64 {
    x.to_bits().into()
}

fn low(x: u64) -> u64 {
    x & 0xFFFF_FFFF
}

fn shift(by: u64, width: u32) -> Option<u32> {
    u32::try_from(by).ok().filter(|by| *by < width)
}

fn unsigned(x: u64) -> u32 {
    x as u32
}

fn signed(x: u64) -> i32 {
    x as i32
}

fn signed_64(x: u64) -> i64 {
    x as i64
}

/// Whether two operands, read in some way, are so related.
macro_rules! related {
    ($read:path, $relation:tt) => {
        |a, b, _| u64::from($read(a) $relation $read(b))
    };
}

/// The instruction of this name; `None` if it is not one of those that are known.
pub(super) fn instruction(name: &str) -> Option<Compute> {
    integers(name).or_else(|| numbers(name)).or_else(|| conversions(name))
}

fn integers(name: &str) -> Option<Compute> {
    Some(match name {
        "mov.b32" | "mov.u32" | "ld.param.b32" => |a, _, _| low(a),
        "mov.b64" | "ld.param.b64" => |a, _, _| a,
        // All memory is of one kind.
        "cvta.to.global.u64" | "cvta.global.u64" => |a, _, _| a,
        "and.b32" => |a, b, _| low(a & b),
        "and.b64" | "and.pred" => |a, b, _| a & b,
        "or.b32" => |a, b, _| low(a | b),
        "or.b64" | "or.pred" => |a, b, _| a | b,
        "xor.b32" => |a, b, _| low(a ^ b),
        "xor.b64" | "xor.pred" => |a, b, _| a ^ b,
        "not.b32" => |a, _, _| low(!a),
        "not.b64" => |a, _, _| !a,
        "not.pred" => |a, _, _| a ^ 1,
        "neg.s32" => |a, _, _| low(a.wrapping_neg()),
        "neg.s64" => |a, _, _| a.wrapping_neg(),
        "add.s32" => |a, b, _| low(a.wrapping_add(b)),
        "add.s64" => |a, b, _| a.wrapping_add(b),
        "sub.s32" => |a, b, _| low(a.wrapping_sub(b)),
        "sub.s64" => |a, b, _| a.wrapping_sub(b),
        "mul.lo.s32" => |a, b, _| low(a.wrapping_mul(b)),
        "mul.lo.s64" => |a, b, _| a.wrapping_mul(b),
        "mul.wide.u32" => |a, b, _| low(a) * low(b),
        "mad.lo.s32" => |a, b, c| low(a.wrapping_mul(b).wrapping_add(c)),
        "mad.lo.s64" => |a, b, c| a.wrapping_mul(b).wrapping_add(c),
        "min.u32" => |a, b, _| low(a).min(low(b)),
        "max.u32" => |a, b, _| low(a).max(low(b)),
        "min.u64" => |a, b, _| a.min(b),
        "max.u64" => |a, b, _| a.max(b),
        "shl.b32" => |a, by, _| shift(by, 32).map_or(0, |by| low(a << by)),
        "shl.b64" => |a, by, _| shift(by, 64).map_or(0, |by| a << by),
        "shr.u32" => |a, by, _| shift(by, 32).map_or(0, |by| low(a) >> by),
        "shr.u64" => |a, by, _| shift(by, 64).map_or(0, |by| a >> by),
        "shr.s32" => |a, by, _| ((a as i32) >> by.min(31)) as u32 as u64,
        "shr.s64" => |a, by, _| ((a as i64) >> by.min(63)) as u64,
        "bfe.u32" => |a, from, len| (low(a) >> from) & ((1 << len) - 1),
        "selp.b32" | "selp.f32" => |a, b, p| low(if p != 0 { a } else { b }),
        "selp.b64" | "selp.f64" => |a, b, p| if p != 0 { a } else { b },
        "setp.eq.b32" => related!(unsigned, ==),
        "setp.ne.b32" => related!(unsigned, !=),
        "setp.lt.u32" => related!(unsigned, <),
        "setp.le.u32" => related!(unsigned, <=),
        "setp.gt.u32" => related!(unsigned, >),
        "setp.ge.u32" => related!(unsigned, >=),
        "setp.lt.s32" => related!(signed, <),
        "setp.gt.s32" => related!(signed, >),
        "setp.eq.b64" => related!(u64::from, ==),
        "setp.ne.b64" => related!(u64::from, !=),
        "setp.lt.u64" => related!(u64::from, <),
        "setp.le.u64" => related!(u64::from, <=),
        "setp.gt.u64" => related!(u64::from, >),
        "setp.ge.u64" => related!(u64::from, >=),
        "setp.lt.s64" => related!(signed_64, <),
        "setp.gt.s64" => related!(signed_64, >),
        _ => return None,
    })
}

/// Rounded to nearest even, as Rust does.
fn numbers(name: &str) -> Option<Compute> {
    const SIGN: u64 = 1 << 63;
    Some(match name {
        "add.rn.f32" => |a, b, _| bits(single(a) + single(b)),
        "sub.rn.f32" => |a, b, _| bits(single(a) - single(b)),
        "mul.rn.f32" => |a, b, _| bits(single(a) * single(b)),
        "div.rn.f32" => |a, b, _| bits(single(a) / single(b)),
        "sqrt.rn.f32" => |a, _, _| bits(single(a).sqrt()),
        "neg.f32" => |a, _, _| a ^ 0x8000_0000,
        // Of two zeros the negative one, and of a number and NaN the number.
        "min.f32" => |a, b, _| match single(a) {
            x if x == single(b) => a | b,
            x => bits(x.min(single(b))),
        },
        "setp.lt.f32" => related!(single, <),
        "setp.gt.f32" => related!(single, >),
        // "Or unordered": where one is no number.
        "setp.geu.f32" => |a, b, _| u64::from(single(a) < single(b)) ^ 1,
        "add.rn.f64" => |a, b, _| (f64::from_bits(a) + f64::from_bits(b)).to_bits(),
        "sub.rn.f64" => |a, b, _| (f64::from_bits(a) - f64::from_bits(b)).to_bits(),
        "mul.rn.f64" => |a, b, _| (f64::from_bits(a) * f64::from_bits(b)).to_bits(),
        "div.rn.f64" => |a, b, _| (f64::from_bits(a) / f64::from_bits(b)).to_bits(),
        "sqrt.rn.f64" => |a, _, _| f64::from_bits(a).sqrt().to_bits(),
        "neg.f64" => |a, _, _| a ^ SIGN,
        "setp.lt.f64" => related!(f64::from_bits, <),
        "setp.gt.f64" => related!(f64::from_bits, >),
        "setp.geu.f64" => |a, b, _| u64::from(f64::from_bits(a) < f64::from_bits(b)) ^ 1,
        _ => return None,
    })
}

fn conversions(name: &str) -> Option<Compute> {
    Some(match name {
        "cvt.u64.u32" | "cvt.u32.u64" => |a, _, _| low(a),
        "cvt.u16.u32" | "cvt.u32.u16" => |a, _, _| a & 0xFFFF,
        "cvt.rn.f32.u32" => |a, _, _| bits(a as u32 as f32),
        "cvt.rn.f32.s32" => |a, _, _| bits(a as i32 as f32),
        "cvt.rn.f64.u64" => |a, _, _| (a as f64).to_bits(),
        "cvt.rn.f64.s64" => |a, _, _| (a as i64 as f64).to_bits(),
        "cvt.rn.f16.f32" => |a, _, _| half(single(a)),
        _ => return None,
    })
}

/// The nearest 16-bit number, ties to even, of a number that is not NaN.
fn half(x: f32) -> u64 {
    let sign = u64::from(x.to_bits() >> 31) << 15;
    let magnitude = f64::from(x.abs());
    // The middle between the largest number and what would be the next.
    if magnitude >= 65520.0 {
        return sign | 0x7C00;
    }
    // Numbers below 2⁻¹⁴ have the step of those above.
    let exponent = ((magnitude.to_bits() >> 52) as i32 - 1023).max(-14);
    // 2¹⁰⁻ᵉ, by its bits.
    let per_step = f64::from_bits(((1023 + 10 - exponent) as u64) << 52);
    let steps = (magnitude * per_step).round_ties_even() as u64;
    // The first of 2¹⁰ steps of an exponent carries into it.
    sign | ((exponent + 14) as u64 * 1024 + steps)
}
