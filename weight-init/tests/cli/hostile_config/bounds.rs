//! The limits of the command on a config: 2 s of a processor for each MB of input, and 64 MiB of memory and 20 times the
//! input. Whatever the config asks for, it is evaluated or refused within them.

use std::fs::{self, File};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::run::{Answer, Folder};

/// Runs `config` on a file whose bases have `more` bytes, and holds it to the limits.
#[track_caller]
fn within(folder: &Folder, name: &str, more: u64) -> Answer {
    let bytes = fs::metadata(folder.path(name)).unwrap().len() + more;
    let memory = (64 << 20) + 20 * bytes;
    let seconds = 2 * bytes.div_ceil(1_000_000).max(1);
    // Beside what it takes, the process reserves 128 MiB for a stack, and as much for the allocator.
    let reserved = memory + (400 << 20);
    let limits =
        format!("ulimit -t {seconds}; ulimit -v {}; exec \"$0\" config \"$1\"", reserved >> 10);
    let (out, err) = (folder.path("stdout"), folder.path("stderr"));
    let mut child = Command::new("sh")
        .args(["-c", &limits, env!("CARGO_BIN_EXE_weight-init"), name])
        .current_dir(folder.path(""))
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        // The high-water mark itself; a process that has ended has none any more.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib =
            line.and_then(|line| line.trim().strip_suffix(" kB")).map(|kib| kib.parse::<u64>());
        peak = peak.max(kib.map_or(0, |kib| 1024 * kib.unwrap()));
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        thread::sleep(Duration::from_millis(1));
    };
    let text = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let answer = Answer { code: ended.code().unwrap_or(-1), stdout: text(out), stderr: text(err) };
    assert!([0, 2].contains(&answer.code), "{name}: {ended}, {}", answer.stderr);
    assert!(peak < memory, "{name}: {} MiB of {}", peak >> 20, memory >> 20);
    answer
}

/// A text that is evaluated or refused within the limits, whichever.
#[track_caller]
fn bounded(name: &str, text: impl AsRef<[u8]>) -> Answer {
    let folder = Folder::new();
    folder.write(name, text);
    within(&folder, name, 0)
}

#[track_caller]
fn refused(text: &str, part: &str) {
    let answer = bounded("bad.py", text);
    answer.refused(2, &["bad.py", part]);
}

