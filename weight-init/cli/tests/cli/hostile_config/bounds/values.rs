//! Values that stand inside each other, or in many places.

use super::{bounded, refused};

#[test]
fn recursion_over_values_ends() {
    refused("b = _base_\nb['a'] = b\nn = {}\nn['a'] = n\nb.update(n)", "nested deeper");
    refused("b = _base_\nb['a'] = b\nn = {}\nn['a'] = n\nb.merge(n)", "nested deeper");
    for use_of in [
        "a == b",
        "a < b",
        "repr(a)",
        "str(a)",
        "f'{a}'",
        "'%s' % (a,)",
        "'{}'.format(a)",
        "import copy\ncopy.deepcopy(a)",
        "_base_['x'] = a",
        "_base_.setdefault('x', a)",
        "_base_.update(x=a)",
        "{'x': a} == {'x': b}",
        "a in [b]",
        "[b].count(a)",
        "sorted([a, b])",
        "max(a, b)",
        "x = a",
    ] {
        let last = use_of.lines().last().unwrap_or_default();
        let import = use_of.strip_suffix(last).unwrap_or_default();
        for (one, other) in
            [("[]\na.append(a)", "[]\nb.append(b)"), ("[1]\na[0] = a", "[1]\nb[:] = [b]")]
        {
            refused(&format!("{import}a = {one}\nb = {other}\n{last}"), "nested deeper");
        }
    }
    // Each alias adds the levels of all before it.
    let levels: String = (1..50)
        .map(|i| format!("a{i}: &a{i} {}*a{}{}\n", "[".repeat(200), i - 1, "]".repeat(200)))
        .collect();
    let answer = bounded("bad.yaml", format!("a0: &a0 [0]\n{levels}"));
    answer.refused(2, &["bad.yaml:3", "nested deeper"]);
    let deep = "a = 0\nfor _ in range(300): a = (a,)\n";
    for last in ["x = a", "{a: 1}", "x = {a}", "hash = a in {}", "x = repr(a)", "x = a == (a,)"] {
        refused(&format!("{deep}{last}"), "nested deeper");
    }
}

#[test]
fn tuples_as_keys() {
    let shared = "t = (0,)*1000\nt = (t,)*1000\nt = (t,)*1000\n";
    for last in ["d = {t: 1}", "s = {t}", "t in {}", "{}.get(t)", "{}.pop(t, 0)", "dict([(t, 1)])"]
    {
        bounded("bad.py", format!("{shared}{last}"));
    }
    bounded("bad.py", "t = 0\nfor _ in range(8): t = (t, t) * 50\nd = {t: 1}");
    // A key that is dear to hash is dear each time.
    refused("t = (0,)*1000\nt = (t,)*100\nd = {t: 1}\nwhile True: d[t]", "steps");
    refused("t = (0,)*1000\nt = (t,)*100\nd = {t: 1}\nwhile True: d == {t: 1}", "");
}

#[test]
fn aliases_of_what_is_long() {
    let long = "x".repeat(1_000_000);
    let aliases = "*a, ".repeat(20_000);
    bounded("bad.yaml", format!("a: &a {long}\nb: [{aliases}]")).refused(2, &["repeat more than"]);
    let keys = "{*a : 1}, ".repeat(20_000);
    bounded("bad.yaml", format!("a: &a {long}\nb: [{keys}]")).refused(2, &["repeat more than"]);
    let merged = "- {<<: *a}\n".repeat(5_000);
    let many: String = (0..20_000).map(|i| format!("k{i}: 0, ")).collect();
    bounded("bad.yaml", format!("- &a {{{many}}}\n{merged}")).refused(2, &["repeat more than"]);
    let nested: String = (0..250).map(|i| format!("&a{i} [")).collect();
    bounded("bad.yaml", format!("{nested}{long}{}", "]".repeat(250)));
}
