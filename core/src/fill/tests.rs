use super::*;

#[test]
fn sane() {
    let stream = Stream::new(1, "x");
    for (name, fill) in [
        ("uniform", Fill::<f32>::uniform(-1.0, 1.0).unwrap()),
        ("normal", Fill::normal(0.0, 1.0).unwrap()),
        ("body", Fill::trunc_normal(0.0, 1.0, -2.0, 2.0).unwrap()),
        ("wide", Fill::trunc_normal(0.0, 0.02, -2.0, 2.0).unwrap()),
        ("narrow", Fill::trunc_normal(0.0, 1.0, -0.1, 0.1).unwrap()),
        ("tail", Fill::trunc_normal(10.0, 1.0, -2.0, 2.0).unwrap()),
        ("far", Fill::trunc_normal(600.0, 1.0, -2.0, 2.0).unwrap()),
        ("up", Fill::trunc_normal(-100.0, 1.0, -2.0, 2.0).unwrap()),
    ] {
        let mut x = [0f32; 40000];
        fill.write(stream, 0, &mut x);
        let mean = x.iter().map(|x| f64::from(*x)).sum::<f64>() / 4e4;
        let var = x.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / 4e4;
        std::println!("{name} {mean} {} {:?}", var.sqrt(), &x[..5]);
    }
    for (name, fill) in [
        ("uniform", Fill::<f64>::uniform(-1.0, 1.0).unwrap()),
        ("normal", Fill::normal(0.0, 1.0).unwrap()),
        ("body", Fill::trunc_normal(0.0, 1.0, -2.0, 2.0).unwrap()),
        ("wide", Fill::trunc_normal(0.0, 0.02, -2.0, 2.0).unwrap()),
        ("narrow", Fill::trunc_normal(0.0, 1.0, -0.1, 0.1).unwrap()),
        ("tail", Fill::trunc_normal(10.0, 1.0, -2.0, 2.0).unwrap()),
        ("far", Fill::trunc_normal(600.0, 1.0, -2.0, 2.0).unwrap()),
        ("up", Fill::trunc_normal(-100.0, 1.0, -2.0, 2.0).unwrap()),
    ] {
        let mut x = [0f64; 40000];
        fill.write(stream, 0, &mut x);
        let mean = x.iter().sum::<f64>() / 4e4;
        let var = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4e4;
        std::println!("{name} {mean} {} {:?}", var.sqrt(), &x[..5]);
    }
}
