//! Names of a config: where they are bound, and which wins. The expected values are mmengine 0.10.7's.

use crate::run::{Folder, json};

const READ_BASE: &str = "from mmengine.config import read_base\n";

/// The config `main.py` beside other files, as JSON on one line.
#[track_caller]
fn evaluated(main: &str, others: &[(&str, &str)]) -> String {
    let folder = Folder::new();
    folder.write("main.py", main);
    for (name, text) in others {
        folder.write(name, text);
    }
    folder.done(&["config", "main.py"]).json().to_string()
}

#[track_caller]
fn refused(main: &str, parts: &[&str]) {
    let folder = Folder::new();
    folder.write("main.py", main);
    folder.write("base.py", "import torch\np = dict(a=1)");
    folder.run(&["config", "main.py"]).refused(2, parts);
}

#[test]
fn names_of_a_lazy_base_are_bound_before_the_file() {
    let base = ("base.py", "from x.y import Timer\nlr = 2\nopt = dict(lr=lr, type=Timer)\n");
    let main = format!(
        "{READ_BASE}lr = 1\nfrom z import Timer\nwith read_base():\n    from .base import *\nk = dict(n=lr, type=Timer)"
    );
    assert_eq!(
        evaluated(&main, &[base]),
        json(r#"{"lr":1,"opt":{"lr":2,"type":"x.y.Timer"},"k":{"n":1,"type":"z.Timer"}}"#)
    );
    // A module that is imported without a name of its own is bound before the code above it, too.
    assert_eq!(
        evaluated("a = torch.float\nimport torch\ntorch = 1", &[]),
        json(r#"{"a":"torch.float"}"#)
    );
    // A function of a base sees the base's names.
    let base = ("base.py", "import torch\nK = 1\ndef make(n): return dict(n=n, k=K)");
    let main = format!(
        "{READ_BASE}K = 2\nwith read_base():\n    from .base import *\nq = make(3)\ndel make"
    );
    assert_eq!(evaluated(&main, &[base]), json(r#"{"K":2,"q":{"n":3,"k":1}}"#));
}

#[test]
fn two_names_of_one_object_share_it() {
    let base = ("base.py", "import torch\np = dict(a=1)\nq = p");
    let main = format!(
        "{READ_BASE}with read_base():\n    from .base import *\nfrom .base import p as r\np['a'] = 2"
    );
    assert_eq!(evaluated(&main, &[base]), json(r#"{"p":{"a":2},"q":{"a":1},"r":{"a":2}}"#));
    let other = (
        "other.py",
        "from mmengine.config import read_base\nwith read_base():\n    from .base import p\n",
    );
    let main = format!(
        "{READ_BASE}with read_base():\n    from .base import p\n    from .other import p as r\np['a'] = 2"
    );
    assert_eq!(evaluated(&main, &[base, other]), json(r#"{"p":{"a":2},"r":{"a":1}}"#));
}

#[test]
fn an_imported_name_is_itself_and_has_the_text_of_its_last_part() {
    let main = "import torch.nn as nn\nfrom a.b import C\nx = [f'{C}', str(nn.Conv2d), '%s' % nn, repr([C])]\n\
                y = dict(type=C, m=nn)\nz = [C == C, nn.Conv2d == nn.Conv2d]";
    assert_eq!(
        evaluated(main, &[]),
        json(
            r#"{"x":["C","Conv2d","torch.nn","[C]"],"y":{"type":"a.b.C","m":"torch.nn.torch.nn"},"z":[true,false]}"#
        )
    );
    // The same import in two files is two names.
    let base = ("base.py", "from a.b import C\np = [dict(type=C)]");
    let main = format!(
        "{READ_BASE}from a.b import C\nwith read_base():\n    from .base import p\nn = len([d for d in p if d['type'] == C])"
    );
    assert_eq!(evaluated(&main, &[base]), json(r#"{"p":[{"type":"a.b.C"}],"n":0}"#));
}

#[test]
fn global_and_nonlocal_bind_outside() {
    let main = "x = 1\ndef f():\n    global x, y\n    x += 1\n    y = [x for _ in range(2)]\n    for z in y: pass\nf()";
    assert_eq!(evaluated(main, &[]), json(r#"{"x":2,"y":[2,2]}"#));
    let main = "def f():\n    k = 0\n    def g():\n        nonlocal k\n        k += 1\n    g()\n    g()\n    return k\nz = f()\n\
                def d():\n    global z\n    del z\nw = z\nd()";
    assert_eq!(evaluated(main, &[]), json(r#"{"w":2}"#));
    let main = "x = 5\ndef f():\n    x = 1\n    def g():\n        global x\n        return x\n    return g()\nz = f()\n\
                last = [y := i for i in range(3)]";
    assert_eq!(evaluated(main, &[]), json(r#"{"x":5,"z":5,"y":2,"last":[0,1,2]}"#));
    refused(
        "def f():\n    nonlocal q\n    q = 1\nf()",
        &["main.py:3:5", "no outer function has bound the name"],
    );
}

#[test]
fn classes_have_attributes() {
    let main = "n = 9\nclass A:\n    n = 2\n    xs = [n for _ in range(n)]\n    @staticmethod\n    def f(x): return x * n\n\
                class B(A):\n    m = A.n\na = [A.xs, B.n, B.m, A.f(2), hasattr(B, 'q'), getattr(B, 'q', 0)]\nA.n = 3\nb = B.n";
    assert_eq!(evaluated(main, &[]), json(r#"{"n":9,"a":[[9,9],2,2,18,false,0],"b":3}"#));
    refused(
        "from enum import Enum\nclass A(Enum):\n    x = 1\ny = A.x",
        &["main.py:4:7", "'A.x' is not known", "other code"],
    );
    refused("class A:\n    x = 1\ny = A.z", &["a class has no attribute 'z'"]);
    refused("class A:\n    x = 1\ny = A()", &["cannot be called"]);
}

#[test]
fn names_are_collected_and_not_changed() {
    let base = ("base.py", "import torch\na_ds = [1]\nb_ds = [2, 3]");
    let main = format!(
        "{READ_BASE}with read_base():\n    from .base import *\nds = sum((v for k, v in locals().items() if k.endswith('_ds')), [])\n\
                        def f(): return [k for k in globals() if k == 'ds']\nn = f()\ndel f"
    );
    assert_eq!(
        evaluated(&main, &[base]),
        json(r#"{"a_ds":[1],"b_ds":[2,3],"ds":[1,2,3],"n":["ds"]}"#)
    );
    assert_eq!(
        evaluated(
            "x = 1\ndef f(a, b=2):\n    c = 3\n    return sorted(locals().items())\ny = f(1)\nz = dict(globals())['x']\nw = vars().get('q')",
            &[]
        ),
        json(r#"{"x":1,"y":[["a",1],["b",2],["c",3]],"z":1,"w":null}"#)
    );
    for change in [
        "locals()['y'] = 1",
        "globals().update(y=1)",
        "del vars()['x']",
        "globals().setdefault('y')",
        "locals().clear()",
    ] {
        refused(&format!("x = 1\n{change}"), &["main.py:2:", "for reading in a config"]);
    }
}

#[test]
fn a_module_that_is_not_there_leads_to_its_clause() {
    for (text, expected) in [
        (
            "try:\n    import npu\nexcept ImportError:\n    npu = None\nelse:\n    z = 1\nfinally:\n    w = 2",
            json(r#"{"npu":null,"w":2}"#),
        ),
        (
            "try:\n    import npu.sub as q\n    x = 1\nexcept (ValueError, ImportError) as e:\n    q = None",
            json(r#"{"x":1}"#),
        ),
        (
            "try:\n    import json\n    ok = True\nexcept ImportError:\n    ok = False\nx = 1",
            json(r#"{"ok":true,"x":1}"#),
        ),
        ("try:\n    x = 1\nfinally:\n    y = 2", json(r#"{"x":1,"y":2}"#)),
        (
            "def f():\n    try:\n        import npu\n        return True\n    except Exception:\n        return False\nx = f()\ndel f",
            json(r#"{"x":false}"#),
        ),
    ] {
        assert_eq!(evaluated(text, &[]), expected, "{text}");
    }
    refused(
        "try:\n    x = 1 / 0\nexcept ZeroDivisionError:\n    x = 0",
        &["main.py:2:9", "division by zero"],
    );
}

#[test]
fn a_statement_that_is_not_evaluated_is_an_error() {
    for text in [
        "if True:\n    _base_ = 'base.py'",
        "_base_ = []\n_base_ = 'base.py'",
        "_base_: str = 'base.py'",
        "for _base_ in ['base.py']: pass",
        "_base_, x = 'base.py', 1",
    ] {
        refused(text, &["main.py:", "known before it is evaluated"]);
    }
    refused("_base_ = x = []", &["main.py:1:1", "by itself"]);
    refused("x = 1\nbreak", &["main.py:2:1", "outside of a loop"]);
    refused("def f():\n    continue\nf()", &["outside of a loop"]);
    refused(
        &format!("{READ_BASE}if True:\n    with read_base():\n        from .base import *"),
        &["main.py:3:5", "one 'with read_base():'"],
    );
    refused(
        &format!(
            "{READ_BASE}with read_base():\n    from .base import *\nwith read_base():\n    from .base import p as q"
        ),
        &["main.py:4:1"],
    );
    refused("async def f(): pass", &["'async' is not evaluated"]);
    // An argument that a function does not take is refused.
    for call in [
        "'a'.upper(1)",
        "sorted([1], 2)",
        "zip([1], [2], strict=True)",
        "[1].index(1, 0)",
        "{}.get('a', default=1)",
        "len([1], 2)",
    ] {
        refused(&format!("x = {call}"), &["main.py:1:5"]);
    }
}
