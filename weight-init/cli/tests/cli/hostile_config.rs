//! Configs that mean harm are refused with a sentence, in bounded time and memory, and nothing of them is executed.

#[cfg(target_os = "linux")]
mod bounds;

use std::process::Command;

use crate::run::{Answer, Folder};

/// Runs `config` in a folder with 1.5 GB of address space.
fn evaluate(folder: &Folder, name: &str) -> Answer {
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "ulimit -v 1500000; exec \"$0\" config \"$1\"",
        env!("CARGO_BIN_EXE_weight-init"),
        name,
    ]);
    shell.current_dir(folder.path(""));
    let mut command = assert_cmd::Command::from_std(shell);
    Answer::of(command.timeout(std::time::Duration::from_secs(60)))
}

fn refused(text: impl AsRef<[u8]>, parts: &[&str]) {
    let folder = Folder::new();
    folder.write("bad.py", &text);
    evaluate(&folder, "bad.py").refused(2, parts);
}

#[test]
fn nothing_is_executed() {
    for text in [
        "__import__('os').system('touch pwned')",
        "import os\nos.system('touch pwned')",
        "from os import system\nsystem('touch pwned')",
        "import subprocess\nx = subprocess.run(['touch', 'pwned'])",
        "x = eval('1')",
        "exec('x = 1')",
        "x = open('/etc/passwd').read()",
        "x = compile('1', '', 'eval')",
        "x = ().__class__.__bases__[0].__subclasses__()",
        "x = (lambda: 0).__globals__",
        "x = '{0.__class__}'.format(1)",
        "x = f'{().__class__}'",
        "class A:\n    x = 1\na = A()",
        "@print\ndef f(): pass\nx = f()",
        "x = [].__reduce__()",
        "import pickle\nx = pickle.loads(b'')",
        "from mmengine import Config\nx = Config.fromfile('/etc/passwd')",
        "x = getattr(dict, '__mro__')",
        "import os\nx = os.environ['HOME']",
    ] {
        let folder = Folder::new();
        folder.write("bad.py", text);
        evaluate(&folder, "bad.py").refused(2, &["bad.py:"]);
        assert_eq!(folder.files(), ["bad.py", "model.json"], "{text}");
    }
}

#[test]
fn repetition_without_bounds() {
    for (text, part) in [
        ("x = [0] * 10**9", "more than are allowed"),
        ("x = 'a' * 10**12", "more than are allowed"),
        ("x = [0] * 1000\nfor _ in range(100): x = x + x", "MiB"),
        ("x = 'a'\nfor _ in range(100): x += x", "MiB"),
        ("x = []\nfor _ in range(100): x.append(x)\ny = x == [x]", "nested deeper"),
        ("x = []\nx.append(x)", "nested deeper"),
        ("x = dict()\nx['x'] = x", "nested deeper"),
        ("a = [0] * 10\nfor _ in range(30): a = [a] * 10", "MiB"),
        ("a = dict(x=0)\nfor _ in range(60): a = dict(x=a, y=a)", "MiB"),
        ("while True: pass", "steps"),
        ("while True:\n    x = [1]", "MiB"),
        ("x = sum(range(10**12))", "steps"),
        ("x = [i for i in range(10**9)]", "MiB"),
        ("x = [0 for a in range(9999) for b in range(9999)]", "MiB"),
        ("x = [0 for a in range(9999) for b in range(9999) if False]", ""),
        ("x = 10 ** 10 ** 10", "128 bits"),
        ("x = 1 << 10**9", "128 bits"),
        ("x = f'{1:>1000000000}'", "width"),
        ("x = '%1000000000d' % 1", "width"),
        ("x = '{:{w}}'.format(1, w=10**9)", "width"),
        ("x = 'a'.replace('', 'b' * 10**6).replace('', 'c' * 10**6)", "more than"),
        ("x = ('a' * 10**6).join(['b'] * 10**6)", "more than"),
        ("def f(): return f()\nx = f()", "nested deeper"),
        ("f = lambda n: f(n) + f(n)\nx = f(1)", "nested deeper"),
        ("x = list(map(lambda a: [a] * 10**6, range(10**6)))", "MiB"),
        ("x = sorted([float('nan')] * 10**6, key=lambda a: [a] * 1000)", "MiB"),
        ("import itertools\nx = list(itertools.product(*[range(99)] * 99))", "MiB"),
    ] {
        refused(text, &[part]);
    }
}

#[test]
fn nesting_without_bounds() {
    const LEVELS: usize = 100_000;
    for open in [
        "(",
        "[",
        "{0:",
        "- ",
        "not ",
        "a.",
        "f(",
        "f()",
        "x + ",
        "x[0]",
        "lambda: ",
        "lambda a, b: ",
        "1 if 1 else ",
        "f'{",
        "*",
        "[*",
        "dict(a=",
    ] {
        refused(format!("x = {}", open.repeat(LEVELS)), &["bad.py:", "inside each other"]);
    }
    refused("if 1:\n".repeat(LEVELS), &["bad.py:"]);
    let blocks: String = (0..200).map(|depth| format!("{}if 1:\n", " ".repeat(depth))).collect();
    refused(blocks + &" ".repeat(200) + "x = 1", &["blocks inside each other"]);
    let folder = Folder::new();
    for (name, text) in [
        ("bad.yaml", "- ".repeat(LEVELS)),
        ("bad.yaml", "[".repeat(LEVELS)),
        ("bad.yaml", "{a: ".repeat(LEVELS)),
        ("bad.toml", format!("x = {}", "[".repeat(LEVELS))),
        ("bad.toml", format!("x = {}", "{a = ".repeat(LEVELS))),
        ("bad.toml", format!("[{}a]", "a.".repeat(LEVELS))),
        ("bad.json", "[".repeat(LEVELS)),
    ] {
        folder.write(name, text);
        evaluate(&folder, name).refused(2, &[name]);
    }
}