#[test]
fn recursion_over_values_ends() {
    refused("b = _base_\nb['a'] = b\nn = {}\nn['a'] = n\nb.update(n)", "nested deeper");
    refused("b = _base_\nb['a'] = b\nn = {}\nn['a'] = n\nb.merge(n)", "not evaluated");
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

#[test]
fn integers_at_the_ends_of_their_range() {
    let min = "(-2**126*2)";
    for expression in [
        format!("{min} in range(0, 5, -1)"),
        format!("0 in range({min}, 5)"),
        format!("0 in range(2**126*2-1+2**126, {min}, -1)"),
        format!("{min} in range({min}, {min} + 1)"),
        format!("{min} in range(5, {min}, {min})"),
        format!("range({min}, 2**126, 1)[{min}]"),
        format!("range({min}, -{min} - 1)"),
        format!("len(range({min}, 2**126))"),
        format!("{min} // -1"),
        format!("{min} % -1"),
        format!("divmod({min}, -1)"),
        format!("abs({min})"),
        format!("-{min}"),
        format!("~{min}"),
        format!("{min} - 1"),
        format!("{min} * -1"),
        format!("{min} ** 2"),
        format!("{min} << 1"),
        format!("{min} >> 200"),
        format!("1 << {min}"),
        format!("[1, 2][{min}:{min}:{min}]"),
        format!("[1, 2][{min}]"),
        format!("'ab'[{min}::-1]"),
        format!("[1].insert({min}, 0)"),
        format!("round(1.5, {min})"),
        format!("round(1, {min})"),
        format!("list(enumerate([1], {min}))"),
        "list(enumerate([1, 1, 1], 2**126 - 2 + 2**126))".to_owned(),
        format!("sum([{min}, {min}])"),
        format!("'a' * {min}"),
        format!("'{{:{{}}}}'.format(1, {min})"),
        format!("'a,b'.split(',', {min})"),
        format!("'a'.zfill({min})"),
        "int(-1.7e38)".to_owned(),
        format!("chr({min})"),
        format!("pow({min}, 3)"),
        format!("__import_gcd({min})").replace("__import_gcd", "max"),
    ] {
        bounded("bad.py", format!("x = {expression}"));
    }
    bounded(
        "bad.py",
        format!("import math\nx = math.gcd({min}, {min})\ny = math.prod([{min}] * 2)"),
    );
    let answer = bounded(
        "good.py",
        format!("x = [{min} % -1, -7 // 2, -7 % 2, 7 // -2, 7 % -2, 4 in range(0, 9, 2)]"),
    );
    assert_eq!(answer.json()["x"].to_string(), "[0,-4,1,-4,-1,true]");
}

#[test]
fn braces_that_do_not_close() {
    let long = |part: &str, count: usize| part.repeat(count);
    for text in [
        long("{{", 500_000),
        long("{{ ", 300_000),
        long("{{", 300_000) + &long(" ", 300_000) + "}}",
        long("{{$a:", 200_000) + " x}}",
        long("{{$a", 200_000) + "}}",
        long("{{'", 300_000) + "}}",
        long("{{_base_.a", 100_000) + "}}",
        long("{{}}", 250_000),
        long("{{fileDirname", 80_000),
        long("{{ fileDirname }}", 60_000),
        long("{{$a:b}}", 100_000),
    ] {
        bounded("bad.json", format!("\"{text}\""));
        bounded("bad.py", format!("x = '{text}'"));
        bounded("bad.yaml", format!("a: \"{text}\""));
        bounded("bad.toml", format!("a = \"{text}\""));
    }
}

#[test]
fn one_operation_on_much() {
    for (setup, turn) in [
        ("s = set(range(300000))", "s - s"),
        ("s = set(range(300000))", "s | s"),
        ("s = set(range(300000))", "s & s"),
        ("s = set(range(200000)); t = set(range(200000))", "s == t"),
        ("s = set(range(300000))", "s.union(s)"),
        ("s = list(range(300000))", "s == list(s)"),
        ("s = list(range(300000))", "s + s"),
        ("s = list(range(300000))", "s[::-1]"),
        ("s = list(range(300000))", "s[1:1] = [0]"),
        ("s = list(range(300000))", "s.insert(0, s.pop())"),
        ("s = list(range(300000))", "del s[0]"),
        ("s = list(range(300000))", "-1 in s"),
        ("s = list(range(300000))", "s.count(0)"),
        ("s = list(range(300000))", "s.reverse()"),
        ("s = list(range(100000))", "s.sort()"),
        ("s = [0] * 300000", "sorted(s)"),
        ("s = [0] * 300000", "max(s)"),
        ("s = [0] * 300000", "any(s)"),
        ("s = [0] * 300000", "sum(s)"),
        ("s = [0] * 300000", "[0 for i in s if False]"),
        ("s = [0] * 300000", "list(zip(s, s))"),
        ("s = [0] * 300000", "list(filter(None, s))"),
        ("s = [0] * 300000", "a, *b = s"),
        ("s = [0] * 300000", "print(*s)"),
        ("s = [[0] * 1000] * 1000; t = [0] * 999 + [1]", "t in s"),
        ("d = {i: i for i in range(100000)}", "d | d"),
        ("d = {i: i for i in range(100000)}; e = {i: i for i in range(100000)}", "d == e"),
        ("d = {i: i for i in range(100000)}", "d.pop(0); d[0] = 0"),
        ("d = {i: i for i in range(100000)}", "dict(d, a=1)"),
        ("d = {i: i for i in range(100000)}", "{**d, 'a': 1}"),
        ("d = {i: i for i in range(100000)}", "list(d.items())"),
        ("d = {str(i): i for i in range(50000)}", "dict(a=1, **d)"),
        ("d = {str(i): i for i in range(50000)}\ndef f(**k): return 0", "f(**d)"),
        ("d = {str(i): i for i in range(50000)}", "'{1}'.format(0, 1, **d)"),
        ("b = _base_\nfor i in range(20000): b['key%d' % i] = i", "hasattr(b, 'keyy')"),
        ("b = _base_\nfor i in range(20000): b['key%d' % i] = i", "getattr(b, 'keyy', 0)"),
        ("s = 'a' * (15 << 20)", "len(s)"),
        ("s = 'a' * (8 << 20); t = 'a' * (8 << 20)", "s == t"),
        ("s = 'a' * (8 << 20); t = 'a' * (8 << 20)", "s < t"),
        ("s = 'a' * (8 << 20); t = 'a' * (8 << 20)", "s is t"),
        ("s = 'a' * (15 << 20)", "s in {}"),
        ("s = 'a' * (15 << 20)", "'b' in s"),
        ("s = 'a' * (15 << 20)", "s[-1]"),
        ("s = 'a' * (15 << 20)", "s[::2]"),
        ("s = 'a' * (8 << 20)", "s + 'b'"),
        ("s = 'a' * (8 << 20)", "s.upper()"),
        ("s = 'a' * (8 << 20)", "s.replace('a', 'b')"),
        ("s = 'b' * (8 << 20); t = 'a' * (4 << 20) + 'b'", "s.strip(t)"),
        ("s = 'b' * (8 << 20)", "s.count('b')"),
        ("s = 'b' * (8 << 20)", "s.isdigit()"),
        ("s = 'b' * (8 << 20)", "s.find('c')"),
        ("s = 'b' * (8 << 20)", "s.startswith(s)"),
        ("s = 'b' * (8 << 20)", "s.partition('c')"),
        ("s = 'b' * (8 << 20)", "f'{s}'"),
        ("s = 'b' * (8 << 20)", "'%s' % s"),
        ("s = '1' * (8 << 20)", "float('1' * 4000)"),
        ("s = 1e-300", "f'{s:.4000f}'"),
        ("s = 1e300", "'%.4000e' % s"),
        ("s = 1", "f'{s:4000}'"),
        ("import os; s = '/' * (8 << 20)", "os.path.basename(s)"),
        ("import os; s = 'a' * (8 << 20)", "os.path.join(s, 'b')"),
        ("import os; s = '.' * (8 << 20)", "os.path.splitext(s)"),
        ("import a", "a = a.b"),
        ("f = lambda: 0", "f = lambda f=f: f()"),
        (
            &format!("s = {}", "0x1".replace("x", &format!("x{}", "0".repeat(100_000)))),
            &format!("0x{}1", "0".repeat(100_000)),
        ),
        (&format!("{} = 1", "n".repeat(200_000)), &"n".repeat(200_000)),
    ] {
        let answer = bounded("bad.py", format!("{setup}\nwhile True:\n    {turn}"));
        assert_eq!(answer.code, 2, "{setup}; {turn}");
    }
    refused("s = set(range(500000))\nfor i in range(100000):\n    s - s", "more than");
}

#[test]
fn strings_that_grow_in_one_operation() {
    let long = "import os\nx = 'a' * (15 << 20)\n";
    let many = "{x}".repeat(290);
    for last in [
        format!("y = f'{many}'"),
        format!("y = f'{{1:{many}}}'"),
        "y = os.path.join(*[x] * 200)".to_owned(),
        "y = x.split('a')".to_owned(),
        "y = x.replace('a', '\\n').splitlines()".to_owned(),
        "y = x.replace('', x)".to_owned(),
        "y = x.replace('a', x)".to_owned(),
        "y = x.join([x] * 100)".to_owned(),
        "y = x.join(x)".to_owned(),
        "y = [x] * 10 ** 6\nz = str(y)".to_owned(),
        "y = '{0}{0}{0}'.format(x)".to_owned(),
        "y = '%s%s%s' % (x, x, x)".to_owned(),
        "y = {x: x, x + 'b': x}\nz = repr(y)".to_owned(),
        "y = [x] * 100".to_owned(),
        "y = {i: x for i in range(100)}".to_owned(),
        "y = list(x)".to_owned(),
        "y = sorted(x)".to_owned(),
        "y = set(x + 'b')".to_owned(),
        "y = [x + str(i) for i in range(100)]".to_owned(),
        "y = x.partition('a')\nz = [y] * 100".to_owned(),
        "y = x.nothing".to_owned(),
        "y = {}[x]".to_owned(),
        "y = int(x)".to_owned(),
        "y = float(x)".to_owned(),
        "assert False, x".to_owned(),
        "y = {'\\x01' * (15 << 20): 1}".to_owned(),
        "y = {('\\x01' * (15 << 20),): 1}".to_owned(),
        "y = '\\x01' * (15 << 20)".to_owned(),
        "y = {}[(2 ** 126,) * 900000]".to_owned(),
        "y = {}.pop((x,) * 1000)".to_owned(),
    ] {
        bounded("bad.py", format!("{long}{last}"));
    }
}

#[test]
fn bases_that_are_large_or_named_often() {
    let folder = Folder::new();
    let base = "#".repeat((2 << 20) - 1) + "\n";
    folder.write("base.py", &base);
    folder.write("bad.py", "_base_ = ['base.py'] * 999");
    within(&folder, "bad.py", base.len() as u64);
    folder.write("bad.py", "_base_ = ['x' * (15 << 20)] * 999");
    within(&folder, "bad.py", 0);
    let file = File::create(folder.path("sparse.py")).unwrap();
    file.set_len(900 << 20).unwrap();
    folder.write("bad.py", "_base_ = 'sparse.py'");
    within(&folder, "bad.py", 0).refused(2, &["larger than"]);
    folder.write("bad.yaml", "_base_: sparse.py");
    within(&folder, "bad.yaml", 0).refused(2, &["larger than"]);
}

#[test]
fn much_of_what_is_right_is_read() {
    let labels = bounded("labels.py", "d = {i: 0 for i in range(100000)}");
    assert_eq!(labels.json()["d"]["99999"], 0);
    let labels: String = (0..100_000).map(|i| format!("{i}: 'label', ")).collect();
    assert_eq!(bounded("labels.py", format!("d = {{{labels}}}")).json()["d"]["7"], "label");
    let named: String = (0..130_000).map(|i| format!("a{i}={i},")).collect();
    assert_eq!(bounded("named.py", format!("d = dict({named})")).json()["d"]["a129999"], 129_999);
    let many = "d = {str(i): i for i in range(20000)}\ndef f(**k): return k\nd = f(**d)";
    assert_eq!(bounded("many.py", many).json()["d"]["19999"], 19_999);
    let wide: String = (0..20_000).map(|i| format!("a{i}=0, ")).collect();
    let wide = format!("def f({wide}): return a7\nx = [f(), f(1), f(a19999=2), f(a7=3)]");
    assert_eq!(bounded("wide.py", wide).json()["x"].to_string(), "[0,0,0,3]");
    assert_eq!(bounded("long.py", format!("x = [{}]", "1,".repeat(500_000))).code, 0);
    let keys: String = (0..100_000).map(|i| format!("k{i}: 1\n")).collect();
    assert_eq!(bounded("keys.yaml", &keys).code, 0);
    assert_eq!(bounded("keys.toml", keys.replace(": ", " = ")).code, 0);
    let keys: Vec<_> = (0..100_000).map(|i| format!("\"k{i}\":1")).collect();
    assert_eq!(bounded("keys.json", format!("{{{}}}", keys.join(","))).code, 0);
}

#[test]
fn texts_that_become_much_more() {
    for count in [20_000, 400_000, 2_000_000] {
        let list = |part: &str| format!("[{}0]", part.repeat(count));
        for part in ["0,", "[0],", "[],", "{},", "\"\",", "[[[0]]],"] {
            bounded("bad.json", list(part));
            bounded("bad.yaml", list(part));
            bounded("bad.toml", format!("x = {}", list(part)));
            if count < 2_000_000 {
                bounded("bad.py", format!("x = {}", list(part)));
            }
        }
    }
    let deep =
        |part: &str| format!("{}{}0{}", "[".repeat(200), part.repeat(300_000), "]".repeat(200));
    bounded("bad.json", deep("[],"));
    bounded("bad.yaml", deep("[],"));
    bounded("bad.yaml", format!("[\n{}0]", "0,\n".repeat(300_000)));
    bounded("bad.yaml", "- 0\n".repeat(300_000));
    bounded("bad.yaml", "- ".repeat(200) + "a");
    bounded("bad.yaml", "a: |\n".to_owned() + &" b\n".repeat(300_000));
    bounded("bad.yaml", "? ".repeat(200_000));
    bounded("bad.yaml", "&a ".repeat(200_000));
    bounded("bad.yaml", (0..100_000).map(|i| format!("- &a{i} é\n")).collect::<String>());
    bounded("bad.yaml", "# comment\n".repeat(200_000));
    bounded("bad.yaml", "--- \n".repeat(200_000));
    bounded("bad.yaml", "a: b: ".repeat(200_000));
    bounded("bad.yaml", "\"".to_owned() + &"\\n".repeat(500_000));
    bounded("bad.toml", (0..100_000).map(|i| format!("[t{i}]\n")).collect::<String>());
    bounded("bad.toml", "[[t]]\n".repeat(100_000));
    bounded("bad.toml", (0..50_000).map(|i| format!("a.b{i}.c = 1\n")).collect::<String>());
    bounded("bad.toml", format!("a.{} = 1", "b.".repeat(100_000)));
    bounded("bad.py", "a\n".repeat(900_000));
    bounded("bad.py", ";a".repeat(900_000));
    bounded("bad.py", "a=".repeat(900_000) + "1");
    bounded("bad.py", "$ ".repeat(900_000));
    bounded("bad.py", "import a\n".repeat(200_000));
    bounded("bad.py", (0..100_000).map(|i| format!("import a{i}\n")).collect::<String>());
    bounded("bad.py", "f'{a}'".repeat(200_000));
    bounded("bad.py", format!("x = ({})", "'' ".repeat(600_000)));
    bounded("bad.py", "def f(): pass\n".repeat(100_000));
}

#[test]
fn halves_of_surrogate_pairs_are_refused() {
    for text in
        [r#"x = "\ud800""#, r"x = f'\udfff{1}'", r"x = '\U0000d800'", r"x = 'a' '\\\ud83d\ude00'"]
    {
        refused(text, "half of a surrogate pair");
    }
    let answer = bounded("good.py", r#"x = [r"\ud800", "\\ud800", "\U0001f600", "\ufffd"]"#);
    assert_eq!(answer.json()["x"][0], r"\ud800");
    assert_eq!(answer.json()["x"][2], "\u{1f600}");
    bounded("bad.json", r#"{"x": "\ud800"}"#).refused(2, &["surrogate"]);
    bounded("bad.toml", r#"x = "\ud800""#).refused(2, &["bad.toml:1:"]);
    bounded("bad.yaml", r#"x: "\ud800""#).refused(2, &["bad.yaml:1:"]);
}

#[test]
fn tags_of_types_are_refused_wherever_they_stand() {
    for text in [
        "a: !!python/object/apply:os.system [\"id\"]",
        "a: !!python/object:os.system {a: 1}",
        "!!python/tuple [1, 2]",
        "- !!python/none",
        "- !!python/name:os.system ''",
        "!!python/name:a b: c",
        "? !!python/tuple [a]\n: b",
        "a: !mine\n  b: c",
        "a: !mine\n  - c",
        "a: !!set {b, c}",
        "a: !!omap [b: c]",
        "a: !<tag:example.com,2000:type> [1]",
        "%TAG ! tag:yaml.org,2002:python/\n---\na: !tuple [1]",
        "a: &x !!python/tuple [1]\nb: *x",
        "a: !!binary aGk=",
        "a: !!seq {b: c}",
        "a: !!map [b]",
        "a: !!str [b]",
        "a: !!int b",
        "a: !!int 1.5",
        "a: !!bool 1",
        "a: !!null b",
        "a: !!float b",
    ] {
        bounded("bad.yaml", text).refused(2, &["bad.yaml:", "tag"]);
    }
    let right = "a: !!seq [1]\nb: !!map {c: !!str 1}\nd: ! x\ne: !!float 1\nf: !!int 3\ng: !!null\nh: !!bool true\n";
    let answer = bounded("good.yaml", right).json();
    assert_eq!(
        answer.to_string(),
        r#"{"a":[1],"b":{"c":"1"},"d":"x","e":1.0,"f":3,"g":null,"h":true}"#
    );
}
