//! Values that configs compute. The expected ones are mmengine 0.10.7's and Python's.

use crate::run::{Folder, json};

#[track_caller]
fn value(expression: &str) -> String {
    let folder = Folder::new();
    folder.write("a.py", format!("import math\nimport itertools\nx = {expression}"));
    folder.done(&["config", "a.py"]).json()["x"].to_string()
}

/// The config of a file on `data` of a base.
#[track_caller]
fn over_base(own: &str) -> String {
    let folder = Folder::new();
    folder.write("base.py", "import torch\ndata = dict(xs=[0], s=dict(a=1, c=dict(d=1)))");
    folder.write(
        "a.py",
        format!("from mmengine.config import read_base\nwith read_base():\n    from .base import *\n{own}"),
    );
    folder.done(&["config", "a.py"]).json().to_string()
}

#[test]
fn config_dicts_have_mmengines_methods() {
    for (own, expected) in [
        (
            "d = data.deepcopy()\nd['xs'].append(1)\nd.s.a = 2\ndel data",
            json(r#"{"d":{"xs":[0,1],"s":{"a":2,"c":{"d":1}}}}"#),
        ),
        // A copy has lists of its own, and the same dicts.
        (
            "d = data.copy()\nd['xs'].append(1)\nd.s.a = 2",
            json(
                r#"{"data":{"xs":[0],"s":{"a":2,"c":{"d":1}}},"d":{"xs":[0,1],"s":{"a":2,"c":{"d":1}}}}"#,
            ),
        ),
        (
            "data.merge(dict(s=dict(_delete_=True, b=2), t=dict(_delete_=True, u=1), xs=dict(a=1)))",
            json(r#"{"data":{"xs":{"a":1},"s":{"b":2},"t":{"u":1}}}"#),
        ),
        ("data.merge(dict(_delete_=True, s=1))", json(r#"{"data":{"s":1}}"#)),
        (
            "data.merge(other=dict(s=dict(c=dict(e=2))))",
            json(r#"{"data":{"xs":[0],"s":{"a":1,"c":{"d":1,"e":2}}}}"#),
        ),
        (
            "data.update(dict(s=dict(b=2)), xs=[1])",
            json(r#"{"data":{"xs":[1],"s":{"a":1,"c":{"d":1},"b":2}}}"#),
        ),
        // `setdefault` returns its argument itself, while the dict keeps a converted copy.
        (
            "x = data.setdefault('n', dict(a=1))\nx['b'] = 2\ndata = data.n",
            json(r#"{"data":{"a":1},"x":{"a":1,"b":2}}"#),
        ),
        (
            "e = data | dict(s=dict(b=2))\nf = dict(s=1) | data\ndel data",
            json(
                r#"{"e":{"xs":[0],"s":{"a":1,"c":{"d":1},"b":2}},"f":{"s":{"a":1,"c":{"d":1}},"xs":[0]}}"#,
            ),
        ),
        (
            "g = data.to_dict()\ng['s'] |= dict(z=1)\ndata = data.pop('nope')",
            json(r#"{"data":null,"g":{"xs":[0],"s":{"a":1,"c":{"d":1},"z":1}}}"#),
        ),
    ] {
        assert_eq!(over_base(own), expected, "{own}");
    }
    let folder = Folder::new();
    folder.write("base.py", "data = dict(s=dict(a=1))");
    folder.write(
        "a.py",
        "_base_ = 'base.py'\nd = _base_.data.deepcopy()\nd.merge(dict(s=dict(b=2)))\nd.merge([1])",
    );
    folder.run(&["config", "a.py"]).refused(2, &["a.py:4:1", "merge() takes a dict, found a list"]);
}

#[test]
fn what_python_changes_in_place_changes_under_every_name() {
    for (setup, change, expected) in [
        ("[1]", "a *= 2", "[1,1]"),
        ("[1]", "a += (2,)", "[1,2]"),
        ("dict(x=1)", "a |= dict(y=2)", r#"{"x":1,"y":2}"#),
    ] {
        let folder = Folder::new();
        folder.write("a.py", format!("a = {setup}\nb = a\n{change}"));
        assert_eq!(folder.done(&["config", "a.py"]).json()["b"].to_string(), expected, "{change}");
    }
    assert_eq!(value("(lambda s: (s.add(3), s.update([4]), sorted(s)))({1})[2]"), "[1,3,4]");
}

#[test]
fn functions_of_math_and_of_dicts() {
    for (expression, expected) in [
        ("-math.log((1 - 0.01) / 0.01)", "-4.59511985013459"),
        ("0.5 * (1 + math.cos(math.pi / 4))", "0.8535533905932737"),
        (
            "[math.log(8, 2), math.log2(8), math.log10(1000), math.exp(1)]",
            "[3.0,3.0,3.0,2.718281828459045]",
        ),
        (
            "[math.trunc(-2.7), math.hypot(3, 4), math.isqrt(17), math.fmod(-7, 3)]",
            "[-2,5.0,4,-1.0]",
        ),
        (
            "[math.factorial(5), math.comb(10, 3), math.perm(5, 2), math.lcm(4, 6), math.gcd(12, 18, 27)]",
            "[120,120,20,12,3]",
        ),
        (
            "[math.isclose(0.1 + 0.2, 0.3), math.isfinite(math.inf), math.isnan(math.nan)]",
            "[true,false,true]",
        ),
        ("dict.fromkeys(['a', 'b'], 0)", r#"{"a":0,"b":0}"#),
        ("dict.fromkeys('ab')", r#"{"a":null,"b":null}"#),
        ("list(itertools.product([0, 1], repeat=2))", "[[0,0],[0,1],[1,0],[1,1]]"),
        ("[int('ff', base=16), int('-0x1f', 16), int('1_0'), int(' 7 ')]", "[255,-31,10,7]"),
        ("[2**64, -10**20, 2**100 // 2**90]", "[18446744073709551616,-100000000000000000000,1024]"),
    ] {
        let folder = Folder::new();
        folder.write("a.py", format!("import math\nimport itertools\nx = {expression}"));
        let printed = folder.done(&["config", "a.py"]).stdout;
        let printed: String = printed.split_whitespace().collect();
        assert_eq!(printed, format!("{{\"x\":{expected}}}"), "{expression}");
    }
    for wrong in [
        "math.log(0)",
        "math.log(2, 1)",
        "math.exp(1000)",
        "math.acos(2)",
        "math.sqrt(-1)",
        "math.factorial(40)",
        "math.comb(-1, 2)",
    ] {
        let folder = Folder::new();
        folder.write("a.py", format!("import math\nx = {wrong}"));
        folder.run(&["config", "a.py"]).refused(2, &["a.py:2:5"]);
    }
}

#[test]
fn methods_of_strings() {
    for (expression, expected) in [
        (
            "['a'.center(4, '*'), 'ab'.center(5), 'a'.ljust(3), 'a'.rjust(3, '-'), '-5'.zfill(4)]",
            r#"["*a**","  ab ","a  ","--a","-005"]"#,
        ),
        (
            "['aXb'.swapcase(), 'AB'.casefold(), 'aaa'.replace('a', 'b', 1)]",
            r#"["AxB","ab","baa"]"#,
        ),
        (
            "['hello'.find('l', 3), 'hello'.rfind('l'), 'hello'.index('o'), 'hello'.count('l', 3), 'é-é'.rindex('é')]",
            "[3,3,4,1,2]",
        ),
        (
            "['hello'.startswith('ell', 1), 'hello'.endswith(('x', 'lo')), 'a'.startswith('a', 5)]",
            "[true,true,false]",
        ),
        (
            "['ab1'.isalnum(), 'ab'.isalpha(), '12'.isdecimal(), ' '.isspace(), 'Ab'.isupper(), 'a_1'.isidentifier()]",
            "[true,true,true,true,false,true]",
        ),
        (
            "[' a  b c '.split(None, 1), ' a  b c '.rsplit(None, 1), 'a,b,c'.rsplit(',', maxsplit=1)]",
            r#"[["a","b c "],[" a  b","c"],["a,b","c"]]"#,
        ),
        (
            "['a\\r\\nb\\rc\\n'.splitlines(), 'a\\nb'.splitlines(True)]",
            r#"[["a","b","c"],["a\n","b"]]"#,
        ),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}
