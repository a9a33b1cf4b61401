//! The kernels' PTX, one at a time: the driver compiles what it is given, and a program needs few of them.

use std::string::String;

const PTX: &str = include_str!("kernels.ptx");
const ENTRY: &str = ".visible .entry ";

/// The PTX of one kernel alone; `None` if there is none of this name.
pub(super) fn image(kernel: &str) -> Option<String> {
    let mut parts = PTX.split(ENTRY);
    let head = parts.next()?;
    let body =
        parts.find(|body| body.strip_prefix(kernel).is_some_and(|rest| rest.starts_with('(')))?;
    Some([head, ENTRY, body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_holds_one_kernel() {
        let image = image("normal_f32").unwrap();
        assert_eq!(image.matches(ENTRY).count(), 1);
        assert!(image.contains(".target sm_70") && image.contains(".entry normal_f32("));
        assert_eq!(super::image("normal"), None);
    }
}