#[test]
fn aliases_that_multiply() {
    let folder = Folder::new();
    let laughs: String = (1..40)
        .map(|level| {
            format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", "))
        })
        .collect();
    folder.write("bad.yaml", format!("a0: &a0 [lol]\n{laughs}"));
    evaluate(&folder, "bad.yaml").refused(2, &["repeat more than"]);
    folder.write("bad.yaml", "a: &a [*a]");
    evaluate(&folder, "bad.yaml").refused(2, &["bad.yaml:1:"]);
}

#[test]
fn bases_without_end_or_outside() {
    let folder = Folder::new();
    folder.write("a.py", "_base_ = 'b.py'");
    folder.write("b.py", "_base_ = ['./a.py']");
    evaluate(&folder, "a.py").refused(2, &["b.py:1:11", "inherits from itself"]);
    folder.write("self.yaml", "_base_: self.yaml");
    evaluate(&folder, "self.yaml").refused(2, &["inherits from itself"]);
    folder.write(
        "lazy.py",
        "from mmengine.config import read_base\nwith read_base():\n    from .lazy import *",
    );
    evaluate(&folder, "lazy.py").refused(2, &["inherits from itself"]);
    for base in [
        "../../etc/passwd",
        "/etc/passwd",
        "../../../../../../../../etc/passwd",
        "/dev/zero",
        "..",
        "a.py/../../x.py",
        "mmdet::x.py",
    ] {
        folder.write("out.py", format!("_base_ = '{base}'"));
        evaluate(&folder, "out.py").refused(2, &["out.py:1:10"]);
    }
    // Each file twice the one before: 2^30 files, if nobody counted.
    for level in 0..30 {
        let next = level + 1;
        folder.write(&format!("d{level}.py"), format!("_base_ = ['d{next}.py', './d{next}.py']"));
    }
    folder.write("d30.py", "");
    evaluate(&folder, "d0.py").refused(2, &["more than 1000 files"]);
    folder.write("none.py", "_base_ = [1, None]");
    evaluate(&folder, "none.py").refused(2, &["none.py:1:11", "a base is named by a string"]);
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_outside() {
    let (folder, outside) = (Folder::new(), Folder::new());
    outside.write("secret.py", "password = 1");
    std::os::unix::fs::symlink(outside.path("secret.py"), folder.path("link.py")).unwrap();
    folder.write("bad.py", "_base_ = 'link.py'");
    let answer = evaluate(&folder, "bad.py");
    answer.refused(2, &["bad.py:1:10", "outside of"]);
}

/// Neither the working folder nor a mark of a project at the home folder or above opens what lies there.
#[test]
fn only_a_project_is_wider_than_the_folder() {
    let folder = Folder::new();
    for inner in ["home/mine/net", "home/mine/shared", "home/.git", "_base_", "home/_base_"] {
        std::fs::create_dir_all(folder.path(inner)).unwrap();
    }
    folder.write("home/secret.json", r#"{"password": 1}"#);
    folder.write("home/mine/shared/base.json", r#"{"shared": 2}"#);
    let config = |base: &str| {
        folder.write("home/mine/net/config.py", format!("_base_ = '{base}'"));
        let path = folder.path("home/mine/net/config.py");
        let run = |here: &std::path::Path| {
            let mut command = folder.command(&["config", path.to_str().unwrap()]);
            Answer::of(command.env("HOME", folder.path("home")).current_dir(here))
        };
        let answers =
            [&folder.path("home/mine"), &folder.path("home"), &folder.path(""), &"/".into()];
        answers.map(|here| run(here))
    };
    let secret = folder.path("home/secret.json");
    for base in ["../../secret.json", secret.to_str().unwrap(), "../shared/base.json"] {
        for answer in config(base) {
            answer.refused(
                2,
                &["outside of", "home/mine/net, the folder that bases", "--config-root"],
            );
        }
    }
    // A project of one's own.
    std::fs::create_dir(folder.path("home/mine/.git")).unwrap();
    for answer in config("../shared/base.json") {
        assert_eq!(answer.json()["shared"], 2);
    }
    for answer in config("../../secret.json") {
        answer.refused(2, &["outside of", "home/mine, the folder that bases"]);
    }
}

#[test]
fn long_and_broken_texts() {
    refused(format!("x = [{}]", "1,".repeat(5_000_000)), &["larger than"]);
    refused(format!("x = '{}'", "a".repeat(10_000_000)), &["larger than"]);
    refused(b"x = '\xff\xfe'", &["bad.py:1:6", "not UTF-8"]);
    refused(b"x = 1\0", &["bad.py:1:"]);
    refused("x = (", &["bad.py:1:"]);
    refused("x = 'abc", &["bad.py:1:5"]);
    refused("\u{202e}x = 1", &["bad.py:1:"]);
    // A megabyte on one line is much, but only long.
    let folder = Folder::new();
    folder.write("long.py", format!("x = [{}]", "1,".repeat(500_000)));
    assert_eq!(evaluate(&folder, "long.py").code, 0);
}
